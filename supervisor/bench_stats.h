/* bench_stats.h - what follows from the runs of a benchmark: order, spread, scaling. Pure. */
#ifndef SUPERVISOR_BENCH_STATS_H
#define SUPERVISOR_BENCH_STATS_H

#include "shared/arena.h"
#include "supervisor/bench.h"

/*
 * The order of the n combinations in a round (0...), into out: every other round goes backwards,
 * and each two rounds begin one further on, so that none is always behind the same one, and what
 * drifts with time hits all alike.
 */
void bench_order(size_t n, int64_t round, size_t *out);

/* Sorts v. n is at least 1. */
struct bench_spread bench_spread(double *v, size_t n);

/*
 * The part that did not get faster with p times the workers, by the speed-up that was seen: the
 * serial fraction of Karp and Flatt (CACM 33, 5, 1990). 0: ideal, 1: no faster; below 0: faster
 * than ideal. NaN where p is 1.
 */
double bench_serial(double speedup, double p);

/* Of the runs that count: those to warm up do not. *out is of the i-th combination. */
void bench_summary(const struct bench *b, size_t i, struct bench_line *out);

/* What two runs that should have loaded the same do not have in common, or NULL. In a. */
const char *bench_difference(
    const struct bench_run *first, const struct bench_run *other, struct arena *a);

#endif
