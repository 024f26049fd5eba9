/* credentials.c - see credentials.h: the table of places, the walk along it, and renewal. */
#include "shared/credentials.h"

#include <stdlib.h>

#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/credentials_chain.h"
#include "shared/http.h"

/* Keys that are good for less than LEAST_MS are no better than expired ones. */
enum { ADVISORY_MS = 15 * 60000, MANDATORY_MS = 10 * 60000, LOOK_MOST_MS = 60000, LEAST_MS = 1000 };

struct credentials_source {
	const struct config *config;
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;
	bool looking; /* what is done meanwhile may need keys, too */
};

bool chain_is_set(const char *z)
{
	return z && *z;
}

const char *chain_env(const char *name)
{
	const char *v = getenv(name);

	return chain_is_set(v) ? v : NULL;
}

struct str chain_value(const struct chain *c, struct str profile, const char *key)
{
	return awsfile_get(&c->files, AWSFILE_PROFILE, profile, key, NULL, NULL);
}

const char *chain_place(const struct chain *c, struct str profile, const char *key)
{
	const struct awsfile *f = &c->files.file[1];

	awsfile_get(&c->files, AWSFILE_PROFILE, profile, key, NULL, &f);
	return arena_printf(c->a, "profile %.*s (%s)", STRF(profile), f->shown);
}

/* A line feed in a key would be a header of its own; a blank is a slip of the hand. */
bool chain_is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

bool chain_take(struct chain *c, const struct sigv4_key *key, const char *place,
    const char *const names[2], struct credentials *out, struct err *e)
{
	bool has = key->access.n;

	if (!key->access.n || !key->secret.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: %s is set, but %s is not; set both or neither", place, names[!has],
		    names[has]);
	if (!chain_is_clean(key->access) || !chain_is_clean(key->secret) ||
	    !chain_is_clean(key->token))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: %s, %s or the session token holds a blank or a character that no key has;"
		    " copy it again",
		    place, names[0], names[1]);
	*out = (struct credentials){
	    .key.access = arena_str(c->a, key->access),
	    .key.secret = arena_str(c->a, key->secret),
	    .key.token = arena_str(c->a, key->token),
	    .origin = arena_str(c->a, str_z(place)),
	};
	return true;
}

/* ---- configuration and environment ---- */

/* "dwh.cfg [AWS]", or what the secret was set by instead. */
static const char *place_of_config(const struct config *c, struct arena *a)
{
	const char *from = config_from(c, STR("AWS.SECRET"));

	if (from && strncmp(from, "environment ", 12) == 0)
		return from;
	return arena_printf(a, "%s [AWS]", c->file ? c->file : "configuration");
}

static bool has_config(const struct chain *c, struct str profile)
{
	(void)profile;
	return chain_is_set(c->config->aws.key) || chain_is_set(c->config->aws.secret);
}

static bool get_config(struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	static const char *const names[] = {"KEY", "SECRET"};
	const struct config *f = c->config;
	struct sigv4_key key = {str_z(f->aws.key), str_z(f->aws.secret), str_z(f->aws.token)};

	(void)profile;
	return chain_take(c, &key, place_of_config(f, c->a), names, out, e);
}

static const char *const env_names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};

/* A profile that the configuration names is meant; the environment is just there. */
static bool has_environment(const struct chain *c, struct str profile)
{
	(void)profile;
	return !chain_is_set(c->config->aws.profile) &&
	       (chain_env(env_names[0]) || chain_env(env_names[1]));
}

bool chain_get_environment(
    struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	const char *token = chain_env("AWS_SESSION_TOKEN");
	const char *until = chain_env("AWS_CREDENTIAL_EXPIRATION");
	struct sigv4_key key = {
	    str_z(chain_env(env_names[0])), str_z(chain_env(env_names[1])), {NULL, 0}};

	(void)profile;
	if (!key.access.n && !key.secret.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s and %s are not set; set them",
		    env_names[0], env_names[1]);
	key.token = str_z(token ? token : chain_env("AWS_SECURITY_TOKEN"));
	if (!chain_take(c, &key, "environment", env_names, out, e))
		return false;
	/* `aws configure export-credentials --format env` says it. */
	if (until && !clock_from_iso(str_z(until), &out->expires_ms))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "environment: AWS_CREDENTIAL_EXPIRATION is no time like 2026-08-01T12:00:00Z");
	return true;
}

/* ---- keys of a profile ---- */

static const char *const file_names[] = {"aws_access_key_id", "aws_secret_access_key"};

