/*
 * s3d_body.h - how the bytes behind a head become content.
 *
 *     socket ─► Content-Length or chunked ─► aws-chunked, if so signed ─► text or file, digests
 *
 * A body is always read to its end, even when the request has already failed, so that the answer
 * reaches a client that first sends everything; then the bytes go nowhere. The signatures of single
 * chunks are not verified (s3d_http.h); a trailing or leading checksum is.
 */
#ifndef WORKERS_LOCAL_S3D_BODY_H
#define WORKERS_LOCAL_S3D_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "workers/local/s3d_auth.h"
#include "workers/local/s3d_code.h"
#include "workers/local/s3d_digest.h"
#include "workers/local/s3d_http.h"
#include "workers/local/s3d_store.h"

enum s3d_sink {
	S3D_SINK_NONE,
	S3D_SINK_TEXT,  /* into body.text, for documents */
	S3D_SINK_DRAFT, /* into body.draft */
};

enum { S3D_TEXT_MAX = 4 << 20 };
#define S3D_PUT_MAX (INT64_C(5) << 30)

struct s3d_body {
	enum s3d_sink sink;
	enum s3d_code failed; /* S3D_OK, or why the rest goes nowhere */
	bool chunked, aws;    /* framings */
	int64_t left;         /* of Content-Length */
	int64_t want, got;    /* bytes of content; want -1: not said */
	struct s3d_chunks outer, inner;
	struct s3d_digest *digest;
	struct buf text;
	struct s3d_draft draft;
	char md5[33]; /* hex, when sink is DRAFT and s3d_body_check said OK */
};

/* S3D_OK, or why such a body is not taken. With S3D_SINK_NONE it is only read. */
enum s3d_code s3d_body_begin(
    struct s3d_body *b, enum s3d_sink sink, const struct s3d_http *h, const struct s3d_auth *auth);

/* Takes bytes off *in; true at the end of the body. */
bool s3d_body_feed(struct s3d_body *b, struct str *in);

/* False when the framing broke: what follows on the connection cannot be understood. */
bool s3d_body_framed(const struct s3d_body *b);

/* Content from elsewhere than the socket (a copy). */
void s3d_body_add(struct s3d_body *b, struct str data);

/* At its end: length, x-amz-content-sha256, Content-MD5, x-amz-checksum-*. */
enum s3d_code s3d_body_check(
    struct s3d_body *b, const struct s3d_http *h, const struct s3d_auth *auth);

/* Everything but the draft, which s3d_draft_drop ends. */
void s3d_body_free(struct s3d_body *b);

#endif
