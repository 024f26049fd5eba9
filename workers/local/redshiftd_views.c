/* redshiftd_views.c - the system views, and what they show: see sql/redshiftd. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "shared/log.h"
#include "shared/sqlfile.h"
#include "workers/local/redshiftd_load.h"
#include "workers/row.h"

static bool fact(struct pg *pg, const char *name, const char *value, struct err *e)
{
	const char *params[] = {name, value};

	return pg_run(pg,
	    "INSERT INTO redshiftd.fact VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = "
	    "$2",
	    2, params, e);
}

static bool make(const struct redshiftd *d, struct pg *pg, struct err *e)
{
	const char *isolation = d->serializable ? "Serializable" : "Snapshot Isolation";
	char late[32];
	struct str text;

	snprintf(late, sizeof late, "%lld ms", (long long)d->views_late_ms);
	if (!sqlfile_embedded(STR("sql/redshiftd/system.sql"), &text))
		return err_set(
		    e, ERR_CRASH, AT_INTERNAL, NULL, "sql/redshiftd is not in this build");
	return pg_exec(pg, text.p, e) && fact(pg, "views late", late, e) &&
	       fact(pg, "isolation", isolation, e) && fact(pg, "user", d->user.p, e);
}

bool views_make(const struct redshiftd *d, struct err *e)
{
	const struct session s = {.d = d};
	struct pg pg = {.conn = NULL};
	bool ok;

	if (!session_connect(&s, "redshiftd", &pg, e))
		return false;
	ok = make(d, &pg, e) || err_prefix(e, "making the system views");
	pg_close(&pg);
	return ok;
}

static bool log_session(struct session *s, struct err *e)
{
	if (pg_alive(&s->log))
		return true;
	pg_close(&s->log);
	/* What a crash takes from the views is history, no data. */
	return session_connect(s, "redshiftd log", &s->log, e) &&
	       pg_exec(&s->log, "SET synchronous_commit TO off", e);
}

static const char *format(const struct copystmt *c)
{
	if (c->json != COPY_JSON_NONE)
		return "JSON";
	return copystmt_has(c, COPY_CSV)          ? "CSV"
	       : copystmt_has(c, COPY_FIXEDWIDTH) ? "FIXEDWIDTH"
	                                          : "Text";
}

