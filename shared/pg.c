/*
 * pg.c - see pg.h.
 *
 * Statements are sent asynchronously and waited for with poll, so that a long one can be watched
 * and cancelled. A string of several would be one implicit transaction, where it opens none.
 */
#include "shared/pg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "shared/clock.h"
#include "shared/redshift_error.h"

enum {
	TICK_MS = 200,
	CANCEL_MS = 1000, /* until a server that was asked to cancel is asked in the next way */
	CANCEL_WAYS = 3,  /* and then given up */
};

static enum err_kind kind_of(const char *state)
{
	static const struct {
		const char *prefix;
		enum err_kind kind;
	} classes[] = {
	    {"08", ERR_RETRY},
	    {"40001", ERR_RETRY},
	    {"40P01", ERR_RETRY},
	    {"53", ERR_RETRY},
	    {"57P0", ERR_RETRY},
	    {"55P03", ERR_RETRY},
	    {"55006", ERR_RETRY},
	    {"57014", ERR_CANCELLED},
	    {"22", ERR_DATA},
	    {"23", ERR_DATA},
	    {"28", ERR_SETUP},
	    {"3D000", ERR_SETUP},
	    {"3F000", ERR_SETUP},
	    {"42P01", ERR_SETUP},
	    {"42501", ERR_SETUP},
	};

	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strncmp(state, classes[i].prefix, strlen(classes[i].prefix)) == 0)
			return classes[i].kind;
	return ERR_TASK;
}

static bool fail_conn(const struct pg *pg, struct err *e)
{
	const char *text = PQerrorMessage(pg->conn);

	return err_set(e, ERR_RETRY, AT_WAREHOUSE, "08006", "lost the connection to %s: %.*s",
	    pg->where, STRF(str_trim(str_z(text))));
}

static bool fail_result(const struct pg *pg, const PGresult *res, struct err *e)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);

	if (!state || !text)
		return fail_conn(pg, e);
	err_set(e, kind_of(state), AT_WAREHOUSE, state, "%s%s%s%s%s%s", text, detail ? " (" : "",
	    detail ? detail : "", detail ? ")" : "", context ? "; " : "", context ? context : "");
	if (pg->engine == ENGINE_REDSHIFT)
		redshift_error(e);
	if (strcmp(state, PG_DISK_FULL) == 0)
		err_set(e, e->kind, e->where, e->code,
		    "no space left on the warehouse's disk: %s: free space there, and run again",
		    e->msg);
	return false;
}

void pg_close(struct pg *pg)
{
	if (pg->conn)
		PQfinish(pg->conn);
	pg->conn = NULL;
}

bool pg_alive(const struct pg *pg)
{
	return pg->conn && PQstatus(pg->conn) == CONNECTION_OK;
}

bool pg_is_here(const struct pg *pg)
{
	const char *address = PQhostaddr(pg->conn); /* empty: a Unix socket */

	return address &&
	       (!*address || strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0);
}

/* A second session with the parameters of the first; each is libpq's to free. */
static PGconn *second_session(PGconn *first)
{
	enum { MOST = 64 };
	PQconninfoOption *all = PQconninfo(first);
	const char *keys[MOST + 1], *values[MOST + 1];
	PGconn *conn;
	size_t n = 0;

	for (PQconninfoOption *o = all; o && o->keyword && n < MOST; o++)
		if (o->val && o->val[0] && strcmp(o->keyword, "connect_timeout") != 0) {
			keys[n] = o->keyword;
			values[n++] = o->val;
		}
	keys[n] = values[n] = NULL;
	if (n < MOST) {
		keys[n] = "connect_timeout";
		values[n++] = "2";
		keys[n] = values[n] = NULL;
	}
	conn = PQconnectdbParams(keys, values, 0);
	PQconninfoFree(all);
	return conn;
}

static bool say_from_beside(const struct pg *pg, const char *sql)
{
	PGconn *beside = second_session(pg->conn);
	bool there = PQstatus(beside) == CONNECTION_OK;

	if (there)
		PQclear(PQexec(beside, sql));
	PQfinish(beside);
	return there;
}

static void request_cancel(const struct pg *pg)
{
	PGcancel *c = PQgetCancel(pg->conn);
	char text[256];

	if (c)
		(void)!PQcancel(c, text, sizeof text);
	PQfreeCancel(c);
}

