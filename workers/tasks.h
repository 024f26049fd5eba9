/* tasks.h - the kinds of task, and what they share. Each fills *done, or fails with *e. */
#ifndef WORKERS_TASKS_H
#define WORKERS_TASKS_H

#include "workers/worker.h"

bool task_step(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e);
bool task_list(struct worker *w, const struct msg_list *m, struct msg_done *done, struct err *e);
bool task_copy(struct worker *w, const struct msg_copy *m, struct msg_done *done, struct err *e);

/* Steps about the model as a whole (target.c): what is made, dropped and owned. */
bool target_create(
    struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e);
bool target_drop(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e);

/*
 * Within a transaction: the run still owns the relation, and keeps it until the transaction ends
 * (another supervisor that takes the relation over waits for us). ERR_SETUP/AT_STATE otherwise.
 */
bool target_hold(struct worker *w, struct str relation, struct err *e);

/* How many lanes and which generation the relation has now. */
bool target_read(
    struct worker *w, struct str relation, int64_t *generation, int64_t *lanes, struct err *e);

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

#endif
