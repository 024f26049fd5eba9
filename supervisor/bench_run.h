/* bench_run.h - a command of dwh in a process of its own, for `dwh bench`. */
#ifndef SUPERVISOR_BENCH_RUN_H
#define SUPERVISOR_BENCH_RUN_H

#include "supervisor/bench.h"
#include "supervisor/bench_place.h"

/* From now on INT and TERM do not end this process, but what it waits for. */
void bench_catch_signals(void);

/* They wait: for what must not be left half done. */
void bench_hold_signals(bool hold);

/* The last of them, or 0. */
int bench_signalled(void);
bool bench_signalled_again(void); /* who asks twice does not want to wait for what is tidied up */

/*
 * A fresh load of that combination, and what it did, into *out (its strings live in a). A load that
 * does not end with 0 is an error with what it said; *status is the exit status that follows.
 */
bool bench_load(struct bench_place *p, const struct bench_combo *combo, bool allow_unverified,
    struct arena *a, struct bench_run *out, int *status, struct err *e);

/* `dwh drop` there; a signal does not keep it from beginning. */
bool bench_drop(struct bench_place *p, struct arena *a, struct err *e);

#endif
