/*
 * quarantine.h - dwh.quarantine: the objects that are held back because their data cannot be
 * loaded.
 *
 * An object is held in the version that has its etag: no listing takes that up again, so no later
 * load stumbles over it; another version is another object, and tried. `dwh quarantine retry`
 * takes objects out, `drop` gives them up: they stay held, and are no longer counted.
 *
 * [LOAD] MAX_BAD_OBJECTS and MAX_BAD_RATIO say how many of a source may be held; where neither is
 * set none is, and its shard fails.
 */
#ifndef WORKERS_QUARANTINE_H
#define WORKERS_QUARANTINE_H

#include "workers/manifest.h"
#include "workers/rejects.h"
#include "workers/tasks.h"

bool quarantine_is_on(const struct worker *w);

/* The objects of a bucket that are held, with their etags; in w->task, in key order. */
bool quarantine_read(struct worker *w, struct str relation, int64_t generation, struct str bucket,
    struct object **out, size_t *n, struct err *e);

/* There is another version of it now than the one of that ETag; the empty str: than any. */
bool quarantine_forget(struct worker *w, struct str relation, int64_t generation, struct str bucket,
    struct str key, struct str etag, struct err *e);

/*
 * Holds the objects of `bad`, why[i] being what is wrong with objects[i] (its `object` is not
 * used), and writes them a manifest of their own, the reasons beside the keys. One transaction of
 * its own. ERR_DATA, and nothing is held, when the source would have more than MAX_BAD_OBJECTS.
 */
bool quarantine_hold(struct worker *w, struct str relation, int64_t generation,
    const struct manifest *bad, const struct bad_record *why, struct err *e);

/* Not more of the source are held than it may have (ERR_DATA); fills done->quarantined. Within a
 * transaction that holds the relation. */
bool quarantine_check(struct worker *w, struct str relation, int64_t generation,
    struct msg_done *done, struct err *e);

#endif
