/* credentials_where.c - what else the same places say: the region, and other servers than AWS's. */
#include "shared/credentials_chain.h"

static struct str region_said(const struct config *c, const char **by)
{
	static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};

	*by = "[AWS] REGION";
	if (chain_is_set(c->aws.region))
		return str_z(c->aws.region);
	for (size_t i = 0; i < 2; i++) {
		*by = variables[i];
		if (chain_env(*by))
			return str_z(chain_env(*by));
	}
	return (struct str){0};
}

static struct str region_of(const struct config *config, struct arena *a, const char **by)
{
	struct str region = region_said(config, by);
	struct chain c;

	if (region.n)
		return region;
	chain_open(&c, config, a);
	region = chain_value(&c, c.profile, "region");
	*by = chain_place(&c, c.profile, "region");
	if (region.n)
		return region;
	if (config->warehouse.engine != ENGINE_LOCAL && !config->aws.anonymous &&
	    chain_comes_to_imds(&c))
		region = chain_imds_region(&c);
	*by = region.n ? "the instance" : "default";
	return region.n ? region : STR("us-west-2");
}

struct str credentials_region(const struct config *c, struct arena *a)
{
	struct arena *scratch = arena_new();
	const char *by;
	struct str region = arena_str(a, region_of(c, scratch, &by));

	arena_free(scratch);
	return region;
}

const char *credentials_region_from(const struct config *c, struct arena *a)
{
	const char *by;

	region_of(c, a, &by);
	return by;
}

/* The variable that says so, or NULL. */
static const char *endpoint_variable(const char *service, struct arena *a)
{
	const char *own = arena_printf(a, "AWS_ENDPOINT_URL_%s", service);

	if (chain_env(own))
		return own;
	return chain_env("AWS_ENDPOINT_URL") ? "AWS_ENDPOINT_URL" : NULL;
}

static struct str endpoint_of_profile(
    const struct config *config, const char *service, struct arena *a)
{
	struct str services, url = {0};
	struct chain c;

	chain_open(&c, config, a);
	if (str_ieq(chain_value(&c, c.profile, "ignore_configured_endpoint_urls"), STR("true")))
		return url;
	services = chain_value(&c, c.profile, "services");
	if (services.n)
		url = awsfile_get(
		    &c.files, AWSFILE_SERVICES, services, service, "endpoint_url", NULL);
	return url.n ? url : chain_value(&c, c.profile, "endpoint_url");
}

const char *credentials_endpoint(
    const struct config *c, const char *service, struct arena *a, const char **from)
{
	struct str url;

	*from = NULL;
	if (str_ieq(str_z(chain_env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")), STR("true")))
		return NULL;
	*from = endpoint_variable(service, a);
	if (*from)
		return arena_strz(a, chain_env(*from));
	url = c ? endpoint_of_profile(c, service, a) : STR("");
	if (!url.n)
		return NULL;
	*from = "endpoint_url of the AWS profile";
	return arena_cstr(a, url);
}

const char *credentials_s3_endpoint(const struct config *c, struct arena *a, const char **from)
{
	if (!chain_is_set(c->aws.endpoint))
		return credentials_endpoint(c, "S3", a, from);
	*from = "[AWS] ENDPOINT";
	return arena_strz(a, c->aws.endpoint);
}
