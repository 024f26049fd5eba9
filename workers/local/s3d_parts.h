/*
 * s3d_parts.h - multipart uploads on disk: BUCKET/.s3d/uploads/ID/, so that one survives a restart.
 *
 *     key          bytes of the key, newline, the key, the header lines of the object to be
 *     00001-MD5    part 1; a part that is sent again replaces the old one
 *
 * ID is 32 random hex digits.
 */
#ifndef WORKERS_LOCAL_S3D_PARTS_H
#define WORKERS_LOCAL_S3D_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arena.h"
#include "workers/local/s3d_store.h"

enum { S3D_PART_MAX = 10000 };
#define S3D_PART_MIN (INT64_C(5) << 20) /* bytes, but for the last one */

struct s3d_part {
	int number;
	char md5[33];
	int64_t size;
	int64_t time_s;
};

struct s3d_upload {
	char id[33];
	struct str key, headers;
	int64_t time_s;
};

/* Makes one; the id is in up->id. */
enum s3d_code s3d_upload_new(
    const struct s3d_bucket *b, struct str key, struct str headers, struct s3d_upload *up);

/* S3D_NO_SUCH_UPLOAD unless it is one for this key (any key where key.n is 0). Strings in a. */
enum s3d_code s3d_upload_find(const struct s3d_bucket *b, struct str id, struct str key,
    struct arena *a, struct s3d_upload *up);

/* The draft becomes a part. */
enum s3d_code s3d_part_add(const struct s3d_bucket *b, const struct s3d_upload *up, int number,
    const char *md5, struct s3d_draft *d);

/* By number; in a. */
void s3d_part_list(const struct s3d_bucket *b, const struct s3d_upload *up, struct arena *a,
    struct s3d_part **parts, size_t *n);

/* A descriptor to read it, or -1. */
int s3d_part_open(
    const struct s3d_bucket *b, const struct s3d_upload *up, const struct s3d_part *p);

void s3d_upload_remove(const struct s3d_bucket *b, const struct s3d_upload *up);

/* All of the bucket, by key and time; in a. */
void s3d_upload_list(
    const struct s3d_bucket *b, struct arena *a, struct s3d_upload **uploads, size_t *n);

#endif
