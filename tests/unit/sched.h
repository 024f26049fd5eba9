/* sched.h - a scheduler and tasks to try it with; what moves is written down. */
#ifndef TESTS_SCHED_H
#define TESTS_SCHED_H

#include "tests/unit/unit.h"

#include <stdlib.h>

#include "supervisor/sched.h"

static struct arena *a;
static struct sched s;
static struct buf log_of_moves;

static void on_moved(void *ctx, const struct task *t, enum task_state from, int64_t now)
{
	(void)from;
	(void)now;
	buf_printf(ctx, "%lld:%s ", (long long)t->id, task_state_name(t->state));
}

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	buf_init(&log_of_moves, 1 << 20);
	sched_init(&s, a, 3, 42);
	s.moved = on_moved;
	s.ctx = &log_of_moves;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&log_of_moves);
	arena_free(a);
	return 0;
}

static struct task *task(enum task_kind kind, int64_t bytes)
{
	struct task *t = sched_add(&s, kind);

	t->bytes = bytes;
	t->name = str_z(arena_printf(a, "task %lld", (long long)t->id));
	return t;
}

static inline struct task *started(enum task_kind kind, int64_t bytes)
{
	struct task *t = task(kind, bytes);

	sched_start(&s, t, 0);
	return t;
}

/* Takes the next one, as the supervisor does. */
static inline struct task *run_next(int64_t now)
{
	struct task *t = sched_next(&s, now);

	if (t)
		sched_running(&s, t, 1, now);
	return t;
}

static inline struct err error(enum err_kind kind)
{
	struct err e;

	err_set(&e, kind, AT_S3, "Code", "it failed");
	return e;
}

static inline void moves(const char *want)
{
	assert_str(buf_view(&log_of_moves), want);
	buf_reset(&log_of_moves);
}

/* The counters are those of the tasks, and each ready task is in its queue's heap, in its slot. */
static inline void consistent(void)
{
	size_t count[TASK_STATES] = {0}, in_heaps = 0;

	for (size_t i = 0; i < s.n; i++)
		count[s.tasks[i]->state]++;
	for (size_t i = 0; i < TASK_STATES; i++)
		assert_int_equal(s.count[i], count[i]);
	for (size_t i = 0; i < s.n_queues; i++) {
		const struct queue *q = s.queues[i];

		for (size_t k = 0; k < q->n; k++) {
			assert_int_equal(q->heap[k]->slot, k);
			assert_int_equal(q->heap[k]->state, TASK_READY);
			assert_ptr_equal(q->heap[k]->queue, q);
		}
		in_heaps += q->n;
	}
	assert_int_equal(in_heaps, count[TASK_READY]);
	for (size_t k = 0; k < s.backoff.n; k++) {
		assert_int_equal(s.backoff.heap[k]->slot, k);
		assert_int_equal(s.backoff.heap[k]->state, TASK_BACKOFF);
	}
	assert_int_equal(s.backoff.n, count[TASK_BACKOFF]);
}

#endif
