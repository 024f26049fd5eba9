/*
 * copy_rules.h - one rule of COPY as a case: table, statement, object, and the rows that must come
 * of it, or the errors with their codes.
 *
 * A case goes the whole way: copystmt, textformat, jsonpaths, rowmap, reader, row, rejects; the
 * binary rows are read back as text. Each object is given in one piece, in pieces of 1 and of 7
 * bytes, with records cut first and (as a load does it) not, and must give the same every time.
 *
 *   table    "id int not null, n varchar(5), i int identity, j int default identity"
 *   want     a line a row, "1|a|" with ~ for NULL; a line a rejected record, "!code column reason",
 *            of which only the beginning must match. "=> text" ends it where the load fails (the
 *            message holds the text), alone where the statement is refused.
 *
 * Of Redshift's rules for COPY these are proved elsewhere, or cannot be here:
 *
 *   LZOP, Parquet, ORC, Avro, SHAPEFILE, SSH, encrypted files    refused by name
 *   'noshred', SUPER columns, error 1224                         PostgreSQL has no SUPER
 *   DEFAULT values; BY DEFAULT identities do not advance the     the server's part:
 *   counter; the count of rows with replaced characters          tests/run/copy_rules.t
 *   a COPY may reject more than MAXERROR before it stops         a shard is one stream; over all
 *                                                                shards: tests/run/copy_rules.t
 *   error 1200, "unknown parse error"                            each error here is known
 *   error 1215, "CHAR field error"                               the manual gives 1220 to each
 *                                                                character that a CHAR has no
 *                                                                place for, 1204 to its length
 *   error 1219, "UTF-8 hexadecimal contains an invalid digit"    the manual does not say in what;
 *                                                                a bad \u escape is bad JSON, 1216
 *   error 1223, "data type is not valid"                         not a record's: refused before
 *                                                                anything is read (unit/row.c)
 *   errors 1212, 8001, 9005                                      not a record's: the manifest is
 *                                                                ours (tests/run/bad_data.t)
 */
#ifndef TESTS_COPY_RULES_H
#define TESTS_COPY_RULES_H

#include "tests/unit/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "workers/convert.h"
#include "workers/reader.h"
#include "workers/rejects.h"
#include "workers/row.h"

struct rule {
	const char *table, *statement; /* "(list) OPTIONS" */
	const char *paths;             /* the jsonpaths file, or NULL */
	struct str object;
	const char *want;
};

/* An object that may hold NUL. */
#define OBJECT(s)                                                                                  \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

/* ---- the table ---- */

