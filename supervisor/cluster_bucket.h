/* cluster_bucket.h - the bucket for manifests and parts, for those who need its address. */
#ifndef SUPERVISOR_CLUSTER_BUCKET_H
#define SUPERVISOR_CLUSTER_BUCKET_H

#include "supervisor/cluster_site.h"

/* The folder for manifests and parts, "s3://bucket/folder": [S3] MANIFESTS, else a bucket of ours,
 * there already or not; NULL: MANIFESTS is "none". Lives in the site's arena. */
const char *bucket_manifests(struct site *s);

#endif
