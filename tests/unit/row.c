/* Records as rows: which value goes into which column, and what is said of a bad record. */
#include "tests/unit/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "workers/convert.h"
#include "workers/row.h"

#define TEXT_COLUMN(name)                                                                          \
	{                                                                                          \
		{name, sizeof name - 1}, OID_VARCHAR, 256 + 4, false, false, IDENTITY_NONE         \
	}

static const struct column abc[] = {TEXT_COLUMN("a"), TEXT_COLUMN("b"), TEXT_COLUMN("c")};

/* options: what stands behind COPY t; paths: the list of a jsonpaths file, or NULL. */
static bool try_map(const char *options, const char *paths, const struct column *columns, size_t n,
    struct rowmap **out, struct err *e)
{
	char *sql = arena_printf(arena, "copy t %s", options);
	struct copystmt stmt;
	struct jsonpaths jp;

	if (!copystmt_parse(str_z(sql), arena, &stmt, e))
		fail_msg("%s: %s", sql, e->msg);
	if (paths) {
		char *file = arena_printf(arena, "{\"jsonpaths\":[%s]}", paths);

		if (!jsonpaths_parse(str_z(file), arena, &jp, e))
			fail_msg("%s: %s", file, e->msg);
	}
	return rowmap_new(&stmt, paths ? &jp : NULL, columns, n, arena, out, e);
}

static struct rowmap *map(
    const char *options, const char *paths, const struct column *columns, size_t n)
{
	struct rowmap *m;
	struct err e = {0};

	if (!try_map(options, paths, columns, n, &m, &e))
		fail_msg("%s", e.msg);
	return m;
}

/*
 * The row's fields as texts, "a|b|" with ~ for NULL; or "!code column: reason". The record is
 * copied to where the sanitizer sees both its ends.
 */
static struct str encode(struct rowmap *m, struct str record)
{
	char *copy = xmalloc(record.n);
	struct row_error bad = {0};
	struct buf out, shown;
	struct str kept;

	buf_init(&out, 1 << 20);
	buf_init(&shown, 1 << 20);
	buf_z(&out, "before");
	buf_z(&shown, "");
	if (record.n)
		memcpy(copy, record.p, record.n);
	if (!row_encode(m, (struct str){copy, record.n}, &out, &bad)) {
		assert_string_equal(out.p, "before"); /* nothing was added */
		buf_printf(&shown, "!%d %s: %s", bad.code, bad.column, bad.reason);
	} else {
		const unsigned char *p = (const unsigned char *)out.p + 6;
		size_t fields = (size_t)(p[0] << 8 | p[1]), at = 8;

		assert_int_equal(fields, rowmap_count(m));
		for (size_t i = 0; i < fields; i++) {
			int32_t n;

			p = (const unsigned char *)out.p + at;
			n = (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			              (uint32_t)p[2] << 8 | p[3]);
			at += 4;
			if (n < 0) {
				buf_z(&shown, "~|");
				continue;
			}
			buf_add(&shown, out.p + at, (size_t)n);
			buf_c(&shown, '|');
			at += (size_t)n;
		}
		assert_int_equal(at, out.n);
	}
	kept = arena_str(arena, buf_view(&shown));
	buf_free(&out);
	buf_free(&shown);
	free(copy);
	return kept;
}

static const char from[] = "from 's3://b/k' json 'auto'";
static const char with_paths[] = "from 's3://b/k' json 's3://b/paths'";

struct one {
	const char *record, *want;
};

static void run(struct rowmap *m, const struct one *cases, size_t n)
{
	/* Twice: the second time every key was seen before. */
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < n; i++) {
			struct str got = encode(m, str_z(cases[i].record));

			if (!str_eqz(got, cases[i].want))
				fail_msg("%s\n  got  %.*s\n  want %s", cases[i].record, STRF(got),
				    cases[i].want);
		}
}

