/* quarantine.h - `dwh quarantine list|retry|drop`: the objects that loads hold back. */
#ifndef SUPERVISOR_QUARANTINE_H
#define SUPERVISOR_QUARANTINE_H

#include "supervisor/command.h"
#include "supervisor/query.h"

/* What is held, and why. */
bool quarantine_list(struct call *c, enum query_format format, struct err *e);

/* Takes the objects that c's arguments name (all of them with --all) out of it, so that the next
 * load tries them again; or gives them up for good: they stay out and are no longer counted. *n:
 * how many. One that is not there is an error, and nothing is changed. */
bool quarantine_change(struct call *c, bool drop, int64_t *n, struct err *e);

#endif
