/* dbpassword.c - see dbpassword.h. */
#include "shared/dbpassword.h"

#include "shared/aws.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/jsontext.h"
#include "shared/xml.h"

enum { LIFE_S = 900, EARLY_MS = 60000, KEEP_SECRET_MS = 15 * 60000, QUESTION_MAX = 1 << 16 };

/* The last one, and what it is the answer to (question()); in an arena of its own. */
static struct {
	struct arena *a;
	struct str of;
	struct dbpassword got;
	int64_t until_ms;
} kept;

struct str dbpassword_region_of_host(const char *host)
{
	struct str rest = str_z(host), last = STR("");

	while (rest.n) {
		size_t dot = str_find(rest, '.');
		struct str label = {rest.p, dot};

		if (str_eq(label, STR("redshift")) || str_eq(label, STR("redshift-serverless")))
			return last;
		last = label;
		rest = str_from(rest, dot + 1);
	}
	return STR("");
}

static const char *first(const char *a, const char *b)
{
	return a && *a ? a : b;
}

/* Where the cluster is; the data may be elsewhere. arn:aws:secretsmanager:REGION:... tells, too. */
static struct str region_of(const struct config *c, struct arena *a)
{
	struct str region = dbpassword_region_of_host(first(c->cluster.host, c->dwh.dwh_endpoint));
	struct str arn = str_z(c->cluster.db_secret);

	if (c->cluster.iam_auth == IAM_AUTH_NO && str_starts(arn, STR("arn:"))) {
		for (int i = 0; i < 3; i++)
			arn = str_from(arn, str_find(arn, ':') + 1);
		region = (struct str){arn.p, str_find(arn, ':')};
	}
	return region.n ? region : credentials_region(c, a);
}

/* ---- the answers ---- */

struct answer {
	struct arena *a;
	struct dbpassword *out;
};

static void on_element(void *ctx, struct str path, struct str text)
{
	struct answer *w = ctx;

	if (str_ends(path, STR("Result/DbUser")))
		w->out->user = arena_cstr(w->a, text);
	else if (str_ends(path, STR("Result/DbPassword")))
		w->out->password = arena_cstr(w->a, text);
	else if (str_ends(path, STR("Result/Expiration")))
		clock_from_iso(str_trim(text), &w->out->expires_ms);
}

static void read_credentials(struct arena *a, const json_t *o, struct dbpassword *out)
{
	out->user = jsontext(a, o, "dbUser");
	out->password = jsontext(a, o, "dbPassword");
	out->expires_ms = (int64_t)(json_number_value(json_object_get(o, "expiration")) * 1000);
}

/* A document within the document. */
static void read_secret(struct arena *a, const json_t *o, struct dbpassword *out)
{
	const char *text = jsontext(a, o, "SecretString");
	json_t *inner = text ? json_loads(text, 0, NULL) : NULL;

	out->user = jsontext(a, inner, "username");
	out->password = jsontext(a, inner, "password");
	json_decref(inner);
}

static void read_answer(
    enum aws_service service, struct str body, struct arena *a, struct dbpassword *out)
{
	struct answer w = {a, out};
	struct err ignored;
	json_t *o;

	if (service == AWS_REDSHIFT) {
		xml_walk(body, NULL, on_element, &w, &ignored);
		return;
	}
	o = json_loadb(body.p, body.n, 0, NULL);
	if (service == AWS_SERVERLESS)
		read_credentials(a, o, out);
	else
		read_secret(a, o, out);
	json_decref(o);
}

/* ---- the question ---- */

static const struct way {
	enum aws_service service;
	const char *action;
	const char *remedy;
} ways[] = {
    /* SecretsManager, at the place of "no" */
    [IAM_AUTH_NO] = {AWS_SECRETS, "GetSecretValue",
        "check [CLUSTER] DB_SECRET; the AWS keys need secretsmanager:GetSecretValue on it"},
    [IAM_AUTH_USER] = {AWS_REDSHIFT, "GetClusterCredentials",
        "check [DWH] CLUSTER_IDENTIFIER and [CLUSTER] DB_USER; the AWS keys need "
        "redshift:GetClusterCredentials on that dbuser and dbname"},
    [IAM_AUTH_ROLE] = {AWS_REDSHIFT, "GetClusterCredentialsWithIAM",
        "check [DWH] CLUSTER_IDENTIFIER; the AWS keys need redshift:GetClusterCredentialsWithIAM"},
    [IAM_AUTH_SERVERLESS] = {AWS_SERVERLESS, "GetCredentials",
        "check [DWH] CLUSTER_IDENTIFIER, the workgroup; the AWS keys need "
        "redshift-serverless:GetCredentials"},
};

static const char *subject(const struct config *c)
{
	return c->cluster.iam_auth == IAM_AUTH_NO ? c->cluster.db_secret
	                                          : c->dwh.cluster_identifier;
}

static void ask_for(struct aws_call *call, const struct config *c)
{
	const char *db = first(c->cluster.db_name, c->dwh.db);

	aws_call_init(call, ways[c->cluster.iam_auth].service, ways[c->cluster.iam_auth].action);
	switch (c->cluster.iam_auth) {
	case IAM_AUTH_NO: aws_argz(call, "SecretId", c->cluster.db_secret); return;
	case IAM_AUTH_SERVERLESS:
		aws_argz(call, "workgroupName", c->dwh.cluster_identifier);
		aws_argz(call, "dbName", db);
		aws_arg_int(call, "durationSeconds", LIFE_S);
		return;
	case IAM_AUTH_USER:
		aws_argz(call, "DbUser", first(c->cluster.db_user, c->dwh.db_user));
		break;
	case IAM_AUTH_ROLE: break;
	}
	aws_argz(call, "DbName", db);
	aws_argz(call, "ClusterIdentifier", c->dwh.cluster_identifier);
	aws_arg_int(call, "DurationSeconds", LIFE_S);
	if (c->cluster.iam_auth == IAM_AUTH_USER)
		aws_arg_bool(call, "AutoCreate", false);
}

