/* s3d_read.c - operations that only read: buckets, GET and HEAD of an object. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "workers/local/s3d_call.h"

#define XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

enum { SMALL = 64 * 1024 };

enum s3d_code s3d_op_list_buckets(struct s3d_call *c)
{
	struct buf *b = &c->reply.body;
	struct s3d_bucket_entry *entries;
	size_t n;

	s3d_store_list(&c->s->store, c->arena, &entries, &n);
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(b,
	    "<ListAllMyBucketsResult" XMLNS "><Owner><ID>s3d</ID><DisplayName>s3d</DisplayName>"
	    "</Owner><Buckets>");
	for (size_t i = 0; i < n; i++) {
		buf_z(b, "<Bucket>");
		s3d_xml_text(b, "Name", entries[i].name);
		s3d_xml_time(b, "CreationDate", entries[i].time_s);
		buf_z(b, "</Bucket>");
	}
	buf_z(b, "</Buckets></ListAllMyBucketsResult>");
	s3d_reply_end(c, (int64_t)b->n);
	return S3D_OK;
}

enum s3d_code s3d_op_head_bucket(struct s3d_call *c)
{
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_header(c, "x-amz-bucket-region", c->s->region);
	s3d_reply_end(c, 0);
	return S3D_OK;
}

/* A document with one element, of a bucket that exists. */
static enum s3d_code one_element(struct s3d_call *c, const char *tag, struct str text)
{
	struct s3d_bucket *bucket;
	enum s3d_code code = s3d_call_bucket(c, &bucket);
	struct buf *b = &c->reply.body;

	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_printf(b, "<%s" XMLNS ">", tag);
	buf_str(b, text);
	buf_printf(b, "</%s>", tag);
	s3d_reply_end(c, (int64_t)b->n);
	return S3D_OK;
}

enum s3d_code s3d_op_location(struct s3d_call *c)
{
	/* The oldest region has no name here. */
	struct str region = c->s->region;

	if (str_eq(region, STR("us-east-1")))
		region.n = 0;
	return one_element(c, "LocationConstraint", region);
}

/* Never enabled; some clients ask first. */
enum s3d_code s3d_op_versioning(struct s3d_call *c)
{
	return one_element(c, "VersioningConfiguration", (struct str){0});
}

static const struct str *condition(const struct s3d_call *c, const char *prefix, const char *name)
{
	char full[64];

	snprintf(full, sizeof full, "%s%s", prefix, name);
	return s3d_call_header(c, full);
}

/* RFC 9110, 13.2.2: entity tags go before times. */
enum s3d_code s3d_conditions(
    const struct s3d_call *c, const char *prefix, const struct s3d_object *o)
{
	const struct str *match = condition(c, prefix, "if-match");
	const struct str *none = condition(c, prefix, "if-none-match");
	const struct str *since = condition(c, prefix, "if-modified-since");
	const struct str *until = condition(c, prefix, "if-unmodified-since");
	struct str etag = str_z(o->etag);
	int64_t mtime_s = o->mtime_ns / 1000000000, t;

	if (match && !s3d_etag_listed(*match, etag))
		return S3D_PRECONDITION_FAILED;
	if (!match && until && s3d_date_parse(*until, &t) && mtime_s > t)
		return S3D_PRECONDITION_FAILED;
	if (none && s3d_etag_listed(*none, etag))
		return S3D_NOT_MODIFIED;
	if (!none && since && s3d_date_parse(*since, &t) && mtime_s <= t)
		return S3D_NOT_MODIFIED;
	return S3D_OK;
}

static enum s3d_range wanted(
    const struct s3d_call *c, const struct s3d_object *o, int64_t *first, int64_t *n)
{
	const struct str *range = s3d_call_header(c, "range");
	const struct str *if_range = s3d_call_header(c, "if-range");

	*first = 0;
	*n = o->size;
	if (!range || (if_range && !s3d_etag_listed(*if_range, str_z(o->etag))))
		return S3D_RANGE_ALL;
	return s3d_range(*range, o->size, first, n);
}

static bool has_type(struct str lines)
{
	while (lines.n) {
		size_t colon = str_find(lines, ':');

		if (str_ieq((struct str){lines.p, colon}, STR("content-type")))
			return true;
		lines = str_from(lines, str_find(lines, '\n') + 1);
	}
	return false;
}

static void object_head(
    struct s3d_call *c, const struct s3d_object *o, bool part, int64_t first, int64_t n)
{
	struct buf *h = &c->reply.head;
	char date[30];

	s3d_reply_begin(c, part ? 206 : 200);
	s3d_date_http(o->mtime_ns / 1000000000, date);
	s3d_reply_header(c, "Last-Modified", str_z(date));
	s3d_reply_etag(c, o->etag);
	buf_z(h, "Accept-Ranges: bytes\r\n");
	if (part)
		buf_printf(h, "Content-Range: bytes %" PRId64 "-%" PRId64 "/%" PRId64 "\r\n", first,
		    first + n - 1, o->size);
	buf_add(h, o->headers, o->n_headers);
	if (!has_type((struct str){o->headers, o->n_headers}))
		buf_z(h, "Content-Type: binary/octet-stream\r\n");
}

/* A small body goes out in one write with its head. */
static bool read_small(int fd, int64_t at, size_t n, struct buf *to)
{
	char *p = buf_room(to, n);

	while (p && n) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to->n += (size_t)got;
		p += got;
		at += got;
		n -= (size_t)got;
	}
	return p != NULL;
}

enum s3d_code s3d_op_get(struct s3d_call *c)
{
	bool head = str_eq(c->http.method, STR("HEAD"));
	struct s3d_reply *r = &c->reply;
	struct s3d_bucket *b;
	struct s3d_object o;
	enum s3d_code code = s3d_call_bucket(c, &b);
	enum s3d_range range;
	int64_t first, n;

	if (code == S3D_OK)
		code = s3d_object_open(b, c->key, &o);
	if (code != S3D_OK)
		return code;
	range = wanted(c, &o, &first, &n);
	code = s3d_conditions(c, "", &o);
	if (code == S3D_OK && range == S3D_RANGE_BAD)
		code = S3D_INVALID_RANGE;
	if (code == S3D_OK) {
		object_head(c, &o, range == S3D_RANGE_PART, first, n);
		if (!head && n <= SMALL) {
			if (!read_small(o.fd, first, (size_t)n, &r->body))
				code = S3D_INTERNAL;
		} else if (!head) {
			r->fd = o.fd;
			r->at = first;
			r->left = n;
		}
	}
	if (r->fd != o.fd)
		close(o.fd);
	if (code == S3D_OK)
		s3d_reply_end(c, n);
	return code;
}
