/*
 * cut.h - objects in key order become shards: minus what is committed, cut by bytes and count, each
 * with its manifest written and its `shard` fact sent.
 *
 *	struct cut c = {.w = w, .task = id, .bucket = b, .relation = r, .out = done};
 *	cut_read_committed(&c, ...); for each object: cut_add(&c, &object); cut_end(&c);
 *	cut_free(&c) in any case
 *
 * Where small objects are joined, it is not their number that a COPY takes long for, but each COPY
 * takes its time; so a shard may have many. How many there will be nobody knows while a listing
 * goes on, and every worker should soon have one, which it fetches for itself: the first CUT_SAME
 * shards of a listing have SHARD_OBJECTS, the next ones twice as many, and so on up to
 * CUT_OBJECTS_MAX, whose manifest and map are still small. SHARD_BYTES holds for all of them.
 *
 * What is committed is left out (committed.h): both sides are in key order, so it is a merge. A key
 * that is committed with another etag was changed after it was loaded, and its old rows are in the
 * warehouse: [LOAD] CHANGED says whether that is an error or whether the object is left as it was
 * loaded. It is never loaded on top.
 */
#ifndef WORKERS_CUT_H
#define WORKERS_CUT_H

#include "workers/committed.h"

enum { CUT_SAME = 4, CUT_OBJECTS_MAX = 100000 };

struct cut {
	struct worker *w;
	int64_t task; /* id, for the facts */
	struct str bucket;
	struct str relation;  /* "schema.stem" */
	bool passing;         /* its manifests are for this run alone */
	bool joins;           /* small objects are joined before the COPY (engine_joins) */
	bool whole;           /* one shard of them all, however large */
	bool piece;           /* which is kept for the step merge (merge.h) */
	struct msg_done *out; /* objects, bytes and changed are counted here */

	/* cut.c's own. */
	int64_t generation;
	struct committed done;
	struct object *held; /* in quarantine, in key order */
	size_t n_held, at_held;
	struct manifest shard; /* being cut */
	struct arena *texts;   /* its keys and etags */
	size_t cap, sent;
	uint64_t shard_bytes;
};

/* What is committed of the keys that begin with prefix, are greater than after and not greater than
 * upto ("" for no bound); and what is in quarantine, which is left out, too. */
bool cut_read_committed(struct cut *c, int64_t generation, struct str prefix, struct str after,
    struct str upto, struct err *e);

/* Whether the object is committed as it is (*done), or as it was before (*changed, too). Keys come
 * in order. */
bool cut_find(struct cut *c, const struct s3_object *o, bool *done, bool *changed, struct err *e);

/* o may go after it. */
bool cut_add(struct cut *c, const struct s3_object *o, struct err *e);

/* The last shard. */
bool cut_end(struct cut *c, struct err *e);

void cut_free(struct cut *c);

/* Writes the manifest of one shard (passing: as manifest_write says) and sends its fact, as of task
 * `id`. */
bool cut_send(struct worker *w, int64_t id, struct str relation, const struct manifest *m,
    bool passing, struct err *e);

#endif
