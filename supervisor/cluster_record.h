/*
 * cluster_record.h - what we have done at AWS, written down before and after each step.
 *
 * <[LOCAL] DIR>/cluster/IDENTIFIER.jsonl: JSON lines, appended, each on disk before the next
 * request goes out, mode 0600. No secret is in it. A line:
 *
 *   {"at": "2026-08-01T12:00:00.123Z", "account": "123456789012", "region": "us-west-2",
 *    "what": "making", "kind": "role", "id": "dwhRole"}
 *
 *   making, made        a resource; after "making" alone it is open whether AWS has carried it out
 *   adopted             it was there before, --adopt: never removed
 *   removing, removed
 *   up                  the warehouse can be used: host, port, role, manifests (cluster_found.h)
 *   down                it can't any more, or won't in a moment
 *
 * Tags tell the same from any other machine; the record knows besides what has no tag yet.
 */
#ifndef SUPERVISOR_CLUSTER_RECORD_H
#define SUPERVISOR_CLUSTER_RECORD_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

struct cluster_record;

/* A resource, with the last step on it. */
struct record_entry {
	const char *kind, *id, *what, *region;
};

/*
 * Reads what is there; lines of another account are of another cluster of this name, and count for
 * nothing; those of another region for record_standing() alone. write: more will be added;
 * ERR_SETUP/AT_STATE where another process does that. Lives in a; record_close() gives up the lock.
 */
bool record_open(const char *path, bool write, const char *account, struct str region,
    struct arena *a, struct cluster_record **out, struct err *e);
void record_close(struct cluster_record *r); /* NULL is fine */

/* A step on a resource. Fails with AT_STATE: then the step must not be taken. */
bool record_step(
    struct cluster_record *r, const char *what, const char *kind, const char *id, struct err *e);

/* The warehouse; manifests, and secret, the ARN of the password that AWS keeps, may be NULL. */
bool record_up(struct cluster_record *r, const char *host, int64_t port, const char *role,
    const char *manifests, const char *secret, struct err *e);
bool record_down(struct cluster_record *r, struct err *e); /* nothing where it is not up */

/* The last step on it ("made"), or NULL. */
const char *record_last(const struct cluster_record *r, const char *kind, const char *id);

/* Whether it is there by the record, and ours: begun, and not yet known to be removed. */
bool record_stands(const struct cluster_record *r, const char *kind, const char *id);

/* The n-th that stands, in whatever region of the account; NULL behind the last. It may move with
 * the next step. */
const struct record_entry *record_standing(const struct cluster_record *r, size_t n);

#endif
