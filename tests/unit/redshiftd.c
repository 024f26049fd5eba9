/* redshiftd: what a client's SQL becomes, and messages that come in pieces, or are none. */
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "workers/local/redshiftd_sql.h"
#include "workers/local/redshiftd_wire.h"

static struct arena *a;

static const struct {
	const char *sql;
	const char *want; /* "KIND text|KIND text", or "!error" */
} statements[] = {
    {"", ""},
    {" ; ;-- nothing\n", ""},
    {"select 1", "P select 1"},
    {"select 1;select ';' ; ", "P select 1|P select ';'"},
    {"copy t from 's3://b/k' iam_role default", "C copy t from 's3://b/k' iam_role default"},
    {"begin; COPY t FROM 's3://b/k' iam_role default;end",
        "B begin|C COPY t FROM 's3://b/k' iam_role default|E end"},
    {"copy t from stdin", "!0A000"},
    {"copy t to stdout", "!0A000"},
    {"select version()", "P select redshiftd.version()"},
    {"select t.version(), version", "P select t.version(), version"},
    {"select pg_last_copy_count(), PG_LAST_COPY_ID ( )",
        "P select pg_last_copy_count(CAST(7 AS BIGINT)), PG_LAST_COPY_ID (CAST(8 AS BIGINT) )"},
    {"select pg_last_copy_count", "P select pg_last_copy_count"},
    {"select 'version()'", "P select 'version()'"},
    {"select count(*) from pg_stat_activity", "P select count(*) from redshiftd.pg_stat_activity"},
    {"set query_group to 'x'", "P set redshiftd.query_group to 'x'"},
    {"SET SESSION wlm_query_slot_count = 3", "P SET SESSION redshiftd.wlm_query_slot_count = 3"},
    {"show query_group", "P show redshiftd.query_group"},
    {"reset query_group", "P reset redshiftd.query_group"},
    {"select query_group from set", "P select query_group from set"},
    {"set lock_timeout to 1", "!42704"},
    {"set extra_float_digits to 3", "!22023"},
    {"set extra_float_digits to 2", "P set extra_float_digits to 2"},
    {"truncate table t", "T truncate table t"},
    {"rollback", "E rollback"},
    {"rollback to x", "!0A000"},
    {"savepoint x", "!0A000"},
    {"create index i on t (x)", "!0A000"},
    {"create table index (x int)", "P create table index (x int)"},
    {"insert into t values (1) on conflict do nothing", "!42601"},
    {"unload ('select 1') to 's3://b/k'", "!0A000"},
    {"cancel 17", "X17 cancel 17"},
    {"cancel 17 'enough'", "X17 cancel 17 'enough'"},
    {"cancel", "!42601"},
    {"vacuum full t to 75 percent boost", "P vacuum t"},
    {"vacuum", "P vacuum"},
    {"VACUUM DELETE ONLY s.t", "P VACUUM s.t"},
    {"analyze t predicate columns", "P analyze t"},
    {"analyze s.t (x, y)", "P analyze s.t (x, y)"},
    {"analyze compression t", "!0A000"},
    {"create table t (x int) diststyle all", "P create table t (x int)"},
    {"select nvl(x, $1) from t", "P select COALESCE(x, $1) from t"},
    {"select 'not closed", "!42601"},
};

static void sql_of_clients(void **state)
{
	static const char kinds[] = "PCBETX";
	const struct session_facts facts = {.last_copy_count = 7, .last_copy_id = 8};

	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		struct statement *st;
		struct err e;
		struct buf b;
		size_t n;

		buf_init(&b, 4096);
		if (!redshiftd_sql(str_z(statements[i].sql), &facts, a, &st, &n, &e)) {
			buf_printf(&b, "!%s", e.code);
			n = 0;
		}
		for (size_t k = 0; k < n; k++) {
			buf_printf(&b, "%s%c", k ? "|" : "", kinds[st[k].kind]);
			if (st[k].kind == STATEMENT_CANCEL)
				buf_printf(&b, "%lld", (long long)st[k].pid);
			buf_printf(&b, " %.*s", STRF(st[k].text));
		}
		assert_string_equal(b.n ? b.p : "", statements[i].want);
		buf_free(&b);
	}
}

/* The query history keeps comments: they are how people find their queries. */
static void comments_are_kept(void **state)
{
	const struct session_facts facts = {.last_copy_count = 0};
	struct statement *st;
	struct err e;
	size_t n;

	(void)state;
	assert_true(redshiftd_sql(str_z(" /* one */ copy a from 's3://b/c' iam_role default ;\n"
	                                "-- two\nselect 1; "),
	    &facts, a, &st, &n, &e));
	assert_int_equal(n, 2);
	assert_true(str_eqz(st[0].source, "/* one */ copy a from 's3://b/c' iam_role default"));
	assert_true(str_eqz(st[0].text, "copy a from 's3://b/c' iam_role default"));
	assert_true(str_eqz(st[1].source, "-- two\nselect 1"));
}

static void messages_in_pieces(void **state)
{
	static const char bytes[] = "Q\0\0\0\x0dselect 1\0S\0\0\0\4X";
	struct wire_msg m;
	struct wire w;
	size_t seen = 0;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	wire_init(&w, fd[0]);
	assert_int_equal(wire_take(&w, &m), WIRE_NOTHING);
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		assert_int_equal(write(fd[1], bytes + i, 1), 1);
		assert_true(wire_fill(&w));
		if (wire_take(&w, &m) != WIRE_MESSAGE)
			continue;
		assert_int_equal(m.type, seen ? 'S' : 'Q');
		assert_int_equal(m.body.n, seen ? 0 : 9);
		seen++;
	}
	assert_int_equal(seen, 2);
	close(fd[1]);
	assert_false(wire_fill(&w));
	wire_free(&w);
	close(fd[0]);
}

static void lengths_that_cannot_be(void **state)
{
	static const struct {
		const char bytes[6];
		enum wire_got got, start;
	} cases[] = {
	    {"Q\0\0\0\3", WIRE_BROKEN, WIRE_BROKEN},
	    {"Q\0\0\0\0", WIRE_BROKEN, WIRE_BROKEN},
	    {"Q\xff\xff\xff\xff", WIRE_BROKEN, WIRE_BROKEN},
	    {"Q\x04\0\0\1", WIRE_BROKEN, WIRE_BROKEN},
	    {"Q\x01\0\0\0", WIRE_NOTHING, WIRE_BROKEN},
	    {"\0\0\0\x08\0", WIRE_NOTHING, WIRE_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wire_msg m;
		struct str body;
		struct wire w;

		wire_init(&w, -1);
		buf_add(&w.in, cases[i].bytes, 5);
		assert_int_equal(wire_take(&w, &m), cases[i].got);
		assert_int_equal(wire_take_start(&w, &body), cases[i].start);
		wire_free(&w);
	}
}

static void bodies(void **state)
{
	struct str body = {"name\0\0\1\2\3x", 10}, s;
	uint32_t n;

	(void)state;
	assert_true(wire_string(&body, &s) && str_eqz(s, "name"));
	assert_true(wire_int32(&body, &n) && n == 0x010203);
	assert_false(wire_string(&body, &s));
	assert_false(wire_int32(&body, &n));
	assert_int_equal(body.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sql_of_clients),
	    cmocka_unit_test(comments_are_kept),
	    cmocka_unit_test(messages_in_pieces),
	    cmocka_unit_test(lengths_that_cannot_be),
	    cmocka_unit_test(bodies),
	};
	int failed;

	a = arena_new();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(a);
	return failed;
}
