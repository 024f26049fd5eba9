/*
 * usage.c - see usage.h.
 *
 * The kernel counts as a process's own peak what its parent held when it forked it, also behind an
 * exec. The supervisor is small when it starts its workers, so that is no worker's largest.
 */
#include "supervisor/usage.h"

static int64_t cpu_us(const struct rusage *u)
{
	return (int64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000 + u->ru_utime.tv_usec +
	       u->ru_stime.tv_usec;
}

static int64_t peak(const struct rusage *u)
{
	return (int64_t)u->ru_maxrss * 1024;
}

void usage_add(struct usage *u, const struct rusage *of)
{
	u->cpu_us += cpu_us(of);
	if (peak(of) > u->peak)
		u->peak = peak(of);
}

static int64_t before_us;

void usage_begin(void)
{
	struct rusage own;

	getrusage(RUSAGE_SELF, &own);
	before_us = cpu_us(&own);
}

struct msg usage_msg(const struct usage *workers)
{
	struct rusage own;

	getrusage(RUSAGE_SELF, &own);
	return (struct msg){.type = MSG_USAGE,
	    .u.usage = {.supervisor_cpu_ms = (cpu_us(&own) - before_us) / 1000,
	        .supervisor_peak = peak(&own),
	        .workers_cpu_ms = workers->cpu_us / 1000,
	        .worker_peak = workers->peak}};
}
