/* bench_ticks.h - the processor time of the services that a keeper holds. */
#ifndef SUPERVISOR_BENCH_TICKS_H
#define SUPERVISOR_BENCH_TICKS_H

#include <stdint.h>

/* User and system time since they began, in milliseconds, of all their processes, also of those
 * that have ended. */
struct bench_ticks {
	int64_t warehouse_ms, s3_ms;
};

/* Waits, some seconds at most, for the sessions of workers: they end a little later than their
 * clients. */
struct bench_ticks bench_ticks(int64_t keeper);

#endif
