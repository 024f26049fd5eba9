/* sql.c - a file of the model as the statements that the warehouse is sent. */
#include "shared/clock.h"
#include "shared/credentials.h"
#include "shared/dialect.h"
#include "workers/tasks.h"

static struct str quote_ident(void *ctx, struct arena *a, struct str name)
{
	return pg_ident(ctx, a, name);
}

static struct str quote_literal(void *ctx, struct arena *a, struct str value)
{
	return pg_literal(ctx, a, value);
}

static const char *role(const struct config *c)
{
	if (c->dwh.role_arn)
		return c->dwh.role_arn;
	return c->iam_role.arn ? c->iam_role.arn : "default";
}

/* Every key of [S3], where the tables lie, and what the task is about. */
static size_t fill_vars(struct worker *w, const struct sql_vars *v, struct sql_var *out, size_t max)
{
	size_t n = 0;

	out[n++] = (struct sql_var){"relation", v->relation};
	out[n++] = (struct sql_var){"lane", v->lane};
	out[n++] = (struct sql_var){"manifest", v->manifest};
	out[n++] = (struct sql_var){"role", str_z(role(&w->config))};
	out[n++] = (struct sql_var){"schema", str_z(w->config.warehouse.schema)};
	out[n++] = (struct sql_var){"region", credentials_region(&w->config, w->task)};
	for (size_t i = 0; n < max; i++) {
		const char *name = config_s3_name(&w->config, i);

		if (!name)
			break;
		out[n++] = (struct sql_var){name, str_z(config_s3(&w->config, str_z(name)))};
	}
	return n;
}

const char *sql_now(struct worker *w)
{
	char *now = arena_alloc(w->task, 25);

	clock_iso(clock_wall_ms(), now);
	now[23] = '\0'; /* without the Z: TIMESTAMP knows no zone, and ours are in UTC */
	return now;
}

bool sql_prepare(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct str **statements, size_t *n, struct err *e)
{
	enum { MAX_VARS = 256 };
	struct sql_quote quote = {quote_ident, quote_literal, &w->pg};
	struct sql_var *v = arena_alloc(w->task, MAX_VARS * sizeof *v);
	size_t n_vars = fill_vars(w, vars, v, MAX_VARS);
	struct sql_statement *split;
	struct str text;
	bool copy = f->phase == SQL_COPY;

	if (!sqlfile_expand(f->origin, f->text, v, n_vars, &quote, w->task, &text, e) ||
	    !sqlfile_split(f->origin, text, w->task, &split, n, e))
		return false;
	*statements = arena_alloc(w->task, *n * sizeof **statements);
	for (size_t i = 0; i < *n; i++) {
		(*statements)[i] = split[i].text;
		/* COPY is ours to read, and Redshift understands itself. */
		if (copy || w->config.warehouse.engine == ENGINE_REDSHIFT)
			continue;
		if (!dialect_postgres(split[i].text, w->task, &(*statements)[i], e))
			return err_prefix(e, "%s:%d", f->origin, split[i].line);
	}
	return true;
}
