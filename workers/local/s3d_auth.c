/* s3d_auth.c - see s3d_auth.h. */
#include "workers/local/s3d_auth.h"

#include <ctype.h>
#include <stdlib.h>

enum { SKEW_S = 15 * 60, EXPIRES_MAX_S = 7 * 24 * 3600, SIGNED_MAX = S3D_HEADERS_MAX };

/* What a signature claims, from either form. */
struct claim {
	struct str access, date, region, service;
	struct str signed_headers; /* "host;x-amz-date" */
	struct str signature;
	struct str time; /* ISO 8601 basic */
	int64_t time_s;
	struct str token;
	bool query; /* presigned */
	int64_t expires_s;
};

static enum s3d_code refuse(struct s3d_auth *out, enum s3d_code code, const char *message)
{
	out->message = message;
	return code;
}

/* Cuts the part behind the last '/' off s. */
static struct str pop(struct str *s)
{
	size_t i = s->n;
	struct str last;

	while (i && s->p[i - 1] != '/')
		i--;
	last = str_from(*s, i);
	s->n = i ? i - 1 : 0;
	return last;
}

/* "AKID/20260801/us-west-2/s3/aws4_request"; the id may hold slashes itself. */
static bool parse_credential(struct str s, struct claim *c)
{
	if (!str_eq(pop(&s), STR("aws4_request")))
		return false;
	c->service = pop(&s);
	c->region = pop(&s);
	c->date = pop(&s);
	c->access = s;
	return c->access.n && c->date.n == 8 && c->region.n && c->service.n;
}

/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..." */
static bool parse_authorization(struct str s, struct claim *c)
{
	bool scope = false;

	s = str_from(s, sizeof "AWS4-HMAC-SHA256" - 1);
	while (s.n) {
		struct str one = str_trim((struct str){s.p, str_find(s, ',')});
		size_t eq = str_find(one, '=');
		struct str name = {one.p, eq}, value = str_from(one, eq + 1);

		s = str_from(s, str_find(s, ',') + 1);
		if (str_eq(name, STR("Credential")))
			scope = parse_credential(value, c);
		else if (str_eq(name, STR("SignedHeaders")))
			c->signed_headers = value;
		else if (str_eq(name, STR("Signature")))
			c->signature = value;
	}
	return scope && c->signed_headers.n && c->signature.n == 64;
}

static enum s3d_code header_claim(
    const struct s3d_auth_in *in, struct arena *a, struct claim *c, struct s3d_auth *out)
{
	const struct str *auth = s3d_http_header(in->http, "authorization");
	const struct str *date = s3d_http_header(in->http, "x-amz-date");
	const struct str *token = s3d_http_header(in->http, "x-amz-security-token");

	if (!auth || !str_starts(*auth, STR("AWS4-HMAC-SHA256")))
		return refuse(out, S3D_INVALID_REQUEST,
		    "The authorization mechanism you have provided is not supported. Please use "
		    "AWS4-HMAC-SHA256.");
	if (!parse_authorization(*auth, c))
		return S3D_AUTH_HEADER_MALFORMED;
	if (token)
		c->token = *token;
	if (date) {
		c->time = *date;
		if (s3d_date_parse_basic(*date, &c->time_s))
			return S3D_OK;
	}
	date = s3d_http_header(in->http, "date");
	if (date &&
	    (s3d_date_parse(*date, &c->time_s) || s3d_date_parse_basic(*date, &c->time_s))) {
		char *basic = arena_alloc(a, 17);

		sigv4_time(c->time_s * 1000, basic);
		c->time = str_z(basic);
		return S3D_OK;
	}
	return refuse(out, S3D_ACCESS_DENIED,
	    "AWS authentication requires a valid Date or x-amz-date header");
}

static struct str param(const struct s3d_auth_in *in, const char *name)
{
	const struct str *value = s3d_param_get(in->params, in->n_params, name);

	return value ? *value : (struct str){0};
}

