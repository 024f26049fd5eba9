/* Redshift's messages: what each means for a load, and what a person is to do. */
#include "shared/redshift_error.h"

#include "tests/unit/unit.h"

static void kinds(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
		enum err_where where;
		const char *code, *remedy;
	} cases[] = {
	    {"Load into table 't' failed.  Check 'stl_load_errors' system table for details.",
	        ERR_DATA, AT_DATA, REDSHIFT_LOAD_ERROR, "load views"},
	    {"Load into table 't' failed.  Check 'sys_load_error_detail' system table for details.",
	        ERR_DATA, AT_DATA, REDSHIFT_LOAD_ERROR, "load views"},
	    {"S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1,CanRetry 1",
	        ERR_SETUP, AT_S3, "AccessDenied", "s3:ListBucket"},
	    {"S3ServiceException:The AWS Access Key Id you provided does not exist in our records.,"
	     "Status 403,Error InvalidAccessKeyId",
	        ERR_SETUP, AT_S3, "InvalidAccessKeyId", "keys in the COPY"},
	    {"S3ServiceException:The bucket you are attempting to access must be addressed using "
	     "the "
	     "specified endpoint. Please send all future requests to this endpoint.,Status "
	     "301,Error "
	     "PermanentRedirect",
	        ERR_SETUP, AT_S3, "PermanentRedirect", "[AWS] REGION"},
	    {"S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket",
	        ERR_SETUP, AT_S3, "NoSuchBucket", "[S3]"},
	    {"S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey",
	        ERR_RETRY, AT_S3, "NoSuchKey", "run again"},
	    {"S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown",
	        ERR_RETRY, AT_S3, "SlowDown", "fewer workers"},
	    {"S3ServiceException:We encountered an internal error.,Status 500,Error InternalError",
	        ERR_RETRY, AT_S3, "5xx", ""},
	    {"Not authorized to get credentials of role arn:aws:iam::1:role/r", ERR_RETRY,
	        AT_WAREHOUSE, "AssumeRole", "attach the role"},
	    {"User arn:aws:redshift:us-west-2:1:dbuser:c/u is not authorized to assume IAM Role "
	     "arn:aws:iam::1:role/r",
	        ERR_RETRY, AT_WAREHOUSE, "AssumeRole", "attach the role"},
	    {"1023 (Serializable isolation violation on table - 108263, transactions forming the "
	     "cycle "
	     "are: 647, 646 (pid:23589))",
	        ERR_RETRY, AT_WAREHOUSE, "1023", ""},
	    {"1018 (Relation does not exist.)", ERR_RETRY, AT_WAREHOUSE, "1018", ""},
	    {"Query (7) canceled on user's request", ERR_RETRY, AT_WAREHOUSE, "57014",
	        "statement_timeout"},
	    {"Disk Full (node 0)", ERR_RETRY, AT_WAREHOUSE, "53100", "free space"},
	    {"Problem reading manifest file - S3ServiceException:Access Denied,Status 403",
	        ERR_SETUP, AT_S3, "AccessDenied", "manifests"},
	    {"The specified S3 prefix 'x' does not exist", ERR_TASK, AT_WAREHOUSE, "XX000", ""},
	    {"relation \"x\" does not exist", ERR_TASK, AT_WAREHOUSE, "XX000", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e;

		err_set(&e, ERR_TASK, AT_WAREHOUSE, "XX000", "%s", cases[i].text);
		redshift_error(&e);
		assert_int_equal(e.kind, cases[i].kind);
		assert_int_equal(e.where, cases[i].where);
		assert_string_equal(e.code, cases[i].code);
		/* The text stays, but for a final full stop. */
		assert_int_equal(strncmp(e.msg, cases[i].text, strlen(cases[i].text) - 1), 0);
		assert_non_null(strstr(e.msg, cases[i].remedy));
	}
}

static void notices(void **state)
{
	static const char both[] =
	    "Load into table 't 7' completed, 120 record(s) loaded successfully.\n"
	    "Load into table 't 7' completed, 3 record(s) could not be loaded.  Check "
	    "'stl_load_errors' system table for details.\n";

	(void)state;
	assert_int_equal(redshift_loaded(both), 120);
	assert_int_equal(redshift_rejected(both), 3);
	assert_int_equal(redshift_loaded("table \"x\" does not exist, skipping\n"), -1);
	assert_int_equal(redshift_rejected("record(s) could not be loaded\n"), 0);
	assert_int_equal(redshift_loaded(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
