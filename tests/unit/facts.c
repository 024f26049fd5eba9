/*
 * What the reports derive from a journal: critical path, wall clock against cumulative time, what
 * was tried again, and the command that goes on. The journals are made by hand, the answers, too.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervisor/facts.h"
#include "supervisor/next.h"

static struct arena *a;
static struct err e;
static struct journal j;
static struct fold f;
static char folder[] = "/tmp/dwh-unit-XXXXXX";

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	snprintf(folder, sizeof folder, "/tmp/dwh-unit-XXXXXX");
	return mkdtemp(folder) && journal_create(&j, folder, "1", &e) ? 0 : -1;
}

static int teardown(void **state)
{
	int failed = system(arena_printf(a, "rm -r %s", folder));

	(void)state;
	arena_free(a);
	return failed;
}

/* ---- a journal by hand ---- */

static void add(struct msg m)
{
	journal_add(&j, &m);
}

static void run(const char *command, int64_t workers, bool fresh)
{
	add((struct msg){.type = MSG_RUN,
	    .u.run = {.v = MSG_VERSION,
	        .run = STR("1"),
	        .command = str_z(command),
	        .workers = workers,
	        .fresh = fresh}});
}

static void step(int64_t id, const char *phase, const char *name)
{
	const struct task t = {.id = id,
	    .kind = TASK_STEP,
	    .phase = str_z(phase),
	    .stem = str_z(name),
	    .name = str_z(name)};

	add(journal_task_msg(&t));
}

static void copy(int64_t id, int64_t parent)
{
	const struct task t = {
	    .id = id, .parent = parent, .kind = TASK_COPY, .name = STR("copy"), .lane = STR("l")};

	add(journal_task_msg(&t));
}

static void move(int64_t id, const char *from, const char *to, int64_t ms)
{
	add((struct msg){.type = MSG_MOVE,
	    .u.move = {.id = id, .from = str_z(from), .to = str_z(to), .ms = ms, .worker = 1}});
}

static void ready(int64_t id, int64_t ms)
{
	move(id, "waiting", "ready", ms);
}

static void ran(int64_t id, int64_t from, int64_t to)
{
	move(id, "ready", "running", from);
	move(id, "running", "done", to);
}

static void failed(int64_t id, const char *kind, const char *code, const char *message)
{
	add((struct msg){.type = MSG_FAIL,
	    .u.fail = {.id = id,
	        .kind = str_z(kind),
	        .where = STR("warehouse"),
	        .code = str_z(code),
	        .message = str_z(message)}});
}

static void again(int64_t id, const char *code, int64_t times, const char *message)
{
	add((struct msg){.type = MSG_AGAIN,
	    .u.again = {.id = id, .code = str_z(code), .times = times, .message = str_z(message)}});
}

static void ended(int64_t ms, int64_t code)
{
	add((struct msg){.type = MSG_END, .u.end = {.at = STR("t"), .ms = ms, .exit = code}});
}

static void fold(void)
{
	if (!journal_close(&j, &e) || !journal_fold(folder, "1", a, &f, &e))
		fail_msg("%s", e.msg);
}

static const char *path_names(void)
{
	const struct task *path[FACTS_PATH];
	size_t n = facts_path(&f, path, FACTS_PATH);
	const char *names = "";

	for (size_t i = 0; i < n; i++)
		names = arena_printf(a, "%s%s%.*s", names, i ? " " : "", STRF(path[i]->name));
	return names;
}

/* ---- the tests ---- */

/*
 *   create 10 - slow 100                     alone the longest step, but nobody waits for it
 *          \ - one 40 - two 40 - three 50    the longest path
 *          \ - four 60 ---------/
 */
static void longest_path_is_not_longest_step(void **state)
{
	(void)state;
	run("run", 4, false);
	step(1, "create", "create");
	step(2, "insert", "slow");
	step(3, "insert", "one");
	step(4, "insert", "two");
	step(5, "insert", "three");
	step(6, "insert", "four");
	ready(1, 0);
	ran(1, 0, 10);
	ready(2, 10);
	ready(3, 10);
	ready(6, 10);
	move(2, "ready", "running", 10);
	move(3, "ready", "running", 10);
	move(6, "ready", "running", 10);
	move(3, "running", "done", 50);
	ready(4, 50);
	move(4, "ready", "running", 50);
	move(6, "running", "done", 70);
	move(4, "running", "done", 90);
	ready(5, 90);
	move(5, "ready", "running", 95);
	move(2, "running", "done", 110);
	move(5, "running", "done", 145);
	ended(150, 0);
	fold();
	assert_string_equal(path_names(), "create one two three");
}

/* A copy waits for the listing that found it, not for what ended last before; one that was tried
 * again has waited only once, and worked without its pause. */
