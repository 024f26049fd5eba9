/* Where S3 requests go, what they carry, and what the answers mean. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/clock.h"
#include "shared/s3_wire.h"

static const int64_t NOON = 1785585600000; /* 2026-08-01T12:00:00Z */

static struct s3 *client(
    const char *endpoint, const char *region, const char *token, bool anonymous)
{
	struct credentials c = {
	    .anonymous = anonymous,
	    .key = {STR("AKIDEXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
	        str_z(token)},
	    .origin = STR("environment"),
	};
	struct s3_options o = {.endpoint = endpoint,
	    .region = str_z(region),
	    .credentials = &c,
	    .request_payer = *token != '\0'};
	struct s3 *s = NULL;
	struct err e;

	if (!s3_open(&o, &s, &e))
		fail_msg("%s", e.msg);
	return s;
}

static void addresses(void **state)
{
	static const struct {
		const char *endpoint, *region, *bucket, *key, *url, *host;
	} cases[] = {
	    {NULL, "us-west-2", "my-bkt", "dir/file.json",
	        "https://my-bkt.s3.us-west-2.amazonaws.com/dir/file.json",
	        "Host: my-bkt.s3.us-west-2.amazonaws.com"},
	    {NULL, "us-west-2", "my-bkt", "", "https://my-bkt.s3.us-west-2.amazonaws.com/",
	        "Host: my-bkt.s3.us-west-2.amazonaws.com"},
	    {NULL, "us-west-2", "my-bkt", "a b/\xc3\xbc+~(1)*!'=&%//x..y/./z",
	        "https://my-bkt.s3.us-west-2.amazonaws.com/a%20b/"
	        "%C3%BC%2B~%281%29%2A%21%27%3D%26%25//x..y/./z",
	        "Host: my-bkt.s3.us-west-2.amazonaws.com"},
	    {NULL, "us-west-2", "my-bkt", "/k", "https://my-bkt.s3.us-west-2.amazonaws.com//k",
	        "Host: my-bkt.s3.us-west-2.amazonaws.com"},
	    {NULL, "cn-north-1", "my-bkt", "k", "https://my-bkt.s3.cn-north-1.amazonaws.com.cn/k",
	        "Host: my-bkt.s3.cn-north-1.amazonaws.com.cn"},
	    {NULL, "us-west-2", "my.dotted.bkt", "",
	        "https://s3.us-west-2.amazonaws.com/my.dotted.bkt",
	        "Host: s3.us-west-2.amazonaws.com"},
	    {NULL, "us-west-2", "My_Legacy", "k", "https://s3.us-west-2.amazonaws.com/My_Legacy/k",
	        "Host: s3.us-west-2.amazonaws.com"},
	    {NULL, "us-west-2", "-bkt", "k", "https://s3.us-west-2.amazonaws.com/-bkt/k",
	        "Host: s3.us-west-2.amazonaws.com"},
	    {NULL, "us-west-2", "ab", "k", "https://s3.us-west-2.amazonaws.com/ab/k",
	        "Host: s3.us-west-2.amazonaws.com"},
	    {"http://127.0.0.1:9000", "us-west-2", "my-bkt", "k", "http://127.0.0.1:9000/my-bkt/k",
	        "Host: 127.0.0.1:9000"},
	    {"http://127.0.0.1:9000/", "us-west-2", "my-bkt", "", "http://127.0.0.1:9000/my-bkt",
	        "Host: 127.0.0.1:9000"},
	    {"http://h:80/s3/", "us-west-2", "my-bkt", "k", "http://h/s3/my-bkt/k", "Host: h"},
	    {"https://h:443", "us-west-2", "my-bkt", "k", "https://h/my-bkt/k", "Host: h"},
	    {"https://h:80", "us-west-2", "my-bkt", "k", "https://h:80/my-bkt/k", "Host: h:80"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3 *s = client(cases[i].endpoint, cases[i].region, "", false);
		struct s3_call c = {
		    .method = "GET", .bucket = str_z(cases[i].bucket), .key = str_z(cases[i].key)};
		struct s3_wire w;

		s3_sign_at(s, &c, NOON, a, &w);
		assert_string_equal(w.url, cases[i].url);
		assert_string_equal(w.lines[0], cases[i].host);
		s3_close(s);
	}
	arena_free(a);
}

static void list_queries(void **state)
{
	static const struct {
		struct s3_list req;
		const char *query;
	} cases[] = {
	    {{.prefix = {"log_data/2018/11/", 17},
	         .delimiter = {"/", 1},
	         .max_keys = 1000,
	         .start_after = {"log_data/2018/11/2018-11-01-events.json", 39}},
	        "list-type=2&prefix=log_data%2F2018%2F11%2F&delimiter=%2F&max-keys=1000&start-"
	        "after="
	        "log_data%2F2018%2F11%2F2018-11-01-events.json&encoding-type=url"},
	    {{.prefix = {"a b/\xc3\xbc+~(1)*!'=&%", 17},
	         .start_after = {"not with a token", 16},
	         .token = {"1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=", 45}},
	        "list-type=2&prefix=a%20b%2F%C3%BC%2B~%281%29%2A%21%27%3D%26%25&continuation-token="
	        "1ueGcxLPRx1Tr%2FXYExHnhbYLgveDs2J%2Fwm36Hy4vbOwM%3D&encoding-type=url"},
	    {{.bucket = {"b", 1}}, "list-type=2&encoding-type=url"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_str(s3_list_query(&cases[i].req, a), cases[i].query);
	arena_free(a);
}

/* Requests that botocore signed, with the same key at the same time. */
static void signatures(void **state)
{
	static const struct {
		const char *endpoint, *token, *method, *bucket, *key, *query, *type, *body,
		    *signature;
	} cases[] = {
	    {NULL, "", "GET", "udacity-dend", "",
	        "list-type=2&prefix=log_data%2F2018%2F11%2F&delimiter=%2F&max-keys=1000&start-"
	        "after="
	        "log_data%2F2018%2F11%2F2018-11-01-events.json&encoding-type=url",
	        "", "", "ab2434ae614cbd30871452af4d9bcc6f74bf6840d7c5c5404c5663c4689d0e2a"},
	    {NULL, "TOK/EN+==", "GET", "my-bkt", "",
	        "list-type=2&prefix=a%20b%2F%C3%BC%2B~%281%29%2A%21%27%3D%26%25&continuation-token="
	        "1ueGcxLPRx1Tr%2FXYExHnhbYLgveDs2J%2Fwm36Hy4vbOwM%3D&encoding-type=url",
	        "", "", "548367533442301a6d280e303096c6c17f9d8aa978a421de0e989b54ee4e8f4b"},
	    {NULL, "", "GET", "my-bkt", "dir/file.json", "", "", "",
	        "b249d9e42dbab2cf472eaa7a91647866a2e59a39ea3bd3f4ed7076a4e7ee0c32"},
	    {NULL, "", "HEAD", "my-bkt", "dir/file.json", "", "", "",
	        "b063fc76af3419a47630f519573b5cae5f739c2ccbc270bb27f10f55a624b297"},
	    {NULL, "", "HEAD", "my-bkt", "", "", "", "",
	        "2d7153b2a9b22401dee74bfc41ba481521192dfcf3f8cd7eeb0ded80d88ffe12"},
	    {NULL, "", "PUT", "my-bkt", "m/1.manifest", "", "application/json", "{\"entries\":[]}",
	        "9c62424efd8c009cdc1fb49ddf9fc20b07f6c7ba0182dd68f0b690bab23f6583"},
	    {NULL, "", "DELETE", "my-bkt", "m/1.manifest", "", "", "",
	        "45b9db0dfed75e280ac6925fa860af0efac9b75243921f8dda468276bb84aae2"},
	    {NULL, "", "GET", "my.dotted.bkt", "", "list-type=2&encoding-type=url", "", "",
	        "d1d86c3dc2824bcba068eca659d9f5704e1d618a9a0043e39de927f0cb63ae43"},
	    {"https://s3.us-west-2.amazonaws.com", "", "GET", "my-bkt", "k/x", "", "", "",
	        "e8bb5ff1cf42f7784ca481d83e539568095b1a1cc4225af32f8600cc7ccab98a"},
	    {"http://127.0.0.1:9000", "", "GET", "my-bkt", "k", "", "", "",
	        "d09ff2c784175b99608506055ee2f39ad32790dc67414ae47fa6dbb656196c3a"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3 *s = client(cases[i].endpoint, "us-west-2", cases[i].token, false);
		struct s3_call c = {.method = cases[i].method,
		    .bucket = str_z(cases[i].bucket),
		    .key = str_z(cases[i].key),
		    .query = str_z(cases[i].query),
		    .content_type = str_z(cases[i].type),
		    .body = str_z(cases[i].body)};
		struct s3_wire w;

		s3_sign_at(s, &c, NOON, a, &w);
		assert_true(str_ends(w.authorization, str_z(cases[i].signature)));
		s3_close(s);
	}
	arena_free(a);
}

static const char *line_of(const struct s3_wire *w, const char *name)
{
	for (size_t i = 0; i < w->n_lines; i++)
		if (strncmp(w->lines[i], name, strlen(name)) == 0)
			return w->lines[i];
	return NULL;
}

static void conditional_and_anonymous(void **state)
{
	struct arena *a = arena_new();
	struct s3 *s = client(NULL, "us-west-2", "TOK", false);
	struct s3_call c = {.method = "GET",
	    .bucket = STR("my-bkt"),
	    .key = STR("k"),
	    .etag = STR("abc-2"),
	    .from = 7};
	struct s3_wire w;

	(void)state;
	s3_sign_at(s, &c, NOON, a, &w);
	assert_string_equal(line_of(&w, "If-Match"), "If-Match: \"abc-2\"");
	assert_string_equal(line_of(&w, "Range"), "Range: bytes=7-");
	assert_string_equal(line_of(&w, "x-amz-security-token"), "x-amz-security-token: TOK");
	assert_string_equal(line_of(&w, "x-amz-date"), "x-amz-date: 20260801T120000Z");
	assert_non_null(strstr(line_of(&w, "Authorization"),
	    "SignedHeaders=host;if-match;range;x-amz-content-sha256;x-amz-date;"
	    "x-amz-request-payer;x-amz-security-token,"));
	s3_close(s);

	s = client(NULL, "us-west-2", "TOK", true);
	c.etag = STR("\"abc\"");
	s3_sign_at(s, &c, NOON, a, &w);
	assert_int_equal(w.n_lines, 3);
	assert_string_equal(w.lines[1], "If-Match: \"abc\"");
	assert_string_equal(w.lines[2], "Range: bytes=7-");
	s3_close(s);
	arena_free(a);
}

static void bad_options(void **state)
{
	static const struct {
		const char *endpoint, *region, *says;
	} cases[] = {
	    {"127.0.0.1:9000", "us-west-2", "[AWS] ENDPOINT"},
	    {"ftp://h", "us-west-2", "[AWS] ENDPOINT"},
	    {"http://", "us-west-2", "[AWS] ENDPOINT"},
	    {"http:///x", "us-west-2", "[AWS] ENDPOINT"},
	    {"http://me:pw@h", "us-west-2", "[AWS] ENDPOINT"},
	    {NULL, "", "[AWS] REGION"},
	    {NULL, "us-west-2.example.com/", "[AWS] REGION"},
	};
	struct credentials c = {.anonymous = true};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3_options o = {.endpoint = cases[i].endpoint,
		    .region = str_z(cases[i].region),
		    .credentials = &c};
		struct s3 *s = NULL;
		struct err e;

		assert_false(s3_open(&o, &s, &e));
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_CONFIG);
		assert_non_null(strstr(e.msg, cases[i].says));
		assert_null(strstr(e.msg, "pw"));
	}
}

static void urls(void **state)
{
	static const struct {
		const char *url, *bucket, *key, *says;
	} cases[] = {
	    {"s3://udacity-dend/log_data", "udacity-dend", "log_data", NULL},
	    {"s3://b-1.x_Y/a//b c/", "b-1.x_Y", "a//b c/", NULL},
	    {"s3://bkt/", "bkt", "", NULL},
	    {"s3://bkt", "bkt", "", NULL},
	    {"https://bkt/k", NULL, NULL, "must begin with s3://"},
	    {"", NULL, NULL, "must begin with s3://"},
	    {"s3:///k", NULL, NULL, "names no bucket"},
	    {"s3://", NULL, NULL, "names no bucket"},
	    {"s3://b kt/k", NULL, NULL, "cannot be the name of a bucket"},
	    {"s3://me@h/k", NULL, NULL, "cannot be the name of a bucket"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str bucket, key;
		struct err e;
		bool ok = s3_url_parse(str_z(cases[i].url), &bucket, &key, &e);

		assert_int_equal(ok, cases[i].says == NULL);
		if (ok) {
			assert_str(bucket, cases[i].bucket);
			assert_str(key, cases[i].key);
		} else {
			assert_int_equal(e.kind, ERR_SETUP);
			assert_int_equal(e.where, AT_CONFIG);
			assert_non_null(strstr(e.msg, cases[i].says));
		}
	}
}

#define DOC(code)                                                                                  \
	"<?xml version=\"1.0\"?>\n<Error><Code>" code "</Code><Message>Said so.</Message></Error>"

static void answers(void **state)
{
	enum { LIST, GET, GET_IF, PUT, HEAD, HEAD_BUCKET };
	static const struct {
		int call, status;
		const char *body;
		enum err_kind kind; /* 0: taken */
		enum err_where where;
		const char *code, *says;
	} cases[] = {
	    {GET, 200, "anything", 0, 0, NULL, NULL},
	    {GET, 206, "anything", 0, 0, NULL, NULL},
	    {PUT, 200, "", 0, 0, NULL, NULL},
	    {HEAD, 200, "", 0, 0, NULL, NULL},
	    /* The credentials: stop, exit code 2. */
	    {LIST, 403, DOC("InvalidAccessKeyId"), ERR_SETUP, AT_CONFIG, "InvalidAccessKeyId",
	        "check the access key and its secret (they come from environment)"},
	    {GET, 403, DOC("SignatureDoesNotMatch"), ERR_SETUP, AT_CONFIG, "SignatureDoesNotMatch",
	        "the secret does not belong"},
	    {GET, 400, DOC("ExpiredToken"), ERR_SETUP, AT_CONFIG, "ExpiredToken", "get a new one"},
	    {GET, 400, DOC("InvalidToken"), ERR_SETUP, AT_CONFIG, "InvalidToken", "not valid"},
	    {HEAD, 401, "", ERR_SETUP, AT_CONFIG, "Unauthorized", "refused"},
	    {GET, 403, DOC("RequestTimeTooSkewed"), ERR_SETUP, AT_CONFIG, "RequestTimeTooSkewed",
	        "clock"},
	    {GET, 400, DOC("AuthorizationHeaderMalformed"), ERR_SETUP, AT_CONFIG,
	        "AuthorizationHeaderMalformed", "[AWS] REGION"},
	    /* The bucket: stop. */
	    {LIST, 404, DOC("NoSuchBucket"), ERR_SETUP, AT_S3, "NoSuchBucket",
	        "s3://bkt/log_data at http://127.0.0.1:9: the bucket does not exist (HTTP 404, "
	        "NoSuchBucket: Said so.): check"},
	    {GET, 404, DOC("NoSuchBucket"), ERR_SETUP, AT_S3, "NoSuchBucket", "s3://bkt/dir/k at"},
	    {HEAD_BUCKET, 404, "", ERR_SETUP, AT_S3, "NoSuchBucket", "s3://bkt/"},
	    {LIST, 403, DOC("AccessDenied"), ERR_SETUP, AT_S3, "AccessDenied", "s3:ListBucket"},
	    {HEAD_BUCKET, 403, "", ERR_SETUP, AT_S3, "AccessDenied", "s3:ListBucket"},
	    {LIST, 400, DOC("InvalidBucketName"), ERR_SETUP, AT_S3, "InvalidBucketName", "name"},
	    {GET, 403, DOC("AllAccessDisabled"), ERR_SETUP, AT_S3, "AllAccessDisabled", "closed"},
	    {LIST, 400, DOC("SomethingNew"), ERR_SETUP, AT_S3, "SomethingNew", "Said so."},
	    {GET, 301, "", ERR_SETUP, AT_S3, "PermanentRedirect", "another region"},
	    {PUT, 403, DOC("AccessDenied"), ERR_SETUP, AT_S3, "AccessDenied", "s3:PutObject"},
	    /* One object. */
	    {GET, 403, DOC("AccessDenied"), ERR_TASK, AT_S3, "AccessDenied", "s3:GetObject"},
	    {HEAD, 403, "", ERR_TASK, AT_S3, "AccessDenied", "s3:GetObject"},
	    {GET, 404, DOC("NoSuchKey"), ERR_TASK, AT_S3, "NoSuchKey", "s3://bkt/dir/k"},
	    {HEAD, 404, "", ERR_TASK, AT_S3, "NoSuchKey", "does not exist"},
	    {GET, 403, DOC("InvalidObjectState"), ERR_TASK, AT_S3, "InvalidObjectState", "restore"},
	    {GET, 400, DOC("KeyTooLongError"), ERR_TASK, AT_S3, "KeyTooLongError", "Said so."},
	    {GET, 501, DOC("NotImplemented"), ERR_TASK, AT_S3, "NotImplemented", "Said so."},
	    {GET_IF, 412, DOC("PreconditionFailed"), ERR_CHANGED, AT_S3, "PreconditionFailed",
	        "changed"},
	    {GET_IF, 404, DOC("NoSuchKey"), ERR_CHANGED, AT_S3, "NoSuchKey", "gone"},
	    {GET_IF, 416, DOC("InvalidRange"), ERR_CHANGED, AT_S3, "InvalidRange", "shorter"},
	    /* May pass. */
	    {GET, 500, DOC("InternalError"), ERR_RETRY, AT_S3, "InternalError", "Said so."},
	    {GET, 503, DOC("SlowDown"), ERR_RETRY, AT_S3, "SlowDown", "too many requests"},
	    {HEAD, 503, "", ERR_RETRY, AT_S3, "", "HTTP 503"},
	    {GET, 502, "<html>bad gateway</html>", ERR_RETRY, AT_S3, "", "HTTP 502"},
	    {GET, 429, "", ERR_RETRY, AT_S3, "SlowDown", "too many requests"},
	    {GET, 400, DOC("RequestTimeout"), ERR_RETRY, AT_S3, "RequestTimeout", "slowly"},
	    {PUT, 409, DOC("OperationAborted"), ERR_RETRY, AT_S3, "OperationAborted", "under way"},
	    {PUT, 307, DOC("TemporaryRedirect"), ERR_RETRY, AT_S3, "TemporaryRedirect", "moving"},
	    {LIST, 400, DOC("ThrottlingException"), ERR_RETRY, AT_S3, "ThrottlingException",
	        "many"},
	    /* Errors inside a 200. */
	    {LIST, 200, DOC("InternalError"), ERR_RETRY, AT_S3, "InternalError", "HTTP 200"},
	    {PUT, 200, DOC("SlowDown"), ERR_RETRY, AT_S3, "SlowDown", "HTTP 200"},
	    {LIST, 200, DOC("AccessDenied"), ERR_SETUP, AT_S3, "AccessDenied", "s3:ListBucket"},
	};
	struct s3 *s = client("http://127.0.0.1:9", "us-west-2", "", false);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		static const char *const methods[] = {"GET", "GET", "GET", "PUT", "HEAD", "HEAD"};
		bool on_bucket = cases[i].call == LIST || cases[i].call == HEAD_BUCKET;
		struct s3_call c = {.method = methods[cases[i].call],
		    .bucket = STR("bkt"),
		    .key = on_bucket ? STR("") : STR("dir/k"),
		    .subject = cases[i].call == LIST ? STR("log_data") : STR(""),
		    .etag = cases[i].call == GET_IF ? STR("abc") : STR("")};
		struct http_reply r = {.status = cases[i].status, .content_length = -1};
		struct s3_tries t = {0};
		struct err e = {0};
		enum s3_verdict v = s3_judge(s, &c, &r, str_z(cases[i].body), &t, &e);

		assert_int_equal(v, cases[i].kind ? S3_FAILED : S3_TAKEN);
		assert_int_equal(e.kind, cases[i].kind);
		assert_int_equal(e.where, cases[i].where);
		if (!cases[i].kind)
			continue;
		assert_string_equal(e.code, cases[i].code);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("case %zu: \"%s\" lacks \"%s\"", i, e.msg, cases[i].says);
		assert_null(strstr(e.msg, "wJalrXUtnFEMI"));
	}
	assert_int_equal(s3_stats(s).status[2], 7);
	s3_close(s);
}

/* An object may well be an error document; with the ETag of an object it is one. */
static void an_object_that_reads_like_an_error(void **state)
{
	struct s3 *s = client(NULL, "us-west-2", "", false);
	struct s3_call c = {
	    .method = "GET", .bucket = STR("bkt"), .key = STR("k"), .etag = STR("abc")};
	struct http_reply r = {.status = 200, .etag = "\"abc\""};
	struct s3_tries t = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(s3_judge(s, &c, &r, STR(DOC("SlowDown")), &t, &e), S3_TAKEN);
	/* A server that ignores If-Match is caught by the ETag of its answer. */
	snprintf(r.etag, sizeof r.etag, "\"other\"");
	assert_int_equal(s3_judge(s, &c, &r, STR("bytes"), &t, &e), S3_FAILED);
	assert_int_equal(e.kind, ERR_CHANGED);
	s3_close(s);
}

static void region_is_followed_once(void **state)
{
	static const struct {
		const char *method;
		int status;
		const char *header, *body, *region; /* region "": not followed */
	} cases[] = {
	    {"GET", 301, "eu-west-1", DOC("PermanentRedirect"), "eu-west-1"},
	    {"GET", 307, "eu-west-1", DOC("TemporaryRedirect"), "eu-west-1"},
	    {"HEAD", 400, "eu-west-1", "", "eu-west-1"},
	    {"GET", 400, "",
	        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>"
	        "eu-west-1</Region></Error>",
	        "eu-west-1"},
	    {"GET", 403, "eu-west-1", DOC("AccessDenied"), ""},
	    {"GET", 301, "", DOC("PermanentRedirect"), ""},
	    {"GET", 301, "evil.example/", DOC("PermanentRedirect"), ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3 *s = client(NULL, "us-west-2", "", false);
		struct s3_call c = {
		    .method = cases[i].method, .bucket = STR("bkt"), .key = STR("k")};
		struct http_reply r = {.status = cases[i].status};
		struct s3_tries t = {0};
		struct arena *a = arena_new();
		struct s3_wire w;
		struct err e;
		bool follows = cases[i].region[0] != '\0';

		snprintf(r.region, sizeof r.region, "%s", cases[i].header);
		assert_int_equal(s3_judge(s, &c, &r, str_z(cases[i].body), &t, &e),
		    follows ? S3_AGAIN : S3_FAILED);
		assert_str(s3_bucket_region(s, STR("bkt")), follows ? "eu-west-1" : "us-west-2");
		assert_str(s3_bucket_region(s, STR("other")), "us-west-2");
		s3_sign(s, &c, a, &w);
		assert_string_equal(w.url, follows ? "https://bkt.s3.eu-west-1.amazonaws.com/k"
		                                   : "https://bkt.s3.us-west-2.amazonaws.com/k");
		assert_int_equal(s3_judge(s, &c, &r, str_z(cases[i].body), &t, &e), S3_FAILED);
		arena_free(a);
		s3_close(s);
	}
}

static void clock_is_corrected_once(void **state)
{
	struct s3 *s = client(NULL, "us-west-2", "", false);
	struct s3_call c = {.method = "GET", .bucket = STR("bkt"), .key = STR("k")};
	struct http_reply r = {.status = 403, .date = "Sat, 01 Aug 2026 12:00:00 GMT"};
	struct s3_tries t = {0};
	struct err e;

	(void)state;
	assert_int_equal(s3_judge(s, &c, &r, STR(DOC("RequestTimeTooSkewed")), &t, &e), S3_AGAIN);
	assert_true(llabs(clock_wall_ms() + s->skew_ms - NOON) < 2000);
	assert_int_equal(s3_judge(s, &c, &r, STR(DOC("RequestTimeTooSkewed")), &t, &e), S3_FAILED);
	assert_int_equal(e.where, AT_CONFIG);
	s3_close(s);
}

/* The answer to a HEAD has no document that would tell; a good clock is not to blame. */
static void clock_is_seen_by_its_date(void **state)
{
	static const struct {
		const char *body;
		int status;
		int64_t off_s;
		enum s3_verdict is;
	} cases[] = {
	    {"", 403, -16 * 60, S3_AGAIN},
	    {"", 403, 4000, S3_AGAIN},
	    {"", 403, 10 * 60, S3_FAILED},
	    {"", 403, 0, S3_FAILED},
	    {"", 404, 4000, S3_FAILED},
	    {DOC("AccessDenied"), 403, 4000, S3_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3 *s = client(NULL, "us-west-2", "", false);
		struct s3_call c = {.method = "HEAD", .bucket = STR("bkt")};
		struct http_reply r = {
		    .status = cases[i].status, .date = "Sat, 01 Aug 2026 12:00:00 GMT"};
		int64_t was = NOON - cases[i].off_s * 1000 - clock_wall_ms();
		struct s3_tries t = {0};
		struct err e;

		s->skew_ms = was; /* our clock as it was corrected before */
		assert_int_equal(s3_judge(s, &c, &r, str_z(cases[i].body), &t, &e), cases[i].is);
		assert_int_equal(t.clocked, cases[i].is == S3_AGAIN);
		if (cases[i].is == S3_AGAIN)
			assert_true(llabs(clock_wall_ms() + s->skew_ms - NOON) < 2000);
		else
			assert_int_equal(s->skew_ms, was);
		assert_int_equal(s3_judge(s, &c, &r, str_z(cases[i].body), &t, &e), S3_FAILED);
		s3_close(s);
	}
}

static void pauses(void **state)
{
	struct s3 *s = client(NULL, "us-west-2", "", false);
	struct err e;
	int64_t most[9] = {0};

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct s3_tries t = {0};

		s->budget = S3_BUDGET;
		for (int i = 0; i < 9; i++) {
			int64_t ms;

			err_set(&e, ERR_RETRY, AT_S3, "SlowDown", "slow");
			ms = s3_pause(s, 10, &t, &e);
			assert_true(ms >= 0);
			if (ms > most[i])
				most[i] = ms;
		}
		assert_true(s3_pause(s, 10, &t, &e) < 0);
		assert_string_equal(e.msg, "slow (tried 10 times)");
	}
	for (int i = 0; i < 9; i++) {
		int64_t bound = i < 8 ? 100 << i : 20000;

		assert_true(most[i] <= bound && most[i] > bound / 2);
	}
	/* The server's own wish goes first, but not for ever. */
	for (int i = 0; i < 2; i++) {
		struct s3_tries t = {0};

		err_set(&e, ERR_RETRY, AT_S3, "SlowDown", "slow");
		e.retry_after_ms = i ? 86400000 : 5000;
		assert_int_equal(s3_pause(s, 2, &t, &e), i ? 60000 : 5000);
	}
	/* The budget: used up, and a good answer gives some of it back. */
	s->budget = S3_RETRY - 1;
	err_set(&e, ERR_RETRY, AT_S3, "SlowDown", "slow");
	assert_int_equal(s3_pause(s, 10, &(struct s3_tries){0}, &e), -1);
	assert_non_null(strstr(e.msg, "slow (not tried again"));
	assert_string_equal(e.code, "SlowDown");
	s3_refund(s);
	err_set(&e, ERR_RETRY, AT_S3, "SlowDown", "slow");
	assert_true(s3_pause(s, 10, &(struct s3_tries){0}, &e) >= 0);
	err_set(&e, ERR_TASK, AT_S3, "NoSuchKey", "gone");
	assert_int_equal(s3_pause(s, 10, &(struct s3_tries){0}, &e), -1);
	assert_string_equal(e.msg, "gone");
	s3_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(list_queries),
	    cmocka_unit_test(signatures),
	    cmocka_unit_test(conditional_and_anonymous),
	    cmocka_unit_test(bad_options),
	    cmocka_unit_test(urls),
	    cmocka_unit_test(answers),
	    cmocka_unit_test(an_object_that_reads_like_an_error),
	    cmocka_unit_test(region_is_followed_once),
	    cmocka_unit_test(clock_is_corrected_once),
	    cmocka_unit_test(clock_is_seen_by_its_date),
	    cmocka_unit_test(pauses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
