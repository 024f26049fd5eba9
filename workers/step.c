/*
 * step.c - one SQL file, or one thing about the whole model, in one task.
 *
 *   probe   can this source be loaded at all? Before anything is touched.
 *   create  drop   see target.c
 *   staged  after the COPYs of a source: the lanes hold what the ledger says; then ANALYZE
 *   insert  one table filled: its statements and a row in dwh.step, in one transaction; ANALYZE
 *   check   a query whose rows are what is wrong
 *   count   the rows of every table
 *
 * An insert is idempotent (DELETE + INSERT), and is skipped when neither its SQL nor what it reads
 * has changed since it was last done: dwh.step keeps the digest of its file and the state of its
 * inputs (the ledger's sums of a staging relation, the version of a table).
 */
#include <stdio.h>

#include "shared/clock.h"
#include "shared/lane.h"
#include "workers/engine.h"
#include "workers/manifest.h"
#include "workers/tasks.h"

/* ---- probe ---- */

static bool probe_objects(struct worker *w, const struct sqlfile *f, struct err *e)
{
	const char *url = config_s3(&w->config, f->source);
	struct s3_list req = {.max_keys = 2};
	struct s3_page page;

	if (!s3_url_parse(str_z(url), &req.bucket, &req.prefix, e))
		return err_prefix(e, "[S3] %.*s", STRF(f->source));
	do {
		if (!worker_tick(w, e) || !s3_list(w->s3, &req, &page, w->task, e))
			return err_prefix(e, "[S3] %.*s", STRF(f->source));
		req.token = page.next_token;
		req.max_keys = 0; /* two folder marks need not be all there is */
	} while (page.truncated && page.n_objects == 0);
	if (page.n_objects == 0 && !w->config.load.allow_empty)
		return err_set(e, ERR_SETUP, AT_S3, "EmptyPrefix",
		    "[S3] %.*s: there are no objects under %s: check the address, or say --set "
		    "LOAD.ALLOW_EMPTY=yes if that is meant",
		    STRF(f->source), url);
	return true;
}

static bool probe(struct worker *w, const struct sqlfile *f, struct err *e)
{
	return worker_pg(w, e) && worker_s3(w, e) && probe_objects(w, f, e) &&
	       manifest_probe(w, f->stem, e) && engine_probe(w, f, e);
}

/* ---- staged ---- */

static bool count_rows(struct worker *w, struct str table, int64_t *out, struct err *e)
{
	struct str name = pg_ident(&w->pg, w->task, table);
	PGresult *res;

	if (!pg_query(&w->pg, arena_printf(w->task, "SELECT count(*) FROM %.*s", STRF(name)), 0,
	        NULL, &res, e))
		return false;
	*out = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

static bool ledger_rows(struct worker *w, const char *relation, const char *generation,
    const char *lane, int64_t *rows, int64_t *shards, struct err *e)
{
	const char *params[] = {relation, generation, lane};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT coalesce(sum(row_count), 0), count(*) FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER) AND ($3 = '' OR lane = $3)",
	        3, params, &res, e))
		return false;
	*rows = pg_i64(res, 0, 0);
	*shards = pg_i64(res, 0, 1);
	PQclear(res);
	return true;
}

static bool analyze(struct worker *w, struct str table, struct err *e)
{
	struct str name = pg_ident(&w->pg, w->task, table);

	return pg_exec(&w->pg, arena_printf(w->task, "ANALYZE %.*s", STRF(name)), e);
}

/* Whether this run has committed a shard into the lane: only then are its statistics old. */
static bool loaded_now(
    struct worker *w, const char *relation, struct str lane, bool *out, struct err *e)
{
	const char *params[] = {relation, arena_cstr(w->task, lane), arena_cstr(w->task, w->run)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM dwh.ledger WHERE relation = $1 AND lane = $2 AND run = $3", 3,
	        params, &res, e))
		return false;
	*out = pg_i64(res, 0, 0) > 0;
	PQclear(res);
	return true;
}

static bool staged_lane(struct worker *w, const char *relation, const char *generation,
    struct str lane, struct msg_done *done, struct err *e)
{
	int64_t said, shards, have;
	bool fresh;

