/*
 * dbpassword.h - whose password opens the warehouse, and where it comes from.
 *
 * The first of these that is set:
 *
 *   [CLUSTER] DB_PASSWORD   as it stands
 *   [CLUSTER] IAM_AUTH      on redshift: AWS gives one for a quarter of an hour, for the cluster or
 *                           workgroup [DWH] CLUSTER_IDENTIFIER. user: for DB_USER, who must exist
 *                           (GetClusterCredentials); role: for whom the AWS keys belong to
 *                           (GetClusterCredentialsWithIAM); serverless: GetCredentials
 *   [CLUSTER] DB_SECRET     on redshift: Secrets Manager keeps it, and the user's name
 *   [DWH] DB_PASSWORD       that of the admin of a new cluster
 *   PGPASSWORD, ~/.pgpass   which libpq looks at by itself
 *
 * A password that expires does so for logins only: a session outlives it. So one is fetched when a
 * connection is made, and kept for the next one of this process that is to the same warehouse, by
 * the same user and AWS key, until it is about to expire.
 */
#ifndef SHARED_DBPASSWORD_H
#define SHARED_DBPASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"

struct dbpassword {
	const char *user;     /* NULL: as configured. Of AWS's, verbatim: "IAM:loader" */
	const char *password; /* secret; NULL: libpq's to find */
	const char *from; /* "dwh.cfg:12", "GetClusterCredentials of dwh-cluster"; NULL with NULL */
	int64_t expires_ms; /* wall clock; 0: never, as far as is known */
	bool kept;          /* not asked for now, but from before */
};

/*
 * May ask AWS: fails as aws.h says, but that what is refused is ERR_SETUP, AT_WAREHOUSE, with the
 * remedy. tick (may be NULL) is called while that is waited for. Strings live in a, and as long as
 * *c's do.
 */
bool dbpassword_find(const struct config *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx,
    struct arena *a, struct dbpassword *out, struct err *e);

/* What may be wrong where it fails, and the permission that it needs: what the message ends with. A
 * literal; NULL where AWS is not asked. */
const char *dbpassword_remedy(const struct config *c);

/* The one that is kept was refused: the next is fetched anew. */
void dbpassword_forget(void);

/* dwh.abc123.us-west-2.redshift.amazonaws.com, workgroup.account.us-west-2.redshift-serverless...:
 * "us-west-2"; empty where the name does not tell. A view of it. */
struct str dbpassword_region_of_host(const char *host);

#endif
