/* jsonscan.c - see jsonscan.h. */
#include "shared/jsonscan.h"

#include "shared/bytemask.h"
#include "shared/utf8.h"

/* ---- the end of an object or array ---- */

/*
 * The bytes that stand behind an odd run of backslashes. A run that starts at an even place is
 * summed away by a carry that comes out behind its end; if that place is odd, so was the length.
 * The same for odd starts with even ends.
 */
static uint64_t escaped_bytes(uint64_t backslash, uint64_t *carry)
{
	const uint64_t even = 0x5555555555555555ULL;
	uint64_t first = *carry, starts, after_even, after_odd;

	backslash &= ~first;
	if (!backslash) {
		*carry = 0;
		return first;
	}
	starts = backslash & ~(backslash << 1);
	after_even = backslash + (starts & even);
	/* A run from an odd place to the very end is of odd length: it reaches the next block. */
	*carry = __builtin_add_overflow(backslash, starts & ~even, &after_odd);
	return first | (after_even & ~backslash & ~even) | (after_odd & ~backslash & even);
}

/* n of the 64 bytes at p count; the others are blanks. Returns as jsonscan_close. */
static size_t close_block(struct jsonscan_depth *d, const char *p, size_t n)
{
	struct bytes64 b = bytes64_load(p);
	uint64_t escaped = escaped_bytes(bytes64_eq(&b, '\\'), &d->escaped);
	uint64_t quotes = bytes64_eq(&b, '"') & ~escaped;
	uint64_t inside = bits_parity_before(quotes) ^ d->in_string;
	uint64_t open = bytes64_eq(&b, d->kind) & ~inside;
	uint64_t close = bytes64_eq(&b, (char)(d->kind + 2)) & ~inside; /* {} and [] */
	uint64_t lines = bytes64_eq(&b, '\n');

	if (n < 64)
		d->escaped = escaped >> n & 1;
	d->in_string = 0 - (inside >> 63);
	for (uint64_t left = open | close; left; left &= left - 1) {
		uint64_t bit = left & -left;

		if (open & bit) {
			d->depth++;
		} else if (--d->depth == 0) {
			lines &= bit - 1;
			d->lines += (uint64_t)__builtin_popcountll(lines);
			return (size_t)__builtin_ctzll(bit) + 1;
		}
	}
	if (lines)
		d->lines += (uint64_t)__builtin_popcountll(lines);
	return 0;
}

size_t jsonscan_close(struct jsonscan_depth *d, const char *p, size_t n)
{
	char rest[64];
	size_t i = 0, found;

	for (; n - i >= 64; i += 64) {
		found = close_block(d, p + i, 64);
		if (found)
			return i + found;
	}
	if (i == n)
		return 0;
	memset(rest, ' ', sizeof rest);
	memcpy(rest, p + i, n - i);
	found = close_block(d, rest, n - i);
	return found ? i + found : 0;
}

/* ---- the cursor ---- */

bool jsonscan_fail(struct jsonscan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the escape at the backslash p; 0 and s->why where it is none. */
static size_t escape(struct jsonscan *s, const char *p)
{
	size_t left = (size_t)(s->end - p);

	if (left < 2)
		return jsonscan_fail(s, "string without closing quote");
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': return 2;
	case 'u':
		for (size_t i = 2; i < 6; i++)
			if (left <= i || !is_hex(p[i]))
				return jsonscan_fail(s, "\\u without four hexadecimal digits");
		return 6;
	default: return jsonscan_fail(s, "unknown escape in string");
	}
}

/*
 * 32 bytes of a string at s->p: passes them and their escapes, of which the last may reach farther,
 * or stands at the quote or the control character that ends it. False: an escape that is none.
 */
