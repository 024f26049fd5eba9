/* The cursor over strings, and numbers of decimal digits, against plain loops: of every length,
 * every distance to the end of what may be read, with everything special everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "shared/arena.h"
#include "shared/jsonscan.h"

/* The bytes, with nothing behind them that may be read. */
static char *exactly(const char *p, size_t n)
{
	char *copy = xmalloc(n ? n : 1);

	memcpy(copy, p, n);
	return copy;
}

/* A string's bytes from behind its opening quote on: where it ends, and its flags. False where it
 * is none. */
static bool plain_loop(const char *p, size_t n, size_t *end, uint32_t *flags)
{
	*flags = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"') {
			*end = i;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c > 0x7F)
			*flags |= JS_HIGH;
		if (c == '\\') {
			*flags |= JS_ESCAPED;
			if (i + 1 == n || !strchr("\"\\/bfnrtu", p[++i]))
				return false;
			for (size_t k = i + 1; p[i] == 'u' && k <= i + 4; k++)
				if (k >= n || !strchr("0123456789abcdefABCDEF", p[k]) || !p[k])
					return false;
		}
	}
	return false;
}

static void check_string(const char *text, size_t n)
{
	char *copy = exactly(text, n);

	for (int way = 0; way < 2; way++) {
		struct jsonscan s = jsonscan_init((struct str){copy, n});
		struct jsonscan_value v;
		uint32_t flags;
		size_t end;
		bool good = plain_loop(text + 1, n - 1, &end, &flags);

		if (way == 0 && !jsonscan_short(&s, &v)) {
			assert_ptr_equal(s.p, copy);
			assert_false(good && !(flags & JS_ESCAPED) && end < 32 && n > 32);
			continue;
		}
		if (way == 1)
			assert_int_equal(jsonscan_value(&s, &v), good);
		if (!good) {
			assert_int_equal(way, 1);
			continue;
		}
		assert_int_equal(v.type, JS_STRING);
		assert_int_equal(v.flags, flags);
		assert_ptr_equal(v.text.p, copy + 1);
		assert_int_equal(v.text.n, end);
		assert_ptr_equal(s.p, copy + end + 2);
	}
	free(copy);
}

static void strings_of_every_length(void **state)
{
	static const char special[] = {
	    '"', '\\', 'x', '\n', 0x1F, 0, 0x20, 0x7F, (char)0x80, (char)0xFF};
	char text[200];

	(void)state;
	for (size_t n = 0; n < 80; n++)
		for (size_t behind = 0; behind < 70; behind += behind < 4 ? 1 : 11)
			for (size_t at = 0; at <= n; at++)
				for (size_t i = 0; i < sizeof special; i++) {
					memset(text, 'a' + (char)(n % 26), sizeof text);
					text[0] = '"';
					text[1 + n] = '"';
					text[1 + at] = special[i];
					if (special[i] == '\\')
						text[2 + at] = "\"\\/bfnrtq"[n % 9];
					check_string(text, n + 2 + behind);
				}
}

static size_t plain_unescape(const char *p, size_t n, char *out)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		out[to++] = p[i] != '\\' ? p[i] : p[++i] == 'n' ? '\n' : p[i];
	return to;
}

static void escapes_at_every_place(void **state)
{
	char text[200], want[200];

	(void)state;
	for (size_t n = 2; n < 110; n++)
		for (size_t at = 0; at + 1 < n; at++)
			for (size_t other = at + 2; other + 1 < n; other += 7) {
				char *copy, *out = xmalloc(n);
				size_t m;

				for (size_t i = 0; i < n; i++)
					text[i] = (char)('a' + i % 26);
				text[at] = text[other] = '\\';
				text[at + 1] = "\"\\/n"[n % 4];
				text[other + 1] = "\"\\/n"[at % 4];
				copy = exactly(text, n);
				m = plain_unescape(text, n, want);
				assert_int_equal(
				    jsonscan_unescape((struct str){copy, n}, out, NULL), m);
				assert_memory_equal(out, want, m);
				free(copy);
				free(out);
			}
}

/* Adds text to *n bytes. */
static void add(char *to, size_t *n, const char *text)
{
	memcpy(to + *n, text, strlen(text));
	*n += strlen(text);
}

/* Strings put together from what matters, so that it meets every place of a block of 32. */
static void strings_of_pieces(void **state)
{
	static const struct {
		const char *text, *value; /* no value: no string */
	} pieces[] = {{"a", "a"}, {"bcdefg", "bcdefg"}, {"\xC3\xA9", "\xC3\xA9"}, {"\\\"", "\""},
	    {"\\\\", "\\"}, {"\\/", "/"}, {"\\n\\t", "\n\t"}, {"\\u0041", "A"},
	    {"\\u00e9", "\xC3\xA9"}, {"\\uD83D\\uDE00", "\xF0\x9F\x98\x80"}, {"\\q", NULL},
	    {"\\u12g4", NULL}, {"\x01", NULL}};
	enum { PIECES = sizeof pieces / sizeof pieces[0], GOOD = PIECES - 3 };

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		char text[600] = "\"", value[600] = "", *copy, *out;
		size_t pieces_in = (size_t)rand() % 40, n = 1, m = 0;
		struct jsonscan s;
		struct jsonscan_value v;
		bool good = true;

		for (size_t i = 0; i < pieces_in; i++) {
			int any = rand() % (round % 4 ? GOOD : 60);
			int k = any < PIECES ? any : rand() % 3;

			add(text, &n, pieces[k].text);
			good = good && pieces[k].value;
			if (good)
				add(value, &m, pieces[k].value);
		}
		add(text, &n, round % 8 ? "\"" : "");
		good = good && round % 8;
		check_string(text, n + (size_t)rand() % 70);
		copy = exactly(text, n);
		s = jsonscan_init((struct str){copy, n});
		assert_int_equal(jsonscan_value(&s, &v), good);
		if (good) {
			assert_int_equal(v.text.n, n - 2);
			out = xmalloc(v.text.n ? v.text.n : 1);
			assert_int_equal(jsonscan_unescape(v.text, out, NULL), m);
			assert_memory_equal(out, value, m);
			free(out);
		}
		free(copy);
	}
}

