/* ephemeral.h - `dwh run --ephemeral`: a warehouse for one run. */
#ifndef SUPERVISOR_EPHEMERAL_H
#define SUPERVISOR_EPHEMERAL_H

#include "supervisor/command.h"

/*
 * `dwh cluster up`, `dwh run`, `dwh cluster down`. Returns the exit status: that of the first of
 * these that failed; 9 where something may be left that costs money, which is said with the remedy.
 */
int ephemeral_run(struct call *c);

#endif
