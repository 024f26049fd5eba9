/* The role's policy: what it names, and that it names nothing else. */
#include "tests/unit/unit.h"

#include "shared/buf.h"
#include "shared/policy.h"

static struct arena *a;

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static struct config config_of(const char *text)
{
	struct config c;
	struct err e;

	if (!config_load_text("dwh.cfg", str_z(text), NULL, 0, a, &c, &e))
		fail_msg("%s", e.msg);
	return c;
}

#define SAME(address)                                                                              \
	"[S3]\nLOG_DATA = " address "\nLOG_JSONPATH = " address "\nSONG_DATA = " address "\n"
#define HEAD(buckets)                                                                              \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:"        \
	"GetBucketLocation\",\"Resource\":[" buckets "]},"
#define LIST(bucket, condition)                                                                    \
	"{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":" bucket condition "},"
#define UNDER(prefixes) ",\"Condition\":{\"StringLike\":{\"s3:prefix\":[" prefixes "]}}"
#define TAIL(objects)                                                                              \
	"{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":[" objects "]}]}"
#define ARN(rest) "\"arn:aws:s3:::" rest "\""

static void documents(void **state)
{
	static const struct {
		const char *config, *partition, *manifests, *want;
	} cases[] = {
	    {"[S3]\nLOG_DATA = s3://src/log_data\nLOG_JSONPATH = s3://src/log_json_path.json\n"
	     "SONG_DATA = s3://src/song_data\n",
	        "aws", "s3://dwh-1/",
	        HEAD(ARN("src") "," ARN("dwh-1")) LIST(
	            ARN("src"), UNDER("\"log_data*\",\"log_json_path.json*\",\"song_data*\""))
	            LIST(ARN("dwh-1"), "") TAIL(ARN("src/log_data*") "," ARN(
	                "src/log_json_path.json*") "," ARN("src/song_data*") "," ARN("dwh-1/*"))},
	    /* The configuration's own folder, which is one: its neighbour's name may go on. */
	    {SAME("s3://src/a") "MANIFESTS = s3://src/of/tests\n", "aws", NULL,
	        HEAD(ARN("src")) LIST(ARN("src"), UNDER("\"a*\",\"of/tests/*\""))
	            TAIL(ARN("src/a*") "," ARN("src/of/tests/*"))},
	    /* A prefix that another covers is not said again, whichever comes first. */
	    {"[S3]\nLOG_DATA = s3://src/a/b\nLOG_JSONPATH = s3://src/a/x\nSONG_DATA = "
	     "s3://src/a/\nMORE = s3://src/a/c\n"
	     "MANIFESTS = none\n",
	        "aws", NULL,
	        HEAD(ARN("src")) LIST(ARN("src"), UNDER("\"a/*\"")) TAIL(ARN("src/a/*"))},
	    /* A whole bucket. */
	    {"[S3]\nLOG_DATA = s3://src/a\nLOG_JSONPATH = s3://src/b\nSONG_DATA = s3://src\n",
	        "aws", NULL, HEAD(ARN("src")) LIST(ARN("src"), "") TAIL(ARN("src/*"))},
	    /* What IAM would take for a pattern. */
	    {SAME("s3://src/a*b?${c}\"/"), "aws-cn", NULL,
	        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:"
	        "GetBucketLocation\",\"Resource\":[\"arn:aws-cn:s3:::src\"]},{\"Effect\":"
	        "\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"arn:aws-cn:s3:::src\","
	        "\"Condition\":{\"StringLike\":{\"s3:prefix\":[\"a${*}b${?}${$}{c}\\\"/*\"]}}},"
	        "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":[\"arn:aws-cn:s3:"
	        "::src/a${*}b${?}${$}{c}\\\"/*\"]}]}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config c = config_of(cases[i].config);
		struct str got;
		struct err e;

		if (!policy_of_role(&c, cases[i].partition, cases[i].manifests, a, &got, &e))
			fail_msg("case %zu: %s", i, e.msg);
		assert_str(got, cases[i].want);
	}
}

static void refused(void **state)
{
	struct config c;
	struct buf many;
	struct str got;
	struct err e;

	(void)state;

	buf_init(&many, 1 << 20);
	buf_z(&many, "[S3]\n");
	for (int i = 100; i < 300; i++)
		buf_printf(
		    &many, "SOURCE%d = s3://bucket-with-a-name/%d/%s\n", i, i, "a/folder/of/many");
	c = config_of(arena_cstr(a, buf_view(&many)));
	buf_free(&many);
	assert_false(policy_of_role(&c, "aws", NULL, a, &got, &e));
	assert_int_equal(e.where, AT_CONFIG);
	assert_non_null(strstr(e.msg, "[IAM_ROLE] POLICY"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documents),
	    cmocka_unit_test(refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
