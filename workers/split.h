/*
 * split.h - a shard that fails on its data is replaced: its bad objects go into quarantine, the
 * others become a shard in its place.
 *
 * The bad ones are found by reading all of it once more, writing nothing. Where nothing is wrong
 * with any record (it is the warehouse that does not take one, by a constraint, say), the shard is
 * halved, until the bad object is alone.
 */
#ifndef WORKERS_SPLIT_H
#define WORKERS_SPLIT_H

#include "workers/manifest.h"
#include "workers/tasks.h"

/* why: what the shard failed of, also *e where it cannot be replaced. Its transaction is rolled
 * back already. */
bool split_shard(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, const struct err *why, struct msg_done *done, struct err *e);

#endif
