/*
 * target.c - what is ours in the warehouse: relations, lanes, generations, and who may load.
 *
 * dwh.target has a row for each relation that dwh made: only these are ever dropped. Its `run` is
 * the run that may load it. A load transaction holds that row (target_hold), so that a run which
 * takes the relation over waits for loads in flight, and those that come later find out that they
 * are too late. `generation` counts the lives of a relation: the ledger's rows of other generations
 * mean nothing.
 *
 * create is one transaction: it makes what is missing, or with `fresh` drops what is ours and makes
 * all anew, and takes everything over for this run.
 */
#include <stdio.h>

#include "shared/lane.h"
#include "workers/tasks.h"

struct str target_relation(struct worker *w, struct arena *a, struct str stem)
{
	return str_z(arena_printf(a, "%s.%.*s", w->config.warehouse.schema, STRF(stem)));
}

bool target_hold(struct worker *w, struct str relation, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation)};
	const char *sql = w->config.warehouse.engine == ENGINE_REDSHIFT
	                      ? "SELECT run FROM dwh.target WHERE relation = $1"
	                      : "SELECT run FROM dwh.target WHERE relation = $1 FOR SHARE";
	PGresult *res;
	bool ours;

	if (!pg_query(&w->pg, sql, 1, params, &res, e))
		return false;
	ours = PQntuples(res) == 1 && str_eq(pg_str(res, 0, 0), w->run);
	if (!ours)
		err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%.*s now belongs to another run (%.*s): this one stops", STRF(relation),
		    STRF(PQntuples(res) ? pg_str(res, 0, 0) : STR("it was dropped")));
	PQclear(res);
	return ours;
}

bool target_read(
    struct worker *w, struct str relation, int64_t *generation, int64_t *lanes, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation)};
	PGresult *res;

	*generation = *lanes = 0;
	if (!pg_query(&w->pg, "SELECT generation, lanes FROM dwh.target WHERE relation = $1", 1,
	        params, &res, e))
		return false;
	if (PQntuples(res)) {
		*generation = pg_i64(res, 0, 0);
		*lanes = pg_i64(res, 0, 1);
	}
	PQclear(res);
	return true;
}

/* ---- create ---- */

struct making {
	struct worker *w;
	bool fresh;
	int64_t id;
};

static bool run_all(struct worker *w, struct str *statements, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!pg_exec(&w->pg, arena_cstr(w->task, statements[i]), e))
			return false;
	return true;
}

static bool run_file(struct worker *w, const struct sqlfile *f, struct str relation, struct err *e)
{
	struct sql_vars vars = {.relation = relation, .lane = relation};
	struct str *statements;
	size_t n;

	if (!sql_prepare(w, f, &vars, &statements, &n, e) || !run_all(w, statements, n, e))
		return err_prefix(e, "%s", f->origin);
	return true;
}

/* dwh's own tables, within a transaction. They are looked for first: CREATE ... IF NOT EXISTS would
 * take locks each time. */
static bool make_own_tables(struct worker *w, struct err *e)
{
	struct model *own;
	PGresult *res;
	int64_t have;
	bool ok;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'dwh'"
	        " AND table_name IN ('target', 'ledger', 'step', 'load_errors')",
	        0, NULL, &res, e))
		return false;
	have = pg_i64(res, 0, 0);
	PQclear(res);
	if (have == 4)
		return true;
	ok = model_own(&w->config, w->task, &own, e);
	for (size_t i = 0; ok && i < own->n; i++)
		ok = run_file(w, &own->files[i], own->files[i].stem, e);
	return ok;
}

static bool check_schema(struct worker *w, struct err *e)
{
	const char *schema = w->config.warehouse.schema;
	PGresult *res;
	bool there;

	if (!pg_query(&w->pg, "SELECT 1 FROM pg_namespace WHERE nspname = $1", 1, &schema, &res, e))
		return false;
	there = PQntuples(res) > 0;
	PQclear(res);
	return there || err_set(e, ERR_SETUP, AT_WAREHOUSE, "3F000",
	                    "the schema %s does not exist: create it, or choose another "
	                    "[WAREHOUSE] SCHEMA",
	                    schema);
}

static bool exists(struct worker *w, struct str table, bool *out, struct err *e)
{
	const char *params[] = {w->config.warehouse.schema, arena_cstr(w->task, table)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM information_schema.tables"
	        " WHERE table_schema = $1 AND table_name = $2",
	        2, params, &res, e))
		return false;
	*out = pg_i64(res, 0, 0) > 0;
	PQclear(res);
	return true;
}

