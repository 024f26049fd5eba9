/* Heads of requests, chunked bodies, and the small grammars of header values. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "shared/arena.h"
#include "workers/local/s3d_http.h"
#include "workers/local/s3d_value.h"

static void heads(void **state)
{
	static const struct {
		const char *in;
		enum s3d_http_result want;
		const char *path, *query;
		int64_t length;
		bool keep_alive, chunked;
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", S3D_HTTP_DONE, "/", "", -1, true, false},
	    {"\r\nGET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", S3D_HTTP_DONE, "/a", "b=c", -1, true,
	        false},
	    {"GET http://x/y?z HTTP/1.1\r\nHost: x\r\n\r\n", S3D_HTTP_DONE, "/y", "z", -1, true,
	        false},
	    {"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", S3D_HTTP_DONE, "/", "", -1, true, false},
	    {"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: x, Close\r\n\r\n",
	        S3D_HTTP_DONE, "/a", "", 3, false, false},
	    {"PUT /a HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\n",
	        S3D_HTTP_DONE, "/a", "", 3, true, false},
	    {"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", S3D_HTTP_DONE,
	        "/a", "", -1, true, true},
	    {"GET /a HTTP/1.0\r\nHost: h\r\n\r\n", S3D_HTTP_DONE, "/a", "", -1, false, false},
	    {"GET / HTTP/1.1\r\nHost: h\r\n", S3D_HTTP_MORE, NULL, NULL, 0, false, false},
	    {"", S3D_HTTP_MORE, NULL, NULL, 0, false, false},
	    {"GET / HTTP/1.1\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false,
	        false},
	    {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"GET a HTTP/1.1\r\nHost: h\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"G\tT / HTTP/1.1\r\nHost: h\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false,
	        false},
	    {"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
	        S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n", S3D_HTTP_BAD, NULL, NULL, 0,
	        false, false},
	    {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	        S3D_HTTP_BAD, NULL, NULL, 0, false, false},
	    {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", S3D_HTTP_BAD,
	        NULL, NULL, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3d_http h;
		size_t used = 0;

		assert_int_equal(s3d_http_parse(str_z(cases[i].in), &h, &used), cases[i].want);
		if (cases[i].want != S3D_HTTP_DONE)
			continue;
		assert_int_equal(used, strlen(cases[i].in));
		assert_str(h.path, cases[i].path);
		assert_str(h.query, cases[i].query);
		assert_int_equal(h.length, cases[i].length);
		assert_int_equal(h.keep_alive, cases[i].keep_alive);
		assert_int_equal(h.chunked, cases[i].chunked);
	}
}

static void a_head_ends_where_the_next_begins(void **state)
{
	static const char two[] =
	    "GET /1 HTTP/1.1\r\nHost: h\r\nX-A:  v w \r\n\r\nGET /2 HTTP/1.1\r\n";
	struct s3d_http h;
	size_t used, first = (size_t)(strstr(two, "GET /2") - two);

	(void)state;
	for (size_t n = 0; n < first; n++)
		assert_int_equal(s3d_http_parse((struct str){two, n}, &h, &used), S3D_HTTP_MORE);
	assert_int_equal(s3d_http_parse(str_z(two), &h, &used), S3D_HTTP_DONE);
	assert_int_equal(used, first);
	assert_str(*s3d_http_header(&h, "x-a"), "v w");
	assert_null(s3d_http_header(&h, "x-b"));
}

static void heads_are_bounded(void **state)
{
	static char big[S3D_HEAD_MAX + 100];
	struct s3d_http h;
	size_t used, n;

	(void)state;
	memset(big, 'a', sizeof big);
	memcpy(big, "GET /", 5);
	assert_int_equal(
	    s3d_http_parse((struct str){big, S3D_HEAD_MAX - 1}, &h, &used), S3D_HTTP_MORE);
	assert_int_equal(
	    s3d_http_parse((struct str){big, S3D_HEAD_MAX}, &h, &used), S3D_HTTP_TOO_LONG);
	n = (size_t)snprintf(big, sizeof big, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < S3D_HEADERS_MAX; i++)
		n += (size_t)snprintf(big + n, sizeof big - n, "a%d: b\r\n", i);
	n += (size_t)snprintf(big + n, sizeof big - n, "\r\n");
	assert_int_equal(s3d_http_parse((struct str){big, n}, &h, &used), S3D_HTTP_TOO_LONG);
}

/* Fed in pieces of every size, a body must come out the same. */
static void unchunk(const char *in, size_t piece, struct buf *out, struct s3d_chunks *c)
{
	struct str rest = str_z(in);

	memset(c, 0, sizeof *c);
	buf_reset(out);
	while (rest.n) {
		struct str now = {rest.p, rest.n < piece ? rest.n : piece}, data;
		size_t before = now.n;

		while (s3d_chunks_next(c, &now, &data))
			buf_str(out, data);
		rest = str_from(rest, before);
	}
}

