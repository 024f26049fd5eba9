/* redshift_error.c - see redshift_error.h. */
#include "shared/redshift_error.h"

#include <stdio.h>
#include <string.h>

#include "shared/str.h"

/* Both texts must be there; the first row that fits counts. Case is not looked at. */
static const struct {
	const char *text, *with;
	enum err_kind kind;
	enum err_where where;
	const char *code, *remedy;
} table[] = {
    /* the data */
    {"stl_load_errors", NULL, ERR_DATA, AT_DATA, REDSHIFT_LOAD_ERROR,
        "the load views of this cluster tell the records"},
    {"sys_load_error_detail", NULL, ERR_DATA, AT_DATA, REDSHIFT_LOAD_ERROR,
        "the load views of this cluster tell the records"},

    /* the role */
    {"not authorized to get credentials of role", NULL, ERR_RETRY, AT_WAREHOUSE, "AssumeRole",
        "attach the role to the cluster, and let redshift.amazonaws.com assume it; a new role "
        "takes a minute to be known"},
    {"is not authorized to assume iam role", NULL, ERR_RETRY, AT_WAREHOUSE, "AssumeRole",
        "attach the role to the cluster, and let redshift.amazonaws.com assume it; a new role "
        "takes a minute to be known"},

    /* S3, as COPY passes it on */
    {"s3serviceexception", "to perform: kms:", ERR_SETUP, AT_S3, "AccessDenied",
        "the role of [IAM_ROLE] ARN needs kms:Decrypt on that key, and the key's own policy must "
        "let it"},
    {"s3serviceexception", "access denied", ERR_SETUP, AT_S3, "AccessDenied",
        "the role of [IAM_ROLE] ARN needs s3:ListBucket and s3:GetBucketLocation on the bucket, "
        "and s3:GetObject on data, manifests and jsonpaths files"},
    {"s3serviceexception", "accessdenied", ERR_SETUP, AT_S3, "AccessDenied",
        "the role of [IAM_ROLE] ARN needs s3:ListBucket and s3:GetBucketLocation on the bucket, "
        "and s3:GetObject on data, manifests and jsonpaths files"},
    {"access key id you provided does not exist", NULL, ERR_SETUP, AT_S3, "InvalidAccessKeyId",
        "check the keys in the COPY"},
    {"invalidaccesskeyid", NULL, ERR_SETUP, AT_S3, "InvalidAccessKeyId",
        "check the keys in the COPY"},
    {"signaturedoesnotmatch", NULL, ERR_SETUP, AT_S3, "SignatureDoesNotMatch",
        "check the keys in the COPY"},
    {"expiredtoken", NULL, ERR_SETUP, AT_S3, "ExpiredToken",
        "the keys in the COPY have expired: use a role, which Redshift renews"},
    {"must be addressed using the specified endpoint", NULL, ERR_SETUP, AT_S3, "PermanentRedirect",
        "[AWS] REGION must be that of the buckets: data, manifests and jsonpaths files in one"},
    {"permanentredirect", NULL, ERR_SETUP, AT_S3, "PermanentRedirect",
        "[AWS] REGION must be that of the buckets: data, manifests and jsonpaths files in one"},
    {"specified bucket does not exist", NULL, ERR_SETUP, AT_S3, "NoSuchBucket",
        "check the addresses of [S3]"},
    {"nosuchbucket", NULL, ERR_SETUP, AT_S3, "NoSuchBucket", "check the addresses of [S3]"},
    {"specified key does not exist", NULL, ERR_RETRY, AT_S3, "NoSuchKey",
        "an object was deleted since it was listed: run again, which lists again"},
    {"nosuchkey", NULL, ERR_RETRY, AT_S3, "NoSuchKey",
        "an object was deleted since it was listed: run again, which lists again"},
    {"s3serviceexception", "slowdown", ERR_RETRY, AT_S3, "SlowDown", "use fewer workers (-w)"},
    {"s3serviceexception", "reduce your request rate", ERR_RETRY, AT_S3, "SlowDown",
        "use fewer workers (-w)"},
    {"s3serviceexception", "status 5", ERR_RETRY, AT_S3, "5xx", NULL},
    {"s3serviceexception", "requesttimeout", ERR_RETRY, AT_S3, "RequestTimeout", NULL},
    {"s3curlexception", NULL, ERR_RETRY, AT_S3, "Network",
        "with enhanced VPC routing the cluster needs a way to S3"},

    /* the statement and its manifest */
    {"manifest file is not in correct json format", NULL, ERR_SETUP, AT_S3, "Manifest",
        "restore the manifest, or load all again with --fresh"},
    {"manifest parameter requires full path", NULL, ERR_SETUP, AT_CONFIG, "8001",
        "COPY must load FROM :'manifest'"},
    {"invalid jsonpath", NULL, ERR_SETUP, AT_CONFIG, "JSONPath",
        "the jsonpaths file does not fit the data: $[...] for arrays, $.name for objects"},

    /* other transactions */
    {"serializable isolation violation", NULL, ERR_RETRY, AT_WAREHOUSE, "1023", NULL},
    {"1018", "relation does not exist", ERR_RETRY, AT_WAREHOUSE, "1018", NULL},
    {"conflict with concurrent transaction", NULL, ERR_RETRY, AT_WAREHOUSE, "40001", NULL},
    {"deadlock detected", NULL, ERR_RETRY, AT_WAREHOUSE, "40P01", NULL},
    {"canceled on user", NULL, ERR_RETRY, AT_WAREHOUSE, "57014",
        "somebody cancelled it, or statement_timeout or a rule of the queue did"},
    {"cancelled on user", NULL, ERR_RETRY, AT_WAREHOUSE, "57014",
        "somebody cancelled it, or statement_timeout or a rule of the queue did"},
    {"query cancelled by wlm", NULL, ERR_RETRY, AT_WAREHOUSE, "57014",
        "a rule of the queue did: see STL_WLM_RULE_ACTION"},

    /* the cluster */
    {"disk full", NULL, ERR_RETRY, AT_WAREHOUSE, "53100",
        "free space in the cluster (VACUUM, fewer tables), or resize it"},
    {"cluster is in maintenance", NULL, ERR_RETRY, AT_WAREHOUSE, "57P03", NULL},
    {"connection limit", "exceeded", ERR_RETRY, AT_WAREHOUSE, "53300", "use fewer workers (-w)"},
    {"cannot execute", "read-only transaction", ERR_SETUP, AT_WAREHOUSE, "25006",
        "the cluster takes no writes"},
};

