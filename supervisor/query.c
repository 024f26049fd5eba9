/* query.c - see query.h. Runs in the supervisor itself, after the pool is gone. */
#include "supervisor/query.h"

#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "shared/connect.h"
#include "shared/dialect.h"
#include "shared/file.h"
#include "shared/near.h"
#include "supervisor/csv.h"
#include "supervisor/table.h"

enum { QUERY_MAX = 1 << 20 };

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
	struct table *t = table_new(a, "");

	for (int k = 0; k < PQnfields(res); k++) {
		char *name = arena_strz(a, PQfname(res, k));

		for (char *p = name; *p; p++)
			if (*p == '_')
				*p = ' ';
		table_column(t, str_z(name), is_number(res, k));
	}
	for (int i = 0; i < PQntuples(res); i++)
		for (int k = 0; k < PQnfields(res); k++)
			table_text(t, pg_str(res, i, k));
	table_print(t, out);
	if (PQntuples(res) == 0)
		fprintf(out, "  none\n");
}

static void print_csv(const PGresult *res, FILE *out)
{
	for (int i = -1; i < PQntuples(res); i++)
		for (int k = 0; k < PQnfields(res); k++) {
			if (i < 0)
				csv_field(str_z(PQfname(res, k)), out);
			else if (!PQgetisnull(res, i, k))
				csv_field(pg_str(res, i, k), out);
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

/* A second column of the same name is "name 2": an object has each key once. */
static const char *key_json(const PGresult *res, int col, char out[128])
{
	int nth = 1;

	for (int k = 0; k < col; k++)
		nth += strcmp(PQfname(res, k), PQfname(res, col)) == 0;
	if (nth == 1)
		return PQfname(res, col);
	snprintf(out, 128, "%.100s %d", PQfname(res, col), nth);
	return out;
}

static json_t *result_json(const struct sqlfile *f, const PGresult *res)
{
	json_t *rows = json_array();
	char name[128];

	for (int i = 0; i < PQntuples(res); i++) {
		json_t *row = json_object();

		for (int k = 0; k < PQnfields(res); k++)
			json_object_set_new(row, key_json(res, k, name), cell_json(res, i, k));
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

/* A query that is no part of the model: a path, as against a name. */
static bool is_path(const char *name)
{
	return strchr(name, '/') || str_ends(str_z(name), STR(".sql"));
}

static bool read_query(const char *path, struct arena *a, const struct sqlfile **out, struct err *e)
{
	struct sqlfile *f = arena_alloc(a, sizeof *f);
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = false;
	struct buf b;

	*out = f;
	f->origin = path;
	f->stem = str_z(slash ? slash + 1 : path);
	if (str_ends(f->stem, STR(".sql")))
		f->stem.n -= 4;
	buf_init(&b, QUERY_MAX);
	if (fd < 0 || !file_read(fd, &b))
		err_errno(e, ERR_SETUP, AT_USAGE, "cannot read the query %s", path);
	else if (b.over)
		err_set(e, ERR_SETUP, AT_USAGE, NULL, "%s is larger than %d bytes: is it a query?",
		    path, QUERY_MAX);
	else
		ok = true;
	f->text = arena_str(a, buf_view(&b));
	buf_free(&b);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool find_one(const struct model *m, const char *name, struct arena *a,
    const struct sqlfile **out, struct err *e)
{
	struct near near = near_to(str_z(name));
	size_t all;
	const struct sqlfile *f = model_phase(m, SQL_QUERY, &all);

	if (is_path(name))
		return read_query(name, a, out, e);
	*out = model_find(m, SQL_QUERY, str_z(name));
	if (*out)
		return true;
	for (size_t i = 0; i < all; i++)
		near_try(&near, f[i].stem);
	return err_set(e, ERR_SETUP, AT_USAGE, NULL,
	    "no query %s in model %s%s (dwh query --list shows all)", name, m->names,
	    near_hint(&near));
}

static bool find_queries(const struct model *m, int n, char *const *names, struct arena *a,
    const struct sqlfile ***out, size_t *n_out, struct err *e)
{
	size_t all;
	const struct sqlfile *f = model_phase(m, SQL_QUERY, &all);

	*n_out = n ? (size_t)n : all;
	*out = arena_alloc(a, (*n_out + 1) * sizeof **out);
	for (size_t i = 0; i < *n_out; i++) {
		(*out)[i] = &f[i];
		if (n && !find_one(m, names[i], a, &(*out)[i], e))
			return false;
	}
	return true;
}

void query_list(const struct model *m, enum query_format format, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, "query what_it_tells");
	json_t *list = json_array();
	size_t n;
	const struct sqlfile *f = model_phase(m, SQL_QUERY, &n);

	if (format == QUERY_CSV)
		fputs("query,title\r\n", out);
	for (size_t i = 0; i < n; i++) {
		table_text(t, f[i].stem);
		table_text(t, f[i].title);
		if (format == QUERY_JSON)
			json_array_append_new(
			    list, json_pack("{s:s%, s:s%}", "query", f[i].stem.p, f[i].stem.n,
			              "title", f[i].title.n ? f[i].title.p : "", f[i].title.n));
		if (format != QUERY_CSV)
			continue;
		csv_field(f[i].stem, out);
		fputc(',', out);
		csv_field(f[i].title, out);
		fputs("\r\n", out);
	}
	if (format == QUERY_JSON) {
		json_dumpf(list, out, JSON_INDENT(2));
		fputc('\n', out);
	}
	if (format == QUERY_TABLE)
		table_print(t, out);
	json_decref(list);
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
