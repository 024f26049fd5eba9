/* cluster_reap.h - what dwh has made and what has outlived its time. */
#ifndef SUPERVISOR_CLUSTER_REAP_H
#define SUPERVISOR_CLUSTER_REAP_H

#include "supervisor/cluster.h"

struct reap_item {
	enum config_kind kind;
	const char *what;       /* "cluster", "namespace", "security group" */
	const char *name;       /* its own */
	const char *identifier; /* its dwh:cluster */
	const char *role;       /* name of the first role that it has; NULL: none */
	const char *expires;
	const char *state;
	const char *belies; /* it is not what its tags say, as after a restore, and is left: why */
	bool due;
};

/*
 * All clusters and namespaces of dwh in this region, whoever made them, with a dwh:expires; and the
 * security groups of those that never got so far. n of them, in the site's arena. Where serverless
 * ones or groups may not be listed, that is only warned of.
 */
bool cluster_reap_find(struct site *s, struct reap_item **out, size_t *n, struct err *e);

/* Looks at what belongs to one, and whether its time is over now, too: that of the warehouse; where
 * there is none, that of all the rest. */
bool cluster_reap_is_due(struct cluster *k, bool *due, struct err *e);

/* The configuration under which it is removed: its kind, its name, its role, nothing that was made
 * by others. */
struct config cluster_reap_config(const struct config *c, const struct reap_item *i);

#endif
