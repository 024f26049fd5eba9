/*
 * str.h - text inside the program: a pointer and a length, never a NUL to search for.
 *
 * A struct str is a view. It owns nothing; who made it says how long it lives (most live in an
 * arena, or in the buffer of the message that is being handled).
 */
#ifndef SHARED_STR_H
#define SHARED_STR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p; /* may be NULL when n is 0 */
	size_t n;      /* bytes */
};

/* A literal as a str; and the two arguments of "%.*s". */
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STRF(s) (int)(s).n, (s).n ? (s).p : ""

static inline struct str str_z(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

bool str_eq(struct str a, struct str b);
bool str_eqz(struct str a, const char *z);
bool str_ieq(struct str a, struct str b); /* ASCII, case ignored */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Bytewise, as S3 orders keys: <0, 0, >0. */
int str_cmp(struct str a, struct str b);

/* What both begin with. */
struct str str_common(struct str a, struct str b);

/* Without blanks, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);

/* s from byte `from` on; from may be past the end. */
struct str str_from(struct str s, size_t from);

/* Position of c, or s.n where there is none. */
size_t str_find(struct str s, char c);

/* The whole of s as a decimal number, an optional sign first; false on anything else or overflow.
 */
bool str_to_i64(struct str s, int64_t *out);

/* How many of the 8 bytes at p, from the first on, are decimal digits; *out is what they say. */
static inline unsigned str_digits8(const char *p, uint32_t *out)
{
	uint64_t w, odd;
	unsigned n = 8;

	memcpy(&w, p, sizeof w);
	w = le64toh(w) ^ 0x3030303030303030; /* digits are 0 to 9 now */
	odd = (w | (w + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0;
	if (odd) {
		n = (unsigned)__builtin_ctzll(odd) / 8;
		w = n ? w << (64 - 8 * n) : 0; /* zeros before them */
	}
	/* Pairs first, then fours, then all. */
	w = w * 10 + (w >> 8);
	w = (w & 0x00FF00FF00FF00FF) * 100 + (w >> 16 & 0x00FF00FF00FF00FF);
	w = (w & 0x0000FFFF0000FFFF) * 10000 + (w >> 32 & 0x0000FFFF0000FFFF);
	*out = (uint32_t)w;
	return n;
}

/* What a hexadecimal digit of either case stands for, or -1. */
int str_hex_digit(char c);

/* Bytes as lower-case hexadecimal digits; out holds 2n + 1. */
void str_hex(const unsigned char *bytes, size_t n, char *out);

/* Levenshtein distance, ASCII case ignored; used for "did you mean". Inputs over 64 bytes give 99.
 */
size_t str_distance(struct str a, struct str b);

#endif