static struct str of_file(const struct chain *c, size_t i, struct str profile, const char *key)
{
	return awsfile_get_of(&c->files.file[i], AWSFILE_PROFILE, profile, key, NULL);
}

static bool has_keys_in(const struct chain *c, size_t i, struct str profile)
{
	return of_file(c, i, profile, file_names[0]).n || of_file(c, i, profile, file_names[1]).n;
}

static bool get_keys_in(
    struct chain *c, size_t i, struct str profile, struct credentials *out, struct err *e)
{
	struct sigv4_key key = {of_file(c, i, profile, file_names[0]),
	    of_file(c, i, profile, file_names[1]), of_file(c, i, profile, "aws_session_token")};

	if (!key.token.n)
		key.token = of_file(c, i, profile, "aws_security_token");
	return chain_take(c, &key,
	    arena_printf(c->a, "profile %.*s (%s)", STRF(profile), c->files.file[i].shown),
	    file_names, out, e);
}

static bool has_keys(const struct chain *c, struct str profile)
{
	return has_keys_in(c, 0, profile);
}

static bool get_keys(struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	return get_keys_in(c, 0, profile, out, e);
}

static bool has_config_keys(const struct chain *c, struct str profile)
{
	return has_keys_in(c, 1, profile);
}

static bool get_config_keys(
    struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	return get_keys_in(c, 1, profile, out, e);
}

/* ---- single sign-on, `aws login` ---- */

/* Which key says so, or NULL. Beside plain keys, what is left of a sign-on is not meant. */
static const char *sso_key(const struct chain *c, struct str profile)
{
	static const char *const keys[] = {
	    "sso_account_id", "sso_role_name", "sso_session", "sso_start_url", "login_session"};

	bool plain = has_keys(c, profile) || has_config_keys(c, profile);
	size_t n = sizeof keys / sizeof keys[0];

	for (size_t i = 0; i < (plain ? 2 : n); i++)
		if (chain_value(c, profile, keys[i]).n)
			return keys[i];
	return NULL;
}

static bool has_sso(const struct chain *c, struct str profile)
{
	return sso_key(c, profile);
}

/* How somebody with the AWS CLI gets plain keys from such a profile. */
static bool refuse_sso(struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	const char *key = sso_key(c, profile);

	(void)out;
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "%s gets its keys by %s, which dwh does not do; put them into the environment: "
	    "eval \"$(aws configure export-credentials --profile %.*s --format env)\"",
	    chain_place(c, profile, key), key, STRF(profile));
}

/* ---- the table ---- */

static const struct place {
	const char *name;
	bool of_profile; /* its keys say so, or may */
	bool (*is_meant)(const struct chain *c, struct str profile);
	bool (*get)(struct chain *c, struct str profile, struct credentials *out, struct err *e);
} places[] = {
    {"configuration", false, has_config, get_config},
    {"environment", false, has_environment, chain_get_environment},
    {"role_arn", true, chain_has_role, chain_get_role},
    {"web identity", true, chain_has_web_identity, chain_get_web_identity},
    {"SSO", true, has_sso, refuse_sso},
    {"keys of the credentials file", true, has_keys, get_keys},
    {"credential_process", true, chain_has_process, chain_get_process},
    {"keys of the config file", true, has_config_keys, get_config_keys},
    {"container", false, chain_has_container, chain_get_container},
    {"instance", false, chain_has_imds, chain_get_imds},
};

enum { PLACES = sizeof places / sizeof places[0] };

/* The first that is meant, or PLACES. */
static size_t meant(const struct chain *c)
{
	size_t i = 0;

	while (i < PLACES && !places[i].is_meant(c, c->profile))
		i++;
	return i;
}

void chain_open(struct chain *c, const struct config *config, struct arena *a)
{
	static const char *const variables[] = {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"};
	struct str ca;

	*c = (struct chain){.config = config, .a = a, .profile = STR("default")};
	for (size_t i = 0; i < 2; i++) {
		if (chain_env(variables[i])) {
			c->profile = str_z(chain_env(variables[i]));
			c->named_by = variables[i];
		}
	}
	if (chain_is_set(config->aws.profile)) {
		c->profile = str_z(config->aws.profile);
		c->named_by = "[AWS] PROFILE";
	}
	c->readable = awsfile_read(a, &c->files, &c->unreadable);
	ca = chain_value(c, c->profile, "ca_bundle");
	http_trust(ca.n ? arena_cstr(a, ca) : NULL);
}

static bool profile_is_fine(const struct chain *c, struct str profile, struct err *e)
{
	if (!c->readable) {
		*e = c->unreadable;
		return false;
	}
	return awsfile_check(&c->files, profile, e);
}

bool chain_source_profile(
    struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	bool keys = has_keys(c, profile) || has_config_keys(c, profile);

	if (!profile_is_fine(c, profile, e))
		return false;
	/* Of a source, keys of its own go before its role: so a profile may be its own source. */
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].of_profile && !(keys && places[i].is_meant == chain_has_role) &&
		    places[i].is_meant(c, profile))
			return places[i].get(c, profile, out, e);
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "the profile %.*s %s", STRF(profile),
	    awsfile_has_profile(&c->files, profile) ? "holds no keys, and no way to them"
	                                            : "does not exist");
}

