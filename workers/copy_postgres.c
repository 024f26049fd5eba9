/*
 * copy_postgres.c - engine 2: the COPY executed by us.
 *
 *   COPY statement -> what to do; manifest -> objects
 *   fetch (many GETs in flight) -> records (one scanner an object) -> rows -> COPY FROM STDIN
 *
 * Bytes are handled where curl hands them over: a record that lies within one piece is never copied
 * but into its row. Rows of different objects mix in the one stream; each row is whole. What a
 * scanner keeps of a record that a piece cut in two counts against the memory budget of the fetch.
 *
 * What the statement says is parsed once a source and worker, and kept.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/copystmt.h"
#include "shared/jsonpaths.h"
#include "workers/crash.h"
#include "workers/engine.h"
#include "workers/fetch.h"
#include "workers/records.h"
#include "workers/row.h"

enum { FLUSH_BYTES = 128 << 10, STREAM_MAX = 64 << 20, PATHS_MAX = 1 << 20 };

struct plan {
	struct copystmt stmt;
	struct jsonpaths paths; /* with JSON 's3://...' */
};

/* ---- what to do ---- */

static bool read_jsonpaths(struct worker *w, struct str url, struct jsonpaths *out, struct err *e)
{
	struct str bucket, key;
	struct buf b;
	bool ok;

	buf_init(&b, PATHS_MAX);
	ok = s3_url_parse(url, &bucket, &key, e) && worker_s3(w, e) &&
	     s3_get(w->s3, bucket, key, STR(""), &b, NULL, e) &&
	     jsonpaths_parse(buf_view(&b), w->task, out, e);
	if (!ok) {
		/* Nothing of this source can be loaded. */
		if (e->kind == ERR_TASK || e->kind == ERR_DATA)
			e->kind = ERR_SETUP;
		err_prefix(e, "the jsonpaths file %.*s", STRF(url));
	}
	buf_free(&b);
	return ok;
}

