/* pgbin.h - where the programs of PostgreSQL are on this machine. */
#ifndef SHARED_PGBIN_H
#define SHARED_PGBIN_H

#include <stdbool.h>

#include "shared/arena.h"
#include "shared/err.h"

/*
 * The path of a program ("postgres", "psql"): in the folder `configured` ([LOCAL] PG_BIN) when that
 * is not NULL; else in Debian's /usr/lib/postgresql/VERSION/bin, of version `prefer` if it is there
 * (0: no preference), else the newest; else on PATH. None is ERR_SETUP/AT_CONFIG, naming Debian's
 * package. Lives in a.
 */
bool pgbin_find(const char *configured, const char *program, int prefer, struct arena *a,
    const char **path, struct err *e);

#endif
