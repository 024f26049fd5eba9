/*
 * target.c - what is ours in the warehouse, and whose it is.
 *
 * dwh.target has a row for each relation that dwh made: only these are ever dropped. Its `run` is
 * the run that may write to the relation; how a transaction that writes makes sure of that until
 * its end is told in locks.c. `generation` counts the lives of a relation: the ledger's rows of
 * other generations mean nothing.
 */
#include <stdio.h>

#include "workers/prefix.h"

struct str target_relation(struct worker *w, struct arena *a, struct str stem)
{
	return str_z(arena_printf(a, "%s.%.*s", w->config.warehouse.schema, STRF(stem)));
}

bool target_read(struct worker *w, struct str relation, struct target *out, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation)};
	PGresult *res;

	*out = (struct target){.known = false};
	if (!pg_query(&w->pg,
	        "SELECT generation, lanes, digest, run, CAST(created_at AS VARCHAR(32))"
	        " FROM dwh.target WHERE relation = $1",
	        1, params, &res, e))
		return false;
	if (PQntuples(res)) {
		out->known = true;
		out->generation = pg_i64(res, 0, 0);
		out->lanes = pg_i64(res, 0, 1);
		out->digest = arena_str(w->task, pg_str(res, 0, 2));
		out->run = arena_str(w->task, pg_str(res, 0, 3));
		out->since = arena_str(w->task, pg_str(res, 0, 4));
	}
	PQclear(res);
	return true;
}

bool target_take_over(struct worker *w, struct str relation, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_cstr(w->task, w->run)};

	return pg_run(&w->pg, "UPDATE dwh.target SET run = $2 WHERE relation = $1", 2, params, e);
}

bool target_write(
    struct worker *w, struct str relation, bool staging, const struct target *t, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), staging ? "staging" : "table",
	    arena_i64(w->task, t->generation), arena_i64(w->task, t->lanes), w->config.load.model,
	    arena_cstr(w->task, w->run), arena_cstr(w->task, t->digest), sql_now(w)};

	return pg_run(&w->pg,
	    t->known
	        ? "UPDATE dwh.target SET kind = $2, generation = CAST($3 AS INTEGER),"
	          " lanes = CAST($4 AS INTEGER), model = $5, run = $6, digest = $7,"
	          " updated_at = CAST($8 AS TIMESTAMP) WHERE relation = $1"
	        : "INSERT INTO dwh.target (relation, kind, generation, lanes, model, run, digest,"
	          " created_at, updated_at) VALUES ($1, $2, CAST($3 AS INTEGER),"
	          " CAST($4 AS INTEGER), $5, $6, $7, CAST($8 AS TIMESTAMP), CAST($8 AS TIMESTAMP))",
	    8, params, e);
}

bool target_first_generation(
    struct worker *w, struct str relation, int64_t *generation, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT coalesce(max(generation), 0) + 1 FROM dwh.ledger WHERE relation = $1", 1,
	        params, &res, e))
		return false;
	*generation = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

bool target_lanes_fit(const struct worker *w, struct str relation, int64_t have, struct err *e)
{
	int64_t want = w->config.load.lanes;

	if (prefix_is_on(w))
		return have == 1 ||
		       err_set(e, ERR_SETUP, AT_STATE, "Fresh",
		           "%.*s was made with %lld lanes, and COPY by a prefix ([S3] MANIFESTS is "
		           "none) needs one: load all again with --fresh",
		           STRF(relation), (long long)have);
	if (w->config.load.strategy != STRATEGY_SHARDED || want == 0 || want == have)
		return true;
	return err_set(e, ERR_SETUP, AT_CONFIG, "Fresh",
	    "%.*s was made with %lld lane(s), [LOAD] LANES says %lld: load all again with --fresh, "
	    "or "
	    "leave LANES out",
	    STRF(relation), (long long)have, (long long)want);
}
