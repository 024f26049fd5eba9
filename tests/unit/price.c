/* The table of prices: what it knows, what it does not, and how that is said. */
#include "tests/unit/unit.h"

#include "supervisor/price.h"

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

static void nodes(void **state)
{
	static const struct {
		const char *type;
		int64_t n;
		const char *region, *want;
	} cases[] = {
	    {"ra3.large", 2, "us-east-1",
	        "1.086 USD an hour: 2 nodes of ra3.large at 0.543 (on demand in us-east-1, without "
	        "storage; price of 2026-03)"},
	    {"dc2.large", 1, "us-east-1",
	        "0.25 USD an hour: 1 node of dc2.large at 0.25 (on demand in us-east-1, without "
	        "storage; price of 2026-03)"},
	    {"rg.4xlarge", 100, "us-east-1",
	        "304.267 USD an hour: 100 nodes of rg.4xlarge at 3.04267 (on demand in us-east-1, "
	        "without storage; price of 2026-10-05)"},
	    {"ra3.4xlarge", 50, "us-west-2",
	        "163.00 USD an hour: 50 nodes of ra3.4xlarge at 3.26 (on demand in us-west-2, "
	        "without storage; price of 2026-05)"},
	    /* A type in another region is not a guess for this one. */
	    {"ra3.xlplus", 2, "eu-west-1",
	        "price unknown: in us-east-1 2.172 USD an hour (2 at 1.086, on demand, without "
	        "storage; price of 2026-10-05); eu-west-1 is not in the table for ra3.xlplus (see "
	        "https://aws.amazon.com/redshift/pricing/)"},
	    {"ra3.xlplus", 2, "cn-north-1",
	        "price unknown (the table in this program has none of ra3.xlplus in cn-north-1; "
	        "see https://aws.amazon.com/redshift/pricing/)"},
	    {"ra3.huge", 2, "us-east-1",
	        "price unknown (the table in this program has none of ra3.huge in us-east-1; see "
	        "https://aws.amazon.com/redshift/pricing/)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(price_of_nodes_text(a, str_z(cases[i].type), cases[i].n,
		                        str_z(cases[i].region)),
		    cases[i].want);
}

static void rpus(void **state)
{
	(void)state;
	assert_string_equal(price_of_rpus_text(a, 8, STR("us-west-2")),
	    "2.88 USD an hour while queries run: 8 RPUs at 0.36 (on demand in us-west-2, without "
	    "storage; price of 2026-09-21)");
	assert_string_equal(price_of_rpus_text(a, 1, STR("mx-central-1")),
	    "0.39375 USD an hour while queries run: 1 RPU at 0.39375 (on demand in mx-central-1, "
	    "without storage; price of 2026-09-21)");
	assert_string_equal(price_of_rpus_text(a, 8, STR("cn-north-1")),
	    "price unknown (the table in this program has none of Redshift Serverless in "
	    "cn-north-1; see https://aws.amazon.com/redshift/pricing/)");
	assert_string_equal(price_of_rpus_text(a, 8, STR("eu-nowhere-1")),
	    "price unknown: in us-east-1 3.00 USD an hour (8 at 0.375, on demand, without storage; "
	    "price of 2026-09-21); eu-nowhere-1 is not in the table for Redshift Serverless (see "
	    "https://aws.amazon.com/redshift/pricing/)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nodes),
	    cmocka_unit_test(rpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
