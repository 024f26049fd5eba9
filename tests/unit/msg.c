/* Messages: every type there and back, and nothing that deviates from its table of fields. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>

#include "shared/msg.h"

static struct arena *a;
static struct err e;

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

/* What JSON, a shell or a careless printf would trip over. */
#define AWKWARD "a\"b\\c/\n\t\r\x01\x7f %s \xC3\xA9\xE6\x97\xA5\xF0\x9D\x84\x9E\xE2\x80\xA8"
#define AWKWARD_JSON                                                                               \
	"a\\\"b\\\\c/\\n\\t\\u000d\\u0001\\u007f %s \xC3\xA9\xE6\x97\xA5\xF0\x9D\x84\x9E\xE2\x80"  \
	"\xA8"

static struct str sets[] = {{"LOAD.WORKERS=2", 14}, {"", 0}, {"S3.LOG_DATA=s3://b/\"q\"", 22}};

static const struct {
	struct msg m;
	const char *line;
} lines[MSG_TYPES] = {
    [MSG_HELLO] = {{.type = MSG_HELLO,
                       .u.hello = {.v = 1,
                           .worker = 64,
                           .run = {"r", 1},
                           .config = {"/etc/d.cfg", 10},
                           .sets = {sets, 3}}},
        "{\"t\":\"hello\",\"v\":1,\"worker\":64,\"run\":\"r\",\"config\":\"/etc/"
        "d.cfg\",\"sets\":[\"LOAD.WORKERS=2\",\"\",\"S3.LOG_DATA=s3://b/\\\"q\\\"\"]}"},
    [MSG_STEP] = {{.type = MSG_STEP,
                      .u.step = {.id = 1,
                          .attempt = 2,
                          .phase = {"insert", 6},
                          .name = {"users", 5},
                          .digest = {"d", 1},
                          .shards = 3,
                          .fresh = true,
                          .take_over = true,
                          .whole = true,
                          .validate = true,
                          .of = {"r", 1}}},
        "{\"t\":\"step\",\"id\":1,\"attempt\":2,\"phase\":\"insert\",\"name\":\"users\",\"digest\":"
        "\"d\",\"shards\":3,\"fresh\":true,\"take_over\":true,\"whole\":true,\"validate\":true,"
        "\"of\":\"r\"}"},
    [MSG_LIST] = {{.type = MSG_LIST,
                      .u.list = {.id = 3,
                          .attempt = 1,
                          .source = {"s", 1},
                          .prefix = {AWKWARD, sizeof AWKWARD - 1},
                          .after = {"a", 1},
                          .upto = {"", 0},
                          .fan = true,
                          .pages = 4,
                          .shard = {"5f", 2},
                          .manifest = {"s3://b/m", 8},
                          .generation = 5}},
        "{\"t\":\"list\",\"id\":3,\"attempt\":1,\"source\":\"s\",\"prefix\":\"" AWKWARD_JSON
        "\",\"after\":\"a\",\"upto\":\"\",\"fan\":true,\"pages\":4,\"shard\":\"5f\","
        "\"manifest\":\"s3://b/m\",\"generation\":5,\"validate\":false}"},
    [MSG_COPY] = {{.type = MSG_COPY,
                      .u.copy = {.id = INT64_MAX,
                          .attempt = 1,
                          .source = {"s", 1},
                          .lane = {"s_2", 3},
                          .shard = {"5f", 2},
                          .manifest = {"s3://b/m", 8},
                          .generation = 1,
                          .objects = 7,
                          .bytes = 8,
                          .again = 9,
                          .validate = true}},
        "{\"t\":\"copy\",\"id\":9223372036854775807,\"attempt\":1,\"source\":\"s\",\"lane\":\"s_2\""
        ",\"shard\":\"5f\",\"manifest\":\"s3://b/"
        "m\",\"generation\":1,\"objects\":7,\"bytes\":8,\"again\":9,\"validate\":true}"},
    [MSG_READY] = {{.type = MSG_READY, .u.ready = {.v = 1, .pid = 4711}},
        "{\"t\":\"ready\",\"v\":1,\"pid\":4711}"},
    [MSG_TARGET] = {{.type = MSG_TARGET,
                        .u.target = {.id = 1,
                            .relation = {"s", 1},
                            .since = {"t", 1},
                            .generation = 2,
                            .lanes = 3,
                            .shards = 4}},
        "{\"t\":\"target\",\"id\":1,\"relation\":\"s\",\"since\":\"t\",\"generation\":2,\"lanes\":"
        "3,\"shards\":4}"},
    [MSG_RANGE] = {{.type = MSG_RANGE,
                       .u.range = {.id = 1,
                           .prefix = {"p/", 2},
                           .after = {AWKWARD, sizeof AWKWARD - 1},
                           .upto = {"p/z", 3}}},
        "{\"t\":\"range\",\"id\":1,\"prefix\":\"p/\",\"after\":\"" AWKWARD_JSON
        "\",\"upto\":\"p/z\"}"},
    [MSG_SHARD] = {{.type = MSG_SHARD,
                       .u.shard = {.id = 1,
                           .shard = {"5f", 2},
                           .manifest = {"file:///m", 9},
                           .objects = 0,
                           .bytes = INT64_MIN}},
        "{\"t\":\"shard\",\"id\":1,\"shard\":\"5f\",\"manifest\":\"file:///"
        "m\",\"objects\":0,\"bytes\":-9223372036854775808}"},
    [MSG_WAREHOUSE] =
        {{.type = MSG_WAREHOUSE, .u.warehouse = {.id = 1, .isolation = {"Serializable", 12}}},
            "{\"t\":\"warehouse\",\"id\":1,\"isolation\":\"Serializable\"}"},
    [MSG_COUNT] = {{.type = MSG_COUNT, .u.count = {.id = 1, .table = {"time", 4}, .rows = 8023}},
        "{\"t\":\"count\",\"id\":1,\"table\":\"time\",\"rows\":8023}"},
    [MSG_LANE] = {{.type = MSG_LANE,
                      .u.lane = {.id = 1,
                          .relation = {"s", 1},
                          .lane = {"s_l01", 5},
                          .counted = 2,
                          .rows = 3,
                          .shards = 4,
                          .mismatch = 5,
                          .unverified = 6,
                          .verdict = {"MISMATCH", 8}}},
        "{\"t\":\"lane\",\"id\":1,\"relation\":\"s\",\"lane\":\"s_l01\",\"counted\":2,\"rows\":3,"
        "\"shards\":4,\"mismatch\":5,\"unverified\":6,\"verdict\":\"MISMATCH\"}"},
    [MSG_WRONG] = {{.type = MSG_WRONG,
                       .u.wrong = {.id = 1,
                           .relation = {"s", 1},
                           .lane = {"", 0},
                           .shard = {"5f", 2},
                           .verdict = {"UNVERIFIED", 10},
                           .message = {AWKWARD, sizeof AWKWARD - 1}}},
        "{\"t\":\"wrong\",\"id\":1,\"relation\":\"s\",\"lane\":\"\",\"shard\":\"5f\","
        "\"verdict\":\"UNVERIFIED\",\"message\":\"" AWKWARD_JSON "\"}"},
    [MSG_BEAT] =
        {{.type = MSG_BEAT,
             .u.beat = {.id = 1, .rows = 2, .bytes = 3, .objects = 4, .requests = 5}},
            "{\"t\":\"beat\",\"id\":1,\"rows\":2,\"bytes\":3,\"objects\":4,\"requests\":5}"},
    [MSG_AGAIN] = {{.type = MSG_AGAIN,
                       .u.again = {.id = 1,
                           .code = {"SlowDown", 8},
                           .times = 2,
                           .message = {AWKWARD, sizeof AWKWARD - 1}}},
        "{\"t\":\"again\",\"id\":1,\"code\":\"SlowDown\",\"times\":2,\"message\":\"" AWKWARD_JSON
        "\"}"},
    [MSG_BAD] = {{.type = MSG_BAD,
                     .u.bad = {.id = 1,
                         .object = {"s3://b/k", 8},
                         .line = 2,
                         .column = {"c", 1},
                         .value = {AWKWARD, sizeof AWKWARD - 1},
                         .code = 1207,
                         .reason = {"r", 1}}},
        "{\"t\":\"bad\",\"id\":1,\"object\":\"s3://b/k\",\"line\":2,\"column\":\"c\","
        "\"value\":\"" AWKWARD_JSON "\",\"code\":1207,\"reason\":\"r\"}"},
    [MSG_SETTLED] = {{.type = MSG_SETTLED,
                         .u.settled = {.id = 1, .shard = {"5f", 2}, .verdict = {"VERIFIED", 8}}},
        "{\"t\":\"settled\",\"id\":1,\"shard\":\"5f\",\"verdict\":\"VERIFIED\"}"},
    [MSG_DONE] = {{.type = MSG_DONE,
                      .u.done = {.id = 1,
                          .rows = 2,
                          .rejected = 3,
                          .bytes = 4,
                          .objects = 5,
                          .replaced = 14,
                          .objects_joined = 18,
                          .parts = 19,
                          .limit = 15,
                          .requests = 6,
                          .retries = 7,
                          .list_ms = 8,
                          .fetch_ms = 9,
                          .copy_ms = 10,
                          .commit_ms = 11,
                          .total_ms = 12,
                          .cpu_ms = 13,
                          .quarantined = 16,
                          .changed = 17,
                          .skipped = true,
                          .verdict = {"VERIFIED", 8},
                          .note = {AWKWARD, sizeof AWKWARD - 1}}},
        "{\"t\":\"done\",\"id\":1,\"rows\":2,\"rejected\":3,\"bytes\":4,\"objects\":5,"
        "\"replaced\":14,\"objects_joined\":18,\"parts\":19,\"limit\":15,\"requests\":"
        "6,\"retries\":7,\"list_ms\":8,\"fetch_ms\":9,\"copy_ms\":10,\"commit_ms\":11,\"total_ms\":"
        "12,\"cpu_ms\":13,\"quarantined\":16,\"changed\":17,\"skipped\":true,\"verdict\":"
        "\"VERIFIED\",\"note\":\"" AWKWARD_JSON "\"}"},
    [MSG_FAIL] = {{.type = MSG_FAIL,
                      .u.fail = {.id = 0,
                          .kind = {"data", 4},
                          .where = {"s3", 2},
                          .code = {"1207", 4},
                          .message = {AWKWARD, sizeof AWKWARD - 1},
                          .retry_after_ms = 1,
                          .total_ms = 2}},
        "{\"t\":\"fail\",\"id\":0,\"kind\":\"data\",\"where\":\"s3\",\"code\":\"1207\",\"message\":"
        "\"" AWKWARD_JSON "\",\"retry_after_ms\":1,\"total_ms\":2}"},
    [MSG_RUN] = {{.type = MSG_RUN,
                     .u.run = {.v = 1,
                         .run = {"r", 1},
                         .command = {"run", 3},
                         .at = {"t", 1},
                         .engine = {"local", 5},
                         .model = {"m", 1},
                         .strategy = {"direct", 6},
                         .warehouse = {"w", 1},
                         .of = {"q", 1},
                         .workers = 2,
                         .fresh = false}},
        "{\"t\":\"run\",\"v\":1,\"run\":\"r\",\"command\":\"run\",\"at\":\"t\",\"engine\":\"local\""
        ",\"model\":\"m\",\"strategy\":\"direct\",\"warehouse\":\"w\",\"of\":\"q\",\"workers\":2,"
        "\"fresh\":"
        "false}"},
    [MSG_CALL] =
        {{.type = MSG_CALL,
             .u.call.words = {(struct str[]){{"dwh", 3}, {AWKWARD, sizeof AWKWARD - 1}}, 2}},
            "{\"t\":\"call\",\"words\":[\"dwh\",\"" AWKWARD_JSON "\"]}"},
    [MSG_ABOUT] =
        {{.type = MSG_ABOUT,
             .u.about = {.id = 1, .title = {"t", 1}, .description = {AWKWARD, sizeof AWKWARD - 1}}},
            "{\"t\":\"about\",\"id\":1,\"title\":\"t\",\"description\":\"" AWKWARD_JSON "\"}"},
    [MSG_TASK] = {{.type = MSG_TASK,
                      .u.task = {.id = 1,
                          .parent = 2,
                          .kind = {"copy", 4},
                          .phase = {"p", 1},
                          .stem = {"s", 1},
                          .name = {"n", 1},
                          .digest = {"d", 1},
                          .prefix = {"x", 1},
                          .after = {"y", 1},
                          .upto = {"z", 1},
                          .fan = true,
                          .lane = {"l", 1},
                          .shard = {"h", 1},
                          .manifest = {"m", 1},
                          .objects = 3,
                          .bytes = 4}},
        "{\"t\":\"task\",\"id\":1,\"parent\":2,\"kind\":\"copy\",\"phase\":\"p\",\"stem\":\"s\","
        "\"name\":\"n\",\"digest\":\"d\",\"prefix\":\"x\",\"after\":\"y\",\"upto\":\"z\",\"fan\":"
        "true,\"lane\":"
        "\"l\",\"shard\":\"h\",\"manifest\":\"m\",\"objects\":3,\"bytes\":4}"},
    [MSG_MOVE] = {{.type = MSG_MOVE,
                      .u.move = {.id = 1,
                          .from = {"ready", 5},
                          .to = {"running", 7},
                          .at = {"t", 1},
                          .ms = 2,
                          .attempt = 3,
                          .worker = 4}},
        "{\"t\":\"move\",\"id\":1,\"from\":\"ready\",\"to\":\"running\",\"at\":\"t\",\"ms\":2,"
        "\"attempt\":3,\"worker\":4}"},
    [MSG_USAGE] = {{.type = MSG_USAGE,
                       .u.usage = {.supervisor_cpu_ms = 1,
                           .supervisor_peak = 2,
                           .workers_cpu_ms = 3,
                           .worker_peak = 4}},
        "{\"t\":\"usage\",\"supervisor_cpu_ms\":1,\"supervisor_peak\":2,\"workers_cpu_ms\":3,"
        "\"worker_peak\":4}"},
    [MSG_END] = {{.type = MSG_END, .u.end = {.at = {"t", 1}, .ms = 1, .exit = 130}},
        "{\"t\":\"end\",\"at\":\"t\",\"ms\":1,\"exit\":130}"},
};