/*
 * The n-th way, where none before has ended the statement. libpq's cancel request is not encrypted,
 * and nobody tells whether a cluster that requires TLS has heard it; a statement that CANCEL does
 * not end goes with its session. (Redshift, "CANCEL", "PG_TERMINATE_BACKEND".) False: no way leads
 * to the server.
 */
static bool cancel(const struct pg *pg, int n)
{
	char sql[64];

	if (n == 0) {
		request_cancel(pg);
		return true;
	}
	if (pg->engine != ENGINE_REDSHIFT)
		return true;
	snprintf(sql, sizeof sql, n == 1 ? "CANCEL %d" : "SELECT pg_terminate_backend(%d)",
	    PQbackendPID(pg->conn));
	return say_from_beside(pg, sql);
}

/*
 * Until a result can be taken without blocking. When the tick says stop, the server is asked to
 * cancel, and the answer is still awaited: the connection stays usable. A server that does not even
 * answer that is left: it rolls back when it finds out.
 */
static bool await(struct pg *pg, struct err *e)
{
	bool stopping = false;
	int64_t since = 0;
	int ways = 0;

	while (PQisBusy(pg->conn)) {
		struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};

		if (!stopping && pg->tick && !pg->tick(pg->tick_ctx, e)) {
			if (pg->leaves) {
				pg_close(pg);
				return false;
			}
			stopping = true;
			since = clock_ms();
		}
		if (stopping && clock_ms() - since >= ways * CANCEL_MS) {
			if (ways == CANCEL_WAYS) {
				pg_close(pg);
				return false;
			}
			ways = cancel(pg, ways) ? ways + 1 : CANCEL_WAYS;
		}
		if (poll(&fd, 1, TICK_MS) < 0 && errno != EINTR)
			return err_errno(e, ERR_RETRY, AT_WAREHOUSE, "poll");
		if (fd.revents && !PQconsumeInput(pg->conn))
			return stopping ? false : fail_conn(pg, e);
	}
	return !stopping;
}

/* Of several statements: the error, else the last rows, else the first. */
static bool is_wanted(const PGresult *res, const PGresult *more)
{
	ExecStatusType first = PQresultStatus(res), next = PQresultStatus(more);

	if (first != PGRES_COMMAND_OK && first != PGRES_TUPLES_OK)
		return false;
	return next != PGRES_COMMAND_OK;
}

/* The result of what was sent; every further one is drained. */
static bool finish(struct pg *pg, PGresult **out, struct err *e)
{
	PGresult *res = NULL, *more;
	bool ok;

	pg->notices[0] = '\0';
	ok = await(pg, e);
	*out = NULL;
	if (!pg->conn)
		return false;
	while ((more = PQgetResult(pg->conn))) {
		ExecStatusType st = PQresultStatus(more);

		if (!res || is_wanted(res, more)) {
			PQclear(res);
			res = more;
		} else {
			PQclear(more);
		}
		if (st == PGRES_COPY_IN || st == PGRES_COPY_OUT)
			break;
	}
	if (ok && !res)
		ok = fail_conn(pg, e);
	if (ok) {
		ExecStatusType st = PQresultStatus(res);

		if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK && st != PGRES_COPY_IN)
			ok = fail_result(pg, res, e);
	}
	if (!ok) {
		PQclear(res);
		res = NULL;
	}
	*out = res;
	return ok;
}

bool pg_several(struct pg *pg, const char *sql, PGresult **res, struct err *e)
{
	*res = NULL;
	if (!PQsendQuery(pg->conn, sql))
		return fail_conn(pg, e);
	return finish(pg, res, e);
}

bool pg_exec(struct pg *pg, const char *sql, struct err *e)
{
	PGresult *res;

	if (!pg_several(pg, sql, &res, e))
		return false;
	PQclear(res);
	return true;
}

bool pg_query(
    struct pg *pg, const char *sql, int n, const char *const *params, PGresult **res, struct err *e)
{
	*res = NULL;
	if (!PQsendQueryParams(pg->conn, sql, n, NULL, params, NULL, NULL, 0))
		return fail_conn(pg, e);
	return finish(pg, res, e);
}

bool pg_run(struct pg *pg, const char *sql, int n, const char *const *params, struct err *e)
{
	PGresult *res;

	if (!pg_query(pg, sql, n, params, &res, e))
		return false;
	PQclear(res);
	return true;
}

