/*
 * copy_postgres.c - engine 2: the COPY executed by us.
 *
 *   COPY statement -> what to do; manifest -> objects
 *   fetch (many GETs in flight) -> reader (one an object) -> rows -> COPY FROM STDIN
 *
 * Bytes are handled where curl hands them over: a record that lies within one piece is never copied
 * but into its row. Rows of different objects mix in the one stream; each row is whole. What a
 * reader keeps (of a record that a piece cut in two, of compressed data) counts against the memory
 * budget of the fetch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/copystmt.h"
#include "shared/jsonpaths.h"
#include "shared/lane.h"
#include "workers/copyfile.h"
#include "workers/crash.h"
#include "workers/engine_private.h"
#include "workers/reader.h"
#include "workers/relation.h"
#include "workers/row.h"

enum { FLUSH_BYTES = 128 << 10, STREAM_MAX = 64 << 20, PATHS_MAX = 1 << 20 };

struct plan {
	struct copystmt stmt;
	struct jsonpaths paths;   /* with JSON 's3://...' */
	struct textformat format; /* without JSON */
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

static bool read_statement(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct copystmt *out, struct err *e)
{
	struct str text;

	return copyfile_read(w, f, vars, out, &text, e) &&
	       (copystmt_check_engine2(out, e) || err_prefix(e, "%s", f->origin));
}

/* What the statement needs beside itself. */
static bool read_format(struct worker *w, struct plan *p, struct err *e)
{
	if (p->stmt.json == COPY_JSON_NONE)
		return textformat_init(&p->format, &p->stmt, w->task, e);
	return p->stmt.json != COPY_JSON_PATHS ||
	       read_jsonpaths(w, p->stmt.jsonpaths, &p->paths, e);
}

/* Its text format is to be freed, whether it succeeds or not. */
static bool make_plan(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct plan *p, struct err *e)
{
	*p = (struct plan){.paths = {.n = 0}};
	if (!read_statement(w, f, vars, &p->stmt, e))
		return false;
	if (read_format(w, p, e))
		return true;
	/* An error of the jsonpaths file names that. */
	return p->stmt.json == COPY_JSON_PATHS ? false : err_prefix(e, "%s", f->origin);
}

bool postgres_probe(struct worker *w, const struct sqlfile *f, struct err *e)
{
	struct sql_vars vars = copyfile_any(f);
	struct plan p;
	bool ok = make_plan(w, f, &vars, &p, e);

	textformat_free(&p.format);
	return ok;
}

bool postgres_limit(struct worker *w, const struct sqlfile *f, int64_t *limit, struct err *e)
{
	struct sql_vars vars = copyfile_any(f);
	struct copystmt stmt;

	if (!read_statement(w, f, &vars, &stmt, e))
		return false;
	*limit = rejects_limit(&stmt);
	return true;
}

/* *view: it is not a table, but the view over its lanes. */
static bool read_columns(struct worker *w, const char *schema, struct str lane, struct column **out,
    size_t *n, bool *view, struct err *e)
{
	const char *params[] = {schema, arena_cstr(w->task, lane)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity,"
	        " c.relkind = 'v', a.atthasdef"
	        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
	        " JOIN pg_namespace s ON s.oid = c.relnamespace"
	        " WHERE s.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped"
	        " ORDER BY a.attnum",
	        2, params, &res, e))
		return false;
	*n = (size_t)PQntuples(res);
	*view = *n && str_eqz(pg_str(res, 0, 5), "t");
	*out = arena_alloc(w->task, *n * sizeof **out);
	for (size_t i = 0; i < *n; i++) {
		int row = (int)i;

		(*out)[i] = (struct column){.name = arena_str(w->task, pg_str(res, row, 0)),
		    .oid = (uint32_t)pg_i64(res, row, 1),
		    .typmod = (int32_t)pg_i64(res, row, 2),
		    .not_null = str_eqz(pg_str(res, row, 3), "t"),
		    .has_default = str_eqz(pg_str(res, row, 6), "t"),
		    .identity = str_eqz(pg_str(res, row, 4), "a")   ? IDENTITY_ALWAYS
		                : str_eqz(pg_str(res, row, 4), "d") ? IDENTITY_BY_DEFAULT
		                                                    : IDENTITY_NONE};
	}
	PQclear(res);
	if (*n == 0)
		return err_set(e, ERR_SETUP, AT_WAREHOUSE, "42P01",
		    "the table %.*s does not exist: `dwh create` makes it", STRF(lane));
	return true;
}

/* Of a relation that is not there yet: its create file makes it, and that is rolled back. */
static bool columns_to_be(
    struct worker *w, struct str stem, struct column **out, size_t *n, struct err *e)
{
	const struct sqlfile *f = model_find(w->model, SQL_CREATE, stem);
	bool view;

	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no relation %.*s", STRF(stem));
	return pg_exec(&w->pg, "BEGIN", e) && relation_run_file(w, f, stem, e) &&
	       read_columns(w, w->config.warehouse.schema, stem, out, n, &view, e) &&
	       pg_exec(&w->pg, "ROLLBACK", e);
}

