/* Strings, buffers, arenas, errors. */
#include "tests/unit/unit.h"

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/err.h"
#include "shared/utf8.h"

static void numbers(void **state)
{
	static const struct {
		const char *in;
		bool ok;
		int64_t want;
	} cases[] = {
	    {"0", true, 0},
	    {"-9223372036854775808", true, INT64_MIN},
	    {"9223372036854775807", true, INT64_MAX},
	    {"9223372036854775808", false, 0},
	    {"+7", true, 7},
	    {"", false, 0},
	    {"-", false, 0},
	    {"1x", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t got = 0;

		assert_int_equal(str_to_i64(str_z(cases[i].in), &got), cases[i].ok);
		if (cases[i].ok)
			assert_true(got == cases[i].want);
	}
}

static void distance(void **state)
{
	(void)state;
	assert_int_equal(str_distance(STR("WORKERS"), STR("workers")), 0);
	assert_int_equal(str_distance(STR("WORKER"), STR("WORKERS")), 1);
	assert_int_equal(str_distance(STR("LOGDATA"), STR("LOG_DATA")), 1);
	assert_int_equal(str_distance(STR("abc"), STR("xyz")), 3);
}

static void buffer_is_sticky(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_z(&b, "abc");
	buf_z(&b, "de");
	assert_true(b.over);
	buf_z(&b, "d");
	assert_int_equal(b.n, 3);
	buf_reset(&b);
	buf_z(&b, "abcd");
	assert_false(b.over);
	buf_shift(&b, 2);
	assert_string_equal(b.p, "cd");
	buf_free(&b);
}

static void words_for_a_shell(void **state)
{
	static const struct {
		const char *word, *quoted;
	} rows[] = {{"arn:aws:iam::1:role/r+=,.@-_", "arn:aws:iam::1:role/r+=,.@-_"}, {"", "''"},
	    {"a b", "'a b'"}, {"it's", "'it'\\''s'"}, {"$HOME", "'$HOME'"}};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_init(&b, 100);
		buf_word(&b, str_z(rows[i].word));
		assert_string_equal(b.p, rows[i].quoted);
		buf_free(&b);
	}
}

static void json_strings(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_json(&b, STR("a\"b\\\n\x19\xff\xc3\xa9"));
	assert_string_equal(b.p, "\"a\\\"b\\\\\\n\\u0019\xEF\xBF\xBD\xc3\xa9\"");
	buf_free(&b);
}

static void arena_keeps_contents_while_growing(void **state)
{
	struct arena *a = arena_new();
	int *v = NULL;
	size_t n = 0, cap = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		v = arena_grow(a, v, n, &cap, sizeof *v);
		v[n++] = i;
	}
	for (int i = 0; i < 10000; i++)
		assert_int_equal(v[i], i);
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	arena_reset(a);
	arena_free(a);
}

static void errors_are_one_line_and_prefixed(void **state)
{
	struct err e;

	(void)state;
	assert_false(err_set(&e, ERR_DATA, AT_DATA, "1207", "a\nb"));
	assert_false(err_prefix(&e, "object %d", 3));
	assert_string_equal(e.msg, "object 3: a b");
	assert_string_equal(e.code, "1207");
	err_set(&e, ERR_RETRY, AT_S3, e.code, "again: %s", e.msg);
	assert_string_equal(e.msg, "again: object 3: a b");
	assert_string_equal(e.code, "1207");
}

static void utf8(void **state)
{
	(void)state;
	assert_int_equal(utf8_bad(STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xb5")), 10);
	assert_int_equal(utf8_bad(STR("a\xc0\x80")), 1);
	assert_int_equal(utf8_bad(STR("\xed\xa0\x80")), 0);
	assert_int_equal(utf8_bad(STR("ab\xe2\x82")), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(distance),
	    cmocka_unit_test(buffer_is_sticky),
	    cmocka_unit_test(json_strings),
	    cmocka_unit_test(words_for_a_shell),
	    cmocka_unit_test(arena_keeps_contents_while_growing),
	    cmocka_unit_test(errors_are_one_line_and_prefixed),
	    cmocka_unit_test(utf8),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
