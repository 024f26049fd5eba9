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
	struct extended *extended;
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

/* A new statement begins: who asked that what runs be cancelled did not mean it. */
void session_forget_cancel(void);

/*
 * Passes on what the server answers, to its ReadyForQuery, which the client gets only where asked
 * for. False where an error was among it.
 */
bool session_relay(struct session *s, bool tell);

/* A message to the server; the next one of its answers. The process ends where it is gone. */
void session_send(struct session *s, char type, struct str body);
struct wire_msg session_next(struct session *s);

/*
 * The statements of one string: one transaction of their own, unless the client has one open, or
 * opens one among them. False where one failed, which was told.
 */
bool session_pieces(struct session *s, const struct statement *st, size_t n);

/* CommandComplete. */
void session_complete(struct session *s, const char *tag);

/* ---- redshiftd_copy.c ---- */

/* In the transaction that is open. */
bool session_copy(struct session *s, const struct statement *st, struct err *e);

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
