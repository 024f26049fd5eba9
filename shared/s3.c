/* s3.c - see s3.h: opening a client, the retry loop of s3_wire.h, and the calls but listing. */
#include "shared/s3.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/backoff.h"
#include "shared/clock.h"
#include "shared/s3_wire.h"

enum { ATTEMPTS = 5, ERROR_BODY_MAX = 64 * 1024 };

/* What URLs and the Host header need of the endpoint. */
static bool set_endpoint(struct s3 *s, const char *url, struct err *e)
{
	struct endpoint at;

	if (!endpoint_parse(arena_str(s->life, str_z(url)), &at))
		return endpoint_refuse(s->base_from, e);
	s->base = at.base;
	s->base_host = at.host;
	s->base_path = at.path;
	return true;
}

bool s3_open(const struct s3_options *o, struct s3 **out, struct err *e)
{
	struct s3 *s = xcalloc(1, sizeof *s);
	const struct credentials *c = o->credentials;

	s->life = arena_new();
	s->call = arena_new();
	s->http = http_new(AT_S3, o->tick, o->tick_ctx);
	s->tick = o->tick;
	s->tick_ctx = o->tick_ctx;
	s->budget = S3_BUDGET;
	s->attempts = o->attempts > 0 ? o->attempts : ATTEMPTS;
	s->base_from = o->endpoint_from ? o->endpoint_from : "[AWS] ENDPOINT";
	s->request_payer = o->request_payer;
	s->bucket_owner = arena_str(s->life, str_z(o->bucket_owner));
	s->region = arena_str(s->life, o->region);
	s->credentials = *c;
	s->credentials.own = arena_new();
	s->credentials.key.access = arena_str(s->credentials.own, c->key.access);
	s->credentials.key.secret = arena_str(s->credentials.own, c->key.secret);
	s->credentials.key.token = arena_str(s->credentials.own, c->key.token);
	s->credentials.origin = arena_str(s->credentials.own, c->origin);
	if (!endpoint_region_ok(s->region)) {
		err_set(e, ERR_SETUP, AT_CONFIG, "region",
		    "[AWS] REGION = %.*s is no region; write one like us-west-2", STRF(s->region));
		s3_close(s);
		return false;
	}
	if (o->endpoint && *o->endpoint && !set_endpoint(s, o->endpoint, e)) {
		s3_close(s);
		return false;
	}
	*out = s;
	return true;
}

void s3_close(struct s3 *s)
{
	if (!s)
		return;
	http_free(s->http);
	credentials_free(&s->credentials);
	arena_free(s->life);
	arena_free(s->call);
	free(s);
}

struct s3_stats s3_stats(const struct s3 *s)
{
	return s->stats;
}

const struct credentials *s3_credentials(const struct s3 *s)
{
	return &s->credentials;
}

struct str s3_bucket_region(const struct s3 *s, struct str bucket)
{
	for (size_t i = 0; i < s->n_regions; i++)
		if (str_eq(s->regions[i].bucket, bucket))
			return str_z(s->regions[i].region);
	return s->region;
}

bool s3_move(struct s3 *s, struct str bucket, struct str region)
{
	size_t i = 0;

	/* It becomes part of a host name. */
	if (!endpoint_region_ok(region))
		return false;
	while (i < s->n_regions && !str_eq(s->regions[i].bucket, bucket))
		i++;
	if (i == s->n_regions) {
		s->regions = arena_grow(
		    s->life, s->regions, i, &s->cap_regions, sizeof *s->regions);
		s->regions[i].bucket = arena_str(s->life, bucket);
		s->n_regions++;
	}
	snprintf(s->regions[i].region, sizeof s->regions[i].region, "%.*s", STRF(region));
	return true;
}

bool s3_url_parse(struct str url, struct str *bucket, struct str *key, struct err *e)
{
	struct str rest = str_from(url, 5);
	size_t slash = str_find(rest, '/');

	if (!str_starts(url, STR("s3://")))
		return err_set(e, ERR_SETUP, AT_CONFIG, "address",
		    "\"%.*s\" is no S3 address: it must begin with s3://", STRF(url));
	if (slash == 0)
		return err_set(e, ERR_SETUP, AT_CONFIG, "address",
		    "\"%.*s\" names no bucket; write s3://BUCKET/PREFIX", STRF(url));
	for (size_t i = 0; i < slash; i++) {
		char c = rest.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '.' && c != '_')
			return err_set(e, ERR_SETUP, AT_CONFIG, "address",
			    "\"%.*s\": \"%.*s\" cannot be the name of a bucket (letters, digits, "
			    "hyphens, dots)",
			    STRF(url), (int)slash, rest.p);
	}
	if (slash > 255)
		return err_set(e, ERR_SETUP, AT_CONFIG, "address",
		    "\"%.*s\": the name of the bucket is too long", STRF(url));
	*bucket = (struct str){rest.p, slash};
	*key = str_from(rest, slash + 1);
	if (key->n > 1024)
		return err_set(e, ERR_SETUP, AT_CONFIG, "address",
		    "\"%.200s...\": a key has at most 1024 bytes", url.p);
	return true;
}

