/*
 * loadviews.c - see loadviews.h. (Redshift: SYS_LOAD_DETAIL, SYS_LOAD_ERROR_DETAIL,
 * STL_LOAD_COMMITS, STL_LOAD_ERRORS.)
 */
#include "workers/loadviews.h"

#include <stdio.h>
#include <string.h>

enum { FILE_NAME_MAX = 256 }; /* bytes of a name in the views */

/* The same question to each kind of view. */
struct view {
	const char *name, *sql;
};

/* The older one first, where it has anything: it alone has the value. (Serverless and concurrency
 * scaling leave nothing in it.) */
static const struct view errors_views[] = {
    {"stl_load_errors",
        "SELECT trim(filename), line_number, trim(colname), trim(type) || CASE WHEN type LIKE"
        " '%char%' AND trim(col_length) <> '' THEN '(' || trim(col_length) || ')' ELSE '' END,"
        " position, trim(raw_field_value), err_code, trim(err_reason) FROM stl_load_errors"
        " WHERE query = CAST($1 AS BIGINT) ORDER BY filename, line_number LIMIT 100000"},
    {"sys_load_error_detail",
        "SELECT trim(file_name), line_number, trim(column_name), trim(column_type) || CASE WHEN"
        " column_type LIKE '%char%' AND trim(column_length) <> '' THEN '(' ||"
        " trim(column_length) || ')' ELSE '' END, position, '', error_code,"
        " trim(error_message) FROM sys_load_error_detail"
        " WHERE query_id = CAST($1 AS BIGINT) ORDER BY file_name, line_number LIMIT 100000"},
};

static const struct view count_views[] = {
    {"stl_load_errors", "SELECT count(*) FROM stl_load_errors WHERE query = CAST($1 AS BIGINT)"},
    {"sys_load_error_detail",
        "SELECT count(*) FROM sys_load_error_detail WHERE query_id = CAST($1 AS BIGINT)"},
};

static const struct view last_views[] = {
    {"sys_load_error_detail",
        "SELECT coalesce(max(query_id), -1) FROM sys_load_error_detail"
        " WHERE session_id = CAST($1 AS INTEGER) AND query_id > CAST($2 AS BIGINT)"},
    {"stl_load_errors", "SELECT coalesce(max(query), -1) FROM stl_load_errors"
                        " WHERE session = CAST($1 AS INTEGER) AND query > CAST($2 AS BIGINT)"},
};

enum {
	VIEWS = 2,      /* that are asked the same */
	LOAD_VIEWS = 4, /* of both questions */
};

/* A view that is not there would abort the transaction, so the catalogue is asked first; once, for
 * a warehouse has them or has not. */
static bool is_there(struct worker *w, const char *view, bool *out, struct err *e)
{
	PGresult *res;

	if (!w->load_views) {
		if (!pg_query(&w->pg,
		        "SELECT relname FROM pg_class WHERE relname IN ('stl_load_commits',"
		        " 'stl_load_errors', 'sys_load_detail', 'sys_load_error_detail')",
		        0, NULL, &res, e))
			return false;
		w->load_views = arena_alloc(w->life, LOAD_VIEWS * sizeof *w->load_views);
		for (int i = 0; i < PQntuples(res) && i < LOAD_VIEWS; i++)
			w->load_views[i] = arena_cstr(w->life, pg_str(res, i, 0));
		PQclear(res);
	}
	*out = false;
	for (size_t i = 0; i < LOAD_VIEWS && w->load_views[i]; i++)
		*out |= strcmp(w->load_views[i], view) == 0;
	return true;
}

/* *res is NULL where the view is not there. */
static bool ask(struct worker *w, const struct view *v, int n, const char *const *params,
    PGresult **res, struct err *e)
{
	bool there;

	*res = NULL;
	return is_there(w, v->name, &there, e) &&
	       (!there || pg_query(&w->pg, v->sql, n, params, res, e));
}

/* ---- files ---- */

enum { QUERIES = 1000 }; /* in one statement */

static const char *const files_views[] = {"sys_load_detail", "stl_load_commits"};

static const char *files_sql(struct worker *w, size_t view, struct str queries)
{
	if (view == 0)
		return arena_printf(w->task,
		    "SELECT query_id, count(DISTINCT file_name) FROM sys_load_detail"
		    " WHERE query_id IN (%.*s) GROUP BY query_id",
		    STRF(queries));
	return arena_printf(w->task,
	    "SELECT query, count(DISTINCT filename) FROM stl_load_commits"
	    " WHERE query IN (%.*s) GROUP BY query",
	    STRF(queries));
}

static void take_files(const PGresult *res, struct loadviews_read *reads, size_t n)
{
	for (int row = 0; row < PQntuples(res); row++)
		for (size_t i = 0; i < n; i++)
			if (reads[i].query == pg_i64(res, row, 0) && reads[i].files < 1)
				reads[i].files = pg_i64(res, row, 1);
}

static bool any_unknown(const struct loadviews_read *reads, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reads[i].files < 1)
			return true;
	return false;
}

