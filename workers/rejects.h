/*
 * rejects.h - the records that a COPY rejects, and how many of them it bears.
 *
 * MAXERROR n: the load fails when n records are rejected; 0, 1 and none: at the first. With
 * IGNOREALLERRORS it never does. An object that can not be read as a whole fails the load in any
 * case: how many records it holds is not known. (Redshift: "MAXERROR", "IGNOREALLERRORS".)
 */
#ifndef WORKERS_REJECTS_H
#define WORKERS_REJECTS_H

#include "shared/arena.h"
#include "shared/copystmt.h"
#include "workers/row.h"

/* A rejected record, as dwh.load_errors has it. */
struct bad_record {
	struct str object; /* "s3://bucket/key" */
	uint64_t line;     /* of the record's end, from 1, as in Redshift's error views */
	struct str column, type, value, reason;
	int64_t position;
	int code;
};

struct rejects {
	struct arena *arena;
	int64_t limit;        /* the load fails when so many are rejected */
	bool bear_all;        /* --validate: nothing fails, all are looked for */
	bool failed;          /* with bear_all: a load would have failed */
	struct bad_record *v; /* the first ones, as many as fit REJECTS_KEPT bytes */
	size_t n, cap, bytes;
	int64_t count; /* all */
};

enum { REJECTS_KEPT = 32 << 20 };

/* Records rejected before the load fails: MAXERROR, at least 1; INT64_MAX: no number is too large.
 */
int64_t rejects_limit(const struct copystmt *stmt);

/*
 * Adds one. False, ERR_DATA/AT_DATA, where the load fails by it: the message names the place, what
 * is wrong and the remedy. whole: the object can not be read.
 */
bool rejects_add(struct rejects *r, struct str bucket, struct str key, uint64_t line,
    const struct row_error *why, bool whole, struct err *e);

/* Fails by this record: ERR_DATA, as above. */
bool rejects_fail(struct rejects *r, const struct bad_record *b, bool whole, struct err *e);

#endif
