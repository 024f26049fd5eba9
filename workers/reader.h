/*
 * reader.h - one S3 object, in pieces, as its records, in whatever format and compression the COPY
 * statement says.
 *
 *   bytes -> [unpack] -> [UTF-16 to UTF-8] -> IGNOREHEADER -> records (JSON) or lines (text)
 *
 * Bytes that need none of it are not copied. An object that is something else than the statement
 * says (compressed, UTF-16, Parquet ...) or whose compressed data are damaged is one bad "record"
 * with `whole` set, and what follows of it is passed over.
 */
#ifndef WORKERS_READER_H
#define WORKERS_READER_H

#include "workers/lines.h"
#include "workers/unpack.h"
#include "workers/utf16.h"

/* What all readers of a COPY share: what to do, and room that each needs only while it works. */
struct reader_plan {
	enum unpack_kind packed;
	enum copystmt_encoding encoding;
	int64_t header;                  /* lines at an object's start that are no data */
	const struct textformat *format; /* NULL: JSON */
	/* NULL, or who takes a JSON record before it is cut, from the start of rest: *used says how
	 * many bytes, with how many new lines; 0: it has to be cut first. */
	bool (*whole)(void *ctx, struct str rest, size_t *used, uint32_t *lines, struct err *e);
	char *unpacked, *utf8; /* NULL where nothing is compressed, or UTF-16 */
};

struct reader {
	struct reader_plan *plan;
	struct records records;
	struct lines lines;
	struct unpack *unpack;
	struct utf16 utf16;
	int64_t header; /* lines still to be passed over */
	char start[4];  /* of the object, where the first pieces are shorter */
	size_t n_start;
	bool begun, spoiled;
	/* Of the call that runs. */
	bool (*record)(void *ctx, const struct record *r, struct err *e);
	void *ctx;
};

/* format may be NULL: JSON. It must outlive the plan. */
void reader_plan_init(
    struct reader_plan *p, const struct copystmt *stmt, const struct textformat *format);
void reader_plan_free(struct reader_plan *p);

void reader_init(struct reader *r, struct reader_plan *plan);
void reader_free(struct reader *r);
void reader_reset(struct reader *r); /* for a new object */

/*
 * The next n bytes of the object; last with its final ones (n may be 0). record gets each record,
 * or what is bad (r->reason set), and ends everything by returning false; so does this.
 */
bool reader_bytes(struct reader *r, const char *p, size_t n, bool last,
    bool (*record)(void *ctx, const struct record *r, struct err *e), void *ctx, struct err *e);

/* Bytes of memory kept for the object. */
size_t reader_held(const struct reader *r);

#endif