/* Of those of which nothing is known yet. */
static bool ask_files(
    struct worker *w, size_t view, struct loadviews_read *reads, size_t n, struct err *e)
{
	PGresult *res = NULL;
	struct buf queries;
	bool ok = true;

	buf_init(&queries, QUERIES * 24);
	for (size_t i = 0; i < n; i++) {
		if (reads[i].files > 0)
			continue;
		reads[i].files = 0;
		buf_printf(&queries, "%s%lld", queries.n ? ", " : "", (long long)reads[i].query);
	}
	if (queries.n) {
		ok = pg_several(&w->pg, files_sql(w, view, buf_view(&queries)), &res, e);
		if (ok)
			take_files(res, reads, n);
		PQclear(res);
	}
	buf_free(&queries);
	return ok;
}

bool loadviews_files(struct worker *w, struct loadviews_read *reads, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (reads[i].files < reads[i].wanted)
			reads[i].files = -1;
	for (size_t view = 0; view < VIEWS && any_unknown(reads, n); view++) {
		bool there;

		if (!is_there(w, files_views[view], &there, e))
			return false;
		for (size_t i = 0; there && i < n; i += QUERIES)
			if (!ask_files(w, view, &reads[i], n - i < QUERIES ? n - i : QUERIES, e))
				return false;
	}
	return true;
}

/* ---- rejected records ---- */

static bool last_query(struct worker *w, int64_t after, int64_t *query, struct err *e)
{
	const char *params[] = {
	    arena_i64(w->task, PQbackendPID(w->pg.conn)), arena_i64(w->task, after)};

	*query = -1;
	for (size_t i = 0; i < VIEWS && *query < 0; i++) {
		PGresult *res;

		if (!ask(w, &last_views[i], 2, params, &res, e))
			return false;
		if (res)
			*query = pg_i64(res, 0, 0);
		PQclear(res);
	}
	return true;
}

/* The key of an object by its name in a view, which is cut where it is long. */
static struct str key_of(struct str file, const struct manifest *objects)
{
	struct str bucket, key;
	struct err ignored;

	if (!s3_url_parse(file, &bucket, &key, &ignored))
		return file;
	if (file.n >= FILE_NAME_MAX - 1)
		for (size_t i = 0; i < objects->n; i++)
			if (str_starts(objects->objects[i].key, key))
				return objects->objects[i].key;
	return key;
}

/* Of a line of a part: whose it is. One that is nobody's stays the part's. */
static void trace(const struct compacted *joined, struct arena *a, struct str *bucket,
    struct str *key, uint64_t *line)
{
	struct str part = str_z(arena_printf(a, "s3://%.*s/%.*s", STRF(*bucket), STRF(*key)));
	struct str object;
	struct err ignored;

	if (compact_trace(joined, part, *line, a, &object, line))
		s3_url_parse(object, bucket, key, &ignored);
}

static void put(char *out, size_t size, struct str text)
{
	snprintf(out, size, "%.*s", STRF(text));
}

static bool add_all(const PGresult *res, const struct manifest *objects,
    const struct compacted *joined, struct rejects *r, struct err *e)
{
	for (int i = 0; i < PQntuples(res); i++) {
		struct str bucket = objects->bucket, key = key_of(pg_str(res, i, 0), objects);
		uint64_t line = (uint64_t)pg_i64(res, i, 1);
		struct row_error why = {
		    .code = (int)pg_i64(res, i, 6), .position = (size_t)pg_i64(res, i, 4)};

		put(why.column, sizeof why.column, pg_str(res, i, 2));
		put(why.type, sizeof why.type, pg_str(res, i, 3));
		put(why.value, sizeof why.value, pg_str(res, i, 5));
		put(why.reason, sizeof why.reason, pg_str(res, i, 7));
		if (joined)
			trace(joined, r->arena, &bucket, &key, &line);
		if (!rejects_add(r, bucket, key, line, &why, false, e))
			return false;
	}
	return true;
}

bool loadviews_count_rejects(
    struct worker *w, int64_t query, int64_t after, int64_t *count, struct err *e)
{
	const char *params[1];

	*count = 0;
	if (query < 0 && !last_query(w, after, &query, e))
		return false;
	params[0] = arena_i64(w->task, query);
	for (size_t i = 0; query >= 0 && i < VIEWS && *count == 0; i++) {
		PGresult *res;

		if (!ask(w, &count_views[i], 1, params, &res, e))
			return false;
		if (res)
			*count = pg_i64(res, 0, 0);
		PQclear(res);
	}
	return true;
}

bool loadviews_rejects(struct worker *w, int64_t query, int64_t after,
    const struct manifest *objects, const struct compacted *joined, struct rejects *r,
    struct err *e)
{
	const char *params[1];
	int64_t before = r->count;

	if (query < 0 && !last_query(w, after, &query, e))
		return false;
	params[0] = arena_i64(w->task, query);
	for (size_t i = 0; query >= 0 && i < VIEWS && r->count == before; i++) {
		PGresult *res;
		bool ok;

		if (!ask(w, &errors_views[i], 1, params, &res, e))
			return false;
		ok = !res || add_all(res, objects, joined, r, e);
		PQclear(res);
		if (!ok)
			return false;
	}
	return true;
}
