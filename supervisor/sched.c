/* sched.c - see sched.h. */
#include "supervisor/sched.h"

enum { BACKOFF_BASE_MS = 200, BACKOFF_MAX_MS = 20000, BUDGET = 200, RETRY = 2 };

void sched_init(struct sched *s, struct arena *a, int max_attempts, uint64_t seed)
{
	*s = (struct sched){.arena = a,
	    .max_attempts = max_attempts,
	    .budget = BUDGET,
	    .random = seed | 1,
	    .backoff = {.by_due = true}};
	sched_queue(s, STR(""), false);
}

/* Listings find the work, and steps are what others wait for; of the copies the largest comes
 * first, so that no long one begins when everything else is done. */
static int rank(const struct task *t)
{
	return t->kind == TASK_LIST ? 0 : t->kind == TASK_STEP ? 1 : 2;
}

/* a comes before b. */
static bool before(const struct queue *q, const struct task *a, const struct task *b)
{
	if (q->by_due)
		return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->id < b->id;
	if (rank(a) != rank(b))
		return rank(a) < rank(b);
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes;
	return a->id < b->id;
}

static void heap_set(struct queue *q, size_t slot, struct task *t)
{
	q->heap[slot] = t;
	t->slot = slot;
}

static void heap_up(struct queue *q, size_t i)
{
	struct task *t = q->heap[i];

	while (i > 0 && before(q, t, q->heap[(i - 1) / 2])) {
		heap_set(q, i, q->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_set(q, i, t);
}

static void heap_down(struct queue *q, size_t i)
{
	struct task *t = q->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= q->n)
			break;
		if (child + 1 < q->n && before(q, q->heap[child + 1], q->heap[child]))
			child++;
		if (!before(q, q->heap[child], t))
			break;
		heap_set(q, i, q->heap[child]);
		i = child;
	}
	heap_set(q, i, t);
}

static void heap_add(struct sched *s, struct queue *q, struct task *t)
{
	q->heap = arena_grow(s->arena, q->heap, q->n, &q->cap, sizeof *q->heap);
	heap_set(q, q->n, t);
	heap_up(q, q->n++);
}

static void heap_remove(struct queue *q, size_t i)
{
	struct task *last = q->heap[--q->n];

	if (i == q->n)
		return;
	heap_set(q, i, last);
	heap_up(q, i);
	heap_down(q, last->slot);
}

/* Every change of state goes through here: door, counters, heap, observer. */
static void move(struct sched *s, struct task *t, enum task_state to, int64_t now)
{
	enum task_state from = t->state;

	if (from == TASK_READY)
		heap_remove(t->queue, t->slot);
	if (from == TASK_BACKOFF)
		heap_remove(&s->backoff, t->slot);
	if (from == TASK_RUNNING)
		t->queue->running--;
	task_move(t, to, now);
	s->count[from]--;
	s->count[to]++;
	if (to == TASK_READY)
		heap_add(s, t->queue, t);
	if (to == TASK_BACKOFF)
		heap_add(s, &s->backoff, t);
	if (to == TASK_RUNNING)
		t->queue->running++;
	if (s->moved)
		s->moved(s->ctx, t, from, now);
}

struct queue *sched_queue(struct sched *s, struct str name, bool exclusive)
{
	struct queue *q;

	for (size_t i = 0; i < s->n_queues; i++)
		if (str_eq(s->queues[i]->name, name))
			return s->queues[i];
	q = arena_alloc(s->arena, sizeof *q);
	q->name = arena_str(s->arena, name);
	q->exclusive = exclusive;
	s->queues = arena_grow(s->arena, s->queues, s->n_queues, &s->cap_queues, sizeof *s->queues);
	s->queues[s->n_queues++] = q;
	return q;
}

struct task *sched_add(struct sched *s, enum task_kind kind)
{
	struct task *t = arena_alloc(s->arena, sizeof *t);

	s->tasks = arena_grow(s->arena, s->tasks, s->n, &s->cap, sizeof *s->tasks);
	s->tasks[s->n++] = t;
	t->id = (int64_t)s->n;
	t->kind = kind;
	t->queue = s->queues[0];
	s->count[TASK_WAITING]++;
	return t;
}

void sched_edge(struct sched *s, struct task *first, struct task *after)
{
	first->dependents = arena_grow(s->arena, first->dependents, first->n_dependents,
	    &first->cap_dependents, sizeof *first->dependents);
	first->dependents[first->n_dependents++] = after;
	after->n_waits++;
}

void sched_start(struct sched *s, struct task *t, int64_t now)
{
	if (s->draining)
		move(s, t, TASK_LEFT, now);
	else if (t->n_waits == 0)
		move(s, t, TASK_READY, now);
}

