/* SQL text as tokens. */
#include "tests/unit/unit.h"

#include "shared/sqltok.h"

static const char letters[] = {
    [SQLTOK_END] = '.',
    [SQLTOK_WORD] = 'w',
    [SQLTOK_QUOTED] = 'q',
    [SQLTOK_STRING] = 's',
    [SQLTOK_NUMBER] = 'n',
    [SQLTOK_PARAM] = 'p',
    [SQLTOK_VAR] = 'v',
    [SQLTOK_VAR_LITERAL] = 'l',
    [SQLTOK_VAR_IDENT] = 'i',
    [SQLTOK_OP] = 'o',
};

/* Kind and text of every token: "w:select n:1". */
static const char *shown(struct arena *a, const struct sqltok *t, size_t n)
{
	char *all = arena_strz(a, "");

	for (size_t i = 0; i < n; i++)
		all = arena_printf(
		    a, "%s%s%c:%.*s", all, i ? " " : "", letters[t[i].kind], STRF(t[i].text));
	return all;
}

static void tokens(void **state)
{
	static const struct {
		const char *sql, *want;
	} cases[] = {
	    {"", ""},
	    {"  -- only a comment", ""},
	    {"SELECT 1", "w:SELECT n:1"},
	    {"a.b,c;", "w:a o:. w:b o:, w:c o:;"},
	    {"x=1 -- y\n+2", "w:x o:= n:1 o:+ n:2"},
	    {"a/*b*/c/* /* nested */ */d", "w:a w:c w:d"},
	    {"a<=b||c", "w:a o:<= w:b o:|| w:c"},
	    {"1--2", "n:1"},
	    {"1+/*x*/-2", "n:1 o:+ o:- n:2"},
	    {"1.5 .5 1e3 1e-3 1.e2 1ex", "n:1.5 n:.5 n:1e3 n:1e-3 n:1.e2 n:1 w:ex"},
	    {"'it''s' 'a\\'b' ''", "s:'it''s' s:'a\\'b' s:''"},
	    {"E'a\\'b' e'\\\\' x'1F' B'01' 'a--b'",
	        "s:E'a\\'b' s:e'\\\\' s:x'1F' s:B'01' s:'a--b'"},
	    {"\"a\"\"b\" \"back\\\"", "q:\"a\"\"b\" q:\"back\\\""},
	    {"$$a;'b$$ $x$ $$ $x$ $1 $", "s:$$a;'b$$ s:$x$ $$ $x$ p:$1 o:$"},
	    {":a :'b' :\"c\" ::int x::date := a[1:2]",
	        "v::a l::'b' i::\"c\" o::: w:int w:x o::: w:date o::= w:a o:[ n:1 o:: n:2 o:]"},
	    {"':a' -- :b\n\":c\"", "s:':a' q:\":c\""},
	    {"f(x)*2", "w:f o:( w:x o:) o:* n:2"},
	    {"caf\xc3\xa9 a$b _c", "w:caf\xc3\xa9 w:a$b w:_c"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new();
		struct sqltok *t;
		struct err e;
		size_t n;

		assert_true(sqltok_all(str_z(cases[i].sql), a, &t, &n, &e));
		assert_string_equal(shown(a, t, n), cases[i].want);
		assert_int_equal(t[n].kind, SQLTOK_END);
		arena_free(a);
	}
}

static void what_is_not_closed(void **state)
{
	static const struct {
		const char *sql, *want;
	} cases[] = {
	    {"a\n  'b", "2:3: the string is not closed"},
	    {"'b\\'", "1:1: the string is not closed"},
	    {"a \"b", "1:3: the quoted name is not closed"},
	    {"/* /* */", "1:1: the comment is not closed"},
	    {"\n\n $x$ $$", "3:2: the $$ string is not closed"},
	    {":'b", "1:1: the variable is not closed"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new();
		struct sqltok *t;
		struct err e;
		size_t n;

		assert_false(sqltok_all(str_z(cases[i].sql), a, &t, &n, &e));
		assert_string_equal(e.msg, cases[i].want);
		assert_string_equal(e.code, "42601");
		arena_free(a);
	}
}

static void nul_bytes(void **state)
{
	struct arena *a = arena_new();
	struct sqltok *t;
	struct err e;
	size_t n;

	(void)state;
	assert_false(sqltok_all((struct str){"a\n 'b\0'", 7}, a, &t, &n, &e));
	assert_string_equal(e.msg, "2:4: a NUL byte");
	arena_free(a);
}

static void positions(void **state)
{
	struct arena *a = arena_new();
	struct sqltok *t;
	struct err e;
	size_t n;

	(void)state;
	assert_true(sqltok_all(STR("a 'x\ny' b\n\n  /*\n*/ c"), a, &t, &n, &e));
	assert_int_equal(n, 4);
	assert_int_equal(t[2].line, 2);
	assert_int_equal(t[2].col, 4);
	assert_int_equal(t[3].line, 5);
	assert_int_equal(t[3].col, 4);
	assert_true(sqltok_is(&t[0], "A"));
	assert_false(sqltok_is(&t[1], "'x\ny'"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens),
	    cmocka_unit_test(what_is_not_closed),
	    cmocka_unit_test(nul_bytes),
	    cmocka_unit_test(positions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
