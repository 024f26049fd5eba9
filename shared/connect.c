/* connect.c - see connect.h. */
#include "shared/connect.h"

#include <string.h>

#include "shared/credentials.h"
#include "shared/localstate.h"

bool connect_target(const struct config *c, struct arena *a, struct pg_target *out, struct err *e)
{
	struct local l;

	pg_target_of_config(c, out);
	if (c->warehouse.engine != ENGINE_LOCAL)
		return true;
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

bool connect_warehouse(
    const struct config *c, struct arena *a, const char *name, struct pg *pg, struct err *e)
{
	struct pg_target t;

	if (!connect_target(c, a, &t, e))
		return false;
	t.application_name = name;
	return pg_open(pg, &t, e);
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
		if (!credentials_find(c, a, &key, e))
			return false;
		o.endpoint = credentials_s3_endpoint(c, a);
		o.endpoint_from = credentials_s3_endpoint_from(c);
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