static void digits_of_sixteen_bytes(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 16; at++)
		for (unsigned c = 0; c < 256; c++) {
			char text[17] = "9876543210012345";
			uint32_t digit = c >= '0' && c <= '9';

			text[at] = (char)c;
			assert_int_equal(digits16(text), (~(1U << at) | digit << at) & 0xFFFF);
		}
}

/* What is taken as a short number is what the whole cursor takes; what is not, it does not take, or
 * it is longer, has a sign or an exponent. */
static void short_numbers(void **state)
{
	static const char any[] = "01234567890123456789...eE-+,} x";

	(void)state;
	for (unsigned i = 0; i < 500000; i++) {
		enum { N = 40 };
		char text[N + 1] = "", *copy;
		struct jsonscan s, whole;
		struct jsonscan_value v, all;
		bool took;

		for (size_t k = 0; k < N; k++)
			text[k] = any[(size_t)rand() % (i % 2 ? sizeof any - 1 : 23)];
		text[rand() % N] = ",}e."[i % 4];
		copy = exactly(text, N);
		s = whole = jsonscan_init((struct str){copy, N});
		took = jsonscan_short(&s, &v);
		if (!jsonscan_value(&whole, &all)) {
			assert_false(took);
		} else if (took) {
			assert_int_equal(v.type, JS_NUMBER);
			assert_int_equal(v.flags, 0);
			assert_ptr_equal(v.text.p, copy);
			assert_int_equal(v.text.n, all.text.n);
			assert_ptr_equal(s.p, whole.p);
		} else {
			size_t plain = strspn(text, "0123456789.");

			assert_ptr_equal(s.p, copy);
			assert_true(copy[0] == '-' || all.text.n > 15 ||
			            strchr(".eE", text[plain]) || plain != all.text.n);
		}
		free(copy);
	}
}

static void digits_of_every_number(void **state)
{
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		int64_t number = i % 3 == 0   ? rand()
		                 : i % 3 == 1 ? rand() % 100
		                              : (int64_t)rand() << 31 | rand();
		int n = snprintf(text, sizeof text, "%s%lld%s", i % 5 == 0 ? "-" : "",
		    (long long)number, i % 7 == 0 ? "x" : "");
		char *copy = exactly(text, (size_t)n);
		int64_t got = 0;
		uint32_t eight;
		bool ok = str_to_i64((struct str){copy, (size_t)n}, &got);

		assert_int_equal(ok, i % 7 != 0);
		if (ok)
			assert_true(got == (i % 5 == 0 ? -number : number));
		if (n >= 8) {
			size_t digits = strspn(text, "0123456789");
			char *end;

			if (digits > 8)
				digits = 8;
			assert_int_equal(str_digits8(copy, &eight), digits);
			text[digits] = '\0';
			assert_int_equal(eight, digits ? strtoul(text, &end, 10) : 0);
		}
		free(copy);
	}
}

/* One byte at each of the eight places is no digit: all 256 of them. */
static void what_is_no_digit(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 8; at++)
		for (unsigned c = 0; c < 256; c++) {
			char text[9] = "98765432";
			bool digit = c >= '0' && c <= '9';
			uint32_t value;

			text[at] = (char)c;
			assert_int_equal(str_digits8(text, &value), digit ? 8 : at);
			text[digit ? 8 : at] = '\0';
			assert_int_equal(value, strtoul(text, NULL, 10));
		}
}

static void numbers_to_their_end(void **state)
{
	static const struct {
		const char *text;
		size_t end; /* 0: none */
	} cases[] = {{"0", 1}, {"-0", 2}, {"00", 0}, {"-01", 0}, {"12345678", 8}, {"123456789", 9},
	    {"12345678,12345678", 8}, {"1234567890123456,", 16}, {"1.", 0}, {"1.5", 3}, {".5", 0},
	    {"-", 0}, {"-x", 0}, {"1e", 0}, {"1e+", 0}, {"1e+5", 4}, {"1.25E-12345678901 ", 17},
	    {"12345678.12345678]", 17}, {"12345678.x", 0}, {"1234567x", 7}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].text);
		char *copy = exactly(cases[i].text, n);
		struct jsonscan s = jsonscan_init((struct str){copy, n});
		struct jsonscan_value v;

		assert_int_equal(jsonscan_value(&s, &v), cases[i].end != 0);
		if (cases[i].end) {
			assert_int_equal(v.type, JS_NUMBER);
			assert_int_equal(v.text.n, cases[i].end);
			assert_ptr_equal(s.p, copy + cases[i].end);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_of_every_length),
	    cmocka_unit_test(escapes_at_every_place),
	    cmocka_unit_test(strings_of_pieces),
	    cmocka_unit_test(digits_of_sixteen_bytes),
	    cmocka_unit_test(short_numbers),
	    cmocka_unit_test(digits_of_every_number),
	    cmocka_unit_test(what_is_no_digit),
	    cmocka_unit_test(numbers_to_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
