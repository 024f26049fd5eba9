/*
 * lines.h - the bytes of one S3 object, in pieces, as the records of a text format.
 *
 * The counterpart of records.h for what is not JSON, and used in the same way. A record ends with
 * its new line, which is no part of it: one that is within the quotes of CSV, or behind a backslash
 * with ESCAPE, ends nothing. What stands behind the last new line is a record, too, if it is not
 * empty. A record over 4 MB is RECORDS_BAD.
 */
#ifndef WORKERS_LINES_H
#define WORKERS_LINES_H

#include "workers/records.h"
#include "workers/textformat.h"

struct lines {
	const struct textformat *format;
	const char *p; /* the unread part of the piece */
	size_t n;
	struct buf tail; /* of a record that a piece boundary cuts */
	struct record now;
	uint64_t offset, line; /* of p */
	int state;
	bool open, too_big, ended;
};

/* format must live as long as *l. */
void lines_init(struct lines *l, const struct textformat *format);
void lines_free(struct lines *l);
void lines_reset(struct lines *l);
void lines_skip(struct lines *l, uint64_t bytes, uint64_t lines);

void lines_feed(struct lines *l, const char *p, size_t n);
void lines_end(struct lines *l);
enum records_what lines_next(struct lines *l, struct record *out);
size_t lines_held(const struct lines *l);

#endif
