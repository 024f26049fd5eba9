/*
 * loaderrors.h - dwh.load_errors: the records that a COPY rejected, and why, as Redshift's load
 * views have them. A shard's rows are replaced as a whole: what an earlier try of it has left there
 * is the same, or out of date.
 */
#ifndef WORKERS_LOADERRORS_H
#define WORKERS_LOADERRORS_H

#include "workers/rejects.h"
#include "workers/worker.h"

/*
 * Before a load of the shard, outside of its transaction: where only tables are locked, a DELETE
 * within it would make loads of other shards wait. Elsewhere nothing happens.
 */
bool loaderrors_forget(struct worker *w, struct str relation, struct str shard, struct err *e);

/* In the transaction that is open. */
bool loaderrors_write(struct worker *w, struct str relation, struct str shard,
    const struct rejects *r, struct err *e);

/* Of a load that failed: its transaction is rolled back, what was wrong is kept. A failure is only
 * logged: what the load failed of is more telling. */
void loaderrors_keep(
    struct worker *w, struct str relation, struct str shard, const struct rejects *r);

/* The first of them, at most so many, to the supervisor, for the report. */
void loaderrors_send(struct worker *w, const struct rejects *r, size_t most);

#endif
