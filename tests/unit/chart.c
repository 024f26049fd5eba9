/* The geometry of the report's charts: where bars, pauses, points and ticks stand. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "supervisor/chart.h"

enum { MOST = 400 };

static struct arena *a;
static struct task tasks[MOST];
static struct fold_attempt attempts[MOST];
static struct fold f;

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	f = (struct fold){.tasks = tasks, .attempts = attempts, .ended = true};
	f.run.workers = 2;
	f.end.ms = 1000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

/* A copy of its own for each attempt. */
static struct fold_attempt *attempt(int worker, int64_t began, int64_t ended)
{
	struct fold_attempt *t = &attempts[f.n_attempts++];

	f.n++;
	tasks[f.n - 1] = (struct task){.id = (int64_t)f.n,
	    .kind = TASK_COPY,
	    .state = TASK_DONE,
	    .ended = ended,
	    .done = {.bytes = 10}};
	*t = (struct fold_attempt){.task = (int64_t)f.n,
	    .worker = worker,
	    .number = 1,
	    .began = began,
	    .ended = ended,
	    .to = TASK_DONE};
	return t;
}

/* "row:from-to kind*n" of each bar. */
static const char *bars(struct chart c)
{
	const char *text = "";

	for (size_t i = 0; i < c.n_bars; i++)
		text = arena_printf(a, "%s%s%d:%d-%d*%zu", text, i ? " " : "", c.bars[i].row,
		    c.bars[i].from, c.bars[i].to, c.bars[i].n);
	return text;
}

static void time_becomes_a_place(void **state)
{
	(void)state;
	assert_int_equal(chart_at(0, 1000), 0);
	assert_int_equal(chart_at(500, 1000), CHART_SCALE / 2);
	assert_int_equal(chart_at(1000, 1000), CHART_SCALE);
	assert_int_equal(chart_at(1, 3), 3333);
	assert_int_equal(chart_at(-5, 1000), 0);
	assert_int_equal(chart_at(2000, 1000), CHART_SCALE);
	assert_int_equal(chart_at(5, 0), 0);
	assert_int_equal(chart_at(INT64_MAX, INT64_MAX), CHART_SCALE);
}

static void a_row_for_each_worker(void **state)
{
	struct chart c;

	(void)state;
	f.run.workers = 3;
	attempt(2, 0, 100);
	attempt(1, 50, 200);
	attempt(2, 100, 250);
	c = chart_workers(&f, 100, a);
	assert_int_equal(c.rows, 3);
	assert_int_equal(c.whole, 1000);
	assert_string_equal(bars(c), "0:500-2000*1 1:0-1000*1 1:1000-2500*1");
	assert_int_equal(c.order[c.bars[0].first], 1);
	assert_string_equal(c.bars[0].kind, "copy");
}

/* As many as there are, however short; what takes no time can still be seen. */
static void few_are_not_joined(void **state)
{
	(void)state;
	attempt(1, 0, 1);
	attempt(1, 1, 1);
	attempt(1, 2, 3);
	attempt(1, 1000, 1000);
	assert_string_equal(
	    bars(chart_workers(&f, 100, a)), "0:0-10*1 0:10-11*1 0:20-30*1 0:9999-10000*1");
}

static void many_are_joined(void **state)
{
	struct chart c;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		attempt(1, 2 * i, 2 * i + 1);
	attempt(1, 500, 900);
	attempt(2, 0, 1);
	c = chart_workers(&f, 20, a);
	assert_true(c.n_bars <= 20);
	for (size_t i = 0; i < c.n_bars; i++)
		n += c.bars[i].n;
	assert_int_equal(n, 202);
	assert_string_equal(bars(c), "0:0-3990*200 0:5000-9000*1 1:0-10*1");
	assert_int_equal(c.bars[0].ended, 399);
}

/* Of what looks the same only. */
static void what_failed_stays_apart(void **state)
{
	struct chart c;

	(void)state;
	for (int i = 0; i < 9; i++)
		attempt(1, i, i + 1);
	attempts[4].to = TASK_BACKOFF;
	attempts[4].kind = ERR_CRASH;
	tasks[7].kind = TASK_LIST;
	c = chart_workers(&f, 1, a);
	assert_string_equal(bars(c), "0:0-40*4 0:40-50*1 0:50-70*2 0:70-80*1 0:80-90*1");
	assert_int_equal(c.bars[1].end, CHART_DIED);
	assert_int_equal(c.bars[2].end, CHART_DONE);
	assert_string_equal(c.bars[3].kind, "list");
}

/* Which attempt of the same task comes next; or the task's end, or that of the run. */
static void pauses_last_until_the_next_attempt(void **state)
{
	struct chart c;

	(void)state;
	attempt(1, 0, 100)->to = TASK_BACKOFF;
	attempt(2, 300, 400)->to = TASK_BACKOFF;
	attempt(2, 600, 700);
	attempts[1].task = attempts[2].task = 1;
	attempt(1, 700, 800)->to = TASK_BACKOFF;
	tasks[3].state = TASK_LEFT;
	tasks[3].ended = 950;
	c = chart_workers(&f, 100, a);
	assert_int_equal(c.n_pauses, 3);
	assert_int_equal(c.pauses[2].row, 0);
	assert_int_equal(c.pauses[2].from, 1000);
	assert_int_equal(c.pauses[2].to, 3000);
	assert_int_equal(c.pauses[1].row, 1);
	assert_int_equal(c.pauses[1].to, 6000);
	assert_int_equal(c.pauses[0].to, 9500);
}

