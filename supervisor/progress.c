/* progress.c - see progress.h. */
#include "supervisor/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/log.h"

enum { EVERY_MS = 2000, PATIENCE_MS = 10000 };

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void progress_init(struct progress *p, const struct sched *s, int workers, bool quiet)
{
	*p = (struct progress){
	    .sched = s, .workers = workers, .live = is_terminal() && !quiet, .copies_began = -1};
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
		display_erase(p);
		log_info(
		    "%.*s has been at one statement for %lld s (a long one, or waiting for a lock)",
		    STRF(t->name), (long long)(silent / 1000));
	}
}

static void say_done(struct progress *p, const struct task *t)
{
	const struct msg_done *d = &t->done;
	double s = (double)(t->ended - t->began) / 1000;

	if (t->kind != TASK_STEP || str_eqz(t->phase, "probe"))
		return; /* there are many: the totals tell */
	display_erase(p);
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
	p->rows += t->done.rows;
	p->bytes += t->done.bytes;
	p->objects += t->done.objects;
	p->requests += t->done.requests;
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
	if (t->state == TASK_FAILED || t->state == TASK_BACKOFF)
		display_erase(p); /* an error is about to be said */
	if (t->state != TASK_DONE)
		return;
	count_done(p, t);
	say_done(p, t);
}

/* What a shard that is not done will still take. */
static double rest_of(const struct progress *p, const struct task *t)
{
	const struct msg_beat *b = &p->beats[t->worker];
	double ms;

	if (!estimate_cost(&p->estimate, t->objects, t->bytes, &ms))
		return 0;
	if (t->state == TASK_RUNNING && b->id == t->id && t->bytes > 0) {
		double left = 1 - (double)b->bytes / (double)t->bytes;

		ms *= left > 0 ? left : 0;
	}
	return ms;
}

struct progress_now progress_now(const struct progress *p, int64_t now)
{
	struct progress_now n = {.rows = p->rows,
	    .bytes = p->bytes,
	    .objects = p->objects,
	    .requests = p->requests,
	    .rest_ms = -1};
	double sum = 0, longest = 0;

	(void)now;
	for (size_t i = 0; i < p->sched->n; i++) {
		const struct task *t = p->sched->tasks[i];
		double ms;

		n.shards += t->kind == TASK_COPY;
		n.shards_done += t->kind == TASK_COPY && t->state == TASK_DONE;
		n.lists += t->kind == TASK_LIST && !task_is_final(t->state);
		if (t->kind != TASK_COPY || task_is_final(t->state))
			continue;
		ms = rest_of(p, t);
		sum += ms;
		longest = ms > longest ? ms : longest;
	}
	for (int i = 1; i <= p->workers; i++) {
		const struct task *t = sched_task(p->sched, p->beats[i].id);

		if (!t || t->kind != TASK_COPY)
			continue;
		n.rows += p->beats[i].rows;
		n.bytes += p->beats[i].bytes;
		n.objects += p->beats[i].objects;
		n.requests += p->beats[i].requests;
	}
	if (p->estimate.n && n.lists == 0)
		n.rest_ms = estimate_rest(sum, longest, p->workers);
	return n;
}

static void say_totals(const struct progress *p, int64_t now)
{
	struct progress_now n = progress_now(p, now);

	if (n.shards == 0)
		return;
	log_info("%.1f s: %zu of %zu%s shards, %lld objects, %lld rows, %.1f MB",
	    (double)now / 1000, n.shards_done, n.shards, n.lists ? "+" : "", (long long)n.objects,
	    (long long)n.rows, (double)n.bytes / 1e6);
}

void progress_tick(struct progress *p, int64_t now)
{
	const struct sched *s = p->sched;
	size_t final = s->n - s->count[TASK_WAITING] - s->count[TASK_READY] -
	               s->count[TASK_RUNNING] - s->count[TASK_BACKOFF];

	if (s->count[TASK_RUNNING])
		say_waiting(p, now);
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
}
