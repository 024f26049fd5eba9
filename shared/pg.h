/*
 * pg.h - the one home of libpq: connections, statements with parameters, COPY FROM STDIN, and the
 * translation of its errors into struct err.
 *
 * SQLSTATE decides the kind: 08*, 40001, 40P01, 53*, 57P0*, 55P03, 55006 and lost connections are
 * ERR_RETRY; 57014 is ERR_CANCELLED; 22* and 23* are ERR_DATA; 3D000, 3F000, 42P01, 42501 and the
 * class 28 are ERR_SETUP, since nothing goes on until a person changes something; the rest is
 * ERR_TASK. Every error is AT_WAREHOUSE, and its code is the SQLSTATE. Redshift's own errors are
 * told by their text instead: redshift_error.h.
 */
#ifndef SHARED_PG_H
#define SHARED_PG_H

#include <libpq-fe.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/str.h"

/* The SQLSTATE of a full disk, the server's. */
#define PG_DISK_FULL "53100"

struct pg {
	PGconn *conn;
	bool met; /* it has been connected once */
	enum config_engine engine;
	char notices[1024]; /* what the server said beside the last statement, one a line; cut */
	char where[160];    /* "the warehouse at HOST:PORT/DB", for messages; no secret in it */
	/* While it is connected, and while a statement runs, called about every 200 ms; false
	 * cancels it, and closes the connection where the server does not answer. May be NULL. */
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;
	bool leaves; /* where the tick says stop, nobody is asked to cancel: it is closed at once */
};

/* Where to connect; filled from the configuration or, on the local engine, from the running
 * services. */
struct pg_target {
	const char *host, *dbname, *user, *password, *sslmode, *sslrootcert, *schema;
	int64_t port;
	int64_t connect_timeout_s;
	enum config_engine engine;
	const char *application_name;
	/* Of the password, for people: "GetClusterCredentials of dwh-cluster"; NULL: libpq finds it
	 * (PGPASSWORD, ~/.pgpass). And the wall clock until which it opens; 0: for ever. */
	const char *password_from;
	int64_t password_expires_ms;
	bool password_kept; /* dbpassword.h */
};

/* Where [CLUSTER] and [WAREHOUSE] say; for engines postgres and redshift. */
void pg_target_of_config(const struct config *c, struct pg_target *out);

/* Connects with client_encoding UTF8, DateStyle ISO, time zone UTC, search_path = schema, and waits
 * at most a minute for any lock (55P03). Where the server can, it ends a session within seconds of
 * its client's death. pg must stay where it is until pg_close. The timeout is for each address of a
 * name; with a tick for all together, and while a name is looked up no tick is called. */
bool pg_open(struct pg *pg, const struct pg_target *t, struct err *e);

/* Whether a server answers there, which nobody is logged into for. False: not, with the error of
 * pg_open. */
bool pg_answers(const struct pg_target *t, struct err *e);

void pg_close(struct pg *pg); /* an all-zero pg is fine */
bool pg_alive(const struct pg *pg);

/* An open one's server is on this machine: behind a Unix socket or the loopback. */
bool pg_is_here(const struct pg *pg);

/* No result wanted. Several statements in one string are one transaction, unless they begin, end or
 * are within another; the error is that of the one which failed, and those behind it were not
 * executed. */
bool pg_exec(struct pg *pg, const char *sql, struct err *e);

/* The same, one or more statements of our own; *res is of the last one that returned rows. The
 * caller's to PQclear. */
bool pg_several(struct pg *pg, const char *sql, PGresult **res, struct err *e);

/* A statement with text parameters ($1...), NULL for SQL NULL. *res is the caller's to PQclear. */
bool pg_query(struct pg *pg, const char *sql, int n, const char *const *params, PGresult **res,
    struct err *e);

/* The same, no result wanted. */
bool pg_run(struct pg *pg, const char *sql, int n, const char *const *params, struct err *e);

/* Rows that the last statement of *res changed (or returned). */
int64_t pg_rows(const PGresult *res);

/* Field as a str that lives as long as res; a NULL is the empty str. */
struct str pg_str(const PGresult *res, int row, int col);
int64_t pg_i64(const PGresult *res, int row, int col);

/* COPY ... FROM STDIN (FORMAT binary): start, bytes, end. After a failure the transaction is over.
 */
bool pg_copy_start(struct pg *pg, const char *sql, struct err *e);
bool pg_copy_bytes(struct pg *pg, struct str bytes, struct err *e);
bool pg_copy_end(struct pg *pg, int64_t *rows, struct err *e);
void pg_copy_abort(
    struct pg *pg, const char *why); /* and drains; the transaction must be rolled back */

/* "quoted" and 'quoted' by the live connection, in arena a; empty (not even quotes) where the text
 * is not UTF-8: the caller refuses it. */
struct str pg_ident(struct pg *pg, struct arena *a, struct str name);
struct str pg_literal(struct pg *pg, struct arena *a, struct str value);

#endif
