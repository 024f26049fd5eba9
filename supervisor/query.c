/* query.c - see query.h. Runs in the supervisor itself, after the pool is gone. */
#include "supervisor/query.h"

#include <jansson.h>

#include "shared/connect.h"
#include "shared/dialect.h"
#include "supervisor/table.h"

static bool is_number(const PGresult *res, int col)
{
	/* int2 int4 int8 float4 float8 numeric oid: as PostgreSQL and Redshift number them */
	static const Oid numbers[] = {21, 23, 20, 700, 701, 1700, 26};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (PQftype(res, col) == numbers[i])
			return true;
	return false;
}

static void print_table(const PGresult *res, struct arena *a, FILE *out)
{
	struct buf heads;
	struct table *t;

	buf_init(&heads, 1 << 16);
	for (int k = 0; k < PQnfields(res); k++)
		buf_printf(
		    &heads, "%s%s%s", k ? " " : "", is_number(res, k) ? ">" : "", PQfname(res, k));
	t = table_new(a, heads.p);
	buf_free(&heads);
	for (int i = 0; i < PQntuples(res); i++)
		for (int k = 0; k < PQnfields(res); k++)
			table_cell(t, "%s", PQgetvalue(res, i, k));
	table_print(t, out);
}

/* RFC 4180 */
static void print_csv_field(struct str s, FILE *out)
{
	bool quote = s.n != strcspn(s.p, ",\"\r\n") || s.n == 0;

	if (quote)
		fputc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			fputc('"', out);
		fputc(s.p[i], out);
	}
	if (quote)
		fputc('"', out);
}

static void print_csv(const PGresult *res, FILE *out)
{
	for (int i = -1; i < PQntuples(res); i++)
		for (int k = 0; k < PQnfields(res); k++) {
			if (i < 0)
				print_csv_field(str_z(PQfname(res, k)), out);
			else if (!PQgetisnull(res, i, k))
				print_csv_field(pg_str(res, i, k), out);
			fputs(k + 1 == PQnfields(res) ? "\r\n" : ",", out);
		}
}

static json_t *cell_json(const PGresult *res, int i, int k)
{
	struct str s = pg_str(res, i, k);
	int64_t n;

	if (PQgetisnull(res, i, k))
		return json_null();
	if (is_number(res, k)) {
		if (str_to_i64(s, &n))
			return json_integer(n);
		json_t *v = json_loadb(s.p, s.n, JSON_DECODE_ANY, NULL);

		if (v)
			return v;
	}
	return json_stringn_nocheck(s.p, s.n);
}

static json_t *result_json(const struct sqlfile *f, const PGresult *res)
{
	json_t *rows = json_array();

	for (int i = 0; i < PQntuples(res); i++) {
		json_t *row = json_object();

		for (int k = 0; k < PQnfields(res); k++)
			json_object_set_new(row, PQfname(res, k), cell_json(res, i, k));
		json_array_append_new(rows, row);
	}
	return json_pack("{s:s%, s:s%, s:o}", "query", f->stem.p, f->stem.n, "title",
	    f->title.n ? f->title.p : "", f->title.n, "rows", rows);
}

static bool run_one(
    struct pg *pg, const struct sqlfile *f, struct arena *a, PGresult **res, struct err *e)
{
	struct sql_statement *s;
	struct str sql;
	size_t n;

	if (!sqlfile_split(f->origin, f->text, a, &s, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_TASK, AT_CONFIG, NULL, "%s: a query is one SELECT, not %zu",
		    f->origin, n);
	sql = s[0].text;
	if (pg->engine != ENGINE_REDSHIFT && !dialect_postgres(s[0].text, a, &sql, e))
		return err_prefix(e, "%s:%d", f->origin, s[0].line);
	if (!pg_query(pg, arena_cstr(a, sql), 0, NULL, res, e))
		return err_prefix(e, "%s", f->origin);
	return true;
}

static bool print_one(struct pg *pg, const struct sqlfile *f, enum query_format format, json_t *all,
    struct arena *a, FILE *out, struct err *e)
{
	PGresult *res;

	if (!run_one(pg, f, a, &res, e))
		return false;
	if (format == QUERY_JSON) {
		json_array_append_new(all, result_json(f, res));
	} else if (format == QUERY_CSV) {
		print_csv(res, out);
	} else {
		fprintf(out, "\n%.*s\n", STRF(f->title.n ? f->title : f->stem));
		print_table(res, a, out);
	}
	PQclear(res);
	return true;
}

static bool find_queries(const struct model *m, int n, char *const *names, struct arena *a,
    const struct sqlfile ***out, size_t *n_out, struct err *e)
{
	size_t all;
	const struct sqlfile *f = model_phase(m, SQL_QUERY, &all);

	*n_out = n ? (size_t)n : all;
	*out = arena_alloc(a, *n_out * sizeof **out);
	for (size_t i = 0; i < *n_out; i++) {
		(*out)[i] = n ? model_find(m, SQL_QUERY, str_z(names[i])) : &f[i];
		if (n && !(*out)[i]) {
			struct buf known;

			buf_init(&known, 2000);
			for (size_t k = 0; k < all; k++)
				buf_printf(&known, "%s%.*s", k ? ", " : "", STRF(f[k].stem));
			err_set(e, ERR_SETUP, AT_USAGE, NULL,
			    "no query %s in model %s; there are: %s", names[i], m->names,
			    all ? known.p : "none");
			buf_free(&known);
			return false;
		}
	}
	return true;
}

bool query_run(const struct config *c, const struct model *m, int n, char *const *names,
    enum query_format format, struct arena *a, FILE *out, struct err *e)
{
	const struct sqlfile **files;
	struct pg pg = {.conn = NULL};
	json_t *all;
	size_t count;
	bool ok;

	if (!find_queries(m, n, names, a, &files, &count, e) ||
	    !connect_warehouse(c, a, "dwh query", &pg, e))
		return false;
	all = json_array();
	ok = pg_exec(&pg, "SET default_transaction_read_only TO on", e);
	for (size_t i = 0; ok && i < count && !ferror(out); i++)
		ok = print_one(&pg, files[i], format, all, a, out, e);
	if (ok && format == QUERY_JSON) {
		json_dumpf(all, out, JSON_INDENT(2));
		fputc('\n', out);
	}
	json_decref(all);
	pg_close(&pg);
	return ok;
}
