/* Calls to AWS's control plane over real HTTP: what is sent again, how often, and signed with what.
 */
#include "tests/unit/unit.h"

#include "shared/aws_wait.h"
#include "shared/aws_wire.h"
#include "shared/clock.h"
#include "tests/unit/scripted.h"

#define SAYS(status, head, body) "HTTP/1.1 " status "\r\nConnection: close\r\n" head "\r\n" body
#define GOOD_XML SAYS("200 OK", "", "<DescribeClustersResponse><a>1</a></DescribeClustersResponse>")
#define ERROR_XML(status, head, code, message)                                                     \
	SAYS(status, head,                                                                         \
	    "<ErrorResponse><Error><Code>" code "</Code><Message>" message                         \
	    "</Message></Error><RequestId>r</RequestId></ErrorResponse>")
#define THROTTLED ERROR_XML("400 Bad Request", "", "Throttling", "Rate exceeded")
#define IN_2030 "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n"

static const char old_secret[] = "old/secret+of+a+session",
                  new_secret[] = "new/secret+of+a+session";

/* A client of a server with this script, and the way in which it gets new keys. */
struct world {
	struct scripted *server;
	struct credentials who;
	struct aws *aws;
	struct arena *arena;
	struct aws_call call;
	struct str body;
	struct err e;
};

static int refreshed[2]; /* without need, and because the old keys were refused */
static char token[16];
static const char *refresh_fails; /* the code of its error, or NULL */

/* As a source of sessions does: new keys where the old ones were refused. The token tells how often
 * it was asked. */
static bool refresh(struct credentials *c, bool refused, struct err *e)
{
	refreshed[refused]++;
	if (refused && refresh_fails)
		return err_set(e, ERR_SETUP, AT_CONFIG, refresh_fails, "no new keys");
	if (refused)
		c->key.secret = STR(new_secret);
	snprintf(token, sizeof token, "TOKEN-%d", refreshed[0]);
	c->key.token = str_z(token);
	return true;
}

static struct world *world_new(const char *const *answers, size_t n, enum aws_service service,
    const char *action, bool (*tick)(void *ctx, struct err *e))
{
	struct world *w = xcalloc(1, sizeof *w);
	struct aws_options o = {
	    .region = STR("us-west-2"), .credentials = &w->who, .tick = tick, .tick_ctx = w};
	char url[64];

	memset(refreshed, 0, sizeof refreshed);
	refresh_fails = NULL;
	w->server = scripted_start(answers, n);
	w->arena = arena_new();
	w->who = (struct credentials){
	    .key = {STR("AKIDEXAMPLE"), STR(old_secret), STR("")}, .origin = STR("profile x")};
	snprintf(url, sizeof url, "http://127.0.0.1:%d", w->server->port);
	setenv("AWS_ENDPOINT_URL", url, 1);
	setenv("DWH_AWS_SPEED", "1000", 1);
	if (!aws_open(&o, &w->aws, &w->e))
		fail_msg("%s", w->e.msg);
	w->aws->refresh = refresh;
	aws_call_init(&w->call, service, action);
	return w;
}

#define WORLD(answers) world_new(answers, COUNT(answers), AWS_REDSHIFT, "DescribeClusters", NULL)

static void world_free(struct world *w)
{
	aws_call_free(&w->call);
	aws_close(w->aws);
	scripted_stop(w->server);
	arena_free(w->arena);
	free(w);
}

static bool send_call(struct world *w)
{
	return aws_send(w->aws, &w->call, w->arena, &w->body, &w->e);
}

/* The value of a header of the n-th request; "" where it has none. */
static struct str header(const struct world *w, int n, const char *name)
{
	const char *at = faulty_header(w->server->asked[n], name);

	return at ? (struct str){at, strcspn(at, "\r")} : STR("");
}

/* Whether the n-th request was signed as it stands there, with this secret. */
static bool is_signed(const struct world *w, int n, const char *secret)
{
	static const char *const names[] = {"\r\nHost: ", "\r\nX-Amz-Target: ",
	    "\r\nContent-Type: ", "\r\nX-Amz-Date: ", "\r\nX-Amz-Security-Token: "};
	static const char *const keys[] = {
	    "host", "x-amz-target", "content-type", "x-amz-date", "x-amz-security-token"};
	struct sigv4_key key = {STR("AKIDEXAMPLE"), str_z(secret), STR("")};
	struct sigv4_header pairs[COUNT(names)];
	struct sigv4_result want;
	char hash[65];
	size_t pairs_n = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		if (header(w, n, names[i]).n)
			pairs[pairs_n++] = (struct sigv4_header){
			    str_z(keys[i]), header(w, n, names[i])};
	sigv4_sha256_hex(str_z(strstr(w->server->asked[n], "\r\n\r\n") + 4), hash);
	sigv4_sign(
	    &(struct sigv4_request){
	        .method = STR("POST"),
	        .path = STR("/"),
	        .headers = pairs,
	        .n_headers = pairs_n,
	        .payload_hash = str_z(hash),
	        .path_rule = SIGV4_PATH_NORMALISE,
	        .region = STR("us-west-2"),
	        .service = STR("redshift"),
	        .time = header(w, n, "\r\nX-Amz-Date: "),
	    },
	    &key, w->arena, &want);
	return str_eq(header(w, n, "\r\nAuthorization: "), want.authorization);
}

