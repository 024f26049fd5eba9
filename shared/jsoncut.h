/*
 * jsoncut.h - one object or array out of a stream of pieces that are cut anywhere.
 *
 * What lies wholly in the piece is handed out where it lies; only what a piece boundary cuts is
 * gathered in a buffer of its own. workers/records.h, the objects of a file, stands on it.
 */
#ifndef SHARED_JSONCUT_H
#define SHARED_JSONCUT_H

#include "shared/buf.h"
#include "shared/jsonscan.h"

enum jsoncut_state {
	CUT_MORE = 1, /* the piece is used up, the value goes on */
	CUT_WHOLE,
	CUT_TOO_BIG, /* it ended, but is longer than max; only its beginning is there */
};

/* How much of a value that is too big is kept for the report of it. */
enum { JSONCUT_SHOWN = 1024 };

struct jsoncut {
	struct jsonscan_depth depth;
	struct buf tail;
	size_t max;
	bool open; /* between the first byte of a value and its last */
	bool too_big;
};

void jsoncut_init(struct jsoncut *c, size_t max);
void jsoncut_free(struct jsoncut *c);

/* Forgets a value that is open. */
void jsoncut_reset(struct jsoncut *c);

/*
 * Takes bytes of p[0..n), n > 0, until the value ends; where none is open, p[0] must be '{' or '['.
 * *used says how many. *out is set with CUT_WHOLE and CUT_TOO_BIG; it lies in the piece or in the
 * tail, and is good until the next call.
 */
enum jsoncut_state jsoncut_take(
    struct jsoncut *c, const char *p, size_t n, size_t *used, struct str *out);

#endif
