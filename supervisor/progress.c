/* progress.c - see progress.h. */
#include "supervisor/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/log.h"
#include "shared/terminal.h"

enum { EVERY_MS = 2000, PATIENCE_MS = 10000, PROGRESS_LANES = 256 };

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* A line of the log is printed above the block. */
static void make_way(void *ctx)
{
	display_erase(ctx);
}

void progress_init(struct progress *p, const struct sched *s, int workers, bool quiet)
{
	*p = (struct progress){
	    .sched = s, .workers = workers, .live = is_terminal() && !quiet, .copies_began = -1};
	if (p->live) {
		p->scratch = arena_new();
		log_before(make_way, p);
	}
}

static void got_ahead(struct progress *p, int worker, int64_t now)
{
	p->ahead_at[worker] = now;
	p->patience[worker] = PATIENCE_MS;
}

void progress_beat(struct progress *p, int worker, const struct msg_beat *b, int64_t now)
{
	const struct msg_beat *old = &p->beats[worker];

	if (b->rows != old->rows || b->bytes != old->bytes || b->requests != old->requests)
		got_ahead(p, worker, now);
	p->beats[worker] = *b;
}

/* A task that lives but does not get ahead may wait for a lock: said after 10 s, 20 s, 40 s ... */
static void say_waiting(struct progress *p, int64_t now)
{
	for (size_t i = 0; i < p->sched->n; i++) {
		const struct task *t = p->sched->tasks[i];
		int64_t silent = now - p->ahead_at[t->worker];

		if (t->state != TASK_RUNNING || silent < p->patience[t->worker])
			continue;
		p->patience[t->worker] *= 2;
		log_info(
		    "%.*s has been at one statement for %lld s (a long one, or waiting for a lock)",
		    STRF(t->name), (long long)(silent / 1000));
	}
}

static void say_done(const struct task *t)
{
	const struct msg_done *d = &t->done;
	double s = (double)(t->ended - t->began) / 1000;

	if (t->kind != TASK_STEP || str_eqz(t->phase, "probe"))
		return; /* there are many: the totals tell */
	if (d->skipped)
		log_info("%.*s: up to date, %lld rows", STRF(t->name), (long long)d->rows);
	else if (str_eqz(t->phase, "check"))
		log_info("%.*s: %.*s", STRF(t->name), STRF(d->verdict));
	else if (str_eqz(t->phase, "insert") || str_eqz(t->phase, "staged"))
		log_info("%.*s: %lld rows, %.2f s", STRF(t->name), (long long)d->rows, s);
	else
		log_info("%.*s: %.2f s", STRF(t->name), s);
}

static void count_done(struct progress *p, const struct task *t)
{
	if (t->kind != TASK_COPY)
		return;
	p->sums.rows += t->done.rows;
	p->sums.bytes += t->done.bytes;
	p->sums.objects += t->done.objects;
	p->sums.requests += t->done.requests;
	if (!t->done.skipped)
		estimate_learn(&p->estimate, t->objects, t->bytes, t->ended - t->began);
}

void progress_moved(struct progress *p, const struct task *t, int64_t now)
{
	if (t->state == TASK_RUNNING || task_is_final(t->state) || t->state == TASK_BACKOFF)
		p->beats[t->worker] = (struct msg_beat){.id = 0};
	if (t->state == TASK_RUNNING)
		got_ahead(p, t->worker, now);
	if (t->state == TASK_RUNNING && t->kind == TASK_COPY && p->copies_began < 0)
		p->copies_began = now;
	if (t->state != TASK_DONE)
		return;
	count_done(p, t);
	say_done(t);
}

/* What a shard that is not done will still take; false where nobody knows. */
static bool rest_of(const struct progress *p, const struct task *t, int64_t now, double *ms)
{
	const struct msg_beat *b = &p->beats[t->worker];
	double cost, part = 0;

	if (!estimate_cost(&p->estimate, t->objects, t->bytes, &cost))
		cost = -1;
	if (t->state != TASK_RUNNING) {
		*ms = cost;
		return cost >= 0;
	}
	if (b->id == t->id && t->bytes > 0)
		part = (double)b->bytes / (double)t->bytes;
	return estimate_running(cost, (double)(now - t->began), part < 1 ? part : 1, ms);
}

/* Lanes are few; the tasks of one never run side by side. */
static size_t lane_index(const struct progress *p, const struct task *t)
{
	size_t i = 0;

	while (i < p->sched->n_queues && p->sched->queues[i] != t->queue)
		i++;
	return i < PROGRESS_LANES ? i : 0;
}