/* Of a relation by its name, which may be a view over lanes, or be made yet. */
static bool relation_columns(
    struct worker *w, struct str stem, struct column **out, size_t *n, struct err *e)
{
	struct target t;
	bool there, view;

	if (!relation_exists(w, stem, &there, e))
		return false;
	if (!there)
		return columns_to_be(w, stem, out, n, e);
	if (!read_columns(w, w->config.warehouse.schema, stem, out, n, &view, e))
		return false;
	return !view || (target_read(w, target_relation(w, w->task, stem), &t, e) &&
	                    read_columns(w, w->config.warehouse.schema,
	                        lane_name(w->task, stem, 1, t.lanes), out, n, &view, e));
}

/* Which value goes into which column. */
static bool make_map(struct worker *w, const struct plan *p, const struct column *columns, size_t n,
    struct rowmap **out, struct err *e)
{
	bool paths = p->stmt.json == COPY_JSON_PATHS;

	if (!rowmap_new(&p->stmt, paths ? &p->paths : NULL, columns, n, w->task, out, e))
		return false;
	return !p->format.n_widths || p->format.n_widths == rowmap_count(*out) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL, "FIXEDWIDTH has %zu widths for %zu columns",
	           p->format.n_widths, rowmap_count(*out));
}

bool postgres_probe_columns(struct worker *w, const struct sqlfile *f, struct err *e)
{
	struct sql_vars vars = copyfile_any(f);
	struct column *columns;
	struct rowmap *map;
	struct plan p;
	size_t n;
	bool ok = make_plan(w, f, &vars, &p, e) && relation_columns(w, f->stem, &columns, &n, e);

	if (ok && !make_map(w, &p, columns, n, &map, e))
		ok = err_prefix(e, "%s", f->origin);

	textformat_free(&p.format);
	return ok;
}

/* ---- doing it ---- */

struct slot {
	struct reader reader;
	size_t object; /* whose bytes; SIZE_MAX when free */
};

