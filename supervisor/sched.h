/*
 * sched.h - what may run next. Pure: it is told the time, and does no I/O.
 *
 * Tasks form a graph; a task whose needs are all done goes into the ready heap of its queue. A
 * queue is a lane of the warehouse, where COPYs must not overlap, or the common queue, where
 * anything may. sched_next gives, of the queues that are free, a listing if there is one, then a
 * step, then the largest copy; the oldest among equals. A failed task goes through backoff with
 * full jitter until its attempts are used up, or the budget of the run: where nearly everything
 * fails, tries must not multiply.
 */
#ifndef SUPERVISOR_SCHED_H
#define SUPERVISOR_SCHED_H

#include "shared/arena.h"
#include "supervisor/task.h"

struct queue {
	struct str name; /* "" for the common one */
	bool exclusive;  /* at most one task at a time */
	bool by_due;     /* the tasks in backoff, by the end of their pause */
	size_t running;
	struct task **heap;
	size_t n, cap;
};

struct sched {
	struct arena *arena;
	struct task **tasks; /* by id - 1 */
	size_t n, cap;
	struct queue **queues; /* [0] is the common one */
	size_t n_queues, cap_queues;
	struct queue backoff;
	size_t count[TASK_STATES];
	int max_attempts;
	int budget;      /* for retries of all tasks: each costs 2, each task done gives 1 back */
	bool draining;   /* nothing new is started */
	bool go_on;      /* ERR_SETUP ends what waits for that task, and no more */
	uint64_t random; /* state of the jitter */
	struct err stop; /* the ERR_SETUP that ended dispatching */
	bool has_stop;
	/* Told of every transition, after it was made; may be NULL. */
	void (*moved)(void *ctx, const struct task *t, enum task_state from, int64_t now);
	void *ctx;
};

void sched_init(struct sched *s, struct arena *a, int max_attempts, uint64_t seed);

/* A new task, WAITING and not yet started: fill it, add its edges, then sched_start it. */
struct task *sched_add(struct sched *s, enum task_kind kind);

/* `after` may begin only when `first` is done. `after` must still be WAITING, `first` not final. */
void sched_edge(struct sched *s, struct task *first, struct task *after);

/* All edges are there: becomes ready if it waits for nothing. */
void sched_start(struct sched *s, struct task *t, int64_t now);

/* The queue of that name, made where it is new. */
struct queue *sched_queue(struct sched *s, struct str name, bool exclusive);

/* Takes the next task to run, or NULL; the caller sends it and then calls sched_running. */
struct task *sched_next(struct sched *s, int64_t now);
void sched_running(struct sched *s, struct task *t, int worker, int64_t now);

/* Its worker said so, or died. */
void sched_done(struct sched *s, struct task *t, int64_t now);
void sched_failed(struct sched *s, struct task *t, const struct err *why, int64_t now);

/* A running step says it of shards of its source, which are done. */
void sched_settle(struct sched *s, const struct task *step, const struct msg_settled *m);

/* Not this time: it is left, and what waits for it. It is WAITING. */
void sched_leave(struct sched *s, struct task *t, int64_t now);

/* No more is started; what is not running is left. */
void sched_drain(struct sched *s, int64_t now);

/* Every task is final. */
bool sched_finished(const struct sched *s);

/* A task by its id, or NULL. */
struct task *sched_task(const struct sched *s, int64_t id);

#endif
