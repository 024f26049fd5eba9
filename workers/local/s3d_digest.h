/* s3d_digest.h - the digests of a body as it streams by: those that the request asks for, and the
 * MD5 that becomes its ETag. */
#ifndef WORKERS_LOCAL_S3D_DIGEST_H
#define WORKERS_LOCAL_S3D_DIGEST_H

#include <stdbool.h>

#include "shared/str.h"

enum s3d_digest_kind {
	S3D_MD5 = 1,
	S3D_SHA256 = 2,
	S3D_SHA1 = 4,
	S3D_CRC32 = 8, /* big-endian bytes, as x-amz-checksum-crc32 has them */
	S3D_CRC32C = 16,
};

enum { S3D_DIGEST_KINDS = 5, S3D_DIGEST_MAX = 32 };

struct s3d_digest;

/* kinds: a sum of enum s3d_digest_kind; 0 gives NULL, which the others take as "nothing to do". */
struct s3d_digest *s3d_digest_new(unsigned kinds);
void s3d_digest_add(struct s3d_digest *d, struct str bytes);

/* Ends it: each kind may be asked for once. Returns the length; 0 when it was not kept. */
size_t s3d_digest_end(
    struct s3d_digest *d, enum s3d_digest_kind kind, unsigned char out[S3D_DIGEST_MAX]);
void s3d_digest_free(struct s3d_digest *d);

#endif