struct copying {
	struct worker *w;
	const struct manifest *objects;
	struct rowmap *map;
	struct textformat *format; /* NULL: JSON */
	struct buf out;            /* rows on their way to the server */
	bool stored;               /* they go there */
	struct reader_plan plan;
	struct slot *slots;
	size_t n_slots;
	size_t object;        /* whose record is being looked at */
	struct row_error why; /* what is wrong with it */
	struct rejects *rejects;
	int64_t *records; /* of each object, where somebody wants to know; so bytes */
	uint64_t *bytes;
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

static bool reject(struct copying *c, const struct record *r, struct err *e)
{
	return rejects_add(c->rejects, c->objects->bucket, c->objects->objects[c->object].key,
	    r->line, &c->why, r->whole, e);
}

static bool flush(struct copying *c, struct err *e)
{
	bool ok = !c->stored || pg_copy_bytes(&c->w->pg, buf_view(&c->out), e);

	buf_reset(&c->out);
	crash_here("copy:while-copying");
	/* One object may unpack to very much. */
	return ok && worker_tick(c->w, e);
}

static bool on_record(void *ctx, const struct record *r, struct err *e)
{
	struct copying *c = ctx;
	bool none = false;

	if (c->records)
		c->records[c->object]++;
	if (r->reason) {
		row_bad_bytes(&c->why, r->text, r->code, r->reason);
		return reject(c, r, e);
	}
	if (c->format ? !row_encode_text(c->map, c->format, r->text, &c->out, &none, &c->why)
	              : !row_encode(c->map, r->text, &c->out, &c->why))
		return reject(c, r, e);
	c->rows += !none;
	return c->out.n < FLUSH_BYTES || flush(c, e);
}

/* Nearly all records come this way, and are looked at once. */
static bool on_whole(void *ctx, struct str rest, size_t *used, uint32_t *lines, struct err *e)
{
	struct copying *c = ctx;

	*used = row_encode_first(c->map, rest, &c->out, lines);
	if (*used == 0)
		return true;
	if (c->records)
		c->records[c->object]++;
	c->rows++;
	return c->out.n < FLUSH_BYTES || flush(c, e);
}

static bool on_bytes(
    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e)
{
	struct copying *c = ctx;
	struct slot *s = slot_of(c, i);

	c->object = i;
	if (c->bytes)
		c->bytes[i] += n;
	if (!reader_bytes(&s->reader, p, n, last, on_record, c, e))
		return false;
	*held = 0;
	if (last) {
		reader_reset(&s->reader);
		s->object = SIZE_MAX;
		c->w->so_far.objects++;
	} else {
		*held = reader_held(&s->reader);
	}
	c->w->so_far.rows = c->rows;
	c->w->so_far.bytes += (int64_t)n;
	if (!last)
		crash_here("copy:while-fetching");
	return true;
}

static bool stream(struct copying *c, struct msg_done *done, struct err *e)
{
	struct fetch_sink sink = {.ctx = c, .bytes = on_bytes};
	struct fetch_stats stats = {0};
	bool ok;

	row_header(&c->out);
	ok = manifest_fetch(c->w, c->objects, &sink, &stats, e);
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

/* schema: NULL where the search path finds it. */
static const char *copy_command(
    struct worker *w, const char *schema, struct str lane, const struct rowmap *map)
{
	struct buf b;
	const char *sql;

	buf_init(&b, 1 << 20);
	buf_z(&b, "COPY ");
	if (schema)
		buf_printf(&b, "%.*s.", STRF(pg_ident(&w->pg, w->task, str_z(schema))));
	buf_printf(&b, "%.*s (", STRF(pg_ident(&w->pg, w->task, lane)));
	for (size_t i = 0; i < rowmap_count(map); i++)
		buf_printf(&b, "%s%.*s", i ? ", " : "",
		    STRF(pg_ident(&w->pg, w->task, rowmap_column(map, i))));
	buf_z(&b, ") FROM STDIN (FORMAT binary)");
	sql = arena_cstr(w->task, buf_view(&b));
	buf_free(&b);
	return sql;
}

static bool run(
    struct copying *c, const char *schema, struct str lane, struct msg_done *done, struct err *e)
{
	struct worker *w = c->w;
	int64_t counted = 0;
	bool ok;

	if (c->stored && !pg_copy_start(&w->pg, copy_command(w, schema, lane, c->map), e))
		return false;
	buf_init(&c->out, STREAM_MAX);
	c->n_slots = (size_t)w->config.load.connections;
	c->slots = xcalloc(c->n_slots, sizeof *c->slots);
	for (size_t i = 0; i < c->n_slots; i++) {
		reader_init(&c->slots[i].reader, &c->plan);
		c->slots[i].object = SIZE_MAX;
	}
	ok = stream(c, done, e);
	if (!c->stored)
		done->rows = c->rows;
	else if (ok)
		ok = pg_copy_end(&w->pg, &counted, e) && verify(c, counted, done, e);
	else
		pg_copy_abort(&w->pg, "the load failed");
	done->rejected = c->rejects->count;
	done->replaced = rowmap_replaced(c->map);
	for (size_t i = 0; i < c->n_slots; i++)
		reader_free(&c->slots[i].reader);
	free(c->slots);
	buf_free(&c->out);
	return ok;
}

static bool copy(struct copying *c, const struct plan *p, const char *schema, struct str lane,
    struct msg_done *done, struct err *e)
{
	bool ok;

	reader_plan_init(&c->plan, &p->stmt, c->format);
	c->plan.whole = c->format ? NULL : on_whole;
	ok = run(c, schema, lane, done, e);
	reader_plan_free(&c->plan);
	return ok;
}

static struct copying copying_of(struct worker *w, struct plan *p, const struct manifest *objects,
    bool validate, struct copied *out)
{
	out->rejects.limit = rejects_limit(&p->stmt);
	out->stored = !validate && !copystmt_has(&p->stmt, COPY_NOLOAD);
	return (struct copying){.w = w,
	    .objects = objects,
	    .format = p->stmt.json == COPY_JSON_NONE ? &p->format : NULL,
	    .stored = out->stored,
	    .rejects = &out->rejects};
}

static bool copy_shard(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct plan *p, struct msg_done *done, struct copied *out,
    struct err *e)
{
	struct copying c = copying_of(w, p, objects, m->validate, out);
	struct column *columns;
	size_t n;
	bool view;

	if (m->validate
	        ? !relation_columns(w, m->source, &columns, &n, e)
	        : !read_columns(w, w->config.warehouse.schema, m->lane, &columns, &n, &view, e))
		return false;
	if (!make_map(w, p, columns, n, &c.map, e))
		return err_prefix(e, "%s", f->origin);
	return copy(&c, p, NULL, m->lane, done, e);
}

bool engine_load(struct worker *w, const struct copystmt *stmt, const char *schema,
    const struct manifest *objects, struct msg_done *done, struct copied *out, struct err *e)
{
	struct plan p = {.stmt = *stmt};
	struct column *columns;
	struct copying c;
	size_t n;
	bool ok, view;

	*out = (struct copied){.rejects = {.arena = w->task}};
	c = copying_of(w, &p, objects, false, out);
	c.records = out->records = arena_alloc(w->task, objects->n * sizeof *c.records);
	c.bytes = out->bytes = arena_alloc(w->task, objects->n * sizeof *c.bytes);
	ok = worker_s3(w, e) && read_format(w, &p, e) &&
	     read_columns(w, schema, stmt->table, &columns, &n, &view, e) &&
	     make_map(w, &p, columns, n, &c.map, e) && copy(&c, &p, schema, stmt->table, done, e);
	textformat_free(&p.format);
	return ok;
}

bool postgres_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *out, struct err *e)
{
	/* A manifest of this machine has no s3:// address; whoever executes the COPY has read it
	 * already. */
	bool here = str_starts(m->manifest, STR("file://"));
	struct sql_vars vars = {.relation = m->source,
	    .lane = m->lane,
	    .manifest = here ? STR("s3://this-machine/manifest") : m->manifest};
	struct plan p;
	bool ok;

	ok = worker_s3(w, e) && make_plan(w, f, &vars, &p, e);
	if (ok) {
		ok = copy_shard(w, f, m, objects, &p, done, out, e);
		textformat_free(&p.format);
	}
	return ok;
}
