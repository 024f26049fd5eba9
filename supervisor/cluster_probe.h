/* cluster_probe.h - whether a warehouse that AWS calls available can be used by a load. */
#ifndef SUPERVISOR_CLUSTER_PROBE_H
#define SUPERVISOR_CLUSTER_PROBE_H

#include "supervisor/cluster_site.h"

/*
 * Logs in as the admin user, again and again for some minutes: the name may not be known yet, nor
 * the port open. Then the role is proved by what it is for: a COPY ... NOLOAD of one object of a
 * source, rolled back, tried again while IAM has not spread the word. No other call tells whether
 * Redshift may take on a role.
 */
bool cluster_probe(struct site *s, struct err *e);

#endif
