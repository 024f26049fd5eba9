/*
 * fetch.h - many GETs in flight within one worker, into one sink, within one budget of memory.
 *
 * Small objects are limited by round trips, large ones by bandwidth: several connections help with
 * both. Each object's bytes reach the sink in order and exactly once, whatever the network does: a
 * body that is cut is continued by Range from the next byte, under If-Match with the ETag that was
 * listed, or that the first answer had. Bytes are handed over where curl has them, without a copy.
 *
 * Memory: the sink says after each piece how much of that object it still keeps. While the sum is
 * over the budget, only the oldest unfinished object flows; the others are paused, and TCP holds
 * their senders back. So one object that is larger than everything streams through, and the sum
 * stays under the budget plus one piece plus what the oldest object needs.
 */
#ifndef WORKERS_FETCH_H
#define WORKERS_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/s3.h"
#include "shared/str.h"

#define FETCH_ANY_SIZE UINT64_MAX

struct fetch_object {
	struct str bucket, key;
	struct str etag; /* as listed; empty: that of the first answer */
	uint64_t size;   /* as listed; FETCH_ANY_SIZE: that of the first answer */
};

struct fetch_sink {
	void *ctx;

	/*
	 * The next n bytes of objects[i]; last is true exactly once, with the final ones (n may be
	 * 0 then, and is for an empty object). *held: bytes of this object that the sink keeps in
	 * memory after this call; after the last call they no longer count. Must not call fetch_*.
	 */
	bool (*bytes)(
	    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e);
};

struct fetch_opts {
	int connections; /* GETs in flight, at most: see window.h */
	size_t memory;   /* bytes that the sink may hold */
	int attempts;    /* tries of one object without progress; 0: those of the client */
};

struct fetch_stats {
	uint64_t objects; /* whole ones */
	uint64_t requests, retries;
	uint64_t bytes;
	int64_t wait_ms; /* spent waiting for the network, not in the sink */
};

struct fetch;

/* Keeps its connections from one fetch_all to the next; s must outlive it. */
struct fetch *fetch_new(struct s3 *s);
void fetch_free(struct fetch *f); /* NULL is fine */

/*
 * Fetches all, begun in the order of the array. False when one has failed for good, or the sink
 * said so: everything in flight is dropped then, *failed is its index (n where it was no single
 * object: the client's tick, which is called about every 200 ms), and *e is:
 *
 *   ERR_CHANGED  the object has another ETag or another length than was listed
 *   ERR_TASK     it may not be read, or is gone since it was listed
 *   ERR_RETRY    still failing after all attempts
 *   others       as s3.h says, or whatever the sink has set
 *
 * *stats is set in either case, *failed only in this one.
 */
bool fetch_all(struct fetch *f, const struct fetch_object *objects, size_t n,
    const struct fetch_opts *opts, const struct fetch_sink *sink, struct fetch_stats *stats,
    size_t *failed, struct err *e);

#endif