static void what_runs_is_open(void **state)
{
	struct chart c;

	(void)state;
	f.ended = false;
	f.last_ms = 800;
	attempt(1, 400, 0)->to = TASK_RUNNING;
	c = chart_workers(&f, 100, a);
	assert_int_equal(c.bars[0].end, CHART_OPEN);
	assert_string_equal(bars(c), "0:5000-10000*1");
}

/* A journal is a file: whatever it says, the page is one. */
static void any_journal_has_a_chart(void **state)
{
	struct chart c;

	(void)state;
	f.run.workers = INT64_MAX;
	f.end.ms = -1;
	attempt(-7, -5, 3);
	attempt(1 << 30, INT64_MAX - 1, INT64_MAX);
	c = chart_workers(&f, 100, a);
	assert_int_equal(c.rows, 64);
	assert_int_equal(c.n_bars, 2);
	assert_int_equal(c.bars[0].row, 0);
	assert_int_equal(c.bars[1].row, 63);
	for (size_t i = 0; i < c.n_bars; i++)
		assert_true(c.bars[i].from >= 0 && c.bars[i].from < c.bars[i].to &&
		            c.bars[i].to <= CHART_SCALE);
	f.n = f.n_attempts = 0;
	f.run.workers = 0;
	f.end.ms = 0;
	c = chart_workers(&f, 100, a);
	assert_int_equal(c.rows, 1);
	assert_int_equal(c.n_bars, 0);
}

static void bytes_rise_with_each_commit(void **state)
{
	struct chart_point *p;
	size_t n;

	(void)state;
	attempt(1, 0, 500);
	attempt(2, 0, 200);
	attempt(1, 500, 900);
	tasks[2].state = TASK_FAILED;
	attempt(2, 500, 800);
	tasks[3].done.verdict = STR("superseded");
	attempt(2, 500, 700);
	n = chart_bytes(&f, 1000, a, &p);
	assert_int_equal(n, 3);
	assert_int_equal(p[0].at, 2000);
	assert_int_equal(p[0].bytes, 10);
	assert_int_equal(p[1].ms, 500);
	assert_int_equal(p[1].bytes, 20);
	assert_int_equal(p[2].at, 7000);
	assert_int_equal(p[2].bytes, 30);
}

/* Points that cannot be told apart are one; but one after the other, they are not all the same. */
static void points_that_are_near_are_one(void **state)
{
	struct chart_point *p;
	size_t n;

	(void)state;
	for (int i = 0; i < 300; i++)
		attempt(1, 0, 1000000 + 100 * i);
	n = chart_bytes(&f, 2000000, a, &p);
	assert_true(n >= 14 && n <= 16);
	assert_int_equal(p[n - 1].bytes, 3000);
	for (size_t i = 1; i < n; i++)
		assert_true(p[i].at > p[i - 1].at && p[i].bytes > p[i - 1].bytes);
}

static const char *ticks(int64_t whole, bool milliseconds, size_t max)
{
	int64_t at[CHART_TICKS];
	size_t n = chart_ticks(whole, milliseconds, max, at);
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = milliseconds
		           ? arena_printf(
		                 a, "%s%s%s", text, i ? ", " : "", chart_time(a, at[i], whole))
		           : arena_printf(a, "%s%s%lld", text, i ? ", " : "", (long long)at[i]);
	return text;
}

static void ticks_are_round(void **state)
{
	(void)state;
	assert_string_equal(ticks(0, true, 7), "0");
	assert_string_equal(ticks(1, true, 7), "0, 0.001 s");
	assert_string_equal(ticks(1290, true, 7), "0, 0.2 s, 0.4 s, 0.6 s, 0.8 s, 1 s, 1.2 s");
	assert_string_equal(ticks(60000, true, 7), "0, 10 s, 20 s, 30 s, 40 s, 50 s, 60 s");
	assert_string_equal(ticks(130000, true, 7), "0, 0.5 min, 1 min, 1.5 min, 2 min");
	assert_string_equal(ticks(7200000, true, 7), "0, 0.5 h, 1 h, 1.5 h, 2 h");
	assert_string_equal(
	    ticks(86400000 * 3LL, true, 7), "0, 12 h, 24 h, 36 h, 48 h, 60 h, 72 h");
	assert_string_equal(ticks(7760121, false, 5), "0, 2000000, 4000000, 6000000");
	assert_string_equal(ticks(9, false, 5), "0, 2, 4, 6, 8");
	assert_string_equal(ticks(3, false, 5), "0, 1, 2, 3");
	assert_true(strlen(ticks(INT64_MAX, true, 7)) > 1);
	assert_true(strlen(ticks(INT64_MAX, false, 5)) > 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(time_becomes_a_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_row_for_each_worker, setup, teardown),
	    cmocka_unit_test_setup_teardown(few_are_not_joined, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_are_joined, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_failed_stays_apart, setup, teardown),
	    cmocka_unit_test_setup_teardown(pauses_last_until_the_next_attempt, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_runs_is_open, setup, teardown),
	    cmocka_unit_test_setup_teardown(any_journal_has_a_chart, setup, teardown),
	    cmocka_unit_test_setup_teardown(bytes_rise_with_each_commit, setup, teardown),
	    cmocka_unit_test_setup_teardown(points_that_are_near_are_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(ticks_are_round, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
