/* Where a key comes from: configuration, environment and real files in a folder of their own. */
#include "tests/unit/home.h"

static const char *s3_endpoint(struct home *h)
{
	const char *from;

	return credentials_s3_endpoint(&h->c, h->a, &from);
}

static void the_order(void **state)
{
	struct home *h = *state;

	put(h, ".aws/config",
	    "[default]\naws_access_key_id = AKCONF\naws_secret_access_key = s3cr3t-conf\n");
	expect(h, "AKCONF", "s3cr3t-conf", "", "profile default");
	assert_true(str_ends(h->got.origin, STR("/.aws/config)")));
	put(h, ".aws/credentials",
	    "[default]\naws_access_key_id = AKFILE\naws_secret_access_key = s3cr3t-file\n");
	expect(h, "AKFILE", "s3cr3t-file", "", "/.aws/credentials)");
	setenv("AWS_ACCESS_KEY_ID", "AKENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-env", 1);
	expect(h, "AKENV", "s3cr3t-env", "", "environment");
	setenv("AWS_SECURITY_TOKEN", "old", 1);
	expect(h, "AKENV", "s3cr3t-env", "old", "environment");
	setenv("AWS_SESSION_TOKEN", "tok/en+==", 1);
	expect(h, "AKENV", "s3cr3t-env", "tok/en+==", "environment");
	h->c.aws.key = "AKCFG";
	h->c.aws.secret = "s3cr3t-cfg";
	expect(h, "AKCFG", "s3cr3t-cfg", "", "dwh.cfg [AWS]");
	h->c.aws.token = "cfg-token";
	expect(h, "AKCFG", "s3cr3t-cfg", "cfg-token", "dwh.cfg [AWS]");
	h->c.aws.anonymous = true;
	assert_true(credentials_find(&h->c, h->a, &h->got, &h->e));
	assert_true(h->got.anonymous);
	assert_int_equal(h->got.key.secret.n, 0);
}

static void profiles(void **state)
{
	struct home *h = *state;

	put(h, ".aws/credentials",
	    "[default]\naws_access_key_id=AKDEF\naws_secret_access_key=s3cr3t-d\n"
	    "[prod]\naws_access_key_id=AKPROD\naws_secret_access_key=s3cr3t-p\n"
	    "[profile odd]\naws_access_key_id=NOT\naws_secret_access_key=s3cr3t-n\n");
	put(h, ".aws/config",
	    "[profile prod]\nregion = eu-west-1\naws_access_key_id=NOT\n"
	    "[my prof]\naws_access_key_id=NOT\naws_secret_access_key=s3cr3t-n\n"
	    "[profile \"my prof\"]\naws_access_key_id=AKMINE\naws_secret_access_key=s3cr3t-m\n"
	    "[profile\tnext] # comment\naws_access_key_id=AKNEXT\naws_secret_access_key=s3cr3t-x\n"
	    "[sso-session prod]\naws_access_key_id=NOT\n"
	    "[profiled]\naws_access_key_id=NOT\n");
	expect(h, "AKDEF", "s3cr3t-d", "", "profile default");
	setenv("AWS_DEFAULT_PROFILE", "next", 1);
	expect(h, "AKNEXT", "s3cr3t-x", "", "profile next");
	setenv("AWS_PROFILE", "prod", 1);
	expect(h, "AKPROD", "s3cr3t-p", "", "profile prod");
	assert_str(credentials_region(&h->c, h->a), "eu-west-1");
	h->c.aws.profile = "my prof";
	expect(h, "AKMINE", "s3cr3t-m", "", "profile my prof");
	assert_str(credentials_region(&h->c, h->a), "us-west-2");

	/* The environment goes before AWS_PROFILE, but not before [AWS] PROFILE. */
	setenv("AWS_ACCESS_KEY_ID", "AKENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-e", 1);
	expect(h, "AKMINE", "s3cr3t-m", "", "profile my prof");
	h->c.aws.profile = NULL;
	expect(h, "AKENV", "s3cr3t-e", "", "environment");

	h->c.aws.profile = "odd";
	REFUSE(h, "profile odd", "[AWS] PROFILE", ".aws/credentials", ".aws/config");
	h->c.aws.profile = "";
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_PROFILE", "nobody", 1);
	REFUSE(h, "profile nobody", "AWS_PROFILE", "name another");
}

