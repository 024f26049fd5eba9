/* ephemeral.h - `dwh run --ephemeral`: a warehouse for one run. */
#ifndef SUPERVISOR_EPHEMERAL_H
#define SUPERVISOR_EPHEMERAL_H

#include "supervisor/command.h"

/*
 * `dwh cluster up`, `dwh run`, `dwh cluster down`. Returns the exit status: that of the first of
 * these that failed; 9 where something may be left that costs money, which is said with the remedy.
 */
int ephemeral_run(struct call *c);

/* Whether this is a process that it has started. */
bool ephemeral_within(void);

/* Likewise, and whether that was killed, so that nobody removes what was made. */
bool ephemeral_is_gone(void);

/* Where it is one: from here on it goes on without who started it, as it soon ends, and must still
 * say what stays. Until then it ends with that one, by SIGTERM. */
void ephemeral_outlive(void);

/* If that was killed, says what stays, and what removes it. */
void ephemeral_say_gone(struct call *c);

#endif
