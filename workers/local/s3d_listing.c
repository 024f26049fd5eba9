/* s3d_listing.c - ListObjectsV2, and version 1 for old clients: a page of s3d_list.h as XML. */
#include <unistd.h>

#include "shared/clock.h"
#include "workers/local/s3d_call.h"
#include "workers/local/s3d_index.h"
#include "workers/local/s3d_list.h"

/* A listing being written. */
struct listing {
	struct s3d_call *c;
	struct s3d_bucket *b;
	struct s3d_list_query q;
	struct s3d_list_page page;
	bool v2, url;
	int64_t max_keys; /* as it is said back */
	struct str token, delimiter, start;
	struct s3d_folder folder; /* of the object before */
	int64_t time_s;           /* as it is written, many having the same */
	char time[25];
};

static bool next_key(void *ctx, struct str from, struct buf *key)
{
	return s3d_index_next(ctx, from, key);
}

/* A name, encoded when the client asked for it. */
static void name(struct listing *l, const char *tag, struct str s)
{
	struct buf *b = &l->c->reply.body;

	if (!l->url) {
		s3d_xml_text(b, tag, s);
		return;
	}
	buf_c(b, '<');
	buf_z(b, tag);
	buf_c(b, '>');
	s3d_url_encode(b, s);
	buf_z(b, "</");
	buf_z(b, tag);
	buf_c(b, '>');
}

static struct str param(const struct s3d_call *c, const char *key)
{
	const struct str *value = s3d_call_param(c, key);

	return value ? *value : (struct str){0};
}

static enum s3d_code read_query(struct s3d_call *c, struct listing *l)
{
	const struct str *max = s3d_call_param(c, "max-keys");
	const struct str *token = s3d_call_param(c, "continuation-token");
	const struct str *encoding = s3d_call_param(c, "encoding-type");

	l->v2 = str_eqz(param(c, "list-type"), "2");
	l->url = encoding != NULL;
	if (encoding && !str_eqz(*encoding, "url"))
		return s3d_call_fail(
		    c, S3D_INVALID_ARGUMENT, "Invalid Encoding Method specified in Request");
	l->max_keys = S3D_LIST_MAX;
	if (max && max->n && (!str_to_i64(*max, &l->max_keys) || l->max_keys < 0))
		return s3d_call_fail(c, S3D_INVALID_ARGUMENT,
		    "Argument maxKeys must be an integer between 0 and 2147483647");
	if (l->max_keys > S3D_LIST_MAX)
		l->max_keys = S3D_LIST_MAX;
	l->q.max = (size_t)l->max_keys;
	l->q.prefix = param(c, "prefix");
	l->q.delimiter = param(c, "delimiter");
	l->q.after = param(c, l->v2 ? "start-after" : "marker");
	if (l->v2 && token) {
		l->token = *token;
		if (!s3d_list_token_read(c->arena, *token, &l->q.from))
			return s3d_call_fail(c, S3D_INVALID_ARGUMENT,
			    "The continuation token provided is incorrect");
	}
	return S3D_OK;
}

/* False when the object went away since the index was made. */
static bool write_object(struct listing *l, struct str key)
{
	struct buf *b = &l->c->reply.body;
	struct s3d_object o;

	if (s3d_object_look(l->b, key, &l->folder, &o) != S3D_OK)
		return false;
	if (o.mtime_ns / 1000000000 != l->time_s) {
		l->time_s = o.mtime_ns / 1000000000;
		clock_iso(l->time_s * 1000, l->time);
	}
	buf_z(b, "<Contents>");
	name(l, "Key", key);
	s3d_xml_text(b, "LastModified", str_z(l->time));
	buf_z(b, "<ETag>&quot;");
	buf_z(b, o.etag);
	buf_z(b, "&quot;</ETag>");
	s3d_xml_number(b, "Size", o.size);
	if (!l->v2)
		buf_z(b, "<Owner><ID>s3d</ID><DisplayName>s3d</DisplayName></Owner>");
	buf_z(b, "<StorageClass>STANDARD</StorageClass></Contents>");
	return true;
}

static void write_items(struct listing *l, int64_t *count)
{
	struct buf *b = &l->c->reply.body;

	*count = 0;
	for (size_t i = 0; i < l->page.n; i++)
		if (!l->page.items[i].prefix && write_object(l, l->page.items[i].name))
			++*count;
	for (size_t i = 0; i < l->page.n; i++) {
		if (!l->page.items[i].prefix)
			continue;
		buf_z(b, "<CommonPrefixes>");
		name(l, "Prefix", l->page.items[i].name);
		buf_z(b, "</CommonPrefixes>");
		++*count;
	}
}

static void write_next(struct listing *l)
{
	struct buf *b = &l->c->reply.body;

	if (!l->page.truncated)
		return;
	if (l->v2)
		s3d_xml_text(b, "NextContinuationToken", s3d_list_token(l->c->arena, l->page.next));
	else
		name(l, "NextMarker", l->page.items[l->page.n - 1].name);
}

static void write_page(struct listing *l)
{
	struct buf *b = &l->c->reply.body;
	int64_t count;

	buf_z(b, "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	s3d_xml_text(b, "Name", l->c->bucket);
	name(l, "Prefix", l->q.prefix);
	if (l->q.after.n || !l->v2)
		name(l, l->v2 ? "StartAfter" : "Marker", l->q.after);
	if (l->token.n)
		s3d_xml_text(b, "ContinuationToken", l->token);
	write_next(l);
	s3d_xml_number(b, "MaxKeys", l->max_keys);
	if (l->q.delimiter.n)
		name(l, "Delimiter", l->q.delimiter);
	if (l->url)
		s3d_xml_text(b, "EncodingType", STR("url"));
	s3d_xml_text(b, "IsTruncated", l->page.truncated ? STR("true") : STR("false"));
	write_items(l, &count);
	if (l->v2)
		s3d_xml_number(b, "KeyCount", count);
	buf_z(b, "</ListBucketResult>");
}

enum s3d_code s3d_op_list(struct s3d_call *c)
{
	struct listing l = {.c = c, .folder = {.fd = -1}, .time_s = -1};
	enum s3d_code code = s3d_call_bucket(c, &l.b);

	if (code == S3D_OK)
		code = read_query(c, &l);
	if (code != S3D_OK)
		return code;
	/* A page behind a token belongs to a listing that has looked for changes already. */
	s3d_list_page(&l.q, next_key, s3d_bucket_index(l.b, l.token.n == 0), c->arena, &l.page);
	s3d_reply_begin(c, 200);
	s3d_reply_header(c, "x-amz-bucket-region", c->s->region);
	s3d_reply_xml(c);
	write_page(&l);
	s3d_folder_leave(&l.folder);
	s3d_reply_end(c, (int64_t)c->reply.body.n);
	return S3D_OK;
}
