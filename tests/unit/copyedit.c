/* A COPY made into another one: what is to change changes, and not a byte beside it. */
#include "tests/unit/unit.h"

#include "workers/copyedit.h"

struct edited {
	const char *from, *to; /* to NULL: refused */
};

static const struct edited prefixes[] = {
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

static const struct edited parts[] = {
    {"COPY t FROM 's3://b/m' MANIFEST JSON 'auto';",
        "COPY t FROM 's3://b/m' MANIFEST JSON 'auto' GZIP"},
    {"COPY t FROM 's3://b/;' JSON 'auto' -- ;\n", "COPY t FROM 's3://b/;' JSON 'auto' GZIP"},
};

static const struct edited validated[] = {
    {"COPY t FROM 's3://b/m' JSON 'auto';",
        "COPY t FROM 's3://b/m' JSON 'auto' NOLOAD MAXERROR 100000"},
    {"COPY t FROM 's3://b/m' MAXERROR AS 5 JSON 'auto' NOLOAD",
        "COPY t FROM 's3://b/m' MAXERROR AS 100000 JSON 'auto' NOLOAD"},
    {"COPY t FROM 's3://b/m' MAXERROR 5 NULL AS 'MAXERROR 6' COMPROWS 7000",
        "COPY t FROM 's3://b/m' MAXERROR 100000 NULL AS 'MAXERROR 6' COMPROWS 7000 NOLOAD"},
    {"COPY t FROM 's3://b/m' IGNOREALLERRORS", "COPY t FROM 's3://b/m' IGNOREALLERRORS NOLOAD"},
};

static void check(const struct edited *c, bool ok, struct str text, const struct err *e)
{
	if (ok != (c->to != NULL))
		fail_msg("%s: %s", c->from, ok ? "taken" : e->msg);
	if (ok)
		assert_str(text, c->to);
}

static void all_three(void **state)
{
	struct worker w = {.task = arena_new()};
	struct copystmt stmt;
	struct str text;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		text = str_z(prefixes[i].from);
		check(&prefixes[i], copyedit_prefix(&w, &text, &e), text, &e);
	}
	for (size_t i = 0; i < COUNT(parts); i++) {
		text = str_z(parts[i].from);
		check(&parts[i], copyedit_gzip(&w, &text, &e), text, &e);
	}
	for (size_t i = 0; i < COUNT(validated); i++) {
		text = str_z(validated[i].from);
		if (!copystmt_parse(text, w.task, &stmt, &e))
			fail_msg("%s: %s", validated[i].from, e.msg);
		check(&validated[i], copyedit_validate(&w, &stmt, &text, &e), text, &e);
	}
	arena_free(w.task);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_three)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("copyedit", tests, NULL, NULL);
}
