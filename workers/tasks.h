/* tasks.h - the kinds of task, and what they share. Each fills *done, or fails with *e. */
#ifndef WORKERS_TASKS_H
#define WORKERS_TASKS_H

#include "workers/worker.h"

bool task_step(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e);
bool task_list(struct worker *w, const struct msg_list *m, struct msg_done *done, struct err *e);
bool task_copy(struct worker *w, const struct msg_copy *m, struct msg_done *done, struct err *e);

/* Steps about the model as a whole (create.c). */
bool task_create(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e);
bool task_drop(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e);

/* Lists the keys of a shard again, as they are now, and cuts them into shards (list.c). */
bool list_shard_again(
    struct worker *w, const struct msg_list *m, struct msg_done *done, struct err *e);

/* Whether an object of the source has changed since it was loaded into this generation (list.c). */
bool list_finds_change(
    struct worker *w, const struct sqlfile *copy, int64_t generation, bool *out, struct err *e);

/* The step insert (insert.c). again: also where nothing has changed since it was done. */
bool task_insert(
    struct worker *w, const struct sqlfile *f, bool again, struct msg_done *done, struct err *e);

/* A row of dwh.target (target.c). */
struct target {
	bool known;         /* dwh made the relation */
	int64_t generation; /* 1... */
	int64_t lanes;
	struct str digest; /* of the files that describe it */
	struct str run;    /* that owns it */
	struct str since;  /* when dwh made it; generations begin anew after a drop */
};

bool target_read(struct worker *w, struct str relation, struct target *out, struct err *e);
bool target_write(
    struct worker *w, struct str relation, bool staging, const struct target *t, struct err *e);

/* Makes the run the owner; use locks_take_over. */
bool target_take_over(struct worker *w, struct str relation, struct err *e);

/* A staging relation that has so many lanes is what the configuration wants, or lets be; else
 * ERR_SETUP, with the remedy. */
bool target_lanes_fit(const struct worker *w, struct str relation, int64_t have, struct err *e);

/* For a first life after none: behind whatever the ledger remembers of earlier ones. */
bool target_first_generation(
    struct worker *w, struct str relation, int64_t *generation, struct err *e);

/* "schema.stem", as dwh.target and dwh.ledger name a relation. Lives in a. */
struct str target_relation(struct worker *w, struct arena *a, struct str stem);

/*
 * The statement(s) of a file with its psql variables filled in, in the warehouse's dialect:
 * relation, lane, manifest, role, region (the empty str leaves one out) and every key of [S3].
 */
struct sql_vars {
	struct str relation, lane, manifest;
};
bool sql_prepare(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct str **statements, size_t *n, struct err *e);

/* The wall clock in UTC, for CAST($n AS TIMESTAMP): on Redshift CURRENT_TIMESTAMP is the leader
 * node's alone, and no INSERT takes it. It lives as long as the task. */
const char *sql_now(struct worker *w);

#endif
