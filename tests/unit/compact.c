/* Joining small objects, without a network: when, in how many parts, under which names, and the way
 * back from a line of a part to a line of an object. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <zlib.h>

#include "workers/compact.h"
#include "workers/pack.h"
#include "workers/unpack.h"

static struct arena *a;
static struct err e;
static struct buf out;

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	buf_init(&out, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&out);
	arena_free(a);
	return 0;
}

static void when(void **state)
{
	enum { MB = 1 << 20 };
	static const struct {
		const char *options, *config;
		uint64_t n, bytes;
		const char *why; /* NULL: it is worth it */
	} cases[] = {
	    {"JSON 'auto'", "COMPACT = auto", 14896, 5 * MB, NULL},
	    {"JSON 'auto'", "COMPACT = auto", 9, 9, NULL},
	    {"JSON 'auto ignorecase' MAXERROR 10", "COMPACT = auto", 100, 100, NULL},
	    {"JSON 's3://b/paths.json' TIMEFORMAT 'epochmillisecs'", "COMPACT = auto", 100, 100,
	        NULL},
	    {"JSON 'auto'", "COMPACT = auto", 8, 8, "few objects"},
	    {"JSON 'auto'", "COMPACT = auto", 100, 100 * MB, "large objects"},
	    {"JSON 'auto'", "COMPACT = auto", 100, 100 * MB - 1, NULL},
	    {"JSON 'auto'", "COMPACT = on", 1, 1, NULL},
	    {"JSON 'auto'", "COMPACT = on", 100, 100000 * (uint64_t)MB, NULL},
	    {"JSON 'auto'", "COMPACT = on", 0, 0, "no objects"},
	    {"JSON 'auto'", "COMPACT = off", 14896, 5 * MB, "[LOAD] COMPACT = off"},
	    {"JSON 'noshred'", "COMPACT = auto", 100, 100, "with JSON 'noshred' what"},
	    {"JSON 'auto' GZIP", "COMPACT = auto", 100, 100, "the objects are compressed"},
	    {"JSON 'auto' BZIP2", "COMPACT = auto", 100, 100, "the objects are compressed"},
	    {"JSON 'auto' ZSTD", "COMPACT = on", 100, 100, "the objects are compressed"},
	    {"JSON 'auto' LZOP", "COMPACT = auto", 100, 100, "the objects are compressed"},
	    {"JSON 'auto' ENCODING UTF16", "COMPACT = auto", 100, 100, "the objects are not UTF-8"},
	    {"JSON 'auto' ENCODING AS UTF16LE", "COMPACT = auto", 100, 100,
	        "the objects are not UTF-8"},
	    {"JSON 'auto' IGNOREHEADER 1", "COMPACT = auto", 100, 100, "IGNOREHEADER is about"},
	    {"CSV IGNOREHEADER 1", "COMPACT = on", 100, 100, "only JSON can be joined"},
	    {"CSV", "COMPACT = auto", 100, 100, "only JSON can be joined"},
	    {"FORMAT PARQUET", "COMPACT = auto", 100, 100, "only JSON can be joined"},
	    {"", "COMPACT = auto", 100, 100, "only JSON can be joined"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = arena_printf(a,
		    "[WAREHOUSE]\nENGINE = redshift\n[S3]\nMANIFESTS = s3://bkt/m\n[LOAD]\n%s\n",
		    cases[i].config);
		char *sql = arena_printf(
		    a, "COPY t FROM 's3://b/k' IAM_ROLE 'r' MANIFEST %s", cases[i].options);
		struct copystmt stmt;
		struct config c;
		const char *why;
		bool worth;

		if (!config_load_text("t", str_z(text), NULL, 0, a, &c, &e) ||
		    !copystmt_parse(str_z(sql), a, &stmt, &e))
			fail_msg("case %zu: %s", i, e.msg);
		worth = compact_is_worth(&c, &stmt, cases[i].n, cases[i].bytes, &why);
		if (worth != !cases[i].why ||
		    (!worth && !str_starts(str_z(why), str_z(cases[i].why))))
			fail_msg("case %zu: %s", i, why ? why : "worth it");
		c.s3.manifests = NULL;
		assert_false(compact_is_worth(&c, &stmt, cases[i].n, cases[i].bytes, &why));
	}
}

