/* What S3 and its kin answer, whole, odd and cut. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/xml.h"

#define NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static const char page[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult" NS "><Name>udacity-dend</Name><Prefix>log_data%2F2018%2F</Prefix>"
    "<NextContinuationToken>1ueGc%2Fx+RP=</NextContinuationToken><KeyCount>4</KeyCount>"
    "<MaxKeys>4</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>"
    "<IsTruncated>true</IsTruncated>"
    "<Contents><Key>log_data/2018/a+b%2Bc%25.json</Key>"
    "<LastModified>2019-04-17T00:00:00.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>456</Size>"
    "<Owner><DisplayName>o</DisplayName><ID>Key</ID></Owner>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
    "<Contents><Key>log_data/2018/%C3%BC%01%0A%00x</Key><ETag>\"e-2\"</ETag>"
    "<Size> 5368709121 </Size><StorageClass>GLACIER</StorageClass></Contents>\n"
    "<CommonPrefixes><Prefix>log_data/2018/11/</Prefix></CommonPrefixes>"
    "<CommonPrefixes><Prefix>log_data/2018/a+b/</Prefix></CommonPrefixes>"
    "</ListBucketResult>\n";

static void one_page(void **state)
{
	static const char odd[] = "log_data/2018/\xC3\xBC\x01\n\0x";
	struct arena *a = arena_new();
	struct xml_list l;
	struct err e;

	(void)state;
	assert_true(xml_list_result(str_z(page), a, &l, &e));
	assert_int_equal(l.n_objects, 2);
	assert_str(l.objects[0].key, "log_data/2018/a b+c%.json");
	assert_str(l.objects[0].etag, "\"d41d8cd98f00b204e9800998ecf8427e\"");
	assert_str(l.objects[0].storage_class, "STANDARD");
	assert_int_equal(l.objects[0].size, 456);
	assert_true(str_eq(l.objects[1].key, (struct str){odd, sizeof odd - 1}));
	assert_str(l.objects[1].etag, "\"e-2\"");
	assert_str(l.objects[1].storage_class, "GLACIER");
	assert_true(l.objects[1].size == 5368709121);
	assert_int_equal(l.n_prefixes, 2);
	assert_str(l.prefixes[0], "log_data/2018/11/");
	assert_str(l.prefixes[1], "log_data/2018/a b/");
	assert_true(l.is_truncated);
	assert_str(l.next_token, "1ueGc%2Fx+RP=");
	assert_int_equal(l.key_count, 4);
	arena_free(a);
}

/* Keys of one page, joined by "|", and the same after the end of the object list. */
static void keys(void **state)
{
	static const struct {
		const char *body, *keys;
	} cases[] = {
	    {"<ListBucketResult" NS "><IsTruncated>false</IsTruncated></ListBucketResult>", ""},
	    /* Without encoding-type nothing is decoded, and blanks in keys count. */
	    {"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key> a+b%2F </Key>"
	     "<Size>0</Size></Contents></ListBucketResult>",
	        " a+b%2F |"},
	    {"<ListBucketResult><IsTruncated>false</"
	     "IsTruncated><Contents><Key>a&lt;&amp;&gt;&#x20AC;"
	     "<![CDATA[<k>]]></Key><Size>0</Size></Contents></ListBucketResult>",
	        "a<&>\xE2\x82\xAC<k>|"},
	    /* EncodingType behind the keys; lower case hex; what is no %XX stays. */
	    {"<ListBucketResult><IsTruncated>false</IsTruncated>"
	     "<Contents><Size>0</Size><Key>%c3%bc%</Key></Contents>"
	     "<Contents><Size>0</Size><Key>%4</Key></Contents>"
	     "<Contents><Size>0</Size><Key>%zz%2541</Key></Contents>"
	     "<EncodingType>url</EncodingType></ListBucketResult>",
	        "\xC3\xBC%|%4|%zz%41|"},
	    /* White space ahead of the declaration, a prefix for the namespace, comments. */
	    {"\n \n<?xml version='1.0'?><!-- x --><s3:ListBucketResult xmlns:s3='u'>"
	     "<s3:IsTruncated> false </s3:IsTruncated><s3:Contents><s3:Key>a<!-- y -->b</s3:Key>"
	     "<s3:Size>1</s3:Size></s3:Contents></s3:ListBucketResult>",
	        "ab|"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf got;
		struct xml_list l;
		struct err e;

		buf_init(&got, 1000);
		buf_z(&got, "");
		assert_true(xml_list_result(str_z(cases[i].body), a, &l, &e));
		for (size_t k = 0; k < l.n_objects; k++) {
			buf_str(&got, l.objects[k].key);
			buf_c(&got, '|');
		}
		assert_string_equal(got.p, cases[i].keys);
		assert_false(l.is_truncated);
		assert_int_equal(l.key_count, -1);
		buf_free(&got);
	}
	arena_free(a);
}

static void a_cut_page_is_never_a_page(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	/* Up to the last ">"; behind it only a line feed is missing. */
	for (size_t n = 0; n < sizeof page - 2; n++) {
		struct xml_list l;
		struct err e = {0};

		assert_false(xml_list_result((struct str){page, n}, a, &l, &e));
		assert_int_equal(e.kind, ERR_RETRY);
		assert_int_equal(e.where, AT_S3);
		assert_non_null(strstr(e.msg, "cut or damaged at byte"));
		arena_reset(a);
	}
	arena_free(a);
}

static void pages_that_are_refused(void **state)
{
	static const struct {
		const char *body, *code, *msg;
	} cases[] = {
	    {"", "", "no element found"},
	    {"not XML", "", "syntax error"},
	    {"<html><body>Proxy</body></html>", "", "<html> where a <ListBucketResult>"},
	    {"<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>", "SlowDown",
	        "SlowDown: Reduce your rate"},
	    {"<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>", "InternalError",
	        "InternalError"},
	    {"<ListBucketResult></ListBucketResult>", "", "IsTruncated"},
	    {"<ListBucketResult><IsTruncated>yes</IsTruncated></ListBucketResult>", "",
	        "IsTruncated"},
	    {"<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>k</NextMarker>"
	     "</ListBucketResult>",
	        "", "without NextContinuationToken"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents>"
	     "</ListBucketResult>",
	        "", "without Key"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated>"
	     "<Contents><Key>a</Key><Size>1</Size></Contents><Contents><Key>b</Key></Contents>"
	     "</ListBucketResult>",
	        "", "without Size"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated>"
	     "<Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
	        "", "without Size"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated><CommonPrefixes/>"
	     "</ListBucketResult>",
	        "", "without Prefix"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>x</KeyCount>"
	     "</ListBucketResult>",
	        "", "KeyCount"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult><more/>", "",
	        "junk after"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>&#1;</Key>", "",
	        "invalid character"},
	    {"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>\xff</Key>", "",
	        "invalid token"},
	    {"<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult>&a;</ListBucketResult>", "",
	        "DOCTYPE"},
	    {"<!DOCTYPE html><ListBucketResult/>", "", "DOCTYPE"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xml_list l;
		struct err e = {0};

		assert_false(xml_list_result(str_z(cases[i].body), a, &l, &e));
		assert_int_equal(e.kind, ERR_RETRY);
		assert_int_equal(e.where, AT_S3);
		assert_string_equal(e.code, cases[i].code);
		if (!strstr(e.msg, cases[i].msg))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].msg, e.msg);
	}
	arena_free(a);
}