static struct str trim(struct str s)
{
	while (s.n && s.p[0] == ' ')
		s = str_from(s, 1);
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static struct column column_of(struct str spec)
{
	static const struct {
		const char *name;
		uint32_t oid;
	} types[] = {{"boolean", OID_BOOL}, {"smallint", OID_INT2}, {"int", OID_INT4},
	    {"bigint", OID_INT8}, {"real", OID_FLOAT4}, {"float", OID_FLOAT8}, {"date", OID_DATE},
	    {"timestamptz", OID_TIMESTAMPTZ}, {"timestamp", OID_TIMESTAMP}, {"char", OID_BPCHAR},
	    {"varchar", OID_VARCHAR}, {"numeric", OID_NUMERIC}};
	char text[200], name[64], type[64];
	unsigned a = 0, b = 0;
	struct column c = {.typmod = -1};

	snprintf(text, sizeof text, "%.*s", STRF(spec));
	if (sscanf(text, "%63s %63[a-z](%u,%u)", name, type, &a, &b) < 2)
		fail_msg("column: %s", text);
	c.name = str_z(arena_strz(arena, name));
	for (size_t i = 0; i < COUNT(types) && !c.oid; i++)
		if (strcmp(types[i].name, type) == 0)
			c.oid = types[i].oid;
	if (!c.oid)
		fail_msg("type: %s", text);
	if (c.oid == OID_NUMERIC && a)
		c.typmod = (int32_t)((a << 16 | b) + 4);
	else if (a)
		c.typmod = (int32_t)a + 4;
	c.not_null = strstr(text, "not null") != NULL;
	c.has_default = strstr(text, "default") != NULL;
	c.identity = strstr(text, "default identity") ? IDENTITY_BY_DEFAULT
	             : strstr(text, "identity")       ? IDENTITY_ALWAYS
	                                              : IDENTITY_NONE;
	return c;
}

/* Columns are separated by ", ": the comma of numeric(8,2) has no blank behind it. */
static size_t table_of(const char *spec, struct column *out, size_t max)
{
	size_t n = 0;

	for (const char *next; spec; spec = next) {
		const char *end = strstr(spec, ", ");
		struct str one = {spec, end ? (size_t)(end - spec) : strlen(spec)};

		next = end ? end + 2 : NULL;
		assert_true(n < max);
		out[n++] = column_of(trim(one));
	}
	return n;
}

/* ---- binary rows as text ---- */

static int64_t big_endian(const char *p, size_t n)
{
	uint64_t v = n && (p[0] & 0x80) ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return (int64_t)v;
}

static void show_date(struct buf *b, int64_t day)
{
	/* Years of 365.2425 days that begin with March, counted in eras of 400. */
	int64_t z = day + 730425, era, doe, yoe, y, doy, m; /* since 0000-03-01 */

	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	m = (5 * doy + 2) / 153;
	y = yoe + era * 400 + (m >= 10);
	buf_printf(b, "%04lld-%02lld-%02lld%s", (long long)(y > 0 ? y : 1 - y),
	    (long long)(m < 10 ? m + 3 : m - 9), (long long)(doy - (153 * m + 2) / 5 + 1),
	    y > 0 ? "" : " BC");
}

static void show_timestamp(struct buf *b, int64_t t)
{
	const int64_t of_day = INT64_C(86400000000);
	int64_t day = t >= 0 ? t / of_day : -((of_day - 1 - t) / of_day), us = t - day * of_day;
	int64_t s = us / 1000000;

	show_date(b, day);
	buf_printf(b, " %02lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60),
	    (long long)(s % 60));
	if (us % 1000000)
		buf_printf(b, ".%06lld", (long long)(us % 1000000));
}

static void show_numeric(struct buf *b, const char *p)
{
	static const int unit[] = {1000, 100, 10, 1};
	int64_t groups = big_endian(p, 2), weight = big_endian(p + 2, 2);
	int64_t scale = big_endian(p + 6, 2);

	if (big_endian(p + 4, 2) == 0x4000)
		buf_c(b, '-');
	if (weight < 0)
		buf_c(b, '0');
	for (int64_t g = 0; g <= weight; g++)
		buf_printf(b, g ? "%04lld" : "%lld",
		    (long long)(g < groups ? big_endian(p + 8 + 2 * g, 2) : 0));
	for (int64_t d = 0; d < scale; d++) {
		int64_t g = weight + 1 + d / 4;
		int64_t v = g >= 0 && g < groups ? big_endian(p + 8 + 2 * g, 2) : 0;

		buf_printf(b, "%s%lld", d ? "" : ".", (long long)(v / unit[d % 4] % 10));
	}
}

static void show_field(struct buf *b, uint32_t oid, const char *p, int32_t n)
{
	uint32_t u4;
	uint64_t u8;
	float f4;
	double f8;

	switch (oid) {
	case OID_BOOL: buf_c(b, p[0] ? 't' : 'f'); break;
	case OID_INT2:
	case OID_INT4:
	case OID_INT8: buf_printf(b, "%lld", (long long)big_endian(p, (size_t)n)); break;
	case OID_FLOAT4:
		u4 = (uint32_t)big_endian(p, 4);
		memcpy(&f4, &u4, sizeof f4);
		buf_printf(b, "%.7g", (double)f4);
		break;
	case OID_FLOAT8:
		u8 = (uint64_t)big_endian(p, 8);
		memcpy(&f8, &u8, sizeof f8);
		buf_printf(b, "%.15g", f8);
		break;
	case OID_DATE: show_date(b, big_endian(p, 4)); break;
	case OID_TIMESTAMP:
	case OID_TIMESTAMPTZ: show_timestamp(b, big_endian(p, 8)); break;
	case OID_NUMERIC: show_numeric(b, p); break;
	default: buf_add(b, p, (size_t)n); break;
	}
}

/* ---- the way of an object ---- */

struct way {
	struct rowmap *map;
	struct textformat *format;
	const struct column *columns;
	size_t n_columns;
	struct rejects rejects;
	struct row_error why;
	struct buf row, shown;
	bool uncut; /* records go by on_whole first */
};

static uint32_t oid_of(const struct way *w, size_t i)
{
	for (size_t k = 0; k < w->n_columns; k++)
		if (str_eq(w->columns[k].name, rowmap_column(w->map, i)))
			return w->columns[k].oid;
	return 0;
}

static void show_row(struct way *w)
{
	size_t at = 2;

	assert_int_equal(big_endian(w->row.p, 2), rowmap_count(w->map));
	for (size_t i = 0; i < rowmap_count(w->map); i++) {
		int32_t n = (int32_t)big_endian(w->row.p + at, 4);

		at += 4;
		if (n < 0) {
			buf_z(&w->shown, "~|");
			continue;
		}
		show_field(&w->shown, oid_of(w, i), w->row.p + at, n);
		buf_c(&w->shown, '|');
		at += (size_t)n;
	}
	assert_int_equal(at, w->row.n);
	buf_c(&w->shown, '\n');
}

static bool on_record(void *ctx, const struct record *r, struct err *e)
{
	struct way *w = ctx;
	bool none = false, good = false;

	buf_reset(&w->row);
	if (r->reason)
		row_bad_bytes(&w->why, r->text, r->code, r->reason);
	else
		good = w->format
		           ? row_encode_text(w->map, w->format, r->text, &w->row, &none, &w->why)
		           : row_encode(w->map, r->text, &w->row, &w->why);
	if (good) {
		if (!none)
			show_row(w);
		return true;
	}
	buf_printf(&w->shown, "!%d %s%s%s @%llu\n", w->why.code, w->why.column,
	    w->why.column[0] ? " " : "", w->why.reason, (unsigned long long)r->line);
	return rejects_add(&w->rejects, STR("b"), STR("k"), r->line, &w->why, r->whole, e);
}

static bool on_whole(void *ctx, struct str rest, size_t *used, uint32_t *lines, struct err *e)
{
	struct way *w = ctx;

	(void)e;
	buf_reset(&w->row);
	*used = row_encode_first(w->map, rest, &w->row, lines);
	if (*used)
		show_row(w);
	else
		assert_int_equal(w->row.n, 0);
	return true;
}

/* The object in pieces of at most `piece` bytes, each where the sanitizer sees both its ends. */
static bool read_object(
    struct reader *reader, struct str object, size_t piece, struct way *w, struct err *e)
{
	bool ok = true;