static void how_many(void **state)
{
#define MIB (UINT64_C(1) << 20)
	static const struct {
		uint64_t bytes, part, slices, parts;
	} cases[] = {
	    {0, 16 * MIB, 1, 1}, {1, 16 * MIB, 0, 1}, {16 * MIB, 16 * MIB, 1, 1},
	    {16 * MIB + 1, 16 * MIB, 1, 2}, {5 * MIB, 16 * MIB, 4, 4}, {4 * MIB, 16 * MIB, 4, 4},
	    {4 * MIB - 1, 16 * MIB, 4, 3}, /* fewer than the slices, but no crumbs */
	    {1 * MIB, 16 * MIB, 4, 1}, {10, 16 * MIB, 4, 1}, {64 * MIB, 16 * MIB, 4, 4},
	    {65 * MIB, 16 * MIB, 4, 8}, {17 * MIB, 16 * MIB, 16, 16},
	    {20 * MIB, 1 * MIB, 16, 16}, /* 32 would be crumbs */
	    {100, 10, 4, 8},             /* a bound of one's own makes its own crumbs */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t got = compact_count(cases[i].bytes, cases[i].part, cases[i].slices);

		if (got != cases[i].parts)
			fail_msg("case %zu: %llu", i, (unsigned long long)got);
	}
}

/* The same objects have the same name, and whatever is different about them another one. */
static void names(void **state)
{
	struct object objects[] = {
	    {STR("a"), STR("e1"), 1, false}, {STR("b"), STR("e2"), 2, false}};
	const struct object kept = objects[1];
	struct manifest m = {.bucket = STR("bkt"), .objects = objects, .n = 2};
	const struct object others[] = {{STR("c"), STR("e2"), 2, false},
	    {STR("b"), STR("e3"), 2, false}, {STR("b"), STR("e2"), 3, false}};
	char first[33], again[33];

	(void)state;
	compact_digest(&m, first);
	assert_int_equal(strlen(first), 32);
	compact_digest(&m, again);
	assert_string_equal(first, again);
	for (size_t i = 0; i < COUNT(others); i++) {
		objects[1] = others[i];
		compact_digest(&m, again);
		assert_string_not_equal(first, again);
	}
	objects[1] = kept;
	m.n = 1;
	compact_digest(&m, again);
	assert_string_not_equal(first, again);
	m.n = 2;
	m.bucket = STR("bkt2");
	compact_digest(&m, again);
	assert_string_not_equal(first, again);
}

static struct compact_entry entries[] = {
    {STR("log/1 \"q\"\n.json"), STR("e1"), 70, 1, 4, 3, {NULL, 0}},
    {STR("log/2.json"), STR("e2"), 0, 5, 0, 0, {NULL, 0}}, /* empty: it has no lines */
    {STR("log/3.json"), STR("e3"), 9, 0, 0, 0, STR("line 1: the file ends")},
    {STR("log/4.json"), STR("e4"), 3, 5, 1, 1, {NULL, 0}},
    {STR("log/\xC3\xA9"), STR("e5"), 30, 6, 10, 1, {NULL, 0}},
};
static const struct compact_map map = {.bucket = STR("parts"),
    .key = STR("m/parts/r/0a.json.gz"),
    .etag = STR("e-2"),
    .size = 120,
    .bytes = 1,
    .lines = 15,
    .records = 5,
    .source = STR("src"),
    .entries = entries,
    .n = COUNT(entries)};

