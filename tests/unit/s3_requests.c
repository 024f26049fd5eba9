/* Single requests of the S3 client, against a server that fails on command: an object, a page of a
 * listing. */
#include "tests/unit/fetch_world.h"

static void one_object_at_a_time(void **state)
{
	struct world *w = world_new(1, 1000);
	struct s3_info info;
	struct buf out;
	struct err e;

	(void)state;
	buf_init(&out, 1000);
	w->server->script[0][0] = (struct action){CUT, 400, NULL};
	if (!s3_get(w->s3, STR("bkt"), STR("0"), STR("e0"), &out, &info, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(out.n, 1000);
	for (size_t i = 0; i < out.n; i++)
		assert_int_equal(out.p[i], content_at(0, i));
	assert_string_equal(info.etag, "e0");
	assert_int_equal(info.size, 1000);
	assert_int_equal(s3_stats(w->s3).retries, 1);

	buf_reset(&out);
	assert_false(s3_get(w->s3, STR("bkt"), STR("0"), STR("e1"), &out, NULL, &e));
	assert_int_equal(e.kind, ERR_CHANGED);
	assert_int_equal(out.n, 0);
	buf_free(&out);

	buf_init(&out, 999);
	assert_false(s3_get(w->s3, STR("bkt"), STR("0"), STR(""), &out, NULL, &e));
	assert_int_equal(e.kind, ERR_TASK);
	assert_non_null(strstr(e.msg, "s3://bkt/0 is larger than the 999 bytes"));
	buf_free(&out);

	w->server->other[0] = (struct action){RAW, 0, HTTP_ERROR("500 Oops", "", "InternalError")};
	w->server->other[1] = (struct action){RAW, 0,
	    "HTTP/1.1 200 OK\r\nETag: \"new\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"};
	if (!s3_put(w->s3, STR("bkt"), STR("m/x"), STR("{\"entries\":[]}"), "application/json",
	        &info, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(info.etag, "new");
	assert_non_null(strstr(w->server->last, "PUT /bkt/m/x HTTP/1.1\r\n"));
	assert_non_null(strstr(w->server->last, "\r\nContent-Length: 14\r\n"));
	assert_non_null(strstr(w->server->last, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(w->server->last, "\r\n\r\n{\"entries\":[]}"));
	assert_null(strstr(w->server->last, "Expect"));

	w->server->other[2] = (struct action){
	    RAW, 0, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"};
	assert_true(s3_put(w->s3, STR("bkt"), STR("m/y"), STR(""), NULL, NULL, &e));
	assert_non_null(strstr(w->server->last, "\r\nContent-Length: 0\r\n"));
	assert_null(strstr(w->server->last, "Content-Type"));
	w->server->other[3] = w->server->other[2];
	assert_true(s3_delete(w->s3, STR("bkt"), STR("m/x"), &e));
	assert_non_null(strstr(w->server->last, "DELETE /bkt/m/x HTTP/1.1\r\n"));
	w->server->other[4] = (struct action){RAW, 0,
	    "HTTP/1.1 200 OK\r\nETag: \"h\"\r\nContent-Length: 77\r\nConnection: close\r\n\r\n"};
	assert_true(s3_head(w->s3, STR("bkt"), STR("m/x"), &info, &e));
	assert_int_equal(info.size, 77);
	w->server->other[5] = (struct action){
	    RAW, 0, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n"};
	assert_false(s3_head(w->s3, STR("bkt"), STR("m/x"), &info, &e));
	assert_string_equal(e.code, "NoSuchKey");
	world_free(w);
}

#define LISTING(inside)                                                                            \
	"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<?xml version=\"1.0\"?><ListBucketResult "    \
	"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</"                    \
	"EncodingType>" inside
#define ENTRY(key, size, class)                                                                    \
	"<Contents><Key>" key "</Key><ETag>&quot;e" size "&quot;</ETag><Size>" size                \
	"</Size><StorageClass>" class "</StorageClass></Contents>"

static void pages(void **state)
{
	static const char good[] = LISTING("<IsTruncated>true</IsTruncated>"
	                                   "<NextContinuationToken>t+/=</NextContinuationToken>" //
	    ENTRY("d/", "0", "STANDARD") ENTRY("d/a+b%2B", "12", "STANDARD")
	        ENTRY("d/empty", "0", "GLACIER_IR") "<CommonPrefixes><Prefix>d/e%20/</Prefix>"
	                                            "</CommonPrefixes></ListBucketResult>");
	struct world *w = world_new(0, 0);
	struct arena *a = arena_new();
	struct s3_list req = {.bucket = STR("bkt"), .prefix = STR("d/"), .delimiter = STR("/")};
	struct s3_page page;
	struct err e;

	(void)state;
	w->server->other[0] = (struct action){
	    RAW, 0, LISTING(ENTRY("d/x", "1", "STANDARD"))}; /* cut */
	w->server->other[1] = (struct action){RAW, 0, HTTP_ERROR("200 OK", "", "InternalError")};
	w->server->other[2] = (struct action){RAW, 0, good};
	if (!s3_list(w->s3, &req, &page, a, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(w->server->seen_other, 3);
	assert_int_equal(page.n_objects, 2);
	assert_str(page.objects[0].key, "d/a b+");
	assert_str(page.objects[0].etag, "e12");
	assert_int_equal(page.objects[0].size, 12);
	assert_str(page.objects[1].key, "d/empty");
	assert_int_equal(page.n_prefixes, 1);
	assert_str(page.prefixes[0], "d/e /");
	assert_true(page.truncated);
	assert_str(page.next_token, "t+/=");

	w->server->other[3] = (struct action){RAW, 0,
	    LISTING(ENTRY("d/old", "5",
	        "DEEP_ARCHIVE") "<IsTruncated>false</IsTruncated></ListBucketResult>")};
	req.token = page.next_token;
	assert_false(s3_list(w->s3, &req, &page, a, &e));
	assert_int_equal(e.kind, ERR_TASK);
	assert_non_null(strstr(e.msg, "s3://bkt/d/old is archived (DEEP_ARCHIVE)"));
	assert_non_null(strstr(w->server->last, "GET "
	                                        "/bkt?list-type=2&prefix=d%2F&delimiter=%2F&"
	                                        "continuation-token=t%2B%2F%3D&encoding-type="
	                                        "url HTTP/1.1\r\n"));

	for (int i = 4; i < 7; i++)
		w->server->other[i] = (struct action){RAW, 0, LISTING("")};
	assert_false(s3_list(w->s3, &req, &page, a, &e));
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(w->server->seen_other, 7);
	assert_non_null(strstr(e.msg, "s3://bkt/d/"));
	arena_free(a);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_object_at_a_time),
	    cmocka_unit_test(pages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
