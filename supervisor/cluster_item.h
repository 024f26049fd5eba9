/*
 * cluster_item.h - one resource of a cluster: what AWS says of it, and waiting until it says
 * something else. For the walks over all of them, cluster.c and cluster_down.c.
 */
#ifndef SUPERVISOR_CLUSTER_ITEM_H
#define SUPERVISOR_CLUSTER_ITEM_H

#include "supervisor/cluster.h"
#include "supervisor/cluster_wait.h"

/* Milliseconds. */
enum {
	APPEAR_MS = 2 * 60000, /* until what was made can be seen */
	MAKE_MS = 5 * 60000,   /* what is in the way of making */
	READY_MS = 60 * 60000, /* until it is ready, or gone */
};

/* By the record. */
bool item_stands(const struct cluster *c, const struct cluster_item *i);

/* By the last look, what is there is another's. */
bool item_is_anothers(const struct cluster_item *i);

/* Asks AWS, and fills in what it says. What AWS does not say of a spare item is taken for nothing,
 * with a warning, where neither the record nor a removal depends on it. */
bool item_look(struct cluster *c, struct cluster_item *i, struct err *e);

/* Warns, once, that the item is taken for none. */
void item_doubt(struct cluster_item *i, const char *why);

/* A wait for the item, with what it usually takes. */
struct cluster_wait item_waiting(struct cluster *c, const struct cluster_item *i);

/* Looks until AWS says, for at most so long. */
bool item_look_on(
    struct cluster *c, struct cluster_item *i, struct cluster_wait *w, int64_t most, struct err *e);

/* Looks until it is, or is no longer, what it was. A look that fails in a way that may pass is one
 * of many. */
bool item_wait_until(struct cluster *c, struct cluster_item *i, enum found_state wanted,
    int64_t most, struct err *e);

/* Sets *e, "still creating after 60 minutes", and returns false. */
bool item_too_long(const struct cluster_item *i, int64_t ms, struct err *e);

/* What is in the way, in a few words. */
const char *item_obstacle(const struct err *e);

/* Writes a step of it in the record. */
bool item_record(struct cluster *c, const char *what, const struct cluster_item *i, struct err *e);

/* That of [DWH] KIND; NULL: there is none. */
struct cluster_item *cluster_warehouse(struct cluster *c);

#endif
