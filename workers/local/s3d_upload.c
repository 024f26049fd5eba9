/* s3d_upload.c - the operations of multipart uploads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/xml.h"
#include "workers/local/s3d_call.h"

#define XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

enum { JOIN_STEP = 32 << 20 };

static enum s3d_code find_upload(struct s3d_call *c, struct s3d_bucket **b, struct s3d_upload *up)
{
	const struct str *id = s3d_call_param(c, "uploadId");
	enum s3d_code code = s3d_call_bucket(c, b);

	return code == S3D_OK ? s3d_upload_find(*b, *id, c->key, c->arena, up) : code;
}

static void bucket_and_key(struct s3d_call *c)
{
	s3d_xml_text(&c->reply.body, "Bucket", c->bucket);
	s3d_xml_text(&c->reply.body, "Key", c->key);
}

enum s3d_code s3d_op_upload_create(struct s3d_call *c)
{
	struct buf *doc = &c->reply.body;
	struct s3d_upload up;
	struct str headers;
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	if (code == S3D_OK && !s3d_call_headers(c, &headers))
		code = S3D_METADATA_TOO_LARGE;
	if (code == S3D_OK)
		code = s3d_upload_new(b, c->key, headers, &up);
	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(doc, "<InitiateMultipartUploadResult" XMLNS ">");
	bucket_and_key(c);
	s3d_xml_text(doc, "UploadId", str_z(up.id));
	buf_z(doc, "</InitiateMultipartUploadResult>");
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}

static enum s3d_code part_number(struct s3d_call *c, int *number)
{
	const struct str *value = s3d_call_param(c, "partNumber");
	int64_t n = 0;

	if (!value || !str_to_i64(*value, &n) || n < 1 || n > S3D_PART_MAX)
		return s3d_call_fail(c, S3D_INVALID_ARGUMENT,
		    "Part number must be an integer between 1 and 10000, inclusive");
	*number = (int)n;
	return S3D_OK;
}

enum s3d_code s3d_op_part_prepare(struct s3d_call *c)
{
	struct s3d_bucket *b;
	struct s3d_upload up;
	int number = 0;
	enum s3d_code code = part_number(c, &number);

	if (code == S3D_OK)
		code = find_upload(c, &b, &up);
	return code == S3D_OK ? s3d_draft_new(&c->s->store, b, &c->body.draft) : code;
}

/* The draft is complete. */
static enum s3d_code keep_part(struct s3d_call *c)
{
	struct s3d_bucket *b;
	struct s3d_upload up;
	int number = 0;
	enum s3d_code code = part_number(c, &number);

	if (code == S3D_OK)
		code = find_upload(c, &b, &up);
	if (code == S3D_OK)
		code = s3d_part_add(b, &up, number, c->body.md5, &c->body.draft);
	return code;
}

enum s3d_code s3d_op_part(struct s3d_call *c)
{
	enum s3d_code code = keep_part(c);

	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_etag(c, c->body.md5);
	s3d_reply_end(c, 0);
	return S3D_OK;
}

static enum s3d_code part_copy_open(struct s3d_call *c)
{
	const struct str *range = s3d_call_header(c, "x-amz-copy-source-range");
	int64_t first = 0, n;
	struct s3d_bucket *b;
	struct s3d_upload up;
	struct s3d_object o;
	int number = 0;
	bool self;
	enum s3d_code code = part_number(c, &number);

	if (code == S3D_OK)
		code = find_upload(c, &b, &up);
	if (code == S3D_OK)
		code = s3d_copy_source(c, &o, &self);
	if (code != S3D_OK)
		return code;
	n = o.size;
	if (range && s3d_range(*range, o.size, &first, &n) != S3D_RANGE_PART) {
		close(o.fd);
		return s3d_call_fail(c, S3D_INVALID_ARGUMENT,
		    "The x-amz-copy-source-range value must be of the form bytes=first-last");
	}
	return s3d_copy_begin(c, b, o.fd, first, n);
}

enum s3d_code s3d_op_part_copy(struct s3d_call *c)
{
	struct buf *doc = &c->reply.body;
	enum s3d_code code = c->job.begun ? S3D_OK : part_copy_open(c);

	if (code == S3D_OK)
		code = s3d_copy_step(c);
	if (code == S3D_OK)
		code = keep_part(c);
	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_printf(doc, "<CopyPartResult" XMLNS "><ETag>&quot;%s&quot;</ETag></CopyPartResult>",
	    c->body.md5);
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}

/* A CompleteMultipartUpload document being read. */
struct completion {
	struct arena *arena;
	struct s3d_part *parts;
	size_t n, cap;
	struct s3d_part part;
	bool bad;
};