static bool make_plan(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct plan *p, struct err *e)
{
	struct str *statements;
	size_t n;

	*p = (struct plan){.paths = {.n = 0}};
	if (!sql_prepare(w, f, vars, &statements, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: one COPY is wanted, not %zu statements", f->origin, n);
	if (!copystmt_parse(statements[0], w->task, &p->stmt, e) ||
	    !copystmt_check_engine2(&p->stmt, e))
		return err_prefix(e, "%s", f->origin);
	return p->stmt.json != COPY_JSON_PATHS ||
	       read_jsonpaths(w, p->stmt.jsonpaths, &p->paths, e);
}

bool engine_probe(struct worker *w, const struct sqlfile *f, struct err *e)
{
	struct sql_vars vars = {
	    .relation = f->stem, .lane = f->stem, .manifest = STR("s3://bucket/manifest")};
	struct plan p;

	return make_plan(w, f, &vars, &p, e);
}

static bool read_columns(
    struct worker *w, struct str lane, struct column **out, size_t *n, struct err *e)
{
	const char *params[] = {w->config.warehouse.schema, arena_cstr(w->task, lane)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity <> ''"
	        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
	        " JOIN pg_namespace s ON s.oid = c.relnamespace"
	        " WHERE s.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped"
	        " ORDER BY a.attnum",
	        2, params, &res, e))
		return false;
	*n = (size_t)PQntuples(res);
	*out = arena_alloc(w->task, *n * sizeof **out);
	for (size_t i = 0; i < *n; i++) {
		int row = (int)i;

		(*out)[i] = (struct column){.name = arena_str(w->task, pg_str(res, row, 0)),
		    .oid = (uint32_t)pg_i64(res, row, 1),
		    .typmod = (int32_t)pg_i64(res, row, 2),
		    .not_null = str_eqz(pg_str(res, row, 3), "t"),
		    .identity = str_eqz(pg_str(res, row, 4), "t")};
	}
	PQclear(res);
	if (*n == 0)
		return err_set(e, ERR_SETUP, AT_WAREHOUSE, "42P01",
		    "the table %.*s does not exist: `dwh create`", STRF(lane));
	return true;
}

/* ---- doing it ---- */

struct slot {
	struct records records;
	size_t object; /* whose records; SIZE_MAX when free */
};

struct copying {
	struct worker *w;
	const struct manifest *objects;
	struct rowmap *map;
	struct buf out; /* rows on their way to the server */
	struct slot *slots;
	size_t n_slots;
	struct row_error why; /* of the record that is being looked at */
	struct bad_record *bad;
	int64_t rows;
};

/* There are as many slots as connections, so one is always free for an object that begins. */
static struct slot *slot_of(struct copying *c, size_t object)
{
	size_t empty = 0;

	for (size_t i = 0; i < c->n_slots; i++) {
		if (c->slots[i].object == object)
			return &c->slots[i];
		if (c->slots[i].object == SIZE_MAX)
			empty = i;
	}
	c->slots[empty].object = object;
	return &c->slots[empty];
}

static bool reject(struct copying *c, size_t i, const struct record *r, struct err *e)
{
	struct arena *a = c->w->task;
	const struct row_error *why = &c->why;
	struct str key = c->objects->objects[i].key;
	bool column = why->column[0] != '\0';

	*c->bad = (struct bad_record){.set = true,
	    .object = str_z(arena_printf(a, "s3://%.*s/%.*s", STRF(c->objects->bucket), STRF(key))),
	    .line = r->line,
	    .column = str_z(arena_strz(a, why->column)),
	    .type = str_z(arena_strz(a, why->type)),
	    .value = str_z(arena_strz(a, why->value)),
	    .reason = str_z(arena_strz(a, why->reason)),
	    .position = (int64_t)why->position,
	    .code = why->code};
	return err_set(e, ERR_DATA, AT_DATA, arena_printf(a, "%d", why->code),
	    "%.*s line %llu%s%s%s%s%s: %s (error %d), value '%.100s'", STRF(c->bad->object),
	    (unsigned long long)r->line, column ? ", column " : "", why->column, column ? " (" : "",
	    why->type, column ? ")" : "", why->reason, why->code, why->value);
}

static bool flush(struct copying *c, struct err *e)
{
	bool ok = pg_copy_bytes(&c->w->pg, buf_view(&c->out), e);

	buf_reset(&c->out);
	return ok;
}

static bool take_records(struct copying *c, size_t i, struct records *rs, struct err *e)
{
	struct record r;

	for (;;) {
		switch (records_next(rs, &r)) {
		case RECORDS_MORE:
		case RECORDS_END: return true;
		case RECORDS_BAD:
			c->why = (struct row_error){.code = 1216};
			snprintf(c->why.reason, sizeof c->why.reason, "%s", r.reason);
			snprintf(c->why.value, sizeof c->why.value, "%.*s", STRF(r.text));
			return reject(c, i, &r, e);
		case RECORDS_RECORD: break;
		}
		if (!row_encode(c->map, r.text, &c->out, &c->why))
			return reject(c, i, &r, e);
		c->rows++;
		if (c->out.n >= FLUSH_BYTES && !flush(c, e))
			return false;
	}
}

static bool on_bytes(
    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e)
{
	struct copying *c = ctx;
	struct slot *s = slot_of(c, i);

	records_feed(&s->records, p, n);
	if (!take_records(c, i, &s->records, e))
		return false;
	if (last) {
		records_end(&s->records);
		if (!take_records(c, i, &s->records, e))
			return false;
		records_reset(&s->records);
		s->object = SIZE_MAX;
		c->w->so_far.objects++;
	}
	c->w->so_far.rows = c->rows;
	c->w->so_far.bytes += (int64_t)n;
	*held = last ? 0 : records_held(&s->records);
	crash_here("copy:while-copying");
	return true;
}

static bool on_tick(void *ctx, struct err *e)
{
	return worker_tick(((struct copying *)ctx)->w, e);
}

static bool stream(struct copying *c, struct msg_done *done, struct err *e)
{
	struct worker *w = c->w;
	const struct manifest *m = c->objects;
	struct fetch_object *list = arena_alloc(w->task, m->n * sizeof *list);
	struct fetch_opts opts = {.connections = (int)w->config.load.connections,
	    .memory = (size_t)w->config.load.fetch_memory,
	    .attempts = (int)w->config.load.attempts};
	struct fetch_sink sink = {.ctx = c, .bytes = on_bytes, .tick = on_tick};
	struct fetch_stats stats = {0};
	size_t failed;
	bool ok;

	for (size_t i = 0; i < m->n; i++)
		list[i] = (struct fetch_object){.bucket = m->bucket,
		    .key = m->objects[i].key,
		    .etag = m->objects[i].etag,
		    .size = m->objects[i].size};
	row_header(&c->out);
	if (!w->fetch)
		w->fetch = fetch_new(w->s3);
	ok = fetch_all(w->fetch, list, m->n, &opts, &sink, &stats, &failed, e);
	if (ok) {
		row_trailer(&c->out);
		ok = flush(c, e);
	}
	done->objects = (int64_t)stats.objects;
	done->bytes = (int64_t)stats.bytes;
	done->fetch_ms = stats.wait_ms;
	return ok;
}

/* Evidence: every record became a row or was rejected, and the server counted the same. */
static bool verify(const struct copying *c, int64_t counted, struct msg_done *done, struct err *e)
{
	done->rows = counted;
	if (counted != c->rows)
		return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
		    "%lld records were sent, the server counted %lld rows", (long long)c->rows,
		    (long long)counted);
	done->verdict = STR("VERIFIED");
	return true;
}