static void count_visits(void *ctx, struct str path, struct str text)
{
	size_t *n = ctx;

	assert_true(path.n > 0);
	(void)text;
	++*n;
}

static void visit_text(void *ctx, struct str path, struct str text)
{
	struct buf *b = ctx;

	buf_printf(b, "%.*s=%.*s;", STRF(path), STRF(text));
}

static void walking(void **state)
{
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, 1000);
	assert_true(xml_walk(
	    STR("<R a='1'><x>1<y> 2 </y></x><z/><x><y>3</y></x></R>"), "R", visit_text, &b, &e));
	assert_string_equal(b.p, "x/y= 2 ;x=;z=;x/y=3;x=;");
	buf_free(&b);
}

/* Each limit, one below and one above; the deep one ends in an empty element. */
static void limits(void **state)
{
	struct buf b;
	struct err e;
	size_t visits;

	(void)state;
	buf_init(&b, 1 << 24);
	for (int depth = XML_DEPTH; depth <= XML_DEPTH + 1; depth++) {
		buf_reset(&b);
		for (int i = 1; i < depth; i++)
			buf_z(&b, "<r>");
		buf_z(&b, "<r/>");
		for (int i = 1; i < depth; i++)
			buf_z(&b, "</r>");
		visits = 0;
		assert_int_equal(
		    xml_walk(buf_view(&b), "r", count_visits, &visits, &e), depth == XML_DEPTH);
		assert_int_equal(visits, depth == XML_DEPTH ? XML_DEPTH - 1 : 0);
	}
	assert_non_null(strstr(e.msg, "nested too deep"));
	for (int over = 0; over <= 1; over++) {
		buf_reset(&b);
		buf_z(&b, "<r><t>");
		for (int i = 0; i < XML_TEXT + over; i++)
			buf_c(&b, 'x');
		buf_z(&b, "</t></r>");
		visits = 0;
		assert_int_equal(xml_walk(buf_view(&b), "r", count_visits, &visits, &e), !over);
		assert_int_equal(visits, !over);
	}
	assert_non_null(strstr(e.msg, "too much text"));
	/* A name that is longer than any path of ours. */
	buf_reset(&b);
	buf_z(&b, "<r><");
	for (int i = 0; i < 5000; i++)
		buf_c(&b, 'n');
	buf_z(&b, "/></r>");
	assert_false(xml_walk(buf_view(&b), "r", count_visits, &visits, &e));
	buf_free(&b);
}

