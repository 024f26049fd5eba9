/*
 * s3d_disk.h - paths below a folder that never leave it.
 *
 * No symbolic link is followed on the way, so neither a key nor a link that was put into a bucket
 * reaches a file outside. openat2 does it in one call; where the kernel has none, each component is
 * opened by itself.
 */
#ifndef WORKERS_LOCAL_S3D_DISK_H
#define WORKERS_LOCAL_S3D_DISK_H

#include <stdbool.h>

#include "shared/str.h"

/* path: relative, no "..", NUL-terminated. flags for an existing file. -1 and errno on failure;
 * errno is ELOOP for a link. */
int s3d_disk_open(int dir, const char *path, int flags);

/* The folder `path` (may be empty: dir itself), made with its parents where missing. A descriptor
 * to close, or -1 and errno. */
int s3d_disk_folder(int dir, struct str path);

/* Opens the parent of path; *name is its last component (a view into path). */
int s3d_disk_parent(int dir, struct str path, bool make, struct str *name);

/* Removes the file and those of its parents that became empty. False and errno when there was no
 * such file (or it is no file). */
bool s3d_disk_remove(int dir, struct str path);

/* Removes a folder and all in it (server's own folders only), without following links. */
void s3d_disk_remove_tree(int dir, const char *name);

/* Removes empty folders below dir, deepest first. */
void s3d_disk_prune(int dir);

#endif
