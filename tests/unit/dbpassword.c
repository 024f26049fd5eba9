/* For whom a password is kept that AWS has given: for the same question, wherever it is asked. */
#include "tests/unit/unit.h"

#include "shared/clock.h"
#include "shared/dbpassword.h"
#include "tests/unit/scripted.h"

#define ANSWER(password)                                                                           \
	"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<GetClusterCredentialsWithIAMResponse>"       \
	"<GetClusterCredentialsWithIAMResult><DbUser>IAM:u</DbUser><DbPassword>" password          \
	"</DbPassword><Expiration>2123-01-01T00:00:00Z</Expiration>"                               \
	"</GetClusterCredentialsWithIAMResult></GetClusterCredentialsWithIAMResponse>"

static const char *const answers[] = {ANSWER("p1"), ANSWER("p2"), ANSWER("p3"), ANSWER("p4"),
    ANSWER("p5"), ANSWER("p6"), ANSWER("p7")};

static struct scripted *server;

static struct config of_cluster(const char *identifier)
{
	struct config c = {.file = "dwh.cfg"};

	c.warehouse.engine = ENGINE_REDSHIFT;
	c.cluster.host = "dwh.abc.us-west-2.redshift.amazonaws.com";
	c.cluster.iam_auth = IAM_AUTH_ROLE;
	c.dwh.cluster_identifier = identifier;
	c.dwh.db = "dwh";
	c.aws.key = "AKID";
	c.aws.secret = "s3cr3t";
	return c;
}

static void expect(const struct config *c, const char *password, bool is_kept)
{
	struct arena *a = arena_new();
	struct dbpassword got;
	struct err e;

	if (!dbpassword_find(c, NULL, NULL, a, &got, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(got.password, password);
	assert_int_equal(got.kept, is_kept);
	arena_free(a);
}

static void kept_for_the_same_question(void **state)
{
	struct config c = of_cluster("one"), copy;

	(void)state;
	expect(&c, "p1", false);
	expect(&c, "p1", true);
	copy = c; /* as who asks on his way elsewhere makes one */
	expect(&copy, "p1", true);
	/* Another one at the same place. */
	c = of_cluster("two");
	expect(&c, "p2", false);
	expect(&c, "p2", true);
	c.cluster.db_name = "other";
	expect(&c, "p3", false);
	c.aws.key = "AKOTHER";
	expect(&c, "p4", false);
	c.cluster.host = "dwh.abc.eu-west-1.redshift.amazonaws.com";
	expect(&c, "p5", false);
	expect(&c, "p5", true);
	dbpassword_forget();
	expect(&c, "p6", false);
	expect(&copy, "p7", false);
	dbpassword_forget();
	assert_int_equal(server->seen, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kept_for_the_same_question)};
	char url[64];
	int failed;

	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	server = scripted_start(answers, COUNT(answers));
	snprintf(url, sizeof url, "http://127.0.0.1:%d", server->port);
	setenv("AWS_ENDPOINT_URL", url, 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scripted_stop(server);
	return failed;
}
