/* s3d_call.c - which operation a request is, and its way through; see s3d_call.h. */
#include "workers/local/s3d_call.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "shared/clock.h"
#include "workers/local/s3d_key.h"
#include "workers/local/s3d_log.h"

enum { KEPT_MAX = 64 * 1024, REPLY_MAX = 64 << 20 };

/* The first row that fits decides: rows with a parameter or header stand before those without. */
static const struct s3d_op ops[] = {
    {"GET", S3D_SERVICE, NULL, NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_list_buckets},

    {"GET", S3D_BUCKET, "location", NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_location},
    {"GET", S3D_BUCKET, "versioning", NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_versioning},
    {"GET", S3D_BUCKET, "uploads", NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_upload_list},
    {"GET", S3D_BUCKET, "tagging", NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_get_about},
    {"GET", S3D_BUCKET, "publicAccessBlock", NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_get_about},
    {"GET", S3D_BUCKET, NULL, NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_list},
    {"HEAD", S3D_BUCKET, NULL, NULL, S3D_HEAD, S3D_SINK_NONE, NULL, s3d_op_head_bucket},
    {"PUT", S3D_BUCKET, "tagging", NULL, S3D_PUT, S3D_SINK_TEXT, NULL, s3d_op_put_about},
    {"PUT", S3D_BUCKET, "publicAccessBlock", NULL, S3D_PUT, S3D_SINK_TEXT, NULL, s3d_op_put_about},
    {"PUT", S3D_BUCKET, NULL, NULL, S3D_PUT, S3D_SINK_TEXT, NULL, s3d_op_create_bucket},
    {"DELETE", S3D_BUCKET, "tagging", NULL, S3D_DELETE, S3D_SINK_NONE, NULL, s3d_op_delete_about},
    {"DELETE", S3D_BUCKET, "publicAccessBlock", NULL, S3D_DELETE, S3D_SINK_NONE, NULL,
        s3d_op_delete_about},
    {"DELETE", S3D_BUCKET, NULL, NULL, S3D_DELETE, S3D_SINK_NONE, NULL, s3d_op_drop_bucket},
    {"POST", S3D_BUCKET, "delete", NULL, S3D_POST, S3D_SINK_TEXT, NULL, s3d_op_delete_many},

    {"GET", S3D_OBJECT, "uploadId", NULL, S3D_LIST, S3D_SINK_NONE, NULL, s3d_op_part_list},
    {"GET", S3D_OBJECT, NULL, NULL, S3D_GET, S3D_SINK_NONE, NULL, s3d_op_get},
    {"HEAD", S3D_OBJECT, NULL, NULL, S3D_HEAD, S3D_SINK_NONE, NULL, s3d_op_get},
    {"PUT", S3D_OBJECT, "uploadId", "x-amz-copy-source", S3D_PUT, S3D_SINK_NONE, NULL,
        s3d_op_part_copy},
    {"PUT", S3D_OBJECT, "uploadId", NULL, S3D_PUT, S3D_SINK_DRAFT, s3d_op_part_prepare,
        s3d_op_part},
    {"PUT", S3D_OBJECT, NULL, "x-amz-copy-source", S3D_PUT, S3D_SINK_NONE, NULL, s3d_op_copy},
    {"PUT", S3D_OBJECT, NULL, NULL, S3D_PUT, S3D_SINK_DRAFT, s3d_op_put_prepare, s3d_op_put},
    {"DELETE", S3D_OBJECT, "uploadId", NULL, S3D_DELETE, S3D_SINK_NONE, NULL, s3d_op_upload_abort},
    {"DELETE", S3D_OBJECT, NULL, NULL, S3D_DELETE, S3D_SINK_NONE, NULL, s3d_op_delete},
    {"POST", S3D_OBJECT, "uploads", NULL, S3D_POST, S3D_SINK_NONE, NULL, s3d_op_upload_create},
    {"POST", S3D_OBJECT, "uploadId", NULL, S3D_POST, S3D_SINK_TEXT, NULL, s3d_op_upload_complete},
};

/* What else S3 has behind a "?": asking for it must not do something else. */
static const char *const absent[] = {"accelerate", "acl", "analytics", "attributes", "cors",
    "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "logging",
    "metadataTable", "metrics", "notification", "object-lock", "ownershipControls", "partNumber",
    "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment",
    "restore", "retention", "select", "session", "tagging", "torrent", "versionId", "versions",
    "website"};

const struct str *s3d_call_param(const struct s3d_call *c, const char *name)
{
	return s3d_param_get(c->params, c->n_params, name);
}

const struct str *s3d_call_header(const struct s3d_call *c, const char *name)
{
	return s3d_http_header(&c->http, name);
}

