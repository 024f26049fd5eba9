/* What may run next: order, lanes, backoff, blocked dependents, the ends of a run; no processes. */
#include "tests/unit/sched.h"

/* ---- states ---- */

static void only_these_moves(void **state)
{
	static const enum task_state allowed[][2] = {
	    {TASK_WAITING, TASK_READY},
	    {TASK_WAITING, TASK_BLOCKED},
	    {TASK_WAITING, TASK_LEFT},
	    {TASK_READY, TASK_RUNNING},
	    {TASK_READY, TASK_LEFT},
	    {TASK_RUNNING, TASK_DONE},
	    {TASK_RUNNING, TASK_BACKOFF},
	    {TASK_RUNNING, TASK_FAILED},
	    {TASK_RUNNING, TASK_LEFT},
	    {TASK_BACKOFF, TASK_READY},
	    {TASK_BACKOFF, TASK_LEFT},
	};
	size_t n = 0;

	(void)state;
	for (enum task_state from = 0; from < TASK_STATES; from++)
		for (enum task_state to = 0; to < TASK_STATES; to++) {
			bool want = false;

			for (size_t i = 0; i < COUNT(allowed); i++)
				want = want || (allowed[i][0] == from && allowed[i][1] == to);
			assert_int_equal(task_may_move(from, to), want);
			n += want;
			if (want)
				assert_false(task_is_final(from));
		}
	assert_int_equal(n, COUNT(allowed));
}

static void names_of_states(void **state)
{
	enum task_state got;
	enum task_kind kind;

	(void)state;
	for (enum task_state i = 0; i < TASK_STATES; i++) {
		assert_true(task_state_parse(str_z(task_state_name(i)), &got));
		assert_int_equal(got, i);
	}
	assert_false(task_state_parse(STR("Done"), &got));
	assert_false(task_state_parse(STR(""), &got));
	assert_true(task_kind_parse(STR("copy"), &kind) && kind == TASK_COPY);
	assert_false(task_kind_parse(STR("copy "), &kind));
}

static void times_of_a_task(void **state)
{
	struct task *t = started(TASK_COPY, 1);
	struct err e = error(ERR_RETRY);

	(void)state;
	assert_int_equal(t->first_ready, 0);
	run_next(10);
	sched_failed(&s, t, &e, 25);
	run_next(100000);
	sched_done(&s, t, 100040);
	assert_int_equal(t->attempts, 2);
	assert_int_equal(t->first_began, 10);
	assert_int_equal(t->began, 100000);
	assert_int_equal(t->ended, 100040);
	moves("1:ready 1:running 1:backoff 1:ready 1:running 1:done ");
}

/* ---- order ---- */

static void largest_first(void **state)
{
	static const int64_t bytes[] = {5, 80, 80, 1, 9000, 0, 80, 7};
	static const int64_t order[] = {5, 2, 3, 7, 8, 1, 4, 6};

	(void)state;
	for (size_t i = 0; i < COUNT(bytes); i++)
		started(TASK_COPY, bytes[i]);
	consistent();
	for (size_t i = 0; i < COUNT(order); i++)
		assert_int_equal(run_next(0)->id, order[i]);
	assert_null(sched_next(&s, 0));
}

static void listings_come_first_then_steps(void **state)
{
	(void)state;
	started(TASK_COPY, 9000);
	started(TASK_STEP, 0);
	started(TASK_LIST, 0);
	started(TASK_LIST, 0);
	assert_int_equal(run_next(0)->id, 3);
	assert_int_equal(run_next(0)->id, 4);
	assert_int_equal(run_next(0)->id, 2);
	assert_int_equal(run_next(0)->id, 1);
}

/* Many tasks in and out, against a plain search for the best. */
static void heap_against_search(void **state)
{
	unsigned random = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		random = random * 1103515245 + 12345;
		if (random >> 16 & 1 || s.count[TASK_READY] == 0) {
			started(random >> 17 & 7 ? TASK_COPY : TASK_LIST, random >> 20 & 63);
			continue;
		}
		const struct task *best = NULL, *got = run_next(0);

		for (size_t i = 0; i < s.n; i++) {
			const struct task *t = s.tasks[i];
			bool list = t->kind == TASK_LIST;

			if (t->state != TASK_READY && t != got)
				continue;
			if (!best || (list && best->kind != TASK_LIST) ||
			    (list == (best->kind == TASK_LIST) && t->bytes > best->bytes))
				best = t;
		}
		assert_ptr_equal(got, best);
		sched_done(&s, sched_task(&s, got->id), 0);
	}
	consistent();
}

