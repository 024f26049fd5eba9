/* utf8.c - see utf8.h. */
#include "shared/utf8.h"

static int cont(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

size_t utf8_len(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2)
		return 0;
	if (p[0] < 0xE0)
		return s.n >= 2 && cont(p[1]) ? 2 : 0;
	if (p[0] < 0xF0) {
		if (s.n < 3 || !cont(p[1]) || !cont(p[2]))
			return 0;
		if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))
			return 0; /* overlong, surrogate */
		return 3;
	}
	if (p[0] > 0xF4 || s.n < 4 || !cont(p[1]) || !cont(p[2]) || !cont(p[3]))
		return 0;
	if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return 4;
}

size_t utf8_put(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

size_t utf8_bad(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t len = utf8_len(str_from(s, i));

		if (len == 0)
			return i;
		i += len;
	}
	return s.n;
}

struct str utf8_before(struct str s)
{
	if (s.n)
		s.n--;
	while (s.n && utf8_bad(s) < s.n)
		s.n--;
	return s;
}

void utf8_fill(char *to, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	while (n < s.n && n && cont((unsigned char)s.p[n]))
		n--;
	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}
