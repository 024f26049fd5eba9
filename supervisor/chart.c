/* chart.c - see chart.h. */
#include "supervisor/chart.h"

#include <stdlib.h>

#include "supervisor/facts.h"
#include "supervisor/pool.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A thousandth of the width: about what a screen and a printer still show. */
enum { NARROW = CHART_SCALE / 1000 };

const char *chart_kind(const struct task *t)
{
	static const char *const steps[][2] = {
	    {"insert", "insert"}, {"check", "check"}, {"verify", "check"}, {"merge", "list"}};

	if (t->kind != TASK_STEP)
		return task_kind_name(t->kind);
	for (size_t i = 0; i < COUNT(steps); i++)
		if (str_eqz(t->phase, steps[i][0]))
			return steps[i][1];
	return "other";
}

enum chart_end chart_end_of(const struct fold_attempt *t)
{
	switch (t->to) {
	case TASK_DONE: return CHART_DONE;
	case TASK_LEFT: return CHART_LEFT;
	case TASK_BACKOFF:
	case TASK_FAILED: return t->kind == ERR_CRASH ? CHART_DIED : CHART_FAILED;
	case TASK_WAITING:
	case TASK_READY:
	case TASK_RUNNING:
	case TASK_BLOCKED:
	case TASK_STATES: break;
	}
	return CHART_OPEN;
}

int64_t chart_ended(const struct fold *f, const struct fold_attempt *t)
{
	int64_t last = facts_duration(f);

	return t->to != TASK_RUNNING ? t->ended : last > t->began ? last : t->began;
}

int chart_at(int64_t ms, int64_t whole)
{
	double at = whole > 0 ? (double)ms / (double)whole * CHART_SCALE : 0;

	return at <= 0 ? 0 : at >= CHART_SCALE ? CHART_SCALE : (int)at;
}

/* A journal that was tampered with may name any worker. */
static int row_of(const struct fold_attempt *t)
{
	return t->worker < 1                  ? 0
	       : t->worker > POOL_MAX_WORKERS ? POOL_MAX_WORKERS - 1
	                                      : t->worker - 1;
}

static int by_worker(const void *x, const void *y, void *ctx)
{
	const struct fold *f = ctx;
	size_t i = *(const size_t *)x, k = *(const size_t *)y;
	const struct fold_attempt *a = &f->attempts[i], *b = &f->attempts[k];

	if (row_of(a) != row_of(b))
		return row_of(a) < row_of(b) ? -1 : 1;
	if (a->began != b->began)
		return a->began < b->began ? -1 : 1;
	return i < k ? -1 : i > k;
}

static struct chart_bar bar_of(const struct fold *f, const struct chart *c, size_t at)
{
	const struct fold_attempt *t = &f->attempts[c->order[at]];
	struct chart_bar b = {.row = row_of(t),
	    .kind = chart_kind(&f->tasks[t->task - 1]),
	    .end = chart_end_of(t),
	    .first = at,
	    .n = 1,
	    .began = t->began,
	    .ended = chart_ended(f, t)};

	b.from = chart_at(b.began, c->whole);
	b.to = chart_at(b.ended, c->whole);
	if (b.from == CHART_SCALE)
		b.from--;
	if (b.to <= b.from)
		b.to = b.from + 1;
	return b;
}

static void lay_out(const struct fold *f, struct chart *c, int narrow)
{
	struct chart_bar *last = NULL;
	bool was_narrow = false;

	c->n_bars = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct chart_bar b = bar_of(f, c, i);
		bool is_narrow = b.to - b.from <= narrow;

		if (was_narrow && is_narrow && last->row == b.row && last->kind == b.kind &&
		    last->end == b.end && b.from - last->to < narrow) {
			last->n++;
			last->to = b.to > last->to ? b.to : last->to;
			last->ended = b.ended;
		} else {
			last = &c->bars[c->n_bars++];
			*last = b;
		}
		was_narrow = is_narrow;
	}
}

static void find_pauses(const struct fold *f, struct chart *c, struct arena *a)
{
	size_t *next = arena_alloc(a, (f->n + 1) * sizeof *next); /* by task; 0: none */
	size_t n = 0;

	c->pauses = arena_alloc(a, (f->n_attempts + 1) * sizeof *c->pauses);
	for (size_t i = f->n_attempts; i--;) {
		const struct fold_attempt *t = &f->attempts[i];
		const struct task *of = &f->tasks[t->task - 1];
		int64_t until = next[of->id]               ? f->attempts[next[of->id]].began
		                : task_is_final(of->state) ? of->ended
		                                           : c->whole;

		next[of->id] = i;
		if (t->to == TASK_BACKOFF)
			c->pauses[n++] = (struct chart_pause){
			    row_of(t), chart_at(t->ended, c->whole), chart_at(until, c->whole)};
	}
	c->n_pauses = n;
}

