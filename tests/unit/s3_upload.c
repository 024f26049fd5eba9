/* An upload in parts against a server that loses answers: the object is there, or there is an error
 * and the upload was given up. */
#include "tests/unit/unit.h"

#include "shared/s3.h"
#include "tests/unit/faulty.h"

#define ANSWER(status, head, body)                                                                 \
	{                                                                                          \
		RAW, 0, "HTTP/1.1 " status "\r\n" head "Connection: close\r\n\r\n" body            \
	}
#define BEGUN                                                                                      \
	ANSWER("200 OK", "",                                                                       \
	    "<InitiateMultipartUploadResult><UploadId>a/b</UploadId>"                              \
	    "</InitiateMultipartUploadResult>")
#define PART ANSWER("200 OK", "ETag: \"p\"\r\nContent-Length: 0\r\n", "")
#define MADE                                                                                       \
	ANSWER("200 OK", "",                                                                       \
	    "<CompleteMultipartUploadResult><ETag>\"x-2\"</ETag></CompleteMultipartUploadResult>")
#define GONE                                                                                       \
	ANSWER("404 Not Found", "", "<Error><Code>NoSuchUpload</Code><Message>m</Message></Error>")
#define LATE ANSWER("200 OK", "", "<Error><Code>InternalError</Code><Message>m</Message></Error>")
#define CUT_XML ANSWER("200 OK", "", "<InitiateMultipartUploadResult><UploadId>a")
#define LOST                                                                                       \
	{                                                                                          \
		RAW, 0, ""                                                                         \
	}
#define THERE(size, etag) ANSWER("200 OK", "Content-Length: " size "\r\nETag: \"" etag "\"\r\n", "")

static void answers(void **state)
{
	static const struct {
		struct action script[SCRIPT];
		int requests;     /* with those that give up */
		const char *code; /* of the error; NULL: it is there */
		const char *last; /* how the last request begins */
	} cases[] = {
	    {{BEGUN, PART, PART, MADE}, 4, NULL, "POST /bkt/up?uploadId=a%2Fb "},
	    {{CUT_XML, BEGUN, PART, PART, MADE}, 5, NULL, "POST"},
	    {{LATE, BEGUN, PART, PART, MADE}, 5, NULL, "POST"},
	    {{BEGUN, LOST, PART, PART, MADE}, 5, NULL, "POST"},
	    {{BEGUN, PART, PART, LATE, MADE}, 5, NULL, "POST"},
	    {{BEGUN, PART, PART, LOST, GONE, THERE("8388609", "x-2")}, 6, NULL, "HEAD /bkt/up "},
	    {{BEGUN, PART, PART, LOST, GONE, THERE("8388608", "x-2"), PART}, 7, "NoSuchUpload",
	        "DELETE /bkt/up?uploadId=a%2Fb "},
	    {{BEGUN, PART, PART, LOST, GONE, THERE("8388609", "x-3"), PART}, 7, "NoSuchUpload",
	        "DELETE"},
	    {{BEGUN, PART, PART, GONE, PART}, 5, "NoSuchUpload", "DELETE"},
	    {{BEGUN, PART, PART, LATE, LATE, LATE, PART}, 7, "InternalError", "DELETE"},
	    {{BEGUN, MADE, PART}, 3, "BadAnswer", "DELETE"}, /* a part without an ETag */
	    {{CUT_XML, CUT_XML, CUT_XML}, 3, "", "POST /bkt/up?uploads= "},
	};
	char *body = calloc(1, S3_PART + 1);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct credentials c = {.key = {STR("AKID"), STR("secret"), STR("")}};
		struct faulty *f = faulty_start(0);
		struct s3_upload *u;
		struct s3_info info;
		struct s3 *s = NULL;
		char endpoint[64];
		struct err e;
		bool ok;

		memcpy(f->other, cases[i].script, sizeof cases[i].script);
		snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", f->port);
		assert_true(s3_open(&(struct s3_options){.endpoint = endpoint,
		                        .region = STR("us-west-2"),
		                        .credentials = &c,
		                        .attempts = 3},
		    &s, &e));
		u = s3_upload_new(s, STR("bkt"), STR("up"), NULL);
		ok = s3_upload_bytes(u, body, S3_PART + 1, &e) && s3_upload_end(u, &info, &e);
		s3_upload_free(u);
		if (ok != !cases[i].code ||
		    (!ok && *cases[i].code && strcmp(e.code, cases[i].code)))
			fail_msg("case %zu: %s: %s", i, ok ? "" : e.code, ok ? "passed" : e.msg);
		if (f->seen_other != cases[i].requests)
			fail_msg("case %zu: %d requests", i, f->seen_other);
		if (strncmp(f->last, cases[i].last, strlen(cases[i].last)) != 0)
			fail_msg("case %zu: %.60s", i, f->last);
		if (ok) {
			assert_int_equal(info.size, S3_PART + 1);
			assert_string_equal(info.etag, "x-2");
		}
		assert_false(f->unsigned_seen);
		s3_close(s);
		faulty_stop(f);
	}
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("s3_upload", tests, NULL, NULL);
}