enum s3d_code s3d_call_fail(struct s3d_call *c, enum s3d_code code, const char *message)
{
	c->message = message;
	return code;
}

enum s3d_code s3d_call_bucket(struct s3d_call *c, struct s3d_bucket **b)
{
	*b = NULL;
	return s3d_store_bucket(&c->s->store, c->bucket, b);
}

/* Header fields that come back with the object. */
static bool is_kept(struct str name)
{
	static const char *const kept[] = {"content-type", "content-encoding", "cache-control",
	    "content-disposition", "content-language", "expires"};

	if (name.n > 11 && str_ieq((struct str){name.p, 11}, STR("x-amz-meta-")))
		return true;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (str_ieq(name, str_z(kept[i])))
			return true;
	return false;
}

/* "aws-chunked" is about the way, not about the object. */
static struct str content_coding(struct str value)
{
	if (str_starts(value, STR("aws-chunked"))) {
		value = str_trim(str_from(value, sizeof "aws-chunked" - 1));
		if (value.n && value.p[0] == ',')
			value = str_trim(str_from(value, 1));
	}
	return value;
}

bool s3d_call_headers(struct s3d_call *c, struct str *lines)
{
	struct buf b;
	bool ok;

	buf_init(&b, S3D_META_MAX);
	for (size_t i = 0; i < c->http.n_headers; i++) {
		const struct sigv4_header *h = &c->http.headers[i];
		struct str value = h->value;

		if (!is_kept(h->name))
			continue;
		if (str_ieq(h->name, STR("content-encoding")))
			value = content_coding(value);
		if (value.n == 0)
			continue;
		buf_str(&b, h->name);
		buf_z(&b, ": ");
		buf_str(&b, value);
		buf_z(&b, "\r\n");
	}
	ok = !b.over;
	*lines = arena_str(c->arena, buf_view(&b));
	buf_free(&b);
	return ok;
}

/* The bucket in the host name, as in "my-bkt.localhost:9000" and "my-bkt.s3.us-west-2.x.y", or an
 * empty str for path style. */
static struct str host_bucket(struct str host)
{
	static const char *const marks[] = {".localhost", ".s3.", ".s3-"};
	size_t best = host.n;

	host.n = str_find(host, ':');
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		struct str mark = str_z(marks[i]);
		const char *hit = memmem(host.p, host.n, mark.p, mark.n);
		size_t at = hit ? (size_t)(hit - host.p) : host.n;

		if (hit && (i > 0 || at + mark.n == host.n) && at < best)
			best = at;
	}
	return best < host.n ? (struct str){host.p, best} : (struct str){0};
}

static bool find_resource(struct s3d_call *c, struct str path)
{
	c->bucket = host_bucket(c->http.host);
	path = str_from(path, 1);
	if (c->bucket.n == 0) {
		c->bucket = (struct str){path.p, str_find(path, '/')};
		path = str_from(path, c->bucket.n + 1);
		if (c->bucket.n == 0 && path.n)
			return false;
	}
	c->key = path;
	return true;
}

static enum s3d_code find_op(struct s3d_call *c)
{
	enum s3d_level level = c->key.n ? S3D_OBJECT : c->bucket.n ? S3D_BUCKET : S3D_SERVICE;
	bool post = str_eq(c->http.method, STR("POST"));

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		const struct s3d_op *op = &ops[i];

		if (op->level != level || !str_eqz(c->http.method, op->method) ||
		    (op->param && !s3d_call_param(c, op->param)) ||
		    (op->header && !s3d_call_header(c, op->header)))
			continue;
		if (!op->param) {
			for (size_t k = 0; k < sizeof absent / sizeof absent[0]; k++)
				if (s3d_call_param(c, absent[k]))
					return S3D_NOT_IMPLEMENTED;
		}
		c->op = op;
		return S3D_OK;
	}
	/* POST is an upload form or one of the sub-resources that are not here. */
	return post && level != S3D_SERVICE ? S3D_NOT_IMPLEMENTED : S3D_METHOD_NOT_ALLOWED;
}

static enum s3d_code look(struct s3d_call *c)
{
	struct s3d_auth_in in = {
	    .keys = &c->s->keys,
	    .region = c->s->region,
	    .anonymous = c->s->anonymous,
	    .now_s = clock_wall_ms() / 1000,
	    .http = &c->http,
	};
	enum s3d_code code;

