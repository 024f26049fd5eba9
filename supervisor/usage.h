/* usage.h - what the processes of a run have used: processor time and memory. */
#ifndef SUPERVISOR_USAGE_H
#define SUPERVISOR_USAGE_H

#include <sys/resource.h>

#include "shared/msg.h"

/* Of the workers that are gone; all zero before the first. */
struct usage {
	int64_t cpu_us, peak;
};

void usage_add(struct usage *u, const struct rusage *of);

/* What this process has done so far is not of the run. */
void usage_begin(void);

/* Of the workers, and of this process since it began. */
struct msg usage_msg(const struct usage *workers);

#endif
