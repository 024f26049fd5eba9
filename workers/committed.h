/*
 * committed.h - the objects that are loaded already, in step with a listing.
 *
 * They are the entries of the manifests of a generation's committed shards. A listing asks for its
 * keys in order, so a manifest is read when the first key comes that may be in it, and given back
 * behind its last: as many are in memory as overlap there, mostly one or two.
 */
#ifndef WORKERS_COMMITTED_H
#define WORKERS_COMMITTED_H

#include "workers/manifest.h"

struct committed_shard;

struct committed {
	struct worker *w;
	struct committed_shard *shards; /* those that may hold keys of the part, by their first */
	size_t n, next;                 /* next: the first one that was not needed so far */
	size_t from;                    /* shards before it are done with */
};

/*
 * For keys that begin with prefix, are greater than after and not greater than upto ("" for no
 * bound). Reads the ledger.
 */
bool committed_open(struct committed *c, struct worker *w, struct str relation, int64_t generation,
    struct str prefix, struct str after, struct str upto, struct err *e);

/*
 * The entry with this key, or NULL; valid until the next call. Keys come in ascending order. A
 * manifest that cannot be read is an error (manifest_read), and none of the keys that it may hold
 * has been answered then.
 */
bool committed_find(struct committed *c, struct str key, const struct object **out, struct err *e);

void committed_close(struct committed *c); /* also of one that was never opened */

#endif
