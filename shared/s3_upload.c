/*
 * s3_upload.c - a body that is larger than one request should be, see s3.h.
 *
 *     POST ?uploads ──► PUT ?partNumber=N&uploadId=U ... ──► POST ?uploadId=U
 *                                └── given up: DELETE ?uploadId=U
 *
 * A part is sent when the next byte comes, so that the last one is never empty and a body of one
 * part is an ordinary PUT. Each request is tried again like any other.
 *
 * The answer to the last POST may be lost after S3 has put the object together, and asking again
 * then finds no such upload. Whether it was so is seen by the object itself, whose ETag ends in the
 * number of its parts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/s3_wire.h"
#include "shared/sigv4.h"
#include "shared/xml.h"

enum { PARTS_MAX = 10000, ANSWER_MAX = 64 << 10, GIVE_UP_ATTEMPTS = 2 };

struct s3_upload {
	struct s3 *s;
	struct arena *life;
	struct str bucket, key;
	const char *content_type; /* or NULL */
	struct buf part;
	struct str id; /* encoded for a query; empty while S3 knows nothing of it */
	struct str *etags;
	size_t n_parts, cap_parts;
	uint64_t bytes; /* in the parts that were sent */
};

struct s3_upload *s3_upload_new(
    struct s3 *s, struct str bucket, struct str key, const char *content_type)
{
	struct s3_upload *u = xcalloc(1, sizeof *u);

	u->s = s;
	u->life = arena_new();
	u->bucket = arena_str(u->life, bucket);
	u->key = arena_str(u->life, key);
	u->content_type = content_type ? arena_strz(u->life, content_type) : NULL;
	buf_init(&u->part, S3_PART);
	return u;
}

static struct s3_call call(const struct s3_upload *u, const char *method, const char *query)
{
	return (struct s3_call){
	    .method = method, .bucket = u->bucket, .key = u->key, .query = str_z(query)};
}

static const char *query_of_id(struct s3_upload *u)
{
	return arena_printf(u->life, "uploadId=%.*s", STRF(u->id));
}

static bool begin(struct s3_upload *u, struct err *e)
{
	struct s3_call c = call(u, "POST", "uploads=");
	struct s3_tries tries = {0};
	struct http_reply r;
	struct buf answer;
	struct str id;
	bool ok, parsed;

	c.content_type = str_z(u->content_type);
	buf_init(&answer, ANSWER_MAX);
	do {
		parsed = false;
		buf_reset(&answer);
		ok = s3_do(u->s, &c, &tries, &r, &answer, e);
		if (ok) {
			parsed = xml_upload_id(buf_view(&answer), u->life, &id, e);
			if (!parsed)
				err_prefix(
				    e, "uploading s3://%.*s/%.*s", STRF(u->bucket), STRF(u->key));
		}
	} while (ok && !parsed && s3_wait(u->s, &tries, e));
	buf_free(&answer);
	if (parsed)
		u->id = sigv4_encode(u->life, id, false);
	return parsed;
}

static bool send_part(struct s3_upload *u, struct err *e)
{
	struct s3_tries tries = {0};
	struct http_reply r;
	struct buf answer;
	struct s3_call c;
	bool ok;

	if (!u->id.n && !begin(u, e))
		return false;
	if (u->n_parts == PARTS_MAX)
		return err_set(e, ERR_TASK, AT_S3, "large",
		    "s3://%.*s/%.*s: more than the %d parts that an upload may have",
		    STRF(u->bucket), STRF(u->key), PARTS_MAX);
	c = call(u, "PUT",
	    arena_printf(u->life, "partNumber=%zu&uploadId=%.*s", u->n_parts + 1, STRF(u->id)));
	c.body = buf_view(&u->part);
	buf_init(&answer, ANSWER_MAX);
	ok = s3_do(u->s, &c, &tries, &r, &answer, e);
	buf_free(&answer);
	if (!ok)
		return false;
	if (!r.etag[0])
		return err_set(e, ERR_RETRY, AT_S3, "BadAnswer",
		    "s3://%.*s/%.*s: the server took a part and gave no ETag for it",
		    STRF(u->bucket), STRF(u->key));
	u->etags = arena_grow(u->life, u->etags, u->n_parts, &u->cap_parts, sizeof *u->etags);
	u->etags[u->n_parts++] = arena_str(u->life, s3_etag(str_z(r.etag)));
	u->bytes += u->part.n;
	buf_reset(&u->part);
	return true;
}

