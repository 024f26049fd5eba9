/*
 * pool.h - the worker processes of a run: spawn, pipes, reaping, signals, deadlines.
 *
 * The pool knows processes and messages; what the tasks mean is its handler's business. One task is
 * outstanding per worker. A worker is gone when its pipe is at end of file and it was reaped, in
 * either order; only then is its task judged.
 */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include "shared/msg.h"
#include "supervisor/usage.h"

struct pool_handler {
	void *ctx;

	/* A task for an idle worker into *out (its strings must live until `begun`); false: none
	 * now. */
	bool (*next)(void *ctx, struct msg *out);
	/* That task was written to the worker: an attempt has begun. */
	void (*begun)(void *ctx, int worker, const struct msg *task);
	/* A fact about the worker's running task. False: not what may come now; the worker is
	 * killed. */
	bool (*fact)(void *ctx, int worker, const struct msg *m, struct err *e);
	/* The worker is gone with that task unfinished. */
	void (*lost)(void *ctx, int worker, int64_t task, const struct err *why);
	/* INT or TERM came, for the nth time (1...). */
	void (*signalled)(void *ctx, int signal, int nth);
	/* About five times a second. */
	void (*tick)(void *ctx);
	/* No task will come any more: idle workers may be retired. */
	bool (*finished)(void *ctx);
	/* What runs should be cancelled: workers get TERM, and KILL four seconds later. */
	bool (*stopping)(void *ctx);
};

struct pool_opts {
	int workers;             /* 1...64 */
	int64_t task_timeout_ms; /* a busy worker silent for so long is cancelled, then killed */
	struct str run, config;  /* for hello */
	struct msg_strs sets;
	struct usage *used; /* what the workers have used is added here; may be NULL */
};

enum { POOL_MAX_WORKERS = 64 };

/* Runs until the handler is finished and every worker is gone. Fails when no worker can be started,
 * or when they die faster than they work; then every worker is gone as well. */
bool pool_run(const struct pool_opts *o, const struct pool_handler *h, struct err *e);

#endif
