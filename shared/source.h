/* source.h - where a COPY of the model reads from, before anything is loaded. */
#ifndef SHARED_SOURCE_H
#define SHARED_SOURCE_H

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/s3.h"
#include "shared/sqlfile.h"

/*
 * Whether it may be listed, and has objects, or need have none ([LOAD] ALLOW_EMPTY); the error
 * names its key of [S3]. tick: before each page; may be NULL. a: scratch.
 */
bool source_probe(struct s3 *s3, const struct config *c, const struct sqlfile *f,
    bool (*tick)(void *ctx, struct err *e), void *ctx, struct arena *a, struct err *e);

#endif
