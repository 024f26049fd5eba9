/* The parts of the chain that need no server: words, addresses, times, the document of keys. */
#include "tests/unit/unit.h"

#include "shared/arena.h"
#include "shared/clock.h"
#include "shared/credentials_chain.h"
#include "shared/dbpassword.h"

static void words(void **state)
{
	static const struct {
		const char *line;
		const char *words[4];
	} cases[] = {
	    {"a b  c", {"a", "b", "c"}},
	    {"  /opt/x\t--y ", {"/opt/x", "--y"}},
	    {"\"/a b/c\" 'd e'", {"/a b/c", "d e"}},
	    {"a\\ b c", {"a b", "c"}},
	    {"x '' \"\"", {"x", "", ""}},
	    {"a'b c'd\"e f\"", {"ab cde f"}},
	    {"'a\\b' \"a\\b\" \"a\\\"b\" \"a\\\\b\"", {"a\\b", "a\\b", "a\"b", "a\\b"}},
	    {"$HOME `id` ~ *;", {"$HOME", "`id`", "~", "*;"}},
	    {"", {NULL}},
	};
	static const char *const open[] = {"'a", "a \"b", "\"a\\\"", "a\\"};
	struct arena *a = arena_new();
	char **got;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(chain_split(str_z(cases[i].line), a, &got, &n));
		for (size_t k = 0; k < 4 && cases[i].words[k]; k++) {
			assert_true(k < n);
			assert_string_equal(got[k], cases[i].words[k]);
		}
		assert_null(got[n]);
		assert_true(n == 4 || !cases[i].words[n]);
	}
	for (size_t i = 0; i < COUNT(open); i++)
		assert_false(chain_split(str_z(open[i]), a, &got, &n));
	arena_free(a);
}

static void servers_that_may_give_keys(void **state)
{
	static const char *const may[] = {"https://keys.example.com/x", "http://127.0.0.1:8080/x",
	    "http://127.9.9.9", "http://localhost/x", "http://LOCALHOST:1", "http://[::1]:80/",
	    "http://169.254.170.2/v2", "http://169.254.170.23/v1/credentials",
	    "http://[fd00:ec2::23]/v1"};
	static const char *const may_not[] = {"http://example.com/", "http://169.254.169.254/",
	    "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/",
	    "http://localhost.example.com/", "http://10.0.0.1/", "http://example.com#127.0.0.1",
	    "http://example.com\\@127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://",
	    "", "http://0127.0.0.1/", "http://[::2]/", "https://a@b/", "127.0.0.1/x"};

	(void)state;
	for (size_t i = 0; i < COUNT(may); i++)
		if (!chain_container_url_ok(str_z(may[i])))
			fail_msg("%s", may[i]);
	for (size_t i = 0; i < COUNT(may_not); i++)
		if (chain_container_url_ok(str_z(may_not[i])))
			fail_msg("%s", may_not[i]);
}

static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} cases[] = {
	    {"2026-08-01T12:00:00Z", 1785585600000},
	    {"2026-08-01T12:00:00.123Z", 1785585600123},
	    {"2026-08-01T12:00:00.123456789Z", 1785585600123},
	    {"2026-08-01T12:00:00+00:00", 1785585600000},
	    {"2026-08-01T14:30:00+02:30", 1785585600000},
	    {"2026-08-01T11:00:00-0100", 1785585600000},
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-08-01T12:00:00", -1},
	    {"2026-08-01 12:00:00Z", -1},
	    {"2026-13-01T12:00:00Z", -1},
	    {"2020-02-29T12:00:00Z", 1582977600000},
	    {"2026-02-29T12:00:00Z", -1},
	    {"2026-04-31T12:00:00Z", -1},
	    {"2026-08-01T12:00:00Zx", -1},
	    {"", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = -1;

		if (clock_from_iso(str_z(cases[i].text), &ms) != (cases[i].ms >= 0) ||
		    (cases[i].ms >= 0 && ms != cases[i].ms))
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
	}
}

#define PAIR "\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"s3cr3t\""

static void documents(void **state)
{
	static const struct {
		const char *text, *says; /* NULL: it is taken */
		bool process;
	} cases[] = {
	    {"{\"Version\":1," PAIR ",\"Token\":\"T\"}", NULL, true},
	    {"{" PAIR ",\"Token\":\"T\",\"Expiration\":\"2026-08-01T12:00:00Z\"}", NULL, false},
	    {"{" PAIR "}", "\"Version\" is not 1", true},
	    {"{\"Version\":2," PAIR "}", "\"Version\" is not 1", true},
	    {"{\"Version\":\"1\"," PAIR "}", "\"Version\" is not 1", true},
	    {"", "no JSON object", true},
	    {"[1]", "no JSON object", true},
	    {"s3cr3t", "no JSON object", true},
	    {"{\"Version\":1}", "neither AccessKeyId nor SecretAccessKey", true},
	    {"{\"AccessKeyId\":\"AK\"}", "AccessKeyId is set, but SecretAccessKey is not", false},
	    {"{" PAIR ",\"Token\":\"s3cr3t\\r\\nX-Evil: 1\"}", "holds a blank", false},
	    {"{" PAIR ",\"Expiration\":\"s3cr3t\"}", "Expiration is no time", false},
	    {"{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no\"}",
	        "the place gives no keys: AssumeRoleUnauthorizedAccess: no", false},
	};
	struct chain c = {.a = arena_new()};
	struct credentials got;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (chain_take_json(&c, str_z(cases[i].text), "the place", "Token",
		        cases[i].process, &got, &e)) {
			assert_null(cases[i].says);
			assert_str(got.key.access, "AK");
			assert_str(got.key.secret, "s3cr3t");
			continue;
		}
		if (!cases[i].says || !strstr(e.msg, cases[i].says) || strstr(e.msg, "s3cr3t"))
			fail_msg("%s: %s", cases[i].text, e.msg);
	}
	arena_free(c.a);
}

static void regions_of_hosts(void **state)
{
	(void)state;
	assert_str(
	    dbpassword_region_of_host("dwh.abc123.eu-west-1.redshift.amazonaws.com"), "eu-west-1");
	assert_str(dbpassword_region_of_host(
	               "wg.123456789012.us-east-2.redshift-serverless.amazonaws.com"),
	    "us-east-2");
	assert_str(dbpassword_region_of_host("127.0.0.1"), "");
	assert_str(dbpassword_region_of_host(NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words),
	    cmocka_unit_test(servers_that_may_give_keys),
	    cmocka_unit_test(times),
	    cmocka_unit_test(documents),
	    cmocka_unit_test(regions_of_hosts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
