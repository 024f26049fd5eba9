/* Signatures: recorded requests of another implementation, our own signer, and everything that can
 * be wrong with one. And the specifications of faults. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/local/s3d_auth.h"
#include "workers/local/s3d_fault.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define NOW 1785585600 /* 2026-08-01T12:00:00Z */

static struct arena *a;

static enum s3d_code check(const char *head, bool anonymous, struct s3d_auth *out)
{
	static struct sigv4_key key[2];
	static struct s3d_keys keys = {.v = key, .n = 2};
	static struct s3d_http h;
	struct s3d_auth_in in = {
	    .keys = &keys,
	    .region = STR("us-west-2"),
	    .anonymous = anonymous,
	    .now_s = NOW,
	    .http = &h,
	};
	struct s3d_param *params;
	size_t used;

	key[0] = (struct sigv4_key){
	    STR("AKIDEXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
	key[1] = (struct sigv4_key){
	    STR("AKIDTOKEN"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), STR("TOK/EN+==")};
	assert_int_equal(s3d_http_parse(str_z(head), &h, &used), S3D_HTTP_DONE);
	assert_true(s3d_url_decode(a, h.path, false, &in.path));
	assert_true(s3d_params(a, h.query, &params, &in.n_params));
	in.params = params;
	return s3d_auth_check(&in, a, out);
}

#define AUTH(signed, signature)                                                                          \
	"Authorization: AWS4-HMAC-SHA256 "                                                               \
	"Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, SignedHeaders=" signed ", "          \
	                                                                                   "Signa"       \
	                                                                                   "ture"        \
	                                                                                   "=" signature \
	                                                                                   "\r\n"
#define AMZ "X-Amz-Date: 20260801T120000Z\r\nX-Amz-Content-SHA256: " EMPTY "\r\n"
#define PLAIN "host;x-amz-content-sha256;x-amz-date"

static void recorded_requests(void **state)
{
	static const char *const requests[] = {
	    "GET "
	    "/?list-type=2&prefix=log_data%2F2018%2F11%2F&delimiter=%2F&max-keys=1000&start-after="
	    "log_data%2F2018%2F11%2F2018-11-01-events.json&encoding-type=url HTTP/1.1\r\n"
	    "Host: udacity-dend.s3.us-west-2.amazonaws.com\r\n" AMZ AUTH(
	        PLAIN, "ab2434ae614cbd30871452af4d9bcc6f74bf6840d7c5c5404c5663c4689d0e2a") "\r\n",
	    "GET /a%20b/%C3%BC%2B~%281%29%2A%21%27%3D%26%25//x..y/./z HTTP/1.1\r\n"
	    "Host: my-bkt.s3.us-west-2.amazonaws.com\r\nRange: bytes=0-99\r\n" AMZ AUTH(
	        "host;range;x-amz-content-sha256;x-amz-date",
	        "ed5b67185e45c3038b72a7da742fec15b63ae84b85725926355d06e188a3502c") "\r\n",
	    /* The same with characters on the wire that the signature has encoded. */
	    "GET /a%20b/%c3%bc+~(1)*!'=&%25//x..y/./z HTTP/1.1\r\n"
	    "Host: my-bkt.s3.us-west-2.amazonaws.com\r\nRange: bytes=0-99\r\n" AMZ AUTH(
	        "host;range;x-amz-content-sha256;x-amz-date",
	        "ed5b67185e45c3038b72a7da742fec15b63ae84b85725926355d06e188a3502c") "\r\n",
	    "GET /my-bkt/k HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n" AMZ AUTH(
	        PLAIN, "d09ff2c784175b99608506055ee2f39ad32790dc67414ae47fa6dbb656196c3a") "\r\n",
	    "POST /k?uploads HTTP/1.1\r\nHost: my-bkt.s3.us-west-2.amazonaws.com\r\n" AMZ AUTH(
	        PLAIN,
	        "2929801c4188a73f30f95ee4709bc91e09492b3c5354d236baf001d890f52786") "Content-"
	                                                                            "Length: "
	                                                                            "0\r\n\r\n",
	    "PUT /m/1.manifest HTTP/1.1\r\nHost: my-bkt.s3.us-west-2.amazonaws.com\r\n"
	    "Expect: 100-continue\r\nX-Amz-Date: 20260801T120000Z\r\n"
	    "X-Amz-Content-SHA256: UNSIGNED-PAYLOAD\r\n" AUTH(PLAIN,
	        "2e42d01bfe4bff9d96ea042b434774acb73f534bccf3c48cd318878f3e00a55f") "Content-"
	                                                                            "Length: "
	                                                                            "14\r\n\r\n",
	    "PUT /m/1.manifest HTTP/1.1\r\nHost: my-bkt.s3.us-west-2.amazonaws.com\r\n"
	    "Transfer-Encoding: chunked\r\nContent-Encoding: aws-chunked\r\n"
	    "X-Amz-Trailer: x-amz-checksum-crc32\r\nX-Amz-Decoded-Content-Length: 14\r\n"
	    "x-amz-sdk-checksum-algorithm: CRC32\r\nX-Amz-Date: 20260801T120000Z\r\n"
	    "X-Amz-Content-SHA256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n" AUTH(
	        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-"
	        "length;"
	        "x-amz-sdk-checksum-algorithm;x-amz-trailer",
	        "4f819d5eab6d7aeb0809cca8377396dac20027b5d47cb045756c8f67c3b94356") "\r\n",
	};
	struct s3d_auth out;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++)
		assert_int_equal(check(requests[i], false, &out), S3D_OK);
	assert_int_equal(out.payload, S3D_PAYLOAD_AWS_CHUNKED);
}

/* A request signed here, with one thing changed. */
struct change {
	const char *name;
	const char *access, *secret, *region, *service, *time, *date_of_scope, *token;
	const char *signed_headers; /* said, not what was signed */
	const char *extra;          /* header lines that are not signed */
	const char *method;         /* sent */
	const char *path;           /* sent */
	const char *sha256;
	enum s3d_code want;
};

static const char * or (const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

static enum s3d_code sign_and_check(const struct change *c, struct s3d_auth *out)
{
	const char *time = or (c->time, "20260801T120000Z"), *sha256 = or (c->sha256, EMPTY);
	const char *access = or (c->access, "AKIDEXAMPLE"), *token = or (c->token, "");
	const char *region = or (c->region, "us-west-2"), *service = or (c->service, "s3");
	const struct sigv4_header headers[] = {
	    {STR("host"), STR("127.0.0.1:9000")},
	    {STR("x-amz-content-sha256"), str_z(sha256)},
	    {STR("x-amz-date"), str_z(time)},
	    {STR("x-amz-security-token"), str_z(token)},
	};
	const struct sigv4_request r = {
	    .method = STR("GET"),
	    .path = STR("/bkt/k"),
	    .headers = headers,
	    .n_headers = *token ? 4 : 3,
	    .payload_hash = str_z(sha256),
	    .region = str_z(region),
	    .service = str_z(service),
	    .time = str_z(time),
	};
	const struct sigv4_key key = {str_z(access),
	    str_z(or (c->secret, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")), str_z(token)};
	struct sigv4_result result;
	const char *head;

	sigv4_sign(&r, &key, a, &result);
	head = arena_printf(a,
	    "%s %s HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nx-amz-content-sha256: %s\r\n"
	    "x-amz-date: %s\r\n%s%s%s%s"
	    "Authorization: AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request,"
	    "SignedHeaders=%s,Signature=%s\r\n\r\n",
	    or (c->method, "GET"), or (c->path, "/bkt/k"), sha256, time,
	    *token ? "x-amz-security-token: " : "", token, *token ? "\r\n" : "", or (c->extra, ""),
	    access, or (c->date_of_scope, time), region, service,
	    or (c->signed_headers, arena_cstr(a, result.signed_headers)), result.signature);
	return check(head, false, out);
}

static void what_can_be_wrong(void **state)
{
	static const struct change changes[] = {
	    {.name = "nothing", .want = S3D_OK},
	    {.name = "secret", .secret = "other", .want = S3D_SIGNATURE_MISMATCH},
	    {.name = "key id", .access = "AKIDOTHER", .want = S3D_INVALID_ACCESS_KEY},
	    {.name = "region", .region = "eu-west-1", .want = S3D_AUTH_HEADER_MALFORMED},
	    {.name = "service", .service = "redshift", .want = S3D_AUTH_HEADER_MALFORMED},
	    {.name = "scope", .date_of_scope = "20260731", .want = S3D_AUTH_HEADER_MALFORMED},
	    {.name = "14 minutes late", .time = "20260801T114600Z", .want = S3D_OK},
	    {.name = "16 minutes late", .time = "20260801T114400Z", .want = S3D_SKEWED},
	    {.name = "16 minutes early", .time = "20260801T121600Z", .want = S3D_SKEWED},
	    {.name = "no date", .time = "yesterday-noon-z", .want = S3D_ACCESS_DENIED},
	    {.name = "token", .access = "AKIDTOKEN", .token = "TOK/EN+==", .want = S3D_OK},
	    {.name = "other token",
	        .access = "AKIDTOKEN",
	        .token = "no",
	        .want = S3D_INVALID_TOKEN},
	    {.name = "missing token", .access = "AKIDTOKEN", .want = S3D_INVALID_TOKEN},
	    {.name = "needless token", .token = "TOK/EN+==", .want = S3D_INVALID_TOKEN},
	    {.name = "method", .method = "PUT", .want = S3D_SIGNATURE_MISMATCH},
	    {.name = "path", .path = "/bkt/other", .want = S3D_SIGNATURE_MISMATCH},
	    {.name = "query", .path = "/bkt/k?acl", .want = S3D_SIGNATURE_MISMATCH},
	    {.name = "a new x-amz header",
	        .extra = "x-amz-acl: public-read\r\n",
	        .want = S3D_ACCESS_DENIED},
	    {.name = "another header", .extra = "accept: text/plain\r\n", .want = S3D_OK},
	    {.name = "host not signed",
	        .signed_headers = "x-amz-content-sha256;x-amz-date",
	        .want = S3D_ACCESS_DENIED},
	    {.name = "a hash that is none", .sha256 = "00", .want = S3D_INVALID_ARGUMENT},
	    {.name = "unsigned payload", .sha256 = "UNSIGNED-PAYLOAD", .want = S3D_OK},
	};
	struct s3d_auth out;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		enum s3d_code got = sign_and_check(&changes[i], &out);

		if (got != changes[i].want)
			fail_msg("%s: %s, not %s", changes[i].name, s3d_code_info(got)->name,
			    s3d_code_info(changes[i].want)->name);
		assert_int_equal(out.wrong_region, changes[i].region != NULL);
		/* A token in the canonical request is not echoed. */
		if (got == S3D_SIGNATURE_MISMATCH)
			assert_true((out.canonical.n == 0) == (changes[i].token != NULL));
	}
}

static void unsigned_requests(void **state)
{
	static const struct {
		const char *head;
		bool anonymous;
		enum s3d_code want;
	} cases[] = {
	    {"GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n", false, S3D_ACCESS_DENIED},
	    {"GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n", true, S3D_OK},
	    {"GET /b/k HTTP/1.1\r\nHost: h\r\nAuthorization: AWS AKID:sig=\r\n\r\n", true,
	        S3D_INVALID_REQUEST},
	    {"GET /b/k HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256\r\n\r\n", true,
	        S3D_AUTH_HEADER_MALFORMED},
	    {"GET /b/k HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b, "
	     "SignedHeaders=host, Signature=00\r\n\r\n",
	        false, S3D_AUTH_HEADER_MALFORMED},
	    {"GET /b/k?X-Amz-Signature=00 HTTP/1.1\r\nHost: h\r\n\r\n", false,
	        S3D_AUTH_QUERY_ERROR},
	};
	struct s3d_auth out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(check(cases[i].head, cases[i].anonymous, &out), cases[i].want);
}

static void presigned_requests(void **state)
{
	/* time and life of the URL, against NOW */
	static const struct {
		const char *time, *expires;
		bool tamper;
		enum s3d_code want;
	} cases[] = {
	    {"20260801T115959Z", "60", false, S3D_OK},
	    {"20260801T100000Z", "7200", false, S3D_OK},
	    {"20260801T100000Z", "7199", false, S3D_ACCESS_DENIED},
	    {"20260801T123000Z", "60", false, S3D_ACCESS_DENIED},
	    {"20260801T115959Z", "604801", false, S3D_AUTH_QUERY_ERROR},
	    {"20260801T115959Z", "0", false, S3D_AUTH_QUERY_ERROR},
	    {"20260801T115959Z", "60", true, S3D_SIGNATURE_MISMATCH},
	};
	const struct sigv4_header host = {STR("host"), STR("h")};
	struct s3d_auth out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *query = arena_printf(a,
		    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%%2F20260801%%2F"
		    "us-west-2%%2Fs3%%2Faws4_request&X-Amz-Date=%s&X-Amz-Expires=%s&"
		    "X-Amz-SignedHeaders=host",
		    cases[i].time, cases[i].expires);
		const struct sigv4_request r = {
		    .method = STR("GET"),
		    .path = STR("/b/k"),
		    .query = str_z(query),
		    .headers = &host,
		    .n_headers = 1,
		    .payload_hash = STR("UNSIGNED-PAYLOAD"),
		    .region = STR("us-west-2"),
		    .service = STR("s3"),
		    .time = str_z(cases[i].time),
		};
		const struct sigv4_key key = {
		    STR("AKIDEXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
		struct sigv4_result result;

		sigv4_sign(&r, &key, a, &result);
		assert_int_equal(
		    check(arena_printf(a,
		              "GET /b/%s?%s&X-Amz-Signature=%s HTTP/1.1\r\n"
		              "Host: h\r\n\r\n",
		              cases[i].tamper ? "other" : "k", query, result.signature),
		        false, &out),
		    cases[i].want);
	}
}

static void key_files(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		size_t keys; /* 0: refused */
	} cases[] = {
	    {"AKID\nsecret\n", 0600, 1},
	    {"AKID\r\nsecret", 0600, 1},
	    {"A\ns1\ntoken t+/=\n\nB\ns2\n", 0600, 2},
	    {"AKID\nsecret\n", 0640, 0},
	    {"AKID\n", 0600, 0},
	    {"", 0600, 0},
	    {"token x\nAKID\nsecret\n", 0600, 0},
	};
	char path[] = "/tmp/dwh-s3d-keys-XXXXXX";
	int fd = mkstemp(path);
	struct err e;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3d_keys keys = {0};
		size_t n = strlen(cases[i].text);
		bool ok;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].text, n, 0), n);
		assert_int_equal(fchmod(fd, cases[i].mode), 0);
		ok = s3d_keys_read(path, a, &keys, &e);
		assert_int_equal(ok, cases[i].keys > 0);
		if (!ok) {
			assert_null(strstr(e.msg, "secret\n"));
			continue;
		}
		assert_int_equal(keys.n, cases[i].keys);
		assert_str(keys.v[0].secret, keys.n == 2 ? "s1" : "secret");
		assert_str(keys.v[0].token, keys.n == 2 ? "t+/=" : "");
	}
	close(fd);
	assert_int_equal(unlink(path), 0);
}