	if (!ledger_rows(w, relation, generation, arena_cstr(w->task, lane), &said, &shards, e) ||
	    !count_rows(w, lane, &have, e))
		return false;
	if (said != have)
		return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
		    "%.*s has %lld rows, the ledger says %lld: somebody else wrote to it; load all "
		    "again "
		    "with --fresh",
		    STRF(lane), (long long)have, (long long)said);
	done->rows += have;
	done->objects += shards;
	return loaded_now(w, relation, lane, &fresh, e) && (!fresh || analyze(w, lane, e));
}

static bool staged(struct worker *w, const struct sqlfile *f, struct msg_done *done, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem);
	int64_t generation, lanes;

	if (!worker_pg(w, e) || !target_read(w, relation, &generation, &lanes, e))
		return false;
	for (int64_t i = 1; i <= lanes; i++)
		if (!staged_lane(w, relation.p,
		        arena_printf(w->task, "%lld", (long long)generation),
		        lane_name(w->task, f->stem, i, lanes), done, e))
			return false;
	done->verdict = STR("VERIFIED");
	return true;
}

/* ---- insert ---- */

/* "staging_events:g2/27/8056 songs:v4 users:g2": equal if and only if nothing that is read changed.
 */
static bool inputs_of(struct worker *w, const struct sqlfile *f, struct str *out, struct err *e)
{
	struct buf b;
	bool ok = true;

	buf_init(&b, 4096);
	for (size_t i = 0; ok && i < f->n_depends; i++) {
		struct str relation = target_relation(w, w->task, f->depends[i]);
		int64_t generation, lanes, rows, shards;
		const char *params[] = {relation.p};
		PGresult *res;

		ok = target_read(w, relation, &generation, &lanes, e);
		if (ok && model_find(w->model, SQL_COPY, f->depends[i])) {
			ok = ledger_rows(w, relation.p,
			    arena_printf(w->task, "%lld", (long long)generation), "", &rows,
			    &shards, e);
			if (ok)
				buf_printf(&b, "%.*s:g%lld/%lld/%lld ", STRF(f->depends[i]),
				    (long long)generation, (long long)shards, (long long)rows);
		} else if (ok) {
			ok = pg_query(&w->pg, "SELECT version FROM dwh.step WHERE step = $1", 1,
			    params, &res, e);
			if (ok)
				buf_printf(&b, "%.*s:v%lld ", STRF(f->depends[i]),
				    PQntuples(res) ? (long long)pg_i64(res, 0, 0) : 0);
			PQclear(ok ? res : NULL);
		}
	}
	if (ok) {
		int64_t generation, lanes;

		ok = target_read(w, target_relation(w, w->task, f->stem), &generation, &lanes, e);
		buf_printf(&b, "%.*s:g%lld", STRF(f->stem), (long long)generation);
		if (ok && generation == 0)
			ok = err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "%.*s was not made by dwh yet: `dwh create` makes what is missing",
			    STRF(f->stem));
	}
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
	const char *params[] = {relation, f->digest, inputs.p,
	    arena_printf(w->task, "%lld", (long long)rows), arena_cstr(w->task, w->run)};
	PGresult *res = NULL;
	bool ok = pg_query(&w->pg,
	    known ? "UPDATE dwh.step SET digest = $2, inputs = $3, version = version + 1,"
	            " row_count = CAST($4 AS BIGINT), run = $5, finished_at = CURRENT_TIMESTAMP"
	            " WHERE step = $1"
	          : "INSERT INTO dwh.step (step, digest, inputs, version, row_count, run, "
	            "finished_at)"
	            " VALUES ($1, $2, $3, 1, CAST($4 AS BIGINT), $5, CURRENT_TIMESTAMP)",
	    5, params, &res, e);

	PQclear(res);
	return ok;
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

static bool insert(struct worker *w, const struct sqlfile *f, struct msg_done *done, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem), inputs, *statements;
	struct sql_vars vars = {.relation = f->stem};
	bool known, same;
	size_t n;

	if (!worker_pg(w, e) || !inputs_of(w, f, &inputs, e) ||
	    !up_to_date(w, relation.p, f, inputs, &known, &same, &done->rows, e))
		return false;
	done->skipped = same;
	if (same)
		return true;
	if (!sql_prepare(w, f, &vars, &statements, &n, e) || !pg_exec(&w->pg, "BEGIN", e) ||
	    !target_hold(w, relation, e))
		return false;
	if (!run_statements(w, statements, n, &done->rows, e))
		return err_prefix(e, "%s", f->origin);
	return record_step(w, relation.p, f, inputs, done->rows, known, e) &&
	       pg_exec(&w->pg, "COMMIT", e) && analyze(w, f->stem, e);
}

