/*
 * jsonscan.h - JSON as spans of the bytes it came in: no tree, no copy, no allocation.
 *
 * Two tools. jsonscan_close() finds where an object or array ends, 64 bytes at a time, over pieces
 * that may be cut anywhere; it trusts the text to be JSON. struct jsonscan is a cursor that walks
 * members, elements and values of one whole text and checks every byte of what it passes
 * (RFC 8259). A text is what the cursor accepts, except that the bytes of strings are not checked
 * for being UTF-8, nor \u escapes for being whole surrogate pairs: whoever uses a string's value
 * decides that (in Redshift both are errors of a field, not of the JSON).
 */
#ifndef SHARED_JSONSCAN_H
#define SHARED_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/bytemask.h"
#include "shared/str.h"

/* ---- the end of an object or array ---- */

/* Starts as {.kind = '{'} or {.kind = '['}; the first byte scanned must be that one. */
struct jsonscan_depth {
	uint64_t in_string; /* all ones inside a string */
	uint64_t escaped;   /* 1: the next byte stands behind a backslash */
	uint64_t depth;     /* open braces of the kind */
	uint64_t lines;     /* new lines passed */
	char kind;
};

/*
 * The bytes of p[0..n) up to and with the brace that closes the one at the start, or 0 where it is
 * not among them (then all n were taken in, and the next piece goes on from there). Only braces of
 * d->kind are counted: a wrong brace of the other kind spoils this value, and not its neighbours.
 */
size_t jsonscan_close(struct jsonscan_depth *d, const char *p, size_t n);

/* ---- a cursor over one text ---- */

enum jsonscan_type {
	JS_NULL = 1,
	JS_FALSE,
	JS_TRUE,
	JS_NUMBER,
	JS_STRING,
	JS_OBJECT,
	JS_ARRAY,
};

enum {
	JS_ESCAPED = 1, /* a string with a backslash in it */
	JS_HIGH = 2,    /* a string with bytes over 0x7F */
};

/* The numbers are no uint8_t: what is stored as one might, to the compiler, be a part of anything.
 */
struct jsonscan_value {
	struct str text; /* a string without its quotes, still escaped; else the whole value */
	uint32_t type;   /* enum jsonscan_type */
	uint32_t flags;
};

/* Arrays and objects may lie in one another this deep. */
enum { JSONSCAN_DEPTH_MAX = 2048 };

struct jsonscan {
	const char *p, *end;
	const char *why; /* NULL, or what is wrong at p; then nothing works any more */
	uint32_t depth;
	uint32_t lines; /* new lines passed */
};

static inline struct jsonscan jsonscan_init(struct str text)
{
	return (struct jsonscan){.p = text.p, .end = text.p + text.n};
}

bool jsonscan_fail(struct jsonscan *s, const char *why); /* returns false */

/* Blanks are passed first; *v is the value, checked to its end. */
bool jsonscan_value(struct jsonscan *s, struct jsonscan_value *v);

/* The type of what comes next, by its first byte; 0 and s->why where no value can begin so. */
enum jsonscan_type jsonscan_peek(struct jsonscan *s);

/*
 * An object: jsonscan_open(s, '{'), then while jsonscan_member(s, &key, &first) is true exactly
 * one value must be taken; false means '}' was passed, or s->why is set. `first` starts true. An
 * array is the same with '[' and jsonscan_element.
 */
bool jsonscan_open(struct jsonscan *s, char brace);
bool jsonscan_member(struct jsonscan *s, struct jsonscan_value *key, bool *first);
bool jsonscan_element(struct jsonscan *s, bool *first);

/* Only blanks are left. */
bool jsonscan_end(struct jsonscan *s);

/*
 * A string's value: out needs room for text.n bytes. Surrogate pairs become one character. What
 * returns in *odd, where it is not NULL: JS_ODD_NUL when \u0000 was written as a NUL byte,
 * JS_ODD_SURROGATE when half a pair was written as the three bytes that UTF-8 forbids,
 * JS_ODD_HIGH when any escape gave bytes over 0x7F.
 */
enum { JS_ODD_NUL = 1, JS_ODD_SURROGATE = 2, JS_ODD_HIGH = 4 };
size_t jsonscan_unescape(struct str text, char *out, unsigned *odd);

/* True where the value is a string whose value is `want`, escapes or not. */
bool jsonscan_is(const struct jsonscan_value *v, struct str want);

/* ---- the inner loops, here so that the row path has them inline ---- */

static inline bool jsonscan_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void jsonscan_blanks(struct jsonscan *s)
{
	for (; s->p < s->end && jsonscan_blank(*s->p); s->p++)
		s->lines += *s->p == '\n';
}

/* A number of less than 16 bytes, without sign and exponent. */
static inline bool jsonscan_short_number(struct jsonscan *s, struct jsonscan_value *v)
{
	const char *p = s->p;
	uint32_t other = ~digits16(p); /* with bits of its own from the 16th on */
	unsigned n = (unsigned)__builtin_ctz(other), behind;

	if (n == 0 || (*p == '0' && n > 1))
		return false;
	if (n < 16 && p[n] == '.') {
		behind = (unsigned)__builtin_ctz(other >> (n + 1));
		if (behind == 0)
			return false;
		n += 1 + behind;
	}
	if (n >= 16 || p[n] == '.' || (p[n] | 0x20) == 'e')
		return false;
	v->text = (struct str){p, n};
	v->type = JS_NUMBER;
	v->flags = 0;
	s->p += n;
	return true;
}

/*
 * Most values: a string that begins at once, has no escape, and ends within 32 bytes, or such a
 * number. False, and nothing was taken, where the next value is not such a one; jsonscan_value()
 * takes any.
 */
static inline bool jsonscan_short(struct jsonscan *s, struct jsonscan_value *v)
{
	struct text32 t;
	unsigned n;

	if (s->end - s->p < 33)
		return false;
	if (*s->p != '"')
		return jsonscan_short_number(s, v);
	t = text32_load(s->p + 1);
	if (!t.stop)
		return false;
	n = (unsigned)__builtin_ctz(t.stop);
	if (s->p[n + 1] != '"')
		return false;
	v->text = (struct str){s->p + 1, n};
	v->type = JS_STRING;
	v->flags = t.high & (t.stop ^ (t.stop - 1)) ? JS_HIGH : 0;
	s->p += n + 2;
	return true;
}

#endif
