/*
 * bytemask.h - which of 64 bytes equal a given one, of 32 end plain text, or of 16 are digits, as a
 * bit each (bit 0 is the first byte).
 *
 * The scanners of this program look at text through these masks, so that what they do per byte does
 * not depend on what the bytes are. SSE2 is part of every x86-64; elsewhere
 * (or with BYTEMASK_PORTABLE) the same masks come from 64-bit words.
 */
#ifndef SHARED_BYTEMASK_H
#define SHARED_BYTEMASK_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Of 32 bytes of a JSON string. */
struct text32 {
	uint32_t stop; /* '"', '\\' and control characters: where what is plain ends */
	uint32_t high; /* bytes over 0x7F */
};

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

static inline struct text32 text32_load(const char *p)
{
	struct text32 t = {0, 0};

	for (int i = 0; i < 2; i++) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		__m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
		__m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
		__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1F)), x);
		__m128i any = _mm_or_si128(_mm_or_si128(quote, slash), control);

		t.stop |= (uint32_t)_mm_movemask_epi8(any) << (16 * i);
		t.high |= (uint32_t)_mm_movemask_epi8(x) << (16 * i);
	}
	return t;
}

/* Which of 16 bytes are decimal digits. */
static inline uint32_t digits16(const char *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);

	x = _mm_sub_epi8(x, _mm_set1_epi8('0'));
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x));
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

/* 0x80 in each byte of x that is zero. */
static inline uint64_t zero_bytes(uint64_t x)
{
	const uint64_t low7 = 0x7F7F7F7F7F7F7F7FULL;

	return ~(((x & low7) + low7) | x | low7);
}

/* The top bits of the bytes, side by side: the product gathers them in its top byte. */
static inline uint64_t top_bits(uint64_t x)
{
	return (x >> 7 & 0x0101010101010101ULL) * 0x0102040810204080ULL >> 56;
}

static inline uint64_t bytes64_eq(const struct bytes64 *b, char c)
{
	uint64_t want = 0x0101010101010101ULL * (unsigned char)c;
	uint64_t m = 0;

	for (int i = 0; i < 8; i++)
		m |= top_bits(zero_bytes(b->v[i] ^ want)) << (8 * i);
	return m;
}

static inline struct text32 text32_load(const char *p)
{
	struct text32 t = {0, 0};

	for (int i = 0; i < 4; i++) {
		uint64_t x, stop;

		memcpy(&x, p + 8 * i, sizeof x);
		x = le64toh(x);
		stop = zero_bytes(x ^ 0x2222222222222222ULL) |
		       zero_bytes(x ^ 0x5C5C5C5C5C5C5C5CULL) |
		       zero_bytes(x & 0xE0E0E0E0E0E0E0E0ULL);
		t.stop |= (uint32_t)top_bits(stop) << (8 * i);
		t.high |= (uint32_t)top_bits(x) << (8 * i);
	}
	return t;
}

static inline uint32_t digits16(const char *p)
{
	uint32_t m = 0;

	for (int i = 0; i < 2; i++) {
		uint64_t x, other;

		memcpy(&x, p + 8 * i, sizeof x);
		x = le64toh(x) ^ 0x3030303030303030ULL; /* digits are 0 to 9 now */
		other = (x & 0x0F0F0F0F0F0F0F0FULL) + 0x0606060606060606ULL;
		other = (x & 0xF0F0F0F0F0F0F0F0ULL) | (other & 0x1010101010101010ULL);
		m |= (uint32_t)top_bits(zero_bytes(other)) << (8 * i);
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
