/* What the answers of AWS's control plane mean, and how long is waited after them. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "shared/aws_wire.h"

static const int64_t NOON = 1785585600000; /* 2026-08-01T12:00:00Z */

static struct aws *client(const char *region, struct credentials *c)
{
	struct aws_options o = {.region = str_z(region), .credentials = c};
	struct aws *w = NULL;
	struct err e;

	if (!aws_open(&o, &w, &e))
		fail_msg("%s", e.msg);
	return w;
}

#define QUERY(code, message)                                                                       \
	"<ErrorResponse xmlns=\"http://redshift.amazonaws.com/doc/2012-12-01/\"><Error>"           \
	"<Type>Sender</Type><Code>" code "</Code><Message>" message                                \
	"</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
#define EC2(code, message)                                                                         \
	"<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>" code "</Code><Message>" message \
	"</Message></Error></Errors><RequestID>r-1</RequestID></Response>"
#define JSON(type) "{\"__type\":\"" type "\",\"message\":\"m\"}"

static void error_documents(void **state)
{
	static const struct {
		int status;
		const char *body, *header;
		const char *code, *message;
		enum err_kind kind;
		enum err_where where;
		const char *says;
	} cases[] = {
	    /* The shapes. */
	    {404, QUERY("ClusterNotFound", "Cluster x not found."), "", "ClusterNotFound",
	        "Cluster x not found.", ERR_TASK, AT_AWS,
	        "refused (HTTP 404, ClusterNotFound: Cluster x not found.; request r-1)"},
	    {400, EC2("InvalidGroup.Duplicate", "exists"), "", "InvalidGroup.Duplicate", "exists",
	        ERR_TASK, AT_AWS, "request r-1"},
	    {400, JSON("com.amazonaws.redshiftserverless#ConflictException"), "",
	        "ConflictException", "m", ERR_TASK, AT_AWS, ""},
	    {400, JSON("ResourceNotFoundException:http://internal.amazon.com/coral/x#y"), "",
	        "ResourceNotFoundException", "m", ERR_TASK, AT_AWS, ""},
	    {400, JSON("a.b#ValidationException:http://x"), "", "ValidationException", "m",
	        ERR_TASK, AT_AWS, ""},
	    {400, "{\"__type\":\"ConflictException\",\"Message\":\"M\"}", "", "ConflictException",
	        "M", ERR_TASK, AT_AWS, "; request from-header)"},
	    {400, "{\"message\":\"m\"}", "ValidationException:http://internal.amazon.com/",
	        "ValidationException", "m", ERR_TASK, AT_AWS, ""},
	    {400, "{\"code\":\"x#Odd\"}", "", "Odd", "", ERR_TASK, AT_AWS, ""},
	    {400, "", "ns#TooManyTagsException:http://x", "TooManyTagsException", "", ERR_TASK,
	        AT_AWS, ""},
	    {400, "{\"__type\":7,\"message\":[]}", "", "", "", ERR_TASK, AT_AWS, ""},
	    {400, "{\"__type\":\"Cut", "", "", "", ERR_TASK, AT_AWS, ""},
	    {400, "[1]", "", "", "", ERR_TASK, AT_AWS, ""},
	    {403,
	        "<ErrorResponse><Errors><Error><Code>UnknownThing</Code><Message>x</Message>"
	        "<Type>Sender</Type></Error></Errors></ErrorResponse>",
	        "", "UnknownThing", "x", ERR_TASK, AT_AWS, ""},
	    /* Without a document. */
	    {404, "<html><body>Not here</body></html>", "", "", "", ERR_TASK, AT_AWS,
	        "is that a server of AWS? The address is AWS_ENDPOINT_URL"},
	    {403, "Forbidden", "", "AccessDenied", "", ERR_SETUP, AT_AWS,
	        "allow redshift:CreateCluster"},
	    {401, "", "", "Unauthorized", "", ERR_SETUP, AT_CONFIG, "check the access key"},
	    {429, "", "", "Throttling", "", ERR_RETRY, AT_AWS, "too many requests"},
	    {503, "", "", "ServiceUnavailable", "", ERR_RETRY, AT_AWS, ""},
	    {502, "<html>", "", "", "", ERR_RETRY, AT_AWS, ""},
	    {301, "", "", "", "", ERR_TASK, AT_AWS, ""},
	    {501, "", "", "", "", ERR_TASK, AT_AWS, ""},
	    /* Throttled. */
	    {400, QUERY("Throttling", "Rate exceeded"), "", "Throttling", "Rate exceeded",
	        ERR_RETRY, AT_AWS, "too many requests"},
	    {503, EC2("RequestLimitExceeded", "x"), "", "RequestLimitExceeded", "x", ERR_RETRY,
	        AT_AWS, "too many requests"},
	    {400, JSON("ThrottlingException"), "", "ThrottlingException", "m", ERR_RETRY, AT_AWS,
	        "too many requests"},
	    {400, JSON("LimitExceededException"), "", "LimitExceededException", "m", ERR_RETRY,
	        AT_AWS, ""},
	    {400, QUERY("DependentServiceRequestThrottlingFault", "x"), "",
	        "DependentServiceRequestThrottlingFault", "x", ERR_RETRY, AT_AWS, ""},
	    /* A quota is not throttling. */
	    {409, QUERY("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000"), "",
	        "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", ERR_TASK, AT_AWS,
	        "ask for more in the console of Service Quotas"},
	    {400, QUERY("ClusterQuotaExceeded", "x"), "", "ClusterQuotaExceeded", "x", ERR_TASK,
	        AT_AWS, "as many clusters as the account may have"},
	    {400, QUERY("InvalidVPCNetworkStateFault", "x"), "", "InvalidVPCNetworkStateFault", "x",
	        ERR_TASK, AT_AWS, "give it subnets in the zones of the region"},
	    /* It may pass. */
	    {500, QUERY("InternalFailure", "x"), "", "InternalFailure", "x", ERR_RETRY, AT_AWS,
	        "AWS failed"},
	    {400, QUERY("RequestTimeout", "x"), "", "RequestTimeout", "x", ERR_RETRY, AT_AWS, ""},
	    {409, QUERY("ConcurrentModification", "x"), "", "ConcurrentModification", "x",
	        ERR_RETRY, AT_AWS, ""},
	    {400, QUERY("IDPCommunicationError", "x"), "", "IDPCommunicationError", "x", ERR_RETRY,
	        AT_AWS, ""},
	    {500, JSON("InternalServerException"), "", "InternalServerException", "m", ERR_RETRY,
	        AT_AWS, ""},
	    /* Keys. */
	    {403, QUERY("InvalidClientTokenId", "x"), "", "InvalidClientTokenId", "x", ERR_SETUP,
	        AT_CONFIG, "check the access key and its secret (they come from environment)"},
	    {401, EC2("AuthFailure", "x"), "", "AuthFailure", "x", ERR_SETUP, AT_CONFIG, ""},
	    {400, JSON("UnrecognizedClientException"), "", "UnrecognizedClientException", "m",
	        ERR_SETUP, AT_CONFIG, ""},
	    {403, QUERY("SignatureDoesNotMatch", "x"), "", "SignatureDoesNotMatch", "x", ERR_SETUP,
	        AT_CONFIG, "the secret does not belong to the access key"},
	    {403, QUERY("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2"), "",
	        "SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2", ERR_SETUP,
	        AT_CONFIG, "the clock of this machine is wrong"},
	    {403, QUERY("SignatureDoesNotMatch", "Signature not yet current: 1"), "",
	        "SignatureDoesNotMatch", "Signature not yet current: 1", ERR_SETUP, AT_CONFIG,
	        "the clock of this machine is wrong"},
	    {400, QUERY("InvalidIdentityToken", "x"), "", "InvalidIdentityToken", "x", ERR_SETUP,
	        AT_CONFIG, ""},
	    {403, QUERY("OptInRequired", "x"), "", "OptInRequired", "x", ERR_SETUP, AT_CONFIG, ""},
	    /* Permissions. */
	    {403, QUERY("AccessDenied", "User: u is not authorized to perform: x"), "",
	        "AccessDenied", "User: u is not authorized to perform: x", ERR_SETUP, AT_AWS,
	        "not permitted (HTTP 403, AccessDenied: User: u is not authorized to perform: x; "
	        "request r-1): allow redshift:CreateCluster to this user or role, whose keys come "
	        "from environment"},
	    {403,
	        EC2("UnauthorizedOperation",
	            "You are not authorized. Encoded authorization failure message: abcdef"),
	        "", "UnauthorizedOperation",
	        "You are not authorized. Encoded authorization failure message: abcdef", ERR_SETUP,
	        AT_AWS, "You are not authorized.; request"},
	    {400, JSON("AccessDeniedException"), "", "AccessDeniedException", "m", ERR_SETUP,
	        AT_AWS, ""},
	};
	struct credentials who = {
	    .key = {STR("AKIDEXAMPLE"), STR("the-secret"), STR("")}, .origin = STR("environment")};
	struct aws_call c;

	(void)state;
	aws_call_init(&c, AWS_REDSHIFT, "CreateCluster");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct aws *w = client("us-west-2", &who);
		struct aws_endpoint at = {
		    .url = "http://h/", .name = "redshift", .from = "AWS_ENDPOINT_URL"};
		struct http_reply r = {.status = cases[i].status, .request_id = "from-header"};
		struct aws_wire sent = {.wall_ms = NOON};
		struct aws_tries t = {0};
		struct xml_error said;
		struct err e = {.kind = 0};

		snprintf(r.error_type, sizeof r.error_type, "%s", cases[i].header);
		aws_said(&r, str_z(cases[i].body), &said);
		if (said.code[0])
			assert_string_equal(said.code, cases[i].code);
		assert_string_equal(said.message, cases[i].message);
		assert_int_equal(
		    aws_judge(w, &c, &at, &sent, &r, str_z(cases[i].body), &t, &e), AWS_FAILED);
		assert_string_equal(e.code, cases[i].code);
		assert_int_equal(e.kind, cases[i].kind);
		assert_int_equal(e.where, cases[i].where);
		assert_int_equal(strncmp(e.msg, "redshift:CreateCluster at http://h/: ", 37), 0);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, cases[i].says);
		aws_close(w);
	}
	aws_call_free(&c);
}

