/*
 * buf.h - a byte buffer that declares its largest size when it is made.
 *
 * Sticky: once something did not fit, `over` is set and later additions do nothing, so one check at
 * the end is enough. The bytes are always followed by a NUL that is not counted in n.
 */
#ifndef SHARED_BUF_H
#define SHARED_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"

struct buf {
	char *p;
	size_t n;   /* bytes in it */
	size_t cap; /* allocated */
	size_t max; /* never more than this */
	bool over;  /* something did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);  /* may be used again after buf_init */
void buf_wipe(struct buf *b);  /* buf_free() of what holds a secret: overwritten first */
void buf_reset(struct buf *b); /* empty, over cleared, memory kept */

void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_c(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_json(struct buf *b, struct str s);

/* A word as a shell reads it back, in quotes where it must be. */
void buf_word(struct buf *b, struct str s);

/* Drops the first n bytes. */
void buf_shift(struct buf *b, size_t n);

/* Makes room for n more bytes behind b->n and returns where they go; NULL when they would not fit.
 */
char *buf_room(struct buf *b, size_t n);

static inline struct str buf_view(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

#endif