static int64_t rest_of_all(const struct progress *p, int64_t now)
{
	double sum = 0, longest = 0, lanes[PROGRESS_LANES] = {0};

	for (size_t i = 0; i < p->sched->n; i++) {
		const struct task *t = p->sched->tasks[i];
		double ms, *lane = &ms;

		if (t->kind == TASK_LIST && !task_is_final(t->state))
			return -1;
		if (t->kind != TASK_COPY || task_is_final(t->state))
			continue;
		if (!rest_of(p, t, now, &ms))
			return -1;
		sum += ms;
		if (t->queue->exclusive) {
			lane = &lanes[lane_index(p, t)];
			*lane += ms;
		}
		if (*lane > longest)
			longest = *lane;
	}
	return estimate_rest(sum, longest, p->workers);
}

static void count_task(const struct task *t, struct progress_now *n)
{
	n->shards += t->kind == TASK_COPY;
	n->shards_done += t->kind == TASK_COPY && t->state == TASK_DONE;
	n->lists += t->kind == TASK_LIST && !task_is_final(t->state);
	n->steps += t->kind == TASK_STEP;
	n->steps_done += t->kind == TASK_STEP && t->state == TASK_DONE;
}

struct progress_now progress_now(const struct progress *p, int64_t now)
{
	struct progress_now n = {.sums = p->sums};

	for (size_t i = 0; i < p->sched->n; i++) {
		const struct task *t = p->sched->tasks[i];

		count_task(t, &n);
		n.copying |= t->kind == TASK_COPY && t->state == TASK_RUNNING;
	}
	for (int i = 1; i <= p->workers; i++) {
		const struct task *t = sched_task(p->sched, p->beats[i].id);

		if (!t || t->kind != TASK_COPY)
			continue;
		n.sums.rows += p->beats[i].rows;
		n.sums.bytes += p->beats[i].bytes;
		n.sums.objects += p->beats[i].objects;
		n.sums.requests += p->beats[i].requests;
	}
	n.sums.ms = now;
	n.rest_ms = rest_of_all(p, now);
	return n;
}

bool progress_pace(struct progress *p, const struct progress_now *n, struct progress_sums *out)
{
	struct progress_sums first = {.ms = p->copies_began};
	const struct progress_sums *last =
	    &p->past[(p->n_past + PROGRESS_WINDOW - 1) % PROGRESS_WINDOW];

	if (p->copies_began < 0)
		return false;
	if (p->n_past >= PROGRESS_WINDOW)
		first = p->past[p->n_past % PROGRESS_WINDOW];
	if (n->sums.ms - (p->n_past ? last->ms : p->copies_began) >= 1000)
		p->past[p->n_past++ % PROGRESS_WINDOW] = n->sums;
	*out = (struct progress_sums){.ms = n->sums.ms - first.ms,
	    .rows = n->sums.rows - first.rows,
	    .bytes = n->sums.bytes - first.bytes,
	    .objects = n->sums.objects - first.objects,
	    .requests = n->sums.requests - first.requests};
	return out->ms >= 500;
}

static void say_totals(const struct progress *p, int64_t now)
{
	struct progress_now n = progress_now(p, now);

	if (n.shards == 0)
		return;
	log_info("%.1f s: %zu of %zu%s shards, %lld objects, %lld rows, %.1f MB",
	    (double)now / 1000, n.shards_done, n.shards, n.lists ? "+" : "",
	    (long long)n.sums.objects, (long long)n.sums.rows, (double)n.sums.bytes / 1e6);
}

void progress_tick(struct progress *p, int64_t now)
{
	const struct sched *s = p->sched;
	size_t final = s->n - s->count[TASK_WAITING] - s->count[TASK_READY] -
	               s->count[TASK_RUNNING] - s->count[TASK_BACKOFF];

	if (s->count[TASK_RUNNING])
		say_waiting(p, now);
	/* Somebody types there what a program asks for: the block stays as it is, and what comes
	 * later is below. */
	if (p->live && terminal_is_others(STDERR_FILENO)) {
		p->drawn = 0;
		return;
	}
	if (p->live) {
		display_draw(p, now);
		return;
	}
	if (now - p->said_at < EVERY_MS ||
	    (final == p->said_final && now - p->said_at < 5 * EVERY_MS))
		return;
	p->said_at = now;
	p->said_final = final;
	say_totals(p, now);
}

void progress_end(struct progress *p)
{
	display_erase(p);
	if (!p->live)
		return;
	log_before(NULL, NULL);
	arena_free(p->scratch);
	p->live = false;
}
