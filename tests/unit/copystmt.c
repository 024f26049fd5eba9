/* The COPY statement: what is read, what is refused and where, what engine 2 leaves out. */
#include "tests/unit/arena.h"

#include <stdio.h>

#include "shared/copystmt.h"

static struct copystmt parse(const char *sql)
{
	struct copystmt c = {0};
	struct err e = {0};

	if (!copystmt_parse(str_z(sql), arena, &c, &e))
		fail_msg("%s: %s", sql, e.msg);
	return c;
}

static void sparkify_events(void **state)
{
	struct copystmt c = parse("copy staging_events from 's3://b/log_data'\n"
	                          "credentials 'aws_iam_role=arn:aws:iam::1:role/x'\n"
	                          "region 'us-west-2' timeformat as 'epochmillisecs'\n"
	                          "compupdate off statupdate off\n"
	                          "format as JSON 's3://b/log_json_path.json'");
	struct err e;

	(void)state;
	assert_str(c.schema, "");
	assert_str(c.table, "staging_events");
	assert_int_equal(c.n_columns, 0);
	assert_str(c.from, "s3://b/log_data");
	assert_int_equal(c.auth, COPY_AUTH_CREDENTIALS);
	assert_str(c.text[COPY_REGION], "us-west-2");
	assert_int_equal(c.json, COPY_JSON_PATHS);
	assert_str(c.jsonpaths, "s3://b/log_json_path.json");
	assert_int_equal(c.timeformat, COPY_TIME_EPOCHMILLISECS);
	assert_str(c.text[COPY_COMPUPDATE], "off");
	assert_false(copystmt_has(&c, COPY_MANIFEST));
	assert_true(copystmt_check_engine2(&c, &e));
}

static void everything_at_once(void **state)
{
	struct copystmt c = parse(
	    "-- the load\n"
	    "COPY Stage.\"Log S07\" (Artist, \"userId\" , ts) /* nested /* comment */ here */\n"
	    "FROM 's3://b/it''s/k.manifest' -- where\n"
	    "IAM_ROLE default MANIFEST REGION AS 'us-west-2'\n"
	    "MAXERROR AS 0 TRUNCATECOLUMNS blanksasnull EmptyAsNull TRIMBLANKS ROUNDEC\n"
	    "ACCEPTINVCHARS AS '^' DATEFORMAT 'YYYY-MM-DD' ENCODING UTF8 COMPUPDATE PRESET\n"
	    "STATUPDATE COMPROWS 5000 IGNOREHEADER 0 JSON AS 'auto ignorecase' ;\n-- done\n");
	struct err e;

	(void)state;
	assert_str(c.schema, "stage");
	assert_str(c.table, "Log S07");
	assert_int_equal(c.n_columns, 3);
	assert_str(c.columns[0], "artist");
	assert_str(c.columns[1], "userId");
	assert_str(c.columns[2], "ts");
	assert_str(c.from, "s3://b/it's/k.manifest");
	assert_int_equal(c.auth, COPY_AUTH_ROLE);
	assert_true(copystmt_has(&c, COPY_MANIFEST));
	assert_true(copystmt_has(&c, COPY_TRUNCATECOLUMNS));
	assert_true(copystmt_has(&c, COPY_BLANKSASNULL));
	assert_true(copystmt_has(&c, COPY_EMPTYASNULL));
	assert_true(copystmt_has(&c, COPY_STATUPDATE));
	assert_str(c.text[COPY_STATUPDATE], "");
	assert_int_equal(c.replacement, '^');
	assert_int_equal(c.number[COPY_COMPROWS], 5000);
	assert_int_equal(c.json, COPY_JSON_AUTO_IGNORECASE);
	assert_int_equal(c.timeformat, COPY_TIME_DEFAULT);
	assert_true(copystmt_check_engine2(&c, &e));
}

static void kinds(void **state)
{
	(void)state;
	/* As the server's own quoting writes a backslash. */
	assert_str(parse("copy t from  E's3://b/a\\\\b\\'c' json 'auto'").from, "s3://b/a\\b'c");
	assert_int_equal(parse("copy t from 's3://b/k' format json").json, COPY_JSON_AUTO);
	assert_int_equal(parse("copy t from 's3://b/k' json 'noshred'").json, COPY_JSON_NOSHRED);
	assert_int_equal(
	    parse("copy t from 's3://b/k' csv quote as '%' delimiter ';'").json, COPY_JSON_NONE);
	assert_int_equal(parse("copy t from 's3://b/k' access_key_id 'a' secret_access_key 'b' "
	                       "token 'c'")
	                     .auth,
	    COPY_AUTH_KEYS);
	assert_int_equal(
	    parse("copy t from 's3://b/k' with credentials as 'x'").auth, COPY_AUTH_CREDENTIALS);
	/* The words are case-sensitive. */
	assert_int_equal(
	    parse("copy t from 's3://b/k' timeformat 'EpochSecs'").timeformat, COPY_TIME_PATTERN);
	assert_int_equal(
	    parse("copy t from 's3://b/k' timeformat 'epochsecs'").timeformat, COPY_TIME_EPOCHSECS);
	assert_int_equal(parse("copy t from 's3://b/k' acceptinvchars").replacement, '?');
}

