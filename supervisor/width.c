/*
 * width.c - see width.h. How wide a character is, the C library knows, in a locale of UTF-8; that
 * of the process stays what it is.
 */
#include "supervisor/width.h"

#include <locale.h>
#include <wchar.h>

#include "shared/utf8.h"

static uint32_t code_point(struct str s, size_t len)
{
	uint32_t cp = (unsigned char)s.p[0];

	if (len > 1)
		cp &= 0xFFu >> (len + 1);
	for (size_t i = 1; i < len; i++)
		cp = cp << 6 | ((unsigned char)s.p[i] & 0x3Fu);
	return cp;
}

static size_t columns_of(uint32_t cp)
{
	static locale_t utf8;
	locale_t before;
	int n;

	if (cp < 0x300)
		return 1;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	n = wcwidth((wchar_t)cp);
	uselocale(before);
	return n < 0 ? 1 : (size_t)n;
}

/* The bytes of the character at the start of s, and its columns. */
static size_t first(struct str s, size_t *columns)
{
	size_t len = utf8_len(s);

	*columns = len ? columns_of(code_point(s, len)) : 1;
	return len ? len : 1;
}

size_t width_of(struct str s)
{
	size_t all = 0, one;

	while (s.n) {
		s = str_from(s, first(s, &one));
		all += one;
	}
	return all;
}

struct str width_cut(struct str s, size_t columns)
{
	struct str left = s;
	size_t all = 0, one, len;

	while (left.n) {
		len = first(left, &one);
		all += one;
		if (all > columns)
			break;
		left = str_from(left, len);
	}
	return (struct str){s.p, s.n - left.n};
}

void width_clean(struct buf *out, struct str s)
{
	while (s.n) {
		size_t len = utf8_len(s);
		uint32_t cp = len ? code_point(s, len) : 0xFFFD;

		if (!len)
			buf_z(out, "\xEF\xBF\xBD");
		else if (cp == '\t' || cp == '\n' || cp == '\r')
			buf_printf(out, "\\%c", cp == '\t' ? 't' : cp == '\n' ? 'n' : 'r');
		else if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
			buf_printf(out, "\\u%04x", cp);
		else
			buf_add(out, s.p, len);
		s = str_from(s, len ? len : 1);
	}
}