bool s3_wait(struct s3 *s, struct s3_tries *t, struct err *e)
{
	int64_t pause = s3_pause(s, 0, t, e);

	if (pause < 0 || !backoff_wait(pause, s->tick, s->tick_ctx, e))
		return false;
	s3_count_again(s, e);
	return true;
}

static void read_clock(struct s3 *s, const struct http_reply *r)
{
	int64_t date = http_date_ms(r->date);

	if (date < 0)
		return;
	s->ahead_ms = date - clock_wall_ms();
	s->clock_known = true;
}

bool s3_clock(const struct s3 *s, int64_t *ahead_ms)
{
	*ahead_ms = s->ahead_ms;
	return s->clock_known;
}

bool s3_do(struct s3 *s, const struct s3_call *c, struct s3_tries *t, struct http_reply *r,
    struct buf *out, struct err *e)
{
	size_t max = out->max, start = out->n;

	for (;;) {
		struct s3_wire wire;
		enum s3_verdict verdict = S3_FAILED;
		bool answered;

		arena_reset(s->call);
		if (!s3_ready(s, c, t, s->call, &wire, e))
			return false;
		/* An error document may be larger than what the caller has room for. */
		out->max = max > start + ERROR_BODY_MAX ? max : start + ERROR_BODY_MAX;
		answered = http_do(s->http,
		    &(struct http_request){.method = c->method,
		        .url = wire.url,
		        .headers = wire.lines,
		        .n_headers = wire.n_lines,
		        .body = c->body},
		    r, out, e);
		out->max = max;
		s->stats.requests++;
		s->stats.bytes_out += c->body.n;
		s->stats.bytes_in += out->n - start;
		if (answered)
			read_clock(s, r);
		if (answered)
			verdict = s3_judge(s, c, r, str_from(buf_view(out), start), t, e);
		else
			s3_no_answer(s, c, e);
		if (verdict == S3_TAKEN)
			break;
		out->n = start;
		out->over = false;
		if (verdict == S3_AGAIN)
			s3_count_again(s, e);
		else if (!s3_wait(s, t, e))
			return false;
	}
	if (out->n > max) {
		out->n = start;
		return err_set(e, ERR_TASK, AT_S3, "large",
		    "s3://%.*s/%.*s is larger than the %zu bytes that were expected at most",
		    STRF(c->bucket), STRF(c->subject.n ? c->subject : c->key), max);
	}
	return true;
}

static void take_info(struct s3_info *info, const struct http_reply *r, uint64_t size)
{
	struct str etag = s3_etag(str_z(r->etag));

	if (!info)
		return;
	info->size = size;
	snprintf(info->etag, sizeof info->etag, "%.*s", STRF(etag));
}

bool s3_get(struct s3 *s, struct str bucket, struct str key, struct str etag, struct buf *out,
    struct s3_info *info, struct err *e)
{
	struct s3_call c = {.method = "GET", .bucket = bucket, .key = key, .etag = etag};
	struct s3_tries tries = {0};
	struct http_reply r;
	size_t start = out->n;

	if (!s3_do(s, &c, &tries, &r, out, e))
		return false;
	take_info(info, &r, out->n - start);
	return true;
}

/* For the calls whose good answer has no body worth keeping. */
static bool do_small(struct s3 *s, const struct s3_call *c, struct http_reply *r, struct err *e)
{
	struct s3_tries tries = {0};
	struct buf answer;
	bool ok;

	buf_init(&answer, ERROR_BODY_MAX);
	ok = s3_do(s, c, &tries, r, &answer, e);
	buf_free(&answer);
	return ok;
}

bool s3_put(struct s3 *s, struct str bucket, struct str key, struct str body,
    const char *content_type, struct s3_info *info, struct err *e)
{
	struct s3_call c = {.method = "PUT",
	    .bucket = bucket,
	    .key = key,
	    .content_type = str_z(content_type),
	    .body = body};
	struct http_reply r;

	if (!do_small(s, &c, &r, e))
		return false;
	take_info(info, &r, body.n);
	return true;
}

bool s3_head(struct s3 *s, struct str bucket, struct str key, struct s3_info *info, struct err *e)
{
	struct s3_call c = {.method = "HEAD", .bucket = bucket, .key = key};
	struct http_reply r;

	if (!do_small(s, &c, &r, e))
		return false;
	take_info(info, &r, r.content_length > 0 ? (uint64_t)r.content_length : 0);
	return true;
}

bool s3_delete(struct s3 *s, struct str bucket, struct str key, struct err *e)
{
	struct s3_call c = {.method = "DELETE", .bucket = bucket, .key = key};
	struct http_reply r;

	return do_small(s, &c, &r, e);
}
