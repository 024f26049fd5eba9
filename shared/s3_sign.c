/*
 * s3_sign.c - where a request goes and what it carries: URL, headers, signature.
 *
 * On AWS a bucket is a host name (https://BUCKET.s3.REGION.amazonaws.com). Names that are no host
 * label, or that contain dots (which the wildcard of AWS's certificate does not cover), go into the
 * path (https://s3.REGION.amazonaws.com/BUCKET), and so does every bucket of a custom endpoint.
 * The path is encoded once and is the same on the wire and in the signature.
 */
#include <stdio.h>

#include "shared/clock.h"
#include "shared/s3_wire.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bool lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_host_label(struct str bucket)
{
	if (bucket.n < 3 || bucket.n > 63 || !lower_or_digit(bucket.p[0]) ||
	    !lower_or_digit(bucket.p[bucket.n - 1]))
		return false;
	for (size_t i = 0; i < bucket.n; i++)
		if (!lower_or_digit(bucket.p[i]) && bucket.p[i] != '-')
			return false;
	return true;
}

struct address {
	struct str scheme; /* "https://" */
	struct str host;   /* as in the Host header: with the port where it is not the default */
	struct str path;
};

static struct address address_of(
    const struct s3 *s, struct str bucket, struct str key, struct str region, struct arena *a)
{
	const char *suffix = endpoint_partition(region)->suffix;
	struct str k = sigv4_encode(a, key, true);
	struct str b = sigv4_encode(a, bucket, false);
	const char *slash = key.n ? "/" : "";
	struct address to = {.scheme = STR("https://")};

	if (s->base.n) {
		to.scheme = str_starts(s->base, STR("https:")) ? STR("https://") : STR("http://");
		to.host = s->base_host;
		to.path = str_z(arena_printf(
		    a, "%.*s/%.*s%s%.*s", STRF(s->base_path), STRF(b), slash, STRF(k)));
	} else if (is_host_label(bucket)) {
		to.host = str_z(
		    arena_printf(a, "%.*s.s3.%.*s.%s", STRF(bucket), STRF(region), suffix));
		to.path = str_z(arena_printf(a, "/%.*s", STRF(k)));
	} else {
		to.host = str_z(arena_printf(a, "s3.%.*s.%s", STRF(region), suffix));
		to.path = str_z(arena_printf(a, "/%.*s%s%.*s", STRF(b), slash, STRF(k)));
	}
	return to;
}

struct str s3_place(const struct s3 *s, struct str bucket, struct arena *a)
{
	struct address to;

	if (s->base.n)
		return s->base;
	to = address_of(s, bucket, STR(""), s3_bucket_region(s, bucket), a);
	return str_z(arena_printf(a, "%.*s%.*s", STRF(to.scheme), STRF(to.host)));
}

/* The headers of one request: the signer wants pairs, the wire wants lines. */
struct lines {
	struct arena *a;
	struct sigv4_header pairs[S3_LINES];
	struct s3_wire *out;
};

static void add(struct lines *l, const char *name, struct str value)
{
	size_t i = l->out->n_lines++;

	l->pairs[i] = (struct sigv4_header){str_z(name), value};
	l->out->lines[i] = arena_printf(l->a, "%s: %.*s", name, STRF(value));
}

/* The bytes of a digest in base64, from their hexadecimal form. */
static struct str base64_of_hex(const char *hex, struct arena *a)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(hex) / 2, used = 0;
	char *out = arena_alloc(a, (n + 2) / 3 * 4 + 1);

	for (size_t i = 0; i < n; i += 3) {
		unsigned group = 0;

		for (size_t k = i; k < i + 3; k++) {
			group <<= 8;
			if (k < n)
				group |= (unsigned)(str_hex_digit(hex[2 * k]) * 16 +
				                    str_hex_digit(hex[2 * k + 1]));
		}
		for (size_t k = 0; k < 4; k++)
			out[used++] = i + k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
	}
	return (struct str){out, used};
}

void s3_sign_at(const struct s3 *s, const struct s3_call *c, int64_t wall_ms, struct arena *a,
    struct s3_wire *out)
{
	struct str region = s3_bucket_region(s, c->bucket);
	struct address to = address_of(s, c->bucket, c->key, region, a);
	const struct sigv4_key *key = &s->credentials.key;
	char *hash = arena_strz(a, EMPTY_SHA256), *time = arena_alloc(a, 17);
	struct lines l = {.a = a, .out = out};
	struct sigv4_result signature;

	*out = (struct s3_wire){
	    .url = arena_printf(a, "%.*s%.*s%.*s%s%.*s", STRF(to.scheme), STRF(to.host),
	        STRF(to.path), c->query.n ? "?" : "", STRF(c->query))};

	add(&l, "Host", to.host);
	if (c->content_type.n)
		add(&l, "Content-Type", c->content_type);
	if (c->etag.n)
		add(&l, "If-Match", str_z(arena_printf(a, "\"%.*s\"", STRF(s3_etag(c->etag)))));
	if (c->from)
		add(&l, "Range",
		    str_z(arena_printf(a, "bytes=%llu-", (unsigned long long)c->from)));
	if (s->credentials.anonymous)
		return;

	if (c->body.n)
		sigv4_sha256_hex(c->body, hash);
	sigv4_time(wall_ms, time);
	add(&l, "x-amz-date", str_z(time));
	add(&l, "x-amz-content-sha256", str_z(hash));
	if (c->checksum) {
		add(&l, "x-amz-sdk-checksum-algorithm", STR("SHA256"));
		add(&l, "x-amz-checksum-sha256", base64_of_hex(hash, a));
	}
	if (key->token.n)
		add(&l, "x-amz-security-token", key->token);
	if (s->request_payer)
		add(&l, "x-amz-request-payer", STR("requester"));
	if (s->bucket_owner.n)
		add(&l, "x-amz-expected-bucket-owner", s->bucket_owner);
	sigv4_sign(
	    &(struct sigv4_request){
	        .method = str_z(c->method),
	        .path = to.path,
	        .query = c->query,
	        .headers = l.pairs,
	        .n_headers = out->n_lines,
	        .payload_hash = str_z(hash),
	        .path_rule = SIGV4_PATH_AS_IS,
	        .region = region,
	        .service = STR("s3"),
	        .time = str_z(time),
	    },
	    key, a, &signature);
	out->authorization = signature.authorization;
	add(&l, "Authorization", signature.authorization);
}

void s3_sign(const struct s3 *s, const struct s3_call *c, struct arena *a, struct s3_wire *out)
{
	s3_sign_at(s, c, clock_wall_ms() + s->skew_ms, a, out);
}

bool s3_ready(struct s3 *s, const struct s3_call *c, struct s3_tries *t, struct arena *a,
    struct s3_wire *out, struct err *e)
{
	if (!credentials_refresh(&s->credentials, false, e))
		return false;
	t->keys = s->credentials.generation;
	s3_sign(s, c, a, out);
	return true;
}
