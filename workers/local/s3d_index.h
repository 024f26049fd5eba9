/*
 * s3d_index.h - the names in a bucket, sorted as S3 sorts keys, so that a page of a listing costs
 * what it holds and not what the bucket holds.
 *
 * It mirrors the folders: each has its names sorted as they stand in keys (a sub-folder "a" as
 * "a/", so "a-b" comes before "a/x"). Only names are kept; sizes and ETags are asked of the files
 * of a page. A folder is read again when its modification time is not what it was, which is how
 * changes from outside are noticed: one stat for each folder that a page comes through. A time so
 * fresh that the clock of the file system may not tick before the next change is not trusted, and
 * the folder is read once more.
 *
 * Odd keys (s3d_key.h) have a tree of their own, decoded into one sorted array when it changes.
 * Names that begin with a dot and anything that is not a plain file or a folder are left out.
 */
#ifndef WORKERS_LOCAL_S3D_INDEX_H
#define WORKERS_LOCAL_S3D_INDEX_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/str.h"

struct s3d_index;

struct s3d_index *s3d_index_new(void);
void s3d_index_free(struct s3d_index *x); /* NULL is fine */

/* From here on it agrees with the folder that fd is open on, which stays open: each folder of it is
 * looked at when s3d_index_next comes to it for the first time. */
void s3d_index_refresh(struct s3d_index *x, int fd);

/* The first key that is not before `from`, into key (reset first); false when there is none. */
bool s3d_index_next(struct s3d_index *x, struct str from, struct buf *key);

bool s3d_index_empty(struct s3d_index *x);

#endif
