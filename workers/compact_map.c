/*
 * compact_map.c - which line of a part is of which object, see compact.h.
 *
 *   {"part":"s3://b/parts/r/4f...json.gz","etag":"9b...","size":12,"bytes":80,"lines":5,
 *    "records":4,"source":"sparkify","objects":2}
 *   {"key":"log/1.json","etag":"e1","size":70,"line":1,"lines":4,"records":3}
 *   {"key":"log/2.json","etag":"e2","size":9,"alone":"line 1: the file ends inside ..."}
 *
 * (the first one is one line.)
 */
#include <inttypes.h>

#include "shared/jsonscan.h"
#include "workers/compact.h"

void compact_map_print(const struct compact_map *m, struct buf *out)
{
	struct buf url;

	buf_init(&url, 16 << 10);
	buf_printf(&url, "s3://%.*s/", STRF(m->bucket));
	buf_str(&url, m->key);
	buf_z(out, "{\"part\":");
	buf_json(out, buf_view(&url));
	buf_free(&url);
	buf_z(out, ",\"etag\":");
	buf_json(out, m->etag);
	buf_printf(out,
	    ",\"size\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"records\":%" PRIu64
	    ",\"source\":",
	    m->size, m->bytes, m->lines, m->records);
	buf_json(out, m->source);
	buf_printf(out, ",\"objects\":%zu}\n", m->n);
	for (size_t i = 0; i < m->n; i++) {
		const struct compact_entry *o = &m->entries[i];

		buf_z(out, "{\"key\":");
		buf_json(out, o->key);
		buf_z(out, ",\"etag\":");
		buf_json(out, o->etag);
		buf_printf(out, ",\"size\":%" PRIu64, o->size);
		if (o->alone.n) {
			buf_z(out, ",\"alone\":");
			buf_json(out, o->alone);
		} else {
			buf_printf(out,
			    ",\"line\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"records\":%" PRIu64,
			    o->line, o->lines, o->records);
		}
		buf_z(out, "}\n");
	}
}

/* ---- reading ---- */

/* A member of a line of the map: where its value goes. One of the two is set. */
struct field {
	const char *name;
	struct str *text;
	uint64_t *number;
};

static bool take(
    struct jsonscan *s, const struct jsonscan_value *v, const struct field *f, struct arena *a)
{
	int64_t n;

	if (f->text) {
		char *to = arena_alloc(a, v->text.n + 1);

		if (v->type != JS_STRING)
			return jsonscan_fail(s, "not a text");
		*f->text = (struct str){to, jsonscan_unescape(v->text, to, NULL)};
		return true;
	}
	if (v->type != JS_NUMBER || !str_to_i64(v->text, &n) || n < 0)
		return jsonscan_fail(s, "not a count");
	*f->number = (uint64_t)n;
	return true;
}

/* One object of the members that fields name; others are passed. */
static bool read_line(struct jsonscan *s, const struct field *fields, size_t n, struct arena *a)
{
	struct jsonscan_value key, v;
	bool first = true;

	if (!jsonscan_open(s, '{'))
		return false;
	while (jsonscan_member(s, &key, &first)) {
		if (!jsonscan_value(s, &v))
			return false;
		for (size_t i = 0; i < n; i++)
			if (jsonscan_is(&key, str_z(fields[i].name)) && !take(s, &v, &fields[i], a))
				return false;
	}
	return !s->why;
}

static bool read_head(struct jsonscan *s, struct compact_map *m, uint64_t *objects, struct arena *a)
{
	struct str part = STR("");
	struct err ignored;
	const struct field fields[] = {
	    {"part", &part, NULL},
	    {"etag", &m->etag, NULL},
	    {"size", NULL, &m->size},
	    {"bytes", NULL, &m->bytes},
	    {"lines", NULL, &m->lines},
	    {"records", NULL, &m->records},
	    {"source", &m->source, NULL},
	    {"objects", NULL, objects},
	};

	return read_line(s, fields, sizeof fields / sizeof fields[0], a) &&
	       (s3_url_parse(part, &m->bucket, &m->key, &ignored) ||
	           jsonscan_fail(s, "no address of a part"));
}

static bool read_entry(struct jsonscan *s, struct compact_entry *o, struct arena *a)
{
	const struct field fields[] = {
	    {"key", &o->key, NULL},
	    {"etag", &o->etag, NULL},
	    {"size", NULL, &o->size},
	    {"line", NULL, &o->line},
	    {"lines", NULL, &o->lines},
	    {"records", NULL, &o->records},
	    {"alone", &o->alone, NULL},
	};

	return read_line(s, fields, sizeof fields / sizeof fields[0], a) &&
	       (o->key.n > 0 || jsonscan_fail(s, "an entry without a key"));
}

/* The lines of the objects follow one another, from 1 to the last: else a trace would lie. */
static bool check_lines(struct jsonscan *s, const struct compact_map *m)
{
	uint64_t line = 1, records = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct compact_entry *o = &m->entries[i];

		if (o->alone.n)
			continue;
		if (o->line != line)
			return jsonscan_fail(s, "lines that do not follow one another");
		line += o->lines;
		records += o->records;
	}
	return (line == m->lines + 1 && records == m->records) ||
	       jsonscan_fail(s, "other lines than it says");
}

bool compact_map_parse(struct str text, struct arena *a, struct compact_map *out, struct err *e)
{
	struct jsonscan s = jsonscan_init(text);
	uint64_t objects = 0;
	bool ok;

	*out = (struct compact_map){.n = 0};
	ok = read_head(&s, out, &objects, a);
	/* An entry has more than two bytes: a count that is not true asks for no memory. */
	if (ok && objects > text.n / 2)
		ok = jsonscan_fail(&s, "more objects than lines");
	if (ok)
		out->entries = arena_alloc(a, (size_t)objects * sizeof *out->entries);
	while (ok && out->n < objects)
		ok = read_entry(&s, &out->entries[out->n++], a);
	if (ok && check_lines(&s, out) && jsonscan_end(&s))
		return true;
	return err_set(e, ERR_TASK, AT_S3, "Map", "not the map of a part: %s at byte %zu",
	    s.why ? s.why : "unexpected shape", (size_t)(s.p - text.p));
}

/* ---- tracing ---- */

const struct compact_entry *compact_map_find(const struct compact_map *m, uint64_t line)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct compact_entry *o = &m->entries[i];

		if (!o->alone.n && line >= o->line && line - o->line < o->lines)
			return o;
	}
	return NULL;
}

static bool is_at(struct str address, struct str bucket, struct str key)
{
	struct str b, k;
	struct err ignored;

	/* Redshift's views hold file names in CHAR, with blanks behind them. */
	return s3_url_parse(str_trim(address), &b, &k, &ignored) && str_eq(b, bucket) &&
	       str_eq(k, key);
}

bool compact_trace(const struct compacted *c, struct str part, uint64_t line, struct arena *a,
    struct str *object, uint64_t *line_in_object)
{
	for (size_t i = 0; i < c->n_maps; i++) {
		const struct compact_map *m = &c->maps[i];
		const struct compact_entry *o;

		if (m->size == 0 || !is_at(part, m->bucket, m->key))
			continue;
		o = compact_map_find(m, line);
		if (!o)
			return false;
		*object = str_z(arena_printf(a, "s3://%.*s/%.*s", STRF(m->source), STRF(o->key)));
		*line_in_object = line - o->line + 1;
		return true;
	}
	return false;
}
