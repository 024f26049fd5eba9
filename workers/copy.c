/*
 * copy.c - a shard into its lane, exactly once.
 *
 *   ledger: is it there already?  -> manifest -> BEGIN -> hold the target -> COPY, verified
 *   -> ledger row -> COMMIT
 *
 * The ledger row and the rows of the shard are one transaction. A worker may die at any instant:
 * before COMMIT nothing has happened, after it the ledger says so, and while the server still works
 * on a dead session's COMMIT, a second insert of the same ledger row waits for it and then fails
 * on the unique key, which means "already".
 */
#include <stdio.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "workers/crash.h"
#include "workers/engine.h"

static bool in_ledger(struct worker *w, const struct msg_copy *m, struct str relation, bool *there,
    int64_t *rows, struct err *e)
{
	const char *params[] = {relation.p, arena_printf(w->task, "%lld", (long long)m->generation),
	    arena_cstr(w->task, m->shard)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT row_count FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER) AND shard = $3",
	        3, params, &res, e))
		return false;
	*there = PQntuples(res) > 0;
	*rows = *there ? pg_i64(res, 0, 0) : 0;
	PQclear(res);
	return true;
}

static bool add_to_ledger(struct worker *w, const struct msg_copy *m, struct str relation,
    const struct manifest *o, const struct msg_done *done, struct err *e)
{
#define NUMBER(n) arena_printf(w->task, "%lld", (long long)(n))
#define TEXT(s) arena_cstr(w->task, (s))
	const char *params[] = {relation.p, NUMBER(m->generation), TEXT(m->shard), TEXT(m->lane),
	    TEXT(m->manifest), TEXT(o->objects[0].key), TEXT(o->objects[o->n - 1].key),
	    NUMBER(o->n), NUMBER(done->bytes), NUMBER(done->rows), NUMBER(done->rejected),
	    TEXT(w->run), NUMBER(m->attempt), TEXT(done->verdict)};
#undef NUMBER
#undef TEXT
	PGresult *res = NULL;
	bool ok = pg_query(&w->pg,
	    "INSERT INTO dwh.ledger (relation, generation, shard, lane, manifest, first_key, "
	    "last_key,"
	    " objects, bytes, row_count, rejected, run, attempt, verdict, committed_at) VALUES ($1,"
	    " CAST($2 AS INTEGER), $3, $4, $5, $6, $7, CAST($8 AS BIGINT), CAST($9 AS BIGINT),"
	    " CAST($10 AS BIGINT), CAST($11 AS BIGINT), $12, CAST($13 AS INTEGER), $14,"
	    " CURRENT_TIMESTAMP)",
	    14, params, &res, e);

	PQclear(res);
	return ok;
}

/* In a transaction of its own, after the shard's was rolled back. */
static void record_bad(
    struct worker *w, const struct msg_copy *m, struct str relation, const struct bad_record *b)
{
	const char *params[] = {arena_cstr(w->task, w->run), relation.p,
	    arena_cstr(w->task, m->shard), arena_cstr(w->task, b->object),
	    arena_printf(w->task, "%llu", (unsigned long long)b->line),
	    arena_cstr(w->task, b->column), arena_cstr(w->task, b->type),
	    arena_printf(w->task, "%lld", (long long)b->position), arena_cstr(w->task, b->value),
	    arena_printf(w->task, "%d", b->code), arena_cstr(w->task, b->reason)};
	PGresult *res = NULL;
	struct err e;

	if (!pg_exec(&w->pg, "ROLLBACK", &e) ||
	    !pg_query(&w->pg,
	        "INSERT INTO dwh.load_errors (run, relation, shard, object, line, column_name,"
	        " column_type, position, value, code, reason, at) VALUES ($1, $2, $3, $4,"
	        " CAST($5 AS BIGINT), $6, $7, CAST($8 AS BIGINT), $9, CAST($10 AS INTEGER), $11,"
	        " CURRENT_TIMESTAMP)",
	        11, params, &res, &e))
		log_warn("the bad record could not be written to dwh.load_errors: %s", e.msg);
	PQclear(res);
}

static bool load(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    struct str relation, const struct manifest *o, struct msg_done *done, struct err *e)
{
	struct bad_record bad = {.set = false};
	int64_t began = clock_ms(), copied;

	if (!pg_exec(&w->pg, "BEGIN", e) || !target_hold(w, relation, false, e))
		return false;
	if (!engine_copy(w, f, m, o, done, &bad, e)) {
		if (bad.set)
			record_bad(w, m, relation, &bad);
		return false;
	}
	copied = clock_ms();
	done->copy_ms = copied - began - done->fetch_ms;
	crash_here("copy:before-ledger");
	if (!add_to_ledger(w, m, relation, o, done, e))
		return false;
	crash_here("copy:before-commit");
	if (!pg_exec(&w->pg, "COMMIT", e))
		return false;
	crash_here("copy:after-commit");
	done->commit_ms = clock_ms() - copied;
	return true;
}

static void already(struct msg_done *done, const struct msg_copy *m, int64_t rows)
{
	*done = (struct msg_done){.skipped = true,
	    .rows = rows,
	    .objects = m->objects,
	    .bytes = m->bytes,
	    .verdict = STR("VERIFIED"),
	    .note = STR("was committed already")};
}

bool task_copy(struct worker *w, const struct msg_copy *m, struct msg_done *done, struct err *e)
{
	const struct sqlfile *f = model_find(w->model, SQL_COPY, m->source);
	struct str relation = target_relation(w, w->task, m->source);
	struct manifest objects;
	struct err ignored;
	int64_t rows;
	bool there;

	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no source %.*s", STRF(m->source));
	if (!worker_pg(w, e) || !in_ledger(w, m, relation, &there, &rows, e))
		return false;
	if (there) {
		already(done, m, rows);
		return true;
	}
	if (!manifest_read(w, m->manifest, m->shard, w->task, &objects, e))
		return false;
	if (objects.n == 0)
		return err_set(e, ERR_SETUP, AT_S3, "Manifest", "the manifest %.*s is empty",
		    STRF(m->manifest));
	if (load(w, f, m, relation, &objects, done, e))
		return true;
	/* A session that was thought dead has committed this very shard. */
	if (strcmp(e->code, "23505") == 0 && pg_exec(&w->pg, "ROLLBACK", &ignored) &&
	    in_ledger(w, m, relation, &there, &rows, &ignored) && there) {
		already(done, m, rows);
		return true;
	}
	return false;
}
