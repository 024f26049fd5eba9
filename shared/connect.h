/* connect.h - from the configuration to an open warehouse connection and S3 client. */
#ifndef SHARED_CONNECT_H
#define SHARED_CONNECT_H

#include "shared/config.h"
#include "shared/pg.h"
#include "shared/s3.h"

/* Where the warehouse is: [CLUSTER], or [DWH] where that is silent; on the local engine the
 * services, which must be running (supervisor/local.h). With the password, for which AWS may be
 * asked (dbpassword.h). */
bool connect_target(const struct config *c, struct arena *a, struct pg_target *out, struct err *e);

/* Opens it. name: application_name. */
bool connect_warehouse(
    const struct config *c, struct arena *a, const char *name, struct pg *pg, struct err *e);

/* tick: as in s3.h. */
bool connect_s3(const struct config *c, struct arena *a, bool (*tick)(void *ctx, struct err *e),
    void *tick_ctx, struct s3 **out, struct err *e);

/* Where manifests go: [S3] MANIFESTS, a bucket of the local engine, or NULL (the folder
 * <[LOCAL] DIR>/manifests of this machine). */
const char *connect_manifests(const struct config *c);

/* Redshift, and [S3] MANIFESTS = none: its COPY reads no manifest, but a prefix. */
bool connect_by_prefix(const struct config *c);

#endif
