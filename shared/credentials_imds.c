/*
 * credentials_imds.c - the metadata service of an EC2 instance, version 2: a token by PUT first,
 * which every GET carries. The first version, which needs none, is never spoken.
 *
 * (EC2, "Use the Instance Metadata Service": AWS_EC2_METADATA_DISABLED,
 * AWS_METADATA_SERVICE_TIMEOUT and _NUM_ATTEMPTS, AWS_EC2_METADATA_SERVICE_ENDPOINT and
 * _ENDPOINT_MODE; the SDKs' reference has the keys of a profile that say the same.)
 *
 * The code "none" of an error says that nobody is there, or has no role to give.
 */
#include <stdio.h>

#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/credentials_chain.h"
#include "shared/http.h"

enum { ANSWER_MAX = 64 * 1024, TIME_MOST_S = 60, ATTEMPTS_MOST = 10, STALE_MS = 16 * 60000 };

#define ROLES "/latest/meta-data/iam/security-credentials/"

struct imds {
	struct chain *c;
	struct http *http;
	const char *base; /* without a final "/" */
	int timeout_ms, attempts;
	const char *token; /* a header line */
};

/* A variable, or else a key of the profile. */
static struct str setting(const struct chain *c, const char *variable, const char *key)
{
	const char *z = chain_env(variable);

	return z ? str_z(z) : chain_value(c, c->profile, key);
}

static int number(
    const struct chain *c, const char *variable, const char *key, int preset, int most)
{
	int64_t n;

	if (!str_to_i64(setting(c, variable, key), &n) || n < 1)
		return preset;
	return n > most ? most : (int)n;
}

static void imds_open(struct imds *m, struct chain *c)
{
	struct str mode = setting(
	    c, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
	struct str s = setting(
	    c, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");

	if (!s.n)
		s = str_ieq(mode, STR("ipv6")) ? STR("http://[fd00:ec2::254]")
		                               : STR("http://169.254.169.254");
	while (str_ends(s, STR("/")))
		s.n--;
	*m = (struct imds){
	    .c = c,
	    .http = http_new(AT_CONFIG, c->tick, c->tick_ctx),
	    .base = arena_cstr(c->a, s),
	    .timeout_ms = 1000 * number(c, "AWS_METADATA_SERVICE_TIMEOUT",
	                             "metadata_service_timeout", 1, TIME_MOST_S),
	    .attempts = number(c, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
	        "metadata_service_num_attempts", 1, ATTEMPTS_MOST),
	};
}

/* Any answer but those of a server that fails is one. */
static bool ask(struct imds *m, const char *method, const char *path, const char *line, int *status,
    struct str *body, struct err *e)
{
	struct http_request q = {.method = method,
	    .url = arena_printf(m->c->a, "%s%s", m->base, path),
	    .headers = &line,
	    .n_headers = 1,
	    .timeout_ms = m->timeout_ms,
	    .direct = true};
	struct http_reply r = {.status = 0};
	int tried = 0;
	struct buf b;
	bool ok = false;

	buf_init(&b, ANSWER_MAX);
	do {
		buf_reset(&b);
		if (http_do(m->http, &q, &r, &b, e))
			ok = r.status < 500 ||
			     err_set(e, ERR_RETRY, AT_CONFIG, NULL, "HTTP %d", r.status);
	} while (!ok && ++tried < m->attempts && e->kind != ERR_CANCELLED);
	*status = r.status;
	*body = arena_str(m->c->a, buf_view(&b));
	buf_wipe(&b);
	if (ok || e->kind == ERR_CANCELLED)
		return ok;
	return err_set(
	    e, ERR_SETUP, AT_CONFIG, "none", "instance metadata at %s: %s", m->base, e->msg);
}

static bool get_token(struct imds *m, struct err *e)
{
	struct str token;
	int status = 0;

	if (!ask(m, "PUT", "/latest/api/token", "x-aws-ec2-metadata-token-ttl-seconds: 21600",
	        &status, &token, e))
		return false;
	token = str_trim(token);
	if (status == 200 && token.n && chain_is_clean(token)) {
		m->token = arena_printf(m->c->a, "x-aws-ec2-metadata-token: %.*s", STRF(token));
		return true;
	}
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "instance metadata at %s gives no token (HTTP %d): dwh speaks IMDSv2 alone, which the "
	    "instance must allow (HttpTokens, HttpEndpoint, HttpPutResponseHopLimit)",
	    m->base, status);
}

/* A 200 with something in it, or the code "none" where there is no such thing. */
static bool get(struct imds *m, const char *path, struct str *body, struct err *e)
{
	int status = 0;

	if (!ask(m, "GET", path, m->token, &status, body, e))
		return false;
	*body = str_trim(*body);
	if (status == 200 && body->n)
		return true;
	return err_set(e, ERR_SETUP, AT_CONFIG, status == 404 || status == 200 ? "none" : NULL,
	    "instance metadata at %s: %s (HTTP %d)", m->base,
	    status == 404 || status == 200 ? "the instance has no role" : "refused", status);
}

bool chain_has_imds(const struct chain *c, struct str profile)
{
	(void)c;
	(void)profile;
	return !str_ieq(str_z(chain_env("AWS_EC2_METADATA_DISABLED")), STR("true"));
}

static bool get_keys(struct imds *m, struct credentials *out, struct err *e)
{
	struct str role, text;
	const char *place;
	int64_t now = clock_wall_ms();

	if (!get_token(m, e) || !get(m, ROLES, &role, e))
		return false;
	role.n = str_find(role, '\n');
	role = str_trim(role);
	if (!chain_is_clean(role))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "instance metadata at %s: this is no name of a role", m->base);
	place = arena_printf(m->c->a, "role %.*s of the instance", STRF(role));
	if (!get(m, arena_printf(m->c->a, ROLES "%.*s", STRF(role)), &text, e) ||
	    !chain_take_json(m->c, text, place, "Token", false, out, e))
		return false;
	/* While it can not renew them, AWS goes on to take keys that it has let expire: they are
	 * used, and soon looked for again. */
	if (out->expires_ms && out->expires_ms <= now)
		out->expires_ms = now + STALE_MS;
	return true;
}

bool chain_get_imds(struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	struct imds m;
	bool ok;

	(void)profile;
	if (!chain_has_imds(c, profile))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "AWS_EC2_METADATA_DISABLED switches instance metadata off");
	imds_open(&m, c);
	ok = get_keys(&m, out, e);
	http_free(m.http);
	return ok;
}

struct str chain_imds_region(struct chain *c)
{
	static char region[40]; /* an instance does not move */
	static bool asked;
	struct str said;
	struct err e;
	struct imds m;

	if (!asked) {
		asked = true;
		imds_open(&m, c);
		if (get_token(&m, &e) && get(&m, "/latest/meta-data/placement/region", &said, &e) &&
		    chain_is_clean(said) && said.n < sizeof region)
			snprintf(region, sizeof region, "%.*s", STRF(said));
		http_free(m.http);
	}
	return str_z(region);
}