static bool drop(struct worker *w, struct str stem, int64_t lanes, struct err *e)
{
	struct str name = pg_ident(&w->pg, w->task, stem);

	if (lanes > 1 &&
	    !pg_exec(&w->pg, arena_printf(w->task, "DROP VIEW IF EXISTS %.*s", STRF(name)), e))
		return false;
	for (int64_t i = 1; i <= lanes; i++) {
		name = pg_ident(&w->pg, w->task, lane_name(w->task, stem, i, lanes));
		if (!pg_exec(
		        &w->pg, arena_printf(w->task, "DROP TABLE IF EXISTS %.*s", STRF(name)), e))
			return err_prefix(e, "dropping %.*s", STRF(stem));
	}
	return true;
}

/* The relation's own columns, in order: a view over lanes names them, never "*". */
static bool column_list(struct worker *w, struct str table, struct str *out, struct err *e)
{
	const char *params[] = {w->config.warehouse.schema, arena_cstr(w->task, table)};
	struct buf b;
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT column_name FROM information_schema.columns"
	        " WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position",
	        2, params, &res, e))
		return false;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < PQntuples(res); i++) {
		buf_z(&b, i ? ", " : "");
		buf_str(&b, pg_ident(&w->pg, w->task, pg_str(res, i, 0)));
	}
	PQclear(res);
	*out = arena_str(w->task, buf_view(&b));
	buf_free(&b);
	return true;
}

static bool make_view(struct worker *w, struct str stem, int64_t lanes, struct err *e)
{
	struct str columns, schema = pg_ident(&w->pg, w->task, str_z(w->config.warehouse.schema));
	struct buf b;
	bool ok;

	if (!column_list(w, lane_name(w->task, stem, 1, lanes), &columns, e))
		return false;
	buf_init(&b, 1 << 20);
	buf_printf(&b, "CREATE VIEW %.*s AS", STRF(pg_ident(&w->pg, w->task, stem)));
	for (int64_t i = 1; i <= lanes; i++) {
		struct str lane = pg_ident(&w->pg, w->task, lane_name(w->task, stem, i, lanes));

		buf_printf(&b, "%s SELECT %.*s FROM %.*s.%.*s", i > 1 ? " UNION ALL" : "",
		    STRF(columns), STRF(schema), STRF(lane));
	}
	if (w->config.warehouse.engine == ENGINE_REDSHIFT)
		buf_z(&b, " WITH NO SCHEMA BINDING");
	ok = pg_exec(&w->pg, b.p, e);
	buf_free(&b);
	return ok;
}

static bool make(struct worker *w, const struct sqlfile *f, int64_t lanes, struct err *e)
{
	for (int64_t i = 1; i <= lanes; i++)
		if (!run_file(w, f, lane_name(w->task, f->stem, i, lanes), e))
			return false;
	return lanes == 1 || make_view(w, f->stem, lanes, e);
}

static int64_t lanes_wanted(const struct worker *w, bool staging)
{
	const struct config *c = &w->config;

	if (!staging || c->load.strategy == STRATEGY_DIRECT)
		return 1;
	return c->load.lanes                 ? c->load.lanes
	       : c->load.workers > LANES_MAX ? LANES_MAX
	                                     : c->load.workers;
}

/* A first life after none: behind whatever the ledger remembers of earlier ones. */
static bool first_generation(
    struct worker *w, const char *relation, int64_t *generation, struct err *e)
{
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT coalesce(max(generation), 0) + 1 FROM dwh.ledger WHERE relation = $1", 1,
	        &relation, &res, e))
		return false;
	*generation = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

static bool record(struct worker *w, const char *relation, bool staging, int64_t generation,
    int64_t lanes, bool known, struct err *e)
{
	const char *params[] = {relation, staging ? "staging" : "table",
	    arena_printf(w->task, "%lld", (long long)generation),
	    arena_printf(w->task, "%lld", (long long)lanes), w->config.load.model,
	    arena_cstr(w->task, w->run)};
	PGresult *res = NULL;
	bool ok;

	ok = pg_query(&w->pg,
	    known ? "UPDATE dwh.target SET kind = $2, generation = CAST($3 AS INTEGER),"
	            " lanes = CAST($4 AS INTEGER), model = $5, run = $6,"
	            " updated_at = CURRENT_TIMESTAMP WHERE relation = $1"
	          : "INSERT INTO dwh.target (relation, kind, generation, lanes, model, run,"
	            " created_at, updated_at) VALUES ($1, $2, CAST($3 AS INTEGER),"
	            " CAST($4 AS INTEGER), $5, $6, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
	    6, params, &res, e);
	PQclear(res);
	return ok;
}

