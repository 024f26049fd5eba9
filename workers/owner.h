/*
 * owner.h - whether another run that is alive elsewhere owns what this one is about to take over.
 *
 * A run of this folder cannot be: one lives at a time here. Of others we see their sessions in the
 * warehouse, which carry the run's id: a run has at least one from its create to its end. That is
 * for people; what keeps two runs apart is dwh.target (target.c), whoever is thought dead or alive.
 */
#ifndef WORKERS_OWNER_H
#define WORKERS_OWNER_H

#include "workers/tasks.h"

/*
 * Of the relations of these files. ERR_SETUP/AT_STATE where another run is alive; with take_over
 * its sessions are ended instead, and what they had in flight is rolled back.
 */
bool owner_check(
    struct worker *w, const struct sqlfile *files, size_t n, bool take_over, struct err *e);

/* Whether the sessions of other runs can be seen here at all; else *e says why not. */
bool owner_sees(struct worker *w, struct err *e);

#endif