static void ways_to_write_a_file(void **state)
{
	static const struct {
		const char *text, *access, *secret, *token;
	} cases[] = {
	    {"\xEF\xBB\xBF[default]\r\naws_access_key_id = AK1\r\n"
	     "aws_secret_access_key = s3cr3t/+=\r\n",
	        "AK1", "s3cr3t/+=", ""},
	    {"# [default]\n; x\n\n[ default ]\n  # in\nAWS_Access_Key_ID=AK2\n"
	     "aws_secret_access_key\t=\ts3cr3t;#2 \naws_session_token = T=O=K",
	        "AK2", "s3cr3t;#2", "T=O=K"},
	    /* The last of several counts, also over several sections of one name. */
	    {"[default]\naws_access_key_id=A\naws_access_key_id=B\naws_secret_access_key=s3cr3t-1\n"
	     "[x]\naws_access_key_id=X\n[default]\naws_secret_access_key=s3cr3t-2\n",
	        "B", "s3cr3t-2", ""},
	    /* Nested values belong to the key before them. */
	    {"[default]\ns3 =\n  aws_access_key_id = NESTED\n  addressing_style = path\n"
	     "  # comment\n\n  no equals sign\naws_access_key_id = AK3\n"
	     "aws_secret_access_key = s3cr3t-3\n   aws_access_key_id = NESTED\n",
	        "AK3", "s3cr3t-3", ""},
	    /* A section that is indented as a whole is one all the same. */
	    {"  [default]\n  aws_access_key_id = AK4\n  aws_secret_access_key = s3cr3t-4\n"
	     "    aws_session_token = NESTED\n",
	        "AK4", "s3cr3t-4", ""},
	    /* What does not concern the profile may be written as it likes. */
	    {"text\n[x]\ntext\n[default]\naws_access_key_id = AK5\n"
	     "aws_secret_access_key = s3cr3t-5",
	        "AK5", "s3cr3t-5", ""},
	};
	struct home *h = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		put(h, ".aws/credentials", cases[i].text);
		expect(h, cases[i].access, cases[i].secret, cases[i].token, "profile default");
	}
}

static void long_lines(void **state)
{
	struct home *h = *state;
	struct buf b, token;

	buf_init(&token, 100000);
	while (token.n < 70000)
		buf_z(&token, "FwoGZXIvYXdzE/+=");
	buf_init(&b, 200000);
	buf_printf(&b,
	    "[default]\naws_access_key_id=AK\naws_secret_access_key=s3cr3t\n"
	    "aws_session_token=%s\nregion=x\n",
	    token.p);
	put(h, ".aws/credentials", b.p);
	assert_true(credentials_find(&h->c, h->a, &h->got, &h->e));
	assert_true(str_eq(h->got.key.token, buf_view(&token)));
	assert_str(credentials_region(&h->c, h->a), "x");
	buf_free(&b);
	buf_free(&token);
}