static struct str encode(const struct msg *m)
{
	struct buf b;
	struct str out;

	buf_init(&b, MSG_UP_MAX);
	msg_encode(m, &b);
	assert_false(b.over);
	out = arena_str(a, buf_view(&b));
	buf_free(&b);
	assert_true(str_ends(out, STR("\n")));
	out.n--;
	return out;
}

static void refused(const char *line, const char *why)
{
	struct msg m;

	if (msg_decode(str_z(line), a, &m, &e))
		fail_msg("taken: %s", line);
	assert_int_equal(e.kind, ERR_CRASH);
	assert_int_equal(e.where, AT_INTERNAL);
	if (!strstr(e.msg, why))
		fail_msg("%s: \"%s\" is not about \"%s\"", line, e.msg, why);
}

static void there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < MSG_TYPES; i++) {
		struct msg m;

		assert_int_equal(lines[i].m.type, i);
		assert_str(encode(&lines[i].m), lines[i].line);
		if (!msg_decode(str_z(lines[i].line), a, &m, &e))
			fail_msg("%s: %s", lines[i].line, e.msg);
		assert_int_equal(m.type, i);
		assert_str(encode(&m), lines[i].line);
		m = msg_keep(&m, a);
		assert_str(encode(&m), lines[i].line);
	}
}

