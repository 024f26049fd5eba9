/* The COPY by a prefix: of a statement with MANIFEST, the same without it, and nothing else. */
#include "tests/unit/unit.h"

#include "workers/prefix.h"

static const struct {
	const char *from, *to; /* to NULL: refused */
} cases[] = {
    {"COPY t FROM 's3://b/p' IAM_ROLE 'r' MANIFEST REGION 'x'",
        "COPY t FROM 's3://b/p' IAM_ROLE 'r'  REGION 'x'"},
    {"COPY t FROM 's3://b/p' IAM_ROLE 'r' FORMAT AS JSON 'auto'\nmanifest",
        "COPY t FROM 's3://b/p' IAM_ROLE 'r' FORMAT AS JSON 'auto'\n"},
    {"COPY t (\"manifest\", b) FROM 's3://b/manifest' /* MANIFEST */ IAM_ROLE 'manifest' "
     "-- MANIFEST\n MANIFEST GZIP",
        "COPY t (\"manifest\", b) FROM 's3://b/manifest' /* MANIFEST */ IAM_ROLE "
        "'manifest' -- MANIFEST\n  GZIP"},
    {"COPY t (manifest) FROM 's3://b/p' IAM_ROLE 'r' MANIFEST",
        "COPY t (manifest) FROM 's3://b/p' IAM_ROLE 'r' "},
    {"COPY t FROM 's3://b/p' MANIFEST IAM_ROLE 'r' MANIFEST", NULL},
    {"COPY t FROM 's3://b/p' IAM_ROLE 'r'", NULL},
};

static void manifest_goes(void **state)
{
	struct worker w = {.task = arena_new()};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str text = str_z(cases[i].from);
		struct err e;
		bool ok = prefix_statement(&w, &text, &e);

		if (!ok && cases[i].to)
			fail_msg("%s", e.msg);

		assert_int_equal(ok, cases[i].to != NULL);
		if (ok)
			assert_str(text, cases[i].to);
	}
	arena_free(w.task);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(manifest_goes)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