static void by_name(void **state)
{
	static const struct one cases[] = {
	    {"{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}", "1|2|3|"},
	    {"{\"c\":\"3\",\"a\":\"1\",\"b\":\"2\"}", "1|2|3|"},
	    {" { \"a\" : 1 , \"b\"\n:\t2.50,\r\n\"c\":true } ", "1|2.50|true|"},
	    {"{\"a\":\"x\"}", "x|~|~|"},
	    {"{}", "~|~|~|"},
	    {"{\"a\":null,\"b\":\"\",\"c\":[1, {\"x\":2}]}", "~||[1, {\"x\":2}]|"},
	    /* Case counts; unknown keys and deeper levels do not. */
	    {"{\"A\":1,\"d\":{\"a\":9,\"b\":[{}]},\"b\":2,\"\":3}", "~|2|~|"},
	    {"{\"ab\":1,\"abcdefghijklmnopqrstuvwxyz\":2,\"abcdefghijklmno\":3,\"a\":4}", "4|~|~|"},
	    /* The last of two counts. */
	    {"{\"a\":1,\"a\":2,\"b\":3,\"a\":null}", "~|3|~|"},
	    {"{\"a\":1,\"a\":2,\"b\":3}", "2|3|~|"},
	    /* A key may be written with escapes. */
	    {"{\"\\u0061\":1,\"\\u0062\":2,\"\\\"a\":3}", "1|2|~|"},
	    {"{\"a\\\"\":1,\"a\":2}", "2|~|~|"},

	    {"[1,2,3]", "!1216 a: Invalid JSONPath format: Member is not an object."},
	    {"{\"a\":1", "!1216 : Invalid JSON: object without '}'"},
	    {"{\"a\":1}}", "!1216 : Invalid JSON: text behind the value"},
	    {"{\"a\" 1}", "!1216 : Invalid JSON: ':' expected"},
	    {"{\"a\":1 \"b\":2}", "!1216 : Invalid JSON: ',' or '}' expected"},
	    {"{\"a\":1,}", "!1216 : Invalid JSON: member name in quotes expected"},
	    {"{,\"a\":1}", "!1216 : Invalid JSON: member name in quotes expected"},
	    {"{\"a\":1,,\"b\":2}", "!1216 : Invalid JSON: member name in quotes expected"},
	    {"{a:1}", "!1216 : Invalid JSON: member name in quotes expected"},
	    {"{\"a\":}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":nul}", "!1216 : Invalid JSON: unknown literal"},
	    {"{\"a\":True}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":truex}", "!1216 : Invalid JSON: ',' or '}' expected"},
	    {"{\"a\":01}", "!1216 : Invalid JSON: number with a leading zero"},
	    {"{\"a\":+1}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":1.}", "!1216 : Invalid JSON: digit expected in number"},
	    {"{\"a\":-}", "!1216 : Invalid JSON: digit expected in number"},
	    {"{\"a\":1e}", "!1216 : Invalid JSON: digit expected in number"},
	    {"{\"a\":.5}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":NaN}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":'x'}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":\"\\x\"}", "!1216 : Invalid JSON: unknown escape in string"},
	    {"{\"a\":\"\\u12g4\"}", "!1216 : Invalid JSON: \\u without four hexadecimal digits"},
	    {"{\"zz\":\"\\u12\"}", "!1216 : Invalid JSON: \\u without four hexadecimal digits"},
	    {"{\"a\":\"x\ny\"}", "!1216 : Invalid JSON: control character in string"},
	    {"{\"a\":\"x}", "!1216 : Invalid JSON: string without closing quote"},
	    {"{\"a\":[1,]}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":[1}", "!1216 : Invalid JSON: ',' or ']' expected"},
	    {"{\"a\":{\"b\":[}}", "!1216 : Invalid JSON: value expected"},
	    {"{\"a\":[1,2}", "!1216 : Invalid JSON: ',' or ']' expected"},
	    {"", "!1216 : Invalid JSON: object or array expected"},
	    {"null", "!1216 : Invalid JSON: object or array expected"},
	    /* Bad characters are a matter of the field alone. */
	    {"{\"x\":\"\\ud800\\u0000\xFF\",\"a\":1}", "1|~|~|"},
	};

	(void)state;
	run(map(from, NULL, abc, 3), cases, COUNT(cases));
}