static inline bool pass32(struct jsonscan *s, uint32_t *flags, bool *ends)
{
	const char *p = s->p;
	struct text32 t = text32_load(p);
	uint32_t stop = t.stop;
	size_t n = 32;

	while (stop) {
		size_t at = (size_t)__builtin_ctz(stop), length;

		s->p = p + at;
		if (*s->p != '\\') {
			*ends = true;
			t.high &= (1U << at) - 1;
			n = at;
			break;
		}
		*flags |= JS_ESCAPED;
		length = escape(s, s->p);
		if (length == 0)
			return false;
		if (at + length >= 32) {
			n = at + length;
			break;
		}
		stop &= ~0U << (at + length);
	}
	s->p = p + n;
	if (t.high)
		*flags |= JS_HIGH;
	return true;
}

/* s->p stands behind the opening quote; afterwards behind the closing one. */
static bool take_string(struct jsonscan *s, struct jsonscan_value *v)
{
	const char *start = s->p;
	uint32_t flags = 0;
	bool ends = false;

	while (!ends && s->end - s->p >= 32)
		if (!pass32(s, &flags, &ends))
			return false;
	for (;;) {
		unsigned char c;
		size_t n;

		if (s->p == s->end)
			return jsonscan_fail(s, "string without closing quote");
		c = (unsigned char)*s->p;
		if (c == '"') {
			v->text = (struct str){start, (size_t)(s->p - start)};
			v->type = JS_STRING;
			v->flags = flags;
			s->p++;
			return true;
		}
		if (c == '\\') {
			flags |= JS_ESCAPED;
			n = escape(s, s->p);
			if (n == 0)
				return false;
			s->p += n;
		} else if (c < 0x20) {
			return jsonscan_fail(s, "control character in string");
		} else {
			if (c > 0x7F)
				flags |= JS_HIGH;
			s->p++;
		}
	}
}

static bool digits(struct jsonscan *s)
{
	const char *p = s->p, *start = p;
	unsigned n = 8;
	uint32_t value;

	for (; n == 8 && s->end - p >= 8; p += n)
		n = str_digits8(p, &value);
	while (p < s->end && is_digit(*p))
		p++;
	s->p = p;
	return p > start || jsonscan_fail(s, "digit expected in number");
}

static bool number(struct jsonscan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0') {
		s->p++;
		if (s->p < s->end && is_digit(*s->p))
			return jsonscan_fail(s, "number with a leading zero");
	} else if (!digits(s)) {
		return false;
	}
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p | 0x20) == 'e') {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!digits(s))
			return false;
	}
	return true;
}

static bool literal(struct jsonscan *s, struct str word)
{
	size_t left = (size_t)(s->end - s->p);

	if (left < word.n || memcmp(s->p, word.p, word.n) != 0)
		return jsonscan_fail(s, "unknown literal");
	s->p += word.n;
	return true;
}

enum jsonscan_type jsonscan_peek(struct jsonscan *s)
{
	jsonscan_blanks(s);
	if (s->p == s->end) {
		jsonscan_fail(s, "value expected");
		return 0;
	}
	switch (*s->p) {
	case '{': return JS_OBJECT;
	case '[': return JS_ARRAY;
	case '"': return JS_STRING;
	case 't': return JS_TRUE;
	case 'f': return JS_FALSE;
	case 'n': return JS_NULL;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9': return JS_NUMBER;
	default: jsonscan_fail(s, "value expected"); return 0;
	}
}

bool jsonscan_open(struct jsonscan *s, char brace)
{
	jsonscan_blanks(s);
	if (s->p == s->end || *s->p != brace)
		return jsonscan_fail(s, brace == '{' ? "'{' expected" : "'[' expected");
	if (s->depth == JSONSCAN_DEPTH_MAX)
		return jsonscan_fail(s, "nested too deeply");
	s->depth++;
	s->p++;
	return true;
}

