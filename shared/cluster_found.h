/*
 * cluster_found.h - the warehouse that `dwh cluster up` has made, for every other command.
 *
 * The record of a cluster (supervisor/cluster_record.h writes it) is <[LOCAL] DIR>/cluster/
 * IDENTIFIER.jsonl. Its last line "up" says where the warehouse is, unless a line "down" follows;
 * after "paused" all but that is as it was.
 */
#ifndef SHARED_CLUSTER_FOUND_H
#define SHARED_CLUSTER_FOUND_H

#include "shared/config.h"

/* Path of the record of [DWH] CLUSTER_IDENTIFIER. Lives in a. */
const char *cluster_record_path(const struct config *c, struct arena *a);

/*
 * On the engine redshift, where neither [CLUSTER] HOST nor [DWH] DWH_ENDPOINT is set: fills these
 * keys from the record of a cluster that is up, where they are not set: DWH_ENDPOINT, DB_PORT,
 * ROLE_ARN (with [IAM_ROLE] ARN unset, too), [S3] MANIFESTS, and [CLUSTER] DB_SECRET where AWS
 * keeps the password. Of one that is paused, all but DWH_ENDPOINT; and sets dwh.paused. No record
 * is no error. Supervisor and workers call it, each for itself, right after config_load().
 */
bool cluster_found(struct config *c, struct arena *a, struct err *e);

/* Whether the warehouse is that of `dwh cluster up`, made or still to be made: no other is named.
 */
bool cluster_is_ours(const struct config *c, struct arena *a);

#endif