static void chunks(void **state)
{
	static const struct {
		const char *in;
		int want; /* state at the end */
		const char *content, *crc;
	} cases[] = {
	    {"0\r\n\r\n", S3D_CHUNK_DONE, "", ""},
	    {"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", S3D_CHUNK_DONE, "abc0123456789", ""},
	    {"e\r\n{\"entries\":[]}\r\n0\r\nx-amz-checksum-crc32:yilLkw==\r\n\r\n", S3D_CHUNK_DONE,
	        "{\"entries\":[]}", "yilLkw=="},
	    {"1;chunk-signature=0a\r\nz\r\n0;chunk-signature=0b\r\n\r\n", S3D_CHUNK_DONE, "z", ""},
	    {"3\r\nab", S3D_CHUNK_DATA, "ab", ""},
	    {"3\r\nabcd\r\n0\r\n\r\n", S3D_CHUNK_BAD, "abc", ""},
	    {"\r\n", S3D_CHUNK_BAD, "", ""},
	    {"-1\r\n", S3D_CHUNK_BAD, "", ""},
	    {"1x\r\n", S3D_CHUNK_BAD, "", ""},
	    {"11111111111111111\r\n", S3D_CHUNK_BAD, "", ""},
	};
	struct s3d_chunks c;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 1; piece < 40; piece++) {
			unchunk(cases[i].in, piece, &out, &c);
			assert_int_equal(c.state, cases[i].want);
			assert_str(buf_view(&out), cases[i].content);
			if (cases[i].want == S3D_CHUNK_DONE)
				assert_str(s3d_chunks_trailer(&c, STR("x-amz-checksum-crc32")),
				    cases[i].crc);
		}
	}
	buf_free(&out);
}

static void ranges(void **state)
{
	static const struct {
		const char *value;
		int64_t size;
		enum s3d_range want;
		int64_t first, n;
	} cases[] = {
	    {"bytes=0-0", 10, S3D_RANGE_PART, 0, 1},
	    {"bytes=2-5", 10, S3D_RANGE_PART, 2, 4},
	    {"bytes=2-99", 10, S3D_RANGE_PART, 2, 8},
	    {"bytes=9-", 10, S3D_RANGE_PART, 9, 1},
	    {"Bytes=0-", 10, S3D_RANGE_PART, 0, 10},
	    {"bytes=-3", 10, S3D_RANGE_PART, 7, 3},
	    {"bytes=-30", 10, S3D_RANGE_PART, 0, 10},
	    {"bytes=0-99999999999999999999", 10, S3D_RANGE_PART, 0, 10},
	    {"bytes=10-", 10, S3D_RANGE_BAD, 0, 0},
	    {"bytes=99999999999999999999-", 10, S3D_RANGE_BAD, 0, 0},
	    {"bytes=-0", 10, S3D_RANGE_BAD, 0, 0},
	    {"bytes=0-", 0, S3D_RANGE_BAD, 0, 0},
	    {"bytes=-1", 0, S3D_RANGE_BAD, 0, 0},
	    {"bytes=5-2", 10, S3D_RANGE_ALL, 0, 0},
	    {"bytes=0-1,3-4", 10, S3D_RANGE_ALL, 0, 0},
	    {"bytes=-", 10, S3D_RANGE_ALL, 0, 0},
	    {"bytes=x-", 10, S3D_RANGE_ALL, 0, 0},
	    {"rows=0-1", 10, S3D_RANGE_ALL, 0, 0},
	    {"", 10, S3D_RANGE_ALL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t first = -1, n = -1;

		assert_int_equal(
		    s3d_range(str_z(cases[i].value), cases[i].size, &first, &n), cases[i].want);
		if (cases[i].want == S3D_RANGE_PART) {
			assert_int_equal(first, cases[i].first);
			assert_int_equal(n, cases[i].n);
		}
	}
}

static void urls(void **state)
{
	static const struct {
		const char *in;
		bool plus, ok;
		const char *out;
	} cases[] = {
	    {"a%20b+c", false, true, "a b+c"},
	    {"a%20b+c", true, true, "a b c"},
	    {"%e6%BC%a2", false, true, "\xe6\xbc\xa2"},
	    {"%", false, false, NULL},
	    {"%4", false, false, NULL},
	    {"%4g", false, false, NULL},
	    {"a%00b", false, false, NULL},
	    {"%25%32%35", false, true, "%25"},
	};
	static const struct {
		const char *in, *out;
	} encoded[] = {
	    {"log_data/2018/11/x.json", "log_data/2018/11/x.json"},
	    {"a b+c", "a+b%2Bc"},
	    {"test_file(3).png", "test_file%283%29.png"},
	    {"~*-._", "%7E*-._"},
	    {"\x01\xff&", "%01%FF%26"},
	};
	struct arena *a = arena_new();
	struct buf b;
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    s3d_url_decode(a, str_z(cases[i].in), cases[i].plus, &out), cases[i].ok);
		if (cases[i].ok)
			assert_str(out, cases[i].out);
	}
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(encoded); i++) {
		buf_reset(&b);
		s3d_url_encode(&b, str_z(encoded[i].in));
		assert_str(buf_view(&b), encoded[i].out);
		assert_true(s3d_url_decode(a, buf_view(&b), true, &out));
		assert_str(out, encoded[i].in);
	}
	buf_free(&b);
	arena_free(a);
}