/* Fields of the line, each in turn: taken away, doubled, and with every other type of value. */
static void each_field(void **state)
{
	static const char *const others[] = {
	    "null", "\"x\"", "1", "1.0", "1e0", "true", "[]", "[\"x\",1]", "{}"};

	(void)state;
	for (size_t i = 0; i < MSG_TYPES; i++) {
		json_t *whole = json_loads(lines[i].line, 0, NULL), *value;
		const char *key;

		json_object_foreach(whole, key, value)
		{
			json_t *less = json_copy(whole);
			char *text;

			json_object_del(less, key);
			text = json_dumps(less, JSON_COMPACT);
			refused(text, strcmp(key, "t") == 0 ? "unknown message" : "is missing");
			text[strlen(text) - 1] = '\0';
			for (size_t k = 0; k < COUNT(others); k++) {
				json_t *other = json_loads(others[k], JSON_DECODE_ANY, NULL);
				bool same = json_typeof(other) == json_typeof(value) ||
				            (json_is_boolean(other) && json_is_boolean(value));

				if (!same || k == 7)
					refused(
					    arena_printf(a, "%s,\"%s\":%s}", text, key, others[k]),
					    strcmp(key, "t") == 0 ? "unknown message"
					                          : "is of the wrong type");
				json_decref(other);
			}
			refused(
			    arena_printf(a, "%s,\"%s\":1,\"%s\":1}", text, key, key), "duplicate");
			free(text);
			json_decref(less);
		}
		refused(arena_printf(
		            a, "%.*s,\"more\":1}", (int)strlen(lines[i].line) - 1, lines[i].line),
		    "does not belong");
		json_decref(whole);
	}
}

