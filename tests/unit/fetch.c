/* The network half of the S3 client, against a server that fails on command: whatever happens,
 * every byte is delivered once and in order, or there is an error that names the object. */
#include "tests/unit/fetch_world.h"

static void small_objects_over_few_connections(void **state)
{
	struct world *w = world_new(MANY, 300);

	(void)state;
	set_size(w, 7, 0);
	set_size(w, 8, 1);
	run_well(w);
	assert_int_equal(w->stats.requests, MANY);
	assert_int_equal(w->stats.retries, 0);
	assert_int_equal(w->stats.bytes, 300 * (MANY - 2) + 1);
	assert_true(w->server->connections <= 8);
	assert_false(w->server->unsigned_seen);
	assert_false(w->server->unconditional);
	/* The next shard finds them open. */
	run_well(w);
	assert_true(w->server->connections <= 8);
	assert_int_equal(s3_stats(w->s3).requests, 2 * MANY);
	assert_int_equal(s3_stats(w->s3).status[2], 2 * MANY);
	world_free(w);
}

static void nothing_to_fetch(void **state)
{
	struct world *w = world_new(0, 0);

	(void)state;
	run_well(w);
	assert_int_equal(w->server->connections, 0);
	world_free(w);
}

static void anonymous_requests_are_not_signed(void **state)
{
	struct world *w = world_new(1, 300);

	(void)state;
	fetch_free(w->fetch);
	s3_close(w->s3);
	w->s3 = open_s3(w->server, w, true);
	w->fetch = fetch_new(w->s3);
	run_well(w);
	assert_null(strstr(w->server->last, "Authorization"));
	assert_null(strstr(w->server->last, "x-amz-"));
	assert_non_null(strstr(w->server->last, "If-Match: \"e0\"\r\n"));
	world_free(w);
}

