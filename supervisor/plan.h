/*
 * plan.h - configuration and model become a graph of tasks.
 *
 *   probe (a source each) -> create -> list (a source each) -> copies, as they are found -> staged
 *   with [LOAD] STRATEGY = merged: list -> merge -> its one copy -> staged
 *   staged, insert -> insert (by "-- depends:") -> check -> count
 *
 * Which of these there are depends on the command: `load` ends with staged, `transform` begins with
 * insert.
 *
 * A rerun (struct aim) takes its listings and shards from the journal of another run.
 */
#ifndef SUPERVISOR_PLAN_H
#define SUPERVISOR_PLAN_H

#include <stdio.h>

#include "shared/config.h"
#include "shared/lane.h"
#include "shared/sqlfile.h"
#include "supervisor/journal.h"
#include "supervisor/sched.h"

/*
 * What of all this a rerun is about. The texts are "" where they limit nothing; at most one of
 * them is set. What belongs to the run and is not aimed at is left.
 */
struct aim {
	const struct fold
	    *rest;           /* its listings and shards that are not done; NULL: list everything */
	struct str relation; /* those of this staging relation */
	struct str shard;    /* the shard whose id begins so */
	struct str prefix;   /* the keys of `in` that begin so, listed now */
	struct str in;       /* with prefix: a staging relation */
	struct str step;     /* this insert alone, done again */
	struct str from;     /* this insert and what depends on it, done again */
};

/* An S3 prefix that feeds one staging relation. */
struct source {
	struct str stem;
	struct str prefix;   /* key prefix, without the bucket */
	const char *url;     /* its address */
	struct task *staged; /* NULL where nothing is written */
	struct task *merge;  /* behind the listings; NULL: each of them finds shards itself */
	int64_t pieces;      /* that the listings have found, for merge */
	struct str since;    /* of the relation; this and the rest is known once create is done */
	int64_t generation, lanes;
	int64_t shards;           /* in the ledger, with those of this run */
	int64_t given[LANES_MAX]; /* to each lane by this run: the work in its shards, as bytes */
};

enum {
	PLAN_CREATE = 1, /* and take over; wherever something is written */
	PLAN_DROP = 2,
	PLAN_LOAD = 4,
	PLAN_TRANSFORM = 8,
	PLAN_CHECK = 16,
	PLAN_COUNT = 32,
	PLAN_FRESH = 64, /* with PLAN_CREATE */
	/* With PLAN_LOAD alone: probe -> list -> copies that read every object and write nothing.
	 */
	PLAN_VALIDATE = 128,
	PLAN_VERIFY = 256, /* alone: a step for each source */
};

struct plan {
	const struct config *config;
	const struct model *model;
	struct sched *sched;
	bool validate;
	struct aim aim;
	struct task *create; /* NULL where it is no part of this run */
	struct source *sources;
	size_t n_sources;
};

/* Adds the tasks of `what` (PLAN_*) to s; none is started yet (plan_start). aim may be NULL.
 * Everything lives in the arena of s. */
bool plan_make(struct plan *p, const struct config *c, const struct model *m, struct sched *s,
    unsigned what, const struct aim *aim, struct err *e);
void plan_start(struct plan *p, int64_t now);
void plan_start_task(struct plan *p, struct task *t, int64_t now);

/* Tasks that a listing has found; their edges to the source's staged
 * and merge are made. */
struct task *plan_add_list(struct plan *p, struct source *src, struct str prefix, struct str after,
    struct str upto, bool fan);
struct task *plan_add_copy(struct plan *p, struct source *src, const struct msg_shard *m);

/* The source's part of the listing: all of it, or what another run has left of it. Once create has
 * told the relation's generation. */
void plan_add_listings(struct plan *p, struct source *src);

struct source *plan_source(struct plan *p, struct str stem);

#endif
