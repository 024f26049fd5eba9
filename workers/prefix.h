/*
 * prefix.h - COPY by a bare prefix, where no bucket may be written ([S3] MANIFESTS = none,
 * Redshift).
 *
 *   COPY lane FROM 's3://bucket/prefix' ...       without MANIFEST
 *
 * The cluster lists the prefix itself, so no object of it can be left out, and none can be loaded
 * alone. What that costs, and what holds all the same:
 *
 *   A source is one shard, in one lane, whatever [LOAD] says of shards and lanes.
 *   It is loaded once in a generation: with new objects beside loaded ones it is refused, before
 *   anything is read, until all is loaded again (--fresh, or --changed reload).
 *   Before COMMIT the prefix is listed again, and must be exactly what was listed: an object that
 *   came, went or changed meanwhile rolls the COPY back (relist.h).
 *   There is no quarantine: a bad object cannot be left out.
 *   The manifest lies in a folder of this machine. It says what is loaded, and COPY never reads it.
 *   The verdict is UNVERIFIED: that the cluster has seen the same list is likely, not proven.
 */
#ifndef WORKERS_PREFIX_H
#define WORKERS_PREFIX_H

#include "workers/cut.h"
#include "workers/tasks.h"

/* Said of its shards, which are UNVERIFIED for ever. */
#define PREFIX_UNVERIFIED                                                                          \
	"[S3] MANIFESTS is none, and that the cluster has seen the objects that were listed is "   \
	"likely, not proven"

bool prefix_is_on(const struct worker *w);

/* It is set up for that: called before anything is touched. ERR_SETUP/AT_CONFIG. */
bool prefix_probe(const struct worker *w, struct err *e);

/* A listing is to be of the whole of the source, whose prefix that is: of a part it is
 * ERR_SETUP/AT_STATE, with the remedy. A shard that is listed again becomes the whole. */
bool prefix_check_part(const struct msg_list *m, struct str prefix, struct err *e);

/* A shard of c is about to be cut: nothing of the source may be loaded or held back beside it. */
bool prefix_check_rest(const struct cut *c, struct err *e);

/* The same when it is about to be loaded, of whatever other runs and listings have done; and that
 * it has one lane. Its lane was waited for before (locks_fence). */
bool prefix_check_first(
    struct worker *w, const struct msg_copy *m, struct str relation, struct err *e);

/* The address in the COPY: that of the source. */
struct str prefix_address(const struct worker *w, const struct sqlfile *f);

#endif