/* What the ledger and the steps say about a life that is over. */
static bool forget(struct worker *w, const char *relation, const char *before, struct err *e)
{
	const char *params[] = {relation, before};
	PGresult *res = NULL;
	bool ok;

	ok = pg_query(&w->pg,
	    "DELETE FROM dwh.ledger WHERE relation = $1 AND generation < CAST($2 AS INTEGER)", 2,
	    params, &res, e);
	PQclear(res);
	return ok;
}

static bool check_lanes(const struct worker *w, struct str relation, int64_t have, struct err *e)
{
	int64_t want = w->config.load.lanes;

	if (w->config.load.strategy != STRATEGY_SHARDED || want == 0 || want == have)
		return true;
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "%.*s was made with %lld lane(s), [LOAD] LANES says %lld: load all again with --fresh, "
	    "or "
	    "leave LANES out",
	    STRF(relation), (long long)have, (long long)want);
}

/* One relation: made where it is missing, made anew where that is asked; taken over in any case. */
static bool create_one(struct making *k, const struct sqlfile *f, struct err *e)
{
	struct worker *w = k->w;
	struct str relation = target_relation(w, w->task, f->stem);
	bool staging = model_find(w->model, SQL_COPY, f->stem) != NULL;
	int64_t generation, lanes;
	bool there, known;
	struct msg m = {.type = MSG_TARGET, .u.target = {.id = k->id, .relation = f->stem}};

	if (!target_read(w, relation, &generation, &lanes, e) || !exists(w, f->stem, &there, e))
		return false;
	known = generation > 0;
	if (there && !known)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%.*s exists and was not made by dwh: rename or drop it, or choose another "
		    "[WAREHOUSE] SCHEMA",
		    STRF(relation));
	if (known && k->fresh && !drop(w, f->stem, lanes, e))
		return false;
	if (known && there && !k->fresh) {
		if (!check_lanes(w, relation, lanes, e))
			return false;
	} else {
		lanes = lanes_wanted(w, staging);
		if (known)
			generation++;
		else if (!first_generation(w, relation.p, &generation, e))
			return false;
		if (!make(w, f, lanes, e) ||
		    !forget(w, relation.p, arena_printf(w->task, "%lld", (long long)generation), e))
			return false;
	}
	if (!record(w, relation.p, staging, generation, lanes, known, e))
		return false;
	m.u.target.generation = generation;
	m.u.target.lanes = lanes;
	worker_send(&m);
	return true;
}

bool target_create(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
{
	struct making k = {.w = w, .fresh = m->fresh, .id = m->id};

	if (!worker_pg(w, e) || !check_schema(w, e) || !pg_exec(&w->pg, "BEGIN", e) ||
	    !make_own_tables(w, e))
		return false;
	for (size_t i = 0; i < w->model->n; i++) {
		const struct sqlfile *f = &w->model->files[i];

		if (f->phase != SQL_CREATE)
			continue;
		if (!worker_tick(w, e) || !create_one(&k, f, e))
			return false;
		done->objects++;
	}
	return pg_exec(&w->pg, "COMMIT", e);
}

bool target_drop(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
{
	static const char *const forgets[] = {"DELETE FROM dwh.ledger WHERE relation = $1",
	    "DELETE FROM dwh.step WHERE step = $1", "DELETE FROM dwh.target WHERE relation = $1"};

	(void)m;
	if (!worker_pg(w, e) || !pg_exec(&w->pg, "BEGIN", e) || !make_own_tables(w, e))
		return false;
	for (size_t i = 0; i < w->model->n; i++) {
		const struct sqlfile *f = &w->model->files[i];
		struct str relation = target_relation(w, w->task, f->stem);
		int64_t generation, lanes;

		if (f->phase != SQL_CREATE)
			continue;
		if (!target_read(w, relation, &generation, &lanes, e))
			return false;
		if (generation == 0)
			continue; /* not there, or not ours */
		if (!drop(w, f->stem, lanes, e))
			return false;
		for (size_t k = 0; k < 3; k++) {
			PGresult *res = NULL;

			if (!pg_query(&w->pg, forgets[k], 1, &relation.p, &res, e))
				return false;
			PQclear(res);
		}
		done->objects++;
	}
	return pg_exec(&w->pg, "COMMIT", e);
}
