/*
 * load.h - one run: plan, journal, pool. The report is made from the journal afterwards.
 */
#ifndef SUPERVISOR_LOAD_H
#define SUPERVISOR_LOAD_H

#include "shared/config.h"
#include "shared/err.h"
#include "shared/msg.h"
#include "shared/sqlfile.h"
#include "supervisor/plan.h"

struct load_opts {
	const char *command;   /* "run" */
	unsigned what;         /* PLAN_* */
	struct msg_strs sets;  /* --set, for the workers; no secrets */
	struct msg_strs call;  /* the program and its options, for the command that goes on */
	const char *dir;       /* absolute: [LOCAL] DIR, where the journal goes */
	const struct aim *aim; /* of a rerun, or NULL */
	const char *of;        /* verify: only the shards of this run, or NULL */
	bool take_over;        /* the warehouse, from a run that is alive elsewhere */
	bool allow_unverified; /* what is UNVERIFIED is no failure */
};

struct load_result {
	char run[24];
	int exit;     /* exit code by DESIGN: 0, 2 ... 130 */
	int signal;   /* that ended it, or 0 */
	bool stopped; /* something in set-up is wrong; said in `stop` */
	struct err stop;
	bool untold; /* the journal could not be written to its end: there is no whole report */
};

/* False when there was no run at all (another one is alive, no folder, no process). */
bool load_run(const struct config *c, const struct model *m, const struct load_opts *o,
    struct load_result *out, struct err *e);

#endif
