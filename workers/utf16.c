/* utf16.c - see utf16.h. */
#include "workers/utf16.h"

#include "shared/utf8.h"

void utf16_init(struct utf16 *u, enum copystmt_encoding encoding)
{
	*u = (struct utf16){.encoding = encoding,
	    .known = encoding != COPY_UTF16,
	    .little = encoding == COPY_UTF16LE};
}

static size_t put_unit(struct utf16 *u, uint16_t unit, char *out)
{
	size_t n = 0;

	if (u->high && unit >= 0xDC00 && unit <= 0xDFFF) {
		n = utf8_put(
		    out, 0x10000 + ((uint32_t)(u->high - 0xD800) << 10) + (unit - 0xDC00u));
		u->high = 0;
		return n;
	}
	if (u->high)
		n = utf8_put(out, u->high);
	u->high = 0;
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		u->high = unit;
		return n;
	}
	return n + utf8_put(out + n, unit);
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
		to += utf8_put(out + to, u->high);
		u->high = 0;
	}
	if (last && u->half)
		*why = "the object ends within a character of UTF-16";
	return to;
}