static void read_completion(void *ctx, struct str path, struct str text)
{
	struct completion *d = ctx;
	int64_t number;

	if (str_eq(path, STR("Part/PartNumber"))) {
		if (!str_to_i64(str_trim(text), &number) || number < 1 || number > S3D_PART_MAX)
			d->bad = true;
		else
			d->part.number = (int)number;
	} else if (str_eq(path, STR("Part/ETag"))) {
		text = str_trim(text);
		if (text.n == 34 && text.p[0] == '"')
			text = (struct str){text.p + 1, 32};
		if (text.n == 32)
			memcpy(d->part.md5, text.p, 32);
	} else if (str_eq(path, STR("Part"))) {
		if (!d->part.number || d->n == S3D_PART_MAX) {
			d->bad = true;
			return;
		}
		d->parts = arena_grow(d->arena, d->parts, d->n, &d->cap, sizeof *d->parts);
		d->parts[d->n++] = d->part;
		d->part = (struct s3d_part){0};
	}
}

/* Both are in ascending order. The sizes of those wanted are filled in. */
static enum s3d_code match_parts(struct completion *d, const struct s3d_part *have, size_t n_have)
{
	size_t at = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (i && d->parts[i].number <= d->parts[i - 1].number)
			return S3D_INVALID_PART_ORDER;
		while (at < n_have && have[at].number < d->parts[i].number)
			at++;
		if (at == n_have || have[at].number != d->parts[i].number ||
		    strcmp(have[at].md5, d->parts[i].md5) != 0)
			return S3D_INVALID_PART;
		d->parts[i].size = have[at].size;
	}
	for (size_t i = 0; i + 1 < d->n; i++)
		if (d->parts[i].size < S3D_PART_MIN)
			return S3D_ENTITY_TOO_SMALL;
	return S3D_OK;
}

/* S3's rule: the MD5 of the parts' MD5s, and their number. */
static void joined_etag(const struct completion *d, char etag[S3D_ETAG_MAX])
{
	struct s3d_digest *digest = s3d_digest_new(S3D_MD5);
	unsigned char md5[S3D_DIGEST_MAX];
	char hex[33];

	for (size_t i = 0; i < d->n; i++) {
		for (int k = 0; k < 16; k++) {
			char two[3] = {d->parts[i].md5[2 * k], d->parts[i].md5[2 * k + 1], '\0'};

			md5[k] = (unsigned char)strtoul(two, NULL, 16);
		}
		s3d_digest_add(digest, (struct str){(const char *)md5, 16});
	}
	str_hex(md5, s3d_digest_end(digest, S3D_MD5, md5) ? 16 : 0, hex);
	s3d_digest_free(digest);
	snprintf(etag, S3D_ETAG_MAX, "%s-%zu", hex, d->n);
}

static enum s3d_code join_begin(
    struct s3d_call *c, struct s3d_bucket *b, const struct s3d_upload *up)
{
	struct completion d = {.arena = c->arena};
	struct s3d_part *have;
	enum s3d_code code;
	size_t n_have;
	struct err e;

	if (!xml_walk(
	        buf_view(&c->body.text), "CompleteMultipartUpload", read_completion, &d, &e) ||
	    d.bad || d.n == 0)
		return S3D_MALFORMED_XML;
	s3d_part_list(b, up, c->arena, &have, &n_have);
	code = match_parts(&d, have, n_have);
	if (code != S3D_OK)
		return code;
	joined_etag(&d, c->job.etag);
	c->job.parts = d.parts;
	c->job.n_parts = d.n;
	c->job.begun = true;
	return s3d_draft_new(&c->s->store, b, &c->body.draft);
}

