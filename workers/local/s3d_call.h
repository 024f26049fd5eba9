/*
 * s3d_call.h - one request, from its head to its answer; no sockets in here.
 *
 * The connection (s3d_conn.c) drives it:
 *
 *     s3d_call_begin ──► BODY ── s3d_call_feed until true ──► s3d_call_end ──► REPLY
 *              │                                                   │             ▲
 *              └──────────── REPLY, or WORK ◄──────────────────────┘             │
 *                                     └──────── s3d_call_work until REPLY ───────┘
 *
 * WORK is for operations that copy: each call does a piece, so that one long copy does not hold up
 * the other connections. Whatever happens, s3d_call_clear ends it.
 */
#ifndef WORKERS_LOCAL_S3D_CALL_H
#define WORKERS_LOCAL_S3D_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "workers/local/s3d_auth.h"
#include "workers/local/s3d_body.h"
#include "workers/local/s3d_code.h"
#include "workers/local/s3d_fault.h"
#include "workers/local/s3d_http.h"
#include "workers/local/s3d_parts.h"
#include "workers/local/s3d_store.h"
#include "workers/local/s3d_value.h"

/* The server, as operations see it. */
struct s3d {
	struct s3d_store store;
	struct s3d_keys keys;
	struct str region;
	bool anonymous;
	int64_t latency_ms; /* before each request is looked at */
	struct s3d_faults faults;
	int log;           /* descriptor for a line per request (s3d_log.h), -1: none */
	uint64_t requests; /* so far */
};

struct s3d_reply {
	int status;
	struct buf head; /* all of it, when s3d_reply_end was called */
	struct buf body;
	int fd;           /* then this file, or -1 */
	int64_t at, left; /* its bytes still to send */
	int64_t sent;     /* of body and file, so far */
	bool close;       /* the connection ends with it */
};

enum s3d_phase { S3D_PHASE_BODY, S3D_PHASE_WORK, S3D_PHASE_REPLY };

struct s3d_call {
	struct s3d *s;
	struct arena *arena; /* reset by s3d_call_clear */
	struct s3d_http http;
	struct str bucket, key; /* decoded; empty when the path has none */
	struct s3d_param *params;
	size_t n_params;
	const struct s3d_op *op;
	const struct s3d_fault *fault;
	struct s3d_auth auth;
	struct s3d_body body;
	enum s3d_code failed; /* decided already; the body is only read */
	const char *message;  /* better than that of the code, or NULL */
	char id[17];          /* x-amz-request-id */
	int64_t came;         /* when, milliseconds since 1970 */
	struct s3d_reply reply;

	/* Operations that copy. */
	struct {
		bool begun;
		int fd; /* being read, or -1 */
		int64_t left;
		struct s3d_part *parts; /* those still to come */
		size_t n_parts;
		char etag[S3D_ETAG_MAX]; /* of the result */
		struct str headers;      /* of the result */
	} job;
};

void s3d_call_init(struct s3d_call *c, struct s3d *s);

/* c->http is parsed; its views must stay until s3d_call_clear. */
enum s3d_phase s3d_call_begin(struct s3d_call *c);
bool s3d_call_feed(struct s3d_call *c, struct str *in);
enum s3d_phase s3d_call_end(struct s3d_call *c);
enum s3d_phase s3d_call_work(struct s3d_call *c);

/* An answer to what is no request. */
void s3d_call_refuse(struct s3d_call *c, enum s3d_code code);

/* Frees what the request holds, drafts included; ready for the next one. */
void s3d_call_clear(struct s3d_call *c);

/* The rest is for the operations. */

enum s3d_level { S3D_SERVICE, S3D_BUCKET, S3D_OBJECT };

struct s3d_op {
	const char *method;
	enum s3d_level level;
	const char *param;  /* query parameter that selects it, or NULL */
	const char *header; /* header that selects it, or NULL */
	enum s3d_class on;
	enum s3d_sink sink;
	/* Before the body; may be NULL. */
	enum s3d_code (*prepare)(struct s3d_call *c);
	/* After it; S3D_LATER: again. On S3D_OK the reply was begun. */
	enum s3d_code (*run)(struct s3d_call *c);
};

const struct str *s3d_call_param(const struct s3d_call *c, const char *name);
const struct str *s3d_call_header(const struct s3d_call *c, const char *name);

