/* Manifests: what is written is what Redshift reads, and is read back; damaged ones are refused. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>

#include "workers/manifest.h"

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

/* Keys as S3 allows them; what JSON, XML, a URL or a shell would trip over. */
static const char *const keys[] = {
    "a",
    "a//b/",
    "log_data/2018/11/2018-11-01-events.json",
    "with blank+plus%20?query#part&amp;=;,@:",
    "quote\"back\\slash'\x01\t\n\x7f",
    "s3://in/side",
    "\xC3\xA9/\xE6\x97\xA5\xE6\x9C\xAC/\xF0\x9D\x84\x9E",
    "\xEF\xBF\xBD",
    "~",
};

static void there_and_back(void **state)
{
	struct object objects[COUNT(keys) + 1];
	struct manifest m = {.bucket = STR("my.bucket-1"), .objects = objects}, got;
	char longest[1025];

	(void)state;
	memset(longest, 'k', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (size_t i = 0; i < COUNT(keys); i++)
		objects[m.n++] = (struct object){
		    str_z(keys[i]), STR("0cc175b9c0f1b6a831c399e269772661-12"), i, false};
	objects[m.n++] = (struct object){str_z(longest), STR(""), INT64_MAX, false};
	for (size_t n = 1; n <= m.n; n++) {
		struct manifest part = {.bucket = m.bucket, .objects = objects, .n = n};

		buf_reset(&out);
		manifest_print(&part, &out);
		if (!manifest_parse(buf_view(&out), a, &got, &e))
			fail_msg("%zu: %s", n, e.msg);
		assert_str(got.bucket, "my.bucket-1");
		assert_int_equal(got.n, n);
		for (size_t i = 0; i < n; i++) {
			assert_true(str_eq(got.objects[i].key, objects[i].key));
			assert_true(str_eq(got.objects[i].etag, objects[i].etag));
			assert_int_equal(got.objects[i].size, objects[i].size);
		}
	}
}

/* Read by somebody else's parser, it is what Redshift's manual shows. */
static void as_redshift_reads_it(void **state)
{
	struct object objects[] = {
	    {STR("k/1"), STR("e\"1"), 459, false}, {STR("k/2"), STR("e2"), 0, false}};
	struct manifest m = {.bucket = STR("b"), .objects = objects, .n = 2};
	json_t *root, *entry;

	(void)state;
	manifest_print(&m, &out);
	root = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_object_size(root), 1);
	assert_int_equal(json_array_size(json_object_get(root, "entries")), 2);
	entry = json_array_get(json_object_get(root, "entries"), 0);
	assert_string_equal(json_string_value(json_object_get(entry, "url")), "s3://b/k/1");
	assert_true(json_is_true(json_object_get(entry, "mandatory")));
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(entry, "meta"), "content_length")),
	    459);
	json_decref(root);
}

/* The same objects are the same bytes, and so the same shard. */
static void same_bytes(void **state)
{
	struct object objects[] = {{STR("k/1"), STR("e1"), 1, false}};
	struct manifest m = {.bucket = STR("b"), .objects = objects, .n = 1};

	(void)state;
	manifest_print(&m, &out);
	assert_str(buf_view(&out), "{\"entries\":[\n{\"url\":\"s3://b/k/1\",\"mandatory\":true,"
	                           "\"meta\":{\"content_length\":1,\"etag\":\"e1\"}}\n]}\n");
}

static void written_by_others(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		uint64_t size;
	} cases[] = {
	    {"{\"entries\":[]}", 0, 0},
	    {" {\n\"entries\" : [ ] } \n", 0, 0},
	    {"{\"entries\":[{\"url\":\"s3://b/k\"}]}", 1, 0},
	    {"{\"entries\":[{\"mandatory\":false,\"url\":\"s3:\\/\\/b\\/k\"}]}", 1, 0},
	    {"{\"entries\":[{\"url\":\"s3://b/\\u006b\",\"meta\":{\"content_length\":17}}]}", 1,
	        17},
	    {"{\"comment\":[{\"url\":1}],\"entries\":[{\"url\":\"s3://b/k\",\"more\":{\"a\":[1]}}],"
	     "\"x\":null}",
	        1, 0},
	    {"{\"entries\":[{\"meta\":{\"etag\":null,\"content_length\":\"x\",\"y\":[]},"
	     "\"url\":\"s3://b/k\"}]}",
	        1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct manifest m;

		if (!manifest_parse(str_z(cases[i].text), a, &m, &e))
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_int_equal(m.n, cases[i].n);
		if (m.n) {
			assert_str(m.bucket, "b");
			assert_str(m.objects[0].key, "k");
			assert_int_equal(m.objects[0].size, cases[i].size);
		}
	}
}

static void damaged(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "not a manifest"},
	    {"[]", "not a manifest"},
	    {"{}", "not a manifest"},
	    {"{\"entries\":{}}", "not a manifest"},
	    {"{\"entries\":[1]}", "not a manifest"},
	    {"{\"entries\":[\"s3://b/k\"]}", "not a manifest"},
	    {"{\"entries\":[]}x", "not a manifest"},
	    {"{\"entries\":[]}{\"entries\":[]}", "not a manifest"},
	    {"{\"entries\":[{\"url\":\"s3://b/k\"},]}", "not a manifest"},
	    {"{\"entries\":[{\"url\":\"s3://b/k\",\"meta\":1}]}", "not a manifest"},
	    {"{\"entries\":[{}]}", "manifest entry 1: "},
	    {"{\"entries\":[{\"url\":17}]}", "manifest entry 1: "},
	    {"{\"entries\":[{\"url\":\"http://b/k\"}]}", "manifest entry 1: "},
	    {"{\"entries\":[{\"url\":\"s3://b/k\"},{\"url\":\"s3://B/k\"}]}", "manifest entry 2: "},
	    {"{\"entries\":[{\"url\":\"s3://b/k\"},{\"url\":\"s3://c/k\"}]}",
	        "manifest entry 2: bucket c, after b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct manifest m;

		if (manifest_parse(str_z(cases[i].text), a, &m, &e))
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.kind, ERR_SETUP);
		if (!strstr(e.msg, cases[i].why))
			fail_msg("%s: %s", cases[i].text, e.msg);
	}
}

/* Cut anywhere, it is none: a manifest that was half written must not load half a shard. */
static void torn(void **state)
{
	struct object objects[] = {
	    {STR("k/1"), STR("e1"), 1, false}, {STR("k/\"2"), STR("e2"), 22, false}};
	struct manifest m = {.bucket = STR("b"), .objects = objects, .n = 2}, got;

	(void)state;
	manifest_print(&m, &out);
	for (size_t n = 0; n + 2 < out.n; n++) {
		char *copy = xmalloc(
		    n ? n : 1); /* so that the sanitizer sees what is read beyond */

		memcpy(copy, out.p, n);
		if (manifest_parse((struct str){copy, n}, a, &got, &e))
			fail_msg("taken: %.*s", (int)n, copy);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(as_redshift_reads_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(same_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(written_by_others, setup, teardown),
	    cmocka_unit_test_setup_teardown(damaged, setup, teardown),
	    cmocka_unit_test_setup_teardown(torn, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
