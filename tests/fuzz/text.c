/*
 * Any bytes as an object of a text format or JSON, plain, UTF-16 or compressed: whole and in pieces
 * the same rows and errors; when whole, JSON's records are not cut before. The first byte chooses
 * the statement, the second the size of the pieces.
 */
#include <stdlib.h>

#include "workers/convert.h"
#include "workers/reader.h"
#include "workers/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const options[] = {"", "csv", "csv quote '%' delimiter ';' fillrecord",
    "escape removequotes", "escape null as 'x' ignoreblanklines", "removequotes fillrecord",
    "fixedwidth 'a:2,b:3,c:1'", "null as '\\0' ignoreheader 1", "encoding utf16",
    "csv encoding utf16be ignoreheader 2", "gzip", "csv bzip2", "zstd", "json 'auto' gzip",
    "json 'auto' encoding utf16le", "json 'auto' ignoreheader 1",
    "timeformat 'auto' dateformat 'auto'",
    "timeformat 'MM/DD/YYYY HH12:MI:SS AM' dateformat 'DD MON YY' acceptanydate", "json 'auto'"};

struct result {
	struct rowmap *map;
	struct textformat *format;
	struct buf out;
	struct row_error why;
};

static bool on_record(void *ctx, const struct record *r, struct err *e)
{
	struct result *x = ctx;
	bool none = false;

	(void)e;
	if (r->reason)
		row_bad_bytes(&x->why, r->text, r->code, r->reason);
	else if (x->format ? row_encode_text(x->map, x->format, r->text, &x->out, &none, &x->why)
	                   : row_encode(x->map, r->text, &x->out, &x->why))
		return true;
	buf_printf(&x->out, "%d %s %s %zu %llu", x->why.code, x->why.column, x->why.reason,
	    x->why.position, (unsigned long long)r->line);
	return true;
}

static bool on_whole(void *ctx, struct str rest, size_t *used, uint32_t *lines, struct err *e)
{
	struct result *x = ctx;

	(void)e;
	*used = row_encode_first(x->map, rest, &x->out, lines);
	return true;
}

static void all(struct reader *reader, struct str s, size_t piece, struct result *x)
{
	struct err e;

	do {
		size_t n = s.n < piece ? s.n : piece;
		char *copy = xmalloc(n ? n : 1);

		if (n)
			memcpy(copy, s.p, n);
		s = str_from(s, n);
		if (!reader_bytes(reader, copy, n, s.n == 0, on_record, x, &e))
			abort();
		free(copy);
	} while (s.n);
	reader_reset(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct column columns[] = {
	    {STR("a"), OID_VARCHAR, 20 + 4, false, false, IDENTITY_NONE},
	    {STR("b"), OID_DATE, -1, false, false, IDENTITY_NONE},
	    {STR("c"), OID_TIMESTAMPTZ, -1, true, false, IDENTITY_NONE}};
	struct arena *a = arena_new();
	struct textformat format = {.n_widths = 0};
	struct result whole = {.map = NULL}, pieces;
	struct reader_plan plan;
	struct reader reader;
	struct copystmt stmt;
	struct str object;
	struct err e;
	char *sql;

	if (size < 2) {
		arena_free(a);
		return 0;
	}
	object = (struct str){(const char *)data + 2, size - 2};
	sql = arena_printf(a, "copy t from 's3://b/k' %s",
	    options[data[0] % (sizeof options / sizeof options[0])]);
	if (!copystmt_parse(str_z(sql), a, &stmt, &e) || !copystmt_check_engine2(&stmt, &e) ||
	    !rowmap_new(&stmt, NULL, columns, 3, a, &whole.map, &e))
		abort();
	if (stmt.json == COPY_JSON_NONE) {
		if (!textformat_init(&format, &stmt, a, &e))
			abort();
		whole.format = &format;
	}
	pieces = whole;
	buf_init(&whole.out, 1 << 26);
	buf_init(&pieces.out, 1 << 26);
	reader_plan_init(&plan, &stmt, whole.format);
	reader_init(&reader, &plan);
	plan.whole = whole.format ? NULL : on_whole;
	all(&reader, object, object.n + 1, &whole);
	plan.whole = NULL;
	all(&reader, object, 1u + data[1], &pieces);
	if (!str_eq(buf_view(&whole.out), buf_view(&pieces.out)))
		abort();
	reader_free(&reader);
	reader_plan_free(&plan);
	buf_free(&whole.out);
	buf_free(&pieces.out);
	textformat_free(&format);
	arena_free(a);
	return 0;
}
