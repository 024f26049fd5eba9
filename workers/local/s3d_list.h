/*
 * s3d_list.h - one page of a listing: prefix, delimiter, where to begin, how many. Pure: the keys
 * come from a function, the page is a table.
 *
 * Keys are in byte order. With a delimiter, all keys that go on with the same text up to the first
 * delimiter behind the prefix count as one item, a common prefix. A start-after (or marker) inside
 * such a group skips the group: the last item of a page may be a common prefix, and version 1
 * clients continue with it.
 */
#ifndef WORKERS_LOCAL_S3D_LIST_H
#define WORKERS_LOCAL_S3D_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/str.h"

enum { S3D_LIST_MAX = 1000 };

struct s3d_list_query {
	struct str prefix;
	struct str delimiter; /* any length; empty: none */
	struct str after;     /* start-after, marker; empty: from the beginning */
	struct str from;      /* bound of a continuation token; goes before `after` */
	size_t max;           /* at most S3D_LIST_MAX */
};

struct s3d_list_item {
	struct str name;
	bool prefix; /* a common prefix, not a key */
};

struct s3d_list_page {
	struct s3d_list_item *items;
	size_t n;
	bool truncated;
	struct str next; /* then: the bound to go on from */
};

/* The first key not before `from`, into key; false at the end. */
typedef bool s3d_list_next(void *ctx, struct str from, struct buf *key);

/* Everything in *page lives in a. */
void s3d_list_page(const struct s3d_list_query *q, s3d_list_next *next, void *ctx, struct arena *a,
    struct s3d_list_page *page);

/*
 * Continuation tokens: base64 of a check byte and the bound, scrambled, so that nobody takes them
 * for keys, and with all of base64's characters in them, which clients must escape. Decoding fails
 * on what was not made here.
 */
struct str s3d_list_token(struct arena *a, struct str bound);
bool s3d_list_token_read(struct arena *a, struct str token, struct str *bound);

#endif