/* ---- check, count ---- */

static bool sample(struct worker *w, struct str query, struct msg_done *done, struct err *e)
{
	PGresult *res;
	struct buf b;

	if (!pg_query(&w->pg,
	        arena_printf(w->task, "SELECT * FROM (%.*s) AS offending LIMIT 3", STRF(query)), 0,
	        NULL, &res, e))
		return false;
	buf_init(&b, 600);
	for (int i = 0; i < PQntuples(res); i++) {
		buf_z(&b, i ? "; " : "");
		for (int k = 0; k < PQnfields(res); k++)
			buf_printf(
			    &b, "%s%s=%s", k ? " " : "", PQfname(res, k), PQgetvalue(res, i, k));
	}
	PQclear(res);
	done->note = arena_str(w->task, buf_view(&b));
	buf_free(&b);
	return true;
}

static bool check(struct worker *w, const struct sqlfile *f, struct msg_done *done, struct err *e)
{
	struct sql_vars vars = {.relation = f->stem};
	struct str *statements;
	PGresult *res;
	size_t n;

	if (!worker_pg(w, e) || !sql_prepare(w, f, &vars, &statements, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_TASK, AT_CONFIG, NULL, "%s: a check is one SELECT, not %zu",
		    f->origin, n);
	if (!pg_query(&w->pg,
	        arena_printf(
	            w->task, "SELECT count(*) FROM (%.*s) AS offending", STRF(statements[0])),
	        0, NULL, &res, e))
		return err_prefix(e, "%s", f->origin);
	done->rows = pg_i64(res, 0, 0);
	PQclear(res);
	done->verdict = done->rows == 0 ? STR("pass") : f->warn ? STR("warn") : STR("fail");
	return done->rows == 0 || sample(w, statements[0], done, e);
}

static bool send_count(struct worker *w, struct str table, struct msg_done *done, struct err *e)
{
	struct msg m = {.type = MSG_COUNT, .u.count = {.id = w->task_id, .table = table}};

	if (!count_rows(w, table, &m.u.count.rows, e))
		return false;
	worker_send(&m);
	done->rows += m.u.count.rows;
	return true;
}

/* Staging first, then what was made of it. */
static bool count(struct worker *w, struct msg_done *done, struct err *e)
{
	size_t n;
	const struct sqlfile *f = model_phase(w->model, SQL_CREATE, &n);

	if (!worker_pg(w, e))
		return false;
	for (int staging = 1; staging >= 0; staging--)
		for (size_t i = 0; i < n; i++)
			if ((model_find(w->model, SQL_COPY, f[i].stem) != NULL) == staging &&
			    !send_count(w, f[i].stem, done, e))
				return false;
	return true;
}

bool task_step(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
{
	enum sql_phase phase = str_eqz(m->phase, "insert")  ? SQL_INSERT
	                       : str_eqz(m->phase, "check") ? SQL_CHECK
	                                                    : SQL_COPY;
	const struct sqlfile *f = NULL;

	if (m->name.n) {
		f = model_find(w->model, phase, m->name);
		if (!f || !str_eqz(m->digest, f->digest))
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "%.*s/%.*s.sql changed during the run", STRF(m->phase), STRF(m->name));
	}
	if (str_eqz(m->phase, "create"))
		return target_create(w, m, done, e);
	if (str_eqz(m->phase, "drop"))
		return target_drop(w, m, done, e);
	if (str_eqz(m->phase, "count"))
		return count(w, done, e);
	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no step %.*s", STRF(m->phase));
	if (str_eqz(m->phase, "probe"))
		return probe(w, f, e);
	if (str_eqz(m->phase, "staged"))
		return staged(w, f, done, e);
	if (str_eqz(m->phase, "insert"))
		return insert(w, f, done, e);
	if (str_eqz(m->phase, "check"))
		return check(w, f, done, e);
	return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no phase %.*s", STRF(m->phase));
}
