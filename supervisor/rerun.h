/*
 * rerun.h - `dwh rerun [RUN]`: which run is completed, and what of it.
 *
 * The rerun is a run with a journal of its own, which names the run that it completes. Its listings
 * and shards are those that are not done there; they are listed again, minus what is committed
 * since, so a rerun can be rerun, any number of times. What --only leaves out stands in the new
 * journal too, as left: nothing is forgotten by looking at a part.
 */
#ifndef SUPERVISOR_RERUN_H
#define SUPERVISOR_RERUN_H

#include "supervisor/command.h"
#include "supervisor/plan.h"

struct rerun {
	struct aim aim;
	unsigned what;    /* PLAN_* */
	struct fold rest; /* what aim.rest points to */
};

/*
 * c: its argument, --only, --from. Where no journal of the run is here, everything is listed again
 * (ledger and manifests say what is loaded), and that is logged. *status is the exit code when it
 * is false; the reason was logged.
 */
bool rerun_plan(
    struct call *c, const char *dir, const struct model *m, struct rerun *out, int *status);

#endif
