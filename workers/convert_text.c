/* convert_text.c - CHAR and VARCHAR: a JSON value as bytes of a known width. See convert.h. */
#include "workers/convert.h"

#include "shared/utf8.h"

/* ---- UTF-8 ---- */

/* As utf8_bad, but in strides of 8 bytes over what is ASCII. */
static size_t bad_utf8(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint64_t word;
		size_t len;

		if (n - i >= sizeof word) {
			memcpy(&word, p + i, sizeof word);
			if (!(word & 0x8080808080808080ULL)) {
				i += sizeof word;
				continue;
			}
		}
		len = utf8_len((struct str){p + i, n - i});
		if (len == 0)
			return i;
		i += len;
	}
	return n;
}

/*
 * Redshift's number for what is wrong at s ("multibyte character load errors"): 1 longer than four
 * bytes, 2 cut off, 3 can not begin a character, 4 a byte behind is no continuation, 5 surrogate,
 * 8 over U+10FFFF, 9 no character (overlong).
 */
static int utf8_fault(struct str s, size_t *bytes)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t want = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;

	*bytes = 1;
	if (c < 0xC0 || c >= 0xFE)
		return 3;
	if (c >= 0xF8)
		return 1;
	for (size_t i = 1; i < want; i++) {
		if (i == s.n)
			return 2;
		if (((unsigned char)s.p[i] & 0xC0) != 0x80)
			return 4;
		*bytes = i + 1;
	}
	if (c == 0xED)
		return 5;
	return c >= 0xF4 ? 8 : 9;
}

static int32_t bad_char(struct convert_error *bad, struct str s)
{
	size_t bytes;
	int fault = utf8_fault(s, &bytes);
	char hex[16] = "";

	for (size_t i = 0; i < bytes; i++) {
		static const char digit[] = "0123456789abcdef";
		unsigned char c = (unsigned char)s.p[i];

		hex[3 * i] = digit[c >> 4];
		hex[3 * i + 1] = digit[c & 15];
		hex[3 * i + 2] = i + 1 < bytes ? ' ' : '\0';
	}
	return convert_bad(bad, 1220,
	    "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: %s "
	    "(error %d)",
	    hex, fault);
}

/* U+FDD0..U+FDEF and the last two of each plane: no characters, and ACCEPTINVCHARS replaces them.
 */
static bool no_character(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t cp;

	if (len < 3)
		return false;
	if (len == 3)
		cp = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	else
		cp = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 |
		     (p[3] & 0x3Fu);
	return (cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF);
}

/* ACCEPTINVCHARS: as many replacements as the invalid character has bytes. True: there was one. */
static bool replace_invalid(char *p, size_t n, char replacement)
{
	bool any = false;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_len((struct str){p + i, n - i});

		if (len == 0) {
			p[i++] = replacement;
			any = true;
			continue;
		}
		if (no_character(p + i, len)) {
			memset(p + i, replacement, len);
			any = true;
		}
		i += len;
	}
	return any;
}

/* ---- CHAR and VARCHAR ---- */

static bool white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool all_white(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!white(p[i]))
			return false;
	return true;
}

static int32_t ascii_only(const char *p, size_t n, struct convert_error *bad)
{
	for (size_t i = 0; i < n; i++) {
		char hex[16];
		size_t len, to = 0;

		if (!(p[i] & 0x80))
			continue;
		len = utf8_len((struct str){p + i, n - i});
		if (len == 0)
			return bad_char(bad, (struct str){p + i, n - i});
		for (size_t k = 0; k < len; k++) {
			static const char digit[] = "0123456789abcdef";
			unsigned char c = (unsigned char)p[i + k];

			hex[to++] = digit[c >> 4];
			hex[to++] = digit[c & 15];
			hex[to++] = ' ';
		}
		hex[to - 1] = '\0';
		return convert_bad(bad, 1220,
		    "Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid "
		    "char: %s",
		    hex);
	}
	return 0;
}

int32_t convert_text(
    const struct convert *c, const struct jsonscan_value *v, char *out, struct convert_error *bad)
{
	size_t n = v->text.n;
	bool check = v->flags & JS_HIGH;

	if (v->flags & JS_ESCAPED) {
		unsigned odd;

		n = jsonscan_unescape(v->text, out, &odd);
		if (odd & JS_ODD_NUL)
			return convert_bad(
			    bad, 1220, "\\u0000 can not be stored: PostgreSQL text holds no NUL");
		check = check || odd & JS_ODD_SURROGATE || (c->oid == OID_BPCHAR && odd);
	} else if (n) {
		memcpy(out, v->text.p, n);
	}
	/* An object or array has its strings in it, whose flags nobody kept. */
	check = check || v->type == JS_OBJECT || v->type == JS_ARRAY || c->accept_invalid;

	if (!c->plain) {
		if (c->blanks_null && n && all_white(out, n))
			return CONVERT_NULL;
		while (c->trim && n && white(out[n - 1]))
			n--;
		if (c->empty_null && n == 0)
			return CONVERT_NULL;
		if (c->accept_invalid && replace_invalid(out, n, c->replacement) && c->replaced)
			*c->replaced = true;
		if (c->oid == OID_BPCHAR && check && ascii_only(out, n, bad) < 0)
			return CONVERT_BAD;
	}
	if (check) {
		size_t at = bad_utf8(out, n);

		if (at < n)
			return bad_char(bad, (struct str){out + at, n - at});
	}
	if (c->width && n > c->width) {
		if (!c->truncate)
			return convert_bad(bad, 1204, "String length exceeds DDL length");
		n = c->width;
		while (n && ((unsigned char)out[n] & 0xC0) == 0x80)
			n--;
	}
	return (int32_t)n;
}