/* Sets a better message; returns code. */
enum s3d_code s3d_call_fail(struct s3d_call *c, enum s3d_code code, const char *message);

/* The bucket of the request, as it is now. */
enum s3d_code s3d_call_bucket(struct s3d_call *c, struct s3d_bucket **b);

/* "content-type" ... "x-amz-meta-*" of the request as lines to keep; false: over 2 KiB. */
bool s3d_call_headers(struct s3d_call *c, struct str *lines);

void s3d_reply_begin(struct s3d_call *c, int status);
void s3d_reply_header(struct s3d_call *c, const char *name, struct str value);
void s3d_reply_etag(struct s3d_call *c, const char *etag);

/* A document in c->reply.body; tags nest by hand. */
void s3d_reply_xml(struct s3d_call *c);
void s3d_xml_text(struct buf *b, const char *tag, struct str text);
void s3d_xml_number(struct buf *b, const char *tag, int64_t value);

/* Milliseconds are always .000, as S3 writes them. */
void s3d_xml_time(struct buf *b, const char *tag, int64_t unix_s);

void s3d_reply_error(struct s3d_call *c, enum s3d_code code);

/* length: of what follows the head, or would for HEAD. */
void s3d_reply_end(struct s3d_call *c, int64_t length);

/* s3d_read.c */
enum s3d_code s3d_op_list_buckets(struct s3d_call *c);
enum s3d_code s3d_op_head_bucket(struct s3d_call *c);
enum s3d_code s3d_op_location(struct s3d_call *c);
enum s3d_code s3d_op_versioning(struct s3d_call *c);
enum s3d_code s3d_op_get(struct s3d_call *c);

/* The four If- headers, with "" or "x-amz-copy-source-" before their names. */
enum s3d_code s3d_conditions(
    const struct s3d_call *c, const char *prefix, const struct s3d_object *o);

/* s3d_listing.c */
enum s3d_code s3d_op_list(struct s3d_call *c);

/* s3d_write.c */
enum s3d_code s3d_op_create_bucket(struct s3d_call *c);
enum s3d_code s3d_op_drop_bucket(struct s3d_call *c);
enum s3d_code s3d_op_put_prepare(struct s3d_call *c);
enum s3d_code s3d_op_put(struct s3d_call *c);
enum s3d_code s3d_op_copy(struct s3d_call *c);
enum s3d_code s3d_op_delete(struct s3d_call *c);
enum s3d_code s3d_op_delete_many(struct s3d_call *c);

/* What changes many things at once comes with Content-MD5 or x-amz-checksum-*. */
bool s3d_has_checksum(const struct s3d_call *c);

/* If-Match and If-None-Match against the object that would be replaced. */
enum s3d_code s3d_may_replace(struct s3d_call *c, struct s3d_bucket *b);

/* Opens x-amz-copy-source as o; *self: it is the object that is written. */
enum s3d_code s3d_copy_source(struct s3d_call *c, struct s3d_object *o, bool *self);

/* Begins to copy bytes of fd, which is owned from here, into a new draft. */
enum s3d_code s3d_copy_begin(
    struct s3d_call *c, const struct s3d_bucket *b, int fd, int64_t first, int64_t n);

/* S3D_LATER, or S3D_OK when the draft is complete and c->body.md5 known. */
enum s3d_code s3d_copy_step(struct s3d_call *c);

/* s3d_about.c */
enum s3d_code s3d_op_put_about(struct s3d_call *c);
enum s3d_code s3d_op_get_about(struct s3d_call *c);
enum s3d_code s3d_op_delete_about(struct s3d_call *c);

/* s3d_upload.c */
enum s3d_code s3d_op_upload_create(struct s3d_call *c);
enum s3d_code s3d_op_part_prepare(struct s3d_call *c);
enum s3d_code s3d_op_part(struct s3d_call *c);
enum s3d_code s3d_op_part_copy(struct s3d_call *c);
enum s3d_code s3d_op_upload_complete(struct s3d_call *c);
enum s3d_code s3d_op_upload_abort(struct s3d_call *c);
enum s3d_code s3d_op_part_list(struct s3d_call *c);
enum s3d_code s3d_op_upload_list(struct s3d_call *c);

#endif
