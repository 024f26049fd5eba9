/* reader.c - see reader.h. */
#include "workers/reader.h"

#include <stdlib.h>

void reader_plan_init(
    struct reader_plan *p, const struct copystmt *stmt, const struct textformat *format)
{
	*p = (struct reader_plan){.packed = copystmt_has(stmt, COPY_GZIP)    ? UNPACK_GZIP
	                                    : copystmt_has(stmt, COPY_BZIP2) ? UNPACK_BZIP2
	                                    : copystmt_has(stmt, COPY_ZSTD)  ? UNPACK_ZSTD
	                                                                     : UNPACK_NONE,
	    .encoding = stmt->encoding,
	    .header = stmt->number[COPY_IGNOREHEADER],
	    .format = format};
	if (p->packed != UNPACK_NONE)
		p->unpacked = xmalloc(UNPACK_PIECE);
	if (p->encoding != COPY_UTF8)
		p->utf8 = xmalloc(utf16_room(UNPACK_PIECE));
}

void reader_plan_free(struct reader_plan *p)
{
	free(p->unpacked);
	free(p->utf8);
}

void reader_init(struct reader *r, struct reader_plan *plan)
{
	*r = (struct reader){.plan = plan, .header = plan->header};
	if (plan->format)
		lines_init(&r->lines, plan->format);
	else
		records_init(&r->records);
	if (plan->packed != UNPACK_NONE)
		r->unpack = unpack_new(plan->packed);
	utf16_init(&r->utf16, plan->encoding);
}

void reader_free(struct reader *r)
{
	if (r->plan->format)
		lines_free(&r->lines);
	else
		records_free(&r->records);
	unpack_free(r->unpack);
}

void reader_reset(struct reader *r)
{
	if (r->plan->format)
		lines_reset(&r->lines);
	else
		records_reset(&r->records);
	if (r->unpack)
		unpack_reset(r->unpack);
	utf16_init(&r->utf16, r->plan->encoding);
	r->header = r->plan->header;
	r->n_start = 0;
	r->begun = r->spoiled = false;
}

size_t reader_held(const struct reader *r)
{
	return (r->plan->format ? lines_held(&r->lines) : records_held(&r->records)) +
	       (r->unpack ? unpack_held(r->unpack) : 0);
}

/* ---- an object that is not what the statement says ---- */

static bool spoil(struct reader *r, int code, const char *reason, struct str shown, struct err *e)
{
	const bool text = r->plan->format != NULL;
	struct record bad = {.text = shown,
	    .offset = text ? r->lines.offset : r->records.offset,
	    .first_line = text ? r->lines.line : r->records.line,
	    .line = text ? r->lines.line : r->records.line,
	    .reason = reason,
	    .code = code,
	    .whole = true};

	r->spoiled = true;
	return r->record(r->ctx, &bad, e);
}

/* How files begin that were meant for another statement. Those of plain letters could be text. */
static const char *foreign(struct str s, bool json, int *code)
{
	static const struct {
		struct str start;
		bool json_only;
		int code;
		const char *what;
	} kinds[] = {
	    {{"\xFF\xFE", 2}, false, 1221,
	        "the object is UTF-16: say ENCODING UTF16 in the COPY statement"},
	    {{"\xFE\xFF", 2}, false, 1221,
	        "the object is UTF-16: say ENCODING UTF16 in the COPY statement"},
	    {{"\x1F\x8B", 2}, false, 1216,
	        "the object is compressed with gzip: say GZIP in the COPY statement"},
	    {{"\x28\xB5\x2F\xFD", 4}, false, 1216,
	        "the object is compressed with zstd: say ZSTD in the COPY statement"},
	    {{"PK\x03\x04", 4}, false, 1216, "the object is a zip archive: COPY reads none"},
	    {{"BZh", 3}, true, 1216,
	        "the object is compressed with bzip2: say BZIP2 in the COPY statement"},
	    {{"PAR1", 4}, true, 1216, "the object is Parquet, the COPY statement says JSON"},
	    {{"Obj\x01", 4}, true, 1216, "the object is Avro, the COPY statement says JSON"},
	    {{"ORC", 3}, true, 1216, "the object is ORC, the COPY statement says JSON"},
	};

	*code = 1221;
	if (s.n >= 4 && s.p[0] && !s.p[1] && s.p[2] && !s.p[3])
		return "the object is UTF-16: say ENCODING UTF16LE in the COPY statement";
	if (s.n >= 4 && !s.p[0] && s.p[1] && !s.p[2] && s.p[3])
		return "the object is UTF-16: say ENCODING UTF16BE in the COPY statement";
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		*code = kinds[i].code;
		if (str_starts(s, kinds[i].start) && (json || !kinds[i].json_only))
			return kinds[i].what;
	}
	return NULL;
}

/* ---- decoded bytes ---- */

/* IGNOREHEADER: the new lines of an object's start are counted, whatever stands between them. */
static void pass_header(struct reader *r, const char **p, size_t *n)
{
	const char *from = *p;
	uint64_t lines = 0;

	while (*n && r->header > 0) {
		const char *end = memchr(*p, '\n', *n);
		size_t used = end ? (size_t)(end - *p) + 1 : *n;

		*p += used;
		*n -= used;
		lines += end != NULL;
		r->header -= end != NULL;
	}
	if (r->plan->format)
		lines_skip(&r->lines, (uint64_t)(*p - from), lines);
	else
		records_skip(&r->records, (uint64_t)(*p - from), lines);
}

