/* progress.c - see progress.h. */
#include "supervisor/progress.h"

#include <stdio.h>

#include "shared/log.h"

enum { EVERY_MS = 2000 };

void progress_init(struct progress *p)
{
	*p = (struct progress){.said_at = 0};
}

void progress_beat(struct progress *p, int worker, const struct msg_beat *b)
{
	p->beats[worker] = *b;
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

void progress_moved(struct progress *p, const struct task *t, int64_t now)
{
	(void)now;
	if (t->state == TASK_RUNNING || task_is_final(t->state) || t->state == TASK_BACKOFF)
		p->beats[t->worker] = (struct msg_beat){.id = 0};
	if (t->state != TASK_DONE)
		return;
	if (t->kind == TASK_COPY) {
		p->rows += t->done.rows;
		p->bytes += t->done.bytes;
		p->objects += t->done.objects;
	}
	say_done(t);
}

static void say_totals(struct progress *p, const struct sched *s, int64_t now)
{
	size_t copies = 0, copied = 0, lists = 0;
	int64_t rows = p->rows, bytes = p->bytes, objects = p->objects;

	for (size_t i = 0; i < s->n; i++) {
		const struct task *t = s->tasks[i];

		copies += t->kind == TASK_COPY;
		copied += t->kind == TASK_COPY && t->state == TASK_DONE;
		lists += t->kind == TASK_LIST && !task_is_final(t->state);
	}
	for (size_t i = 0; i <= POOL_MAX_WORKERS; i++) {
		const struct task *t = sched_task(s, p->beats[i].id);

		if (!t || t->kind != TASK_COPY)
			continue;
		rows += p->beats[i].rows;
		bytes += p->beats[i].bytes;
		objects += p->beats[i].objects;
	}
	if (copies == 0)
		return;
	log_info("%.1f s: %zu of %zu%s shards, %lld objects, %lld rows, %.1f MB",
	    (double)now / 1000, copied, copies, lists ? "+" : "", (long long)objects,
	    (long long)rows, (double)bytes / 1e6);
}

void progress_tick(struct progress *p, const struct sched *s, int64_t now)
{
	size_t final = s->n - s->count[TASK_WAITING] - s->count[TASK_READY] -
	               s->count[TASK_RUNNING] - s->count[TASK_BACKOFF];

	if (now - p->said_at < EVERY_MS ||
	    (final == p->said_final && now - p->said_at < 5 * EVERY_MS))
		return;
	p->said_at = now;
	p->said_final = final;
	say_totals(p, s, now);
}