static void path_over_copies_and_retries(void **state)
{
	const struct task *path[FACTS_PATH];

	(void)state;
	run("run", 2, false);
	step(1, "probe", "list");
	step(2, "probe", "other");
	ready(1, 0);
	ready(2, 0);
	move(1, "ready", "running", 0);
	move(2, "ready", "running", 0);
	move(2, "running", "done", 20);
	copy(3, 1);
	ready(3, 30);
	move(1, "running", "done", 30);
	move(3, "ready", "running", 35);
	failed(3, "retry", "40P01", "deadlock");
	move(3, "running", "backoff", 45);
	move(3, "backoff", "ready", 100);
	ran(3, 105, 125);
	ended(130, 0);
	fold();
	assert_string_equal(path_names(), "list copy");
	assert_int_equal(facts_path(&f, path, FACTS_PATH), 2);
	assert_int_equal(path[1]->first_ready, 30);
	assert_int_equal(path[1]->first_began, 35);
	assert_int_equal(path[1]->ended, 125);
	assert_int_equal(facts_took(&f, path[1]), 10 + 20);
}

static void list(int64_t id, const char *stem)
{
	const struct task t = {
	    .id = id, .kind = TASK_LIST, .name = STR("list"), .stem = str_z(stem)};

	add(journal_task_msg(&t));
}

/* A shard took as long to list as the one that found it; one that was merged, as all of its source.
 */
static void how_long_a_shard_was_listed(void **state)
{
	(void)state;
	run("run", 3, false);
	list(1, "");
	list(2, "");
	list(3, "other");
	step(4, "merge", "");
	for (int64_t id = 1; id <= 3; id++)
		ready(id, 0);
	move(1, "ready", "running", 10);
	move(2, "ready", "running", 20);
	move(3, "ready", "running", 0);
	move(1, "running", "done", 40);
	move(2, "running", "done", 70);
	add((struct msg){.type = MSG_DONE, .u.done = {.id = 3, .list_ms = 91}});
	copy(5, 3);
	move(3, "running", "done", 100);
	ready(4, 70);
	move(4, "ready", "running", 70);
	copy(6, 4);
	move(4, "running", "done", 80);
	fold();
	assert_int_equal(facts_list_ms(&f, &f.tasks[4]), 91);
	assert_int_equal(facts_list_ms(&f, &f.tasks[5]), 70 - 10);
	assert_int_equal(facts_list_ms(&f, &f.tasks[0]), 0);
}

static void wall_clock_and_cumulative(void **state)
{
	struct facts_phase p[FACTS_PHASES], all;

	(void)state;
	run("run", 4, false);
	step(1, "create", "create");
	step(2, "insert", "a");
	step(3, "insert", "b");
	step(4, "insert", "never");
	ready(1, 0);
	ran(1, 0, 100);
	ready(2, 100);
	ready(3, 100);
	move(2, "ready", "running", 100);
	move(3, "ready", "running", 100);
	move(2, "running", "done", 200);
	move(3, "running", "done", 300);
	move(4, "waiting", "left", 300);
	ended(400, 0);
	fold();
	assert_int_equal(facts_phases(&f, p, FACTS_PHASES), 2);
	assert_string_equal(p[0].name, "create");
	assert_string_equal(p[1].name, "insert");
	assert_int_equal(p[1].tasks, 2);
	assert_int_equal(p[1].last - p[1].first, 200);
	assert_int_equal(p[1].sum, 300);
	assert_float_equal(facts_concurrency(&p[1]), 1.5, 1e-9);
	assert_float_equal(facts_efficiency(&f, &p[1]), 0.375, 1e-9);
	all = facts_whole(&f);
	assert_int_equal(all.tasks, 3);
	assert_int_equal(all.last - all.first, 400);
	assert_int_equal(all.sum, 400);
	assert_float_equal(facts_efficiency(&f, &all), 0.25, 1e-9);
	assert_int_equal(facts_took(&f, &f.tasks[3]), 0);
}

/* What runs counts up to the last line. */
static void a_run_that_is_not_over(void **state)
{
	struct facts_phase all;

	(void)state;
	run("run", 1, false);
	step(1, "create", "create");
	step(2, "insert", "a");
	ready(1, 0);
	ran(1, 0, 100);
	ready(2, 100);
	move(2, "ready", "running", 110);
	step(3, "insert", "b");
	ready(3, 150);
	if (!journal_fold(folder, "1", a, &f, &e))
		fail_msg("%s", e.msg);
	assert_true(f.alive);
	assert_null(next_command(&f, a));
	assert_int_equal(facts_took(&f, &f.tasks[1]), 40);
	assert_int_equal(facts_took(&f, &f.tasks[2]), 0);
	all = facts_whole(&f);
	assert_int_equal(all.sum, 140);
	fold();
	assert_false(f.alive);
	assert_false(f.ended);
	assert_string_equal(next_command(&f, a), "dwh rerun 1");
}

