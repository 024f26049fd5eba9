/*
 * lane.h - the staging tables behind one relation.
 *
 * With one lane the relation is the table itself; with n it is a view over relation_l01 ...
 * relation_lNN. Which lane a shard goes to follows from the shard's id alone, so that it is the
 * same in every run and on every machine.
 */
#ifndef SHARED_LANE_H
#define SHARED_LANE_H

#include "shared/arena.h"
#include "shared/str.h"

enum { LANES_MAX = 15 };

/* Name of lane i (1...) of n; in a, or the relation itself. */
struct str lane_name(struct arena *a, struct str relation, int64_t i, int64_t n);

/* 1...n for a shard's id (hex). */
int64_t lane_of_shard(struct str shard, int64_t n);

#endif
