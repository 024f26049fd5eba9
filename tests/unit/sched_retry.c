/* What failed is tried again: when, how often, and never beyond the budget. */
#include "tests/unit/sched.h"

/* ---- failures ---- */

static void again_and_again(void **state)
{
	static const enum err_kind kinds[] = {ERR_RETRY, ERR_CRASH, ERR_CANCELLED};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct task *t = started(TASK_COPY, 0);
		struct err e = error(kinds[i]);
		int64_t now = 0;

		for (int attempt = 1; attempt <= 3; attempt++) {
			assert_ptr_equal(run_next(now), t);
			assert_int_equal(t->attempts, attempt);
			sched_failed(&s, t, &e, now);
			assert_int_equal(t->state, attempt < 3 ? TASK_BACKOFF : TASK_FAILED);
			if (attempt == 3)
				break;
			now = t->due_ms;
			if (now > 0)
				assert_null(sched_next(&s, now - 1));
		}
		assert_string_equal(t->err.code, "Code");
		assert_false(s.has_stop);
	}
}

/* Out of backoff by the end of the pause, whatever the order in which they came. */
static void wake_in_time(void **state)
{
	enum { N = 100 }; /* as many as the budget bears */
	struct err e = error(ERR_RETRY);
	int64_t now = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		started(TASK_COPY, 1);
	while (run_next(now))
		;
	for (size_t i = 0; i < N; i++)
		sched_failed(&s, s.tasks[i], &e, now);
	consistent();
	for (size_t n = 0; n < N; n++) {
		int64_t least = INT64_MAX;
		size_t due = 0;

		for (size_t i = 0; i < N; i++)
			if (s.tasks[i]->state == TASK_BACKOFF && s.tasks[i]->due_ms < least)
				least = s.tasks[i]->due_ms;
		if (least == INT64_MAX)
			break;
		for (size_t i = 0; i < N; i++)
			due += s.tasks[i]->state == TASK_BACKOFF && s.tasks[i]->due_ms == least;
		if (least > now)
			assert_null(sched_next(&s, least - 1));
		now = least;
		for (; due; due--)
			assert_int_equal(run_next(now)->due_ms, now);
		assert_null(sched_next(&s, now));
		consistent();
	}
	assert_int_equal(s.count[TASK_RUNNING], N);
}

static void retries_have_a_budget(void **state)
{
	enum { N = 1000 };
	struct err e = error(ERR_RETRY);
	int64_t now = 0, begun = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		started(TASK_COPY, 1);
	for (struct task *t; !sched_finished(&s); now += 20000)
		for (; (t = run_next(now)); begun++)
			sched_failed(&s, t, &e, now);
	assert_int_equal(s.count[TASK_FAILED], N);
	assert_int_equal(begun, N + 100);
	assert_non_null(strstr(s.tasks[0]->err.msg, "budget of retries is used up"));
	s.budget = 10; /* where most succeed, it lasts for ever */
	for (size_t i = 0; i < N; i++) {
		started(TASK_COPY, 1);
		if (i % 4 == 0)
			sched_failed(&s, run_next(now), &e, now);
		now += 20000;
		sched_done(&s, run_next(now), now);
	}
}

static void once_only(void **state)
{
	static const enum err_kind kinds[] = {ERR_DATA, ERR_TASK};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct task *t = started(TASK_COPY, 0), *other = started(TASK_COPY, 0);
		struct err e = error(kinds[i]);

		run_next(0);
		sched_failed(&s, t, &e, 0);
		assert_int_equal(t->state, TASK_FAILED);
		assert_int_equal(other->state, TASK_READY);
		assert_ptr_equal(run_next(0), other);
		sched_done(&s, other, 0);
	}
	assert_false(s.has_stop);
}

/* Full jitter: between nothing and 200 ms, doubled each time, 20 s at most; more if S3 asks. */
static void pauses(void **state)
{
	static const int64_t bounds[] = {
	    200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000, 20000, 20000};

	(void)state;
	s.max_attempts = (int)COUNT(bounds) + 1;
	s.budget = 1 << 20;
	for (int asked = 0; asked <= 5000; asked += 5000) {
		int64_t most[COUNT(bounds)] = {0}, least[COUNT(bounds)];
		struct err e = error(ERR_RETRY);

		e.retry_after_ms = asked;
		for (int round = 0; round < 200; round++) {
			struct task *t = started(TASK_COPY, 0);
			int64_t now = 0;

			for (size_t i = 0; i < COUNT(bounds); i++) {
				int64_t pause;

				assert_ptr_equal(run_next(now), t);
				sched_failed(&s, t, &e, now);
				pause = t->due_ms - now - asked;
				assert_true(pause >= 0 && pause <= bounds[i]);
				if (round == 0 || pause < least[i])
					least[i] = pause;
				if (pause > most[i])
					most[i] = pause;
				now = t->due_ms;
			}
			run_next(now);
			sched_done(&s, t, now);
		}
		for (size_t i = 0; i < COUNT(bounds); i++) /* and all of it is used */
			assert_true(least[i] < bounds[i] / 10 && most[i] > bounds[i] * 9 / 10);
	}
}

static void other_seeds_other_pauses(void **state)
{
	int64_t due[2];

	(void)state;
	for (uint64_t seed = 0; seed < 2; seed++) {
		struct err e = error(ERR_RETRY);

		sched_init(&s, a, 9, seed * 2 + 1);
		due[seed] = 0;
		started(TASK_COPY, 0);
		for (int i = 0; i < 4; i++) {
			struct task *t = run_next(due[seed]);

			sched_failed(&s, t, &e, due[seed]);
			due[seed] = t->due_ms;
		}
	}
	assert_int_not_equal(due[0], due[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(again_and_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(wake_in_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(retries_have_a_budget, setup, teardown),
	    cmocka_unit_test_setup_teardown(once_only, setup, teardown),
	    cmocka_unit_test_setup_teardown(pauses, setup, teardown),
	    cmocka_unit_test_setup_teardown(other_seeds_other_pauses, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
