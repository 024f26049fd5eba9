/*
 * estimate.h - how long the copies will still take. Pure.
 *
 * A shard costs so much an object and so much a byte; both are fitted to the shards that are done,
 * so that many small objects and few large ones do not mislead each other. The rest takes as long
 * as all that is left divided by the workers, but never less than the longest shard, or the shards
 * of the longest lane, alone: one skewed shard is not wished away.
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

/*
 * What a shard that runs since `ran` ms will still take, when `part` (0 to 1) of its bytes are
 * through; cost < 0: not known. Its own pace counts as soon as it has one: then the result is known
 * even where no shard is done yet. False: unknown.
 */
bool estimate_running(double cost_ms, double ran_ms, double part, double *rest_ms);

/*
 * What is left, given each shard's remaining milliseconds summed, and the longest of what cannot be
 * shared: one shard, or the shards of one lane.
 */
int64_t estimate_rest(double sum_ms, double longest_ms, int workers);

#endif
