/*
 * credentials_sts.c - roles: keys for which STS is asked. (STS, AssumeRole and
 * AssumeRoleWithWebIdentity.)
 *
 * A profile with role_arn says whose keys ask: those of source_profile, which may be a role again,
 * or those of a place, credential_source. A web identity asks with a token that somebody else has
 * signed, and without keys.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shared/aws.h"
#include "shared/clock.h"
#include "shared/credentials_chain.h"
#include "shared/file.h"
#include "shared/xml.h"

enum { DURATION_MIN_S = 900, DURATION_MAX_S = 43200, TOKEN_MAX = 64 * 1024, ATTEMPTS = 3 };

#define CIRCLE "circle"

/* What is asked for. */
struct role {
	const char *place; /* "profile x (FILE)" */
	struct str arn, session, external_id, duration;
	struct str token;             /* web identity; else: */
	struct credentials *asked_by; /* NULL: nobody, the token does */
};

/* ---- the answer ---- */

struct answer {
	struct arena *a;
	const char *root; /* "AssumeRoleResult/Credentials/" */
	struct str access, secret, token, expiration;
};

static void on_element(void *ctx, struct str path, struct str text)
{
	struct answer *w = ctx;
	struct str root = str_z(w->root);
	const struct {
		const char *name;
		struct str *to;
	} wanted[] = {
	    {"AccessKeyId", &w->access},
	    {"SecretAccessKey", &w->secret},
	    {"SessionToken", &w->token},
	    {"Expiration", &w->expiration},
	};

	if (!str_starts(path, root))
		return;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (str_eqz(str_from(path, root.n), wanted[i].name))
			*wanted[i].to = arena_str(w->a, str_trim(text));
}

static bool read_answer(struct chain *c, const struct role *r, const char *action, struct str body,
    struct credentials *out, struct err *e)
{
	static const char *const names[] = {"AccessKeyId", "SecretAccessKey"};
	const char *root = arena_printf(c->a, "%sResponse", action);
	struct answer w = {.a = c->a, .root = arena_printf(c->a, "%sResult/Credentials/", action)};
	const char *origin = arena_printf(c->a, "role %.*s, assumed by %s", STRF(r->arn), r->place);

	if (!xml_walk(body, root, on_element, &w, e))
		return err_prefix(e, "%s: the answer of STS", r->place);
	if (!w.access.n && !w.secret.n)
		return err_set(
		    e, ERR_SETUP, AT_CONFIG, NULL, "%s: STS answered without keys", r->place);
	if (!chain_take(c, &(struct sigv4_key){w.access, w.secret, w.token}, origin, names, out, e))
		return false;
	if (!clock_from_iso(w.expiration, &out->expires_ms))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: STS answered without the time at which its keys expire", r->place);
	return true;
}

/* ---- the question ---- */

/* (STS, RoleSessionName: 2 to 64 of letters, digits and _+=,.@-.) */
static bool session_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr("_+=,.@-", s.p[i]))
			return false;
	return s.n >= 2 && s.n <= 64;
}

static bool check(struct chain *c, struct role *r, struct err *e)
{
	int64_t seconds;

	if (!r->session.n)
		r->session = str_z(
		    arena_printf(c->a, "dwh-%lld", (long long)(clock_wall_ms() / 1000)));
	if (!session_ok(r->session))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: role_session_name must be 2 to 64 letters, digits or _+=,.@-", r->place);
	if (r->duration.n && (!str_to_i64(r->duration, &seconds) || seconds < DURATION_MIN_S ||
	                         seconds > DURATION_MAX_S))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: duration_seconds must be a number from %d to %d", r->place, DURATION_MIN_S,
		    DURATION_MAX_S);
	return true;
}

static void ask_with(struct aws_call *call, const char *name, struct str value)
{
	if (value.n)
		aws_arg(call, name, value);
}

static bool assume(struct chain *c, struct role *r, struct credentials *out, struct err *e)
{
	const char *action = r->asked_by ? "AssumeRole" : "AssumeRoleWithWebIdentity";
	struct aws_options o = {
	    .config = c->config,
	    .region = credentials_region(c->config, c->a),
	    .credentials = r->asked_by,
	    .attempts = ATTEMPTS,
	    .tick = c->tick,
	    .tick_ctx = c->tick_ctx,
	};
	struct aws_call call;
	struct aws *w = NULL;
	struct str body;
	bool ok;

	if (!check(c, r, e))
		return false;
	aws_call_init(&call, AWS_STS, action);
	aws_arg(&call, "RoleArn", r->arn);
	aws_arg(&call, "RoleSessionName", r->session);
	ask_with(&call, "DurationSeconds", r->duration);
	ask_with(&call, "ExternalId", r->external_id);
	if (r->token.n)
		aws_arg_secret(&call, "WebIdentityToken", r->token);
	ok = aws_open(&o, &w, e) && aws_send(w, &call, c->a, &body, e);
	aws_call_free(&call);
	aws_close(w);
	if (!ok && e->kind == ERR_CANCELLED)
		return false;
	if (!ok) {
		/* For us there are no keys: that stops the run, unless it may pass. */
		if (e->kind != ERR_RETRY)
			e->kind = ERR_SETUP;
		e->where = AT_CONFIG;
		return err_prefix(e, "%s: the role %.*s is not to be had", r->place, STRF(r->arn));
	}
	return read_answer(c, r, action, body, out, e);
}

/* ---- role_arn ---- */

bool chain_has_role(const struct chain *c, struct str profile)
{
	return chain_value(c, profile, "role_arn").n &&
	       !chain_value(c, profile, "web_identity_token_file").n;
}