/* Between members or elements: true where another one follows. */
static bool another(struct jsonscan *s, char close, bool *first)
{
	if (s->why)
		return false;
	jsonscan_blanks(s);
	if (s->p == s->end)
		return jsonscan_fail(s, close == '}' ? "object without '}'" : "array without ']'");
	if (*s->p == close) {
		s->p++;
		s->depth--;
		return false;
	}
	if (!*first) {
		if (*s->p != ',')
			return jsonscan_fail(
			    s, close == '}' ? "',' or '}' expected" : "',' or ']' expected");
		s->p++;
		jsonscan_blanks(s);
	}
	*first = false;
	return true;
}

bool jsonscan_element(struct jsonscan *s, bool *first)
{
	return another(s, ']', first);
}

bool jsonscan_member(struct jsonscan *s, struct jsonscan_value *key, bool *first)
{
	if (!another(s, '}', first))
		return false;
	if (s->p == s->end || *s->p != '"')
		return jsonscan_fail(s, "member name in quotes expected");
	s->p++;
	if (!take_string(s, key))
		return false;
	jsonscan_blanks(s);
	if (s->p == s->end || *s->p != ':')
		return jsonscan_fail(s, "':' expected");
	s->p++;
	return true;
}

/* An object or array with all that is in it; which braces are open is a bit each. */
static bool container(struct jsonscan *s)
{
	uint64_t is_object[JSONSCAN_DEPTH_MAX / 64];
	uint32_t base = s->depth;
	bool first = true;

	for (;;) {
		struct jsonscan_value v;
		enum jsonscan_type type = jsonscan_peek(s);
		uint32_t level;

		if (type == JS_OBJECT || type == JS_ARRAY) {
			if (!jsonscan_open(s, type == JS_OBJECT ? '{' : '['))
				return false;
			level = s->depth - 1;
			if (type == JS_OBJECT)
				is_object[level / 64] |= 1ULL << level % 64;
			else
				is_object[level / 64] &= ~(1ULL << level % 64);
			first = true;
		} else if (type == 0 || !jsonscan_value(s, &v)) {
			return false;
		}
		/* Close what ends here; stop in front of the next value. */
		for (;;) {
			if (s->depth == base)
				return true;
			level = s->depth - 1;
			if (is_object[level / 64] >> level % 64 & 1 ? jsonscan_member(s, &v, &first)
			                                            : jsonscan_element(s, &first))
				break;
			if (s->why)
				return false;
			first = false;
		}
	}
}

bool jsonscan_value(struct jsonscan *s, struct jsonscan_value *v)
{
	const char *start;
	enum jsonscan_type type;
	bool ok = false;

	if (s->why)
		return false;
	if (s->p < s->end && *s->p == '"') { /* the most frequent, without a blank before */
		s->p++;
		return take_string(s, v);
	}
	type = jsonscan_peek(s);
	start = s->p;
	switch (type) {
	case JS_STRING: s->p++; return take_string(s, v);
	case JS_NUMBER: ok = number(s); break;
	case JS_NULL: ok = literal(s, STR("null")); break;
	case JS_TRUE: ok = literal(s, STR("true")); break;
	case JS_FALSE: ok = literal(s, STR("false")); break;
	case JS_OBJECT:
	case JS_ARRAY: ok = container(s); break;
	}
	v->text = (struct str){start, (size_t)(s->p - start)};
	v->type = type;
	v->flags = 0;
	return ok;
}

bool jsonscan_end(struct jsonscan *s)
{
	if (s->why)
		return false;
	jsonscan_blanks(s);
	return s->p == s->end || jsonscan_fail(s, "text behind the value");
}

/* ---- values of strings ---- */