int64_t pg_rows(const PGresult *res)
{
	int64_t n = 0;

	/* PQcmdTuples only reads; its parameter lacks the const. */
	str_to_i64(str_z(PQcmdTuples((PGresult *)(uintptr_t)res)), &n);
	return n;
}

struct str pg_str(const PGresult *res, int row, int col)
{
	return (struct str){PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col)};
}

int64_t pg_i64(const PGresult *res, int row, int col)
{
	int64_t n = 0;

	str_to_i64(pg_str(res, row, col), &n);
	return n;
}

bool pg_copy_start(struct pg *pg, const char *sql, struct err *e)
{
	PGresult *res;
	bool copying;

	if (!PQsendQuery(pg->conn, sql))
		return fail_conn(pg, e);
	if (!finish(pg, &res, e))
		return false;
	copying = PQresultStatus(res) == PGRES_COPY_IN;
	PQclear(res);
	/* So that a server that takes nothing does not make us deaf. */
	if (copying)
		return PQsetnonblocking(pg->conn, 1) == 0 || fail_conn(pg, e);
	return err_set(e, ERR_TASK, AT_INTERNAL, NULL, "not a COPY FROM STDIN: %.200s", sql);
}

/* Until all that was put is with the kernel; the tick runs meanwhile, and an early error is read.
 */
static bool flush(struct pg *pg, struct err *e)
{
	for (;;) {
		int left = PQflush(pg->conn);
		struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN | POLLOUT};

		if (left == 0)
			return true;
		if (left < 0)
			return fail_conn(pg, e);
		if (pg->tick && !pg->tick(pg->tick_ctx, e))
			return false;
		if (poll(&fd, 1, TICK_MS) < 0 && errno != EINTR)
			return err_errno(e, ERR_RETRY, AT_WAREHOUSE, "poll");
		if ((fd.revents & POLLIN) && !PQconsumeInput(pg->conn))
			return fail_conn(pg, e);
	}
}

bool pg_copy_bytes(struct pg *pg, struct str bytes, struct err *e)
{
	enum { MOST = 1 << 20 };

	while (bytes.n) {
		int n = bytes.n > MOST ? MOST : (int)bytes.n;

		if (PQputCopyData(pg->conn, bytes.p, n) != 1)
			return fail_conn(pg, e);
		if (!flush(pg, e))
			return false;
		bytes = str_from(bytes, (size_t)n);
	}
	return true;
}

bool pg_copy_end(struct pg *pg, int64_t *rows, struct err *e)
{
	PGresult *res;

	if (PQputCopyEnd(pg->conn, NULL) != 1)
		return fail_conn(pg, e);
	/* First all of it: PQsetnonblocking fails where something is left to be sent. */
	if (!flush(pg, e))
		return false;
	if (PQsetnonblocking(pg->conn, 0) != 0)
		return fail_conn(pg, e);
	if (!finish(pg, &res, e))
		return false;
	*rows = pg_rows(res);
	PQclear(res);
	return true;
}

void pg_copy_abort(struct pg *pg, const char *why)
{
	PGresult *res = NULL;
	struct err ignored;

	/* A server that takes nothing is left: it rolls back when the connection is gone. It may
	 * wait for a lock, and then it does not look. */
	if (!pg->conn)
		return;
	if (PQputCopyEnd(pg->conn, why) != 1 || PQflush(pg->conn) != 0 ||
	    PQsetnonblocking(pg->conn, 0) != 0) {
		request_cancel(pg);
		pg_close(pg);
		return;
	}
	finish(pg, &res, &ignored);
	PQclear(res);
}

static struct str keep(struct arena *a, char *quoted)
{
	/* Fails only on text that is not in the client's encoding: then nothing of it is used. */
	struct str s = quoted ? arena_str(a, str_z(quoted)) : STR("");

	PQfreemem(quoted);
	return s;
}

struct str pg_ident(struct pg *pg, struct arena *a, struct str name)
{
	return keep(a, PQescapeIdentifier(pg->conn, name.p ? name.p : "", name.n));
}

struct str pg_literal(struct pg *pg, struct arena *a, struct str value)
{
	return keep(a, PQescapeLiteral(pg->conn, value.p ? value.p : "", value.n));
}
