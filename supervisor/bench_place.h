/*
 * bench_place.h - where a benchmark loads: a place that is its own, so that nothing of anybody
 * else's is dropped, and that is gone when it ends.
 *
 * Its folder, DIR/bench, is what its runs know as [LOCAL] DIR: their journals, and manifests that
 * no bucket takes, are not among the user's. bench.lock in it says that it is ours, and is held as
 * long as the benchmark lives: one at a time.
 *
 *   local               services of its own over the user's buckets, in that folder: another
 *                       PostgreSQL, made for this benchmark and removed with it, and an S3 server,
 *                       which may be slow on purpose
 *   postgres, redshift  a database that the user names, and in which there is no relation, neither
 *                       in the schema of the model nor in dwh's; what was made there is dropped,
 *                       unless by then dwh.target names a run that is not the benchmark's
 *
 * Manifests and parts lie in a folder bench-<id> of [S3] MANIFESTS, which is emptied; bench.lock
 * says where.
 *
 * A benchmark that is killed leaves its folder and manifests, which the next one takes over and
 * removes; its services end by themselves. Elsewhere it leaves what it had loaded, and the next one
 * refuses that database.
 */
#ifndef SUPERVISOR_BENCH_PLACE_H
#define SUPERVISOR_BENCH_PLACE_H

#include "shared/localstate.h"
#include "supervisor/command.h"

struct bench_place {
	struct config config; /* the user's, but here */
	struct msg_strs sets; /* what makes it so: "SECTION.KEY=VALUE" for its runs */
	const struct call *call;
	struct arena *arena;
	const char *dir;
	int lock;              /* -1: the folder is not ours yet */
	struct local services; /* of the local engine */
	const char *manifests; /* s3://..., or NULL */
	const char *left;      /* likewise, of a benchmark that was killed here, if still there */
	bool used;             /* a run has begun: there may be something to remove */
};

/* database: of another engine than local; else NULL. latency_ms: of the local S3 server. */
bool bench_place_make(
    struct call *c, const char *database, int64_t latency_ms, struct bench_place *p, struct err *e);

/* Before each run, and before the end by itself: it is still the benchmark's alone. */
bool bench_place_check(struct bench_place *p, struct err *e);

/* Also after a failure. False where something stays behind: *e tells what, and the remedy. */
bool bench_place_end(struct bench_place *p, struct err *e);

#endif
