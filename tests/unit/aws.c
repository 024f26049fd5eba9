/* Requests to AWS's control plane against recorded ones, where they go. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/aws_wire.h"
#include "shared/clock.h"

static const int64_t NOON = 1785585600000; /* 2026-08-01T12:00:00Z */

static const char *const variables[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_REDSHIFT",
    "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};

static int clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

static struct aws *client(const char *region, struct credentials *c)
{
	struct aws_options o = {.region = str_z(region), .credentials = c};
	struct aws *w = NULL;
	struct err e;

	if (!aws_open(&o, &w, &e))
		fail_msg("%s", e.msg);
	return w;
}

/* ---- requests ---- */

enum { ARGS = 16 };

/* Arguments: "name=text", "name#=number", "name?=true", "name:=JSON", in their order. */
static const struct recorded {
	const char *title; /* in wire_aws.txt */
	enum aws_service service;
	const char *action, *region;
	const char *token; /* "": none; NULL: not signed at all */
	const char *args[ARGS];
} requests[] = {
    {"redshift CreateCluster", AWS_REDSHIFT, "CreateCluster", "us-west-2", "",
        {"ClusterIdentifier=dwh-cluster", "ClusterType=multi-node", "NodeType=ra3.large",
            "NumberOfNodes#=2", "DBName=dwh", "MasterUsername=dwhuser",
            "MasterUserPassword=Passw0rd~x", "Port#=5439", "PubliclyAccessible?=true",
            "IamRoles.IamRoleArn.1=arn:aws:iam::123456789012:role/dwhRole",
            "VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1",
            "VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2", "ClusterSubnetGroupName=default",
            "Tags.Tag.1.Key=app", "Tags.Tag.1.Value=loader x"}},
    {"redshift DescribeClusters", AWS_REDSHIFT, "DescribeClusters", "us-west-2", "",
        {"ClusterIdentifier=dwh-cluster"}},
    {"redshift DeleteCluster", AWS_REDSHIFT, "DeleteCluster", "us-west-2", "",
        {"ClusterIdentifier=dwh-cluster", "SkipFinalClusterSnapshot?=true"}},
    {"redshift GetClusterCredentials", AWS_REDSHIFT, "GetClusterCredentials", "us-west-2", "",
        {"DbUser=loader", "DbName=dwh", "ClusterIdentifier=dwh-cluster", "DurationSeconds#=3600",
            "AutoCreate?=true", "DbGroups.DbGroup.1=etl"}},
    {"redshift GetClusterCredentialsWithIAM", AWS_REDSHIFT, "GetClusterCredentialsWithIAM",
        "us-west-2", "", {"DbName=dwh", "ClusterIdentifier=dwh-cluster", "DurationSeconds#=3600"}},
    {"redshift PauseCluster", AWS_REDSHIFT, "PauseCluster", "us-west-2", "",
        {"ClusterIdentifier=dwh-cluster"}},
    {"redshift ModifyClusterIamRoles", AWS_REDSHIFT, "ModifyClusterIamRoles", "us-west-2", "",
        {"ClusterIdentifier=dwh-cluster",
            "AddIamRoles.IamRoleArn.1=arn:aws:iam::123456789012:role/dwhRole"}},
    {"redshift CreateClusterSubnetGroup", AWS_REDSHIFT, "CreateClusterSubnetGroup", "us-west-2", "",
        {"ClusterSubnetGroupName=g", "Description=d", "SubnetIds.SubnetIdentifier.1=subnet-1",
            "SubnetIds.SubnetIdentifier.2=subnet-2"}},
    {"iam CreateRole", AWS_IAM, "CreateRole", "us-west-2", "",
        {"RoleName=dwhRole", "Path=/", "Description=Redshift read",
            "AssumeRolePolicyDocument={\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":"
            "\"Allow\",\"Principal\":{\"Service\":\"redshift.amazonaws.com\"},\"Action\":"
            "\"sts:AssumeRole\"}]}"}},
    {"iam GetRole", AWS_IAM, "GetRole", "us-west-2", "", {"RoleName=dwhRole"}},
    {"iam PutRolePolicy", AWS_IAM, "PutRolePolicy", "us-west-2", "",
        {"RoleName=dwhRole", "PolicyName=s3read",
            "PolicyDocument={\"Version\":\"2012-10-17\",\"Statement\":[]}"}},
    {"iam AttachRolePolicy", AWS_IAM, "AttachRolePolicy", "us-west-2", "",
        {"RoleName=dwhRole", "PolicyArn=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}},
    {"iam in gov", AWS_IAM, "GetRole", "us-gov-east-1", "", {"RoleName=x"}},
    {"iam in cn", AWS_IAM, "GetRole", "cn-northwest-1", "", {"RoleName=x"}},
    {"sts GetCallerIdentity", AWS_STS, "GetCallerIdentity", "us-west-2", "TOKEN/EXAMPLE==", {NULL}},
    {"sts AssumeRole", AWS_STS, "AssumeRole", "us-west-2", "",
        {"RoleArn=arn:aws:iam::123456789012:role/x", "RoleSessionName=loader-1",
            "DurationSeconds#=3600", "ExternalId=ext1"}},
    {"sts WebIdentity", AWS_STS, "AssumeRoleWithWebIdentity", "us-west-2", NULL,
        {"RoleArn=arn:aws:iam::123456789012:role/x", "RoleSessionName=loader-1",
            "WebIdentityToken=eyJ.a.b"}},
    {"ec2 DescribeVpcs", AWS_EC2, "DescribeVpcs", "us-west-2", "",
        {"Filter.1.Name=is-default", "Filter.1.Value.1=true"}},
    {"ec2 DescribeSecurityGroups", AWS_EC2, "DescribeSecurityGroups", "us-west-2", "",
        {"Filter.1.Name=vpc-id", "Filter.1.Value.1=vpc-1", "Filter.2.Name=group-name",
            "Filter.2.Value.1=default"}},
    {"ec2 CreateSecurityGroup", AWS_EC2, "CreateSecurityGroup", "us-west-2", "",
        {"GroupName=loader", "GroupDescription=loader sg", "VpcId=vpc-1",
            "TagSpecification.1.ResourceType=security-group", "TagSpecification.1.Tag.1.Key=app",
            "TagSpecification.1.Tag.1.Value=loader"}},
    {"ec2 AuthorizeSecurityGroupIngress", AWS_EC2, "AuthorizeSecurityGroupIngress", "us-west-2", "",
        {"GroupId=sg-1", "IpPermissions.1.IpProtocol=tcp", "IpPermissions.1.FromPort#=5439",
            "IpPermissions.1.ToPort#=5439", "IpPermissions.1.IpRanges.1.CidrIp=203.0.113.7/32",
            "IpPermissions.1.IpRanges.1.Description=loader"}},
    {"ec2 AuthorizeSecurityGroupIngress flat", AWS_EC2, "AuthorizeSecurityGroupIngress",
        "us-west-2", "",
        {"GroupId=sg-1", "IpProtocol=tcp", "FromPort#=5439", "ToPort#=5439",
            "CidrIp=203.0.113.7/32"}},
    {"ec2 RevokeSecurityGroupIngress", AWS_EC2, "RevokeSecurityGroupIngress", "us-west-2", "",
        {"GroupId=sg-1", "SecurityGroupRuleId.1=sgr-1"}},
    {"ec2 DeleteSecurityGroup", AWS_EC2, "DeleteSecurityGroup", "us-west-2", "", {"GroupId=sg-1"}},
    {"serverless CreateNamespace", AWS_SERVERLESS, "CreateNamespace", "us-west-2", "",
        {"namespaceName=loader-ns", "adminUsername=adm", "adminUserPassword=Passw0rd~x",
            "dbName=dwh", "iamRoles:=[\"arn:aws:iam::123456789012:role/dwhRole\"]",
            "defaultIamRoleArn=arn:aws:iam::123456789012:role/dwhRole"}},
    {"serverless CreateWorkgroup", AWS_SERVERLESS, "CreateWorkgroup", "us-west-2", "",
        {"workgroupName=loader-wg", "namespaceName=loader-ns", "baseCapacity#=8",
            "publiclyAccessible?=true", "port#=5439", "securityGroupIds:=[\"sg-1\"]",
            "subnetIds:=[\"s-1\", \"s-2\", \"s-3\"]"}},
    {"serverless GetWorkgroup", AWS_SERVERLESS, "GetWorkgroup", "us-west-2", "",
        {"workgroupName=loader-wg"}},
    {"serverless GetCredentials", AWS_SERVERLESS, "GetCredentials", "us-west-2", "",
        {"workgroupName=loader-wg", "dbName=dwh", "durationSeconds#=3600"}},
    {"serverless DeleteWorkgroup", AWS_SERVERLESS, "DeleteWorkgroup", "us-west-2", "",
        {"workgroupName=loader-wg"}},
    {"serverless DeleteNamespace", AWS_SERVERLESS, "DeleteNamespace", "us-west-2", "",
        {"namespaceName=loader-ns"}},
    {"secretsmanager GetSecretValue", AWS_SECRETS, "GetSecretValue", "us-west-2", "",
        {"SecretId=arn:aws:secretsmanager:us-west-2:123456789012:secret:"
         "redshift!dwh-cluster-dwhuser-AbCdEf"}},
};

static void add(struct aws_call *c, const char *arg)
{
	const char *eq = strchr(arg, '='), *value = eq + 1;
	char name[64], type = eq[-1];
	bool plain = !strchr("#?:", type);
	int64_t number;

	snprintf(name, sizeof name, "%.*s", (int)(eq - arg - !plain), arg);
	if (plain)
		aws_argz(c, name, value);
	else if (type == '?')
		aws_arg_bool(c, name, strcmp(value, "true") == 0);
	else if (type == ':')
		aws_arg_json(c, name, str_z(value));
	else if (str_to_i64(str_z(value), &number))
		aws_arg_int(c, name, number);
}

/* As it stands in the file. */
static void render(const struct recorded *r, struct buf *out)
{
	struct credentials who = {
	    .key = {STR("AKIDEXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
	        str_z(r->token)}};
	struct aws *w = client(r->region, r->token ? &who : NULL);
	struct arena *a = arena_new();
	struct aws_endpoint at;
	struct aws_wire wire;
	struct aws_call c;

	aws_call_init(&c, r->service, r->action);
	for (size_t i = 0; i < ARGS && r->args[i]; i++)
		add(&c, r->args[i]);
	aws_endpoint(NULL, r->service, w->region, a, &at);
	aws_sign_at(w, &c, &at, NOON, a, &wire);
	buf_printf(out, "=== %s\nPOST %s\n", r->title, wire.url);
	for (size_t i = 1; i < wire.n_lines; i++) /* behind Host */
		buf_printf(out, "  %s\n", wire.lines[i]);
	buf_printf(out, "  Content-Length: %zu\n  BODY %.*s\n", c.body.n, STRF(buf_view(&c.body)));
	assert_int_equal(strncmp(wire.lines[0], "Host: ", 6), 0);
	assert_int_equal(strncmp(wire.lines[0] + 6, wire.url + 8, strlen(wire.lines[0]) - 6), 0);
	aws_call_free(&c);
	arena_free(a);
	aws_close(w);
}

/* Without the lines of "~CanonicalRequest" and so on: the signature covers them. */
static void read_recorded(struct buf *out)
{
	FILE *f = fopen("tests/vectors/wire_aws.txt", "r");
	char line[2048];

	if (!f)
		fail_msg("tests/vectors/wire_aws.txt: run this from the repository");
	while (fgets(line, sizeof line, f))
		if (line[0] != '\n' && strncmp(line, "  ~", 3) != 0 &&
		    strncmp(line, "   |", 4) != 0)
			buf_z(out, line);
	fclose(f);
}

static void recorded_requests(void **state)
{
	struct arena *a = arena_new();
	struct buf want, got;

	(void)state;
	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	read_recorded(&want);
	for (size_t i = 0; i < COUNT(requests); i++) {
		size_t from = got.n;

		render(&requests[i], &got);
		assert_true(got.n <= want.n);
		assert_str(str_from(buf_view(&got), from),
		    arena_cstr(a, (struct str){want.p + from, got.n - from}));
	}
	assert_int_equal(got.n, want.n);
	buf_free(&want);
	buf_free(&got);
	arena_free(a);
}

/* ---- forms and JSON ---- */

static void odd_values(void **state)
{
	struct aws_call c;

	(void)state;
	aws_call_init(&c, AWS_IAM, "X");
	aws_arg(&c, "A", STR("a b+c%~._-*'\n\xc3\xbc"));
	aws_arg(&c, "Empty", STR(""));
	aws_argz(&c, "None", NULL);
	aws_arg_int(&c, "N", -7);
	aws_arg_bool(&c, "No", false);
	assert_str(buf_view(&c.body), "Action=X&Version=2010-05-08&A=a+b%2Bc%25~._-%2A%27%0A%C3%BC"
	                              "&Empty=&N=-7&No=false");
	aws_call_free(&c);

	aws_call_init(&c, AWS_SECRETS, "X");
	assert_str(buf_view(&c.body), "{}");
	aws_arg(&c, "a", STR("q\"\\\n\xc3\xbc"));
	aws_argz(&c, "none", NULL);
	aws_arg_json(&c, "b", STR("[1]"));
	aws_arg_secret(&c, "c", STR("pw"));
	assert_str(
	    buf_view(&c.body), "{\"a\": \"q\\\"\\\\\\n\xc3\xbc\", \"b\": [1], \"c\": \"pw\"}");
	assert_str(buf_view(&c.secret), "pw");
	aws_call_free(&c);
	assert_null(c.body.p);
}

/* ---- where they go ---- */

static void endpoints(void **state)
{
	static const struct {
		enum aws_service service;
		const char *region, *url, *signed_for, *name;
	} cases[] = {
	    {AWS_STS, "us-west-2", "https://sts.us-west-2.amazonaws.com/", "us-west-2", "sts"},
	    {AWS_IAM, "us-west-2", "https://iam.amazonaws.com/", "us-east-1", "iam"},
	    {AWS_EC2, "eu-west-1", "https://ec2.eu-west-1.amazonaws.com/", "eu-west-1", "ec2"},
	    {AWS_REDSHIFT, "us-east-1", "https://redshift.us-east-1.amazonaws.com/", "us-east-1",
	        "redshift"},
	    {AWS_SERVERLESS, "us-east-1", "https://redshift-serverless.us-east-1.amazonaws.com/",
	        "us-east-1", "redshift-serverless"},
	    {AWS_SECRETS, "us-east-1", "https://secretsmanager.us-east-1.amazonaws.com/",
	        "us-east-1", "secretsmanager"},
	    {AWS_STS, "cn-northwest-1", "https://sts.cn-northwest-1.amazonaws.com.cn/",
	        "cn-northwest-1", "sts"},
	    {AWS_IAM, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1",
	        "iam"},
	    {AWS_REDSHIFT, "cn-north-1", "https://redshift.cn-north-1.amazonaws.com.cn/",
	        "cn-north-1", "redshift"},
	    {AWS_SECRETS, "cn-north-1", "https://secretsmanager.cn-north-1.amazonaws.com.cn/",
	        "cn-north-1", "secretsmanager"},
	    {AWS_EC2, "us-gov-east-1", "https://ec2.us-gov-east-1.amazonaws.com/", "us-gov-east-1",
	        "ec2"},
	    {AWS_IAM, "us-gov-east-1", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1", "iam"},
	    {AWS_REDSHIFT, "us-gov-west-1", "https://redshift.us-gov-west-1.amazonaws.com/",
	        "us-gov-west-1", "redshift"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct aws_endpoint at;

		aws_endpoint(NULL, cases[i].service, str_z(cases[i].region), a, &at);
		assert_string_equal(at.url, cases[i].url);
		assert_str(at.region, cases[i].signed_for);
		assert_string_equal(at.name, cases[i].name);
		assert_null(at.from);
	}
	assert_string_equal(aws_partition(STR("us-east-2")), "aws");
	assert_string_equal(aws_partition(STR("cn-north-1")), "aws-cn");
	assert_string_equal(aws_partition(STR("us-gov-west-1")), "aws-us-gov");
	arena_free(a);
}

static const char *where(
    const struct config *config, enum aws_service service, struct arena *a, const char **from)
{
	struct aws_endpoint at;

	aws_endpoint(config, service, STR("us-gov-west-1"), a, &at);
	assert_str(at.region, "us-gov-west-1"); /* whatever the address */
	*from = at.from;
	return at.url;
}

static void endpoints_that_people_give(void **state)
{
	struct arena *a = arena_new();
	struct config config = {.file = "dwh.cfg"};
	char path[] = "/tmp/dwh-unit-XXXXXX";
	const char *from;
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(f);
	fputs("[default]\nendpoint_url = http://profile:1\n", f);
	fclose(f);
	setenv("AWS_CONFIG_FILE", path, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
	assert_string_equal(where(&config, AWS_REDSHIFT, a, &from), "http://profile:1");
	assert_non_null(strstr(from, "profile"));
	setenv("AWS_ENDPOINT_URL", "http://all:1", 1);
	assert_string_equal(where(&config, AWS_IAM, a, &from), "http://all:1");
	assert_string_equal(from, "AWS_ENDPOINT_URL");
	setenv("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", "http://serverless:1", 1);
	assert_string_equal(where(&config, AWS_SERVERLESS, a, &from), "http://serverless:1");
	assert_string_equal(from, "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS");
	assert_string_equal(where(&config, AWS_REDSHIFT, a, &from), "http://all:1");
	setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://secrets:1", 1);
	assert_string_equal(where(NULL, AWS_SECRETS, a, &from), "http://secrets:1");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	assert_string_equal(where(&config, AWS_SECRETS, a, &from),
	    "https://secretsmanager.us-gov-west-1.amazonaws.com/");
	assert_null(from);
	clean(NULL);
	remove(path);
	arena_free(a);
}

static void a_path_is_signed(void **state)
{
	struct credentials who = {.key = {STR("AKIDEXAMPLE"), STR("secret"), STR("")}};
	struct aws *w = client("us-west-2", &who);
	struct arena *a = arena_new();
	struct aws_endpoint at = {.url = "https://h:443/stage/",
	    .region = STR("us-west-2"),
	    .name = "sts",
	    .version = "x"};
	struct aws_wire wire, other;
	struct aws_call c;

	(void)state;
	aws_call_init(&c, AWS_STS, "GetCallerIdentity");
	aws_sign_at(w, &c, &at, NOON, a, &wire);
	assert_string_equal(wire.url, "https://h:443/stage/");
	assert_string_equal(wire.lines[0], "Host: h");
	at.url = "https://h:443";
	aws_sign_at(w, &c, &at, NOON, a, &other);
	assert_string_equal(other.url, "https://h:443/");
	assert_string_not_equal(
	    wire.lines[wire.n_lines - 1], other.lines[other.n_lines - 1]); /* Authorization */
	aws_call_free(&c);
	arena_free(a);
	aws_close(w);
}

static void bad_options(void **state)
{
	static const char *const urls[] = {"127.0.0.1:1", "ftp://h", "http://", "http://me:pw@h"};
	struct credentials who = {.key = {STR("AKIDEXAMPLE"), STR("secret"), STR("")}};
	struct aws_options o = {.region = STR("us-west-2.example.com/")};
	struct arena *a = arena_new();
	struct aws_call c;
	struct str body;
	struct aws *w;
	struct err e;

	(void)state;
	assert_false(aws_open(&o, &w, &e));
	assert_int_equal(e.kind, ERR_SETUP);
	assert_int_equal(e.where, AT_CONFIG);
	assert_non_null(strstr(e.msg, "[AWS] REGION"));
	aws_call_init(&c, AWS_EC2, "DescribeVpcs");
	for (size_t i = 0; i < COUNT(urls); i++) {
		w = client("us-west-2", &who);
		setenv("AWS_ENDPOINT_URL_EC2", urls[i], 1);
		assert_false(aws_send(w, &c, a, &body, &e));
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_CONFIG);
		assert_non_null(strstr(e.msg, "AWS_ENDPOINT_URL_EC2 is no address of a server"));
		assert_null(strstr(e.msg, "pw"));
		aws_close(w);
	}
	clean(NULL);
	aws_call_free(&c);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_requests),
	    cmocka_unit_test(odd_values),
	    cmocka_unit_test(endpoints),
	    cmocka_unit_test(endpoints_that_people_give),
	    cmocka_unit_test(a_path_is_signed),
	    cmocka_unit_test(bad_options),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, clean, NULL);
}
