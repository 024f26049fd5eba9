/*
 * verify.h - the step verify: a staging relation recounted against the ledger and the manifests.
 * It only reads, but that it settles in the ledger what was committed with evidence that was late
 * (evidence.h).
 *
 *   per lane    count(*) is the sum of its shards in the ledger
 *   per shard   its manifest can be read and is the one that was written; its objects, bytes, first
 *               and last key are the ledger's; it lies in the lane that its id says
 *   all shards  none is in the ledger twice; no object is in two of them; none is of another life
 * of the relation
 *
 * A lane or shard is VERIFIED; MISMATCH where the evidence is against it; UNVERIFIED where evidence
 * is missing. Each lane is a `lane` fact, each thing that is wrong a `wrong` one, with the remedy.
 */
#ifndef WORKERS_VERIFY_H
#define WORKERS_VERIFY_H

#include "workers/worker.h"

/* f: the COPY file of the relation. of: only the shards that this run committed are checked (lanes
 * always are), or "" for all. done->verdict is the worst that was found. */
bool task_verify(
    struct worker *w, const struct sqlfile *f, struct str of, struct msg_done *done, struct err *e);

#endif