static void lanes_take_turns(void **state)
{
	struct queue *one = sched_queue(&s, STR("s_1"), true),
	             *two = sched_queue(&s, STR("s_2"), true);
	struct err e = error(ERR_CRASH);
	struct task *t[5];

	(void)state;
	assert_ptr_equal(sched_queue(&s, STR("s_1"), true), one);
	for (size_t i = 0; i < 5; i++) {
		t[i] = task(TASK_COPY, (int64_t)(100 - i));
		t[i]->queue = i < 3 ? one : two;
		sched_start(&s, t[i], 0);
	}
	assert_ptr_equal(run_next(0), t[0]);
	assert_ptr_equal(run_next(0), t[3]); /* the larger ones wait for their lane */
	assert_null(sched_next(&s, 0));
	sched_done(&s, t[0], 0);
	assert_ptr_equal(run_next(0), t[1]);
	assert_null(sched_next(&s, 0));
	/* A task in backoff does not hold its lane. */
	e.retry_after_ms = 1000;
	sched_failed(&s, t[1], &e, 0);
	assert_ptr_equal(run_next(999), t[2]);
	consistent();
}

/* ---- needs ---- */

static void needs(void **state)
{
	struct task *first = task(TASK_STEP, 0), *second = task(TASK_STEP, 0),
	            *last = task(TASK_STEP, 0);

	(void)state;
	sched_edge(&s, first, last);
	sched_edge(&s, second, last);
	for (size_t i = 0; i < s.n; i++)
		sched_start(&s, s.tasks[i], 0);
	assert_ptr_equal(run_next(0), first);
	assert_ptr_equal(run_next(0), second);
	assert_null(sched_next(&s, 0));
	sched_done(&s, second, 1);
	assert_null(sched_next(&s, 1));
	sched_done(&s, first, 2);
	assert_ptr_equal(run_next(2), last);
	assert_false(sched_finished(&s));
	sched_done(&s, last, 3);
	assert_true(sched_finished(&s));
	moves("1:ready 2:ready 1:running 2:running 2:done 1:done 3:ready 3:running 3:done ");
}

/* What a listing finds while its source's staged already waits. */
static void needs_that_come_late(void **state)
{
	struct task *list = task(TASK_LIST, 0), *staged = task(TASK_STEP, 0), *copy;

	(void)state;
	sched_edge(&s, list, staged);
	sched_start(&s, list, 0);
	sched_start(&s, staged, 0);
	run_next(0);
	copy = task(TASK_COPY, 1);
	sched_edge(&s, copy, staged);
	sched_start(&s, copy, 0);
	sched_done(&s, list, 1);
	assert_int_equal(staged->state, TASK_WAITING);
	assert_ptr_equal(run_next(1), copy);
	sched_done(&s, copy, 2);
	assert_ptr_equal(run_next(2), staged);
}

static void blocked_dependents(void **state)
{
	struct task *t[5];
	struct err e = error(ERR_TASK);

	(void)state;
	for (size_t i = 0; i < 5; i++)
		t[i] = task(TASK_STEP, 0);
	sched_edge(&s, t[0], t[1]);
	sched_edge(&s, t[1], t[2]);
	sched_edge(&s, t[0], t[2]); /* two ways to one */
	sched_edge(&s, t[3], t[4]);
	sched_edge(&s, t[1], t[4]);
	for (size_t i = 0; i < 5; i++)
		sched_start(&s, t[i], 0);
	run_next(0);
	run_next(0);
	buf_reset(&log_of_moves);
	sched_failed(&s, t[0], &e, 7);
	moves("1:failed 2:blocked 3:blocked 5:blocked ");
	assert_string_equal(t[1]->err.msg, "needs task 1, which failed");
	assert_string_equal(t[2]->err.msg, "needs task 2, which failed");
	assert_int_equal(t[2]->ended, 7);
	sched_done(&s, t[3], 8); /* its dependent stays blocked */
	assert_int_equal(t[4]->state, TASK_BLOCKED);
	assert_true(sched_finished(&s));
	consistent();
}

/* What a step finds out of a shard is said of the copy of that shard, of its own source. */
static void settled_shards(void **state)
{
	static const struct {
		const char *stem, *shard, *verdict;
	} cases[] = {{"songs", "5f", "VERIFIED"}, {"songs", "60", "UNVERIFIED"},
	    {"events", "5f", "UNVERIFIED"}, {"songs", "61", "MISMATCH"}};
	struct task *t[COUNT(cases)], *step = task(TASK_STEP, 0);

	(void)state;
	step->stem = STR("songs");
	for (size_t i = 0; i < COUNT(cases); i++) {
		t[i] = task(TASK_COPY, 1);
		t[i]->stem = str_z(cases[i].stem);
		t[i]->shard = str_z(cases[i].shard);
		t[i]->done.verdict = STR("UNVERIFIED");
	}
	sched_settle(
	    &s, step, &(struct msg_settled){.shard = STR("5f"), .verdict = STR("VERIFIED")});
	sched_settle(
	    &s, step, &(struct msg_settled){.shard = STR("61"), .verdict = STR("MISMATCH")});
	sched_settle(&s, step, &(struct msg_settled){.shard = STR(""), .verdict = STR("MISMATCH")});
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_str(t[i]->done.verdict, cases[i].verdict);
	assert_int_equal(step->done.verdict.n, 0);
}

