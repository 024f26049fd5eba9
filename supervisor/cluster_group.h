/* cluster_group.h - the network that the warehouse is made in. */
#ifndef SUPERVISOR_CLUSTER_GROUP_H
#define SUPERVISOR_CLUSTER_GROUP_H

#include "supervisor/cluster_site.h"

/* Notes the region's default VPC in s->vpc. ERR_SETUP, AT_AWS, where it has none. */
bool group_vpc(struct site *s, struct err *e);

/*
 * One page of what EC2 describes, in *body; filters: name, value, ..., NULL. *token is NULL before
 * the first page and behind the last; a page may be empty and not the last.
 */
bool group_page(struct site *s, const char *action, const char *const *filters, const char **token,
    struct str *body, struct err *e);

#endif
