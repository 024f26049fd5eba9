/* cluster_address.h - the address from which the world sees us. */
#ifndef SUPERVISOR_CLUSTER_ADDRESS_H
#define SUPERVISOR_CLUSTER_ADDRESS_H

#include "shared/arena.h"
#include "shared/err.h"

/*
 * "203.0.113.7/32", as https://checkip.amazonaws.com sees us (another such address: the
 * environment's DWH_CHECKIP_URL). Lives in a. ERR_SETUP, AT_AWS: no answer, or none that is an
 * address; the message says what to write instead. tick may be NULL.
 */
bool caller_address(
    bool (*tick)(void *ctx, struct err *e), struct arena *a, const char **cidr, struct err *e);

#endif