static void fault_specifications(void **state)
{
	static const struct {
		const char *spec;
		bool ok;
		enum s3d_class on;
		enum s3d_fault_kind kind;
		uint32_t of_million;
		int64_t param;
	} cases[] = {
	    {"503:5%", true, S3D_ANY, S3D_FAULT_503, 50000, 0},
	    {"get:503:0.5%", true, S3D_GET, S3D_FAULT_503, 5000, 0},
	    {"list:error200:100%", true, S3D_LIST, S3D_FAULT_ERROR200, 1000000, 0},
	    {"slow:1%:500ms", true, S3D_ANY, S3D_FAULT_SLOW, 10000, 500},
	    {"slow:1%", true, S3D_ANY, S3D_FAULT_SLOW, 10000, 3000},
	    {"put:retryafter:1%:2", true, S3D_PUT, S3D_FAULT_RETRY_AFTER, 10000, 2},
	    {"503", false, 0, 0, 0, 0},
	    {"503:5", false, 0, 0, 0, 0},
	    {"503:101%", false, 0, 0, 0, 0},
	    {"503:-1%", false, 0, 0, 0, 0},
	    {"404:1%", false, 0, 0, 0, 0},
	    {"got:503:1%", false, 0, 0, 0, 0},
	    {"cut:1%:5s", false, 0, 0, 0, 0},
	    {"slow:1%:5", false, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3d_faults f = {.log = -1};
		struct err e;

		assert_int_equal(s3d_fault_add(&f, str_z(cases[i].spec), &e), cases[i].ok);
		if (!cases[i].ok) {
			assert_non_null(strstr(e.msg, cases[i].spec));
			continue;
		}
		assert_int_equal(f.v[0].on, cases[i].on);
		assert_int_equal(f.v[0].kind, cases[i].kind);
		assert_int_equal(f.v[0].of_million, cases[i].of_million);
		assert_int_equal(f.v[0].param, cases[i].param);
	}
}

static void faults_come_as_often_as_asked(void **state)
{
	struct s3d_faults f = {.log = -1, .state = 7}, again;
	int hits = 0;
	struct err e;

	(void)state;
	assert_true(s3d_fault_add(&f, STR("get:cut:5%"), &e));
	again = f;
	for (int i = 0; i < 20000; i++) {
		const struct s3d_fault *x = s3d_fault_pick(&f, S3D_GET, STR("GET"), STR("/"));
		const struct s3d_fault *y = s3d_fault_pick(&again, S3D_GET, STR("GET"), STR("/"));

		assert_true(!x == !y);
		assert_null(s3d_fault_pick(&f, S3D_PUT, STR("PUT"), STR("/")));
		hits += x != NULL;
	}
	assert_in_range(hits, 850, 1150);
}

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_requests),
	    cmocka_unit_test(what_can_be_wrong),
	    cmocka_unit_test(unsigned_requests),
	    cmocka_unit_test(presigned_requests),
	    cmocka_unit_test(key_files),
	    cmocka_unit_test(fault_specifications),
	    cmocka_unit_test(faults_come_as_often_as_asked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
