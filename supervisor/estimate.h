/*
 * estimate.h - how long the copies will still take. Pure.
 *
 * A shard costs so much an object and so much a byte; both are fitted to the shards that are done,
 * so that many small objects and few large ones do not mislead each other. The rest takes as long
 * as all that is left divided by the workers, but never less than the longest shard alone: one
 * skewed shard is not wished away.
 */
#ifndef SUPERVISOR_ESTIMATE_H
#define SUPERVISOR_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct estimate {
	/* Sums over the shards that are done: the normal equations of the fit. */
	double oo, ob, bb, om, bm, objects, bytes, ms;
	size_t n;
};

void estimate_learn(struct estimate *e, int64_t objects, int64_t bytes, int64_t ms);

/* Milliseconds that a shard is likely to take; false where nothing is known yet. */
bool estimate_cost(const struct estimate *e, int64_t objects, int64_t bytes, double *ms);

/* What is left, given each shard's remaining milliseconds summed and the longest of them. */
int64_t estimate_rest(double sum_ms, double longest_ms, int workers);

#endif