static enum s3d_code query_claim(
    const struct s3d_auth_in *in, struct claim *c, struct s3d_auth *out)
{
	c->query = true;
	c->signature = param(in, "X-Amz-Signature");
	c->signed_headers = param(in, "X-Amz-SignedHeaders");
	c->time = param(in, "X-Amz-Date");
	c->token = param(in, "X-Amz-Security-Token");
	if (!str_eqz(param(in, "X-Amz-Algorithm"), "AWS4-HMAC-SHA256") ||
	    !parse_credential(param(in, "X-Amz-Credential"), c) || c->signed_headers.n == 0 ||
	    !s3d_date_parse_basic(c->time, &c->time_s))
		return S3D_AUTH_QUERY_ERROR;
	if (!str_to_i64(param(in, "X-Amz-Expires"), &c->expires_s) || c->expires_s < 1 ||
	    c->expires_s > EXPIRES_MAX_S)
		return refuse(out, S3D_AUTH_QUERY_ERROR,
		    "X-Amz-Expires must be between 1 and 604800 seconds");
	return S3D_OK;
}

static enum s3d_code check_scope(
    const struct s3d_auth_in *in, const struct claim *c, struct arena *a, struct s3d_auth *out)
{
	enum s3d_code malformed = c->query ? S3D_AUTH_QUERY_ERROR : S3D_AUTH_HEADER_MALFORMED;

	if (!str_eq(c->region, in->region)) {
		out->wrong_region = true;
		return refuse(out, malformed,
		    arena_printf(a,
		        "The authorization header is malformed; the region '%.*s' is wrong; "
		        "expecting '%.*s'",
		        STRF(c->region), STRF(in->region)));
	}
	if (!str_eq(c->service, STR("s3")))
		return refuse(out, malformed,
		    arena_printf(a,
		        "The authorization header is malformed; incorrect service \"%.*s\". This "
		        "endpoint belongs to \"s3\".",
		        STRF(c->service)));
	if (!str_starts(c->time, c->date))
		return refuse(out, malformed,
		    "The authorization header is malformed; the date of the credential is not "
		    "that of the request.");
	return S3D_OK;
}

static enum s3d_code check_time(
    const struct s3d_auth_in *in, const struct claim *c, struct s3d_auth *out)
{
	if (c->query) {
		if (c->time_s > in->now_s + SKEW_S)
			return refuse(out, S3D_ACCESS_DENIED, "Request is not yet valid");
		if (in->now_s > c->time_s + c->expires_s)
			return refuse(out, S3D_ACCESS_DENIED, "Request has expired");
	} else if (c->time_s > in->now_s + SKEW_S || c->time_s < in->now_s - SKEW_S) {
		return S3D_SKEWED;
	}
	return S3D_OK;
}

/* Is the name one of "a;b;c"? Case is ignored on the left. */
static bool listed(struct str name, struct str list)
{
	while (list.n) {
		size_t semi = str_find(list, ';');

		if (str_ieq(name, (struct str){list.p, semi}))
			return true;
		list = str_from(list, semi + 1);
	}
	return false;
}

/* host and every x-amz-* must be signed: whoever could change one could change the request. */
static enum s3d_code signed_headers(const struct s3d_auth_in *in, const struct claim *c,
    struct sigv4_header headers[SIGNED_MAX], size_t *n, struct s3d_auth *out)
{
	*n = 0;
	for (size_t i = 0; i < in->http->n_headers; i++) {
		const struct sigv4_header *h = &in->http->headers[i];
		bool amz = h->name.n > 6 && str_ieq((struct str){h->name.p, 6}, STR("x-amz-"));

		if (listed(h->name, c->signed_headers))
			headers[(*n)++] = *h;
		else if (amz || str_ieq(h->name, STR("host")))
			return refuse(out, S3D_ACCESS_DENIED,
			    "There were headers present in the request which were not signed");
	}
	return S3D_OK;
}

/* The query as it was signed: without the signature itself. */
static struct str canonical_query(
    const struct s3d_auth_in *in, const struct claim *c, struct arena *a)
{
	struct str out = {0};
	size_t n = 0;
	char *p;

	if (in->n_params == 0)
		return out;
	for (size_t i = 0; i < in->n_params; i++)
		n += 3 * (in->params[i].name.n + in->params[i].value.n) + 2;
	p = arena_alloc(a, n);
	out.p = p;
	for (size_t i = 0; i < in->n_params; i++) {
		struct str name = sigv4_encode(a, in->params[i].name, false);
		struct str value = sigv4_encode(a, in->params[i].value, false);

		if (c->query && str_eqz(name, "X-Amz-Signature"))
			continue;
		if (out.n)
			p[out.n++] = '&';
		if (name.n)
			memcpy(p + out.n, name.p, name.n);
		out.n += name.n;
		p[out.n++] = '=';
		if (value.n)
			memcpy(p + out.n, value.p, value.n);
		out.n += value.n;
	}
	return out;
}