bool s3_upload_bytes(struct s3_upload *u, const char *p, size_t n, struct err *e)
{
	while (n) {
		size_t room;

		if (u->part.n == S3_PART && !send_part(u, e))
			return false;
		room = S3_PART - u->part.n;
		room = room < n ? room : n;
		buf_add(&u->part, p, room);
		p += room;
		n -= room;
	}
	return true;
}

static void print_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&': buf_z(b, "&amp;"); break;
		case '<': buf_z(b, "&lt;"); break;
		case '>': buf_z(b, "&gt;"); break;
		default: buf_c(b, s.p[i]);
		}
}

static void print_parts(const struct s3_upload *u, struct buf *b)
{
	buf_z(b, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < u->n_parts; i++) {
		buf_z(b, "<Part><ETag>\"");
		print_escaped(b, u->etags[i]);
		buf_printf(b, "\"</ETag><PartNumber>%zu</PartNumber></Part>", i + 1);
	}
	buf_z(b, "</CompleteMultipartUpload>");
}

/* After "no such upload": whether an earlier try has made the object. */
static bool is_made(struct s3_upload *u, struct s3_info *info)
{
	struct str count = str_z(arena_printf(u->life, "-%zu", u->n_parts));
	struct err ignored;

	return s3_head(u->s, u->bucket, u->key, info, &ignored) && info->size == u->bytes &&
	       str_ends(str_z(info->etag), count);
}

static bool put_together(struct s3_upload *u, struct s3_info *info, struct err *e)
{
	struct s3_call c = call(u, "POST", query_of_id(u));
	struct s3_tries tries = {0};
	struct buf list, answer;
	struct http_reply r;
	struct str etag = STR("");
	bool ok, parsed = false;

	buf_init(&list, 2 << 20);
	buf_init(&answer, ANSWER_MAX);
	print_parts(u, &list);
	c.body = buf_view(&list);
	c.content_type = STR("application/xml");
	do {
		buf_reset(&answer);
		ok = s3_do(u->s, &c, &tries, &r, &answer, e);
		if (ok) {
			/* A 200 that says <Error> was tried again already; this is one that is cut.
			 */
			parsed = xml_completed(buf_view(&answer), u->life, &etag, e);
			if (!parsed)
				err_prefix(
				    e, "uploading s3://%.*s/%.*s", STRF(u->bucket), STRF(u->key));
		}
	} while (ok && !parsed && s3_wait(u->s, &tries, e));
	buf_free(&list);
	buf_free(&answer);
	if (!parsed)
		return tries.failed > 0 && strcmp(e->code, "NoSuchUpload") == 0 && is_made(u, info);
	info->size = u->bytes;
	snprintf(info->etag, sizeof info->etag, "%.*s", STRF(s3_etag(etag)));
	return true;
}

bool s3_upload_end(struct s3_upload *u, struct s3_info *info, struct err *e)
{
	struct s3_info here;

	if (!info)
		info = &here;
	if (!u->id.n)
		return s3_put(
		    u->s, u->bucket, u->key, buf_view(&u->part), u->content_type, info, e);
	if (!send_part(u, e) || !put_together(u, info, e))
		return false;
	u->id = STR("");
	return true;
}

/* Also when the tick wants everything to stop: this is part of stopping. */
static void give_up(struct s3_upload *u)
{
	struct s3_call c = call(u, "DELETE", query_of_id(u));
	struct s3 *s = u->s;
	struct s3 was = *s;
	struct s3_tries tries = {0};
	struct http_reply r;
	struct buf answer;
	struct err ignored;

	s->http = http_new(AT_S3, NULL, NULL);
	s->tick = NULL;
	s->attempts = GIVE_UP_ATTEMPTS;
	buf_init(&answer, ANSWER_MAX);
	s3_do(s, &c, &tries, &r, &answer, &ignored);
	buf_free(&answer);
	http_free(s->http);
	s->http = was.http;
	s->tick = was.tick;
	s->attempts = was.attempts;
}

void s3_upload_free(struct s3_upload *u)
{
	if (!u)
		return;
	if (u->id.n)
		give_up(u);
	buf_free(&u->part);
	arena_free(u->life);
	free(u);
}