static void case_ignored(void **state)
{
	static const struct column columns[] = {
	    TEXT_COLUMN("firstname"), TEXT_COLUMN("LastName"), TEXT_COLUMN("ts")};
	static const struct one cases[] = {
	    {"{\"firstName\":\"Ann\",\"lastName\":\"X\",\"TS\":1}", "Ann|X|1|"},
	    {"{\"FIRSTNAME\":\"Ann\",\"lastname\":\"X\",\"\\u0054s\":1}", "Ann|X|1|"},
	    {"{\"firstName\":\"Ann\",\"FirstName\":\"Bob\"}", "Bob|~|~|"},
	};
	static const struct one exactly[] = {
	    {"{\"firstName\":\"Ann\",\"lastName\":\"X\",\"LastName\":\"Y\",\"ts\":1}", "~|Y|1|"},
	};

	(void)state;
	run(map("from 's3://b/k' json 'auto ignorecase'", NULL, columns, 3), cases, COUNT(cases));
	run(map(from, NULL, columns, 3), exactly, COUNT(exactly));
}

static void by_path(void **state)
{
	static const struct one cases[] = {
	    {"{\"x\":{\"y\":1},\"l\":[\"p\",\"q\"],\"z\":2}", "1|q|{\"y\":1}|"},
	    {"{\"l\":[\"p\",\"q\"]}", "~|q|~|"},
	    /* The list is not there at all: a member not found. */
	    {"{}", "~|~|~|"},
	    {"{\"x\":{\"z\":1}}", "~|~|{\"z\":1}|"},
	    {"{\"x\":null}", "~|~|~|"},
	    /* A later member replaces an earlier one with all that was in it. */
	    {"{\"x\":{\"y\":1},\"x\":{\"z\":2}}", "~|~|{\"z\":2}|"},
	    {"{\"l\":[1],\"l\":[1,2]}", "~|2|~|"},
	    {"{\"l\":[1,2],\"l\":[1]}",
	        "!1216 b: Invalid JSONPath format: Not an array or index out of range."},
	    {"{\"l\":[]}", "!1216 b: Invalid JSONPath format: Not an array or index out of range."},
	    {"{\"l\":{\"1\":2}}",
	        "!1216 b: Invalid JSONPath format: Not an array or index out of range."},
	    {"{\"l\":null}",
	        "!1216 b: Invalid JSONPath format: Not an array or index out of range."},
	    {"{\"x\":7}", "!1216 a: Invalid JSONPath format: Member is not an object."},
	};
	static const struct one arrays[] = {
	    {"[1,[\"x\",2]]", "2|1|1|"},
	    {"[1,[\"x\",2,3],{}]", "2|1|1|"},
	    {"[1]", "!1216 a: Invalid JSONPath format: Not an array or index out of range."},
	    {"[1,2]", "!1216 a: Invalid JSONPath format: Not an array or index out of range."},
	    {"{}", "!1216 a: Invalid JSONPath format: Not an array or index out of range."},
	};
	static const struct one whole[] = {
	    {" {\"a\": [1]} ", "{\"a\": [1]}|[1]|1|"},
	};

	(void)state;
	run(map(with_paths, "\"$.x.y\",\"$.l[1]\",\"$.x\"", abc, 3), cases, COUNT(cases));
	run(map(with_paths, "\"$['x']['y']\",\"$['l'][1]\",\"$['x']\"", abc, 3), cases,
	    COUNT(cases));
	run(map(with_paths, "\"$[1][1]\",\"$[0]\",\"$[0]\"", abc, 3), arrays, COUNT(arrays));
	run(map(with_paths, "\"$\",\"$.a\",\"$.a[0]\"", abc, 3), whole, COUNT(whole));
}