struct chart chart_workers(const struct fold *f, size_t max_bars, struct arena *a)
{
	int64_t asked = f->run.workers < 1 ? 1 : f->run.workers;
	struct chart c = {.rows = asked > POOL_MAX_WORKERS ? POOL_MAX_WORKERS : (int)asked,
	    .whole = facts_duration(f),
	    .n = f->n_attempts};

	c.order = arena_alloc(a, (c.n + 1) * sizeof *c.order);
	c.bars = arena_alloc(a, (c.n + 1) * sizeof *c.bars);
	for (size_t i = 0; i < c.n; i++) {
		const struct fold_attempt *t = &f->attempts[i];

		c.order[i] = i;
		if (row_of(t) >= c.rows)
			c.rows = row_of(t) + 1;
		if (chart_ended(f, t) > c.whole)
			c.whole = chart_ended(f, t);
	}
	if (c.whole < 1)
		c.whole = 1;
	if (c.n)
		qsort_r(c.order, c.n, sizeof *c.order, by_worker, (void *)(uintptr_t)f);
	for (int narrow = 1; narrow <= CHART_SCALE; narrow *= 2) {
		lay_out(f, &c, narrow);
		if (c.n_bars <= max_bars)
			break;
	}
	find_pauses(f, &c, a);
	return c;
}

static int by_end(const void *x, const void *y)
{
	const struct task *a = *(const struct task *const *)x, *b = *(const struct task *const *)y;

	if (a->ended != b->ended)
		return a->ended < b->ended ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

size_t chart_bytes(const struct fold *f, int64_t whole, struct arena *a, struct chart_point **out)
{
	const struct task **done = arena_alloc(a, (f->n + 1) * sizeof *done);
	size_t n = 0, n_out = 0;
	int64_t sum = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->kind == TASK_COPY && t->state == TASK_DONE && !facts_is_superseded(t))
			done[n++] = t;
	}
	qsort(done, n, sizeof *done, by_end);
	*out = arena_alloc(a, (n + 1) * sizeof **out);
	for (size_t i = 0; i < n; i++) {
		int at = chart_at(done[i]->ended, whole);

		sum += done[i]->done.bytes;
		if (n_out == 0 || at / NARROW > (*out)[n_out - 1].at / NARROW)
			n_out++;
		/* The moment of the last of them: never is more shown than there was. */
		(*out)[n_out - 1] = (struct chart_point){done[i]->ended, sum, at};
	}
	return n_out;
}

size_t chart_ticks(int64_t whole, bool milliseconds, size_t max, int64_t out[CHART_TICKS])
{
	static const int64_t times[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000,
	    15000, 30000, 60000, 120000, 300000, 600000, 900000, 1800000, 3600000, 7200000,
	    10800000, 21600000, 43200000, 86400000};
	static const int64_t longest = 1000000000000000, factors[] = {2, 5, 10};
	int64_t step = 1, most = (int64_t)max;
	size_t n = 0;

	whole = whole < longest ? whole : longest;
	for (size_t i = 0; milliseconds && i < COUNT(times) && whole / step >= most; i++)
		step = times[i];
	for (int64_t power = step; whole / step >= most; power *= 10)
		for (size_t i = 0; i < COUNT(factors) && whole / step >= most; i++)
			step = power * factors[i];
	for (int64_t at = 0; n < max && at <= whole; at += step)
		out[n++] = at;
	return n;
}

const char *chart_time(struct arena *a, int64_t ms, int64_t whole)
{
	int64_t unit = whole >= 7200000 ? 3600000 : whole >= 120000 ? 60000 : 1000;
	const char *number = arena_printf(a, "%.3f", (double)ms / (double)unit);
	size_t n = strlen(number);

	while (number[n - 1] == '0')
		n--;
	if (number[n - 1] == '.')
		n--;
	return ms == 0 ? "0"
	               : arena_printf(a, "%.*s %s", (int)n, number,
	                     unit == 1000    ? "s"
	                     : unit == 60000 ? "min"
	                                     : "h");
}
