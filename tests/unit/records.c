/* Bytes to records, and the elements of an array, however the bytes are cut into pieces. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/arena.h"
#include "workers/records.h"

/* What came out, a line each: "3-4 @12 text" or "3-4 @12 !reason". */
static void tell(struct buf *b, enum records_what what, const struct record *r)
{
	buf_printf(b, "%lu-%lu @%lu ", r->first_line, r->line, r->offset);
	if (what == RECORDS_BAD)
		buf_printf(b, "!%s: ", r->reason);
	buf_str(b, r->text);
	buf_c(b, '\n');
}

/* Each piece is a copy of its own size, so that the sanitizer sees what is read beyond it. */
static void pull(struct records *r, struct str piece, struct buf *b)
{
	char *copy = xmalloc(piece.n);
	struct record rec;
	enum records_what what;

	memcpy(copy, piece.p, piece.n);
	records_feed(r, copy, piece.n);
	while ((what = records_next(r, &rec)) != RECORDS_MORE)
		tell(b, what, &rec);
	free(copy);
}

static void finish(struct records *r, struct buf *b)
{
	struct record rec;
	enum records_what what;

	records_end(r);
	while ((what = records_next(r, &rec)) != RECORDS_END)
		tell(b, what, &rec);
}

static const struct {
	const char *in, *want;
} files[] = {
    {"", ""},
    {" \n\t\r\n", ""},
    {"{}", "1-1 @0 {}\n"},
    {"{}{}", "1-1 @0 {}\n1-1 @2 {}\n"},
    {"{\"a\":1}\n{\"b\":2}\n", "1-1 @0 {\"a\":1}\n2-2 @8 {\"b\":2}\n"},
    {"\n{\"a\":\n{\"b\":\n2}}\n\n[1]", "2-4 @1 {\"a\":\n{\"b\":\n2}}\n6-6 @18 [1]\n"},
    {"[{},[{}]][]", "1-1 @0 [{},[{}]]\n1-1 @9 []\n"},
    /* Braces and quotes in strings. */
    {"{\"a\":\"}{\"}{\"b\":\"\\\"}\"}", "1-1 @0 {\"a\":\"}{\"}\n1-1 @10 {\"b\":\"\\\"}\"}\n"},
    {"{\"a\\\\\":\"\\\\\"}{}", "1-1 @0 {\"a\\\\\":\"\\\\\"}\n1-1 @12 {}\n"},
    {"{\"\\\\\\\"\":\"}\"} {}", "1-1 @0 {\"\\\\\\\"\":\"}\"}\n1-1 @13 {}\n"},
    /* A wrong brace of the other kind spoils one record only. */
    {"{\"a\":[1}\n{\"b\":2}", "1-1 @0 {\"a\":[1}\n2-2 @9 {\"b\":2}\n"},
    /* Each run of other bytes is one error; quotes and closing braces in it mean nothing. */
    {"{},\n{}", "1-1 @0 {}\n1-1 @2 !bytes that are no JSON object or array: ,\n2-2 @4 {}\n"},
    {"ab cd\n\"{}", "1-1 @0 !bytes that are no JSON object or array: ab\n"
                    "1-1 @3 !bytes that are no JSON object or array: cd\n"
                    "2-2 @6 !bytes that are no JSON object or array: \"\n"
                    "2-2 @7 {}\n"},
    {"{}}]", "1-1 @0 {}\n1-1 @2 !bytes that are no JSON object or array: }]\n"},
    {"\xEF\xBB\xBF{}",
        "1-1 @0 !byte order mark: the file must begin with '{' or '[': \xEF\xBB\xBF\n1-1 @3 {}\n"},
    /* The end of the file inside of one. */
    {"{}\n{\"a\":\n{}",
        "1-1 @0 {}\n2-3 @3 !the file ends inside a JSON object or array: {\"a\":\n{}\n"},
    {"{\"a\":\"}", "1-1 @0 !the file ends inside a JSON object or array: {\"a\":\"}\n"},
    /* Longer than the 64 bytes that are looked at together; backslashes across that border. */
    {"{\"k23456789012345678901234567890123456789012345678901234567\\\\\":\"\\\\\\\\\\\"}\"}{\"x\":"
     "\"\\\\\"}\n{}",
        "1-1 @0 "
        "{\"k23456789012345678901234567890123456789012345678901234567\\\\\":\"\\\\\\\\\\\"}\"}\n"
        "1-1 @73 {\"x\":\"\\\\\"}\n2-2 @84 {}\n"},
};

static void one_piece(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct records r;
		struct buf got;

		buf_init(&got, 1 << 20);
		buf_z(&got, "");
		records_init(&r);
		pull(&r, str_z(files[i].in), &got);
		finish(&r, &got);
		assert_string_equal(got.p, files[i].want);
		records_free(&r);
		buf_free(&got);
	}
}

/* Every way to cut a file in three, and byte by byte: the same records, lines and offsets. */
static void any_pieces(void **state)
{
	struct records r;
	struct buf got;

	(void)state;
	records_init(&r);
	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct str in = str_z(files[i].in);

		for (size_t a = 0; a <= in.n; a++)
			for (size_t b = a; b <= in.n; b++) {
				buf_reset(&got);
				buf_z(&got, "");
				records_reset(&r);
				pull(&r, (struct str){in.p, a}, &got);
				pull(&r, (struct str){in.p + a, b - a}, &got);
				pull(&r, (struct str){in.p + b, in.n - b}, &got);
				finish(&r, &got);
				assert_string_equal(got.p, files[i].want);
			}
		buf_reset(&got);
		buf_z(&got, "");
		records_reset(&r);
		for (size_t a = 0; a < in.n; a++)
			pull(&r, (struct str){in.p + a, 1}, &got);
		finish(&r, &got);
		assert_string_equal(got.p, files[i].want);
	}
	records_free(&r);
	buf_free(&got);
}

