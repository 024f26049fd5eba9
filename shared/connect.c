/* connect.c - see connect.h. */
#include "shared/connect.h"

#include <stdlib.h>
#include <string.h>

#include "shared/credentials.h"
#include "shared/dbpassword.h"
#include "shared/localstate.h"

/* With the password, which may be one of AWS's, and the user that it is for. */
static bool find_target(const struct config *c, struct arena *a,
    bool (*tick)(void *ctx, struct err *e), void *tick_ctx, struct pg_target *out, struct err *e)
{
	struct dbpassword p;
	struct local l;

	pg_target_of_config(c, out);
	/* libpq would look on this machine, where no Redshift is. */
	if (c->warehouse.engine == ENGINE_REDSHIFT && !out->host && !getenv("PGHOST")) {
		if (c->dwh.paused)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "the cluster %s is paused: `dwh cluster resume` starts it",
			    c->dwh.cluster_identifier);
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "no warehouse is known: [CLUSTER] HOST is not set, and no cluster of ours is "
		    "up, which `dwh cluster up` makes");
	}
	if (c->warehouse.engine != ENGINE_LOCAL) {
		if (!dbpassword_find(c, tick, tick_ctx, a, &p, e))
			return false;
		if (p.user)
			out->user = p.user;
		out->password = p.password;
		out->password_from = p.from;
		out->password_expires_ms = p.expires_ms;
		out->password_kept = p.kept;
		return true;
	}
	if (!local_state(c, a, &l, e))
		return false;
	*out = (struct pg_target){.host = l.socket_dir,
	    .dbname = l.dbname,
	    .user = l.user,
	    .schema = out->schema,
	    .port = LOCAL_PG_PORT,
	    .connect_timeout_s = out->connect_timeout_s,
	    .engine = ENGINE_LOCAL};
	return true;
}

bool connect_target(const struct config *c, struct arena *a, struct pg_target *out, struct err *e)
{
	return find_target(c, a, NULL, NULL, out, e);
}

bool connect_warehouse(
    const struct config *c, struct arena *a, const char *name, struct pg *pg, struct err *e)
{
	struct pg_target t;

	for (;;) {
		if (!find_target(c, a, pg->tick, pg->tick_ctx, &t, e))
			return false;
		t.application_name = name;
		if (pg_open(pg, &t, e))
			return true;
		if (!t.password_kept || e->kind != ERR_SETUP)
			return false;
		/* Another one may have taken its place meanwhile. */
		dbpassword_forget();
	}
}

bool connect_s3(const struct config *c, struct arena *a, bool (*tick)(void *ctx, struct err *e),
    void *tick_ctx, struct s3 **out, struct err *e)
{
	struct credentials key = {.anonymous = false};
	struct s3_options o = {.credentials = &key,
	    .request_payer = c->aws.request_payer,
	    .tick = tick,
	    .tick_ctx = tick_ctx};

	if (c->warehouse.engine == ENGINE_LOCAL) {
		struct local l;

		/* The local server has a key of its own; [AWS] is about Amazon's. */
		if (!local_state(c, a, &l, e))
			return false;
		key.key = l.key;
		o.endpoint = l.s3_endpoint;
		o.endpoint_from = "that of the local services";
		o.region = STR("us-west-2");
	} else {
		if (!credentials_find_ticking(c, a, tick, tick_ctx, &key, e))
			return false;
		o.endpoint = credentials_s3_endpoint(c, a, &o.endpoint_from);
		o.region = credentials_region(c, a);
	}
	return s3_open(&o, out, e);
}

static bool is_none(const struct config *c)
{
	return c->s3.manifests && strcmp(c->s3.manifests, "none") == 0;
}

bool connect_by_prefix(const struct config *c)
{
	return c->warehouse.engine == ENGINE_REDSHIFT && is_none(c);
}

const char *connect_manifests(const struct config *c)
{
	if (c->s3.manifests && !is_none(c))
		return c->s3.manifests;
	return c->warehouse.engine == ENGINE_LOCAL ? "s3://dwh-manifests/" : NULL;
}
