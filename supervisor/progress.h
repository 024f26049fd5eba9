/*
 * progress.h - what a person sees on stderr while a run goes on: what begins and ends, and now and
 * then the totals.
 */
#ifndef SUPERVISOR_PROGRESS_H
#define SUPERVISOR_PROGRESS_H

#include "supervisor/pool.h"
#include "supervisor/sched.h"

struct progress {
	int64_t rows, bytes, objects;                /* of the copies that are done */
	struct msg_beat beats[POOL_MAX_WORKERS + 1]; /* of the one that runs, by worker */
	int64_t said_at;                             /* ms since the run began */
	size_t said_final;
};

void progress_init(struct progress *p);
void progress_moved(struct progress *p, const struct task *t, int64_t now);
void progress_beat(struct progress *p, int worker, const struct msg_beat *b);
void progress_tick(struct progress *p, const struct sched *s, int64_t now);

#endif