static void fallback_to_auto(void **state)
{
	struct copystmt stmt;
	struct jsonpaths jp;
	struct rowmap *m;
	struct err e;

	(void)state;
	assert_true(
	    copystmt_parse(STR("copy t from 's3://b/k' json 's3://b/p'"), arena, &stmt, &e));
	assert_true(jsonpaths_parse(STR("{\"paths\":[\"$.x\"]}"), arena, &jp, &e));
	assert_true(rowmap_new(&stmt, &jp, abc, 3, arena, &m, &e));
	assert_str(encode(m, STR("{\"a\":1,\"x\":2}")), "1|~|~|");
}

/* Columns: lists, identities, NOT NULL. */
static void columns(void **state)
{
	static const struct column table[] = {
	    {{"id", 2}, OID_INT4, -1, true, false, IDENTITY_ALWAYS}, TEXT_COLUMN("a"),
	    {{"n", 1}, OID_VARCHAR, -1, true, true, IDENTITY_NONE}, TEXT_COLUMN("b")};
	static const struct {
		const char *options, *paths, *want;
	} mistakes[] = {
	    {"(a, nn) from 's3://b/k' json 'auto'", NULL, "no column nn; did you mean n?"},
	    {"(a, zzzzzz) from 's3://b/k' json 'auto'", NULL, "no column zzzzzz"},
	    {"(id, a) from 's3://b/k' json 'auto'", NULL, "column id is an identity"},
	    {with_paths, "\"$.a\",\"$.b\"",
	        "Number of jsonpaths and the number of columns should match. JSONPath size: 2, "
	        "Number of columns in table or column list: 3"},
	    {with_paths, NULL, "the jsonpaths are missing"},
	};
	static const struct column odd[] = {
	    TEXT_COLUMN("a"), {{"p", 1}, 600, -1, false, false, IDENTITY_NONE}};
	struct rowmap *m;
	struct err e = {0};

	(void)state;
	/* The identity is skipped, by name and by path. */
	m = map(from, NULL, table, 4);
	assert_int_equal(rowmap_count(m), 3);
	assert_str(rowmap_column(m, 0), "a");
	assert_str(rowmap_column(m, 2), "b");
	assert_str(encode(m, STR("{\"id\":7,\"a\":1,\"n\":2}")), "1|2|~|");
	assert_str(encode(m, STR("{\"a\":1}")), "!1213 n: Missing data for not-null field");
	assert_str(encode(m, STR("{\"n\":null}")), "!1213 n: Missing data for not-null field");
	m = map(with_paths, "\"$.x\",\"$.y\",\"$.z\"", table, 4);
	assert_str(encode(m, STR("{\"x\":1,\"y\":2,\"z\":3}")), "1|2|3|");

	/* A list has its own order; what is not in it is left to the table. */
	m = map("(b, a) from 's3://b/k' json 'auto'", NULL, table, 4);
	assert_int_equal(rowmap_count(m), 2);
	assert_str(rowmap_column(m, 0), "b");
	assert_str(encode(m, STR("{\"a\":1,\"n\":2,\"b\":3}")), "3|1|");
	m = map("(b, n) from 's3://b/k' json 's3://b/p'", "\"$.x\",\"$.y\"", table, 4);
	assert_str(encode(m, STR("{\"x\":1,\"y\":2}")), "1|2|");

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		assert_false(try_map(mistakes[i].options, mistakes[i].paths, table, 4, &m, &e));
		if (!strstr(e.msg, mistakes[i].want))
			fail_msg("got  %s\n  want %s", e.msg, mistakes[i].want);
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_CONFIG);
	}
	assert_false(try_map(from, NULL, odd, 2, &m, &e));
	assert_non_null(strstr(e.msg, "column p: type oid 600"));
}

