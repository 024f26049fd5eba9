/* s3d_write.c - operations that change buckets and objects, but for multipart uploads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "shared/xml.h"
#include "workers/local/s3d_call.h"
#include "workers/local/s3d_key.h"

enum { COPY_PIECE = 256 * 1024, COPY_STEP = 4 << 20, DELETE_MAX = 1000 };

static enum s3d_code no_content(struct s3d_call *c)
{
	s3d_reply_begin(c, 204);
	s3d_reply_end(c, 0);
	return S3D_OK;
}

static void find_location(void *ctx, struct str path, struct str text)
{
	struct s3d_call *c = ctx;

	if (str_eq(path, STR("LocationConstraint")) && !str_eq(text, c->s->region))
		c->failed = S3D_ILLEGAL_LOCATION;
}

enum s3d_code s3d_op_create_bucket(struct s3d_call *c)
{
	struct str doc = buf_view(&c->body.text);
	enum s3d_code code;
	struct err e;

	if (doc.n && !xml_walk(doc, "CreateBucketConfiguration", find_location, c, &e))
		return S3D_MALFORMED_XML;
	code = c->failed != S3D_OK ? c->failed : s3d_store_create(&c->s->store, c->bucket);
	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	buf_z(&c->reply.head, "Location: /");
	buf_str(&c->reply.head, c->bucket);
	buf_z(&c->reply.head, "\r\n");
	s3d_reply_end(c, 0);
	return S3D_OK;
}

enum s3d_code s3d_op_drop_bucket(struct s3d_call *c)
{
	enum s3d_code code = s3d_store_drop(&c->s->store, c->bucket);

	return code == S3D_OK ? no_content(c) : code;
}

enum s3d_code s3d_op_put_prepare(struct s3d_call *c)
{
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	return code == S3D_OK ? s3d_draft_new(&c->s->store, b, &c->body.draft) : code;
}

enum s3d_code s3d_may_replace(struct s3d_call *c, struct s3d_bucket *b)
{
	const struct str *match = s3d_call_header(c, "if-match");
	const struct str *none = s3d_call_header(c, "if-none-match");
	struct s3d_object o;
	enum s3d_code code;

	if (!match && !none)
		return S3D_OK;
	code = s3d_object_open(b, c->key, &o);
	if (code != S3D_OK)
		return match ? code : S3D_OK;
	close(o.fd);
	if ((none && s3d_etag_listed(*none, str_z(o.etag))) ||
	    (match && !s3d_etag_listed(*match, str_z(o.etag))))
		return S3D_PRECONDITION_FAILED;
	return S3D_OK;
}

enum s3d_code s3d_op_put(struct s3d_call *c)
{
	char etag[S3D_ETAG_MAX];
	struct str headers;
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	if (code == S3D_OK)
		code = s3d_may_replace(c, b);
	if (code == S3D_OK && !s3d_call_headers(c, &headers))
		code = S3D_METADATA_TOO_LARGE;
	if (code == S3D_OK)
		code = s3d_draft_commit(b, &c->body.draft, c->key, c->body.md5, headers, etag);
	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_etag(c, etag);
	s3d_reply_end(c, 0);
	return S3D_OK;
}

enum s3d_code s3d_copy_source(struct s3d_call *c, struct s3d_object *o, bool *self)
{
	struct str source = *s3d_call_header(c, "x-amz-copy-source"), bucket;
	struct s3d_bucket *b;
	enum s3d_code code;

	if (str_find(source, '?') < source.n)
		return s3d_call_fail(
		    c, S3D_NOT_IMPLEMENTED, "There are no versions of objects here");
	if (source.n && source.p[0] == '/')
		source = str_from(source, 1);
	if (!s3d_url_decode(c->arena, source, false, &source))
		return S3D_INVALID_URI;
	bucket = (struct str){source.p, str_find(source, '/')};
	source = str_from(source, bucket.n + 1);
	if (source.n == 0 || source.n > S3D_KEY_MAX)
		return s3d_call_fail(c, S3D_INVALID_ARGUMENT,
		    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
	*self = str_eq(bucket, c->bucket) && str_eq(source, c->key);
	code = s3d_store_bucket(&c->s->store, bucket, &b);
	if (code == S3D_OK)
		code = s3d_object_open(b, source, o);
	if (code != S3D_OK)
		return code;
	code = s3d_conditions(c, "x-amz-copy-source-", o);
	if (code != S3D_OK)
		close(o->fd);
	/* There is no "not modified" for a copy. */
	return code == S3D_NOT_MODIFIED ? S3D_PRECONDITION_FAILED : code;
}

enum s3d_code s3d_copy_begin(
    struct s3d_call *c, const struct s3d_bucket *b, int fd, int64_t first, int64_t n)
{
	c->job.fd = fd;
	c->job.left = n;
	c->job.begun = true;
	if (lseek(fd, (off_t)first, SEEK_SET) < 0)
		return S3D_INTERNAL;
	c->body.sink = S3D_SINK_DRAFT;
	c->body.want = n;
	c->body.digest = s3d_digest_new(S3D_MD5);
	return s3d_draft_new(&c->s->store, b, &c->body.draft);
}

enum s3d_code s3d_copy_step(struct s3d_call *c)
{
	unsigned char md5[S3D_DIGEST_MAX];
	char *piece = xmalloc(COPY_PIECE);