static bool is_sha256(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isxdigit((unsigned char)s.p[i]) || isupper((unsigned char)s.p[i]))
			return false;
	return s.n == 64;
}

/* x-amz-content-sha256: what it says about the body, and what stands in the canonical request. */
static enum s3d_code check_payload(
    const struct s3d_auth_in *in, bool required, struct str *hash, struct s3d_auth *out)
{
	static const char *const streams[] = {"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
	    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"};
	const struct str *value = s3d_http_header(in->http, "x-amz-content-sha256");

	out->payload = S3D_PAYLOAD_UNSIGNED;
	*hash = STR("UNSIGNED-PAYLOAD");
	if (!value)
		return required
		           ? refuse(out, S3D_INVALID_REQUEST,
		                 "Missing required header for this request: x-amz-content-sha256")
		           : S3D_OK;
	*hash = *value;
	if (str_eqz(*value, "UNSIGNED-PAYLOAD"))
		return S3D_OK;
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		if (str_eqz(*value, streams[i])) {
			out->payload = S3D_PAYLOAD_AWS_CHUNKED;
			return S3D_OK;
		}
	}
	if (!is_sha256(*value))
		return refuse(out, S3D_INVALID_ARGUMENT,
		    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
		    "STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
		    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
		    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or "
		    "a valid sha256 value.");
	out->payload = S3D_PAYLOAD_HASH;
	out->sha256 = *value;
	return S3D_OK;
}

static const struct sigv4_key *find_key(const struct s3d_keys *keys, struct str access)
{
	for (size_t i = 0; i < keys->n; i++)
		if (str_eq(keys->v[i].access, access))
			return &keys->v[i];
	return NULL;
}

static enum s3d_code verify(
    const struct s3d_auth_in *in, const struct claim *c, struct arena *a, struct s3d_auth *out)
{
	struct sigv4_header headers[SIGNED_MAX];
	struct sigv4_request r = {
	    .method = in->http->method,
	    .headers = headers,
	    .path_rule = SIGV4_PATH_AS_IS,
	    .region = c->region,
	    .service = c->service,
	    .time = c->time,
	};
	const struct sigv4_key *key = find_key(in->keys, c->access);
	struct sigv4_result result;
	enum s3d_code code;

	if (!key)
		return S3D_INVALID_ACCESS_KEY;
	if ((key->token.n || c->token.n) && !sigv4_equal(key->token, c->token))
		return S3D_INVALID_TOKEN;
	if (in->keys->expired && in->keys->expired[key - in->keys->v])
		return S3D_EXPIRED_TOKEN;
	code = check_time(in, c, out);
	if (code == S3D_OK)
		code = check_payload(in, !c->query, &r.payload_hash, out);
	if (code == S3D_OK)
		code = signed_headers(in, c, headers, &r.n_headers, out);
	if (code != S3D_OK)
		return code;
	r.path = sigv4_encode(a, in->path, true);
	r.query = canonical_query(in, c, a);
	sigv4_sign(&r, key, a, &result);
	if (sigv4_equal(str_z(result.signature), c->signature))
		return S3D_OK;
	/* As S3 does; but a session token, which is a secret and stands in there, is not echoed. */
	if (c->token.n == 0) {
		out->canonical = result.canonical;
		out->to_sign = result.to_sign;
	}
	return S3D_SIGNATURE_MISMATCH;
}

enum s3d_code s3d_auth_check(const struct s3d_auth_in *in, struct arena *a, struct s3d_auth *out)
{
	struct claim c = {0};
	enum s3d_code code;
	struct str hash;

	*out = (struct s3d_auth){0};
	if (s3d_http_header(in->http, "authorization"))
		code = header_claim(in, a, &c, out);
	else if (param(in, "X-Amz-Signature").n)
		code = query_claim(in, &c, out);
	else if (in->anonymous)
		return check_payload(in, false, &hash, out);
	else
		return S3D_ACCESS_DENIED;
	if (code == S3D_OK)
		code = check_scope(in, &c, a, out);
	return code == S3D_OK ? verify(in, &c, a, out) : code;
}
