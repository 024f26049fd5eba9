/* cluster_reap.h - clusters of dwh's that have outlived their time. */
#ifndef SUPERVISOR_CLUSTER_REAP_H
#define SUPERVISOR_CLUSTER_REAP_H

#include "supervisor/cluster.h"

struct reap_item {
	enum config_kind kind;
	const char *identifier; /* its dwh:cluster */
	const char *role;       /* name of the first role that it has; NULL: none */
	const char *expires;
	const char *state;
	bool due;
};

/* All clusters and namespaces of dwh in this region, whoever made them, with a dwh:expires; n of
 * them, in the site's arena. Where serverless ones may not be listed, that is only warned of. */
bool cluster_reap_find(struct site *s, struct reap_item **out, size_t *n, struct err *e);

/* The configuration under which it is removed: its kind, its name, its role, nothing that was made
 * by others. */
struct config cluster_reap_config(const struct config *c, const struct reap_item *i);

#endif