static void no_message(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
	    {"", "not JSON"},
	    {" ", "not JSON"},
	    {"null", "not JSON"},
	    {"\"ready\"", "not JSON"},
	    {"[]", "unknown message"},
	    {"{}", "unknown message"},
	    {"{\"t\":\"ready\",\"v\":1,\"pid\":4711", "not JSON"},
	    {"{\"t\":\"ready\",\"v\":1,\"pid\":4711}}", "not JSON"},
	    {"{\"t\":\"ready\",\"v\":1,\"pid\":4711}{}", "not JSON"},
	    {"{\"t\":\"ready\",\"v\":1,\"pid\":9223372036854775808}", "not JSON"},
	    {"{\"t\":\"READY\",\"v\":1,\"pid\":1}", "unknown message \"READY\""},
	    {"{\"t\":\"read\",\"v\":1,\"pid\":1}", "unknown message"},
	    {"{\"t\":\"count\",\"id\":1,\"table\":\"\xff\",\"rows\":1}", "not JSON"},
	    {"{\"t\":\"count\",\"id\":1,\"table\":\"\\u0000\",\"rows\":1}", "not JSON"},
	    {"{\"t\":\"count\",\"id\":1,\"table\":\"\\ud800\",\"rows\":1}", "not JSON"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		refused(cases[i].line, cases[i].why);
	assert_false(msg_decode((struct str){NULL, 0}, a, &(struct msg){0}, &e));
}

static void any_order(void **state)
{
	struct msg m;

	(void)state;
	assert_true(msg_decode(STR(" { \"pid\" : 4711 , \"v\":1,\"t\" : \"ready\" } "), a, &m, &e));
	assert_str(encode(&m), lines[MSG_READY].line);
}

/* Bytes that are no UTF-8 are shown as such, and never break a line. */
static void bytes_that_are_no_text(void **state)
{
	struct msg m = {.type = MSG_COUNT,
	    .u.count = {.table = {"a\xff\xC3"
	                          "b\xED\xA0\x80",
	                    7}}};

	(void)state;
	assert_str(encode(&m), "{\"t\":\"count\",\"id\":0,\"table\":\"a\xEF\xBF\xBD\xEF\xBF\xBD"
	                       "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"rows\":0}");
	assert_true(msg_decode(encode(&m), a, &m, &e));
}

static void too_long(void **state)
{
	char *text = arena_alloc(a, MSG_DOWN_MAX);
	struct msg m = {.type = MSG_COUNT, .u.count = {.table = {text, MSG_DOWN_MAX}}};
	struct buf b;

	(void)state;
	memset(text, 'x', MSG_DOWN_MAX);
	buf_init(&b, MSG_DOWN_MAX);
	msg_encode(&m, &b);
	assert_true(b.over);
	buf_reset(&b);
	/* The bound itself, '\n' included, is not too long. */
	m.u.count.table.n -= strlen("{\"t\":\"count\",\"id\":0,\"table\":\"\",\"rows\":0}\n");
	msg_encode(&m, &b);
	assert_false(b.over);
	assert_int_equal(b.n, MSG_DOWN_MAX);
	buf_free(&b);
}

static void kept_apart(void **state)
{
	struct arena *short_lived = arena_new();
	struct msg m, kept;

	(void)state;
	assert_true(msg_decode(str_z(lines[MSG_HELLO].line), short_lived, &m, &e));
	kept = msg_keep(&m, a);
	arena_free(short_lived);
	assert_str(encode(&kept), lines[MSG_HELLO].line);
}

static void task_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < MSG_TYPES; i++) {
		json_t *o = json_loads(lines[i].line, 0, NULL);

		assert_int_equal(
		    msg_task_id(&lines[i].m), json_integer_value(json_object_get(o, "id")));
		json_decref(o);
	}
}

