/*
 * step.c - one SQL file, or one thing about the whole model, in one task.
 *
 *   probe   can this source be loaded at all? Before anything is touched.
 *   create  drop   see create.c
 *   merge   see merge.c
 *   staged  after the COPYs of a source: late evidence is awaited; ANALYZE; the lanes hold what the
 *           ledger says
 *   insert  see insert.c
 *   check   a query whose rows are what is wrong
 *   count   the rows of every table
 *   verify  see verify.c
 */
#include <stdio.h>

#include "shared/clock.h"
#include "shared/lane.h"
#include "shared/source.h"
#include "workers/crash.h"
#include "workers/engine.h"
#include "workers/evidence.h"
#include "workers/isolation.h"
#include "workers/ledger.h"
#include "workers/locks.h"
#include "workers/manifest.h"
#include "workers/merge.h"
#include "workers/prefix.h"
#include "workers/quarantine.h"
#include "workers/relation.h"
#include "workers/tasks.h"
#include "workers/verify.h"

/* ---- probe ---- */

static bool probe(
    struct worker *w, const struct sqlfile *f, bool validate, struct msg_done *done, struct err *e)
{
	if (!worker_pg(w, e) || !worker_s3(w, e) ||
	    !source_probe(w->s3, &w->config, f, worker_tick, w, w->task, e))
		return false;
	if (validate)
		return engine_probe_columns(w, f, e) && engine_limit(w, f, &done->limit, e);
	return manifest_probe(w, f->stem, e) && engine_probe(w, f, e);
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

/* The lane holds what the ledger says. */
static bool verify_lane(struct worker *w, const char *relation, int64_t generation, struct str lane,
    struct msg_done *done, struct err *e)
{
	int64_t said, shards, have;

	if (!ledger_sum(w, relation, generation, arena_cstr(w->task, lane), &said, &shards, e) ||
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
	return true;
}

/* MAXERROR is of one COPY, and a source has many: it bounds what all of them have rejected. */
static bool staged_rejects(struct worker *w, const struct sqlfile *f, const char *relation,
    int64_t generation, struct msg_done *done, struct err *e)
{
	const char *params[] = {relation, arena_i64(w->task, generation)};
	int64_t limit;
	PGresult *res;

	if (!engine_limit(w, f, &limit, e) ||
	    !pg_query(&w->pg,
	        "SELECT coalesce(sum(rejected), 0) FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER)",
	        2, params, &res, e))
		return false;
	done->rejected = pg_i64(res, 0, 0);
	PQclear(res);
	if (done->rejected >= limit)
		return err_set(e, ERR_DATA, AT_DATA, "MAXERROR",
		    "%lld records of %.*s were rejected in all its shards, and MAXERROR is %lld: "
		    "they are in dwh.load_errors; mend the objects and load all again with "
		    "--fresh, or bear more in %s",
		    (long long)done->rejected, STRF(f->stem), (long long)limit, f->origin);
	if (done->rejected)
		done->note = str_z(arena_printf(w->task,
		    "%lld records were rejected: see dwh.load_errors", (long long)done->rejected));
	return true;
}

/* The verdict of all its shards: what this run has not loaded counts, too. */
static bool staged_verdict(struct worker *w, const struct sqlfile *f, const char *relation,
    int64_t generation, struct msg_done *done, struct err *e)
{
	const char *params[] = {relation, arena_i64(w->task, generation)};
	int64_t unverified, mismatch;
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT count(CASE WHEN verdict = 'UNVERIFIED' THEN 1 END),"
	        " count(CASE WHEN verdict = 'MISMATCH' THEN 1 END) FROM dwh.ledger"
	        " WHERE relation = $1 AND generation = CAST($2 AS INTEGER)",
	        2, params, &res, e))
		return false;
	unverified = pg_i64(res, 0, 0);
	mismatch = pg_i64(res, 0, 1);
	PQclear(res);
	if (mismatch)
		return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
		    "%lld shard(s) of %.*s are a MISMATCH: COPY has read other files than those of "
		    "their manifests; load all again with --fresh",
		    (long long)mismatch, STRF(f->stem));
	done->verdict = unverified ? STR("UNVERIFIED") : STR("VERIFIED");
	if (unverified)
		done->note = str_z(arena_printf(w->task,
		    "%.*s%s%lld of %lld shards are UNVERIFIED: %s", STRF(done->note),
		    done->note.n ? "; " : "", (long long)unverified, (long long)done->objects,
		    prefix_is_on(w) ? PREFIX_UNVERIFIED
		                    : "it was not to be seen that COPY read all files of their "
		                      "manifests"));
	return true;
}

