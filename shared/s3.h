/*
 * s3.h - the S3 client: list, get, put, upload, head, delete.
 *
 * Every call signs (or not, when anonymous), sends, and judges the answer. Within a call it tries
 * again, after a random pause that grows, what may pass (5xx, SlowDown, resets); it follows a
 * bucket to its region, corrects a wrong clock and renews keys that have expired, each once. What
 * is left is an error with a kind:
 *
 *   ERR_SETUP    AT_CONFIG  the credentials, the region or the clock are wrong
 *   ERR_SETUP    AT_S3      no such bucket, no access to the bucket, bad bucket name
 *   ERR_TASK     AT_S3      this object: no access, not there, archived
 *   ERR_CHANGED  AT_S3      the object is not the one whose ETag was given
 *   ERR_RETRY    AT_S3      still failing after all attempts
 *   tick's       the tick said stop
 *
 * code is S3's own ("NoSuchBucket") or that of http.h; the message names the s3:// address, what
 * S3 said, and what to do.
 *
 * ETags are without their quotes everywhere in this program.
 */
#ifndef SHARED_S3_H
#define SHARED_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/credentials.h"
#include "shared/err.h"
#include "shared/str.h"

struct s3;

struct s3_options {
	const char *endpoint; /* "http://127.0.0.1:9000", addressed path style; NULL: AWS itself */
	const char *endpoint_from; /* what set it, for messages: a literal; NULL: [AWS] ENDPOINT */
	struct str region;
	const struct credentials *credentials; /* copied; what renews the copy must live on */
	bool request_payer;
	/* The account that each bucket must belong to ("123456789012"): S3 refuses what is
	 * another's, even where its owner lets us in. NULL: anybody's. */
	const char *bucket_owner;
	int attempts; /* tries of one request; 0: 5 */
	/* Called several times a second while S3 is waited for; false: give up, with its error. May
	 * be NULL. */
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;
};

/* Fails (ERR_SETUP, AT_CONFIG) on an endpoint that is no URL and on an impossible region. */
bool s3_open(const struct s3_options *o, struct s3 **out, struct err *e);
void s3_close(struct s3 *s); /* NULL is fine */

/* The region that a bucket turned out to be in; that of the options until S3 said otherwise. Lives
 * as long as s. */
struct str s3_bucket_region(const struct s3 *s, struct str bucket);

/* The keys that requests are signed with. Live as long as s. */
const struct credentials *s3_credentials(const struct s3 *s);

/* How far S3's clock is ahead of ours, by the Date of its last answer (whole seconds); false where
 * none has told yet. */
bool s3_clock(const struct s3 *s, int64_t *ahead_ms);

/* Why requests were sent again: each code with its first message. The last one may be "other". */
struct s3_cause {
	char code[40];
	char first[sizeof((struct err *)0)->msg];
	uint64_t times;
};

enum { S3_CAUSES = 12 };

struct s3_stats {
	uint64_t requests;
	uint64_t retries; /* of these: sent again after a failure, a redirect or a wrong clock */
	uint64_t bytes_in, bytes_out;
	uint64_t status[6]; /* answers by class: [2] 2xx ...; [0]: requests without an answer */
};

struct s3_stats s3_stats(const struct s3 *s);

/* The causes since they were last forgotten: *n of them, in the order of their first times. */
const struct s3_cause *s3_causes(const struct s3 *s, size_t *n);
void s3_forget_causes(struct s3 *s);

/* "s3://bucket/key" in two; key may be empty. Views of url. ERR_SETUP, AT_CONFIG. */
bool s3_url_parse(struct str url, struct str *bucket, struct str *key, struct err *e);

struct s3_object {
	struct str key;
	struct str etag;
	uint64_t size;
};

struct s3_list {
	struct str bucket, prefix;
	struct str delimiter;   /* empty: none */
	struct str start_after; /* a key; empty: from the first */
	struct str token;       /* next_token of the page before; else empty */
	int max_keys;           /* 1 to 1000; 0: as many as S3 gives */
	bool without_archived;  /* archived objects are left out, too, and are no error */
};

struct s3_page {
	struct s3_object *objects; /* in byte order of their keys */
	size_t n_objects;
	struct str *prefixes; /* with a delimiter: the "folders" */
	size_t n_prefixes;
	bool truncated;        /* there is more: ask again, with the same req and this token */
	struct str next_token; /* opaque */
};

/*
 * One page (ListObjectsV2). *page lives in a. Objects of size 0 whose key ends in "/" are folder
 * marks of consoles, no data: they are left out. An archived object (GLACIER, DEEP_ARCHIVE) is
 * ERR_TASK, because a load without it would be silently short.
 */
bool s3_list(
    struct s3 *s, const struct s3_list *req, struct s3_page *page, struct arena *a, struct err *e);

/* Of one object; etag is "" where the server gave none. */
struct s3_info {
	uint64_t size;
	char etag[136];
};

/*
 * A whole object, added to *out, whose bound is the bound of the object (else ERR_TASK, "large").
 * etag: the one that it must have; empty: any. info may be NULL.
 */
bool s3_get(struct s3 *s, struct str bucket, struct str key, struct str etag, struct buf *out,
    struct s3_info *info, struct err *e);

/* content_type and info may be NULL. */
bool s3_put(struct s3 *s, struct str bucket, struct str key, struct str body,
    const char *content_type, struct s3_info *info, struct err *e);

/*
 * A body of any length in pieces, to one object: s3_upload_new, s3_upload_bytes ..., s3_upload_end,
 * and s3_upload_free in any case. What fits into S3_PART bytes is one PUT; from there on it is a
 * multipart upload, of which S3 shows nothing before its end. One that was not ended is given up by
 * s3_upload_free, and the parts that S3 holds of it are deleted, also when the tick says stop. (A
 * process that is killed leaves them: a lifecycle rule of the bucket should remove such uploads.
 * One whose beginning was answered in vain, so that its name is not known, has no parts.)
 *
 * Memory: S3_PART bytes. bucket, key and content_type (which may be NULL) are copied. The bound is
 * 10000 parts: 78 GiB, ERR_TASK, "large".
 */
enum { S3_PART = 8 << 20 };

struct s3_upload;

struct s3_upload *s3_upload_new(
    struct s3 *s, struct str bucket, struct str key, const char *content_type);
bool s3_upload_bytes(struct s3_upload *u, const char *p, size_t n, struct err *e);
bool s3_upload_end(struct s3_upload *u, struct s3_info *info, struct err *e);
void s3_upload_free(struct s3_upload *u); /* NULL is fine */

/* An object that is not there is ERR_TASK with the code "NoSuchKey". With an empty key: the bucket,
 * ERR_SETUP, "NoSuchBucket". info may be NULL. */
bool s3_head(struct s3 *s, struct str bucket, struct str key, struct s3_info *info, struct err *e);

/* No error where there is no such object. */
bool s3_delete(struct s3 *s, struct str bucket, struct str key, struct err *e);

#endif
