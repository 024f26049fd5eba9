/*
 * s3d_etags.h - ETags that were read from files, remembered for listings.
 *
 * A file keeps its ETag in an attribute, so that a listing had to open each file of it. What was
 * read once holds as long as the file's inode has the same change time, which every write to
 * content or attributes moves; and only of files that were changed long enough ago for a further
 * change to show.
 */
#ifndef WORKERS_LOCAL_S3D_ETAGS_H
#define WORKERS_LOCAL_S3D_ETAGS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "workers/local/s3d_store.h"

/* Fills size, mtime_ns and etag of *o, without headers; false where nothing is known. */
bool s3d_etags_find(const struct stat *st, struct s3d_object *o);
void s3d_etags_keep(const struct stat *st, const struct s3d_object *o);

#endif
