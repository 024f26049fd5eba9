/* endpoint.c - see endpoint.h. */
#include "shared/endpoint.h"

/* First match wins. */
static const struct partition partitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "iam.us-gov.amazonaws.com", "us-gov-west-1"},
    {"aws", "", "amazonaws.com", "iam.amazonaws.com", "us-east-1"},
};

const struct partition *endpoint_partition(struct str region)
{
	const struct partition *p = partitions;

	while (!str_starts(region, str_z(p->prefix)))
		p++;
	return p;
}

bool endpoint_region_ok(struct str r)
{
	if (r.n == 0 || r.n >= REGION_MAX)
		return false;
	for (size_t i = 0; i < r.n; i++)
		if (!(r.p[i] >= 'a' && r.p[i] <= 'z') && !(r.p[i] >= '0' && r.p[i] <= '9') &&
		    r.p[i] != '-')
			return false;
	return true;
}

bool endpoint_parse(struct str url, struct endpoint *out)
{
	struct str all = str_trim(url), rest;
	bool tls = str_starts(all, STR("https://"));
	struct str default_port = tls ? STR(":443") : STR(":80");
	size_t slash;

	while (str_ends(all, STR("/")))
		all.n--;
	rest = str_from(all, tls ? 8 : 7);
	if ((!tls && !str_starts(all, STR("http://"))) || rest.n == 0 || rest.p[0] == '/' ||
	    str_find(rest, '?') < rest.n || str_find(rest, '@') < rest.n ||
	    str_find(rest, ' ') < rest.n)
		return false;
	slash = str_find(rest, '/');
	*out = (struct endpoint){
	    .base = all, .host = {rest.p, slash}, .path = str_from(rest, slash)};
	if (str_ends(out->host, default_port))
		out->host.n -= default_port.n;
	return true;
}

bool endpoint_refuse(const char *from, struct err *e)
{
	/* Not shown: what stands before an "@" may be a password. */
	return err_set(e, ERR_SETUP, AT_CONFIG, "endpoint",
	    "%s is no address of a server; write http://HOST:PORT or https://HOST", from);
}