static void map_there_and_back(void **state)
{
	struct compact_map got;
	struct buf again;

	(void)state;
	compact_map_print(&map, &out);
	if (!compact_map_parse(buf_view(&out), a, &got, &e))
		fail_msg("%s", e.msg);
	buf_init(&again, 1 << 20);
	compact_map_print(&got, &again);
	assert_string_equal(again.p, out.p);
	assert_int_equal(got.n, map.n);
	assert_true(str_eq(got.entries[0].key, entries[0].key));
	assert_str(got.entries[2].alone, "line 1: the file ends");
	assert_str(got.bucket, "parts");
	assert_str(got.key, "m/parts/r/0a.json.gz");
	buf_free(&again);
	/* However it is cut. */
	for (size_t n = 0; n + 1 < out.n; n++)
		if (compact_map_parse((struct str){out.p, n}, a, &got, &e))
			fail_msg("cut at %zu", n);
}

static void damaged_maps(void **state)
{
#define HEAD(more, lines, records, objects)                                                        \
	"{\"part\":\"s3://b/k\"," more "\"lines\":" #lines ",\"records\":" #records                \
	",\"objects\":" #objects "}\n"
#define ENTRY(line, lines) "{\"key\":\"k\",\"line\":" #line ",\"lines\":" #lines ",\"records\":1}\n"
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"", "not the map"},
	    {"[]", "not the map"},
	    {"{}", "no address of a part"},
	    {"{\"part\":\"k\"}", "no address of a part"},
	    {HEAD("\"size\":-1,", 0, 0, 0), "not a count"},
	    {HEAD("\"size\":\"1\",", 0, 0, 0), "not a count"},
	    {HEAD("\"size\":99999999999999999999,", 0, 0, 0), "not a count"},
	    {HEAD("\"etag\":1,", 0, 0, 0), "not a text"},
	    {HEAD("", 0, 0, 9223372036854775807), "more objects than lines"},
	    {HEAD("", 1, 1, 2) ENTRY(1, 1), "not the map"},
	    {HEAD("", 1, 1, 1) ENTRY(2, 1), "do not follow one another"},
	    {HEAD("", 2, 2, 2) ENTRY(1, 1) ENTRY(1, 1), "do not follow one another"},
	    {HEAD("", 2, 1, 1) ENTRY(1, 1), "other lines than it says"},
	    {HEAD("", 1, 2, 1) ENTRY(1, 1), "other lines than it says"},
	    {HEAD("", 1, 1, 1) ENTRY(1, 1) ENTRY(2, 1), "text behind"},
	    {HEAD("", 0, 1, 1) "{\"line\":1,\"lines\":0,\"records\":1}", "without a key"},
	};
	struct compact_map got;

	(void)state;
	if (!compact_map_parse(STR(HEAD("", 1, 1, 1) ENTRY(1, 1)), a, &got, &e))
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (compact_map_parse(str_z(cases[i].text), a, &got, &e))
			fail_msg("case %zu passed", i);
		if (e.kind != ERR_TASK || !strstr(e.msg, cases[i].says))
			fail_msg("case %zu: %s", i, e.msg);
	}
}