/* ---- the end of a run ---- */

static void drain(void **state)
{
	struct task *t[6];
	struct err retry = error(ERR_RETRY), data = error(ERR_DATA);

	(void)state;
	for (size_t i = 0; i < 5; i++)
		t[i] = task(TASK_COPY, (int64_t)(100 - i));
	t[5] = task(TASK_STEP, 0);
	sched_edge(&s, t[0], t[5]);
	for (size_t i = 0; i < 6; i++)
		sched_start(&s, t[i], 0);
	for (size_t i = 0; i < 4; i++)
		run_next(0);
	sched_failed(&s, t[3], &retry, 0); /* backoff */
	buf_reset(&log_of_moves);
	sched_drain(&s, 1);
	moves("4:left 5:left 6:left ");
	assert_null(sched_next(&s, 100000));
	assert_false(sched_finished(&s));
	sched_done(&s, t[0], 2);           /* was quicker than the signal */
	sched_failed(&s, t[1], &retry, 3); /* cancelled: no failure of its own */
	sched_failed(&s, t[2], &data, 4);
	moves("1:done 2:left 3:failed ");
	assert_int_equal(t[5]->state, TASK_LEFT);
	assert_true(sched_finished(&s));
	sched_start(&s, task(TASK_COPY, 1), 5); /* a listing's last find */
	moves("7:left ");
	assert_true(sched_finished(&s));
	sched_drain(&s, 6);
	moves("");
	consistent();
}

static void setup_stops(void **state)
{
	struct task *probe = task(TASK_STEP, 0), *create = task(TASK_STEP, 0),
	            *other = task(TASK_STEP, 0);
	struct err e = error(ERR_SETUP), second;

	(void)state;
	err_set(&second, ERR_SETUP, AT_CONFIG, NULL, "another");
	sched_edge(&s, probe, create);
	for (size_t i = 0; i < s.n; i++)
		sched_start(&s, s.tasks[i], 0);
	run_next(0);
	run_next(0);
	sched_failed(&s, probe, &e, 1);
	assert_true(s.has_stop && s.draining);
	assert_int_equal(create->state, TASK_BLOCKED);
	assert_null(sched_next(&s, 1));
	sched_failed(&s, other, &second, 2);
	assert_int_equal(other->state, TASK_FAILED);
	assert_string_equal(s.stop.msg, "it failed"); /* the first one is the reason */
	assert_true(sched_finished(&s));
}

/* Where all is to be found out, it ends what waits for it, and nothing else. */
static void setup_goes_on(void **state)
{
	struct task *probe = task(TASK_STEP, 0), *list = task(TASK_STEP, 0),
	            *other = task(TASK_STEP, 0), *last = task(TASK_STEP, 0);
	struct err e = error(ERR_SETUP);

	(void)state;
	s.go_on = true;
	sched_edge(&s, probe, list);
	sched_edge(&s, other, last);
	for (size_t i = 0; i < s.n; i++)
		sched_start(&s, s.tasks[i], 0);
	run_next(0);
	run_next(0);
	sched_failed(&s, probe, &e, 1);
	assert_false(s.has_stop || s.draining);
	assert_int_equal(list->state, TASK_BLOCKED);
	sched_done(&s, other, 2);
	assert_ptr_equal(sched_next(&s, 2), last);
}

static void nothing_to_do(void **state)
{
	(void)state;
	assert_true(sched_finished(&s));
	assert_null(sched_next(&s, 0));
	assert_null(sched_task(&s, 0));
	assert_null(sched_task(&s, 1));
	assert_null(sched_task(&s, -1));
	sched_drain(&s, 0);
	assert_true(sched_finished(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(only_these_moves, setup, teardown),
	    cmocka_unit_test_setup_teardown(names_of_states, setup, teardown),
	    cmocka_unit_test_setup_teardown(times_of_a_task, setup, teardown),
	    cmocka_unit_test_setup_teardown(largest_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(listings_come_first_then_steps, setup, teardown),
	    cmocka_unit_test_setup_teardown(heap_against_search, setup, teardown),
	    cmocka_unit_test_setup_teardown(lanes_take_turns, setup, teardown),
	    cmocka_unit_test_setup_teardown(needs, setup, teardown),
	    cmocka_unit_test_setup_teardown(needs_that_come_late, setup, teardown),
	    cmocka_unit_test_setup_teardown(blocked_dependents, setup, teardown),
	    cmocka_unit_test_setup_teardown(settled_shards, setup, teardown),
	    cmocka_unit_test_setup_teardown(drain, setup, teardown),
	    cmocka_unit_test_setup_teardown(setup_stops, setup, teardown),
	    cmocka_unit_test_setup_teardown(setup_goes_on, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_to_do, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
