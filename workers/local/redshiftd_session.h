/* redshiftd_session.h - one client's session: what its parts share. */
#ifndef WORKERS_LOCAL_REDSHIFTD_SESSION_H
#define WORKERS_LOCAL_REDSHIFTD_SESSION_H

#include "workers/local/redshiftd.h"
#include "workers/local/redshiftd_sql.h"
#include "workers/local/redshiftd_wire.h"
#include "workers/worker.h"

struct session {
	struct worker w; /* must be first: its tick finds the session; pg: the client's session */
	const struct redshiftd *d;
	struct redshiftd_peer *peer;
	struct wire client;
	struct wire server;        /* the same socket as w.pg's, for messages that are passed on */
	struct pg log;             /* a session of our own, for what must outlive a rollback */
	struct arena *a;           /* as long as one query */
	struct str database, user; /* of the client */
	char status;               /* the server's: I, T or E */
	bool explicit;             /* the client began the transaction that is open */
	bool gone;                 /* the client is */
	struct session_facts facts;
};

/* ---- redshiftd_start.c ---- */

/* Until the client is let in, and w.pg is open; false: it is not, and was told why. */
bool session_start(struct session *s);

/* ErrorResponse or NoticeResponse ('E' or 'N'). severity: "ERROR", "INFO". */
void session_say(
    struct session *s, char type, const char *severity, const char *code, const char *text);

/* A session on the server; the caller's to close. */
bool session_connect(const struct session *s, const char *name, struct pg *out, struct err *e);

/* ---- redshiftd_session.c ---- */

/* Somebody asked that what runs be cancelled; forgotten where a new statement begins. */
bool session_cancelled(void);
void session_forget_cancel(void);

/*
 * Passes on what the server answers, to its ReadyForQuery, which the client gets only where asked
 * for. False where an error was among it.
 */
bool session_relay(struct session *s, bool ready);

/* Sends SQL to the server as a simple query. */
void session_query(struct session *s, struct str sql);

/* One statement of ours or the server's, its errors told; false where it failed. */
bool session_statement(struct session *s, const struct statement *st);

/* An error of ours: the transaction that is open, if any, has failed. */
void session_fail(struct session *s, const struct err *e);

/* CommandComplete. */
void session_complete(struct session *s, const char *tag);
void session_ready(struct session *s);

/* ---- redshiftd_copy.c ---- */

/* In the transaction that is open. */
bool session_copy(struct session *s, struct str sql, struct err *e);

/* ---- redshiftd_objects.c ---- */

struct copystmt;
struct manifest;

/* What the COPY loads, in byte order of the keys. Errors are in S3's and Redshift's words. */
bool session_objects(
    struct session *s, const struct copystmt *stmt, struct manifest *out, struct err *e);

/* "S3ServiceException:...": an error of S3 as Redshift tells it; others stay as they are. */
void session_s3_words(struct err *e);

/* ---- redshiftd_views.c ---- */

/* Makes the schema redshiftd and the system views, where they are missing. */
bool views_make(const struct redshiftd *d, struct err *e);

#endif