/* By cause; as often as an attempt began again, whatever came of it. */
static void tried_again(void **state)
{
	(void)state;
	run("run", 2, false);
	step(1, "insert", "a");
	step(2, "insert", "b");
	ready(1, 0);
	ready(2, 0);
	for (int i = 0; i < 2; i++) {
		move(1, "ready", "running", 0);
		again(1, "SlowDown", 3, i ? "second" : "first");
		failed(1, "retry", "40P01", i ? "another deadlock" : "a deadlock");
		move(1, "running", "backoff", 1);
		move(1, "backoff", "ready", 2);
	}
	move(1, "ready", "running", 2);
	again(1, "reset", 1, "reset");
	move(1, "running", "done", 4);
	move(2, "ready", "running", 4);
	failed(2, "crash", "", "killed by signal 9");
	move(2, "running", "backoff", 5);
	move(2, "backoff", "ready", 6);
	move(2, "ready", "running", 6);
	failed(2, "retry", "40P01", "a deadlock, too");
	move(2, "running", "backoff", 7);
	move(2, "backoff", "left", 7);
	ended(8, 130);
	fold();
	assert_int_equal(f.n_retries, 2);
	assert_string_equal(f.retries[0].err.msg, "a deadlock");
	assert_int_equal(f.retries[0].times, 2);
	assert_string_equal(f.retries[1].err.msg, "killed by signal 9");
	assert_int_equal(f.retries[1].times, 1);
	assert_int_equal(facts_totals(&f).retries, 3);
	assert_int_equal(f.n_again, 2);
	assert_str(f.again[0].code, "SlowDown");
	assert_str(f.again[0].message, "first");
	assert_int_equal(f.again[0].times, 6);
	assert_int_equal(f.again[1].times, 1);
	assert_int_equal(facts_totals(&f).requests_again, 7);
}

/* Exit code, the error of the step that failed, whether --fresh had come to pass: the command. */
static void what_next(void **state)
{
	static const struct {
		const char *command;
		bool fresh, created;
		const char *code; /* of the failure; NULL: none */
		int64_t exit;
		const char *next; /* NULL: nothing */
	} cases[] = {
	    {"run", false, true, NULL, 0, NULL},
	    {"run", false, true, "x", 6, "bin/dwh rerun 1 -c 'my file' -w 3"},
	    {"run", true, true, "x", 5, "bin/dwh rerun 1 -c 'my file' -w 3"},
	    {"run", true, false, "x", 5, "bin/dwh run --fresh -c 'my file' -w 3"},
	    {"run", false, true, NULL, 130, "bin/dwh rerun 1 -c 'my file' -w 3"},
	    {"load", false, true, "1207", 7, "bin/dwh rerun 1 -c 'my file' -w 3"},
	    {"load", false, true, "MAXERROR", 7, "bin/dwh run --fresh -c 'my file' -w 3"},
	    {"load --validate", false, false, "1207", 7,
	        "bin/dwh load --validate -c 'my file' -w 3"},
	    {"run", false, true, "MISMATCH", 8, "bin/dwh run --fresh -c 'my file' -w 3"},
	    {"run", false, true, NULL, 8, "bin/dwh check -c 'my file' -w 3"},
	    {"transform", false, true, "42P01", 4, "bin/dwh transform -c 'my file' -w 3"},
	    {"run", false, true, "x", 5, "bin/dwh run --ephemeral -c 'my file' -w 3"},
	    {"run", false, true, "MISMATCH", 8, "bin/dwh run --ephemeral -c 'my file' -w 3"},
	    {"run", true, false, NULL, 143, "bin/dwh run --ephemeral -c 'my file' -w 3"},
	};
	struct str words[] = {
	    STR("bin/dwh"), STR("-c"), STR("my file"), STR("-w"), STR("3"), STR("--ephemeral")};

	(void)state;
	journal_close(&j, &e);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *next, *advice, *wanted = cases[i].next;
		bool ephemeral = wanted && strstr(wanted, "--ephemeral");
		size_t n_words = COUNT(words) - !ephemeral;

		unlink(arena_printf(a, "%s/runs/1/journal.jsonl", folder));
		assert_true(journal_create(&j, folder, "1", &e));
		run(cases[i].command, 3, cases[i].fresh);
		add((struct msg){.type = MSG_CALL, .u.call.words = {words, n_words}});
		step(1, "create", "create");
		step(2, "insert", "a");
		ready(1, 0);
		move(1, "ready", "running", 0);
		move(1, "running", cases[i].created ? "done" : "failed", 1);
		ready(2, 1);
		move(2, "ready", "running", 1);
		if (cases[i].code)
			failed(2, "task", cases[i].code, "m");
		move(2, "running", cases[i].code ? "failed" : "done", 2);
		ended(2, cases[i].exit);
		fold();
		next = next_command(&f, a);
		advice = next_advice(&f, a);
		if (!cases[i].next) {
			assert_null(next);
			assert_string_equal(advice, "");
			continue;
		}
		assert_string_equal(next, cases[i].next);
		assert_true(str_ends(str_z(advice), str_z(next)));
		if (cases[i].exit == 7 && strcmp(cases[i].command, "load") == 0)
			assert_non_null(strstr(advice,
			    "bin/dwh -c 'my file' psql -c \"SELECT * FROM dwh.load_errors "
			    "WHERE run = '1'\""));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(longest_path_is_not_longest_step, setup, teardown),
	    cmocka_unit_test_setup_teardown(path_over_copies_and_retries, setup, teardown),
	    cmocka_unit_test_setup_teardown(how_long_a_shard_was_listed, setup, teardown),
	    cmocka_unit_test_setup_teardown(wall_clock_and_cumulative, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_run_that_is_not_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(tried_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_next, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
