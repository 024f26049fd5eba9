/*
 * records.h - the bytes of one S3 object, in pieces, as its root-level JSON records.
 *
 * COPY's rules (Redshift, "COPY from JSON format"): a file is a sequence of objects, or arrays,
 * with white space or nothing between them; a record may span lines, and here pieces. Each run of
 * other bytes between records is one error; so is a record over 4 MB, and one that the file's end
 * cuts off. Quotes and braces in such a run mean nothing, so it ends at the next '{' or '['.
 *
 * A record handed out is balanced, not checked: row_encode() does that. One unclosed brace swallows
 * what follows it, up to the end of the file, as it does in Redshift.
 *
 *     records_init(&r);
 *     for each piece:   records_feed(&r, p, n);   while (records_next(&r, &rec) != RECORDS_MORE)
 * ... records_end(&r);  while (records_next(&r, &rec) != RECORDS_END) ... records_reset(&r);  and
 * on with the next object
 */
#ifndef WORKERS_RECORDS_H
#define WORKERS_RECORDS_H

#include "shared/jsoncut.h"

enum { RECORDS_MAX = 4 << 20 }; /* bytes of one object or array, braces included */

enum records_what {
	RECORDS_RECORD = 1,
	RECORDS_BAD,  /* bytes that are no record: reason says why */
	RECORDS_MORE, /* feed the next piece */
	RECORDS_END,  /* after records_end: nothing is left */
};

struct record {
	struct str text; /* good until the next call; of a bad one at most the first 1024 bytes */
	uint64_t offset; /* of its first byte in the S3 object */
	uint64_t first_line; /* from 1 */
	uint64_t line;       /* of its last byte: what Redshift's error views call line_number */
	const char *reason;  /* NULL, or what is wrong with these bytes */
	int code;            /* Redshift's, with a reason: 1216 (invalid input line) ... */
	bool whole;          /* it is the object that is bad: nothing more of it can be read */
};

struct records {
	struct jsoncut cut;
	const char *p; /* the unread part of the piece */
	size_t n;
	struct record now;     /* where the record or run that is being read began */
	uint64_t offset, line; /* of p */
	bool ended;            /* no piece will come */
	bool junk;             /* in a run of bytes that are no record */
	size_t shown;          /* bytes of it in run */
	char run[JSONCUT_SHOWN];
};

void records_init(struct records *r);
void records_free(struct records *r);
void records_reset(struct records *r); /* for a new object; memory is kept */

/* The piece must stay where it is until records_next has returned RECORDS_MORE. */
void records_feed(struct records *r, const char *p, size_t n);
void records_end(struct records *r);

enum records_what records_next(struct records *r, struct record *out);

/* Bytes, and new lines among them, that somebody else has passed over before the first piece. */
void records_skip(struct records *r, uint64_t bytes, uint64_t lines);

/*
 * For somebody who finds the end of a well-formed record while looking at what is in it: the rest
 * of the piece from where a record begins, blanks passed; empty where none begins. n > 0 bytes of
 * it, a whole record with so many new lines, are then taken.
 */
struct str records_rest(struct records *r);
void records_take(struct records *r, size_t n, uint64_t lines);

/* Bytes kept of a record that a piece boundary cut. */
size_t records_held(const struct records *r);

#endif