bool load_begin(struct session *s, const struct copystmt *c, struct load *l, struct err *e)
{
	struct arena *a = s->w.task;
	const char *params[] = {arena_i64(a, PQbackendPID(s->w.pg.conn)), arena_cstr(a, s->user),
	    l->schema, l->table, arena_i64(a, l->table_id), arena_cstr(a, c->from), format(c),
	    arena_cstr(a, l->sql)};
	PGresult *res;

	if (!log_session(s, e) ||
	    !pg_query(&s->log,
	        "INSERT INTO redshiftd.load (query_id, transaction_id, session_id, user_name,"
	        " schema_name, table_name, table_id, data_source, file_format, status, start_time,"
	        " loaded_rows, loaded_bytes, file_count, file_bytes, error_count, query_text)"
	        " VALUES (nextval('redshiftd.query_id'), txid_current(), CAST($1 AS integer), $2, "
	        "$3,"
	        " $4, CAST($5 AS bigint), left($6, 1024), $7, 'running',"
	        " statement_timestamp() AT TIME ZONE 'UTC', 0, 0, 0, 0, 0, left($8, 4000))"
	        " RETURNING query_id",
	        8, params, &res, e))
		return false;
	l->id = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

/*
 * COPY's binary form. Files are many, and each is asked for only with all others of its COPY, so a
 * row of redshiftd.load_files has arrays of them.
 */
enum {
	FILES = 48, /* with names of a usual length two rows are a page */
	VARCHAR_OID = 1043,
	INT8_OID = 20,
	FLUSH_BYTES = 64 << 10,
};

static void put64(struct buf *b, uint64_t n)
{
	wire_put32(b, (uint32_t)(n >> 32));
	wire_put32(b, (uint32_t)n);
}

/* A field whose length is put when it is known. */
static size_t field_begin(struct buf *b)
{
	wire_put32(b, 0);
	return b->n;
}

static void field_end(struct buf *b, size_t begin)
{
	uint32_t n = htonl((uint32_t)(b->n - begin));

	if (!b->over)
		memcpy(b->p + begin - sizeof n, &n, sizeof n);
}

/* Of an array of one dimension, without NULLs. */
static void array_head(struct buf *b, uint32_t type, size_t n)
{
	const uint32_t head[] = {1, 0, type, (uint32_t)n, 1};

	for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
		wire_put32(b, head[i]);
}

static void put_names(struct buf *b, const struct manifest *m, size_t from, size_t n)
{
	size_t field = field_begin(b);

	array_head(b, VARCHAR_OID, n);
	for (size_t i = from; i < from + n; i++) {
		size_t name = field_begin(b);

		buf_z(b, "s3://");
		buf_str(b, m->bucket);
		buf_c(b, '/');
		buf_str(b, m->objects[i].key);
		field_end(b, name);
	}
	field_end(b, field);
}

/* values: NULL for noughts. */
static void put_numbers(struct buf *b, const uint64_t *values, size_t from, size_t n)
{
	size_t field = field_begin(b);

	array_head(b, INT8_OID, n);
	for (size_t i = from; i < from + n; i++) {
		wire_put32(b, sizeof values[i]);
		put64(b, values ? values[i] : 0);
	}
	field_end(b, field);
}

static void put_row(struct buf *b, const struct load *l, size_t from, size_t n)
{
	buf_add(b, "\0\4", 2); /* fields */
	wire_put32(b, sizeof l->id);
	put64(b, (uint64_t)l->id);
	put_names(b, &l->objects, from, n);
	put_numbers(b, l->copied.bytes, from, n);
	put_numbers(b, (const uint64_t *)l->copied.records, from, n);
}

static bool write_files(struct session *s, const struct load *l, struct err *e)
{
	bool ok = pg_copy_start(&s->log, "COPY redshiftd.load_files FROM STDIN (FORMAT binary)", e);
	size_t all = l->objects.n, n;
	int64_t rows;
	struct buf b;

	buf_init(&b, 4 << 20);
	row_header(&b);
	for (size_t from = 0; ok && from < all; from += n) {
		n = all - from < FILES ? all - from : FILES;
		put_row(&b, l, from, n);
		if (b.n < FLUSH_BYTES)
			continue;
		ok = pg_copy_bytes(&s->log, buf_view(&b), e);
		buf_reset(&b);
	}
	row_trailer(&b);
	ok = ok && pg_copy_bytes(&s->log, buf_view(&b), e) && pg_copy_end(&s->log, &rows, e);
	buf_free(&b);
	return ok;
}

static bool write_errors(struct session *s, const struct load *l, struct err *e)
{
	const struct rejects *r = &l->copied.rejects;
	struct arena *a = s->w.task;

	for (size_t i = 0; i < r->n; i++) {
		const struct bad_record *b = &r->v[i];
		const char *params[] = {arena_i64(a, l->id), arena_cstr(a, b->object),
		    arena_i64(a, (int64_t)b->line), arena_cstr(a, b->column),
		    arena_cstr(a, b->type), arena_i64(a, b->position), arena_cstr(a, b->value),
		    arena_i64(a, b->code), arena_cstr(a, b->reason)};

		if (!pg_run(&s->log,
		        "INSERT INTO redshiftd.load_error VALUES (CAST($1 AS bigint), $2,"
		        " CAST($3 AS bigint), $4, $5, CAST($6 AS integer), left($7, 2048),"
		        " CAST($8 AS integer), left($9, 512))",
		        9, params, e))
			return false;
	}
	return true;
}

static bool write_end(struct session *s, const struct load *l, const struct err *why, struct err *e)
{
	struct arena *a = s->w.task;
	uint64_t bytes = 0;
	const char *params[] = {arena_i64(a, l->id), why ? "aborted" : "completed",
	    arena_i64(a, why || !l->copied.stored ? 0 : l->done.rows), arena_i64(a, l->done.bytes),
	    arena_i64(a, (int64_t)l->objects.n), NULL, arena_i64(a, l->copied.rejects.count),
	    why ? why->msg : NULL};

	for (size_t i = 0; l->copied.bytes && i < l->objects.n; i++)
		bytes += l->copied.bytes[i];
	params[5] = arena_i64(a, (int64_t)bytes);
	return pg_run(&s->log,
	    "UPDATE redshiftd.load SET status = $2, loaded_rows = CAST($3 AS bigint),"
	    " loaded_bytes = CAST($4 AS bigint), file_count = CAST($5 AS bigint),"
	    " file_bytes = CAST($6 AS bigint), error_count = CAST($7 AS bigint),"
	    " error_message = left($8, 1024), end_time = clock_timestamp() AT TIME ZONE 'UTC'"
	    " WHERE query_id = CAST($1 AS bigint)",
	    8, params, e);
}

/* What is there before its end is written is not to be seen, and needs no transaction. */
static bool write_all(struct session *s, const struct load *l, const struct err *why, struct err *e)
{
	bool many = l->copied.rejects.n > 1;

	return (l->objects.n == 0 || write_files(s, l, e)) &&
	       (!many || pg_exec(&s->log, "BEGIN", e)) && write_errors(s, l, e) &&
	       write_end(s, l, why, e) && (!many || pg_exec(&s->log, "COMMIT", e));
}

void load_end(struct session *s, const struct load *l, const struct err *why)
{
	struct err e;

	if (!write_all(s, l, why, &e)) {
		log_warn("the load views lack query %lld: %s", (long long)l->id, e.msg);
		pg_close(&s->log);
	}
}
