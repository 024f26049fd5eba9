/*
 * runs.h - where the journals of runs lie, and whether a run is alive on this machine.
 *
 * DIR/runs/<run>/journal.jsonl; its supervisor holds a flock on it for as long as it lives, which
 * the kernel gives back whatever way it ends.
 */
#ifndef SHARED_RUNS_H
#define SHARED_RUNS_H

#include <stdbool.h>

#include "shared/arena.h"

enum run_life {
	RUN_UNKNOWN, /* no journal of it is in this folder */
	RUN_DEAD,
	RUN_ALIVE
};

/* The journal that fd is open on: its supervisor lives. */
bool runs_is_locked(int fd);

char *runs_journal(struct arena *a, const char *dir, const char *run);
enum run_life runs_life(const char *dir, const char *run);

#endif