/* A record at the start of a text: its end and its lines are found while it is read. */
static void first(void **state)
{
	static const struct column table[] = {
	    TEXT_COLUMN("a"), {{"userId", 6}, OID_INT4, -1, false, false, IDENTITY_NONE}};
	static const struct {
		const char *text;
		size_t bytes;
		uint32_t lines;
	} cases[] = {
	    {"{}", 2, 0},
	    {"{\"a\":\"}\"}{", 9, 0},
	    {"{\n\"a\" :\n\"1\",\n \"b\":[\n{ }\r\n]\n}\n\n{}", 28, 6},
	    /* Not whole, not well-formed, no row: nothing. */
	    {"{\"a\":1", 0, 0},
	    {"{\"a\":\"1}", 0, 0},
	    {"{\"a\":01}", 0, 0},
	    {"{\"userId\":\"x\"}", 0, 0},
	    {"{\"a\":\"12345678901234567890123456789\"}", 0, 0},
	};
	struct rowmap *m = map(from, NULL, table, 2);
	struct row_error bad;
	struct buf out, same;

	(void)state;
	buf_init(&out, 85);
	buf_init(&same, 85);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].text);
		char *copy = xmalloc(n);
		uint32_t lines = 0;

		memcpy(copy, cases[i].text, n);
		buf_reset(&out);
		buf_reset(&same);
		n = row_encode_first(m, (struct str){copy, n}, &out, &lines);
		assert_int_equal(n, cases[i].bytes);
		if (n) {
			assert_int_equal(lines, cases[i].lines);
			assert_true(row_encode(m, (struct str){copy, n}, &same, &bad));
		}
		assert_true(str_eq(buf_view(&out), buf_view(&same)));
		free(copy);
	}
	buf_free(&out);
	buf_free(&same);
}

/* The whole of a report. */
static void report(void **state)
{
	static const struct column table[] = {
	    TEXT_COLUMN("a"), {{"userId", 6}, OID_INT4, -1, false, false, IDENTITY_NONE}};
	struct rowmap *m = map(from, NULL, table, 2);
	struct row_error bad;
	struct buf out, record;

	(void)state;
	buf_init(&out, 1 << 20);
	buf_init(&record, 1 << 20);
	assert_false(
	    row_encode(m, STR("{\"a\":\"x\",\"userId\":\"4\x01\xC3\xA9\\n\xFF\"}"), &out, &bad));
	assert_int_equal(bad.code, 1216);
	assert_string_equal(bad.reason, "Invalid JSON: control character in string");
	assert_int_equal(bad.position, 20);
	assert_false(
	    row_encode(m, STR("{\"a\":\"x\",\"userId\":\"4\xC3\xA9\\n\xFF\x7F\"}"), &out, &bad));
	assert_int_equal(bad.code, 1207);
	assert_string_equal(bad.column, "userId");
	assert_string_equal(bad.type, "int4");
	assert_string_equal(bad.value, "4\xC3\xA9\\n??");
	assert_int_equal(bad.position, 19);

	/* A long value is cut, and not inside a character. */
	buf_z(&record, "{\"userId\":\"x");
	for (int i = 0; i < 1000; i++)
		buf_z(&record, "\xC3\xA9");
	buf_z(&record, "\"}");
	assert_false(row_encode(m, buf_view(&record), &out, &bad));
	assert_int_equal(strlen(bad.value), 1023);

	/* A row that does not fit is refused, and the buffer still good. */
	buf_free(&out);
	buf_init(&out, 80);
	assert_true(row_encode(m, STR("{\"a\":\"1234567890\"}"), &out, &bad));
	assert_int_equal(out.n, 2 + 4 + 10 + 4);
	assert_false(row_encode(m, STR("{\"a\":\"1234567890\"}"), &out, &bad));
	assert_string_equal(bad.reason, "The row is too large");
	assert_false(out.over);
	assert_int_equal(out.n, 20);
	buf_free(&out);
	buf_free(&record);
}

