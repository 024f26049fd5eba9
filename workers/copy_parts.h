/*
 * copy_parts.h - the small objects of a shard, joined (compact.h) before Redshift is to copy them.
 *
 *   redshift_prepare   before BEGIN: parts, and manifests of them and of what is left alone
 *   -> BEGIN -> one COPY for each of the two -> ... COMMIT, evidence ->
 *   copy_parts_remove  what was verified needs no parts any more
 *
 * [LOAD] KEEP_PARTS keeps these, and so does a load that is UNVERIFIED, until it is settled
 * (evidence.h). A try that fails leaves its
 * parts, and the next one finds them by their names: nothing is read or written twice; but a
 * MISMATCH may be theirs, so that they are made anew. Where no next one comes, redshift_forget
 * takes them away: the shard turns out to be committed, or others have taken its place. What is
 * left by a shard that is never tried again, because its objects were mended or its run given up,
 * stays under MANIFESTS/parts; nothing but a run that is going on needs what lies there.
 */
#ifndef WORKERS_COPY_PARTS_H
#define WORKERS_COPY_PARTS_H

#include "workers/compact.h"

struct copy_parts {
	struct compacted c;
	struct str joined, alone; /* addresses of the manifests of c.parts and c.alone, or "" */
};

/* found: also what an earlier try had made. What cannot be removed stays, and is logged: it is of
 * no use, and does no harm. */
void copy_parts_remove(struct worker *w, const struct copy_parts *p, bool found);

#endif