/* What AWS quotes of a request is not passed on. */
static void secrets_stay_ours(void **state)
{
	static const struct {
		const char *message, *says;
	} cases[] = {
	    {"No match. \n\nThe Canonical String for this request should have been\n'POST\nhost:h\n"
	     "x-amz-security-token:TOKEN'\n\nThe String-to-Sign should have been\n'A'",
	        ": No match.; request"},
	    {"Value 'Passw0rd~x' at 'adminUserPassword'", "Value '**********' at"},
	    {"it is TOK/EN+== and TOK/EN+== or the-secret!",
	        "it is ********* and ********* or **********!"},
	    {"cut off: Passw0r", "cut off: *******"},
	    {"Pass", "****"},
	    {"a Pas", "a Pas"},
	};
	struct credentials who = {.key = {STR("AKIDEXAMPLE"), STR("the-secret"), STR("TOK/EN+==")}};
	struct aws *w = client("us-west-2", &who);
	struct aws_call c;

	(void)state;
	aws_call_init(&c, AWS_REDSHIFT, "CreateCluster");
	aws_arg_secret(&c, "MasterUserPassword", STR("Passw0rd~x"));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct aws_endpoint at = {.url = "http://h/", .name = "redshift"};
		struct http_reply r = {.status = 403};
		struct aws_wire sent = {.wall_ms = NOON};
		struct aws_tries t = {0};
		struct err e = {.kind = 0};
		struct buf body;

		buf_init(&body, 4096);
		buf_printf(&body, QUERY("SignatureDoesNotMatch", "%s"), cases[i].message);
		assert_int_equal(
		    aws_judge(w, &c, &at, &sent, &r, buf_view(&body), &t, &e), AWS_FAILED);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, cases[i].says);
		assert_null(strstr(e.msg, "TOK"));
		buf_free(&body);
	}
	aws_call_free(&c);
	aws_close(w);
}

