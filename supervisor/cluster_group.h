/* cluster_group.h - the network that the warehouse is made in. */
#ifndef SUPERVISOR_CLUSTER_GROUP_H
#define SUPERVISOR_CLUSTER_GROUP_H

#include "supervisor/cluster_site.h"

/* Notes the region's default VPC in s->vpc. ERR_SETUP, AT_AWS, where it has none. */
bool group_vpc(struct site *s, struct err *e);

#endif
