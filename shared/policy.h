/*
 * policy.h - what the warehouse's role may do: as little as a COPY needs. Pure.
 *
 * The warehouse reads what the addresses of [S3] name, and the manifests and parts that we write;
 * it writes nothing (we do, with our own keys). So: GetObject below each prefix, ListBucket where
 * the listing is of such a prefix, GetBucketLocation of their buckets.
 */
#ifndef SHARED_POLICY_H
#define SHARED_POLICY_H

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/str.h"

/* IAM's bound on all inline policies of a role together, white space not counted. */
enum { POLICY_MAX = 10240 };

/*
 * The policy document, without white space, for all addresses of [S3]. manifests: the folder for
 * manifests and parts, "s3://bucket/folder"; NULL: that of the configuration, where it has one.
 * partition: "aws". *out lives in a. AT_CONFIG: more addresses than a policy can hold.
 */
bool policy_of_role(const struct config *c, const char *partition, const char *manifests,
    struct arena *a, struct str *out, struct err *e);

/* Who may take the role on: Redshift, provisioned and serverless. A literal. */
struct str policy_of_trust(void);

#endif