/* What is in backoff and due becomes ready. */
static void wake(struct sched *s, int64_t now)
{
	while (s->backoff.n && s->backoff.heap[0]->due_ms <= now)
		move(s, s->backoff.heap[0], TASK_READY, now);
}

struct task *sched_next(struct sched *s, int64_t now)
{
	struct task *best = NULL;

	if (s->draining)
		return NULL;
	wake(s, now);
	for (size_t i = 0; i < s->n_queues; i++) {
		struct queue *q = s->queues[i];

		if (q->n == 0 || (q->exclusive && q->running))
			continue;
		if (!best || before(q, q->heap[0], best))
			best = q->heap[0];
	}
	return best;
}

void sched_running(struct sched *s, struct task *t, int worker, int64_t now)
{
	t->worker = worker;
	move(s, t, TASK_RUNNING, now);
}

void sched_done(struct sched *s, struct task *t, int64_t now)
{
	move(s, t, TASK_DONE, now);
	if (s->budget < BUDGET)
		s->budget++;
	for (size_t i = 0; i < t->n_dependents; i++) {
		struct task *d = t->dependents[i];

		if (--d->n_waits == 0 && d->state == TASK_WAITING)
			move(s, d, s->draining ? TASK_LEFT : TASK_READY, now);
	}
}

static void block_dependents(struct sched *s, const struct task *t, int64_t now)
{
	for (size_t i = 0; i < t->n_dependents; i++) {
		struct task *d = t->dependents[i];

		if (d->state != TASK_WAITING)
			continue;
		err_set(&d->err, ERR_TASK, t->err.where, NULL, "needs %.*s, which failed",
		    STRF(t->name));
		d->has_err = true;
		move(s, d, TASK_BLOCKED, now);
		block_dependents(s, d, now);
	}
}

/* splitmix64 */
static uint64_t next_random(struct sched *s)
{
	uint64_t z = s->random += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* Full jitter: anywhere between now and an exponentially growing bound; at least what S3 asked for.
 */
static int64_t pause_ms(struct sched *s, const struct task *t, const struct err *why)
{
	int64_t bound = BACKOFF_BASE_MS;

	for (int i = 1; i < t->attempts && bound < BACKOFF_MAX_MS; i++)
		bound *= 2;
	if (bound > BACKOFF_MAX_MS)
		bound = BACKOFF_MAX_MS;
	return (int64_t)(next_random(s) % (uint64_t)(bound + 1)) + why->retry_after_ms;
}

void sched_failed(struct sched *s, struct task *t, const struct err *why, int64_t now)
{
	bool again = why->kind == ERR_RETRY || why->kind == ERR_CRASH || why->kind == ERR_CANCELLED;

	t->err = *why;
	t->has_err = true;
	if (s->draining && again) {
		move(s, t, TASK_LEFT, now);
		return;
	}
	again = again && t->attempts < s->max_attempts;
	if (again && s->budget >= RETRY) {
		s->budget -= RETRY;
		t->due_ms = now + pause_ms(s, t, why);
		move(s, t, TASK_BACKOFF, now);
		return;
	}
	if (again)
		err_set(&t->err, why->kind, why->where, why->code,
		    "%s (not tried again: so many tasks have failed that the run's budget of "
		    "retries is "
		    "used up)",
		    why->msg);
	move(s, t, TASK_FAILED, now);
	block_dependents(s, t, now);
	if (why->kind == ERR_SETUP && !s->go_on && !s->has_stop) {
		s->stop = *why;
		s->has_stop = true;
		sched_drain(s, now);
	}
}

void sched_settle(struct sched *s, const struct task *step, const struct msg_settled *m)
{
	for (size_t i = 0; i < s->n; i++)
		task_settle(s->tasks[i], step, m);
}

void sched_leave(struct sched *s, struct task *t, int64_t now)
{
	move(s, t, TASK_LEFT, now);
	for (size_t i = 0; i < t->n_dependents; i++)
		if (t->dependents[i]->state == TASK_WAITING)
			sched_leave(s, t->dependents[i], now);
}

void sched_drain(struct sched *s, int64_t now)
{
	s->draining = true;
	for (size_t i = 0; i < s->n; i++) {
		struct task *t = s->tasks[i];

		if (t->state == TASK_WAITING || t->state == TASK_READY || t->state == TASK_BACKOFF)
			move(s, t, TASK_LEFT, now);
	}
}

bool sched_finished(const struct sched *s)
{
	size_t final = s->count[TASK_DONE] + s->count[TASK_FAILED] + s->count[TASK_BLOCKED] +
	               s->count[TASK_LEFT];

	return final == s->n;
}

struct task *sched_task(const struct sched *s, int64_t id)
{
	return id >= 1 && id <= (int64_t)s->n ? s->tasks[id - 1] : NULL;
}
