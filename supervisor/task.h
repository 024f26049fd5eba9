/*
 * task.h - one thing that one worker does in one go, and the states that it can be in.
 *
 * There is one struct for listings, shards and SQL steps, and one door for their states:
 * task_move(). The table of transitions is in task.c and prints itself (task_states_print).
 */
#ifndef SUPERVISOR_TASK_H
#define SUPERVISOR_TASK_H

#include <stdio.h>

#include "shared/err.h"
#include "shared/msg.h"

enum task_kind { TASK_STEP, TASK_LIST, TASK_COPY };

enum task_state {
	TASK_WAITING, /* for tasks that must be done first */
	TASK_READY,   /* in the ready heap of its queue */
	TASK_RUNNING, /* with a worker */
	TASK_BACKOFF, /* failed in a way that may pass; ready again when its pause is over */
	TASK_DONE,    /* final from here on */
	TASK_FAILED,
	TASK_BLOCKED, /* something it needed failed */
	TASK_LEFT,    /* the run ended before its turn */
	TASK_STATES
};

struct queue;
struct source;

struct task {
	int64_t id;     /* 1... in the order of planning */
	int64_t parent; /* the listing that found it, or 0 */
	enum task_kind kind;
	enum task_state state;
	struct str name; /* for people: "insert users", "copy staging_songs 5f0c7a12" */
	struct str title, description; /* step check: what it is for */

	/* What to do. */
	struct str phase, stem, digest;   /* step; stem also names the source of a list or copy */
	bool fresh;                       /* step create, insert: as if it had never been done */
	bool whole;                       /* step create: all of every source is loaded behind it */
	bool unasked;                     /* belongs to the run, and is left this time */
	struct str prefix, after, upto;   /* list */
	bool fan;                         /* list */
	int64_t pages;                    /* list: before it is divided */
	struct str lane, shard, manifest; /* copy; list: whose keys are listed again, or "" */
	int64_t again;                    /* copy: how often it was replaced already */
	int64_t objects, bytes;           /* copy; bytes order the ready heap */
	struct source *source;            /* list, copy; step merge, staged */

	/* When. */
	struct queue *queue;
	size_t n_waits; /* tasks that are not done yet and must be */
	struct task **dependents;
	size_t n_dependents, cap_dependents;
	int64_t due_ms; /* backoff: ready again */
	size_t slot;    /* in the heap of its queue, or of the tasks in backoff */

	/* What came of it. */
	int attempts, worker;
	int64_t began, ended; /* ms since the run began; began of the last attempt */
	int64_t first_ready, first_began;
	int64_t worked_ms;    /* of all attempts, without the pauses between them */
	int64_t enabled_by;   /* folded: id of the task whose end made this one ready, or 0 */
	struct msg_done done; /* when DONE */
	struct err err;       /* the last failure, when there was one */
	bool has_err;
};

const char *task_kind_name(enum task_kind k);
const char *task_state_name(enum task_state s);
bool task_kind_parse(struct str name, enum task_kind *out);
bool task_state_parse(struct str name, enum task_state *out);

/* DONE, FAILED, BLOCKED, LEFT. */
bool task_is_final(enum task_state s);

/* A shard that has put rows into the warehouse, by the word of its worker. */
bool task_is_committed(const struct task *t);

/* What a step has found out about a shard of its source: where t is that shard's, so it is. */
void task_settle(struct task *t, const struct task *step, const struct msg_settled *m);

/* The one door: checks the table and sets the state and its time. A transition that the table lacks
 * is a bug here, and ends the process; from foreign input ask task_may_move first. */
void task_move(struct task *t, enum task_state to, int64_t now);
bool task_may_move(enum task_state from, enum task_state to);

/* The table of transitions, one "from -> to : why" a line. */
void task_states_print(FILE *out);

#endif
