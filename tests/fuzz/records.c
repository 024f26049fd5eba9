/*
 * Any bytes as a file, whole and in pieces: the same records and errors. Where a record begins that
 * jansson can read, it ends where jansson says.
 */
#include <jansson.h>
#include <stdlib.h>

#include "shared/arena.h"
#include "workers/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

/* jansson reads on past a NUL byte behind a number; no JSON has one. */
static void check_end(struct str file, const struct record *r)
{
	struct str rest = str_from(file, r->offset);
	json_error_t e;
	json_t *v = json_loadb(
	    rest.p, rest.n, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &e);

	if (v && !memchr(r->text.p, 0, r->text.n))
		check((size_t)e.position == r->text.n);
	json_decref(v);
}

static void all_records(struct str file, size_t piece, bool judge, struct buf *out)
{
	struct records r;
	struct record rec;
	enum records_what what;

	records_init(&r);
	for (size_t at = 0; at <= file.n; at += piece) {
		size_t n = file.n - at < piece ? file.n - at : piece;
		char *copy = xmalloc(n);

		memcpy(copy, file.p + at, n);
		records_feed(&r, copy, n);
		if (n < piece)
			records_end(&r);
		while ((what = records_next(&r, &rec)) == RECORDS_RECORD || what == RECORDS_BAD) {
			buf_printf(
			    out, "%u %lu %lu-%lu ", what, rec.offset, rec.first_line, rec.line);
			buf_str(out, rec.text);
			check(rec.offset + rec.text.n <= file.n &&
			      memcmp(rec.text.p, file.p + rec.offset, rec.text.n) == 0);
			if (judge && what == RECORDS_RECORD)
				check_end(file, &rec);
		}
		check(what == (n < piece ? RECORDS_END : RECORDS_MORE));
		free(copy);
	}
	records_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str file = {(const char *)data + 1, size - 1};
	struct buf whole, pieces;
	size_t piece;

	if (size < 1)
		return 0;
	piece = 1 + data[0];
	buf_init(&whole, 1 << 24);
	buf_init(&pieces, 1 << 24);
	all_records(file, file.n + 1, true, &whole);
	all_records(file, piece, false, &pieces);
	check(str_eq(buf_view(&whole), buf_view(&pieces)));
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
