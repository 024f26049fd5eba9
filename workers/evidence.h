/*
 * evidence.h - that a COPY which Redshift executes has read the files of its manifest, and no more.
 *
 * The load views tell it, and they tell it late, by seconds. No copy waits for them:
 *
 *   copy     before COMMIT they are asked once; where they do not name all files yet, the shard is
 *            UNVERIFIED, and its row in dwh.ledger keeps in `evidence` what to ask for
 *   staged   asks again for all such shards of the relation together, for a while; the ledger then
 *            says VERIFIED or MISMATCH, the supervisor is told, joined parts are removed, and
 *            `evidence` is emptied
 *   verify   does the first half of that: the ledger says VERIFIED or MISMATCH
 *
 * As long as `evidence` is not empty something is left to do, so whoever dies, the next such step
 * does the rest: a shard that is UNVERIFIED is asked for; of one that is not, the supervisor may
 * not have heard, and its parts may still be there.
 *
 * A shard that lacks other evidence, too (a COPY by a prefix, no views at all), keeps none: what
 * comes late would not verify it.
 */
#ifndef WORKERS_EVIDENCE_H
#define WORKERS_EVIDENCE_H

#include "workers/engine.h"

/* What the load views know of the files of a shard. */
enum evidence {
	EVIDENCE_ALL,
	EVIDENCE_LATE, /* not all yet */
	EVIDENCE_NONE, /* no view is there that tells */
};

/* Asks once. More files than were sent are a MISMATCH: ERR_TASK/AT_CHECK. Within a transaction. */
bool evidence_look(
    struct worker *w, const struct sent *sent, size_t n, enum evidence *out, struct err *e);

/* What the ledger is to keep, in w->task. */
const char *evidence_to_ask_for(struct worker *w, const struct sent *sent, size_t n);

/*
 * Outside of a transaction: settles in the ledger what can be, of the relation of this COPY file in
 * this generation. What was committed lately is waited for, for some seconds. What is still not
 * known stays UNVERIFIED, and is no error; ERR_RETRY where somebody else wrote to the ledger at the
 * same time.
 */
bool evidence_settle(struct worker *w, const struct sqlfile *f, int64_t generation, struct err *e);

/* Then, for the step staged: the rest of what is to be done about the shards that are settled. */
bool evidence_finish(struct worker *w, const struct sqlfile *f, int64_t generation, struct err *e);

#endif