static void what_passes(void **state)
{
	enum { SIZE = 100000 };
	static const struct {
		struct action script[3];
		int requests;
		uint64_t second; /* where the second request begins */
	} cases[] = {
	    {{{CUT, 0, NULL}}, 2, 0},
	    {{{CUT, 1, NULL}}, 2, 1},
	    {{{CUT, 77777, NULL}}, 2, 77777},
	    {{{CUT, SIZE - 1, NULL}}, 2, SIZE - 1},
	    {{{CUT, 10, NULL}, {CUT, 20, NULL}}, 3, 10},
	    {{{CUT, 50000, NULL}, {NO_RANGES, 0, NULL}}, 2, 50000},
	    {{{CUT, 50000, NULL}, {WRONG_RANGE, 0, NULL}}, 3, 50000},
	    {{{CUT, 50000, NULL}, {CHUNKED, 0, NULL}}, 2, 50000},
	    {{{RESET, 40000, NULL}}, 2, 40000},
	    {{{CHUNKED, 0, NULL}}, 1, 0},
	    {{{UNTIL_CLOSE, SIZE, NULL}}, 1, 0},
	    {{{UNTIL_CLOSE, 600, NULL}}, 2, 600},
	    {{{NO_RANGES, 0, NULL}}, 1, 0},
	    {{{DRIP, 9999, NULL}}, 1, 0},
	    {{{RAW, 0, ""}}, 2, 0}, /* closed without a word */
	    {{{RAW, 0, "nonsense\r\n\r\n"}}, 2, 0},
	    {{{RAW, 0, HTTP_ERROR("500 Oops", "", "InternalError")}}, 2, 0},
	    {{{RAW, 0, HTTP_ERROR("503 Slow Down", "", "SlowDown")},
	         {RAW, 0, HTTP_ERROR("503 Slow Down", "", "SlowDown")}},
	        3, 0},
	    {{{CUT, 900, NULL}, {RAW, 0, HTTP_ERROR("503 Slow Down", "", "SlowDown")}}, 3, 900},
	    {{{RAW, 0, HTTP_ERROR("200 OK", "", "InternalError")}}, 2, 0},
	    {{{RAW, 0, HTTP_ERROR("200 OK", "Content-Type: application/xml\r\n", "SlowDown")}}, 2,
	        0},
	    {{{RAW, 0,
	         HTTP_ERROR(
	             "301 Moved", "x-amz-bucket-region: eu-west-1\r\n", "PermanentRedirect")}},
	        2, 0},
	    {{{RAW, 0,
	         HTTP_ERROR(
	             "403 No", "Date: Sat, 01 Aug 2026 12:00:00 GMT\r\n", "RequestTimeTooSkewed")}},
	        2, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = world_new(9, SIZE);

		memcpy(w->server->script[4], cases[i].script, sizeof cases[i].script);
		run_well(w);
		if (w->server->seen[4] != cases[i].requests)
			fail_msg("case %zu: %d requests", i, w->server->seen[4]);
		assert_int_equal(w->stats.retries, cases[i].requests - 1);
		assert_int_equal(w->server->from[4][1], cases[i].second);
		assert_int_equal(w->stats.bytes, 9 * SIZE);
		world_free(w);
	}
}

/* Nobody has listed the object: its first answer says what it is, and the others must agree. */
static void what_was_not_listed(void **state)
{
	enum { SIZE = 100000 };
	static const struct {
		struct action script[3];
		int requests;
		uint64_t second;
		const char *code; /* of what is final; NULL: it passes */
	} cases[] = {
	    {{{GOOD, 0, NULL}}, 1, 0, NULL},
	    {{{CUT, 50000, NULL}}, 2, 50000, NULL},
	    {{{CUT, 50000, NULL}, {NO_RANGES, 0, NULL}}, 2, 50000, NULL},
	    {{{CHUNKED, 0, NULL}}, 2, 0, NULL}, /* without a length nobody knows where it ends */
	    {{{UNTIL_CLOSE, 600, NULL}}, 2, 0, NULL},
	    {{{RAW, 0, HTTP_ERROR("200 OK", "Content-Length: 76\r\n", "InternalError")}}, 2, 0,
	        NULL},
	    {{{LENGTH, SIZE - 1, NULL}}, 1, 0, NULL},
	    {{{CUT, 5, NULL}, {OTHER_ETAG, 0, NULL}}, 2, 5, "PreconditionFailed"},
	    {{{CUT, 5, NULL}, {LENGTH, SIZE + 1, NULL}}, 2, 5, "SizeChanged"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = world_new(9, SIZE);

		for (size_t k = 0; k < w->n; k++) {
			w->objects[k].size = FETCH_ANY_SIZE;
			w->objects[k].etag = STR("");
		}
		memcpy(w->server->script[4], cases[i].script, sizeof cases[i].script);
		if (run(w) != !cases[i].code ||
		    strcmp(w->e.code, cases[i].code ? cases[i].code : ""))
			fail_msg("case %zu: %s %s", i, w->e.code, w->e.msg);
		assert_int_equal(w->server->seen[4], cases[i].requests);
		assert_int_equal(w->server->from[4][1], cases[i].second);
		for (size_t k = 0; !cases[i].code && k < w->n; k++) {
			bool less = k == 4 && cases[i].script[0].kind == LENGTH;

			assert_int_equal(w->seen[k].n, SIZE - less);
			assert_int_equal(w->seen[k].lasts, 1);
		}
		world_free(w);
	}
}

static void what_is_final(void **state)
{
	enum { SIZE = 100000 };
	static const struct {
		struct action script[SCRIPT];
		int requests;
		enum err_kind kind;
		const char *code, *says;
	} cases[] = {
	    {{{RAW, 0, HTTP_ERROR("404 Not Found", "", "NoSuchKey")}}, 1, ERR_TASK, "NoSuchKey",
	        "s3://bkt/4 is gone since it was listed"},
	    {{{RAW, 0, HTTP_ERROR("403 No", "", "AccessDenied")}}, 1, ERR_TASK, "AccessDenied",
	        "s3://bkt/4 at http://127.0.0.1:"},
	    {{{RAW, 0, HTTP_ERROR("403 No", "", "InvalidAccessKeyId")}}, 1, ERR_SETUP,
	        "InvalidAccessKeyId", "check the access key"},
	    {{{RAW, 0, HTTP_ERROR("404 Not Found", "", "NoSuchBucket")}}, 1, ERR_SETUP,
	        "NoSuchBucket", "the bucket does not exist"},
	    {{{RAW, 0, HTTP_ERROR("412 No", "", "PreconditionFailed")}}, 1, ERR_CHANGED,
	        "PreconditionFailed", "s3://bkt/4"},
	    {{{CUT, 5, NULL}, {RAW, 0, HTTP_ERROR("412 No", "", "PreconditionFailed")}}, 2,
	        ERR_CHANGED, "PreconditionFailed", "s3://bkt/4"},
	    {{{CUT, 5, NULL}, {RAW, 0, HTTP_ERROR("416 No", "", "InvalidRange")}}, 2, ERR_CHANGED,
	        "InvalidRange", "s3://bkt/4"},
	    {{{OTHER_ETAG, 0, NULL}}, 1, ERR_CHANGED, "PreconditionFailed", "s3://bkt/4"},
	    {{{LENGTH, SIZE + 1, NULL}}, 1, ERR_CHANGED, "SizeChanged", "s3://bkt/4"},
	    {{{LENGTH, SIZE - 1, NULL}}, 1, ERR_CHANGED, "SizeChanged", "s3://bkt/4"},
	    {{{LENGTH, 0, NULL}}, 1, ERR_CHANGED, "SizeChanged", "s3://bkt/4"},
	    {{{LONG_CHUNKS, SIZE + 1, NULL}}, 1, ERR_CHANGED, "SizeChanged", "s3://bkt/4"},
	    {{{CUT, 5, NULL}, {LENGTH, SIZE + 1, NULL}}, 2, ERR_CHANGED, "SizeChanged",
	        "s3://bkt/4"},
	    {{{CUT, 0, NULL}, {CUT, 0, NULL}, {CUT, 0, NULL}}, 3, ERR_RETRY, "reset",
	        "(tried 3 times)"},
	    {{{RAW, 0, HTTP_ERROR("503 Slow Down", "", "SlowDown")},
	         {RAW, 0, HTTP_ERROR("503 Slow Down", "", "SlowDown")},
	         {RAW, 0, HTTP_ERROR("503 Slow Down", "", "SlowDown")}},
	        3, ERR_RETRY, "SlowDown", "s3://bkt/4"},
	    {{{CUT, 5, NULL}, {WRONG_RANGE, 0, NULL}, {WRONG_RANGE, 0, NULL}}, 3, ERR_RETRY,
	        "BadAnswer", "s3://bkt/4"},
	    {{{RAW, 0, HTTP_ERROR("200 OK", "", "InternalError")},
	         {RAW, 0, HTTP_ERROR("200 OK", "", "InternalError")},
	         {RAW, 0, HTTP_ERROR("200 OK", "", "InternalError")}},
	        3, ERR_RETRY, "InternalError", "s3://bkt/4"},
	    {{{RAW, 0,
	          HTTP_ERROR(
	              "301 Moved", "x-amz-bucket-region: eu-west-1\r\n", "PermanentRedirect")},
	         {RAW, 0,
	             HTTP_ERROR(
	                 "301 Moved", "x-amz-bucket-region: eu-west-2\r\n", "PermanentRedirect")}},
	        2, ERR_SETUP, "PermanentRedirect", "another region"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = world_new(9, SIZE);

		memcpy(w->server->script[4], cases[i].script, sizeof cases[i].script);
		if (run(w))
			fail_msg("case %zu passed", i);
		assert_int_equal(w->failed, 4);
		if (w->e.kind != cases[i].kind || strcmp(w->e.code, cases[i].code) != 0 ||
		    !strstr(w->e.msg, cases[i].says))
			fail_msg("case %zu: %s, %s: \"%s\"", i, err_kind_name(w->e.kind), w->e.code,
			    w->e.msg);
		assert_int_equal(w->server->seen[4], cases[i].requests);
		assert_int_equal(w->seen[4].lasts, 0);
		/* The connections are fit for the next shard. */
		memset(w->server->script, 0, sizeof w->server->script);
		run_well(w);
		world_free(w);
	}
}

static void nobody_listens(void **state)
{
	struct world *w = world_new(1, 10);

	(void)state;
	shutdown(w->server->fd, SHUT_RDWR);
	assert_false(run(w));
	assert_int_equal(w->e.kind, ERR_RETRY);
	assert_string_equal(w->e.code, "connect");
	assert_non_null(strstr(w->e.msg, "s3://bkt/0: cannot reach http://127.0.0.1:"));
	assert_non_null(
	    strstr(w->e.msg, "is it running? The address is [AWS] ENDPOINT (tried 3 times)"));
	assert_int_equal(w->failed, 0);
	world_free(w);
}

static void a_pause_blocks_nobody_else(void **state)
{
	struct world *w = world_new(200, 300);

	(void)state;
	w->server->script[0][0] = (struct action){
	    RAW, 0, HTTP_ERROR("503 Slow Down", "Retry-After: 1\r\n", "SlowDown")};
	run_well(w);
	assert_in_range(w->ms, 950, 10000);
	for (size_t i = 1; i < w->n; i++)
		assert_true(w->seen[i].ended_ms < w->seen[0].ended_ms - 500);
	assert_true(w->stats.wait_ms > 500);
	assert_true(w->ticks >= 4);
	world_free(w);
}

static void memory_is_bounded(void **state)
{
	struct world *w = world_new(24, 200000);

	(void)state;
	/* The oldest is larger than everything and slow, so that the others pile up behind it. */
	set_size(w, 0, 3000000);
	w->server->script[0][0] = (struct action){DRIP, 16000, NULL};
	w->server->script[3][0] = (struct action){CUT, 10000, NULL};
	w->keeps = true;
	w->opts.memory = 100000;
	run_well(w);
	/* One object's own need, the budget, and a piece for each of the others. */
	assert_in_range(w->most_held, 2900000, 3000000 + 100000 + 8 * 16384);
	world_free(w);
}

static void no_memory_at_all(void **state)
{
	struct world *w = world_new(50, 50000);

	(void)state;
	w->keeps = true;
	w->opts.memory = 0;
	run_well(w);
	world_free(w);
}

static void the_tick_may_stop_it(void **state)
{
	struct world *w = world_new(20, 100000);

	(void)state;
	w->fails_at = 5;
	assert_false(run(w));
	assert_int_equal(w->failed, 5);
	assert_int_equal(w->e.kind, ERR_DATA);
	assert_string_equal(w->e.msg, "refused");

	w->fails_at = MANY;
	/* In every place: the server may not have read the first request yet. */
	for (size_t k = 0; k < SCRIPT; k++)
		w->server->script[0][k] = (struct action){DRIP, 100, NULL};
	w->ticks = 0;
	w->stop_after = 2;
	assert_false(run(w));
	assert_int_equal(w->failed, w->n);
	assert_string_equal(w->e.msg, "enough");
	assert_in_range(w->ms, 350, 900);
	world_free(w);
}

static void a_signal_stops_it(void **state)
{
	struct world *w = world_new(2, 100000);
	struct buf out;
	struct err e;

	(void)state;
	stop = 1;
	w->server->script[0][0] = (struct action){DRIP, 100, NULL};
	assert_false(run(w));
	assert_int_equal(w->e.kind, ERR_CANCELLED);
	assert_int_equal(w->failed, w->n);
	assert_in_range(w->ms, 0, 500);

	buf_init(&out, 1 << 20);
	assert_false(s3_get(w->s3, STR("bkt"), STR("1"), STR(""), &out, NULL, &e));
	assert_int_equal(e.kind, ERR_CANCELLED);
	buf_free(&out);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_objects_over_few_connections),
	    cmocka_unit_test(nothing_to_fetch),
	    cmocka_unit_test(anonymous_requests_are_not_signed),
	    cmocka_unit_test(what_passes),
	    cmocka_unit_test(what_was_not_listed),
	    cmocka_unit_test(what_is_final),
	    cmocka_unit_test(nobody_listens),
	    cmocka_unit_test(a_pause_blocks_nobody_else),
	    cmocka_unit_test(memory_is_bounded),
	    cmocka_unit_test(no_memory_at_all),
	    cmocka_unit_test(the_tick_may_stop_it),
	    cmocka_unit_test(a_signal_stops_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
