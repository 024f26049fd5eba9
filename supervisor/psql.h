/* psql.h - `dwh psql`: PostgreSQL's own shell, connected to the warehouse of the configuration. */
#ifndef SUPERVISOR_PSQL_H
#define SUPERVISOR_PSQL_H

#include "shared/config.h"

/*
 * argv[0] is the command's name, the rest goes to psql as it is. Returns the exit status of psql
 * (128 + the signal when it was killed), or 2, 3, 4 as documented for dwh when it could not be
 * started; then the reason was logged.
 */
int psql_main(const struct config *c, int argc, char **argv);

#endif