static void what_may_pass_is_sent_again(void **state)
{
	static const char *const answers[] = {THROTTLED, "",
	    SAYS("200 OK", "", "<DescribeClustersResponse><a>1</a>"), /* cut */
	    SAYS("503 Busy", "", "<html>"), SAYS("200 OK", "", "welcome to this network"),
	    GOOD_XML};
	struct world *w = WORLD(answers);
	char want[24];

	(void)state;
	aws_argz(&w->call, "ClusterIdentifier", "a b");
	if (!send_call(w))
		fail_msg("%s", w->e.msg);
	assert_str(w->body, "<DescribeClustersResponse><a>1</a></DescribeClustersResponse>");
	assert_int_equal(w->server->seen, 6);
	assert_int_equal(aws_stats(w->aws).requests, 6);
	assert_int_equal(aws_stats(w->aws).retries, 5);
	assert_int_equal(refreshed[false], 6);
	for (int i = 0; i < 6; i++) {
		/* Signed anew: with the keys of that moment. */
		snprintf(want, sizeof want, "TOKEN-%d", i + 1);
		assert_str(header(w, i, "\r\nX-Amz-Security-Token: "), want);
		assert_true(is_signed(w, i, old_secret));
		assert_int_equal(strncmp(w->server->asked[i], "POST / HTTP/1.1\r\n", 17), 0);
		assert_non_null(strstr(w->server->asked[i],
		    "\r\n\r\nAction=DescribeClusters&Version=2012-12-01&ClusterIdentifier=a+b"));
	}
	/* The same call by hand. */
	assert_true(send_call(w));
	assert_int_equal(w->server->seen, 7);
	world_free(w);
}

