/* SQL files: their contract, their variables, and whether a model fits together. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/sqlembed.h"
#include "shared/sqlfile.h"

static struct arena *a;
static struct config c;
static struct err e;

/* A folder for models, made and removed by each test. */
static char folder[] = "/tmp/dwh-unit-XXXXXX";

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	return config_load_text(
	           "t.cfg", STR("[S3]\nCLICKS = s3://mine/clicks\n"), NULL, 0, a, &c, &e)
	           ? 0
	           : -1;
}

static int teardown(void **state)
{
	int failed = system(arena_printf(a, "rm -r %s", folder));

	(void)state;
	arena_free(a);
	return failed;
}

static void check(bool ok)
{
	if (!ok)
		fail_msg("%s", e.msg);
}

/* "m/insert/users.sql" with its folders. */
static void put(const char *path, const char *text)
{
	char *full = arena_printf(a, "%s/%s", folder, path);
	FILE *f;

	for (char *p = strchr(full + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* "base over": folders of ours. */
static bool load(const char *models, struct model **m)
{
	struct str left = str_z(models);
	char *all = arena_strz(a, "");

	while (left.n) {
		struct str one = {left.p, str_find(left, ' ')};

		all = arena_printf(a, "%s %s/%.*s", all, folder, STRF(one));
		left = str_from(left, one.n + 1);
	}
	return model_load(all, &c, a, m, &e);
}

/* What stands behind the folder's name in an error's message. */
static const char *message(void)
{
	const char *at = strstr(e.msg, folder);

	assert_int_equal(e.kind, ERR_SETUP);
	assert_int_equal(e.where, AT_CONFIG);
	return at ? at + strlen(folder) + 1 : e.msg;
}

static void contract(void **state)
{
	struct model *m;
	const struct sqlfile *f;

	(void)state;
	put("m/create/s.sql", "CREATE TABLE s (x INT);\n");
	put("m/create/users.sql", "CREATE TABLE users (x INT);\n");
	put("m/copy/s.sql", "-- source: CLICKS\nCOPY s FROM :'from';\n");
	put("m/insert/users.sql",
	    "\n-- The users; a line of prose.\n--Depends: s\n"
	    "-- https://example.com is prose, too\n"
	    "--  title:  Who they are \n\n-- two words: prose\n"
	    "INSERT INTO users SELECT x FROM s;\n-- bogus: no head any more\n");
	put("m/check/some.sql", "-- severity: WARN\n-- depends: s,users\nSELECT 1;\n");
	put("m/query/top.sql", "-- description: the best\nSELECT 1;\n");
	put("m/query/ignored.txt", "-- bogus: x\n");
	put("m/query/.#top.sql", "-- bogus: x\n");
	check(load("m", &m));
	assert_int_equal(m->n, 6);
	f = model_find(m, SQL_INSERT, STR("users"));
	assert_non_null(f);
	assert_int_equal(f->n_depends, 1);
	assert_str(f->depends[0], "s");
	assert_str(f->title, "Who they are");
	assert_false(f->warn);
	assert_string_equal(f->origin, arena_printf(a, "%s/m/insert/users.sql", folder));
	f = model_find(m, SQL_CHECK, STR("some"));
	assert_true(f->warn);
	assert_int_equal(f->n_depends, 2);
	assert_str(f->depends[1], "users");
	assert_str(model_find(m, SQL_COPY, STR("s"))->source, "CLICKS");
	assert_str(model_find(m, SQL_QUERY, STR("top"))->description, "the best");
	assert_null(model_find(m, SQL_QUERY, STR("s")));
}

static void digests(void **state)
{
	struct model *m;

	(void)state;
	put("m/query/q.sql", "abc");
	check(load("m", &m));
	/* FIPS 180-2, appendix B.1 */
	assert_string_equal(
	    m->files[0].digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void what_is_wrong_in_a_file(void **state)
{
	static const struct {
		const char *path, *text, *want;
	} cases[] = {
	    {"query/x.sql", "SELECT 1;\n-- nothing: wrong here\n", NULL},
	    {"query/x.sql", "-- Note that: this is prose\nSELECT 1;", NULL},
	    {"insert/t.sql", "-- x\n-- dependz: s\nSELECT 1",
	        ":2: unknown key \"dependz\"; did you mean \"depends\"?"},
	    {"query/x.sql", "-- owner: me\nSELECT 1",
	        ":1: unknown key \"owner\" (depends, source, shape, severity, engine, "
	        "title, description)"},
	    {"query/x.sql", "-- source: CLICKS\nSELECT 1",
	        ":1: \"source\" means nothing in a query file"},
	    {"check/x.sql", "-- severity: fatal\nSELECT 1",
	        ":1: severity is \"fatal\", must be error or warn"},
	    {"check/x.sql", "-- severity:\nSELECT 1", ":1: \"severity\" has no value"},
	    {"check/x.sql", "-- title: a\n\n-- title: b\nSELECT 1",
	        ":3: \"title\" stands twice; put all into one line"},
	    {"check/x.sql", "-- engine: mysql\nSELECT 1",
	        ":1: engine is \"mysql\", must be of local, postgres, redshift"},
	    {"check/x.sql", "-- depends: s nothere\nSELECT 1",
	        ":1: depends on \"nothere\", which no copy and no insert file fills"},
	    {"insert/t.sql", "\n-- depends: ss\nSELECT 1",
	        ":2: depends on \"ss\", which no copy and no insert file fills; did you mean "
	        "\"s\"?"},
	    {"insert/u.sql", "SELECT 1", ": no create/u.sql makes the table that it fills"},
	    {"copy/t.sql", "COPY t FROM :'from'",
	        ": no \"-- source: KEY\" in its head; KEY is a key of [S3] with the address to "
	        "load "
	        "from"},
	    {"copy/t.sql", "-- source: CLICK\nCOPY t FROM :'from'",
	        ":1: source CLICK is not set in [S3]; did you mean \"CLICKS\"? Set: LOG_DATA "
	        "LOG_JSONPATH SONG_DATA CLICKS"},
	    {"query/x.sql", "SELECT 'a\n", ":1:8: the string is not closed"},
	    {"query/x.sql", "-- only this\n", ": no statement in it"},
	    {"query/x.sql", "SELECT '\xff'", ": not UTF-8 text"},
	    {"query/x-y.sql", "SELECT 1",
	        ": a file is named as its table: lower case letters, digits and _, then .sql"},
	    {"query/1st.sql", "SELECT 1", NULL},
	    {"create/1st.sql", "CREATE SCHEMA x", NULL},
	    {"insert/1st.sql", "INSERT INTO x SELECT 1",
	        ": a file is named as its table: lower case letters, digits and _, then .sql"},
	    {"inserts/t.sql", "SELECT 1",
	        ": \"inserts\" is no phase of a model; did you mean \"insert\"?"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = arena_printf(a, "m%zu", i);
		struct model *m;
		const char *at;

		put(arena_printf(a, "%s/create/s.sql", name), "CREATE TABLE s (x INT);");
		put(arena_printf(a, "%s/create/t.sql", name), "CREATE TABLE t (x INT);");
		put(arena_printf(a, "%s/copy/s.sql", name), "-- source: clicks\nCOPY s;");
		put(arena_printf(a, "%s/%s", name, cases[i].path), cases[i].text);
		if (!cases[i].want) {
			check(load(name, &m));
			continue;
		}
		if (load(name, &m))
			fail_msg("accepted: %s", cases[i].text);
		at = message() + strlen(name);
		if (*at == '/')
			at += strlen(cases[i].path) + 1;
		assert_string_equal(at, cases[i].want);
	}
}

static void overlays(void **state)
{
	struct model *m;
	size_t n;
	const struct sqlfile *f;

	(void)state;
	put("base/create/t.sql", "CREATE TABLE t (x INT);");
	put("base/insert/t.sql", "INSERT INTO t SELECT 1;");
	put("base/query/a.sql", "SELECT 1;");
	put("over/insert/t.sql", "INSERT INTO t SELECT 2;");
	put("over/query/b.sql", "-- engine: postgres\nSELECT 2;");
	put("over/query/a.sql", "-- engine: redshift\nSELECT 3;");
	check(load("base over", &m));
	assert_str(model_find(m, SQL_INSERT, STR("t"))->text, "INSERT INTO t SELECT 2;");
	assert_str(model_find(m, SQL_QUERY, STR("a"))->text, "SELECT 1;");
	f = model_phase(m, SQL_QUERY, &n);
	assert_int_equal(n, 2);
	assert_str(f[0].stem, "a");
	assert_str(f[1].stem, "b");
	assert_null(model_phase(m, SQL_CHECK, &n));
	assert_int_equal(n, 0);

	c.warehouse.engine = ENGINE_REDSHIFT;
	check(load("base over", &m));
	assert_str(model_find(m, SQL_QUERY, STR("a"))->text, "-- engine: redshift\nSELECT 3;");
	assert_null(model_find(m, SQL_QUERY, STR("b")));

	/* An overlay alone does not fit together. */
	assert_false(load("over", &m));
	assert_string_equal(
	    message(), "over/insert/t.sql: no create/t.sql makes the table that it fills");
}

/* A staging relation without a create file: it has the shape of another. */
static void shapes(void **state)
{
	static const struct {
		const char *create, *head, *more, *want;
	} cases[] = {
	    {"CREATE TABLE :\"relation\" (x INT)", "-- shape: t", NULL, NULL},
	    {"CREATE TABLE t (x INT)", "-- shape: t", NULL,
	        "create/t.sql: gives %/copy/n.sql its shape, so the table must be named "
	        ":\"relation\" in it"},
	    {"CREATE TABLE :\"relation\" (x INT)", "-- shape: tt", NULL,
	        "copy/n.sql:2: there is no create/tt.sql; did you mean \"t\"?"},
	    {"CREATE TABLE :\"relation\" (x INT)", "-- shape: t", "CREATE TABLE n (x INT)",
	        "copy/n.sql:2: %/create/n.sql makes its staging relation: it needs no other shape"},
	    {"CREATE TABLE :\"relation\" (x INT)", "-- no shape", NULL,
	        "copy/n.sql: no create/n.sql makes the table that it fills"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = arena_printf(a, "m%zu", i), *want = cases[i].want;
		const struct sqlfile *f;
		struct model *m;
		size_t n;

		put(arena_printf(a, "%s/create/t.sql", name), cases[i].create);
		put(arena_printf(a, "%s/insert/t.sql", name), "-- depends: n\nSELECT 1");
		put(arena_printf(a, "%s/copy/n.sql", name),
		    arena_printf(a, "-- source: CLICKS\n%s\nCOPY n", cases[i].head));
		if (cases[i].more)
			put(arena_printf(a, "%s/create/n.sql", name), cases[i].more);
		if (want) {
			const char *at = strchr(want, '%');

			assert_false(load(name, &m));
			want = at ? arena_printf(a, "%s/%.*s%s/%s%s", name, (int)(at - want), want,
			                folder, name, at + 1)
			          : arena_printf(a, "%s/%s", name, want);
			assert_string_equal(message(), want);
			continue;
		}
		check(load(name, &m));
		f = model_phase(m, SQL_CREATE, &n);
		assert_int_equal(n, 2);
		assert_str(f[0].stem, "n");
		assert_str(f[1].stem, "t");
		assert_true(str_eq(f[0].text, f[1].text));
	}
}

static void names(void **state)
{
	struct model *m;

	(void)state;
	assert_false(model_load("nomodel", &c, a, &m, &e));
	assert_true(str_starts(str_z(e.msg),
	    STR("LOAD.MODEL: no model \"nomodel\", and no folder of this name. Built in: ")));
	assert_false(model_load("./nomodel", &c, a, &m, &e));
	assert_true(str_ends(str_z(e.msg), STR("/./nomodel: no such folder")));
	assert_false(model_load(" ", &c, a, &m, &e));
	assert_string_equal(e.msg, "LOAD.MODEL names no model");
	put("empty/README", "nothing");
	assert_false(load("empty", &m));
	assert_string_equal(
	    message(), "empty: no SQL file in its folders create, copy, insert, check, query");
}

static void order(void **state)
{
	/* Insert files with what they depend on, and the order or the message that comes out. */
	static const struct {
		const char *files[6][2];
		const char *want;
	} cases[] = {
	    {{{"c", "s"}, {"a", "s"}, {"b", "s"}}, "a b c"},
	    {{{"a", "c"}, {"b", "s"}, {"c", "s"}}, "b c a"},
	    {{{"songplays", "users songs"}, {"users", "s"}, {"songs", "users"},
	         {"time", "songplays"}},
	        "users songs songplays time"},
	    {{{"a", "b"}, {"b", "a"}},
	        "!a.sql: the inserts depend on each other in a circle: a -> b -> a"},
	    {{{"a", "songplays"}, {"songplays", "users"}, {"users", "songplays"}},
	        "!songplays.sql: the inserts depend on each other in a circle: "
	        "songplays -> users -> songplays"},
	    {{{"a", "a"}}, "!a.sql: the inserts depend on each other in a circle: a -> a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = arena_printf(a, "m%zu", i), *got = "";
		const struct sqlfile **sorted;
		struct model *m;
		size_t n;

		put(arena_printf(a, "%s/create/s.sql", name), "CREATE TABLE s (x INT);");
		put(arena_printf(a, "%s/copy/s.sql", name), "-- source: clicks\nCOPY s;");
		for (size_t k = 0; k < 6 && cases[i].files[k][0]; k++) {
			put(arena_printf(a, "%s/create/%s.sql", name, cases[i].files[k][0]),
			    "SELECT 1");
			put(arena_printf(a, "%s/insert/%s.sql", name, cases[i].files[k][0]),
			    arena_printf(a, "-- depends: %s\nSELECT 1", cases[i].files[k][1]));
		}
		check(load(name, &m));
		if (model_order(m, a, &sorted, &n, &e))
			for (size_t k = 0; k < n; k++)
				got = arena_printf(
				    a, "%s%s%.*s", got, k ? " " : "", STRF(sorted[k]->stem));
		else
			got = arena_printf(
			    a, "!%s", strstr(message(), "/insert/") + strlen("/insert/"));
		assert_string_equal(got, cases[i].want);
	}
}

static void statements(void **state)
{
	static const struct {
		const char *text, *want; /* LINE:TEXT, separated by " | " */
	} cases[] = {
	    {"", ""},
	    {";;\n -- x\n;", ""},
	    {"SELECT 1", "1:SELECT 1"},
	    {"-- head\n\nSELECT 1 ; -- tail\nSELECT ';' /* ; */ AS x\n;",
	        "3:SELECT 1 | 4:SELECT ';' /* ; */ AS x"},
	    {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
	        "1:CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2) | 1:SELECT 3"},
	    {"CREATE PROCEDURE p() AS $$ BEGIN; END; $$ LANGUAGE plpgsql;\nSELECT \";\"",
	        "1:CREATE PROCEDURE p() AS $$ BEGIN; END; $$ LANGUAGE plpgsql | 2:SELECT \";\""},
	    {"SELECT 1); SELECT 2", "1:SELECT 1) | 1:SELECT 2"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sql_statement *s;
		const char *got = "";
		size_t n;

		check(sqlfile_split("x.sql", str_z(cases[i].text), a, &s, &n, &e));
		for (size_t k = 0; k < n; k++)
			got = arena_printf(
			    a, "%s%s%d:%.*s", got, k ? " | " : "", s[k].line, STRF(s[k].text));
		assert_string_equal(got, cases[i].want);
	}
}

static struct str in_quotes(struct arena *into, struct str s, char q)
{
	char *p = arena_alloc(into, 2 * s.n + 2);
	size_t n = 0;

	p[n++] = q;
	for (size_t i = 0; i < s.n; i++) {
		p[n++] = s.p[i];
		if (s.p[i] == q)
			p[n++] = q;
	}
	p[n++] = q;
	return (struct str){p, n};
}

static struct str ident(void *ctx, struct arena *into, struct str s)
{
	++*(int *)ctx;
	return in_quotes(into, s, '"');
}

static struct str literal(void *ctx, struct arena *into, struct str s)
{
	++*(int *)ctx;
	return in_quotes(into, s, '\'');
}

static void variables(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"SELECT 1;\n", "SELECT 1;\n"},
	    {"", ""},
	    {"COPY :\"table\" FROM :'from' MAXERROR :max;",
	        "COPY \"my \"\"t\"\"\" FROM 's3://it''s' MAXERROR -7.5;"},
	    {"x::int, ':from', \":'table'\", $$:from$$, a[1:2] -- :from\n/* :'from' */ :max",
	        "x::int, ':from', \":'table'\", $$:from$$, a[1:2] -- :from\n/* :'from' */ -7.5"},
	    {":max::int", "-7.5::int"},
	    {"SELECT 1,\n :form",
	        "!x.sql:2:2: unknown variable form; did you mean \"from\"? Known: table from max"},
	    {"SELECT :'region'", "!x.sql:1:8: unknown variable region. Known: table from max"},
	    {"SELECT :from", "!x.sql:1:8: the value of :from is no number; write :'from' for a "
	                     "literal, :\"from\" "
	                     "for a name"},
	    {"SELECT '", "!x.sql:1:8: the string is not closed"},
	};
	const struct sql_var vars[] = {
	    {"table", STR("my \"t\"")}, {"from", STR("s3://it's")}, {"max", STR("-7.5")}};
	int calls = 0;
	const struct sql_quote quote = {ident, literal, &calls};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str out = {0};

		if (!sqlfile_expand(
		        "x.sql", str_z(cases[i].text), vars, COUNT(vars), &quote, a, &out, &e))
			out = str_z(arena_printf(a, "!%s", e.msg));
		assert_str(out, cases[i].want);
	}
	assert_int_equal(calls, 2);
}

/* The models in the tree load for every engine, and their inserts have an order. */
static void the_embedded_models(void **state)
{
	static const enum config_engine engines[] = {
	    ENGINE_LOCAL, ENGINE_POSTGRES, ENGINE_REDSHIFT};
	bool any = false;

	(void)state;
	for (const struct sql_embedded *s = sql_embedded; s->path; s++)
		any = any || str_starts(str_z(s->path), STR("sql/sparkify/"));
	if (!any) {
		print_message("# no sql/sparkify in this build\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(engines); i++) {
		const struct sqlfile **sorted;
		struct model *m;
		size_t n;

		c.warehouse.engine = engines[i];
		check(model_load("sparkify", &c, a, &m, &e));
		check(model_order(m, a, &sorted, &n, &e));
		assert_true(n >= 5);
		check(model_own(&c, a, &m, &e));
		assert_true(model_phase(m, SQL_CREATE, &n) && n > 0);
		assert_false(model_load("dwh", &c, a, &m, &e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(contract, setup, teardown),
	    cmocka_unit_test_setup_teardown(digests, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_wrong_in_a_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(overlays, setup, teardown),
	    cmocka_unit_test_setup_teardown(shapes, setup, teardown),
	    cmocka_unit_test_setup_teardown(names, setup, teardown),
	    cmocka_unit_test_setup_teardown(order, setup, teardown),
	    cmocka_unit_test_setup_teardown(statements, setup, teardown),
	    cmocka_unit_test_setup_teardown(variables, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_embedded_models, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
