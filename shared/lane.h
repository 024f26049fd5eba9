/*
 * lane.h - the staging tables behind one relation.
 *
 * With one lane the relation is the table itself; with n it is a view over relation_l01 ...
 * relation_lNN. Which lane a shard is in stands in the ledger.
 */
#ifndef SHARED_LANE_H
#define SHARED_LANE_H

#include "shared/arena.h"
#include "shared/str.h"

enum { LANES_MAX = 15 };

/* Name of lane i (1...) of n; in a, or the relation itself. */
struct str lane_name(struct arena *a, struct str relation, int64_t i, int64_t n);
#endif