static void pauses(void **state)
{
	struct aws *w = client("us-west-2", NULL);
	struct err e;

	(void)state;
	for (int throttled = 0; throttled < 2; throttled++) {
		int64_t first = throttled ? 1000 : 200, most[7] = {0};

		for (int round = 0; round < 200; round++) {
			struct aws_tries t = {.throttled = throttled};

			for (int i = 0; i < 7; i++) {
				int64_t ms;

				err_set(&e, ERR_RETRY, AT_AWS, "Throttling", "slow");
				ms = aws_backoff(w, &t, &e);
				assert_true(ms >= 0);
				most[i] = ms > most[i] ? ms : most[i];
			}
			assert_int_equal(aws_backoff(w, &t, &e), -1);
			assert_string_equal(e.msg, "slow (tried 8 times)");
			assert_string_equal(e.code, "Throttling");
		}
		for (int i = 0; i < 7; i++) {
			int64_t bound = first << i < 20000 ? first << i : 20000;

			assert_true(most[i] <= bound && most[i] > bound / 2);
		}
	}
	/* AWS's own wish goes first, but not for long. */
	for (int i = 0; i < 100; i++) {
		struct aws_tries t = {0};
		int64_t ms;

		err_set(&e, ERR_RETRY, AT_AWS, "Throttling", "slow");
		e.retry_after_ms = i % 2 ? 3000 : 86400000;
		ms = aws_backoff(w, &t, &e);
		assert_true(i % 2 ? ms == 3000 : ms >= 5000 && ms <= 5200);
	}
	err_set(&e, ERR_TASK, AT_AWS, "ClusterNotFound", "gone");
	assert_int_equal(aws_backoff(w, &(struct aws_tries){0}, &e), -1);
	assert_string_equal(e.msg, "gone");
	aws_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(error_documents),
	    cmocka_unit_test(secrets_stay_ours),
	    cmocka_unit_test(pauses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