/* Records that need not be cut, as far as there are. */
static bool take_whole(struct reader *r, struct err *e)
{
	for (;;) {
		struct str rest = records_rest(&r->records);
		size_t used = 0;
		uint32_t lines = 0;

		if (rest.n && !r->plan->whole(r->ctx, rest, &used, &lines, e))
			return false;
		if (used == 0)
			return true;
		records_take(&r->records, used, lines);
	}
}

static bool take_records(struct reader *r, struct err *e)
{
	struct record rec;

	for (;;) {
		enum records_what what;

		if (r->plan->whole && !take_whole(r, e))
			return false;
		what = records_next(&r->records, &rec);
		if (what == RECORDS_MORE || what == RECORDS_END)
			return true;
		if (!r->record(r->ctx, &rec, e))
			return false;
	}
}

static bool take_lines(struct reader *r, struct err *e)
{
	struct record rec;

	for (;;) {
		enum records_what what = lines_next(&r->lines, &rec);

		if (what == RECORDS_MORE || what == RECORDS_END)
			return true;
		if (!r->record(r->ctx, &rec, e))
			return false;
	}
}

static bool take_data(struct reader *r, const char *p, size_t n, struct err *e)
{
	if (r->header > 0)
		pass_header(r, &p, &n);
	if (n == 0)
		return true;
	if (r->plan->format) {
		lines_feed(&r->lines, p, n);
		return take_lines(r, e);
	}
	records_feed(&r->records, p, n);
	return take_records(r, e);
}

/* s is how the object begins; *stop: it is another kind of object. */
static bool begin(struct reader *r, struct str s, bool *stop, struct err *e)
{
	int code;
	const char *what = foreign(s, !r->plan->format, &code);

	r->begun = true;
	*stop = what != NULL;
	return !what || spoil(r, code, what, (struct str){s.p, s.n < 16 ? s.n : 16}, e);
}

/* What was held back to be looked at. */
static bool take_start(struct reader *r, struct err *e)
{
	bool stop;

	if (!begin(r, (struct str){r->start, r->n_start}, &stop, e))
		return false;
	return stop || take_data(r, r->start, r->n_start, e);
}

static bool take_text(struct reader *r, const char *p, size_t n, struct err *e)
{
	bool stop;

	if (!r->begun && r->n_start == 0 && n >= sizeof r->start) {
		if (!begin(r, (struct str){p, n}, &stop, e))
			return false;
		return stop || take_data(r, p, n, e);
	}
	while (!r->begun) {
		if (n == 0)
			return true;
		r->start[r->n_start++] = *p++;
		n--;
		if (r->n_start == sizeof r->start && !take_start(r, e))
			return false;
	}
	return r->spoiled || take_data(r, p, n, e);
}

/* ---- encodings and compressions ---- */

static bool take_utf16(struct reader *r, const char *p, size_t n, bool last, struct err *e)
{
	do {
		size_t part = n < UNPACK_PIECE ? n : UNPACK_PIECE, made;
		const char *why;

		made = utf16_take(&r->utf16, p, part, last && part == n, r->plan->utf8, &why);
		p += part;
		n -= part;
		if (made && !take_text(r, r->plan->utf8, made, e))
			return false;
		if (why && !r->spoiled)
			return spoil(r, 1221, why, STR(""), e);
	} while (n && !r->spoiled);
	return true;
}

static bool take_encoded(struct reader *r, const char *p, size_t n, bool last, struct err *e)
{
	if (r->spoiled)
		return true;
	return r->plan->encoding == COPY_UTF8 ? take_text(r, p, n, e)
	                                      : take_utf16(r, p, n, last, e);
}

static bool on_unpacked(void *ctx, const char *p, size_t n, struct err *e)
{
	struct reader *r = ctx;

	return take_encoded(r, p, n, false, e);
}

static bool take_packed(struct reader *r, const char *p, size_t n, bool last, struct err *e)
{
	const char *why;

	switch (unpack_feed(r->unpack, p, n, last, r->plan->unpacked, on_unpacked, r, &why, e)) {
	case UNPACK_STOPPED: return false;
	case UNPACK_BAD: return r->spoiled || spoil(r, 1216, why, STR(""), e);
	case UNPACK_OK: break;
	}
	return !last || take_encoded(r, NULL, 0, true, e);
}

bool reader_bytes(struct reader *r, const char *p, size_t n, bool last,
    bool (*record)(void *ctx, const struct record *r, struct err *e), void *ctx, struct err *e)
{
	r->record = record;
	r->ctx = ctx;
	if (!r->spoiled &&
	    !(r->unpack ? take_packed(r, p, n, last, e) : take_encoded(r, p, n, last, e)))
		return false;
	if (last && !r->begun && !r->spoiled && r->n_start && !take_start(r, e))
		return false;
	if (!last || r->spoiled)
		return true;
	if (r->plan->format) {
		lines_end(&r->lines);
		return take_lines(r, e);
	}
	records_end(&r->records);
	return take_records(r, e);
}