static bool find_none(const struct chain *c, const char *instance, struct err *e)
{
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "no AWS key: not in %s (KEY, SECRET), not in the environment (AWS_ACCESS_KEY_ID, "
	    "AWS_SECRET_ACCESS_KEY)%s, not in profile %.*s of %s or %s, from no container%s; set "
	    "one of them, or ANONYMOUS = true under [AWS] if the bucket is public",
	    place_of_config(c->config, c->a),
	    chain_is_set(c->config->aws.profile) ? ", which PROFILE passes over" : "",
	    STRF(c->profile), c->files.file[0].shown, c->files.file[1].shown, instance);
}

static bool walk(struct chain *c, struct credentials *out, struct err *e)
{
	size_t i = meant(c);

	if (i < PLACES && !places[i].of_profile && places[i].is_meant != chain_has_container &&
	    places[i].is_meant != chain_has_imds)
		return places[i].get(c, c->profile, out, e);
	if (!profile_is_fine(c, c->profile, e))
		return false;
	if (c->named_by && !awsfile_has_profile(&c->files, c->profile))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "no AWS key: the profile %.*s, named by %s, is neither in %s nor in %s; "
		    "write it there or name another",
		    STRF(c->profile), c->named_by, c->files.file[0].shown, c->files.file[1].shown);
	if (i == PLACES)
		return find_none(c, "", e);
	if (places[i].get(c, c->profile, out, e))
		return true;
	/* That nobody answers there means only that this is no instance. */
	if (places[i].is_meant == chain_has_imds && strcmp(e->code, "none") == 0)
		return find_none(c, arena_printf(c->a, ", from no instance (%s)", e->msg), e);
	return false;
}

bool chain_is_alive(const struct credentials *c, struct err *e)
{
	char then[25];

	if (!c->expires_ms || c->expires_ms - clock_wall_ms() >= LEAST_MS)
		return true;
	clock_iso(c->expires_ms, then);
	return err_set(e, ERR_SETUP, AT_CONFIG, "expired",
	    "the keys from %.*s have expired at %s; get new ones there, or set the clock of this "
	    "machine",
	    STRF(c->origin), then);
}

/* Keys of the place that is meant, with their strings in a. */
static bool look(
    struct credentials_source *s, struct arena *a, struct credentials *out, struct err *e)
{
	struct credentials found = {.anonymous = false};
	struct arena *scratch = arena_new();
	struct chain c;
	bool ok;

	chain_open(&c, s->config, scratch);
	c.tick = s->tick;
	c.tick_ctx = s->tick_ctx;
	s->looking = true;
	ok = walk(&c, &found, e) && chain_is_alive(&found, e);
	s->looking = false;
	if (ok)
		*out = (struct credentials){
		    .key.access = arena_str(a, found.key.access),
		    .key.secret = arena_str(a, found.key.secret),
		    .key.token = arena_str(a, found.key.token),
		    .origin = arena_str(a, found.origin),
		    .expires_ms = found.expires_ms,
		};
	arena_free(scratch);
	return ok;
}

/* When these are looked for again: new ones half their life from now. */
static int64_t look_again(const struct credentials *c, bool renewed)
{
	int64_t left = c->expires_ms - clock_wall_ms(), pause = renewed ? left / 2 : left;

	return clock_ms() + (pause < 0 ? 0 : pause < LOOK_MOST_MS ? pause : LOOK_MOST_MS);
}

bool credentials_find_ticking(const struct config *config, struct arena *a,
    bool (*tick)(void *ctx, struct err *e), void *tick_ctx, struct credentials *out, struct err *e)
{
	struct credentials_source *s;

	*out = (struct credentials){.anonymous = config->aws.anonymous};
	if (out->anonymous) {
		out->origin = STR("anonymous");
		return true;
	}
	s = arena_alloc(a, sizeof *s);
	*s = (struct credentials_source){.config = config, .tick = tick, .tick_ctx = tick_ctx};
	if (!look(s, a, out, e))
		return false;
	out->source = s;
	out->look_ms = look_again(out, true);
	return true;
}