static void traces(void **state)
{
	static const struct {
		const char *part;
		uint64_t line;
		const char *object; /* NULL: there is none */
		uint64_t its_line;
	} cases[] = {
	    {"s3://parts/m/parts/r/0a.json.gz", 1, "s3://src/log/1 \"q\"\n.json", 1},
	    {"s3://parts/m/parts/r/0a.json.gz", 4, "s3://src/log/1 \"q\"\n.json", 4},
	    {"s3://parts/m/parts/r/0a.json.gz", 5, "s3://src/log/4.json", 1},
	    {"s3://parts/m/parts/r/0a.json.gz", 6, "s3://src/log/\xC3\xA9", 1},
	    {"s3://parts/m/parts/r/0a.json.gz", 15, "s3://src/log/\xC3\xA9", 10},
	    {"s3://parts/m/parts/r/0a.json.gz    ", 5, "s3://src/log/4.json", 1},
	    {"s3://parts/m/parts/r/0a.json.gz", 0, NULL, 0},
	    {"s3://parts/m/parts/r/0a.json.gz", 16, NULL, 0},
	    {"s3://parts/m/parts/r/0b.json.gz", 1, NULL, 0},
	    {"s3://parts/m/parts/r/0c.json.gz", 1, NULL, 0}, /* nothing was joined */
	    {"s3://other/m/parts/r/0a.json.gz", 1, NULL, 0},
	    {"m/parts/r/0a.json.gz", 1, NULL, 0},
	    {"", 1, NULL, 0},
	};
	struct compact_map maps[2] = {map, map};
	struct compacted c = {.maps = maps, .n_maps = 2};

	(void)state;
	maps[0].key = STR("m/parts/r/0c.json.gz");
	maps[0].size = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str object = STR("");
		uint64_t line = 0;
		bool found = compact_trace(
		    &c, str_z(cases[i].part), cases[i].line, a, &object, &line);

		if (found != (cases[i].object != NULL))
			fail_msg("case %zu", i);
		if (found) {
			assert_str(object, cases[i].object);
			assert_int_equal(line, cases[i].its_line);
		}
	}
}

static bool keep(void *ctx, const char *p, size_t n, struct err *err)
{
	(void)err;
	buf_add(ctx, p, n);
	return true;
}

static bool refuse(void *ctx, const char *p, size_t n, struct err *err)
{
	(void)ctx;
	(void)p;
	(void)n;
	return err_set(err, ERR_TASK, AT_S3, NULL, "refused");
}

/* The same bytes give the same gzip, in pieces of any size, and come back. */
static void packing(void **state)
{
	static char text[300000], room[UNPACK_PIECE];
	static const size_t pieces[] = {sizeof text, 65536, 1000, 7};
	struct unpack *u = unpack_new(UNPACK_GZIP);
	struct buf got[COUNT(pieces)], back;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 2654435761u >> 13 & 0x3f);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct pack *k = pack_new(keep, &got[i]);

		buf_init(&got[i], 1 << 20);
		for (size_t at = 0; at < sizeof text; at += pieces[i]) {
			size_t left = sizeof text - at;

			assert_true(
			    pack_bytes(k, text + at, left < pieces[i] ? left : pieces[i], &e));
		}
		assert_true(pack_end(k, &e));
		pack_free(k);
		assert_int_equal(got[i].n, got[0].n);
		assert_memory_equal(got[i].p, got[0].p, got[0].n);
	}
	buf_init(&back, 1 << 20);
	assert_int_equal(
	    unpack_feed(u, got[0].p, got[0].n, true, room, keep, &back, &why, &e), UNPACK_OK);
	assert_int_equal(back.n, sizeof text);
	assert_memory_equal(back.p, text, sizeof text);
	unpack_free(u);
	buf_free(&back);
	for (size_t i = 0; i < COUNT(pieces); i++)
		buf_free(&got[i]);
}

static void a_sink_that_fails(void **state)
{
	struct pack *k = pack_new(refuse, NULL);

	(void)state;
	assert_true(pack_bytes(k, "", 0, &e));
	assert_false(pack_end(k, &e));
	assert_string_equal(e.msg, "refused");
	pack_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(when, setup, teardown),
	    cmocka_unit_test_setup_teardown(how_many, setup, teardown),
	    cmocka_unit_test_setup_teardown(names, setup, teardown),
	    cmocka_unit_test_setup_teardown(map_there_and_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(damaged_maps, setup, teardown),
	    cmocka_unit_test_setup_teardown(traces, setup, teardown),
	    cmocka_unit_test_setup_teardown(packing, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_sink_that_fails, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("compact", tests, NULL, NULL);
}