	do {
		size_t n = object.n < piece ? object.n : piece;
		char *copy = xmalloc(n ? n : 1);

		if (n)
			memcpy(copy, object.p, n);
		object = str_from(object, n);
		ok = reader_bytes(reader, copy, n, object.n == 0, on_record, w, e);
		free(copy);
	} while (ok && object.n);
	return ok;
}

static bool go_way(struct way *w, const struct rule *r, size_t piece, struct err *e)
{
	const char *open = r->statement[0] == '(' ? strchr(r->statement, ')') + 1 : r->statement;
	char *sql = arena_printf(arena, "copy t %.*s from 's3://b/m' %s",
	    (int)(open - r->statement), r->statement, open);
	struct textformat format = {.n_widths = 0};
	struct column columns[20];
	struct jsonpaths paths;
	struct reader_plan plan;
	struct reader reader;
	struct copystmt stmt;
	bool ok;

	w->columns = columns;
	w->n_columns = table_of(r->table, columns, COUNT(columns));
	if (!copystmt_parse(str_z(sql), arena, &stmt, e) || !copystmt_check_engine2(&stmt, e))
		return false;
	if (r->paths && !jsonpaths_parse(str_z(r->paths), arena, &paths, e))
		return false;
	if (stmt.json == COPY_JSON_NONE) {
		if (!textformat_init(&format, &stmt, arena, e))
			return false;
		w->format = &format;
	}
	w->rejects = (struct rejects){.arena = arena, .limit = rejects_limit(&stmt)};
	if (!rowmap_new(
	        &stmt, r->paths ? &paths : NULL, columns, w->n_columns, arena, &w->map, e)) {
		textformat_free(&format);
		return false;
	}
	reader_plan_init(&plan, &stmt, w->format);
	plan.whole = w->uncut && !w->format ? on_whole : NULL;
	reader_init(&reader, &plan);
	ok = read_object(&reader, r->object, piece, w, e);
	if (ok) {
		/* The next object begins anew. */
		reader_reset(&reader);
		assert_int_equal(reader_held(&reader), 0);
	}
	reader_free(&reader);
	reader_plan_free(&plan);
	textformat_free(&format);
	return ok;
}

/* Line by line; behind the beginning of a "!" or "=>" line anything may stand. */
static bool matches(const char *got, const char *want)
{
	while (*want) {
		size_t n = strcspn(want, "\n"), have = strcspn(got, "\n");

		if (strncmp(want, "=> ", 3) == 0) {
			char *text = arena_printf(arena, "%.*s", (int)(n - 3), want + 3);

			if (strncmp(got, "=> ", 3) != 0 || !strstr(got, text))
				return false;
		} else if (strncmp(got, want, n) != 0 || (want[0] != '!' && have != n)) {
			return false;
		}
		want += n + (want[n] == '\n');
		got += have + (got[have] == '\n');
	}
	return *got == '\0';
}

static void check_rule(const struct rule *r)
{
	static const size_t pieces[] = {SIZE_MAX, 1, 7};

	for (size_t i = 0; i < 2 * COUNT(pieces); i++) {
		struct way w = {.map = NULL, .uncut = i % 2};
		size_t piece = pieces[i / 2];
		struct err e = {0};

		if (piece != SIZE_MAX && r->object.n > 1 << 20)
			continue; /* what pieces do is seen with small ones */
		buf_init(&w.row, 16 << 20);
		buf_init(&w.shown, 16 << 20);
		buf_z(&w.shown, "");
		if (!go_way(&w, r, piece, &e))
			buf_printf(&w.shown, "=> %s\n", e.msg);
		if (!matches(w.shown.p, r->want))
			fail_msg(
			    "copy t %s  (pieces of %zu%s)\n  object %.*s\n  got\n%.*s  want\n%s",
			    r->statement, piece, w.uncut ? ", uncut" : "",
			    (int)(r->object.n < 500 ? r->object.n : 500), r->object.p,
			    (int)(w.shown.n < 2000 ? w.shown.n : 2000), w.shown.p, r->want);
		buf_free(&w.row);
		buf_free(&w.shown);
	}
}

static void check_rules(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_rule(&rules[i]);
}

#endif