static void parameters(void **state)
{
	struct arena *a = arena_new();
	struct s3d_param *p;
	size_t n;

	(void)state;
	assert_true(s3d_params(a, STR("list-type=2&prefix=a%2Fb+c&&uploads&x="), &p, &n));
	assert_int_equal(n, 4);
	assert_str(*s3d_param_get(p, n, "prefix"), "a/b c");
	assert_str(*s3d_param_get(p, n, "uploads"), "");
	assert_null(s3d_param_get(p, n, "nothing"));
	assert_false(s3d_params(a, STR("a=%zz"), &p, &n));
	arena_free(a);
}

static void dates(void **state)
{
	int64_t t;
	char out[30];

	(void)state;
	assert_true(s3d_date_parse(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &t));
	assert_int_equal(t, 784111777);
	s3d_date_http(t, out);
	assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_true(s3d_date_parse_basic(STR("19941106T084937Z"), &t));
	assert_int_equal(t, 784111777);
	assert_false(s3d_date_parse(STR("Sun, 06 Nox 1994 08:49:37 GMT"), &t));
	assert_false(s3d_date_parse(STR("yesterday"), &t));
	assert_false(s3d_date_parse_basic(STR("1994-11-06T08:49:37Z"), &t));
	assert_false(s3d_date_parse_basic(STR("19941306T084937Z"), &t));
}

static void tags_and_base64(void **state)
{
	unsigned char out[16];
	struct buf b;

	(void)state;
	assert_true(s3d_etag_listed(STR("\"x\", W/\"abc\""), STR("abc")));
	assert_true(s3d_etag_listed(STR(" * "), STR("abc")));
	assert_true(s3d_etag_listed(STR("abc"), STR("abc")));
	assert_false(s3d_etag_listed(STR("\"ab\""), STR("abc")));
	assert_int_equal(s3d_base64_decode(STR("1B2M2Y8AsgTpgAmy7PhCfg=="), out, 16), 16);
	assert_int_equal(out[0], 0xd4);
	assert_int_equal(out[15], 0x7e);
	assert_int_equal(s3d_base64_decode(STR("1B2M2Y8AsgTpgAmy7PhCfg"), out, 16), -1);
	assert_int_equal(s3d_base64_decode(STR("ab=="), out, 0), -1);
	assert_int_equal(s3d_base64_decode(STR("a==="), out, 16), -1);
	assert_int_equal(s3d_base64_decode(STR("=abc"), out, 16), -1);
	buf_init(&b, 100);
	s3d_base64(&b, (const unsigned char *)"any carnal pleas", 16);
	assert_str(buf_view(&b), "YW55IGNhcm5hbCBwbGVhcw==");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(heads),
	    cmocka_unit_test(a_head_ends_where_the_next_begins),
	    cmocka_unit_test(heads_are_bounded),
	    cmocka_unit_test(chunks),
	    cmocka_unit_test(ranges),
	    cmocka_unit_test(urls),
	    cmocka_unit_test(parameters),
	    cmocka_unit_test(dates),
	    cmocka_unit_test(tags_and_base64),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
