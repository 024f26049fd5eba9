/*
 * unpack.h - a compressed S3 object, in pieces, as the bytes that were compressed.
 *
 * GZIP, BZIP2 and ZSTD as COPY's options of these names: all objects of a COPY are compressed in
 * the same way. An object may hold several gzip members, bzip2 streams or zstd frames, one behind
 * the other, as `cat a.gz b.gz` makes them. Memory is bounded, whatever an object unpacks to: the
 * output goes to a sink in pieces of at most UNPACK_PIECE bytes.
 */
#ifndef WORKERS_UNPACK_H
#define WORKERS_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

enum unpack_kind { UNPACK_NONE, UNPACK_GZIP, UNPACK_BZIP2, UNPACK_ZSTD };

enum { UNPACK_PIECE = 64 << 10 };

/* zstd may look this far back (as with levels up to 19); a frame that wants more is refused. */
enum { UNPACK_WINDOW_LOG = 23 };

enum unpack_result {
	UNPACK_OK,
	UNPACK_STOPPED, /* the sink returned false */
	UNPACK_BAD,     /* *why says what is wrong with the bytes */
};

struct unpack;

struct unpack *unpack_new(enum unpack_kind kind); /* not UNPACK_NONE */
void unpack_free(struct unpack *u);               /* NULL is fine */

/* For a new object. */
void unpack_reset(struct unpack *u);

typedef bool (*unpack_sink)(void *ctx, const char *p, size_t n, struct err *e);

/*
 * The next n bytes of the object; last with its final ones (n may be 0). out has room for
 * UNPACK_PIECE bytes and holds what the sink sees; several decoders may share it. An object of no
 * bytes at all unpacks to nothing.
 */
enum unpack_result unpack_feed(struct unpack *u, const char *p, size_t n, bool last, char *out,
    unpack_sink sink, void *ctx, const char **why, struct err *e);

/* Bytes of memory that the decoder holds for the object it is in. */
size_t unpack_held(const struct unpack *u);

#endif
