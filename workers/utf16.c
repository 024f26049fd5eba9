/* utf16.c - see utf16.h. */
#include "workers/utf16.h"

void utf16_init(struct utf16 *u, enum copystmt_encoding encoding)
{
	*u = (struct utf16){.encoding = encoding,
	    .known = encoding != COPY_UTF16,
	    .little = encoding == COPY_UTF16LE};
}

static size_t put(uint32_t cp, char *out)
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

static size_t put_unit(struct utf16 *u, uint16_t unit, char *out)
{
	size_t n = 0;

	if (u->high && unit >= 0xDC00 && unit <= 0xDFFF) {
		n = put(0x10000 + ((uint32_t)(u->high - 0xD800) << 10) + (unit - 0xDC00u), out);
		u->high = 0;
		return n;
	}
	if (u->high)
		n = put(u->high, out);
	u->high = 0;
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		u->high = unit;
		return n;
	}
	return n + put(unit, out + n);
}

size_t utf16_take(struct utf16 *u, const char *p, size_t n, bool last, char *out, const char **why)
{
	size_t to = 0;

	*why = NULL;
	for (size_t i = 0; i < n; i++) {
		uint8_t a = u->first, b = (uint8_t)p[i];
		bool begin = !u->begun;

		if (!u->half) {
			u->first = b;
			u->half = true;
			continue;
		}
		u->half = false;
		u->begun = true;
		if (begin && !u->known) {
			u->little = a == 0xFF && b == 0xFE;
			u->known = u->little || (a == 0xFE && b == 0xFF);
			if (!u->known) {
				*why = "ENCODING UTF16 wants a byte order mark: say UTF16LE or "
				       "UTF16BE";
				return 0;
			}
			continue;
		}
		if (begin && a == (u->little ? 0xFF : 0xFE) && b == (u->little ? 0xFE : 0xFF))
			continue;
		to += put_unit(u, (uint16_t)(u->little ? b << 8 | a : a << 8 | b), out + to);
	}
	if (last && u->high) {
		to += put(u->high, out + to);
		u->high = 0;
	}
	if (last && u->half)
		*why = "the object ends within a character of UTF-16";
	return to;
}
