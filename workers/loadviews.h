/*
 * loadviews.h - what Redshift's system views tell about a COPY: the files that it read, and the
 * records that it rejected.
 *
 * SYS_* views are on clusters and serverless workgroups alike, STL_* on clusters only; the first
 * that is there and knows the query is believed. Rows come late, by seconds, and rows about errors
 * survive the rollback of their COPY.
 */
#ifndef WORKERS_LOADVIEWS_H
#define WORKERS_LOADVIEWS_H

#include "workers/compact.h"
#include "workers/rejects.h"

/* A COPY, and the files of its manifest. */
struct loadviews_read {
	int64_t query, wanted;
	int64_t
	    files; /* that it has read, as far as is known yet; -1: no view is there that tells */
};

/* Asks about those of which fewer than wanted are known. Also within a transaction. */
bool loadviews_files(struct worker *w, struct loadviews_read *reads, size_t n, struct err *e);

enum { LOADVIEWS_REJECTS = 100000 }; /* of a COPY, that are read */

/* How many records the query has rejected, as far as is known yet; query and after as below. */
bool loadviews_count_rejects(
    struct worker *w, int64_t query, int64_t after, int64_t *count, struct err *e);

/*
 * Adds what the query has rejected, the first LOADVIEWS_REJECTS, to r, which must bear all. query
 * -1: of this session's queries after `after`, the last one that rejected anything. objects: what
 * it was to read; joined: where they are parts, what they were made of, which is what is told; or
 * NULL. Also within a transaction.
 */
bool loadviews_rejects(struct worker *w, int64_t query, int64_t after,
    const struct manifest *objects, const struct compacted *joined, struct rejects *r,
    struct err *e);

#endif