/* A page in several pieces of expat's, as 1000 keys of the largest size make it. */
static void the_largest_page(void **state)
{
	struct arena *a = arena_new();
	struct xml_list l;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 24);
	buf_z(&b, "<ListBucketResult><EncodingType>url</EncodingType>");
	for (int i = 0; i < 1000; i++) {
		buf_printf(&b, "<Contents><Key>%04d", i);
		for (int k = 0; k < 1020; k++)
			buf_z(&b, "%2B");
		buf_printf(&b, "</Key><Size>%d</Size></Contents>", i);
	}
	buf_z(&b, "<IsTruncated>false</IsTruncated></ListBucketResult>");
	assert_false(b.over);
	assert_true(xml_list_result(buf_view(&b), a, &l, &e));
	assert_int_equal(l.n_objects, 1000);
	for (size_t i = 0; i < l.n_objects; i++) {
		char start[32];

		snprintf(start, sizeof start, "%04zu+", i);
		assert_int_equal(l.objects[i].key.n, 1024);
		assert_true(str_starts(l.objects[i].key, str_z(start)));
		assert_int_equal(l.objects[i].size, i);
	}
	buf_free(&b);
	arena_free(a);
}

static void errors(void **state)
{
	static const struct {
		const char *body;
		bool is_error;
		struct xml_error want;
	} cases[] = {
	    {"", false, {.code = ""}},
	    {"<html/>", false, {.code = ""}},
	    {"<ListBucketResult><Code>x</Code></ListBucketResult>", false, {.code = ""}},
	    {"<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code></Error></DeleteResult>",
	        false, {.code = ""}},
	    {"<Error><Message>m</Message></Error>", false, {.message = "m"}},
	    {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code>"
	     "<Message>Use the\n endpoint &amp; go</Message>"
	     "<Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint><Bucket>b</Bucket>"
	     "<RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>",
	        true,
	        {.code = "PermanentRedirect",
	            .message = "Use the\n endpoint & go",
	            .endpoint = "b.s3-eu-west-1.amazonaws.com",
	            .request_id = "4442587FB7D0A2F9"}},
	    {"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>",
	        true, {.code = "AuthorizationHeaderMalformed", .region = "eu-west-1"}},
	    /* Cut: what is known counts. */
	    {"<Error><Code>SlowDown</Code><Message>Redu", true, {.code = "SlowDown"}},
	    {"<Error><Code>SlowDo", false, {.code = ""}},
	    {"<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>"
	     "<Type>Sender</Type><Code>NoSuchEntity</Code><Message>no role</Message></Error>"
	     "<RequestId>r-1</RequestId></ErrorResponse>",
	        true, {.code = "NoSuchEntity", .message = "no role", .request_id = "r-1"}},
	    {"<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>m</Message>"
	     "</Error></Errors><RequestID>r-2</RequestID></Response>",
	        true, {.code = "InvalidGroup.NotFound", .message = "m", .request_id = "r-2"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct xml_error *want = &cases[i].want;
		struct xml_error got;

		assert_int_equal(xml_error(str_z(cases[i].body), &got), cases[i].is_error);
		assert_string_equal(got.code, want->code);
		assert_string_equal(got.message, want->message);
		assert_string_equal(got.region, want->region);
		assert_string_equal(got.endpoint, want->endpoint);
		assert_string_equal(got.request_id, want->request_id);
	}
}

static void long_error_texts_are_cut_between_characters(void **state)
{
	struct xml_error got;
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	buf_z(&b, "<Error><Message>");
	for (int i = 0; i < 1000; i++)
		buf_z(&b, "\xE2\x82\xAC"); /* 511 is no multiple of 3 */
	buf_z(&b, "</Message><Code>C</Code></Error>");
	assert_true(xml_error(buf_view(&b), &got));
	assert_int_equal(strlen(got.message), 510);
	assert_string_equal(got.message + 507, "\xE2\x82\xAC");
	buf_free(&b);
}

static void multipart(void **state)
{
	static const char failed[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n\n<Error><Code>InternalError</Code>"
	    "<Message>We encountered an internal error. Please try again.</Message></Error>";
	struct arena *a = arena_new();
	struct str id, etag;
	struct err e;

	(void)state;
	assert_true(xml_upload_id(STR("<InitiateMultipartUploadResult" NS "><Bucket>b</Bucket>"
	                              "<Key>UploadId</Key><UploadId>VXBsb2Fk/IElE+</UploadId>"
	                              "</InitiateMultipartUploadResult>"),
	    a, &id, &e));
	assert_str(id, "VXBsb2Fk/IElE+");
	assert_true(xml_completed(STR("\n\n<CompleteMultipartUploadResult" NS "><Location>l"
	                              "</Location><ETag>&quot;e-2&quot;</ETag>"
	                              "</CompleteMultipartUploadResult>"),
	    a, &etag, &e));
	assert_str(etag, "\"e-2\"");

	assert_false(xml_completed(str_z(failed), a, &etag, &e));
	assert_int_equal(e.kind, ERR_RETRY);
	assert_string_equal(e.code, "InternalError");
	assert_false(xml_completed(STR("<CompleteMultipartUploadResult>"), a, &etag, &e));
	assert_false(xml_upload_id(STR("<InitiateMultipartUploadResult><UploadId/>"
	                               "</InitiateMultipartUploadResult>"),
	    a, &id, &e));
	assert_non_null(strstr(e.msg, "without UploadId"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_page),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(a_cut_page_is_never_a_page),
	    cmocka_unit_test(pages_that_are_refused),
	    cmocka_unit_test(walking),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(the_largest_page),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(long_error_texts_are_cut_between_characters),
	    cmocka_unit_test(multipart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
