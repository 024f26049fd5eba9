/* The jsonpaths file: Redshift's rules for what a path may be, and for the file around them. */
#include "tests/unit/arena.h"

#include <stdio.h>

#include "shared/jsonpaths.h"

/* Steps as "name" or "[index]", joined by '/'. */
static void accepted(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
	    {"$", ""},
	    {"$.a", "/a"},
	    {"$.firstName.b", "/firstName/b"},
	    {"$['a']", "/a"},
	    {"$['a']['b'][0]", "/a/b/[0]"},
	    {"$['a.b']['it[0]']", "/a.b/it[0]"},
	    {"$[\\\"a\\\"]", "/a"},
	    {"$.a[10].b", "/a/[10]/b"},
	    {"$[0][1]", "/[0]/[1]"},
	    {"$.a b", "/a b"},
	    {"$.\\u00e9", "/\xC3\xA9"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct jsonpaths paths;
		struct err e = {0};
		char file[200], got[200] = "";
		size_t n = 0;

		snprintf(file, sizeof file, "\n{ \"jsonpaths\" : [\"%s\"]}\n", cases[i].path);
		if (!jsonpaths_parse(str_z(file), arena, &paths, &e))
			fail_msg("%s: %s", file, e.msg);
		assert_false(paths.fallback);
		assert_int_equal(paths.n, 1);
		for (size_t k = 0; k < paths.paths[0].n; k++) {
			const struct jsonpath_step *s = &paths.paths[0].steps[k];

			if (s->name.p)
				n += (size_t)snprintf(
				    got + n, sizeof got - n, "/%.*s", STRF(s->name));
			else
				n += (size_t)snprintf(got + n, sizeof got - n, "/[%u]", s->index);
		}
		assert_string_equal(got, cases[i].want);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *file, *want;
	} cases[] = {
	    {"", "not one JSON object"},
	    {"{\"jsonpaths\":[\"$.a\"]", "not one JSON object: line 1"},
	    {"{\"jsonpaths\":[\"$.a\"]}{}", "not one JSON object"},
	    {"{\"jsonpaths\":[\"$.a\"]} x", "not one JSON object"},
	    {"[\"$.a\"]", "not one JSON object"},
	    {"{\"jsonpaths\":[]}", "at least one path"},
	    {"{\"jsonpaths\":\"$.a\"}", "must be an array"},
	    {"{\"jsonpaths\":[\"$.a\",\"\"]}", "path 2 is empty"},
	    {"{\"jsonpaths\":[\"$.a\",7]}", "path 2 is no string"},
	    {"{\"jsonpaths\":[\"$.a\",null]}", "path 2 is no string"},
	    {"{\"jsonpaths\":[\"$.a\"],\"more\":1}", "more members"},
	    {"{\"jsonpaths\":[\"a\"]}", "path 1, \"a\", byte 1: a path begins with $"},
	    {"{\"jsonpaths\":[\"$a\"]}", "byte 2: '.' or '[' expected"},
	    {"{\"jsonpaths\":[\"$.a\",\"$['b']\"]}",
	        "path 2, \"$['b']\", byte 3: dot and bracket style can not be mixed"},
	    {"{\"jsonpaths\":[\"$['a'].b\"]}", "mixed"},
	    {"{\"jsonpaths\":[\"$.\"]}", "empty name"},
	    {"{\"jsonpaths\":[\"$.a..b\"]}", "'..' is not known"},
	    {"{\"jsonpaths\":[\"$..b\"]}", "'..' is not known"},
	    {"{\"jsonpaths\":[\"$['']\"]}", "empty name"},
	    {"{\"jsonpaths\":[\"$['a\"]}", "without closing quote"},
	    {"{\"jsonpaths\":[\"$['a'\"]}", "']' expected"},
	    {"{\"jsonpaths\":[\"$[-1]\"]}", "below 0"},
	    {"{\"jsonpaths\":[\"$[99999999999]\"]}", "too large"},
	    {"{\"jsonpaths\":[\"$[*]\"]}", "wildcards"},
	    {"{\"jsonpaths\":[\"$.*\"]}", "wildcards"},
	    {"{\"jsonpaths\":[\"$[?(@.a)]\"]}", "wildcards"},
	    {"{\"jsonpaths\":[\"$.it's\"]}", "need bracket style"},
	    {"{\"jsonpaths\":[\"$[a]\"]}", "an index or a name in quotes"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct jsonpaths paths;
		struct err e = {0};

		assert_false(jsonpaths_parse(str_z(cases[i].file), arena, &paths, &e));
		if (!strstr(e.msg, cases[i].want))
			fail_msg("%s\n  got  %s\n  want %s", cases[i].file, e.msg, cases[i].want);
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_CONFIG);
	}
}

static void another_member_means_auto(void **state)
{
	struct jsonpaths paths;
	struct err e;

	(void)state;
	assert_true(jsonpaths_parse(STR("{\"jsonPaths\":[\"$.a\"]}"), arena, &paths, &e));
	assert_true(paths.fallback);
	assert_int_equal(paths.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepted),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(another_member_means_auto),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("jsonpaths", tests, setup, teardown);
}