/* What Sparkify's files really hold. */
static void sparkify(void **state)
{
	static const struct column events[] = {
	    {{"id", 2}, OID_INT4, -1, true, false, IDENTITY_ALWAYS}, TEXT_COLUMN("artist"),
	    TEXT_COLUMN("firstname"), TEXT_COLUMN("registration"),
	    {{"ts", 2}, OID_TEXT, -1, false, false, IDENTITY_NONE}, TEXT_COLUMN("useragent"),
	    TEXT_COLUMN("userid")};
	static const struct one cases[] = {
	    {"{\"artist\":null,\"auth\":\"Logged Out\",\"firstName\":null,\"registration\":null,"
	     "\"ts\":1541207073796,\"userAgent\":null,\"userId\":\"\"}",
	        "~|~|~|1541207073796|~||"},
	    {"{\"artist\":\"The Mars Volta\",\"auth\":\"Logged In\",\"firstName\":\"Kaylee\","
	     "\"registration\":1540344794796.0,\"ts\":1541106352796,\"userAgent\":\"\\\"Mozilla"
	     "\\/5.0 (Windows NT 6.1; WOW64)\\\"\",\"userId\":\"8\"}",
	        "The Mars Volta|Kaylee|1540344794796.0|1541106352796|\"Mozilla/5.0 (Windows NT "
	        "6.1; WOW64)\"|8|"},
	};
	static const char paths[] = "\"$['artist']\",\"$['firstName']\",\"$['registration']\","
	                            "\"$['ts']\",\"$['userAgent']\",\"$['userId']\"";
	static const struct column user[] = {
	    {{"userId", 6}, OID_INT4, -1, false, false, IDENTITY_NONE}};

	(void)state;
	run(map(with_paths, paths, events, COUNT(events)), cases, COUNT(cases));
	assert_str(encode(map(from, NULL, user, 1), STR("{\"userId\":\"\"}")), "~|");
}

/* More keys than are remembered, and some of every length: still the same columns. */
static void many_keys(void **state)
{
	struct rowmap *m = map(from, NULL, abc, 3);
	struct buf record;

	(void)state;
	buf_init(&record, 1 << 20);
	for (int i = 0; i < 300; i++) {
		buf_reset(&record);
		buf_z(&record, "{\"a\":1");
		for (int k = 0; k < i % 40; k++)
			buf_printf(&record, ",\"%0*d\":\"%d\"", 1 + (i + k) % 40, i * k, k);
		buf_z(&record, ",\"b\":2,\"");
		for (int k = 0; k < 10 * i; k++)
			buf_c(&record, 'c');
		buf_z(&record, "\":3}");
		assert_str(encode(m, buf_view(&record)), "1|2|~|");
	}
	assert_str(encode(m, STR("{\"a\":1,\"b\":2,\"c\":3}")), "1|2|3|");
	buf_free(&record);
}

static void depth(void **state)
{
	struct rowmap *m = map(from, NULL, abc, 3);
	struct buf record;

	(void)state;
	buf_init(&record, 1 << 20);
	for (int levels = 2047; levels <= 2048; levels++) {
		buf_reset(&record);
		buf_z(&record, "{\"x\":");
		for (int i = 0; i < levels; i++)
			buf_c(&record, '[');
		for (int i = 0; i < levels; i++)
			buf_c(&record, ']');
		buf_z(&record, "}");
		assert_str(encode(m, buf_view(&record)),
		    levels == 2047 ? "~|~|~|" : "!1216 : Invalid JSON: nested too deeply");
	}
	buf_free(&record);
}

static void signature(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	row_header(&out);
	row_trailer(&out);
	assert_int_equal(out.n, 21);
	assert_memory_equal(out.p, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377", 21);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_name),
	    cmocka_unit_test(case_ignored),
	    cmocka_unit_test(by_path),
	    cmocka_unit_test(fallback_to_auto),
	    cmocka_unit_test(columns),
	    cmocka_unit_test(first),
	    cmocka_unit_test(report),
	    cmocka_unit_test(sparkify),
	    cmocka_unit_test(many_keys),
	    cmocka_unit_test(depth),
	    cmocka_unit_test(signature),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("row", tests, setup, teardown);
}
