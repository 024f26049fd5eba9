/*
 * cluster_plan.h - before anything is made: what is in the way of it, and what it will be.
 *
 * All of it goes by what was seen last (cluster_look).
 */
#ifndef SUPERVISOR_CLUSTER_PLAN_H
#define SUPERVISOR_CLUSTER_PLAN_H

#include "supervisor/cluster.h"

/* Whether it is there, and not up's to use: somebody else's, or of a `dwh run --ephemeral`. */
bool cluster_is_foreign(const struct cluster_item *i);

/* Says whose such a one is, with the remedy; returns false (AT_STATE). */
bool cluster_foreign(const struct cluster_item *i, struct err *e);

/* False (AT_STATE) where the warehouse of the other [DWH] KIND is there: it would have the same
 * bucket, role and group, and go with them. */
bool cluster_refuse_other_kind(struct cluster *c, struct err *e);

/* Whether up may begin: nothing of others is in its way, or adopt; and what the configuration names
 * is there. AT_STATE, AT_CONFIG; or that AWS cannot be asked. */
bool cluster_may_begin(struct cluster *c, bool adopt, struct err *e);

/* On stdout, and at once: it is a result, and the last moment to say no. */
void cluster_print_plan(struct cluster *c);

#endif
