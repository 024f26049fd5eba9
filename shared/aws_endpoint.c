/* aws_endpoint.c - the services: where they are in each partition, what they are called. */
#include "shared/aws_wire.h"
#include "shared/endpoint.h"

static const struct {
	const char *name;    /* to sign with; its host, too */
	const char *version; /* query */
	const char *target;  /* JSON */
	const char *id;      /* in names of variables and in "services" of a profile */
} services[] = {
    [AWS_STS] = {"sts", "2011-06-15", NULL, "STS"},
    [AWS_IAM] = {"iam", "2010-05-08", NULL, "IAM"},
    [AWS_EC2] = {"ec2", "2016-11-15", NULL, "EC2"},
    [AWS_REDSHIFT] = {"redshift", "2012-12-01", NULL, "REDSHIFT"},
    [AWS_SERVERLESS] = {"redshift-serverless", NULL, "RedshiftServerless", "REDSHIFT_SERVERLESS"},
    [AWS_SECRETS] = {"secretsmanager", NULL, "secretsmanager", "SECRETS_MANAGER"},
};

const char *aws_version(enum aws_service service)
{
	return services[service].version;
}

const char *aws_partition(struct str region)
{
	return endpoint_partition(region)->name;
}

void aws_endpoint(const struct config *config, enum aws_service service, struct str region,
    struct arena *a, struct aws_endpoint *out)
{
	const struct partition *p = endpoint_partition(region);
	const char *url;

	*out = (struct aws_endpoint){
	    .region = service == AWS_IAM ? str_z(p->iam_region) : arena_str(a, region),
	    .name = services[service].name,
	    .version = services[service].version,
	    .target = services[service].target,
	};
	url = credentials_endpoint(config, services[service].id, a, &out->from);
	if (url)
		out->url = url;
	else if (service == AWS_IAM)
		out->url = arena_printf(a, "https://%s/", p->iam_host);
	else
		out->url = arena_printf(
		    a, "https://%s.%.*s.%s/", out->name, STRF(region), p->suffix);
}
