/*
 * services.h - `dwh local`: the services of one machine kept up for other programs, with Redshift's
 * protocol in front of them.
 */
#ifndef SUPERVISOR_SERVICES_H
#define SUPERVISOR_SERVICES_H

#include "supervisor/command.h"

/*
 *   up       starts what does not run, with redshiftd, and returns; they stay until `down`
 *   down     ends redshiftd; the others end with their last user
 *   status   what runs, and where; exit code 3 where nothing does
 *   env      the exports that point psql, Redshift and AWS clients, and dwh itself, at them
 *   psql     opens redshiftd with psql
 */
int cmd_local(struct call *c);

/* The same words, for a person. */
void services_help(FILE *out);

#endif
