/*
 * local.h - the services of a run on one machine: a private PostgreSQL and an S3 server over a
 * folder, kept up exactly as long as some command uses them.
 */
#ifndef SUPERVISOR_LOCAL_H
#define SUPERVISOR_LOCAL_H

#include <stdbool.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/localstate.h"

/* Makes and finds the folder [LOCAL] DIR, with its local/, and the one that holds the buckets:
 * [LOCAL] BUCKETS, which must be there, or DIR/buckets. Refuses what another user made. */
bool local_folders(
    const struct config *c, struct arena *a, const char **dir, const char **buckets, struct err *e);

/*
 * Joins the services of [LOCAL] DIR, starting them where they do not run (0.2 s; the first time,
 * when PostgreSQL makes its data, about 2 s). From now on they stay up until local_down or the end
 * of this process, whatever end. Where out->note is set, the user should see it. Strings live in a.
 * A signal that is handled ends the wait with ERR_CANCELLED.
 */
bool local_up(const struct config *c, struct arena *a, struct local *out, struct err *e);

/* Of services that somebody starts for himself. All zero: as `dwh run` has them. */
struct local_manner {
	const char *s3_latency; /* S3 waits so long before each answer ("30ms"); NULL: not */
	bool passing;           /* PostgreSQL's data are removed when the services end */
};

/* The same, in a DIR of one's own: a manner holds for services that this call starts. */
bool local_up_as(const struct config *c, const struct local_manner *m, struct arena *a,
    struct local *out, struct err *e);

/*
 * Leaves them. The last one to leave waits until they have ended, so that nothing of a command is
 * left when it returns. An all-zero struct is fine.
 */
void local_down(struct local *l);

#endif