static const char *copy_command(struct worker *w, struct str lane, const struct rowmap *map)
{
	struct buf b;
	const char *sql;

	buf_init(&b, 1 << 20);
	buf_printf(&b, "COPY %.*s (", STRF(pg_ident(&w->pg, w->task, lane)));
	for (size_t i = 0; i < rowmap_count(map); i++)
		buf_printf(&b, "%s%.*s", i ? ", " : "",
		    STRF(pg_ident(&w->pg, w->task, rowmap_column(map, i))));
	buf_z(&b, ") FROM STDIN (FORMAT binary)");
	sql = arena_cstr(w->task, buf_view(&b));
	buf_free(&b);
	return sql;
}

bool engine_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct bad_record *bad, struct err *e)
{
	/* A manifest of this machine has no s3:// address; whoever executes the COPY has read it
	 * already. */
	bool here = str_starts(m->manifest, STR("file://"));
	struct sql_vars vars = {.relation = m->source,
	    .lane = m->lane,
	    .manifest = here ? STR("s3://this-machine/manifest") : m->manifest};
	struct copying c = {.w = w, .objects = objects, .bad = bad};
	struct column *columns;
	struct plan p;
	int64_t counted = 0;
	size_t n;
	bool ok;

	if (!worker_s3(w, e) || !make_plan(w, f, &vars, &p, e) ||
	    !read_columns(w, m->lane, &columns, &n, e))
		return false;
	if (!rowmap_new(&p.stmt, p.stmt.json == COPY_JSON_PATHS ? &p.paths : NULL, columns, n,
	        w->task, &c.map, e))
		return err_prefix(e, "%s", f->origin);
	if (!pg_copy_start(&w->pg, copy_command(w, m->lane, c.map), e))
		return false;
	buf_init(&c.out, STREAM_MAX);
	c.n_slots = (size_t)w->config.load.connections;
	c.slots = xcalloc(c.n_slots, sizeof *c.slots);
	for (size_t i = 0; i < c.n_slots; i++) {
		records_init(&c.slots[i].records);
		c.slots[i].object = SIZE_MAX;
	}
	ok = stream(&c, done, e);
	if (ok)
		ok = pg_copy_end(&w->pg, &counted, e) && verify(&c, counted, done, e);
	else
		pg_copy_abort(&w->pg, "the load failed");
	for (size_t i = 0; i < c.n_slots; i++)
		records_free(&c.slots[i].records);
	free(c.slots);
	buf_free(&c.out);
	return ok;
}
