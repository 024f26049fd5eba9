/* facts.h - what follows from a folded journal: phases, totals, the critical path. Pure. */
#ifndef SUPERVISOR_FACTS_H
#define SUPERVISOR_FACTS_H

#include "supervisor/journal.h"

/* Milliseconds that the run took, or has taken so far. */
int64_t facts_duration(const struct fold *f);

/* "insert", "copy", "list": the phase of a step, else the kind of the task. */
const char *facts_phase_name(const struct task *t);

/* All its attempts together, without the pauses between them; so far, where it runs. */
int64_t facts_took(const struct fold *f, const struct task *t);

/* What ran side by side: wall clock is last - first, the sum is of all its tasks. */
struct facts_phase {
	const char *name;
	int64_t tasks, first, last, sum;
};

enum { FACTS_PHASES = 16 };

/* In the order of their beginning; at most max of them. */
size_t facts_phases(const struct fold *f, struct facts_phase *out, size_t max);
double facts_concurrency(const struct facts_phase *p);

/* The first step of that phase, or NULL. */
const struct task *facts_step(const struct fold *f, const char *phase);

/* A run, a load, or a rerun of one; not one of steps alone, nor a validation. */
bool facts_loads(const struct fold *f);

/* A copy whose objects are in other shards by now. */
bool facts_is_superseded(const struct task *t);

/* What a report says came of a shard: its verdict, "already", or its state. */
const char *facts_verdict(const struct task *t);

/* A check that was begun. */
bool facts_is_check(const struct task *t);

/* "running", "killed", "finished", "failed": a run in a word. */
const char *facts_word(const struct fold *f);

/* As a phase, the whole run, from its beginning to its end. */
struct facts_phase facts_whole(const struct fold *f);

/* The share of the workers' time that was work: concurrency by number of workers. */
double facts_efficiency(const struct fold *f, const struct facts_phase *p);

/* The copies, in the order in which they were found; the array lives in a. */
size_t facts_shards(const struct fold *f, struct arena *a, const struct task ***out);

/* How long the listing took that found this shard; all of the source, where they were merged. */
int64_t facts_list_ms(const struct fold *f, const struct task *t);

enum { FACTS_PATH = 32 };

/*
 * Back from the task that ended last, each time to the one whose end made it ready. Returns how
 * many (at most max), the first to begin first.
 */
size_t facts_path(const struct fold *f, const struct task **out, size_t max);

struct facts_totals {
	int64_t shards, loaded, already, objects, bytes, rows, failed, blocked, left,
	    retries,                        /* attempts of tasks after the first */
	    requests_again,                 /* requests of S3 that were sent again */
	    unverified, rejected, replaced, /* records, of the copies */
	    objects_joined, parts;          /* by the workers, before COPY */
	int64_t quarantined;                /* objects that the sources have there */
};

struct facts_totals facts_totals(const struct fold *f);

#endif
