/*
 * merge.h - [LOAD] STRATEGY = merged: one shard, one manifest, one COPY of each source.
 *
 * Several workers list a source all the same, each a part of it. What a part has that is new is no
 * shard then, but a piece: a manifest in the run's folder, named by the task that listed it. When
 * all parts are listed, the step merge joins the pieces to the one shard.
 *
 * A piece is there, and whole, if its task is done. A worker that died may have left one, too, and
 * the next attempt may find something else or nothing: so a task begins by taking its piece away.
 * Pieces stay until the shard is staged: a merge whose worker died is done again.
 */
#ifndef WORKERS_MERGE_H
#define WORKERS_MERGE_H

#include "workers/manifest.h"

/* Whether listings keep pieces, and nothing is cut by [LOAD] SHARD_BYTES and SHARD_OBJECTS. */
bool merge_is_on(const struct worker *w, bool validate);

/* Writes the piece of the listing that is task `id`, and sends its fact: a shard without a digest.
 * relation: "schema.stem", as below. */
bool merge_keep(
    struct worker *w, int64_t id, struct str relation, const struct manifest *m, struct err *e);

/* Takes it away, where there is one; or all of a relation's. */
bool merge_forget(struct worker *w, struct str relation, int64_t id, struct err *e);
void merge_forget_all(struct worker *w, struct str relation);

/* The step merge: `pieces` of them become the shard, whose fact is sent; none where none are. */
bool task_merge(struct worker *w, const struct sqlfile *f, int64_t pieces, struct msg_done *done,
    struct err *e);

#endif
