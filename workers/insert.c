/*
 * insert.c - one table filled from others, exactly once.
 *
 *   BEGIN -> hold the table's row in dwh.target, alone -> is there anything to do? -> the file's
 *   statements -> dwh.step -> COMMIT -> ANALYZE
 *
 * The statements are DELETE and INSERT, so doing them again gives the same rows; but two at the
 * same time would not, and a session whose worker died may still be in its COMMIT. Hence the lock
 * comes first, and everything is read behind it. On Redshift these are three transactions
 * (locks.h); one that dies between them has filled the table and not said so: it is filled again.
 * An insert is skipped when neither its SQL nor what it reads has changed since it was last done:
 * dwh.step keeps the digest of its file and the state of its inputs.
 */
#include <stdio.h>

#include "workers/crash.h"
#include "workers/ledger.h"
#include "workers/locks.h"
#include "workers/relation.h"

/* "staging_events:g2/27/8056 " of a staging relation, "songs:v4 " of a table. */
static bool add_input(struct worker *w, struct str stem, struct buf *b, struct err *e)
{
	struct str relation = target_relation(w, w->task, stem);
	const char *params[] = {relation.p};
	int64_t rows, shards;
	struct target t;
	PGresult *res;

	if (!target_read(w, relation, &t, e))
		return false;
	if (model_find(w->model, SQL_COPY, stem)) {
		if (!ledger_sum(w, relation.p, t.generation, "", &rows, &shards, e))
			return false;
		buf_printf(b, "%.*s:g%lld/%lld/%lld ", STRF(stem), (long long)t.generation,
		    (long long)shards, (long long)rows);
		return true;
	}
	if (!pg_query(&w->pg, "SELECT version FROM dwh.step WHERE step = $1", 1, params, &res, e))
		return false;
	buf_printf(b, "%.*s:v%lld ", STRF(stem), PQntuples(res) ? (long long)pg_i64(res, 0, 0) : 0);
	PQclear(res);
	return true;
}

/* Equal if and only if nothing that is read has changed, and the table is still the same. */
static bool inputs_of(struct worker *w, const struct sqlfile *f, struct str *out, struct err *e)
{
	struct target own;
	struct buf b;
	bool ok;

	buf_init(&b, 4096);
	ok = target_read(w, target_relation(w, w->task, f->stem), &own, e);
	for (size_t i = 0; ok && i < f->n_depends; i++)
		ok = add_input(w, f->depends[i], &b, e);
	buf_printf(&b, "%.*s:g%lld", STRF(f->stem), ok ? (long long)own.generation : 0);
	*out = arena_str(w->task, buf_view(&b));
	buf_free(&b);
	return ok;
}

static bool up_to_date(struct worker *w, const char *relation, const struct sqlfile *f,
    struct str inputs, bool *known, bool *same, int64_t *rows, struct err *e)
{
	PGresult *res;

	if (!pg_query(&w->pg, "SELECT digest, inputs, row_count FROM dwh.step WHERE step = $1", 1,
	        &relation, &res, e))
		return false;
	*known = PQntuples(res) > 0;
	*same = *known && str_eqz(pg_str(res, 0, 0), f->digest) &&
	        str_eq(pg_str(res, 0, 1), inputs);
	*rows = *known ? pg_i64(res, 0, 2) : 0;
	PQclear(res);
	return true;
}

static bool record_step(struct worker *w, const char *relation, const struct sqlfile *f,
    struct str inputs, int64_t rows, bool known, struct err *e)
{
	const char *params[] = {relation, f->digest, inputs.p, arena_i64(w->task, rows),
	    arena_cstr(w->task, w->run), sql_now(w)};

	return pg_run(&w->pg,
	    known ? "UPDATE dwh.step SET digest = $2, inputs = $3, version = version + 1,"
	            " row_count = CAST($4 AS BIGINT), run = $5, finished_at = CAST($6 AS TIMESTAMP)"
	            " WHERE step = $1"
	          : "INSERT INTO dwh.step (step, digest, inputs, version, row_count, run, "
	            "finished_at)"
	            " VALUES ($1, $2, $3, 1, CAST($4 AS BIGINT), $5, CAST($6 AS TIMESTAMP))",
	    6, params, e);
}

/* Rows of the last statement: by contract the INSERT. */
static bool run_statements(
    struct worker *w, struct str *statements, size_t n, int64_t *rows, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		PGresult *res;

		if (!pg_query(&w->pg, arena_cstr(w->task, statements[i]), 0, NULL, &res, e))
			return false;
		*rows = pg_rows(res);
		PQclear(res);
	}
	return true;
}

static bool fill(
    struct worker *w, const struct sqlfile *f, bool again, struct msg_done *done, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem), inputs, *statements;
	struct sql_vars vars = {.relation = f->stem};
	bool known, same;
	size_t n;

	if (!locks_begin_insert(w, relation, f->stem, e) || !inputs_of(w, f, &inputs, e) ||
	    !up_to_date(w, relation.p, f, inputs, &known, &same, &done->rows, e))
		return false;
	done->skipped = same && !again;
	if (!done->skipped) {
		if (!sql_prepare(w, f, &vars, &statements, &n, e) ||
		    !locks_next_insert(w, relation, f->stem, false, e))
			return false;
		if (!run_statements(w, statements, n, &done->rows, e))
			return err_prefix(e, "%s", f->origin);
		if (!locks_next_insert(w, relation, f->stem, true, e) ||
		    !record_step(w, relation.p, f, inputs, done->rows, known, e))
			return false;
		crash_here("insert:before-commit");
	}
	return pg_exec(&w->pg, "COMMIT", e);
}

bool task_insert(
    struct worker *w, const struct sqlfile *f, bool again, struct msg_done *done, struct err *e)
{
	if (!worker_pg(w, e) || !fill(w, f, again, done, e))
		return false;
	crash_here("insert:after-commit");
	if (!done->skipped)
		relation_analyze(w, f->stem, false);
	return true;
}