static bool has(const char *text, const char *part)
{
	return !part || strcasestr(text, part);
}

void redshift_error(struct err *e)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		char said[sizeof e->msg];
		struct str text;

		if (!has(e->msg, table[i].text) || !has(e->msg, table[i].with))
			continue;
		text = str_trim(str_z(e->msg));
		text.n -= str_ends(text, STR("."));
		snprintf(said, sizeof said, "%.*s", STRF(text));
		err_set(e, table[i].kind, table[i].where, table[i].code, "%s%s%s", said,
		    table[i].remedy ? "; " : "", table[i].remedy ? table[i].remedy : "");
		return;
	}
}

const char *redshift_remedy(const struct err *e)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].remedy && str_ends(str_z(e->msg), str_z(table[i].remedy)))
			return table[i].remedy;
	return "";
}

/* The number before `what`, in the notice about the table. */
static int64_t told(const char *notices, const char *what, int64_t none)
{
	const char *at = strstr(notices, what);
	const char *from = at;
	int64_t n;

	while (from && from > notices && from[-1] >= '0' && from[-1] <= '9')
		from--;
	return at && str_to_i64((struct str){from, (size_t)(at - from)}, &n) ? n : none;
}

int64_t redshift_loaded(const char *notices)
{
	return told(notices, " record(s) loaded successfully", -1);
}

int64_t redshift_rejected(const char *notices)
{
	return told(notices, " record(s) could not be loaded", 0);
}
