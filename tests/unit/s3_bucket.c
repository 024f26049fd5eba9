/* Calls about buckets, against a server that answers as it is told. */
#include "tests/unit/fetch_world.h"

#include "shared/s3_bucket.h"

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define GONE "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

struct place {
	struct faulty *server;
	struct s3 *s3;
	struct arena *a;
	struct err e;
};

static struct place open_place(const char *region)
{
	struct place p = {.server = faulty_start(0), .a = arena_new()};
	struct credentials c = {.key = {STR("AKID"), STR("secret"), STR("")}};
	struct s3_options o = {.endpoint = arena_printf(p.a, "http://127.0.0.1:%d", p.server->port),
	    .region = str_z(region),
	    .credentials = &c,
	    .bucket_owner = "123456789012",
	    .attempts = 3};

	if (!s3_open(&o, &p.s3, &p.e))
		fail_msg("%s", p.e.msg);
	return p;
}

static void close_place(struct place *p)
{
	s3_close(p->s3);
	faulty_stop(p->server);
	arena_free(p->a);
}

static void answers(struct place *p, const char *first, const char *then)
{
	p->server->seen_other = 0;
	p->server->other[0] = (struct action){RAW, 0, first};
	for (int i = 1; i < SCRIPT; i++)
		p->server->other[i] = (struct action){RAW, 0, then};
}

static void sent(const struct place *p, const char *text)
{
	if (!strstr(p->server->last, text))
		fail_msg("not sent: %s\nbut: %s", text, p->server->last);
}

