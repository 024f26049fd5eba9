/*
 * bytemask.h - which of 64 bytes equal a given one, as a bit each (bit 0 is the first byte).
 *
 * The scanners of this program look at text 64 bytes at a time through these masks, so that what
 * they do per byte does not depend on what the bytes are. SSE2 is part of every x86-64; elsewhere
 * (or with BYTEMASK_PORTABLE) the same masks come from 64-bit words.
 */
#ifndef SHARED_BYTEMASK_H
#define SHARED_BYTEMASK_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(BYTEMASK_PORTABLE)
#include <emmintrin.h>

struct bytes64 {
	__m128i v[4];
};

static inline struct bytes64 bytes64_load(const char *p)
{
	struct bytes64 b;

	for (int i = 0; i < 4; i++)
		b.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
	return b;
}

static inline uint64_t bytes64_eq(const struct bytes64 *b, char c)
{
	__m128i want = _mm_set1_epi8(c);
	uint64_t m = 0;

	for (int i = 0; i < 4; i++)
		m |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b->v[i], want))
		     << (16 * i);
	return m;
}

#else

struct bytes64 {
	uint64_t v[8];
};

static inline struct bytes64 bytes64_load(const char *p)
{
	struct bytes64 b;

	memcpy(b.v, p, sizeof b.v);
	for (int i = 0; i < 8; i++)
		b.v[i] = le64toh(b.v[i]);
	return b;
}

static inline uint64_t bytes64_eq(const struct bytes64 *b, char c)
{
	const uint64_t low7 = 0x7F7F7F7F7F7F7F7FULL;
	uint64_t want = 0x0101010101010101ULL * (unsigned char)c;
	uint64_t m = 0;

	for (int i = 0; i < 8; i++) {
		uint64_t x = b->v[i] ^ want; /* zero where equal */
		uint64_t hit = ~(((x & low7) + low7) | x | low7);

		/* 0x80 in each hit byte; the product gathers them in the top byte. */
		m |= ((hit >> 7) * 0x0102040810204080ULL >> 56) << (8 * i);
	}
	return m;
}

#endif

/* Bit i of the result: the parity of the bits 0..i of m. */
static inline uint64_t bits_parity_before(uint64_t m)
{
	m ^= m << 1;
	m ^= m << 2;
	m ^= m << 4;
	m ^= m << 8;
	m ^= m << 16;
	m ^= m << 32;
	return m;
}

#endif