/* Backslashes and quotes at random, against a scanner that looks at one byte at a time. */
static void strings_like_a_simple_scanner(void **state)
{
	static const char alphabet[] = "\\\\\\\\\"\"a{}\n";
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[200];
		size_t n = 1 + (size_t)round % (sizeof text - 1), end = 0;
		struct jsonscan_depth d = {.kind = '{'};
		uint64_t depth = 0, lines = 0;
		bool in = false;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			text[i] = alphabet[(seed >> 33) % (sizeof alphabet - 1)];
		}
		text[0] = '{';
		for (size_t i = 0; i < n && !end; i++) {
			if (in && text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in = !in;
			else if (text[i] == '\\' && i + 1 < n && strchr("\\\"", text[i + 1]))
				i++; /* no JSON outside a string; but quotes are escaped, too */
			else if (!in && text[i] == '{')
				depth++;
			else if (!in && text[i] == '}' && --depth == 0)
				end = i + 1;
		}
		for (size_t i = 0; i < (end ? end : n); i++)
			lines += text[i] == '\n';
		assert_int_equal(jsonscan_close(&d, text, n), end);
		assert_int_equal(d.lines, lines);
	}
}

static void too_large(void **state)
{
	struct records r;
	struct record rec;
	size_t n = RECORDS_MAX + 1;
	char *text = xmalloc(n + 3);

	(void)state;
	memset(text, 'x', n);
	memcpy(text, "{\"", 2);
	memcpy(text + n - 2, "\"}", 2);
	memcpy(text + n, "\n{}", 3);
	records_init(&r);

	/* In one piece. */
	records_feed(&r, text, n + 3);
	assert_int_equal(records_next(&r, &rec), RECORDS_BAD);
	assert_string_equal(rec.reason, "JSON object larger than 4 MB");
	assert_int_equal(rec.text.n, 1024);
	assert_int_equal(records_next(&r, &rec), RECORDS_RECORD);
	assert_str(rec.text, "{}");
	assert_int_equal(rec.line, 2);
	assert_int_equal(records_next(&r, &rec), RECORDS_MORE);

	/* In two, and no more than the limit is held. */
	records_reset(&r);
	records_feed(&r, text, n - 1);
	assert_int_equal(records_next(&r, &rec), RECORDS_MORE);
	assert_int_equal(records_held(&r), RECORDS_MAX);
	records_feed(&r, text + n - 1, 4);
	assert_int_equal(records_next(&r, &rec), RECORDS_BAD);
	assert_int_equal(rec.text.n, 1024);
	assert_int_equal(records_next(&r, &rec), RECORDS_RECORD);
	assert_int_equal(records_held(&r), 0);

	/* Just not too large. */
	records_reset(&r);
	memcpy(text + n - 3, "\"}\n", 3);
	records_feed(&r, text, 100);
	assert_int_equal(records_next(&r, &rec), RECORDS_MORE);
	records_feed(&r, text + 100, n - 100);
	assert_int_equal(records_next(&r, &rec), RECORDS_RECORD);
	assert_int_equal(rec.text.n, RECORDS_MAX);
	records_free(&r);
	free(text);
}

static void whole_records_are_not_copied(void **state)
{
	static const char text[] = "{\"a\":1} {\"b\":";
	struct records r;
	struct record rec;

	(void)state;
	records_init(&r);
	records_feed(&r, text, sizeof text - 1);
	assert_int_equal(records_next(&r, &rec), RECORDS_RECORD);
	assert_ptr_equal(rec.text.p, text);
	assert_int_equal(records_next(&r, &rec), RECORDS_MORE);
	assert_int_equal(records_held(&r), 5);
	records_free(&r);
}

static void somebody_else_finds_the_end(void **state)
{
	static const char text[] = " \n{\"a\":\n1}\r\n[2] x {";
	struct records r;
	struct record rec;

	(void)state;
	records_init(&r);
	records_feed(&r, text, sizeof text - 1);
	assert_str(records_rest(&r), text + 2);
	records_take(&r, 8, 1);
	assert_str(records_rest(&r), "[2] x {");
	/* One that is not taken is cut as ever, and is where it is. */
	assert_int_equal(records_next(&r, &rec), RECORDS_RECORD);
	assert_str(rec.text, "[2]");
	assert_int_equal(rec.offset, 12);
	assert_int_equal(rec.line, 4);
	/* What is no record is nobody's, nor is what is open. */
	assert_int_equal(records_rest(&r).n, 0);
	assert_int_equal(records_next(&r, &rec), RECORDS_BAD);
	assert_str(records_rest(&r), "{");
	assert_int_equal(records_next(&r, &rec), RECORDS_MORE);
	records_feed(&r, "{}", 2);
	assert_int_equal(records_rest(&r).n, 0);
	records_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_piece),
	    cmocka_unit_test(any_pieces),
	    cmocka_unit_test(strings_like_a_simple_scanner),
	    cmocka_unit_test(too_large),
	    cmocka_unit_test(whole_records_are_not_copied),
	    cmocka_unit_test(somebody_else_finds_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
