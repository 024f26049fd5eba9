/*
 * progress.h - what a person sees on stderr while a run goes on.
 *
 * On a terminal a block of lines is drawn again five times a second: a line a worker, the totals,
 * rates, and an estimate of the rest. Elsewhere, or with TERM=dumb, there are lines: what
 * ended, and the totals every two seconds.
 */
#ifndef SUPERVISOR_PROGRESS_H
#define SUPERVISOR_PROGRESS_H

#include "shared/arena.h"
#include "supervisor/estimate.h"
#include "supervisor/pool.h"
#include "supervisor/sched.h"

/* Most lines of workers on a terminal, and of the block; see display.c. */
enum { DISPLAY_WORKERS = 20, DISPLAY_LINES = DISPLAY_WORKERS + 4 };

/* What the copies have done until a moment. */
struct progress_sums {
	int64_t ms, rows, bytes, objects, requests;
};

/* Rates are of the last so many seconds. */
enum { PROGRESS_WINDOW = 10 };

struct progress {
	const struct sched *sched;
	int workers;
	bool live;                                  /* a terminal */
	struct progress_sums sums;                  /* of the copies that are done */
	struct progress_sums past[PROGRESS_WINDOW]; /* one a second, the oldest overwritten */
	size_t n_past;
	struct msg_beat beats[POOL_MAX_WORKERS + 1]; /* of the one that runs, by worker */
	struct estimate estimate;
	int64_t copies_began; /* ms; -1: none yet */
	int64_t said_at;      /* ms since the run began */
	size_t said_final;
	/* By worker: when its task last got ahead (ms), and the silence after which to say so. */
	int64_t ahead_at[POOL_MAX_WORKERS + 1], patience[POOL_MAX_WORKERS + 1];
	/* The block that is on the screen: its lines, and the columns of each. */
	int drawn;
	unsigned short columns[DISPLAY_LINES];
	struct arena *scratch; /* of one frame */
};

/* Totals now: what is done and what runs. */
struct progress_now {
	struct progress_sums sums;
	size_t shards, shards_done, lists, steps, steps_done;
	bool copying;
	int64_t rest_ms; /* until all copies are done, an estimate; -1: unknown */
};

void progress_init(struct progress *p, const struct sched *s, int workers, bool quiet);
void progress_moved(struct progress *p, const struct task *t, int64_t now);
void progress_beat(struct progress *p, int worker, const struct msg_beat *b, int64_t now);
void progress_tick(struct progress *p, int64_t now);
void progress_end(struct progress *p);

struct progress_now progress_now(const struct progress *p, int64_t now);

/* The sums' growth in the last seconds (until n->sums.ms), over .ms; false where that says nothing
 * yet. To be asked now and then: it remembers. */
bool progress_pace(struct progress *p, const struct progress_now *n, struct progress_sums *out);

/* display.c: draws the block, erases it. */
void display_draw(struct progress *p, int64_t now);
void display_erase(struct progress *p);

#endif
