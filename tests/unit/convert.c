/* One JSON value into one typed field: Redshift's rules, PostgreSQL's bytes. */
#include "tests/unit/arena.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/buf.h"
#include "workers/convert.h"

enum { VARCHAR8 = 8 + 4 };
#define NUMERIC_MOD(p, s) (((p) << 16 | (s)) + 4)

static struct convert converter(uint32_t oid, int32_t typmod, const char *options)
{
	struct buf sql;
	struct copystmt stmt;
	struct convert c;
	struct err e = {0};

	buf_init(&sql, 1000);
	buf_printf(&sql, "copy t from 's3://b/k' json 'auto' %s", options);
	if (!copystmt_parse(arena_str(arena, buf_view(&sql)), arena, &stmt, &e))
		fail_msg("%s", e.msg);
	buf_free(&sql);
	assert_true(convert_init(&c, oid, typmod, &stmt, &e));
	return c;
}

/* The field as "null", "code reason", or hexadecimal bytes; texts as they are. */
static struct str convert(const struct convert *c, const char *json)
{
	struct jsonscan s = jsonscan_init(str_z(json));
	struct jsonscan_value v;
	struct convert_error bad = {0};
	struct buf shown;
	char *out;
	int32_t n;

	if (!jsonscan_value(&s, &v) || !jsonscan_end(&s))
		fail_msg("%s: %s", json, s.why);
	out = xmalloc(convert_room(c, v.text.n)); /* exactly: the sanitizer watches its end */
	n = convert_value(c, &v, out, &bad);
	buf_init(&shown, 1 << 20);
	buf_z(&shown, "");
	if (n == CONVERT_NULL)
		buf_z(&shown, "null");
	else if (n == CONVERT_BAD)
		buf_printf(&shown, "%d %s", bad.code, bad.reason);
	else if (c->oid == OID_TEXT || c->oid == OID_VARCHAR || c->oid == OID_BPCHAR)
		buf_printf(&shown, "'%.*s'", (int)n, out);
	else
		for (int32_t i = 0; i < n; i++)
			buf_printf(&shown, "%02x", (unsigned)(unsigned char)out[i]);
	free(out);
	struct str kept = arena_str(arena, buf_view(&shown));
	buf_free(&shown);
	return kept;
}

struct one {
	uint32_t oid;
	int32_t typmod;
	const char *options, *json, *want;
};

static void run(const struct one *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct convert c = converter(cases[i].oid, cases[i].typmod, cases[i].options);
		struct str got = convert(&c, cases[i].json);

		if (!str_eqz(got, cases[i].want))
			fail_msg("%s %s into %s\n  got  %.*s\n  want %s", cases[i].json,
			    cases[i].options, c.type, STRF(got), cases[i].want);
	}
}