static uint32_t hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		v = v << 4 | (uint32_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

/* text[i..] begins with \uXXXX, and X is the second half of a pair. */
static bool low_half(struct str text, size_t i)
{
	return text.n - i >= 6 && text.p[i] == '\\' && text.p[i + 1] == 'u' &&
	       (hex4(text.p + i + 2) & 0xFC00) == 0xDC00;
}

/* How many bytes there are from text[i] on, up to a backslash or the end; they are copied. */
static inline size_t copy_plain(struct str text, size_t i, char *out)
{
	const size_t left = text.n - i;
	const char *p = text.p + i, *slash;
	size_t n = 0, plain;

	for (; left - n >= 32; n += 32) {
		uint32_t stop = text32_load(p + n).stop;

		memcpy(out + n, p + n, 32); /* what is too much is written over */
		if (stop) {
			n += (size_t)__builtin_ctz(stop);
			if (p[n] == '\\')
				return n;
			break;
		}
	}
	slash = memchr(p + n, '\\', left - n);
	plain = slash ? (size_t)(slash - p) - n : left - n;
	memcpy(out + n, p + n, plain);
	return n + plain;
}

/* At the backslash text[*i]: writes what the escape means, passes it. Returns the bytes written. */
static inline size_t put_escape(struct str text, size_t *i, char *out, unsigned *seen)
{
	const char *p = text.p + *i;
	uint32_t cp;

	*i += 2;
	switch (p[1]) {
	case 'b': *out = '\b'; return 1;
	case 'f': *out = '\f'; return 1;
	case 'n': *out = '\n'; return 1;
	case 'r': *out = '\r'; return 1;
	case 't': *out = '\t'; return 1;
	default: *out = p[1]; return 1; /* " \ / */
	case 'u': break;
	}
	cp = hex4(p + 2);
	*i += 4;
	if ((cp & 0xFC00) == 0xD800 && low_half(text, *i)) {
		cp = 0x10000 + ((cp & 0x3FF) << 10) + (hex4(p + 8) & 0x3FF);
		*i += 6;
	} else if ((cp & 0xF800) == 0xD800) {
		*seen |= JS_ODD_SURROGATE;
	}
	if (cp == 0)
		*seen |= JS_ODD_NUL;
	if (cp > 0x7F)
		*seen |= JS_ODD_HIGH;
	return utf8_put(out, cp);
}

/*
 * 32 bytes of text from *i on, behind which there are 32 more, and the rest of an escape that
 * begins in them. Each piece between two escapes is copied as 32 bytes: what is too much is written
 * over.
 */
static inline size_t unescape32(struct str text, size_t *i, char *out, unsigned *seen)
{
	const char *p = text.p + *i;
	uint32_t stop = text32_load(p).stop; /* backslashes; quotes stand behind them only */
	size_t n = 0, from = 0;

	memcpy(out, p, 32);
	while (stop) {
		size_t at = (size_t)__builtin_ctz(stop), next = *i + at;

		n += at - from;
		if (p[at + 1] < 'a') {
			out[n++] = p[at + 1];
			from = at + 2;
		} else {
			n += put_escape(text, &next, out + n, seen);
			from = next - *i;
		}
		if (from >= 32)
			break;
		stop &= ~0U << from;
		memcpy(out + n, p + from, 32);
	}
	if (from < 32) {
		n += 32 - from;
		from = 32;
	}
	*i += from;
	return n;
}

size_t jsonscan_unescape(struct str text, char *out, unsigned *odd)
{
	size_t n = 0, i = 0;
	unsigned seen = 0;

	while (text.n - i >= 64)
		n += unescape32(text, &i, out + n, &seen);
	while (i < text.n) {
		size_t plain = copy_plain(text, i, out + n);

		n += plain;
		i += plain;
		if (i < text.n)
			n += put_escape(text, &i, out + n, &seen);
	}
	if (odd)
		*odd = seen;
	return n;
}

bool jsonscan_is(const struct jsonscan_value *v, struct str want)
{
	char room[256];

	if (v->type != JS_STRING)
		return false;
	if (!(v->flags & JS_ESCAPED))
		return str_eq(v->text, want);
	/* An escape takes at most 6 bytes for one of the value. */
	if (v->text.n > sizeof room || v->text.n < want.n)
		return false;
	return str_eq((struct str){room, jsonscan_unescape(v->text, room, NULL)}, want);
}