static bool from_place(
    struct chain *c, struct str name, const char *place, struct credentials *out, struct err *e)
{
	static const struct {
		const char *name;
		bool (*get)(
		    struct chain *c, struct str profile, struct credentials *out, struct err *e);
	} sources[] = {
	    {"Environment", chain_get_environment},
	    {"EcsContainer", chain_get_container},
	    {"Ec2InstanceMetadata", chain_get_imds},
	};

	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
		if (str_eqz(name, sources[i].name))
			return sources[i].get(c, STR(""), out, e) ||
			       err_prefix(e, "%s: credential_source %s", place, sources[i].name);
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "%s: credential_source must be Environment, EcsContainer or Ec2InstanceMetadata",
	    place);
}

/* "a, which needs b, which needs a" */
static bool fail_cycle(const struct chain *c, struct str again, struct err *e)
{
	char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < c->n_roles && n < sizeof text; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%.*s -> ", STRF(c->roles[i]));
	return err_set(e, ERR_SETUP, AT_CONFIG, CIRCLE,
	    "the profiles' source_profile go round in a circle: %s%.*s; one of them must have keys",
	    text, STRF(again));
}

static bool from_profile(struct chain *c, struct str profile, struct str source, const char *place,
    struct credentials *out, struct err *e)
{
	bool ok;

	for (size_t i = 0; i < c->n_roles; i++)
		if (str_eq(c->roles[i], profile))
			return fail_cycle(c, profile, e);
	if (c->n_roles == CHAIN_DEPTH)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: more than %d roles behind each other", place, CHAIN_DEPTH);
	c->roles[c->n_roles++] = profile;
	ok = chain_source_profile(c, source, out, e);
	c->n_roles--;
	/* A circle is told as a whole. */
	if (!ok && strcmp(e->code, CIRCLE) != 0)
		err_prefix(e, "%s: source_profile %.*s", place, STRF(source));
	return ok;
}

bool chain_get_role(struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	const char *place = chain_place(c, profile, "role_arn");
	struct str profile_of_keys = chain_value(c, profile, "source_profile");
	struct str source = chain_value(c, profile, "credential_source");
	struct credentials by = {.anonymous = false};
	struct role r = {
	    .place = place,
	    .arn = chain_value(c, profile, "role_arn"),
	    .session = chain_value(c, profile, "role_session_name"),
	    .external_id = chain_value(c, profile, "external_id"),
	    .duration = chain_value(c, profile, "duration_seconds"),
	    .asked_by = &by,
	};

	if (chain_value(c, profile, "mfa_serial").n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: mfa_serial asks for a code that changes every half minute, which "
		    "a load can not type; put keys into the environment: eval "
		    "\"$(aws configure export-credentials --profile %.*s --format env)\"",
		    place, STRF(profile));
	if (profile_of_keys.n && source.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: source_profile and credential_source are both set; set one of them",
		    place);
	if (!profile_of_keys.n && !source.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: role_arn needs source_profile or credential_source; set one of them",
		    place);
	if (!(source.n ? from_place(c, source, place, &by, e)
	               : from_profile(c, profile, profile_of_keys, place, &by, e)))
		return false;
	if (!chain_is_alive(&by, e))
		return err_prefix(e, "%s", place);
	return assume(c, &r, out, e);
}

/* ---- web identity ---- */

/* From the environment, else from the profile: as the variables of a pod stand beside a file. */
static struct str web_value(
    const struct chain *c, struct str profile, const char *variable, const char *key)
{
	const char *z = chain_env(variable);
	bool passed_over = c->config->aws.profile && *c->config->aws.profile;

	/* A source_profile speaks for itself. */
	return z && !passed_over && c->n_roles == 0 ? str_z(z) : chain_value(c, profile, key);
}

static struct str token_file(const struct chain *c, struct str profile)
{
	return web_value(c, profile, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
}

bool chain_has_web_identity(const struct chain *c, struct str profile)
{
	return token_file(c, profile).n;
}

/* Anew each time: who issues them writes a new one before the old one expires. */
static bool read_token(
    struct chain *c, const char *place, const char *path, struct str *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf b;
	bool ok;

	if (fd < 0)
		return err_errno(
		    e, ERR_SETUP, AT_CONFIG, "%s: cannot open the token file %s", place, path);
	buf_init(&b, TOKEN_MAX);
	ok = file_read(fd, &b);
	if (!ok)
		err_errno(
		    e, ERR_SETUP, AT_CONFIG, "%s: cannot read the token file %s", place, path);
	close(fd);
	*out = arena_str(c->a, str_trim(buf_view(&b)));
	if (ok && (b.over || !out->n))
		ok = err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s: the token file %s is %s", place,
		    path, b.over ? "too large" : "empty");
	buf_wipe(&b);
	return ok;
}

bool chain_get_web_identity(
    struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	struct str file = token_file(c, profile);
	struct role r = {
	    .arn = web_value(c, profile, "AWS_ROLE_ARN", "role_arn"),
	    .session = web_value(c, profile, "AWS_ROLE_SESSION_NAME", "role_session_name"),
	    .duration = chain_value(c, profile, "duration_seconds"),
	};

	r.place = str_eq(chain_value(c, profile, "web_identity_token_file"), file)
	              ? chain_place(c, profile, "web_identity_token_file")
	              : "AWS_WEB_IDENTITY_TOKEN_FILE";
	if (!r.arn.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: a web identity needs a role: set role_arn (AWS_ROLE_ARN), too", r.place);
	return read_token(c, r.place, arena_cstr(c->a, file), &r.token, e) && assume(c, &r, out, e);
}
