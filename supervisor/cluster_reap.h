/* cluster_reap.h - what dwh has made and what has outlived its time. */
#ifndef SUPERVISOR_CLUSTER_REAP_H
#define SUPERVISOR_CLUSTER_REAP_H

#include "supervisor/cluster.h"

struct reap_item {
	enum config_kind kind;
	const char *what;       /* "cluster", "namespace"; of what is left: "security group" */
	const char *name;       /* its own */
	const char *identifier; /* its dwh:cluster */
	const char *role;       /* "/NAME" of the first role that it has; NULL: none */
	const char *expires;
	const char *state;
	const char *stays; /* why it is left, though it has outlived its time, or nobody can tell:
	                    * it is not what its tags say, as after a restore */
	bool due;          /* by its own date */
};

struct reap_found {
	struct reap_item *items; /* in the site's arena */
	size_t n;
	bool all; /* nothing was passed over */
	bool
	    left; /* what has outlived its time is, as nobody can tell whether it has a warehouse */
};

/*
 * All clusters and namespaces of dwh in this region, whoever made them, with a dwh:expires; and
 * those that never got so far, by the first of their security group, bucket and role: where not all
 * warehouses could be listed, these stay. What cannot be listed is only warned of; but for
 * clusters, where it is not a permission that is missing.
 */
bool cluster_reap_find(struct site *s, struct reap_found *out, struct err *e);

/* Looks at what belongs to one, and whether its time is over now, too: that of the warehouse; where
 * there is none, that of all the rest. *stays: NULL, or why it is left. */
bool cluster_reap_is_due(struct cluster *k, const char **stays, struct err *e);

/* The configuration under which it is removed: its kind, its name, its role, nothing that was made
 * by others. */
struct config cluster_reap_config(const struct config *c, const struct reap_item *i);

#endif
