/* s3d_http.c - see s3d_http.h. Strict where leniency would make the length of a body ambiguous. */
#include "workers/local/s3d_http.h"

static bool is_token(unsigned char c)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(others, c) != NULL);
}

static bool all_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

/* No control characters but tab; bytes over 0x7f may stand in values and, though they should not,
 * in targets. */
static bool all_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* The next line without its CRLF; false when there is none. A bare LF is left in as a control
 * character, for the caller to refuse. */
static bool next_line(struct str *in, struct str *line)
{
	size_t end = str_find(*in, '\n');

	if (end == in->n)
		return false;
	*line = (struct str){in->p, end};
	*in = str_from(*in, end + 1);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	else
		line->n++;
	return true;
}

static bool parse_target(struct str target, struct s3d_http *h)
{
	size_t q;

	/* Absolute form, which every server must accept (RFC 9112, 3.2.2). */
	if (str_starts(target, STR("http://"))) {
		target = str_from(target, 7);
		target = str_from(target, str_find(target, '/'));
		if (target.n == 0)
			target = STR("/");
	}
	if (target.n == 0 || target.p[0] != '/' || !all_text(target))
		return false;
	q = str_find(target, '?');
	h->path = (struct str){target.p, q};
	h->query = str_from(target, q + 1);
	return true;
}

static bool parse_request_line(struct str line, struct s3d_http *h)
{
	size_t sp = str_find(line, ' ');
	struct str rest = str_from(line, sp + 1);
	size_t sp2 = str_find(rest, ' ');
	struct str version = str_from(rest, sp2 + 1);

	h->method = (struct str){line.p, sp};
	if (str_eq(version, STR("HTTP/1.1")))
		h->keep_alive = true;
	else if (!str_eq(version, STR("HTTP/1.0")))
		return false;
	return all_token(h->method) && parse_target((struct str){rest.p, sp2}, h);
}

/* True when the comma-separated list holds the word. */
static bool has_word(struct str list, struct str word)
{
	while (list.n) {
		size_t comma = str_find(list, ',');

		if (str_ieq(str_trim((struct str){list.p, comma}), word))
			return true;
		list = str_from(list, comma + 1);
	}
	return false;
}

static bool parse_length(struct str value, int64_t *length)
{
	int64_t n;

	if (value.n == 0 || value.p[0] < '0' || value.p[0] > '9' || !str_to_i64(value, &n))
		return false;
	if (*length >= 0 && *length != n)
		return false;
	*length = n;
	return true;
}

static bool parse_header(struct str line, struct s3d_http *h)
{
	size_t colon = str_find(line, ':');
	struct sigv4_header *to = &h->headers[h->n_headers];

	to->name = (struct str){line.p, colon};
	to->value = str_trim(str_from(line, colon + 1));
	if (colon == line.n || !all_token(to->name) || !all_text(line))
		return false;
	h->n_headers++;
	switch (to->name.n) {
	case 4:
		if (!str_ieq(to->name, STR("host")))
			break;
		if (h->host.p)
			return false;
		h->host = to->value;
		break;
	case 6:
		if (str_ieq(to->name, STR("expect")))
			h->expect = str_ieq(to->value, STR("100-continue"));
		break;
	case 10:
		if (str_ieq(to->name, STR("connection")) && has_word(to->value, STR("close")))
			h->keep_alive = false;
		break;
	case 14:
		if (str_ieq(to->name, STR("content-length")))
			return parse_length(to->value, &h->length);
		break;
	case 17:
		if (!str_ieq(to->name, STR("transfer-encoding")))
			break;
		if (h->chunked || !str_ieq(to->value, STR("chunked")))
			return false;
		h->chunked = true;
		break;
	default: break;
	}
	return true;
}

enum s3d_http_result s3d_http_parse(struct str in, struct s3d_http *out, size_t *used)
{
	struct str all = in, line = {0};
	const char *end;

	/* An empty line before a request is to be ignored (RFC 9112, 2.2). */
	while (in.n >= 2 && in.p[0] == '\r' && in.p[1] == '\n')
		in = str_from(in, 2);
	end = in.n ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
	if (!end)
		return all.n >= S3D_HEAD_MAX ? S3D_HTTP_TOO_LONG : S3D_HTTP_MORE;
	*used = (size_t)(end - all.p) + 4;
	if (*used > S3D_HEAD_MAX)
		return S3D_HTTP_TOO_LONG;
	in.n = (size_t)(end - in.p) + 2;

