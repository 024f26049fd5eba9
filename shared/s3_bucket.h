/*
 * s3_bucket.h - buckets as such: found, made, tagged, closed to the public, emptied, deleted.
 *
 * The calls of s3.h over a client of that kind, with its errors. Those that only these calls meet
 * are ERR_SETUP, AT_S3: "BucketAlreadyExists" (the name belongs to another account; names are
 * shared by all), "BucketNotEmpty". A name that was just deleted, or is being made by somebody
 * else, is "OperationAborted", ERR_RETRY, and may stay so for an hour.
 *
 * Each of these may be repeated: what was done before, also by a request whose answer was lost, is
 * no error.
 */
#ifndef SHARED_S3_BUCKET_H
#define SHARED_S3_BUCKET_H

#include "shared/s3.h"

/* Whether there is such a bucket, and we may list it (else "AccessDenied"); from then on, in both
 * cases, s3_bucket_region() tells where. */
bool s3_bucket_find(struct s3 *s, struct str bucket, bool *there, struct err *e);

/* Names of this account's buckets, wherever they are, that begin with the prefix: *n of them, in a.
 * "AccessDenied" where they may not be listed. */
bool s3_bucket_list(
    struct s3 *s, struct str prefix, struct arena *a, struct str **names, size_t *n, struct err *e);

/* Makes it in the region of the client's options. *made: false where this account had it before;
 * whether that one may be used, its tags tell. */
bool s3_bucket_create(struct s3 *s, struct str bucket, bool *made, struct err *e);

struct s3_tag {
	struct str key, value;
};

/* These tags in place of those that it has. */
bool s3_bucket_tag(
    struct s3 *s, struct str bucket, const struct s3_tag *tags, size_t n, struct err *e);

/* Its tags, in a; *n is 0 where it has none. */
bool s3_bucket_tags(struct s3 *s, struct str bucket, struct arena *a, struct s3_tag **tags,
    size_t *n, struct err *e);

/* Blocks public access to it, whatever ACLs and policies say. */
bool s3_bucket_block_public(struct s3 *s, struct str bucket, struct err *e);

/* Deletes all objects, a thousand at a time. A bucket that is gone has none. *deleted may be NULL.
 * Whoever calls it has made sure that the bucket is ours. */
bool s3_bucket_empty(struct s3 *s, struct str bucket, uint64_t *deleted, struct err *e);

/* One that is gone is no error. */
bool s3_bucket_delete(struct s3 *s, struct str bucket, struct err *e);

#endif