static void half_a_pair_is_an_error(void **state)
{
	struct home *h = *state;

	put(h, ".aws/credentials", "[default]\naws_access_key_id=AK\n");
	put(h, ".aws/config", "[default]\naws_access_key_id=AK\naws_secret_access_key=s3cr3t\n");
	REFUSE(h, "profile default (",
	    ".aws/credentials): aws_access_key_id is set, but "
	    "aws_secret_access_key is not");
	put(h, ".aws/credentials", "[default]\naws_secret_access_key=s3cr3t\naws_access_key_id=\n");
	REFUSE(h, "aws_secret_access_key is set, but aws_access_key_id is not", "both or neither");
	setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t", 1);
	REFUSE(h, "environment: AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_ACCESS_KEY_ID", "AK", 1);
	REFUSE(h, "environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
	h->c.aws.secret = "s3cr3t";
	REFUSE(h, "dwh.cfg [AWS]: SECRET is set, but KEY is not");
	h->c.aws.secret = "";
	h->c.aws.key = "AK";
	h->c.file = NULL;
	REFUSE(h, "configuration [AWS]: KEY is set, but SECRET is not");
}

static void bad_keys_and_files(void **state)
{
	struct home *h = *state;

	put(h, ".aws/credentials", "[default]\naws_access_key_id=AK\n\ns3cr3t without equals\n");
	REFUSE(h, ".aws/credentials, line 4", "neither");
	put(h, ".aws/credentials",
	    "[default\naws_access_key_id=AK\naws_secret_access_key=s3cr3t\n");
	REFUSE(h, ".aws/credentials, line 1");
	put(h, ".aws/credentials",
	    "[default]\naws_access_key_id=A K\naws_secret_access_key=s3cr3t\n");
	REFUSE(h, "holds a blank", ".aws/credentials");
	setenv("AWS_ACCESS_KEY_ID", "AK", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t", 1);
	setenv("AWS_SESSION_TOKEN", "s3cr3t\r\nX-Evil: 1", 1);
	REFUSE(h, "environment", "session token");
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_SHARED_CREDENTIALS_FILE", h->dir, 1);
	REFUSE(h, "cannot read", h->dir);
}

static void other_ways_to_a_key_are_named(void **state)
{
	struct home *h = *state;

	put(h, ".aws/config",
	    "[default]\nsso_session = corp\nregion = eu-north-1\n"
	    "[profile job]\ncredential_process = /bin/echo s3cr3t\n"
	    "[profile role]\nrole_arn = arn:aws:iam::1:role/x\n"
	    "aws_access_key_id = AK\naws_secret_access_key = s3cr3t\n"
	    "[profile signed-on]\nsso_account_id = 1\nsso_role_name = x\n"
	    "aws_access_key_id = AK\naws_secret_access_key = s3cr3t\n"
	    "[profile logged-in]\nlogin_session = arn:aws:iam::1:user/me\n"
	    "[profile keys]\naws_access_key_id = AK\naws_secret_access_key = s3cr3t\n"
	    "sso_start_url = https://x\n");
	REFUSE(h, "profile default", "sso_session", "aws configure export-credentials");
	assert_str(credentials_region(&h->c, h->a), "eu-north-1");
	h->c.aws.profile = "job";
	REFUSE(h, "credential_process /bin/echo of profile job", "no JSON");
	/* Its own keys are not those that the SDKs would use. */
	h->c.aws.profile = "role";
	REFUSE(h, "profile role", "role_arn needs source_profile or credential_source");
	h->c.aws.profile = "signed-on";
	REFUSE(h, "profile signed-on", "sso_account_id", "--profile signed-on");
	h->c.aws.profile = "logged-in";
	REFUSE(h, "profile logged-in", "login_session", "--profile logged-in");
	h->c.aws.profile = "keys";
	expect(h, "AK", "s3cr3t", "", "profile keys");
}

static void nothing_anywhere(void **state)
{
	struct home *h = *state;

	REFUSE(h, "dwh.cfg [AWS]", "AWS_ACCESS_KEY_ID", "profile default", h->dir,
	    ".aws/credentials", ".aws/config", "ANONYMOUS");
	unsetenv("HOME");
	REFUSE(h, "~/.aws/credentials (HOME is not set)", "~/.aws/config (HOME is not set)");
	assert_str(credentials_region(&h->c, h->a), "us-west-2");
	assert_null(s3_endpoint(h));
}

static void moved_files(void **state)
{
	struct home *h = *state;

	put(h, "other", "[default]\naws_access_key_id=AK\naws_secret_access_key=s3cr3t\n");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "~/other", 1);
	expect(h, "AK", "s3cr3t", "", arena_printf(h->a, "%s/other", h->dir));
	setenv("AWS_SHARED_CREDENTIALS_FILE", arena_printf(h->a, "%s/other", h->dir), 1);
	unsetenv("HOME");
	expect(h, "AK", "s3cr3t", "", "/other");
	setenv("AWS_CONFIG_FILE", getenv("AWS_SHARED_CREDENTIALS_FILE"), 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/x", 1);
	expect(h, "AK", "s3cr3t", "", "/other");
}

static void regions(void **state)
{
	struct home *h = *state;

	assert_str(credentials_region(&h->c, h->a), "us-west-2");
	put(h, ".aws/config", "[default]\nregion = eu-west-1\n");
	assert_str(credentials_region(&h->c, h->a), "eu-west-1");
	put(h, ".aws/credentials", "[default]\nregion = eu-west-2\n");
	assert_str(credentials_region(&h->c, h->a), "eu-west-2");
	setenv("AWS_DEFAULT_REGION", "eu-west-3", 1);
	assert_str(credentials_region(&h->c, h->a), "eu-west-3");
	setenv("AWS_REGION", "eu-west-4", 1);
	assert_str(credentials_region(&h->c, h->a), "eu-west-4");
	h->c.aws.region = "eu-west-5";
	assert_str(credentials_region(&h->c, h->a), "eu-west-5");
	h->c.aws.region = "";
	setenv("AWS_REGION", "", 1);
	assert_str(credentials_region(&h->c, h->a), "eu-west-3");
}

static void endpoints(void **state)
{
	struct home *h = *state;

	assert_null(s3_endpoint(h));
	put(h, ".aws/config",
	    "[default]\ns3 =\n  endpoint_url = http://nested\nendpoint_url = http://profile\n");
	assert_string_equal(s3_endpoint(h), "http://profile");
	setenv("AWS_ENDPOINT_URL", "http://all", 1);
	assert_string_equal(s3_endpoint(h), "http://all");
	setenv("AWS_ENDPOINT_URL_S3", "http://s3", 1);
	assert_string_equal(s3_endpoint(h), "http://s3");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	assert_null(s3_endpoint(h));
	h->c.aws.endpoint = "http://cfg";
	assert_string_equal(s3_endpoint(h), "http://cfg");
	unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	assert_string_equal(s3_endpoint(h), "http://cfg");
}

static const char *endpoint(struct home *h, const char *service, const char *from)
{
	const char *by, *url = credentials_endpoint(&h->c, service, h->a, &by);

	if (from)
		assert_string_equal(by, from);
	else
		assert_null(by);
	return url;
}

static void endpoints_of_services(void **state)
{
	static const char profile[] = "endpoint_url of the AWS profile";
	struct home *h = *state;

	put(h, ".aws/config",
	    "[default]\nservices = mine\nendpoint_url = http://all\n"
	    "[services mine]\ns3 =\n  endpoint_url = http://s3\n  addressing_style = path\n"
	    "redshift_serverless =\n  endpoint_url = http://serverless\n"
	    "[services other]\nsts =\n  endpoint_url = http://not\n"
	    "[profile bare]\nservices = mine\n");
	assert_string_equal(endpoint(h, "S3", profile), "http://s3");
	assert_string_equal(endpoint(h, "REDSHIFT_SERVERLESS", profile), "http://serverless");
	assert_string_equal(endpoint(h, "STS", profile), "http://all");
	setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://secrets", 1);
	assert_string_equal(
	    endpoint(h, "SECRETS_MANAGER", "AWS_ENDPOINT_URL_SECRETS_MANAGER"), "http://secrets");
	/* [AWS] ENDPOINT is that of S3 alone. */
	h->c.aws.endpoint = "http://cfg";
	assert_string_equal(endpoint(h, "STS", profile), "http://all");
	h->c.aws.profile = "bare";
	assert_null(endpoint(h, "STS", NULL));
	assert_string_equal(endpoint(h, "REDSHIFT_SERVERLESS", profile), "http://serverless");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	assert_null(endpoint(h, "REDSHIFT_SERVERLESS", NULL));
	unsetenv("AWS_ENDPOINT_URL_SECRETS_MANAGER");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_HOME(the_order),
	    IN_HOME(profiles),
	    IN_HOME(ways_to_write_a_file),
	    IN_HOME(long_lines),
	    IN_HOME(half_a_pair_is_an_error),
	    IN_HOME(bad_keys_and_files),
	    IN_HOME(other_ways_to_a_key_are_named),
	    IN_HOME(nothing_anywhere),
	    IN_HOME(moved_files),
	    IN_HOME(regions),
	    IN_HOME(endpoints),
	    IN_HOME(endpoints_of_services),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