	for (int done = 0; done < COPY_STEP && c->job.left && c->body.failed == S3D_OK;) {
		size_t n = c->job.left < COPY_PIECE ? (size_t)c->job.left : COPY_PIECE;
		ssize_t got = read(c->job.fd, piece, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			c->body.failed = S3D_INTERNAL;
			break;
		}
		s3d_body_add(&c->body, (struct str){piece, (size_t)got});
		c->job.left -= got;
		done += (int)got;
	}
	free(piece);
	if (c->body.failed != S3D_OK)
		return c->body.failed;
	if (c->job.left)
		return S3D_LATER;
	str_hex(md5, s3d_digest_end(c->body.digest, S3D_MD5, md5), c->body.md5);
	return S3D_OK;
}

static enum s3d_code copy_open(struct s3d_call *c, struct s3d_bucket *b)
{
	const struct str *directive = s3d_call_header(c, "x-amz-metadata-directive");
	bool replace = directive && str_eq(*directive, STR("REPLACE")), self = false;
	struct s3d_object o = {.fd = -1};
	enum s3d_code code = s3d_copy_source(c, &o, &self);

	if (code != S3D_OK)
		return code;
	if (self && !replace) {
		close(o.fd);
		return s3d_call_fail(c, S3D_INVALID_REQUEST,
		    "This copy request is illegal because it is trying to copy an object to itself "
		    "without changing the object's metadata");
	}
	if (!replace) {
		c->job.headers = arena_str(c->arena, (struct str){o.headers, o.n_headers});
	} else if (!s3d_call_headers(c, &c->job.headers)) {
		close(o.fd);
		return S3D_METADATA_TOO_LARGE;
	}
	return s3d_copy_begin(c, b, o.fd, 0, o.size);
}

enum s3d_code s3d_op_copy(struct s3d_call *c)
{
	struct buf *doc = &c->reply.body;
	char etag[S3D_ETAG_MAX];
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	if (code == S3D_OK && !c->job.begun)
		code = copy_open(c, b);
	if (code == S3D_OK)
		code = s3d_copy_step(c);
	if (code == S3D_OK)
		code = s3d_may_replace(c, b);
	if (code == S3D_OK)
		code = s3d_draft_commit(
		    b, &c->body.draft, c->key, c->body.md5, c->job.headers, etag);
	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(doc, "<CopyObjectResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	s3d_xml_time(doc, "LastModified", (int64_t)time(NULL));
	buf_printf(doc, "<ETag>&quot;%s&quot;</ETag></CopyObjectResult>", etag);
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}

enum s3d_code s3d_op_delete(struct s3d_call *c)
{
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	if (code != S3D_OK)
		return code;
	s3d_object_delete(b, c->key);
	return no_content(c);
}

/* A Delete document being read. */
struct deletion {
	struct arena *arena;
	struct str *keys;
	size_t n, cap;
	struct str key;
	bool quiet, bad;
};

static void read_deletion(void *ctx, struct str path, struct str text)
{
	struct deletion *d = ctx;

	if (str_eq(path, STR("Quiet"))) {
		d->quiet = str_eq(str_trim(text), STR("true"));
	} else if (str_eq(path, STR("Object/Key"))) {
		d->key = arena_str(d->arena, text);
	} else if (str_eq(path, STR("Object"))) {
		if (d->key.n == 0 || d->n == DELETE_MAX) {
			d->bad = true;
			return;
		}
		d->keys = arena_grow(d->arena, d->keys, d->n, &d->cap, sizeof *d->keys);
		d->keys[d->n++] = d->key;
		d->key = (struct str){0};
	}
}

/* S3 refuses this one without a checksum, as a torn body would delete something else. */
bool s3d_has_checksum(const struct s3d_call *c)
{
	for (size_t i = 0; i < c->http.n_headers; i++) {
		struct str name = c->http.headers[i].name;

		if (name.n > 15 && str_ieq((struct str){name.p, 15}, STR("x-amz-checksum-")))
			return true;
	}
	return s3d_call_header(c, "content-md5") || s3d_call_header(c, "x-amz-trailer");
}

enum s3d_code s3d_op_delete_many(struct s3d_call *c)
{
	struct deletion d = {.arena = c->arena};
	struct buf *doc = &c->reply.body;
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);
	struct err e;

	if (code != S3D_OK)
		return code;
	if (!s3d_has_checksum(c))
		return s3d_call_fail(c, S3D_INVALID_REQUEST,
		    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
	if (!xml_walk(buf_view(&c->body.text), "Delete", read_deletion, &d, &e) || d.bad || !d.n)
		return S3D_MALFORMED_XML;
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(doc, "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < d.n; i++) {
		if (d.keys[i].n > S3D_KEY_MAX) {
			const struct s3d_code_info *info = s3d_code_info(S3D_KEY_TOO_LONG);

			buf_z(doc, "<Error>");
			s3d_xml_text(doc, "Key", d.keys[i]);
			s3d_xml_text(doc, "Code", str_z(info->name));
			s3d_xml_text(doc, "Message", str_z(info->message));
			buf_z(doc, "</Error>");
			continue;
		}
		s3d_object_delete(b, d.keys[i]);
		if (d.quiet)
			continue;
		buf_z(doc, "<Deleted>");
		s3d_xml_text(doc, "Key", d.keys[i]);
		buf_z(doc, "</Deleted>");
	}
	buf_z(doc, "</DeleteResult>");
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}
