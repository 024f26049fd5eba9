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
 *   refused             it was not made: what is there later under that name is not ours by this
 *   adopted             it was there before, --adopt: never removed
 *   removing, removed
 *   up                  the warehouse can be used: host, port, role, manifests (cluster_found.h)
 *   paused              it can't until it is resumed; the rest of its "up" holds
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

enum record_mode {
	RECORD_READ,
	RECORD_WRITE, /* more will be added */
	RECORD_TRY,   /* likewise; where that is not possible, it is as if it had failed later */
};

/*
 * Reads what is there; lines of another account are of another cluster of this name, and count for
 * nothing; those of another region for record_standing() alone. ERR_SETUP/AT_STATE where another
 * process adds to it. Lives in a; record_close() gives up the lock.
 */
bool record_open(const char *path, enum record_mode mode, const char *account, struct str region,
    struct arena *a, struct cluster_record **out, struct err *e);
void record_close(struct cluster_record *r); /* NULL is fine */

/* The first failure to write, or, *unread, to read it; NULL: none. */
const struct err *record_failure(const struct cluster_record *r, bool *unread);

/* A step on a resource. Fails with AT_STATE: then nothing new must be made. */
bool record_step(
    struct cluster_record *r, const char *what, const char *kind, const char *id, struct err *e);

/* The warehouse; manifests, and secret, the ARN of the password that AWS keeps, may be NULL. */
bool record_up(struct cluster_record *r, const char *host, int64_t port, const char *role,
    const char *manifests, const char *secret, struct err *e);
bool record_paused(struct cluster_record *r, struct err *e);
bool record_down(struct cluster_record *r, struct err *e); /* nothing where it is neither */

/* Whether the warehouse is up by it. */
bool record_is_up(const struct cluster_record *r);

/* The last step on it ("made"), or NULL. */
const char *record_last(const struct cluster_record *r, const char *kind, const char *id);

/* Whether it is there by the record, and ours: begun, and not yet known to be removed. */
bool record_stands(const struct cluster_record *r, const char *kind, const char *id);

/* The n-th that stands, in whatever region of the account; NULL behind the last. It may move with
 * the next step. */
const struct record_entry *record_standing(const struct cluster_record *r, size_t n);

#endif