static void make(void **state)
{
	struct place p = open_place("eu-west-1");
	bool made = false;

	(void)state;
	answers(&p, OK, OK);
	assert_true(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_true(made);
	sent(&p, "PUT /bkt HTTP/1.1\r\n");
	sent(&p, "\r\n\r\n<CreateBucketConfiguration "
	         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>eu-west-1"
	         "</LocationConstraint></CreateBucketConfiguration>");

	/* One that we have had is no error; one whose making seemed to fail is ours. */
	answers(&p, HTTP_ERROR("409 Conflict", "", "BucketAlreadyOwnedByYou"), OK);
	assert_true(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_false(made);
	answers(&p, HTTP_ERROR("500 Oops", "", "InternalError"),
	    HTTP_ERROR("409 Conflict", "", "BucketAlreadyOwnedByYou"));
	assert_true(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_true(made);

	/* The name is taken, or not free yet. */
	answers(&p, HTTP_ERROR("409 Conflict", "", "BucketAlreadyExists"), OK);
	assert_false(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_int_equal(p.e.kind, ERR_SETUP);
	assert_int_equal(p.e.where, AT_S3);
	assert_non_null(strstr(p.e.msg, "belongs to another account"));
	answers(&p, HTTP_ERROR("409 Conflict", "", "OperationAborted"), OK);
	assert_true(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_int_equal(p.server->seen_other, 2);
	answers(&p, HTTP_ERROR("409 Conflict", "", "OperationAborted"),
	    HTTP_ERROR("409 Conflict", "", "OperationAborted"));
	assert_false(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_int_equal(p.e.kind, ERR_RETRY);
	assert_string_equal(p.e.code, "OperationAborted");

	/* It is made here or nowhere. */
	answers(&p,
	    HTTP_ERROR("400 No", "x-amz-bucket-region: us-west-2\r\n",
	        "IllegalLocationConstraintException"),
	    OK);
	assert_false(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_int_equal(p.server->seen_other, 1);
	answers(&p, HTTP_ERROR("403 No", "", "AccessDenied"), OK);
	assert_false(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	assert_non_null(strstr(p.e.msg, "the credentials need s3:CreateBucket"));
	close_place(&p);

	p = open_place("us-east-1");
	answers(&p, OK, OK);
	assert_true(s3_bucket_create(p.s3, STR("bkt"), &made, &p.e));
	sent(&p, "\r\nContent-Length: 0\r\n");
	close_place(&p);
}

static void find(void **state)
{
	struct place p = open_place("us-west-2");
	bool there = false;

	(void)state;
	answers(&p, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n", OK);
	assert_true(s3_bucket_find(p.s3, STR("bkt"), &there, &p.e));
	assert_false(there);
	answers(&p, "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n", OK);
	assert_false(s3_bucket_find(p.s3, STR("bkt"), &there, &p.e));
	assert_string_equal(p.e.code, "AccessDenied");
	assert_non_null(strstr(p.e.msg, "s3:ListBucket"));
	answers(&p,
	    "HTTP/1.1 301 No\r\nx-amz-bucket-region: eu-west-1\r\nConnection: close\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nx-amz-bucket-region: eu-west-1\r\nConnection: close\r\n\r\n");
	assert_true(s3_bucket_find(p.s3, STR("bkt"), &there, &p.e));
	assert_true(there);
	sent(&p, "HEAD /bkt HTTP/1.1\r\n");
	sent(&p, "x-amz-expected-bucket-owner: 123456789012\r\n");
	sent(&p, "/eu-west-1/s3/aws4_request");
	assert_str(s3_bucket_region(p.s3, STR("bkt")), "eu-west-1");
	answers(&p,
	    "HTTP/1.1 403 No\r\nx-amz-bucket-region: ap-south-1\r\nConnection: close\r\n\r\n", OK);
	assert_false(s3_bucket_find(p.s3, STR("closed"), &there, &p.e));
	assert_str(s3_bucket_region(p.s3, STR("closed")), "ap-south-1");
	/* The bucket answers, and says that it is elsewhere. */
	answers(&p,
	    "HTTP/1.1 200 OK\r\nx-amz-bucket-region: eu-central-1\r\nConnection: close\r\n\r\n",
	    OK);
	assert_true(s3_bucket_find(p.s3, STR("other"), &there, &p.e));
	assert_str(s3_bucket_region(p.s3, STR("other")), "eu-central-1");
	close_place(&p);
}

static void tags(void **state)
{
	static const struct s3_tag two[] = {
	    {STR("dwh:made-by"), STR("dwh")}, {STR("a<&\r>"), STR("")}};
	struct place p = open_place("us-west-2");
	struct s3_tag *read = NULL;
	size_t n = 9;

	(void)state;
	answers(&p, GONE, GONE);
	assert_true(s3_bucket_tag(p.s3, STR("bkt"), two, 2, &p.e));
	sent(&p, "PUT /bkt?tagging HTTP/1.1\r\n");
	sent(&p, "<TagSet><Tag><Key>dwh:made-by</Key><Value>dwh</Value></Tag>"
	         "<Tag><Key>a&lt;&amp;&#13;&gt;</Key><Value></Value></Tag></TagSet></Tagging>");
	/* What changes a bucket is refused without a checksum. */
	sent(&p, "\r\nx-amz-sdk-checksum-algorithm: SHA256\r\n");
	sent(&p, "x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date;x-amz-expected-bucket-"
	         "owner;x-amz-sdk-checksum-algorithm");

	answers(&p, HTTP_ERROR("404 No", "", "NoSuchTagSet"), OK);
	assert_true(s3_bucket_tags(p.s3, STR("bkt"), p.a, &read, &n, &p.e));
	assert_int_equal(n, 0);
	/* Half an answer is none. */
	answers(&p, OK "<Tagging><TagSet><Tag><Key>x</Key><Value>y</Value></Tag>",
	    OK "<Tagging><TagSet><Tag><Key>k&amp;1</Key><Value>v</Value></Tag>"
	       "<Tag><Key>k2</Key><Value/></Tag></TagSet></Tagging>");
	if (!s3_bucket_tags(p.s3, STR("bkt"), p.a, &read, &n, &p.e))
		fail_msg("%s", p.e.msg);
	assert_int_equal(n, 2);
	assert_str(read[0].key, "k&1");
	assert_str(read[0].value, "v");
	assert_str(read[1].key, "k2");
	assert_str(read[1].value, "");
	answers(&p, HTTP_ERROR("403 No", "", "AccessDenied"), OK);
	assert_false(s3_bucket_tags(p.s3, STR("bkt"), p.a, &read, &n, &p.e));
	assert_non_null(strstr(p.e.msg, "s3:GetBucketTagging"));

	answers(&p, OK, OK);
	assert_true(s3_bucket_block_public(p.s3, STR("bkt"), &p.e));
	sent(&p, "PUT /bkt?publicAccessBlock HTTP/1.1\r\n");
	sent(&p, "<RestrictPublicBuckets>true</RestrictPublicBuckets>");
	/* As sha256sum and base64 say of that body. */
	sent(&p, "\r\nx-amz-checksum-sha256: bt9tf+B4IeXSg6LONCGEGsyrAv0O+hUOBU1a5oUoSck=\r\n");
	close_place(&p);
}

#define PAGE(inside)                                                                               \
	OK "<ListBucketResult><EncodingType>url</EncodingType>" inside                             \
	   "<IsTruncated>false</IsTruncated></ListBucketResult>"
#define KEY(key, size, class)                                                                      \
	"<Contents><Key>" key "</Key><ETag>&quot;e&quot;</ETag><Size>" size                        \
	"</Size><StorageClass>" class "</StorageClass></Contents>"

static void empty(void **state)
{
	struct place p = open_place("us-west-2");
	uint64_t n = 9;

	(void)state;
	answers(&p, PAGE(KEY("d/", "0", "STANDARD") KEY("d/%3Ca%26+b", "3", "GLACIER")),
	    OK "<DeleteResult></DeleteResult>");
	p.server->other[2] = (struct action){RAW, 0, PAGE("")};
	if (!s3_bucket_empty(p.s3, STR("bkt"), &n, &p.e))
		fail_msg("%s", p.e.msg);
	assert_int_equal(n, 2);
	assert_int_equal(p.server->seen_other, 3);

	answers(&p, PAGE(KEY("d/%3Ca%26+b", "3", "STANDARD")),
	    OK "<DeleteResult><Error><Key>d/x</Key><Code>AccessDenied</Code><Message>may "
	       "not</Message></Error></DeleteResult>");
	assert_false(s3_bucket_empty(p.s3, STR("bkt"), &n, &p.e));
	sent(&p, "POST /bkt?delete= HTTP/1.1\r\n");
	sent(&p, "<Quiet>true</Quiet><Object><Key>d/&lt;a&amp; b</Key></Object></Delete>");
	assert_int_equal(p.e.kind, ERR_SETUP);
	assert_string_equal(p.e.code, "AccessDenied");
	assert_non_null(strstr(p.e.msg, "1 objects could not be deleted, the first one is d/x"));

	/* A key that XML cannot hold is deleted by itself. */
	answers(&p, PAGE(KEY("d/%01", "3", "STANDARD")), GONE);
	p.server->other[2] = (struct action){RAW, 0, PAGE("")};
	assert_true(s3_bucket_empty(p.s3, STR("bkt"), &n, &p.e));
	assert_int_equal(p.server->seen_other, 3);

	/* One that does not go is not deleted for ever. */
	answers(&p, PAGE(KEY("d/x", "3", "STANDARD")), OK "<DeleteResult></DeleteResult>");
	p.server->other[2] = (struct action){RAW, 0, PAGE(KEY("d/x", "3", "STANDARD"))};
	assert_false(s3_bucket_empty(p.s3, STR("bkt"), &n, &p.e));
	assert_non_null(strstr(p.e.msg, "s3://bkt/d/x is still there"));

	answers(&p, HTTP_ERROR("404 No", "", "NoSuchBucket"), OK);
	assert_true(s3_bucket_empty(p.s3, STR("bkt"), &n, &p.e));
	assert_int_equal(n, 0);
	close_place(&p);
}

static void drop(void **state)
{
	struct place p = open_place("us-west-2");

	(void)state;
	answers(&p, GONE, OK);
	assert_true(s3_bucket_delete(p.s3, STR("bkt"), &p.e));
	sent(&p, "DELETE /bkt HTTP/1.1\r\n");
	answers(&p, HTTP_ERROR("404 No", "", "NoSuchBucket"), OK);
	assert_true(s3_bucket_delete(p.s3, STR("bkt"), &p.e));
	answers(&p, HTTP_ERROR("409 No", "", "BucketNotEmpty"), OK);
	assert_false(s3_bucket_delete(p.s3, STR("bkt"), &p.e));
	assert_string_equal(p.e.code, "BucketNotEmpty");
	assert_int_equal(p.e.kind, ERR_SETUP);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(make),
	    cmocka_unit_test(find),
	    cmocka_unit_test(tags),
	    cmocka_unit_test(empty),
	    cmocka_unit_test(drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
