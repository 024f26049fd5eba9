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

/* The journal that fd is open on: its supervisor lives. */
bool runs_is_locked(int fd);

char *runs_journal(struct arena *a, const char *dir, const char *run);
/* Its journal is in this folder, and nobody holds it. False also of a run of another machine. */
bool runs_is_dead(const char *dir, const char *run);

#endif
