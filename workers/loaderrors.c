/* loaderrors.c - see loaderrors.h. */
#include "workers/loaderrors.h"

#include "shared/clock.h"
#include "shared/log.h"
#include "workers/locks.h"
#include "workers/tasks.h"

#define COLUMNS                                                                                    \
	"(run, relation, shard, object, line, column_name, column_type, position, value, code,"    \
	" reason, at)"

enum { INSERT_BYTES = 1 << 20 }; /* a statement of Redshift's may have 16 MB */

/* One field of a row of COPY's text format. */
static void add_field(struct buf *b, struct str s, char end)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' || c == '\t' || c == '\n' || c == '\r')
			buf_c(b, '\\');
		buf_c(b, c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c);
	}
	buf_c(b, end);
}

static bool send_all(struct worker *w, struct str relation, struct str shard,
    const struct rejects *r, struct buf *b, struct err *e)
{
	char at[25];

	clock_iso(clock_wall_ms(), at);
	for (size_t i = 0; i < r->n; i++) {
		const struct bad_record *bad = &r->v[i];

		buf_reset(b);
		add_field(b, w->run, '\t');
		add_field(b, relation, '\t');
		add_field(b, shard, '\t');
		add_field(b, bad->object, '\t');
		buf_printf(b, "%llu\t", (unsigned long long)bad->line);
		add_field(b, bad->column, '\t');
		add_field(b, bad->type, '\t');
		buf_printf(b, "%lld\t", (long long)bad->position);
		add_field(b, bad->value, '\t');
		buf_printf(b, "%d\t", bad->code);
		add_field(b, bad->reason, '\t');
		buf_printf(b, "%s\n", at);
		if (!pg_copy_bytes(&w->pg, buf_view(b), e))
			return false;
	}
	return true;
}

/* What an earlier try of this very shard has left there is the same, or out of date. */
static bool forget(struct worker *w, struct str relation, struct str shard, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_cstr(w->task, shard)};

	return locks_turn_errors(w, relation, shard, e) &&
	       pg_run(&w->pg, "DELETE FROM dwh.load_errors WHERE relation = $1 AND shard = $2", 2,
	           params, e);
}

bool loaderrors_forget(struct worker *w, struct str relation, struct str shard, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_cstr(w->task, shard)};
	PGresult *res;
	bool any;

	if (!locks_are_of_tables(w))
		return true;
	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM dwh.load_errors WHERE relation = $1 AND shard = $2", 2,
	        params, &res, e))
		return false;
	any = pg_i64(res, 0, 0) > 0;
	PQclear(res);
	return !any || (pg_exec(&w->pg, "BEGIN", e) && forget(w, relation, shard, e) &&
	                   pg_exec(&w->pg, "COMMIT", e));
}

/* ---- the same as INSERTs, for a server without COPY FROM STDIN ---- */

static void add_literal(struct worker *w, struct buf *b, struct str s)
{
	buf_str(b, pg_literal(&w->pg, w->task, s));
	buf_z(b, ", ");
}

static bool insert_all(struct worker *w, struct str relation, struct str shard,
    const struct rejects *r, struct buf *b, struct err *e)
{
	char at[25];

	clock_iso(clock_wall_ms(), at);
	for (size_t i = 0; i < r->n; i++) {
		const struct bad_record *bad = &r->v[i];

		buf_z(b, b->n ? ", (" : "INSERT INTO dwh.load_errors " COLUMNS " VALUES (");
		add_literal(w, b, w->run);
		add_literal(w, b, relation);
		add_literal(w, b, shard);
		add_literal(w, b, bad->object);
		buf_printf(b, "%llu, ", (unsigned long long)bad->line);
		add_literal(w, b, bad->column);
		add_literal(w, b, bad->type);
		buf_printf(b, "%lld, ", (long long)bad->position);
		add_literal(w, b, bad->value);
		buf_printf(b, "%d, ", bad->code);
		add_literal(w, b, bad->reason);
		buf_printf(b, "CAST('%s' AS TIMESTAMP))", at);
		if (b->n < INSERT_BYTES && i + 1 < r->n)
			continue;
		if (!pg_exec(&w->pg, b->p, e))
			return false;
		buf_reset(b);
	}
	return true;
}

static bool copy_all(struct worker *w, struct str relation, struct str shard,
    const struct rejects *r, struct buf *b, struct err *e)
{
	int64_t rows;

	if (!pg_copy_start(&w->pg, "COPY dwh.load_errors " COLUMNS " FROM STDIN", e))
		return false;
	if (send_all(w, relation, shard, r, b, e))
		return pg_copy_end(&w->pg, &rows, e);
	pg_copy_abort(&w->pg, "the rejected records could not be sent");
	return false;
}

/* alone: the transaction is about nothing else. */
static bool write(struct worker *w, struct str relation, struct str shard, const struct rejects *r,
    bool alone, struct err *e)
{
	struct buf b;
	bool ok;

	if (r->n == 0)
		return true;
	if ((alone || !locks_are_of_tables(w)) && !forget(w, relation, shard, e))
		return false;
	buf_init(&b, 4 << 20);
	ok = locks_are_of_tables(w) ? insert_all(w, relation, shard, r, &b, e)
	                            : copy_all(w, relation, shard, r, &b, e);
	buf_free(&b);
	return ok;
}

bool loaderrors_write(
    struct worker *w, struct str relation, struct str shard, const struct rejects *r, struct err *e)
{
	return write(w, relation, shard, r, false, e);
}

void loaderrors_keep(
    struct worker *w, struct str relation, struct str shard, const struct rejects *r)
{
	struct err e;

	if (!pg_exec(&w->pg, "ROLLBACK", &e) || !pg_exec(&w->pg, "BEGIN", &e) ||
	    !write(w, relation, shard, r, true, &e) || !pg_exec(&w->pg, "COMMIT", &e))
		log_warn("the bad records could not be written to dwh.load_errors: %s", e.msg);
}

void loaderrors_send(struct worker *w, const struct rejects *r, size_t most)
{
	for (size_t i = 0; i < r->n && i < most; i++) {
		const struct bad_record *bad = &r->v[i];
		struct msg m = {.type = MSG_BAD,
		    .u.bad = {.id = w->task_id,
		        .object = bad->object,
		        .line = (int64_t)bad->line,
		        .column = bad->column,
		        .value = bad->value,
		        .code = bad->code,
		        .reason = bad->reason}};

		worker_send(&m);
	}
}
