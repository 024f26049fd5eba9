/*
 * copy_parts.h - the small objects of a shard, joined (compact.h) before Redshift is to copy them.
 *
 *   copy_parts_make        before BEGIN: parts, and manifests of them and of what is left alone
 *   -> BEGIN -> one COPY for each of the two -> ... COMMIT, evidence ->
 *   copy_parts_remove      what was verified needs no parts any more
 *
 * A try that fails leaves its parts, and the next one finds them by their names: nothing is read or
 * written twice. Where no next one comes, copy_parts_forget takes them away: the shard turns out to
 * be committed, or others take its place. What a shard leaves that is never tried again (its run is
 * given up) stays under MANIFESTS/parts; nothing but a run that is going on needs what lies there.
 */
#ifndef WORKERS_COPY_PARTS_H
#define WORKERS_COPY_PARTS_H

#include "workers/compact.h"

struct copy_parts {
	struct compacted c;
	struct str joined, alone; /* addresses of the manifests of c.parts and c.alone, or "" */
};

/* Whether small objects of a source with this COPY are joined at all, whatever a shard has. */
bool copy_parts_are_made(const struct worker *w, const struct copystmt *stmt);

/*
 * *out, in w->task, is NULL where the shard is to be copied as it is. Fills objects_joined, parts
 * and fetch_ms of *done, and its note: what is left alone, and why. No transaction is open.
 */
bool copy_parts_make(struct worker *w, const struct copystmt *stmt, struct str relation,
    const struct manifest *objects, struct msg_done *done, struct copy_parts **out, struct err *e);

/* found: also what an earlier try had made. With [LOAD] KEEP_PARTS, nothing. What cannot be removed
 * stays, and is logged: it is of no use, and does no harm. */
void copy_parts_remove(struct worker *w, const struct copy_parts *p, bool found);

/* The same of what an earlier try of the shard has left. */
void copy_parts_forget(struct worker *w, const struct copystmt *stmt, struct str relation,
    const struct manifest *objects);

#endif