	if (!s3d_url_decode(c->arena, c->http.path, false, &in.path) ||
	    !s3d_params(c->arena, c->http.query, &c->params, &c->n_params))
		return S3D_INVALID_URI;
	in.params = c->params;
	in.n_params = c->n_params;
	if (!find_resource(c, in.path))
		return S3D_INVALID_URI;
	code = s3d_auth_check(&in, c->arena, &c->auth);
	if (code != S3D_OK)
		return s3d_call_fail(c, code, c->auth.message);
	code = find_op(c);
	if (code != S3D_OK)
		return code;
	if (c->key.n > S3D_KEY_MAX)
		return S3D_KEY_TOO_LONG;
	c->fault = s3d_fault_pick(&c->s->faults, c->op->on, c->http.method, c->http.path);
	if (!c->fault)
		return S3D_OK;
	switch (c->fault->kind) {
	case S3D_FAULT_503:
	case S3D_FAULT_RETRY_AFTER: return S3D_SLOW_DOWN;
	case S3D_FAULT_500:
	case S3D_FAULT_ERROR200: return S3D_INTERNAL;
	case S3D_FAULT_403: return S3D_ACCESS_DENIED;
	case S3D_FAULT_NONE:
	case S3D_FAULT_RESET:
	case S3D_FAULT_CUT:
	case S3D_FAULT_SLOW:
	default: return S3D_OK;
	}
}

static void name_request(struct s3d_call *c)
{
	uint64_t x = ++c->s->requests * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	snprintf(c->id, sizeof c->id, "%016" PRIX64, x ^ x >> 32);
	c->came = clock_wall_ms();
}

void s3d_call_init(struct s3d_call *c, struct s3d *s)
{
	c->s = s;
	c->arena = arena_new();
	buf_init(&c->reply.head, KEPT_MAX);
	buf_init(&c->reply.body, REPLY_MAX);
	c->reply.fd = c->job.fd = c->body.draft.fd = -1;
}

static enum s3d_phase run(struct s3d_call *c)
{
	enum s3d_code code = c->op->run(c);

	if (code == S3D_LATER)
		return S3D_PHASE_WORK;
	if (code != S3D_OK)
		s3d_reply_error(c, code);
	return S3D_PHASE_REPLY;
}

enum s3d_phase s3d_call_begin(struct s3d_call *c)
{
	bool has_body = c->http.chunked || c->http.length > 0;

	name_request(c);
	c->failed = look(c);
	if (c->failed == S3D_OK)
		c->failed = s3d_body_begin(&c->body, c->op->sink, &c->http, &c->auth);
	if (c->failed == S3D_OK && c->op->prepare)
		c->failed = c->op->prepare(c);
	if (c->failed != S3D_OK) {
		/* The body is read, and dropped. Who waits for "100 Continue" sends none. */
		s3d_body_free(&c->body);
		s3d_body_begin(&c->body, S3D_SINK_NONE, &c->http, &c->auth);
		if (has_body && c->http.expect) {
			c->reply.close = true;
			has_body = false;
		}
	}
	return has_body ? S3D_PHASE_BODY : s3d_call_end(c);
}

bool s3d_call_feed(struct s3d_call *c, struct str *in)
{
	return s3d_body_feed(&c->body, in);
}

enum s3d_phase s3d_call_end(struct s3d_call *c)
{
	if (!s3d_body_framed(&c->body) && c->http.chunked)
		c->reply.close = true;
	if (c->failed == S3D_OK)
		c->failed = s3d_body_check(&c->body, &c->http, &c->auth);
	if (c->failed == S3D_OK)
		return run(c);
	s3d_reply_error(c, c->failed);
	return S3D_PHASE_REPLY;
}

enum s3d_phase s3d_call_work(struct s3d_call *c)
{
	return run(c);
}

void s3d_call_refuse(struct s3d_call *c, enum s3d_code code)
{
	c->http = (struct s3d_http){0};
	name_request(c);
	c->reply.close = true;
	s3d_reply_error(c, code);
}

static void trim(struct buf *b)
{
	if (b->cap > KEPT_MAX)
		buf_free(b);
	else
		buf_reset(b);
}

void s3d_call_clear(struct s3d_call *c)
{
	struct s3d_bucket *b;

	s3d_log(c);
	if (c->body.draft.fd >= 0) {
		if (s3d_call_bucket(c, &b) != S3D_OK)
			b = NULL;
		s3d_draft_drop(b, &c->body.draft);
	}
	s3d_body_free(&c->body);
	if (c->job.fd >= 0)
		close(c->job.fd);
	if (c->reply.fd >= 0)
		close(c->reply.fd);
	trim(&c->reply.head);
	trim(&c->reply.body);
	c->reply.status = 0;
	c->reply.left = c->reply.sent = 0;
	c->reply.fd = c->job.fd = -1;
	c->job.begun = false;
	c->reply.close = false;
	c->op = NULL;
	c->fault = NULL;
	c->message = NULL;
	c->failed = S3D_OK;
	c->bucket = c->key = (struct str){0};
	c->auth = (struct s3d_auth){0};
	arena_reset(c->arena);
}