static void text(void **state)
{
	static const struct one cases[] = {
	    {OID_TEXT, -1, "", "null", "null"},
	    {OID_TEXT, -1, "", "\"\"", "''"},
	    {OID_TEXT, -1, "", "\"  \"", "'  '"},
	    {OID_TEXT, -1, "", "4.6", "'4.6'"},
	    {OID_TEXT, -1, "", "311", "'311'"},
	    {OID_TEXT, -1, "", "1541105830796.0", "'1541105830796.0'"},
	    {OID_TEXT, -1, "", "true", "'true'"},
	    {OID_TEXT, -1, "", "false", "'false'"},
	    {OID_TEXT, -1, "", "{\"a\": [1, \"x\\n\"]}", "'{\"a\": [1, \"x\\n\"]}'"},
	    {OID_TEXT, -1, "", "[]", "'[]'"},
	    {OID_TEXT, -1, "", "\"Howlin\\u0019 For You\"", "'Howlin\x19 For You'"},
	    {OID_TEXT, -1, "", "\"\\\"Mozilla\\/5.0\\\"\"", "'\"Mozilla/5.0\"'"},
	    {OID_TEXT, -1, "", "\"L.A \\tCal\\r\\n\\b\\f\\\\\"", "'L.A \tCal\r\n\b\f\\'"},
	    /* Mojibake stays what it is. */
	    {OID_TEXT, -1, "", "\"\\u00c3\\u0083\\u00c2\\u00a9\"",
	        "'\xC3\x83\xC2\x83\xC3\x82\xC2\xA9'"},
	    {OID_TEXT, -1, "", "\"\\u53F0\\u5317\"", "'\xE5\x8F\xB0\xE5\x8C\x97'"},
	    {OID_TEXT, -1, "", "\"\\ud83c\\uDFB5!\"", "'\xF0\x9F\x8E\xB5!'"},
	    {OID_TEXT, -1, "", "\"a\\u0000b\"",
	        "1220 \\u0000 can not be stored: PostgreSQL text holds no NUL"},
	    {OID_TEXT, -1, "", "\"a\\ud83cb\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ed a0 bc (error 5)"},
	    {OID_TEXT, -1, "", "\"\\udfb5\\ud83c\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ed be b5 (error 5)"},
	    {OID_TEXT, -1, "", "\"x\xA4\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: a4 (error 3)"},
	    {OID_TEXT, -1, "", "\"0123456789\xE2\x82\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: e2 82 (error 2)"},
	    {OID_TEXT, -1, "", "\"\xE2(\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: e2 (error 4)"},
	    {OID_TEXT, -1, "", "\"\xF4\x90\x80\x80\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: f4 90 80 80 (error 8)"},
	    {OID_TEXT, -1, "", "\"\xC0\xAF\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: c0 af (error 9)"},
	    {OID_TEXT, -1, "", "\"\xF8\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: f8 (error 1)"},
	    {OID_TEXT, -1, "", "{\"a\":\"\xFF\"}",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ff (error 3)"},

	    /* Width in bytes. */
	    {OID_VARCHAR, VARCHAR8, "", "\"12345678\"", "'12345678'"},
	    {OID_VARCHAR, VARCHAR8, "", "\"123456789\"", "1204 String length exceeds DDL length"},
	    {OID_VARCHAR, VARCHAR8, "", "\"\\u00e9\\u00e9\\u00e9\\u00e9\"",
	        "'\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9'"},
	    {OID_VARCHAR, VARCHAR8, "", "\"\\u00e9\\u00e9\\u00e9\\u00e91\"",
	        "1204 String length exceeds DDL length"},
	    {OID_VARCHAR, VARCHAR8, "", "1234567.25", "1204 String length exceeds DDL length"},
	    {OID_VARCHAR, VARCHAR8, "truncatecolumns", "\"123456789\"", "'12345678'"},
	    {OID_VARCHAR, VARCHAR8, "truncatecolumns", "\"1234567\xC3\xA9\"", "'1234567'"},
	    {OID_VARCHAR, VARCHAR8, "truncatecolumns", "\"12345\xF0\x9F\x8E\xB5\"", "'12345'"},
	    {OID_VARCHAR, VARCHAR8, "truncatecolumns",
	        "\"1234\xF0\x9F\x8E\xB5"
	        "5\"",
	        "'1234\xF0\x9F\x8E\xB5'"},
	    {OID_VARCHAR, VARCHAR8, "trimblanks", "\"12345678  \"", "'12345678'"},
	    {OID_VARCHAR, VARCHAR8, "trimblanks", "\" a\\t \"", "' a'"},

	    /* Empty and blank. */
	    {OID_VARCHAR, VARCHAR8, "emptyasnull", "\"\"", "null"},
	    {OID_VARCHAR, VARCHAR8, "emptyasnull", "\" \"", "' '"},
	    {OID_VARCHAR, VARCHAR8, "blanksasnull", "\" \\t\\n \"", "null"},
	    {OID_VARCHAR, VARCHAR8, "blanksasnull", "\"\"", "''"},
	    {OID_VARCHAR, VARCHAR8, "blanksasnull", "\" a\"", "' a'"},
	    {OID_VARCHAR, VARCHAR8, "trimblanks", "\"  \"", "''"},
	    {OID_VARCHAR, VARCHAR8, "trimblanks emptyasnull", "\"  \"", "null"},

	    /* ACCEPTINVCHARS: as many as the bytes; no characters, too. */
	    {OID_VARCHAR, 24, "acceptinvchars", "\"a\xFF\xE2\x82z\"", "'a???z'"},
	    {OID_VARCHAR, 24, "acceptinvchars as '^'", "\"a\\ud800\\u00e9\"", "'a^^^\xC3\xA9'"},
	    {OID_VARCHAR, 24, "acceptinvchars '^'", "\"\\ufdd0\\uffff\\ufffd\"",
	        "'^^^^^^\xEF\xBF\xBD'"},
	    {OID_VARCHAR, 24, "acceptinvchars", "\"a\\u0000\"",
	        "1220 \\u0000 can not be stored: PostgreSQL text holds no NUL"},
	    {OID_VARCHAR, 24, "", "\"\\uffff\"", "'\xEF\xBF\xBF'"},

	    /* CHAR is ASCII. */
	    {OID_BPCHAR, VARCHAR8, "", "\"1234567\"", "'1234567'"},
	    {OID_BPCHAR, VARCHAR8, "", "\"123456789\"", "1204 String length exceeds DDL length"},
	    {OID_BPCHAR, VARCHAR8, "truncatecolumns", "\"123456789\"", "'12345678'"},
	    {OID_BPCHAR, VARCHAR8, "", "\"a\\u00e9\"",
	        "1220 Multibyte character not supported for CHAR (Hint: Try using VARCHAR). "
	        "Invalid char: c3 a9"},
	    {OID_BPCHAR, VARCHAR8, "acceptinvchars", "\"a\xFF\"",
	        "1220 String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ff (error 3)"},
	    {OID_BPCHAR, VARCHAR8, "emptyasnull", "\"\"", "null"},
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void integers(void **state)
{
	static const struct one cases[] = {
	    {OID_INT4, -1, "", "0", "00000000"},
	    {OID_INT4, -1, "", "-0", "00000000"},
	    {OID_INT4, -1, "", "2147483647", "7fffffff"},
	    {OID_INT4, -1, "", "-2147483648", "80000000"},
	    {OID_INT4, -1, "", "2147483648",
	        "1222 Overflow (Integer valid range -2147483648 to 2147483647)"},
	    {OID_INT4, -1, "", "-2147483649",
	        "1222 Overflow (Integer valid range -2147483648 to 2147483647)"},
	    {OID_INT4, -1, "", "\"39\"", "00000027"},
	    {OID_INT4, -1, "", "\"+39\"", "00000027"},
	    {OID_INT4, -1, "", "\" 39 \"", "00000027"},
	    {OID_INT4, -1, "", "\"\\u0033\\u0039\"", "00000027"},
	    {OID_INT4, -1, "", "\"\"", "null"},
	    {OID_INT4, -1, "", "\" \\t\"", "null"},
	    {OID_INT4, -1, "", "null", "null"},
	    {OID_INT4, -1, "", "\"a\"", "1207 Invalid digit, Value 'a', Pos 0, Type: Integer"},
	    {OID_INT4, -1, "", "\"-\"", "1207 Invalid digit, Value '-', Pos 0, Type: Integer"},
	    {OID_INT4, -1, "", "\"12 3\"", "1207 Invalid digit, Value ' ', Pos 2, Type: Integer"},
	    {OID_INT4, -1, "", "\"1\xC3\xA9\"",
	        "1207 Invalid digit, Value '\\xc3', Pos 1, Type: Integer"},
	    {OID_INT4, -1, "", "1e3", "1207 Invalid digit, Value 'e', Pos 1, Type: Integer"},
	    {OID_INT4, -1, "", "true", "1207 Invalid digit, Value 't', Pos 0, Type: Integer"},
	    {OID_INT4, -1, "", "{}", "1207 Invalid digit, Value '{', Pos 0, Type: Integer"},
	    {OID_INT8, -1, "", "1540919166796.0",
	        "1207 Invalid digit, Value '.', Pos 13, Type: Long"},
	    {OID_INT8, -1, "", "9223372036854775807", "7fffffffffffffff"},
	    {OID_INT8, -1, "", "-9223372036854775808", "8000000000000000"},
	    {OID_INT8, -1, "", "9223372036854775808",
	        "1222 Overflow (Long valid range -9223372036854775808 to 9223372036854775807)"},
	    {OID_INT8, -1, "", "99999999999999999999999",
	        "1222 Overflow (Long valid range -9223372036854775808 to 9223372036854775807)"},
	    {OID_INT2, -1, "", "-32768", "8000"},
	    {OID_INT2, -1, "", "32768", "1222 Overflow (Short valid range -32768 to 32767)"},
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void booleans(void **state)
{
	static const struct one cases[] = {
	    {OID_BOOL, -1, "", "true", "01"},
	    {OID_BOOL, -1, "", "false", "00"},
	    {OID_BOOL, -1, "", "null", "null"},
	    {OID_BOOL, -1, "", "\"\"", "null"},
	    {OID_BOOL, -1, "", "1", "01"},
	    {OID_BOOL, -1, "", "0", "00"},
	    {OID_BOOL, -1, "", "\"T\"", "01"},
	    {OID_BOOL, -1, "", "\"Yes\"", "01"},
	    {OID_BOOL, -1, "", "\"n\"", "00"},
	    {OID_BOOL, -1, "", "\"maybe\"", "1210 Unknown boolean format"},
	    {OID_BOOL, -1, "", "2", "1210 Unknown boolean format"},
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void numerics(void **state)
{
	static const struct one cases[] = {
	    /* count, weight, sign, scale, groups of four digits */
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "0", "0000000000000002"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "-0.001", "0000000000000002"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "1", "00010000000000020001"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "12345.67",
	        "000300010000000200010929"
	        "1a2c"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "-0.5", "0001ffff400000021388"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "1.999",
	        "000200000000000200012"
	        "6ac"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "roundec", "1.995", "00010000000000020002"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "roundec", "9999.995", "00010001000000020001"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "roundec", "0.005", "0001ffff000000020064"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "roundec", "0.0049", "0000000000000002"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "\"12e2\"", "000100000000000204b0"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "1200e-2", "0001000000000002000c"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "99999999.99",
	        "00030001000000"
	        "02270f270f26ac"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "100000000", "1204 Overflow for NUMERIC(10,2)"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "roundec", "99999999.999",
	        "1204 Overflow for NUMERIC(10,2)"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "1e999999", "1204 Overflow for NUMERIC(10,2)"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "1e-999999", "0000000000000002"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "\"$5\"",
	        "1207 Invalid digit, Value '$', Pos 0, Type: Decimal"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "\"1.2.3\"",
	        "1207 Invalid digit, Value '.', Pos 3, Type: Decimal"},
	    {OID_NUMERIC, NUMERIC_MOD(10, 2), "", "\"\"", "null"},
	    {OID_NUMERIC, -1, "", "0.00010", "0001ffff000000050001"},
	    {OID_NUMERIC, -1, "", "1e1001", "1204 Value out of range for NUMERIC"},
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void dates_and_times(void **state)
{
	static const struct one cases[] = {
	    {OID_DATE, -1, "", "\"2000-01-01\"", "00000000"},
	    {OID_DATE, -1, "", "\"1999-12-31\"", "ffffffff"},
	    {OID_DATE, -1, "", "\"2000-02-29\"", "0000003b"},
	    {OID_DATE, -1, "", "\"2018-11-01 20:57:10\"", "00001adf"},
	    {OID_DATE, -1, "", "\"0001-01-01\"", "fff4dbf9"},
	    {OID_DATE, -1, "", "\"9999-12-31\"", "002c95d3"},
	    {OID_DATE, -1, "", "\"\"", "null"},
	    {OID_DATE, -1, "", "\"2018-1-1\"",
	        "1205 Invalid Date Format - length must be 10 or more"},
	    {OID_DATE, -1, "", "\"2019-02-29\"", "1205 Invalid Date Format or value [YYYY-MM-DD]"},
	    {OID_DATE, -1, "", "\"1900-02-29\"", "1205 Invalid Date Format or value [YYYY-MM-DD]"},
	    {OID_DATE, -1, "", "\"2018-13-01\"", "1205 Invalid Date Format or value [YYYY-MM-DD]"},
	    {OID_DATE, -1, "", "\"01.11.2018\"", "1205 Invalid Date Format or value [YYYY-MM-DD]"},
	    {OID_DATE, -1, "", "\"2018-11-011\"", "1205 Invalid Date Format or value [YYYY-MM-DD]"},
	    {OID_DATE, -1, "timeformat 'epochmillisecs'", "1541105830796",
	        "1205 Invalid Date Format or value [YYYY-MM-DD]"},

	    {OID_TIMESTAMP, -1, "", "\"2000-01-01 00:00:00\"", "0000000000000000"},
	    {OID_TIMESTAMP, -1, "", "\"1999-12-31 23:59:59.5\"", "fffffffffff85ee0"},
	    {OID_TIMESTAMP, -1, "", "\"2018-11-01 20:57:10.796\"", "00021c9f6e633ae0"},
	    {OID_TIMESTAMP, -1, "", "\"2000-01-01 00:00:00.0000015\"", "0000000000000002"},
	    {OID_TIMESTAMP, -1, "", "\"2000-01-01 00:00:00.000001499\"", "0000000000000001"},
	    {OID_TIMESTAMP, -1, "", "\" \"", "null"},
	    {OID_TIMESTAMP, -1, "", "\"2018-11-01T20:57:10Z\"",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"},
	    {OID_TIMESTAMP, -1, "", "\"2018-11-01 24:00:00\"",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"},
	    {OID_TIMESTAMP, -1, "", "\"2018-11-01 20:57:10.\"",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"},
	    {OID_TIMESTAMP, -1, "", "1541105830796",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"},
	    {OID_TIMESTAMP, -1, "", "\"2018-11-01 20:57:10+00\"",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"},

	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "1541105830796", "00021c9f6e633ae0"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "\"1541105830796\"",
	        "00021c9f6e633ae0"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "946684800000", "0000000000000000"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "946684799999", "fffffffffffffc18"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "\"\"", "null"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "1541105830796.0",
	        "1206 Invalid timestamp format or value [epochmillisecs]"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "9223372036854775807",
	        "1206 Invalid timestamp format or value [epochmillisecs]"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochmillisecs'", "\"2018-11-01 20:57:10\"",
	        "1206 Invalid timestamp format or value [epochmillisecs]"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochsecs'", "946684801", "00000000000f4240"},
	    {OID_TIMESTAMP, -1, "timeformat 'epochsecs'", "-300000000000",
	        "1206 Invalid timestamp format or value [epochsecs]"},
	    {OID_TIMESTAMPTZ, -1, "timeformat 'epochsecs'", "946684801", "00000000000f4240"},

	    {OID_TIMESTAMPTZ, -1, "", "\"2000-01-01 00:00:00\"", "0000000000000000"},
	    {OID_TIMESTAMPTZ, -1, "", "\"2000-01-01 01:00:01+01\"", "00000000000f4240"},
	    {OID_TIMESTAMPTZ, -1, "", "\"1999-12-31 18:30:00-0530\"", "0000000000000000"},
	    {OID_TIMESTAMPTZ, -1, "", "\"1999-12-31 18:30:01.000000-05:30\"", "00000000000f4240"},
	    {OID_TIMESTAMPTZ, -1, "", "\"2000-01-01 00:00:00 PST\"",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SSOF]"},
	    /* "OF is the offset from UTC (for example, -8:00)" */
	    {OID_TIMESTAMPTZ, -1, "", "\"1999-12-31 16:00:00-8:00\"", "0000000000000000"},
	    {OID_TIMESTAMPTZ, -1, "", "\"2000-01-01 01:00:00+1\"", "0000000000000000"},
	    {OID_TIMESTAMPTZ, -1, "", "\"2000-01-01 00:00:00+100\"",
	        "1206 Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SSOF]"},
	};

	(void)state;
	run(cases, COUNT(cases));
}

/* Every float is the one that the library's correctly rounding strtod gives. */
static void floats(void **state)
{
	static const char *const good[] = {"0", "-0", "0.0", "1", "-1.5", "245.36771", "1e22",
	    "1e23", "9007199254740993", "0.1", "123456789012345678901234567890", "1e-22", "4.35",
	    "1e308", "1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "16777217",
	    "33554433", "8388608.5", "69.65", "-155.43", "0.000001", "3.4028234663852886e38",
	    "1E+2", "179769313486231570000000000000000000000e270", "00001.5", "+2", ".5", "5."};
	static const struct one bad[] = {
	    {OID_FLOAT8, -1, "", "\"\"", "null"},
	    {OID_FLOAT8, -1, "", "1e400", "1204 Value out of range for float8"},
	    {OID_FLOAT8, -1, "", "1e-400", "1204 Value out of range for float8"},
	    {OID_FLOAT4, -1, "", "1e39", "1204 Value out of range for float4"},
	    {OID_FLOAT8, -1, "", "0e9999", "0000000000000000"},
	    {OID_FLOAT8, -1, "", "\"1,5\"", "1208 Invalid digit, Value ',', Pos 1, Type: Double"},
	    {OID_FLOAT8, -1, "", "\"0x10\"", "1208 Invalid digit, Value 'x', Pos 1, Type: Double"},
	    {OID_FLOAT4, -1, "", "\".\"",
	        "1208 Invalid format, it ends where a digit must stand, Type: Float"},
	    {OID_FLOAT8, -1, "", "\"1e\"",
	        "1208 Invalid format, it ends where a digit must stand, Type: Double"},
	    {OID_FLOAT8, -1, "", "\"n/a\"", "1208 Invalid digit, Value 'n', Pos 0, Type: Double"},
	    {OID_FLOAT8, -1, "", "\"Infinity\"", "7ff0000000000000"},
	    {OID_FLOAT8, -1, "", "\"-inf\"", "fff0000000000000"},
	};
	struct convert f8 = converter(OID_FLOAT8, -1, ""), f4 = converter(OID_FLOAT4, -1, "");
	uint64_t seed = 7;

	(void)state;
	run(bad, COUNT(bad));
	for (size_t i = 0; i < COUNT(good) + 20000; i++) {
		char number[64], json[80], want[20];
		double d;
		float f;
		uint64_t u8;
		uint32_t u4;

		if (i < COUNT(good)) {
			snprintf(number, sizeof number, "%s", good[i]);
		} else {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			snprintf(number, sizeof number, "%llu.%lluE%d",
			    (unsigned long long)(seed >> (seed & 31)),
			    (unsigned long long)(seed >> 40) % 1000, (int)(seed >> 50) % 60 - 40);
		}
		snprintf(json, sizeof json, "\"%s\"", number);
		d = strtod(number, NULL);
		memcpy(&u8, &d, sizeof u8);
		snprintf(want, sizeof want, "%016llx", (unsigned long long)u8);
		assert_str(convert(&f8, json), want);
		f = strtof(number, NULL);
		memcpy(&u4, &f, sizeof u4);
		snprintf(want, sizeof want, "%08x", u4);
		if (!isinf(f) && (f != 0 || d == 0))
			assert_str(convert(&f4, json), want);
	}
}

/* Back from PostgreSQL's groups to decimal text: any number of digits, any scale. */
static void numeric_round_trip(void **state)
{
	struct convert c = converter(OID_NUMERIC, -1, "");
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct jsonscan_value v = {.type = JS_NUMBER};
		struct convert_error bad;
		char text[100], out[2048], back[200] = "";
		size_t n = 0, before, behind, at = 0;
		int32_t bytes, groups, weight, scale;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		before = 1 + (size_t)(seed >> 33) % 40;
		behind = (size_t)(seed >> 43) % 40;
		if (seed >> 62 == 1)
			text[n++] = '-';
		for (size_t i = 0; i < before + behind; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			if (i == before)
				text[n++] = '.';
			/* Many zeros, for groups that are all zero. */
			text[n++] = seed >> 62 ? '0' : (char)('1' + (seed >> 40) % 9);
		}
		text[n] = '\0';
		v.text = (struct str){text, n};
		bytes = convert_value(&c, &v, out, &bad);
		assert_true(bytes >= 8);
#define I16(i) ((int16_t)((unsigned char)out[i] << 8 | (unsigned char)out[(i) + 1]))
		groups = I16(0);
		weight = I16(2);
		scale = I16(6);
		assert_int_equal(bytes, 8 + 2 * groups);
		assert_int_equal(scale, behind);
		if (groups)
			assert_true(I16(8) != 0 && I16(6 + 2 * groups) != 0);
		if (I16(4))
			at += (size_t)snprintf(back, sizeof back, "-");
		for (int32_t g = weight > 0 ? weight : 0; g >= -((int32_t)behind + 3) / 4; g--) {
			int32_t i = weight - g;

			if (g == -1)
				at += (size_t)snprintf(back + at, sizeof back - at, ".");
			at += (size_t)snprintf(back + at, sizeof back - at, "%04d",
			    i >= 0 && i < groups ? I16(8 + 2 * i) : 0);
		}
#undef I16
		/* Both without leading zeros and without zeros at the end of a fraction. */
		for (int k = 0; k < 2; k++) {
			char *s = k ? text : back;
			size_t len = strlen(s), zero = s[0] == '-', from = zero;

			while (strchr(s, '.') && (s[len - 1] == '0' || s[len - 1] == '.'))
				s[--len] = '\0';
			while (s[from] == '0' && s[from + 1] && s[from + 1] != '.')
				from++;
			memmove(s + zero, s + from, len - from + 1);
			if (!strcmp(s, "-0"))
				memmove(s, "0", 2);
		}
		assert_string_equal(back, text);
	}
}

static void types(void **state)
{
	struct copystmt stmt = {0};
	struct convert c;
	struct err e = {0};

	(void)state;
	assert_false(convert_init(&c, 600, -1, &stmt, &e)); /* point */
	assert_int_equal(e.kind, ERR_SETUP);
	assert_non_null(strstr(e.msg, "600"));
	assert_true(convert_init(&c, OID_VARCHAR, 256 + 4, &stmt, &e));
	assert_string_equal(c.type, "varchar(256)");
	assert_true(convert_init(&c, OID_NUMERIC, NUMERIC_MOD(18, 4), &stmt, &e));
	assert_string_equal(c.type, "numeric(18,4)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text),
	    cmocka_unit_test(integers),
	    cmocka_unit_test(booleans),
	    cmocka_unit_test(floats),
	    cmocka_unit_test(numerics),
	    cmocka_unit_test(numeric_round_trip),
	    cmocka_unit_test(dates_and_times),
	    cmocka_unit_test(types),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("convert", tests, setup, teardown);
}