bool credentials_find(
    const struct config *c, struct arena *a, struct credentials *out, struct err *e)
{
	return credentials_find_ticking(c, a, NULL, NULL, out, e);
}

static bool is_same(const struct sigv4_key *a, const struct sigv4_key *b)
{
	return str_eq(a->access, b->access) && str_eq(a->secret, b->secret) &&
	       str_eq(a->token, b->token);
}

bool chain_comes_to_imds(const struct chain *c)
{
	size_t i = meant(c);

	return i < PLACES && places[i].is_meant == chain_has_imds;
}

/* ---- renewal ---- */

void credentials_set_tick(
    struct credentials *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx)
{
	if (!c->source)
		return;
	c->source->tick = tick;
	c->source->tick_ctx = tick_ctx;
}

static void wipe(struct str s)
{
	union {
		const char *in;
		char *out;
	} ours = {s.p};

	if (s.n)
		explicit_bzero(ours.out, s.n);
}

static void free_own(struct arena *own, const struct sigv4_key *key)
{
	if (!own)
		return;
	wipe(key->secret);
	wipe(key->token);
	arena_free(own);
}

void credentials_free(struct credentials *c)
{
	free_own(c->own, &c->key);
	*c = (struct credentials){.anonymous = false};
}

/* found has its strings in own. */
static void take(struct credentials *c, const struct credentials *found, struct arena *own)
{
	struct credentials old = *c;

	*c = *found;
	c->source = old.source;
	c->own = own;
	c->generation = old.generation + !is_same(&found->key, &old.key);
	c->look_ms = look_again(
	    c, c->generation != old.generation || c->expires_ms != old.expires_ms);
	free_own(old.own, &old.key);
}

const char *credentials_short(const struct credentials *c, struct arena *a)
{
	int64_t left = c->expires_ms - clock_wall_ms();

	if (!c->expires_ms || !c->source || left >= CREDENTIALS_SHORT_MS)
		return NULL;
	return arena_printf(a,
	    "the AWS keys from %.*s are good for %lld s only: each process asks for new ones "
	    "every %lld s",
	    STRF(c->origin), (long long)left / 1000, (long long)left / 2000);
}

bool credentials_refresh(struct credentials *c, bool refused, struct err *e)
{
	int64_t left = c->expires_ms - clock_wall_ms();
	unsigned generation = c->generation;
	struct credentials found;
	struct arena *own;
	struct err why;

	if (!refused && (!c->source || !c->expires_ms || left > ADVISORY_MS ||
	                    (left > 0 && clock_ms() < c->look_ms)))
		return true;
	if (!c->source)
		return err_set(e, ERR_SETUP, AT_CONFIG, "unchanged", "there are no others");
	if (c->source->looking && !refused && left > 0)
		return true;
	own = arena_new();
	if (!look(c->source, own, &found, &why)) {
		arena_free(own);
		c->look_ms = look_again(c, false);
		if (!refused && left > MANDATORY_MS && why.kind != ERR_CANCELLED)
			return true;
		*e = why;
		if (e->kind == ERR_CANCELLED)
			return false;
		return err_prefix(e, "the AWS keys from %.*s %s, and there are no new ones",
		    STRF(c->origin), refused || left <= 0 ? "have expired" : "expire soon");
	}
	take(c, &found, own);
	if (refused && c->generation == generation)
		return err_set(e, ERR_SETUP, AT_CONFIG, "unchanged",
		    "the AWS keys from %.*s have expired, and are still the same there; get new "
		    "ones",
		    STRF(c->origin));
	return true;
}

/* ---- for doctor ---- */

struct str credentials_chain(const struct config *config, struct arena *a)
{
	struct chain c;
	struct buf b;
	struct str line;
	size_t last;

	chain_open(&c, config, a);
	last = meant(&c);
	buf_init(&b, 4096);
	for (size_t i = 0; i < PLACES && i <= last; i++)
		buf_printf(&b, "%s%s%s%.*s %s", i ? ", " : "", places[i].name,
		    places[i].of_profile && i == last ? " of profile " : "",
		    places[i].of_profile && i == last ? (int)c.profile.n : 0, c.profile.p,
		    i < last ? "no" : "yes");
	line = arena_str(a, buf_view(&b));
	buf_free(&b);
	return line;
}