static void refused(void **state)
{
	static const struct {
		const char *sql, *want;
	} cases[] = {
	    {"", "1:1: COPY expected, but the statement ends"},
	    {"select 1", "1:1: COPY expected, not \"select\""},
	    {"copy t", "1:7: FROM expected, but the statement ends"},
	    {"copy t from", "1:12: an address in '' quotes must follow FROM"},
	    {"copy a.b.c from 's3://b/k'", "1:9: a table is named schema.table at most"},
	    {"copy t (a, b a) from", "1:14: ',' or ')' expected, not \"a\""},
	    {"copy t (a, A) from", "1:12: column a is listed twice"},
	    {"copy t from 's3://b/k'\njson 'auto'\n  compupdat off",
	        "3:3: unknown option compupdat; did you mean COMPUPDATE?"},
	    {"copy t from 's3://b/k' maxerrors 3",
	        "unknown option maxerrors; did you mean MAXERROR?"},
	    {"copy t from 's3://b/k' frobnicate", "1:24: unknown option frobnicate"},
	    {"copy t from 's3://b/k' format as gzip", "1:34: GZIP is no file format"},
	    {"copy t from 's3://b/k' format as jsn",
	        "unknown option jsn as file format; did you mean JSON?"},
	    {"copy t from 's3://b/k' json 'auto' csv",
	        "1:36: a second file format: CSV after JSON"},
	    {"copy t from 's3://b/k' json 'path.json'", "1:24: JSON takes 'auto'"},
	    {"copy t from 's3://b/k' manifest manifest", "1:33: MANIFEST is given twice"},
	    {"copy t from 's3://b/k' maxerror x", "1:33: a number must follow MAXERROR"},
	    {"copy t from 's3://b/k' maxerror 100001", "MAXERROR is 100000 at most"},
	    {"copy t from 's3://b/k' maxerror 99999999999999999999", "number too large"},
	    {"copy t from 's3://b/k' maxerror 3 ignoreallerrors", "exclude each other"},
	    {"copy t from 's3://b/k' region us", "1:31: a text in '' quotes must follow REGION"},
	    {"copy t from 's3://b/k' region 'us", "1:31: text without closing quote"},
	    {"copy t from 's3://b/k' /* no end", "1:24: comment without end"},
	    {"copy t from 's3://b/k'; copy", "1:25: one statement expected"},
	    {"copy t from 's3://b/k' json 'auto' fillrecord",
	        "FILLRECORD can not be used with JSON"},
	    {"copy t from 's3://b/k' json 'auto' null as '-'", "NULL can not be used with JSON"},
	    {"copy t from 's3://b/k' acceptinvchars 'ab'",
	        "ACCEPTINVCHARS takes one ASCII character"},
	    {"copy t from 's3://b/k' acceptinvchars as", "a text in '' quotes must follow"},
	    {"copy t from 's3://b/k' iam_role 'a' access_key_id 'b'",
	        "a second kind of authorization"},
	    {"copy t from 's3://b/k' access_key_id 'b'",
	        "ACCESS_KEY_ID and SECRET_ACCESS_KEY belong"},
	    {"copy t from 's3://b/k' with region 'x'", "CREDENTIALS must follow WITH"},
	    {"copy \"\" from 's3://b/k'", "1:6: empty name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct copystmt c;
		struct err e = {0};

		assert_false(copystmt_parse(str_z(cases[i].sql), arena, &c, &e));
		if (!strstr(e.msg, cases[i].want))
			fail_msg("%s\n  got  %s\n  want %s", cases[i].sql, e.msg, cases[i].want);
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_CONFIG);
	}
}

/* However the authorization is broken, nothing of it comes back in a message. */
static void secrets_are_not_shown(void **state)
{
	static const char *const cases[] = {
	    "copy t from 's3://b/k' secret_access_key hunter2",
	    "copy t from 's3://b/k' access_key_id 'hunter2",
	    "copy t from 's3://b/k' access_key_id 'a'hunter2' region 'x'",
	    "copy t from 's3://b/k' credentials 'key=a'hunter2;b'",
	    "copy t from 's3://b/k' credentials as hunter2",
	    "copy t from 's3://b/k' iam_role 'hunter2' iam_role 'hunter2'",
	    "copy t from 's3://b/k' credentials 'hunter2' frobnicate 'hunter2'",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct copystmt c;
		struct err e = {0};

		assert_false(copystmt_parse(str_z(cases[i]), arena, &c, &e));
		if (strstr(e.msg, "hunter2"))
			fail_msg("%s: %s", cases[i], e.msg);
	}
}

static void engine2_leaves_out(void **state)
{
	static const struct {
		const char *options, *want;
	} cases[] = {
	    {"json 'noshred'", "JSON 'noshred'"},
	    {"lzop json 'auto'", "LZOP"},
	    {"json 'auto' encrypted", "ENCRYPTED"},
	    {"ssh json 'auto'", "SSH"},
	    {"parquet", "PARQUET"},
	    {"orc", "ORC"},
	    {"avro 'auto'", "AVRO"},
	    {"shapefile", "SHAPEFILE"},
	    {"readratio 50", "READRATIO"},
	    {"json 'auto' timeformat 'Auto'", "TIMEFORMAT 'Auto' of the COPY statement: its parts"},
	    {"json 'auto' timeformat 'HH:MI'", "it lacks the year, the month or the day"},
	    {"json 'auto' dateformat 'DD.MM'",
	        "DATEFORMAT 'DD.MM' of the COPY statement: it lacks"},
	    {"json 'auto' dateformat 'YYYY-DD-DD'", "a part stands in it twice"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char sql[200];
		struct copystmt c;
		struct err e = {0};

		snprintf(sql, sizeof sql, "copy t from 's3://b/k' %s", cases[i].options);
		c = parse(sql);
		assert_false(copystmt_check_engine2(&c, &e));
		if (!strstr(e.msg, cases[i].want))
			fail_msg("%s\n  got  %s\n  want %s", sql, e.msg, cases[i].want);
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sparkify_events),
	    cmocka_unit_test(everything_at_once),
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(secrets_are_not_shown),
	    cmocka_unit_test(engine2_leaves_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("copystmt", tests, setup, teardown);
}
