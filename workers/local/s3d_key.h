/*
 * s3d_key.h - which file holds which key.
 *
 * A plain key is its own path under the bucket's folder, so that unpacked data are objects and
 * objects are readable files. Every other key (1 to 1024 bytes, no NUL) lies under ".s3d/odd/" as
 * the hex of its bytes, cut into names of 200 digits; all names but the last end in "+", so a key
 * that is the beginning of another never needs to be a file and a folder at once.
 *
 * Not plain are keys with empty segments ("a//b", "/a", "a/"), with a segment over 255 bytes, or
 * with one that begins with a dot: ".." and "." would leave the place, and the server's own names
 * begin with one. So names on disk that begin with a dot (.DS_Store, .git) are never objects. A
 * plain key can still find its place taken (key "a" when "a/b" exists); then it is stored as an odd
 * one, see s3d_store.h.
 */
#ifndef WORKERS_LOCAL_S3D_KEY_H
#define WORKERS_LOCAL_S3D_KEY_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/str.h"

#define S3D_PRIVATE ".s3d"
#define S3D_ODD ".s3d/odd"

enum { S3D_KEY_MAX = 1024, S3D_PATH_MAX = 4096 };

bool s3d_key_plain(struct str key);

/* Appends ".s3d/odd/..." of a key. */
void s3d_key_odd(struct buf *path, struct str key);

/* The reverse, of the path below ".s3d/odd/"; false for a file that is not ours. */
bool s3d_key_from_odd(struct buf *key, struct str path);

/* S3's rule for names of buckets: 3 to 63 of a-z 0-9 . -, a letter or digit at both ends, no two
 * dots in a row. */
bool s3d_bucket_name_ok(struct str name);

#endif