	out->n_headers = 0;
	out->length = -1;
	out->chunked = out->keep_alive = out->expect = false;
	out->host = (struct str){0};
	if (!next_line(&in, &line) || !parse_request_line(line, out))
		return S3D_HTTP_BAD;
	while (next_line(&in, &line)) {
		if (out->n_headers == S3D_HEADERS_MAX)
			return S3D_HTTP_TOO_LONG;
		if (!parse_header(line, out))
			return S3D_HTTP_BAD;
	}
	/* Two lengths would let two readers see two bodies. */
	if (out->chunked && out->length >= 0)
		return S3D_HTTP_BAD;
	return out->host.p ? S3D_HTTP_DONE : S3D_HTTP_BAD;
}

const struct str *s3d_http_header(const struct s3d_http *h, const char *name)
{
	struct str want = str_z(name);

	for (size_t i = 0; i < h->n_headers; i++)
		if (str_ieq(h->headers[i].name, want))
			return &h->headers[i].value;
	return NULL;
}

/* Collects a line; true when it is complete in c->line[0..n), without its end. */
static bool chunk_line(struct s3d_chunks *c, struct str *in)
{
	size_t end = str_find(*in, '\n');
	size_t take = end < in->n ? end + 1 : in->n;

	if (take > sizeof c->line - c->n) {
		c->state = S3D_CHUNK_BAD;
		return false;
	}
	memcpy(c->line + c->n, in->p, take);
	c->n += take;
	*in = str_from(*in, take);
	if (c->line[c->n - 1] != '\n')
		return false;
	c->n--;
	if (c->n && c->line[c->n - 1] == '\r')
		c->n--;
	return true;
}

static bool chunk_size(struct s3d_chunks *c)
{
	size_t i = 0;

	c->left = 0;
	for (; i < c->n && str_hex_digit(c->line[i]) >= 0; i++) {
		if (c->left >> 60)
			return false;
		c->left = c->left * 16 + (uint64_t)str_hex_digit(c->line[i]);
	}
	if (i == 0)
		return false;
	while (i < c->n && (c->line[i] == ' ' || c->line[i] == '\t'))
		i++;
	return i == c->n || c->line[i] == ';';
}

static void chunk_trailer(struct s3d_chunks *c)
{
	if (c->n == 0) {
		c->state = S3D_CHUNK_DONE;
		return;
	}
	if (c->n + 1 > sizeof c->trailers - c->n_trailers) {
		c->state = S3D_CHUNK_BAD;
		return;
	}
	memcpy(c->trailers + c->n_trailers, c->line, c->n);
	c->n_trailers += c->n;
	c->trailers[c->n_trailers++] = '\n';
}

bool s3d_chunks_next(struct s3d_chunks *c, struct str *in, struct str *data)
{
	while (in->n && c->state != S3D_CHUNK_DONE && c->state != S3D_CHUNK_BAD) {
		if (c->state == S3D_CHUNK_DATA) {
			size_t n = c->left < in->n ? (size_t)c->left : in->n;

			*data = (struct str){in->p, n};
			*in = str_from(*in, n);
			c->left -= n;
			if (c->left == 0)
				c->state = S3D_CHUNK_END;
			return true;
		}
		if (!chunk_line(c, in))
			continue;
		if (c->state == S3D_CHUNK_TRAILER)
			chunk_trailer(c);
		else if (c->state == S3D_CHUNK_END)
			c->state = c->n ? S3D_CHUNK_BAD : S3D_CHUNK_SIZE;
		else if (!chunk_size(c))
			c->state = S3D_CHUNK_BAD;
		else
			c->state = c->left ? S3D_CHUNK_DATA : S3D_CHUNK_TRAILER;
		c->n = 0;
	}
	return false;
}

struct str s3d_chunks_trailer(const struct s3d_chunks *c, struct str name)
{
	struct str rest = {c->trailers, c->n_trailers};

	while (rest.n) {
		struct str line = {rest.p, str_find(rest, '\n')};
		size_t colon = str_find(line, ':');

		if (colon < line.n && str_ieq(str_trim((struct str){line.p, colon}), name))
			return str_trim(str_from(line, colon + 1));
		rest = str_from(rest, line.n + 1);
	}
	return (struct str){0};
}