static void the_last_failure_stands(void **state)
{
	static const char *const throttled[] = {THROTTLED};
	static const char *const silent[] = {""};
	static const char *const refused[] = {
	    ERROR_XML("404 Not Found", "", "ClusterNotFound", "Cluster x not found.")};
	static const char *const quota[] = {
	    ERROR_XML("409 Conflict", "", "LimitExceeded", "Cannot exceed quota")};
	static const struct {
		const char *const *answers;
		int requests;
		enum err_kind kind;
		const char *code, *says;
	} cases[] = {
	    {throttled, 8, ERR_RETRY, "Throttling", "(tried 8 times)"},
	    {silent, 8, ERR_RETRY, "reset", "(tried 8 times)"},
	    {refused, 1, ERR_TASK, "ClusterNotFound", "Cluster x not found."},
	    {quota, 1, ERR_TASK, "LimitExceeded", "Cannot exceed quota"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = world_new(
		    cases[i].answers, 1, AWS_REDSHIFT, "DescribeClusters", NULL);

		assert_false(send_call(w));
		assert_int_equal(w->server->seen, cases[i].requests);
		assert_int_equal(w->e.kind, cases[i].kind);
		assert_int_equal(w->e.where, AT_AWS);
		assert_string_equal(w->e.code, cases[i].code);
		assert_non_null(strstr(w->e.msg, cases[i].says));
		assert_non_null(strstr(w->e.msg, "redshift:DescribeClusters"));
		world_free(w);
	}
}

/* The first answer says by its Date how wrong the clock is. */
static void the_clock_is_corrected_once(void **state)
{
	static const char *const firsts[] = {
	    ERROR_XML("403 No", IN_2030, "RequestTimeTooSkewed", "x"),
	    ERROR_XML("403 No", IN_2030, "SignatureDoesNotMatch", "Signature expired: x"),
	    ERROR_XML("403 No", IN_2030, "SignatureDoesNotMatch", "it does not match"),
	    ERROR_XML("400 No", IN_2030, "RequestExpired", "Request has expired."),
	    ERROR_XML("401 No", IN_2030, "AuthFailure", "x"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(firsts); i++) {
		const char *answers[] = {firsts[i], GOOD_XML, GOOD_XML, firsts[i], firsts[i]};
		struct world *w = WORLD(answers);

		if (!send_call(w))
			fail_msg("%s", w->e.msg);
		assert_int_equal(w->server->seen, 2);
		assert_false(str_starts(header(w, 0, "\r\nX-Amz-Date: "), STR("2030")));
		assert_true(str_starts(header(w, 1, "\r\nX-Amz-Date: "), STR("20300101T00")));
		assert_true(is_signed(w, 0, old_secret) && is_signed(w, 1, old_secret));
		/* It stays corrected for the next call. */
		assert_true(send_call(w));
		assert_true(str_starts(header(w, 2, "\r\nX-Amz-Date: "), STR("20300101T00")));
		assert_int_equal(refreshed[true], 0);
		world_free(w);
	}
}

static void a_clock_that_stays_wrong(void **state)
{
	static const char *const answers[] = {
	    ERROR_XML("403 No", IN_2030, "RequestTimeTooSkewed", "x"),
	    ERROR_XML(
	        "403 No", "Date: Wed, 01 Jan 2031 00:00:00 GMT\r\n", "RequestTimeTooSkewed", "x")};
	static const char *const undated[] = {ERROR_XML("403 No", "", "RequestTimeTooSkewed", "x")};
	struct world *w = WORLD(answers);

	(void)state;
	assert_false(send_call(w));
	assert_int_equal(w->server->seen, 2);
	assert_int_equal(w->e.kind, ERR_SETUP);
	assert_int_equal(w->e.where, AT_CONFIG);
	assert_non_null(strstr(w->e.msg, "the clock of this machine is wrong"));
	world_free(w);

	w = WORLD(undated);
	assert_false(send_call(w));
	assert_int_equal(w->server->seen, 1);
	world_free(w);
}

/* A wrong secret is not the clock's fault. */
static void a_wrong_secret_is_not_tried_again(void **state)
{
	char answer[512], date[40];
	const char *const answers[] = {answer};
	time_t now = time(NULL);
	struct world *w = WORLD(answers);

	(void)state;
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	snprintf(answer, sizeof answer,
	    ERROR_XML("403 No", "Date: %s\r\n", "SignatureDoesNotMatch", "x"), date);
	assert_false(send_call(w));
	assert_int_equal(w->server->seen, 1);
	assert_non_null(strstr(w->e.msg, "the secret does not belong to the access key"));
	assert_non_null(strstr(w->e.msg, "(they come from profile x)"));
	world_free(w);
}

static void keys_that_expired_are_renewed_once(void **state)
{
	static const char *const firsts[] = {
	    ERROR_XML("403 No", "", "ExpiredToken", "x"),
	    SAYS("400 No", "", "{\"__type\":\"a#ExpiredTokenException\",\"message\":\"x\"}"),
	    ERROR_XML("400 No", "", "RequestExpired", "x"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(firsts); i++) {
		const char *answers[] = {firsts[i], GOOD_XML, firsts[i]};
		struct world *w = WORLD(answers);

		if (!send_call(w))
			fail_msg("%s", w->e.msg);
		assert_int_equal(w->server->seen, 2);
		assert_int_equal(refreshed[true], 1);
		assert_true(is_signed(w, 0, old_secret));
		assert_true(is_signed(w, 1, new_secret));

		assert_false(send_call(w));
		assert_int_equal(w->server->seen, 4);
		assert_int_equal(refreshed[true], 2);
		assert_int_equal(w->e.where, AT_CONFIG);
		assert_non_null(strstr(w->e.msg, "token has expired"));

		refresh_fails = "process";
		assert_false(send_call(w));
		assert_int_equal(w->server->seen, 5);
		assert_string_equal(w->e.msg, "no new keys");

		/* Where there are no others, what AWS said tells more. */
		refresh_fails = "unchanged";
		assert_false(send_call(w));
		assert_int_equal(w->server->seen, 6);
		assert_non_null(strstr(w->e.msg, "token has expired"));
		world_free(w);
	}
}

static void json_calls(void **state)
{
	static const char *const answers[] = {SAYS("200 OK", "", "{\"namespace\":"),
	    SAYS("200 OK", "", "{\"namespace\":{}}"), SAYS("200 OK", "Content-Length: 0\r\n", ""),
	    SAYS("400 No",
	        "x-amzn-RequestId: id-7\r\nx-amzn-ErrorType: ConflictException:http://x\r\n",
	        "{\"message\":\"exists\"}")};
	struct world *w = world_new(
	    answers, COUNT(answers), AWS_SERVERLESS, "CreateNamespace", NULL);

	(void)state;
	aws_argz(&w->call, "namespaceName", "n");
	if (!send_call(w))
		fail_msg("%s", w->e.msg);
	assert_str(w->body, "{\"namespace\":{}}");
	assert_int_equal(w->server->seen, 2);
	assert_str(header(w, 0, "\r\nX-Amz-Target: "), "RedshiftServerless.CreateNamespace");
	assert_str(header(w, 0, "\r\nContent-Type: "), "application/x-amz-json-1.1");
	assert_non_null(strstr(w->server->asked[0], "\r\n\r\n{\"namespaceName\": \"n\"}"));
	assert_true(send_call(w));
	assert_str(w->body, "{}");
	assert_false(send_call(w));
	assert_string_equal(w->e.code, "ConflictException");
	assert_non_null(strstr(w->e.msg, "ConflictException: exists; request id-7)"));
	world_free(w);
}

static void without_credentials(void **state)
{
	static const char *const answers[] = {
	    ERROR_XML("400 No", "", "ExpiredTokenException", "Token expired: current date/time x")};
	struct world *w = world_new(answers, 1, AWS_STS, "AssumeRoleWithWebIdentity", NULL);

	(void)state;
	w->aws->credentials = NULL;
	aws_arg_secret(&w->call, "WebIdentityToken", STR("eyJ.a.b"));
	assert_false(send_call(w));
	assert_int_equal(w->server->seen, 1);
	assert_int_equal(refreshed[false] + refreshed[true], 0);
	assert_int_equal(header(w, 0, "\r\nAuthorization: ").n, 0);
	assert_int_equal(header(w, 0, "\r\nX-Amz-Date: ").n, 0);
	assert_int_equal(w->e.where, AT_CONFIG);
	world_free(w);
}

static bool stop_after_one(void *ctx, struct err *e)
{
	const struct world *w = ctx;

	return w->server->seen == 0 || err_set(e, ERR_CANCELLED, AT_STATE, NULL, "told to stop");
}

static void a_stop_ends_the_waiting(void **state)
{
	static const char *const answers[] = {THROTTLED};
	struct world *w = world_new(answers, 1, AWS_REDSHIFT, "DescribeClusters", stop_after_one);

	(void)state;
	w->aws->attempts = 1000;
	setenv("DWH_AWS_SPEED", "1", 1);
	assert_false(send_call(w));
	assert_int_equal(w->e.kind, ERR_CANCELLED);
	assert_string_equal(w->e.msg, "told to stop");
	world_free(w);
}

static bool stop_now(void *ctx, struct err *e)
{
	(void)ctx;
	return err_set(e, ERR_CANCELLED, AT_STATE, NULL, "told to stop");
}

static void pauses_can_be_short(void **state)
{
	static const struct {
		const char *said;
		int64_t speed;
	} cases[] = {{"60", 60}, {"", 1}, {"0", 1}, {"-5", 1}, {"fast", 1}};
	static const char *const answers[] = {GOOD_XML};
	struct world *w = world_new(answers, 1, AWS_REDSHIFT, "DescribeClusters", stop_now);
	const int64_t hour = 3600000;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		setenv("DWH_AWS_SPEED", cases[i].said, 1);
		assert_int_equal(aws_speed(), cases[i].speed);
	}
	unsetenv("DWH_AWS_SPEED");
	assert_int_equal(aws_speed(), 1);
	assert_false(aws_pause(w->aws, hour, &w->e));
	assert_string_equal(w->e.msg, "told to stop");
	w->aws->tick = NULL;
	setenv("DWH_AWS_SPEED", "1000000", 1);
	assert_true(aws_pause(w->aws, hour, &w->e));
	world_free(w);
}

static void nobody_listens(void **state)
{
	static const char *const answers[] = {GOOD_XML};
	struct world *w = WORLD(answers);
	char url[64];

	(void)state;
	/* A port that this test holds, but does not listen on. */
	snprintf(url, sizeof url, "http://127.0.0.1:%d", w->server->port);
	shutdown(w->server->fd, SHUT_RDWR);
	pthread_join(w->server->thread, NULL);
	assert_false(send_call(w));
	assert_int_equal(w->e.kind, ERR_RETRY);
	assert_string_equal(w->e.code, "connect");
	assert_int_equal(aws_stats(w->aws).requests, 8);
	assert_non_null(strstr(w->e.msg, "is it running? The address is AWS_ENDPOINT_URL"));
	assert_non_null(strstr(w->e.msg, url));
	aws_call_free(&w->call);
	aws_close(w->aws);
	close(w->server->fd);
	free(w->server);
	arena_free(w->arena);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_may_pass_is_sent_again),
	    cmocka_unit_test(the_last_failure_stands),
	    cmocka_unit_test(the_clock_is_corrected_once),
	    cmocka_unit_test(a_clock_that_stays_wrong),
	    cmocka_unit_test(a_wrong_secret_is_not_tried_again),
	    cmocka_unit_test(keys_that_expired_are_renewed_once),
	    cmocka_unit_test(json_calls),
	    cmocka_unit_test(without_credentials),
	    cmocka_unit_test(a_stop_ends_the_waiting),
	    cmocka_unit_test(pauses_can_be_short),
	    cmocka_unit_test(nobody_listens),
	};

	unsetenv("AWS_ENDPOINT_URL_REDSHIFT");
	unsetenv("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS");
	unsetenv("AWS_ENDPOINT_URL_STS");
	unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
