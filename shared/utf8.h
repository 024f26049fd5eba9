/* utf8.h - the well-formed byte sequences of RFC 3629. */
#ifndef SHARED_UTF8_H
#define SHARED_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

/* Bytes of the character at the start of s, 1 to 4; 0 where s is empty or not well formed there. */
size_t utf8_len(struct str s);

/* Writes code point cp (at most 0x10FFFF; half a surrogate pair as the three bytes that are no
 * UTF-8) to out; returns the bytes written. */
size_t utf8_put(char out[4], uint32_t cp);

/* Position of the first byte that is not well formed, or s.n. */
size_t utf8_bad(struct str s);

/* The well-formed part of s before its last character: what s begins with, and less than it. */
struct str utf8_before(struct str s);

/* A copy of s with a NUL behind it in to[size]; what does not fit is cut off between two
 * characters.
 */
void utf8_fill(char *to, size_t size, struct str s);

#endif