/* In the kernel where the file system can; else through a buffer. */
static ssize_t move_bytes(int from, int to, size_t n)
{
	ssize_t moved = copy_file_range(from, NULL, to, NULL, n, 0);
	struct s3d_draft d = {.fd = to};
	char piece[64 * 1024];

	if (moved >= 0 ||
	    (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
		return moved;
	moved = read(from, piece, n < sizeof piece ? n : sizeof piece);
	if (moved > 0 && s3d_draft_write(&d, (struct str){piece, (size_t)moved}) != S3D_OK)
		return -1;
	return moved;
}

static enum s3d_code join_step(
    struct s3d_call *c, const struct s3d_bucket *b, const struct s3d_upload *up)
{
	for (int64_t done = 0; c->job.n_parts && done < JOIN_STEP;) {
		ssize_t n;

		if (c->job.fd < 0) {
			c->job.fd = s3d_part_open(b, up, c->job.parts);
			if (c->job.fd < 0)
				return S3D_INVALID_PART;
			c->job.left = c->job.parts->size;
		}
		n = c->job.left ? move_bytes(c->job.fd, c->body.draft.fd,
		                      c->job.left < JOIN_STEP ? (size_t)c->job.left : JOIN_STEP)
		                : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return s3d_store_code(errno);
		if (n == 0 && c->job.left)
			return S3D_INTERNAL;
		c->job.left -= n;
		done += n;
		if (c->job.left == 0) {
			close(c->job.fd);
			c->job.fd = -1;
			c->job.parts++;
			c->job.n_parts--;
		}
	}
	return c->job.n_parts ? S3D_LATER : S3D_OK;
}

enum s3d_code s3d_op_upload_complete(struct s3d_call *c)
{
	struct buf *doc = &c->reply.body;
	char etag[S3D_ETAG_MAX];
	struct s3d_upload up;
	struct s3d_bucket *b;
	enum s3d_code code = find_upload(c, &b, &up);

	if (code == S3D_OK && !c->job.begun)
		code = join_begin(c, b, &up);
	if (code == S3D_OK)
		code = join_step(c, b, &up);
	if (code == S3D_OK)
		code = s3d_may_replace(c, b);
	if (code == S3D_OK)
		code = s3d_draft_commit(b, &c->body.draft, c->key, c->job.etag, up.headers, etag);
	if (code != S3D_OK)
		return code;
	s3d_upload_remove(b, &up);
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(doc, "<CompleteMultipartUploadResult" XMLNS ">");
	s3d_xml_text(doc, "Location",
	    str_z(
	        arena_printf(c->arena, "http://%.*s%.*s", STRF(c->http.host), STRF(c->http.path))));
	bucket_and_key(c);
	buf_printf(doc, "<ETag>&quot;%s&quot;</ETag></CompleteMultipartUploadResult>", etag);
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}

enum s3d_code s3d_op_upload_abort(struct s3d_call *c)
{
	struct s3d_upload up;
	struct s3d_bucket *b;
	enum s3d_code code = find_upload(c, &b, &up);

	if (code != S3D_OK)
		return code;
	s3d_upload_remove(b, &up);
	s3d_reply_begin(c, 204);
	s3d_reply_end(c, 0);
	return S3D_OK;
}

static int64_t number_param(const struct s3d_call *c, const char *name, int64_t otherwise)
{
	const struct str *value = s3d_call_param(c, name);
	int64_t n;

	return value && str_to_i64(*value, &n) && n >= 0 ? n : otherwise;
}

enum s3d_code s3d_op_part_list(struct s3d_call *c)
{
	int64_t after = number_param(c, "part-number-marker", 0);
	int64_t max = number_param(c, "max-parts", 1000), given = 0;
	struct buf *doc = &c->reply.body;
	struct s3d_part *parts;
	struct s3d_upload up;
	struct s3d_bucket *b;
	size_t n, i = 0;
	enum s3d_code code = find_upload(c, &b, &up);

	if (code != S3D_OK)
		return code;
	if (max > 1000)
		max = 1000;
	s3d_part_list(b, &up, c->arena, &parts, &n);
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(doc, "<ListPartsResult" XMLNS ">");
	bucket_and_key(c);
	s3d_xml_text(doc, "UploadId", str_z(up.id));
	s3d_xml_number(doc, "PartNumberMarker", after);
	s3d_xml_number(doc, "MaxParts", max);
	while (i < n && parts[i].number <= after)
		i++;
	for (; i < n && given < max; i++, given++) {
		after = parts[i].number;
		buf_z(doc, "<Part>");
		s3d_xml_number(doc, "PartNumber", after);
		s3d_xml_time(doc, "LastModified", parts[i].time_s);
		buf_printf(doc, "<ETag>&quot;%s&quot;</ETag>", parts[i].md5);
		s3d_xml_number(doc, "Size", parts[i].size);
		buf_z(doc, "</Part>");
	}
	s3d_xml_number(doc, "NextPartNumberMarker", after);
	s3d_xml_text(doc, "IsTruncated", i < n ? STR("true") : STR("false"));
	buf_z(doc, "<StorageClass>STANDARD</StorageClass></ListPartsResult>");
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}

enum s3d_code s3d_op_upload_list(struct s3d_call *c)
{
	const struct str *prefix = s3d_call_param(c, "prefix");
	struct buf *doc = &c->reply.body;
	struct s3d_upload *ups;
	struct s3d_bucket *b;
	size_t n;
	enum s3d_code code = s3d_call_bucket(c, &b);

	if (code != S3D_OK)
		return code;
	s3d_upload_list(b, c->arena, &ups, &n);
	s3d_reply_begin(c, 200);
	s3d_reply_xml(c);
	buf_z(doc, "<ListMultipartUploadsResult" XMLNS ">");
	s3d_xml_text(doc, "Bucket", c->bucket);
	s3d_xml_text(doc, "IsTruncated", STR("false"));
	for (size_t i = 0; i < n; i++) {
		if (prefix && !str_starts(ups[i].key, *prefix))
			continue;
		buf_z(doc, "<Upload>");
		s3d_xml_text(doc, "Key", ups[i].key);
		s3d_xml_text(doc, "UploadId", str_z(ups[i].id));
		s3d_xml_time(doc, "Initiated", ups[i].time_s);
		buf_z(doc, "</Upload>");
	}
	buf_z(doc, "</ListMultipartUploadsResult>");
	s3d_reply_end(c, (int64_t)doc->n);
	return S3D_OK;
}
