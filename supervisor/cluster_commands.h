/* cluster_commands.h - `dwh cluster`: up, status, wait, pause, resume, down, reap. */
#ifndef SUPERVISOR_CLUSTER_COMMANDS_H
#define SUPERVISOR_CLUSTER_COMMANDS_H

#include "supervisor/cluster.h"
#include "supervisor/command.h"

/* Exit status 9: something of ours remains, and may cost money; it is named. So of down, and of up
 * where the warehouse is not up; but not within a run, which removes it. */
int cmd_cluster(struct call *c);
void cluster_help(FILE *out);

/* "dwh -c FILE --set X=Y cluster down", as it was called. In the call's arena. */
const char *cluster_command(struct call *c, const char *what);

/* False (AT_CONFIG) where the configuration names a warehouse to load into, so that one which
 * `what`
 * ("`dwh cluster up`") makes would be billed for nothing. */
bool cluster_is_target(struct call *c, const char *what, struct err *e);

/* True where nothing of ours is there that costs by the hour, and no other `dwh cluster` is at work
 * in this folder: else *e (AT_STATE) names it. */
bool cluster_is_new(struct call *c, struct err *e);

/* --max-hours: hours, or fallback where it is not given. AT_USAGE. */
bool cluster_max_hours(const struct call *c, int64_t fallback, int64_t *hours, struct err *e);

#endif
