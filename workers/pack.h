/*
 * pack.h - bytes as gzip, into a sink: the reverse of unpack.h.
 *
 * The same bytes give the same gzip, however they come in pieces: its header holds neither a time
 * nor a name.
 */
#ifndef WORKERS_PACK_H
#define WORKERS_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

typedef bool (*pack_sink)(void *ctx, const char *p, size_t n, struct err *e);

struct pack;

struct pack *pack_new(pack_sink sink, void *ctx);
void pack_free(struct pack *k); /* NULL is fine */

/* Only the sink can fail. pack_end writes what is left; nothing may be added behind it. */
bool pack_bytes(struct pack *k, const char *p, size_t n, struct err *e);
bool pack_end(struct pack *k, struct err *e);

#endif
