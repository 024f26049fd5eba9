/*
 * worker.h - what a task finds in its process: the run's configuration and model, one warehouse
 * connection, one S3 client, an arena that lives as long as the task, and the way back to the
 * supervisor.
 */
#ifndef WORKERS_WORKER_H
#define WORKERS_WORKER_H

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/msg.h"
#include "shared/pg.h"
#include "shared/s3.h"
#include "shared/sqlfile.h"

struct fetch;

enum { LAST_COPY_UNKNOWN = -2 };

struct worker {
	int64_t number;
	struct str run;
	struct config config;
	struct model *model;
	struct arena *life;      /* as long as the process */
	struct arena *task;      /* as long as the task */
	struct pg pg;            /* use worker_pg */
	bool gave_way;           /* its server is on this machine, and goes before us */
	struct s3 *s3;           /* use worker_s3 */
	struct fetch *fetch;     /* manifest_fetch's, kept for its connections */
	size_t slices;           /* of the warehouse, for copy_parts.c; 0: not asked yet */
	const char **load_views; /* that it has, for loadviews.c; NULL: not asked yet */
	int64_t last_copy;       /* pg_last_copy_id() of the session, for copy_redshift.c;
	                            LAST_COPY_UNKNOWN */

	int64_t task_id;
	struct msg_beat so_far;   /* totals of the running task, sent by worker_tick */
	uint64_t requests_before; /* of the S3 client, when the task began */
	int64_t beat_at;

	/* NULL: beats go up, and TERM cancels. Else it is asked instead: no supervisor is there. */
	bool (*tick)(struct worker *w, struct err *e);
};

/* Runs `dwh worker`: messages on standard input and output. Returns the exit status. */
int worker_main(void);

/* The connection, made where there is none; the S3 client likewise. */
bool worker_pg(struct worker *w, struct err *e);
bool worker_s3(struct worker *w, struct err *e);

/* Sends a message up. A supervisor that is gone ends the process. */
void worker_send(const struct msg *m);

/* To be called now and then in long work: sends a beat each second; false (ERR_CANCELLED) when the
 * supervisor wants the task stopped. ctx is the struct worker. */
bool worker_tick(void *ctx, struct err *e);

#endif
