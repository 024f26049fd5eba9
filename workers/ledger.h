/* ledger.h - dwh.ledger: one row for each shard whose rows are in its lane. */
#ifndef WORKERS_LEDGER_H
#define WORKERS_LEDGER_H

#include "workers/worker.h"

/* Sums over the committed shards of a generation; lane "" for all lanes. */
bool ledger_sum(struct worker *w, const char *relation, int64_t generation, const char *lane,
    int64_t *rows, int64_t *shards, struct err *e);

/* Whether it has the column evidence, which one of an earlier version lacks. */
bool ledger_has_evidence(struct worker *w, bool *out, struct err *e);

#endif