static void errors_as_fails(void **state)
{
	char longest[sizeof e.msg];

	(void)state;
	memset(longest, 'm', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (enum err_kind kind = ERR_RETRY; kind <= ERR_CRASH; kind++)
		for (enum err_where where = AT_USAGE; where <= AT_INTERNAL; where++) {
			struct err was, got;
			struct msg m, back;

			err_set(&was, kind, where, "SignatureDoesNotMatch", "%s", longest);
			was.retry_after_ms = 1500;
			m = msg_of_err(9, &was);
			assert_true(msg_decode(encode(&m), a, &back, &e));
			assert_int_equal(back.u.fail.id, 9);
			msg_to_err(&back.u.fail, &got);
			assert_int_equal(got.kind, kind);
			assert_int_equal(got.where, where);
			assert_int_equal(got.retry_after_ms, 1500);
			assert_string_equal(got.code, "SignatureDoesNotMatch");
			assert_string_equal(got.msg, longest);
		}
}

/* What a later version might say is taken as the worst. */
static void unknown_kinds(void **state)
{
	struct msg_fail f = {.kind = STR("nosuch"), .where = STR("nowhere"), .message = STR("m")};
	struct err got;

	(void)state;
	msg_to_err(&f, &got);
	assert_int_equal(got.kind, ERR_CRASH);
	assert_int_equal(got.where, AT_INTERNAL);
	assert_string_equal(got.msg, "m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(each_field, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_message, setup, teardown),
	    cmocka_unit_test_setup_teardown(any_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(bytes_that_are_no_text, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_long, setup, teardown),
	    cmocka_unit_test_setup_teardown(kept_apart, setup, teardown),
	    cmocka_unit_test_setup_teardown(task_ids, setup, teardown),
	    cmocka_unit_test_setup_teardown(errors_as_fails, setup, teardown),
	    cmocka_unit_test_setup_teardown(unknown_kinds, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