static bool send(const struct config *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx,
    struct arena *a, struct str *body, struct err *e)
{
	struct credentials keys;
	struct aws_options o = {.config = c,
	    .region = region_of(c, a),
	    .credentials = &keys,
	    .tick = tick,
	    .tick_ctx = tick_ctx};
	struct aws_call call;
	struct aws *w = NULL;
	bool ok;

	if (!credentials_find_ticking(c, a, tick, tick_ctx, &keys, e) || !aws_open(&o, &w, e))
		return false;
	ask_for(&call, c);
	ok = aws_send(w, &call, a, body, e);
	aws_call_free(&call);
	aws_close(w);
	credentials_free(&keys);
	return ok;
}

/* With a scratch for what the keys of AWS leave behind; the password goes to kept.a. */
static bool fetch(const struct config *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx,
    struct dbpassword *out, struct err *e)
{
	const struct way *way = &ways[c->cluster.iam_auth];
	struct arena *scratch = arena_new();
	struct str body;
	bool ok = send(c, tick, tick_ctx, scratch, &body, e);

	if (ok)
		read_answer(way->service, body, kept.a, out);
	else if (e->kind == ERR_TASK || (e->kind == ERR_SETUP && e->where != AT_CONFIG))
		err_set(e, ERR_SETUP, AT_WAREHOUSE, e->code,
		    "no password for the warehouse: %s; %s", e->msg, way->remedy);
	else if (e->kind != ERR_CANCELLED)
		err_prefix(e, "no password for the warehouse");
	if (!ok && e->where == AT_AWS)
		e->where = AT_WAREHOUSE;
	if (ok && (!out->password || !*out->password))
		ok = err_set(e, ERR_SETUP, AT_WAREHOUSE, NULL,
		    "no password for the warehouse: there is none in the answer to %s of %s; %s",
		    way->action, subject(c), way->remedy);
	arena_free(scratch);
	return ok;
}

/* All of a configuration that decides whom is asked for whose password. */
static struct str question(const struct config *c, struct arena *a)
{
	const char *const parts[] = {ways[c->cluster.iam_auth].action, c->cluster.host,
	    c->cluster.db_name, c->cluster.db_user, c->cluster.db_secret, c->dwh.dwh_endpoint,
	    c->dwh.cluster_identifier, c->dwh.db, c->dwh.db_user, c->aws.key, c->aws.region,
	    c->aws.profile};
	struct str text;
	struct buf b;

	buf_init(&b, QUESTION_MAX);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		buf_json(&b, str_z(parts[i]));
	text = b.over ? STR("") : arena_str(a, buf_view(&b));
	buf_free(&b);
	return text;
}

static bool is_kept(const struct config *c, int64_t now)
{
	struct arena *scratch = arena_new();
	bool is = kept.of.n && str_eq(kept.of, question(c, scratch)) && now < kept.until_ms;

	arena_free(scratch);
	return is;
}

static bool from_aws(const struct config *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx,
    struct dbpassword *out, struct err *e)
{
	int64_t now = clock_wall_ms();

	if (is_kept(c, now)) {
		*out = kept.got;
		out->kept = true;
		return true;
	}
	dbpassword_forget();
	kept.a = arena_new();
	if (!fetch(c, tick, tick_ctx, out, e))
		return false;
	out->from = arena_printf(kept.a, "%s of %s", ways[c->cluster.iam_auth].action, subject(c));
	kept.of = question(c, kept.a);
	kept.got = *out;
	kept.until_ms = out->expires_ms ? out->expires_ms - EARLY_MS : now + KEEP_SECRET_MS;
	return true;
}

void dbpassword_forget(void)
{
	arena_free(kept.a);
	kept.a = NULL;
	kept.of = STR("");
}

static const char *origin(const struct config *c, struct str key)
{
	const char *from = config_from(c, key);

	return from ? from : "the configuration";
}

static bool asks_aws(const struct config *c)
{
	return c->warehouse.engine == ENGINE_REDSHIFT && !c->cluster.db_password &&
	       (c->cluster.iam_auth != IAM_AUTH_NO || c->cluster.db_secret);
}

const char *dbpassword_remedy(const struct config *c)
{
	return asks_aws(c) ? ways[c->cluster.iam_auth].remedy : NULL;
}

bool dbpassword_find(const struct config *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx,
    struct arena *a, struct dbpassword *out, struct err *e)
{
	struct dbpassword got = {.user = NULL};

	*out = got;
	if (c->warehouse.engine == ENGINE_LOCAL)
		return true;
	if (c->cluster.db_password) {
		out->password = c->cluster.db_password;
		out->from = origin(c, STR("CLUSTER.DB_PASSWORD"));
	} else if (!asks_aws(c)) {
		out->password = c->dwh.db_password;
		out->from = out->password ? origin(c, STR("DWH.DB_PASSWORD")) : NULL;
	} else {
		if (!from_aws(c, tick, tick_ctx, &got, e))
			return false;
		*out = got;
		out->user = got.user ? arena_strz(a, got.user) : NULL;
		out->password = arena_strz(a, got.password);
		out->from = arena_strz(a, got.from);
	}
	return true;
}
