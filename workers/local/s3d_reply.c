/* s3d_reply.c - answers: heads, documents, errors; see s3d_call.h. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/utf8.h"
#include "workers/local/s3d_call.h"

/* "Date: ...\r\n" of this second. */
static const char *date_line(void)
{
	static char line[48];
	static int64_t of = -1;
	int64_t now = (int64_t)time(NULL);
	char date[30];

	if (now != of) {
		s3d_date_http(now, date);
		snprintf(line, sizeof line, "Date: %s\r\n", date);
		of = now;
	}
	return line;
}

void s3d_reply_begin(struct s3d_call *c, int status)
{
	struct s3d_reply *r = &c->reply;

	r->status = status;
	buf_reset(&r->head);
	buf_reset(&r->body);
	if (status == 200)
		buf_z(&r->head, "HTTP/1.1 200 OK\r\n");
	else
		buf_printf(&r->head, "HTTP/1.1 %d %s\r\n", status, s3d_code_reason(status));
	buf_z(&r->head, "Server: s3d\r\n");
	buf_z(&r->head, date_line());
	buf_z(&r->head, "x-amz-request-id: ");
	buf_z(&r->head, c->id);
	buf_z(&r->head, "\r\n");
}

void s3d_reply_header(struct s3d_call *c, const char *name, struct str value)
{
	buf_z(&c->reply.head, name);
	buf_z(&c->reply.head, ": ");
	buf_str(&c->reply.head, value);
	buf_z(&c->reply.head, "\r\n");
}

void s3d_reply_etag(struct s3d_call *c, const char *etag)
{
	buf_z(&c->reply.head, "ETag: \"");
	buf_z(&c->reply.head, etag);
	buf_z(&c->reply.head, "\"\r\n");
}

void s3d_reply_xml(struct s3d_call *c)
{
	s3d_reply_header(c, "Content-Type", STR("application/xml"));
	buf_z(&c->reply.body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

/* Bytes at the start of s that stand for themselves. */
static size_t ordinary(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] < 0x7f && s.p[n] != '&' && s.p[n] != '<' &&
	       s.p[n] != '>' && s.p[n] != '"')
		n++;
	return n;
}

static void escape(struct buf *b, struct str s)
{
	while (s.n) {
		size_t n = ordinary(s);
		unsigned char c;

		buf_add(b, s.p, n);
		s = str_from(s, n);
		if (s.n == 0)
			break;
		c = (unsigned char)s.p[0];
		n = utf8_len(s);
		if (c == '&')
			buf_z(b, "&amp;");
		else if (c == '<')
			buf_z(b, "&lt;");
		else if (c == '>')
			buf_z(b, "&gt;");
		else if (c == '"')
			buf_z(b, "&quot;");
		else if (c < 0x20 || c == 0x7f)
			/* As S3 does, though XML 1.0 allows of these only 9, a and d. */
			buf_printf(b, "&#x%x;", c);
		else if (n == 0)
			buf_z(b, "\xEF\xBF\xBD");
		else
			buf_add(b, s.p, n);
		s = str_from(s, n ? n : 1);
	}
}

void s3d_xml_text(struct buf *b, const char *tag, struct str text)
{
	buf_c(b, '<');
	buf_z(b, tag);
	buf_c(b, '>');
	escape(b, text);
	buf_z(b, "</");
	buf_z(b, tag);
	buf_c(b, '>');
}

void s3d_xml_number(struct buf *b, const char *tag, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, value);
	s3d_xml_text(b, tag, str_z(text));
}

void s3d_xml_time(struct buf *b, const char *tag, int64_t unix_s)
{
	char iso[25];

	clock_iso(unix_s * 1000, iso);
	s3d_xml_text(b, tag, str_z(iso));
}

static void error_details(struct s3d_call *c, enum s3d_code code, struct buf *b)
{
	const struct str *value;

	if (code == S3D_SKEWED) {
		char iso[25];

		value = s3d_call_header(c, "x-amz-date");
		if (value)
			s3d_xml_text(b, "RequestTime", *value);
		clock_iso(clock_wall_ms(), iso);
		s3d_xml_text(b, "ServerTime", str_z(iso));
		s3d_xml_number(b, "MaxAllowedSkewMilliseconds", 900000);
	}
	if (code == S3D_SIGNATURE_MISMATCH && c->auth.to_sign.n) {
		s3d_xml_text(b, "StringToSign", c->auth.to_sign);
		s3d_xml_text(b, "CanonicalRequest", c->auth.canonical);
	}
	value = s3d_call_header(c, "range");
	if (code == S3D_INVALID_RANGE && value)
		s3d_xml_text(b, "RangeRequested", *value);
	if (c->auth.wrong_region || code == S3D_ILLEGAL_LOCATION)
		s3d_xml_text(b, "Region", c->s->region);
	if (c->bucket.n)
		s3d_xml_text(b, "BucketName", c->bucket);
	if (c->key.n)
		s3d_xml_text(b, "Key", c->key);
}

void s3d_reply_error(struct s3d_call *c, enum s3d_code code)
{
	const struct s3d_code_info *info = s3d_code_info(code);
	struct buf *b = &c->reply.body;

	/* A 200 that carries an error is a fault that was asked for. */
	s3d_reply_begin(c, c->fault && c->fault->kind == S3D_FAULT_ERROR200 ? 200 : info->status);
	if (c->auth.wrong_region)
		s3d_reply_header(c, "x-amz-bucket-region", c->s->region);
	if (c->fault && c->fault->kind == S3D_FAULT_RETRY_AFTER)
		buf_printf(&c->reply.head, "Retry-After: %" PRId64 "\r\n", c->fault->param);
	if (code == S3D_NOT_MODIFIED) {
		s3d_reply_end(c, 0);
		return;
	}
	s3d_reply_xml(c);
	buf_z(b, "<Error>");
	s3d_xml_text(b, "Code", str_z(info->name));
	s3d_xml_text(b, "Message", str_z(c->message ? c->message : info->message));
	error_details(c, code, b);
	s3d_xml_text(b, "Resource", c->http.path);
	s3d_xml_text(b, "RequestId", str_z(c->id));
	s3d_xml_text(b, "HostId", STR("s3d"));
	buf_z(b, "</Error>");
	s3d_reply_end(c, (int64_t)b->n);
}

void s3d_reply_end(struct s3d_call *c, int64_t length)
{
	struct s3d_reply *r = &c->reply;

	if (!c->http.keep_alive)
		r->close = true;
	/* 204 and 304 have no body by definition, and no length. */
	if (r->status != 204 && r->status != 304)
		buf_printf(&r->head, "Content-Length: %" PRId64 "\r\n", length);
	buf_z(&r->head, r->close ? "Connection: close\r\n\r\n" : "\r\n");
	if (str_eq(c->http.method, STR("HEAD"))) {
		buf_reset(&r->body);
		r->left = 0;
	}
	/* What a buffer could not hold would be a torn document: better none. */
	if (r->head.over || r->body.over) {
		r->close = true;
		buf_reset(&r->head);
		buf_reset(&r->body);
		buf_z(&r->head, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
		                "Connection: close\r\n\r\n");
		r->left = 0;
	}
}
