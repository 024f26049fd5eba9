/*
 * utf16.h - ENCODING UTF16: pieces of an object as UTF-8. Half a surrogate pair becomes the three
 * bytes that UTF-8 forbids, so that whoever checks text finds it where it stands.
 */
#ifndef WORKERS_UTF16_H
#define WORKERS_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/copystmt.h"

struct utf16 {
	enum copystmt_encoding encoding; /* UTF16: by its byte order mark, which must be there */
	bool known, little, begun, half;
	uint8_t first; /* of a unit that a piece boundary cuts */
	uint16_t high; /* a high surrogate that waits for its low one, or 0 */
};

void utf16_init(struct utf16 *u, enum copystmt_encoding encoding); /* and for each new object */

/* Room for the UTF-8 of n bytes. */
static inline size_t utf16_room(size_t n)
{
	return n / 2 * 3 + 9;
}

/* Writes to out, returns how many bytes; *why says what is wrong with the object, or is NULL. */
size_t utf16_take(struct utf16 *u, const char *p, size_t n, bool last, char *out, const char **why);

#endif
