/* redshiftd_extended.h - the extended protocol of a session. */
#ifndef WORKERS_LOCAL_REDSHIFTD_EXTENDED_H
#define WORKERS_LOCAL_REDSHIFTD_EXTENDED_H

#include "workers/local/redshiftd_session.h"

/* Lives in a. */
struct extended *extended_new(struct arena *a);

/* One of P, B, D, E, C, H, S; false where it is none, and the session must end. */
bool extended_take(struct session *s, struct extended *x, const struct wire_msg *m);

#endif