/* Redshift enforces no key: where a shard came to be loaded twice, lanes and ledger agree. */
static bool check_once(struct worker *w, const struct sqlfile *f, const char *relation,
    int64_t generation, struct err *e)
{
	const char *params[] = {relation, arena_i64(w->task, generation)};
	PGresult *res;
	bool ok;

	if (!locks_are_of_tables(w))
		return true;
	if (!pg_query(&w->pg,
	        "SELECT count(*), coalesce(min(shard), '') FROM (SELECT shard FROM dwh.ledger"
	        " WHERE relation = $1 AND generation = CAST($2 AS INTEGER) GROUP BY shard"
	        " HAVING count(*) > 1) AS twice",
	        2, params, &res, e))
		return false;
	ok = pg_i64(res, 0, 0) == 0 ||
	     err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
	         "%lld shard(s) of %.*s are in the ledger twice, the first is %.8s: their rows are "
	         "in the lanes twice; load all again with --fresh",
	         (long long)pg_i64(res, 0, 0), STRF(f->stem), PQgetvalue(res, 0, 1));
	PQclear(res);
	return ok;
}

/* Before they are counted: PostgreSQL counts a large table with several processes, if it knows that
 * it is large. */
static bool analyze_lanes(struct worker *w, const struct sqlfile *f, const char *relation,
    const struct target *t, struct err *e)
{
	for (int64_t i = 1; i <= t->lanes; i++) {
		struct str lane = lane_name(w->task, f->stem, i, t->lanes);
		bool now;

		if (!loaded_now(w, relation, lane, &now, e))
			return false;
		if (now)
			relation_analyze(w, lane, true);
	}
	return true;
}

/* Ledger and lanes are read while the relation is held: nobody else can load into it meanwhile. */
static bool staged(
    struct worker *w, const struct sqlfile *f, int64_t shards, struct msg_done *done, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem);
	struct target t;

	if (!worker_pg(w, e) || !target_read(w, relation, &t, e) ||
	    !evidence_settle(w, f, t.generation, e) || !evidence_finish(w, f, t.generation, e) ||
	    !analyze_lanes(w, f, relation.p, &t, e))
		return false;
	if (!locks_begin_count(w, relation, f->stem, e) || !target_read(w, relation, &t, e))
		return false;
	for (int64_t i = 1; i <= t.lanes; i++)
		if (!verify_lane(w, relation.p, t.generation,
		        lane_name(w->task, f->stem, i, t.lanes), done, e))
			return false;
	/* A server may forget what it said was committed: synchronous_commit off and a crash, a
	 * standby that was behind. */
	if (done->objects < shards)
		return err_set(e, ERR_TASK, AT_WAREHOUSE, "lost",
		    "%lld shards of %.*s were committed, and %lld are there: the server has lost "
		    "the "
		    "others; what is missing is loaded when it is run again",
		    (long long)shards, STRF(f->stem), (long long)done->objects);
	if (!check_once(w, f, relation.p, t.generation, e) ||
	    !staged_rejects(w, f, relation.p, t.generation, done, e) ||
	    !quarantine_check(w, relation, t.generation, done, e) ||
	    !staged_verdict(w, f, relation.p, t.generation, done, e))
		return false;
	crash_here("staged:before-commit");
	if (!pg_exec(&w->pg, "COMMIT", e))
		return false;
	crash_here("staged:after-commit");
	merge_forget_all(w, relation);
	return true;
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

static bool do_step(
    struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
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
		return task_create(w, m, done, e);
	if (str_eqz(m->phase, "drop"))
		return task_drop(w, m, done, e);
	if (str_eqz(m->phase, "count"))
		return count(w, done, e);
	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no step %.*s", STRF(m->phase));
	if (str_eqz(m->phase, "probe"))
		return probe(w, f, m->validate, done, e);
	if (str_eqz(m->phase, "staged"))
		return staged(w, f, m->shards, done, e);
	if (str_eqz(m->phase, "merge"))
		return task_merge(w, f, m->shards, done, e);
	if (str_eqz(m->phase, "insert"))
		return task_insert(w, f, m->fresh, done, e);
	if (str_eqz(m->phase, "check"))
		return check(w, f, done, e);
	if (str_eqz(m->phase, "verify"))
		return task_verify(w, f, m->of, done, e);
	return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no phase %.*s", STRF(m->phase));
}

bool task_step(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
{
	if (!do_step(w, m, done, e))
		return false;
	if (m->id == 1)
		isolation_tell(w); /* once a run */
	return true;
}
