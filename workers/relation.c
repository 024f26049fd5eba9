/* relation.c - see relation.h. */
#include "workers/relation.h"

#include "shared/lane.h"
#include "shared/log.h"

static bool run_all(struct worker *w, struct str *statements, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!pg_exec(&w->pg, arena_cstr(w->task, statements[i]), e))
			return false;
	return true;
}

bool relation_run_file(
    struct worker *w, const struct sqlfile *f, struct str relation, struct err *e)
{
	struct sql_vars vars = {.relation = relation, .lane = relation};
	struct str *statements;
	size_t n;

	if (!sql_prepare(w, f, &vars, &statements, &n, e) || !run_all(w, statements, n, e))
		return err_prefix(e, "%s", f->origin);
	return true;
}

bool relation_exists(struct worker *w, struct str stem, bool *out, struct err *e)
{
	const char *params[] = {w->config.warehouse.schema, arena_cstr(w->task, stem)};
	PGresult *res;

	/* The catalogue, not information_schema: late-binding views are there, too, and tables that
	 * we may not read. */
	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM pg_class AS c INNER JOIN pg_namespace AS n"
	        " ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
	        2, params, &res, e))
		return false;
	*out = pg_i64(res, 0, 0) > 0;
	PQclear(res);
	return true;
}

bool relation_table(struct worker *w, struct str stem, struct str *table, struct err *e)
{
	struct str names[] = {lane_name(w->task, stem, 1, 2), stem};
	bool there = false;

	for (size_t i = 0; i < 2 && !there; i++) {
		if (!relation_exists(w, names[i], &there, e))
			return false;
		*table = there ? names[i] : STR("");
	}
	return true;
}

bool relation_drop(struct worker *w, struct str stem, int64_t lanes, struct err *e)
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

static bool must_be_free(struct worker *w, struct str name, struct err *e)
{
	bool there;

	if (!relation_exists(w, name, &there, e))
		return false;
	return !there || err_set(e, ERR_SETUP, AT_STATE, NULL,
	                     "%s.%.*s exists and was not made by dwh: rename or drop it, or choose "
	                     "another [WAREHOUSE] SCHEMA",
	                     w->config.warehouse.schema, STRF(name));
}

bool relation_make(struct worker *w, const struct sqlfile *f, int64_t lanes, struct err *e)
{
	if (!must_be_free(w, f->stem, e))
		return false;
	for (int64_t i = 1; i <= lanes; i++) {
		struct str lane = lane_name(w->task, f->stem, i, lanes);

		if (!must_be_free(w, lane, e) || !relation_run_file(w, f, lane, e))
			return false;
	}
	return lanes == 1 || make_view(w, f->stem, lanes, e);
}

void relation_analyze(struct worker *w, struct str table, bool roughly)
{
	struct str name = pg_ident(&w->pg, w->task, table);
	struct err e;
	bool ok;

	roughly = roughly && w->config.warehouse.engine != ENGINE_REDSHIFT;
	ok = !roughly || pg_exec(&w->pg, "SET default_statistics_target = 30", &e);
	ok = ok && pg_exec(&w->pg, arena_printf(w->task, "ANALYZE %.*s", STRF(name)), &e);
	if (!ok)
		log_warn("ANALYZE %.*s: %s", STRF(table), e.msg);
	if (roughly && !pg_exec(&w->pg, "RESET default_statistics_target", &e) && ok)
		log_warn("ANALYZE %.*s: %s", STRF(table), e.msg);
}
