/* When keys are looked for again, how often, and what is left of the old ones: nothing. */
#include "tests/unit/home.h"

#define REFRESH_FAILS(h, one, two)                                                                 \
	do {                                                                                       \
		assert_false(credentials_refresh(&(h)->got, false, &(h)->e));                      \
		if (!strstr((h)->e.msg, one) || !strstr((h)->e.msg, two))                          \
			fail_msg("%s", (h)->e.msg);                                                \
	} while (0)

static void keys_that_do_not_expire_stay(void **state)
{
	struct home *h = *state;

	put(h, ".aws/credentials",
	    "[default]\naws_access_key_id=A1\naws_secret_access_key=s3cr3t\n");
	expect(h, "A1", "s3cr3t", "", "profile default");
	put(h, ".aws/credentials",
	    "[default]\naws_access_key_id=A2\naws_secret_access_key=s3cr3t\n");
	assert_true(credentials_refresh(&h->got, false, &h->e));
	assert_str(h->got.key.access, "A1");
	assert_int_equal(h->got.generation, 0);
	/* But where they are refused, the file is looked at again: some tool may have written it.
	 */
	assert_true(credentials_refresh(&h->got, true, &h->e));
	assert_str(h->got.key.access, "A2");
	assert_int_equal(h->got.generation, 1);
	assert_false(credentials_refresh(&h->got, true, &h->e));
	assert_string_equal(h->e.code, "unchanged");
	assert_null(strstr(h->e.msg, "s3cr3t"));
	put(h, ".aws/credentials", "[default]\naws_access_key_id=A2\n");
	assert_false(credentials_refresh(&h->got, true, &h->e));
	assert_non_null(strstr(h->e.msg, "aws_secret_access_key is not"));
	assert_str(h->got.key.access, "A2");
	credentials_free(&h->got);
	h->got = (struct credentials){.anonymous = true};
	assert_true(credentials_refresh(&h->got, false, &h->e));
}

/* A program that hands over a key, good for some minutes; or fails, where there is none. */
static void job(struct home *h, const char *key, int minutes)
{
	char until[25];

	clock_iso(clock_wall_ms() + minutes * INT64_C(60000), until);
	put(h, "other",
	    key ? arena_printf(h->a,
	              "echo '{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": "
	              "\"s3cr3t\", \"Expiration\": \"%s\"}'\n",
	              key, until)
	        : "exit 3\n");
	put(h, ".aws/config",
	    arena_printf(h->a, "[default]\ncredential_process = sh '%s/other'\n", h->dir));
}

static void keys_are_renewed_in_time(void **state)
{
	struct home *h = *state;

	job(h, "AK1", 60);
	expect(h, "AK1", "s3cr3t", "", "credential_process sh of profile default");
	job(h, "AK2", 60);
	assert_true(credentials_refresh(&h->got, false, &h->e));
	assert_str(h->got.key.access, "AK1"); /* good for an hour: not asked for */
	job(h, "AK2", 16);
	expect(h, "AK2", "s3cr3t", "", "");
	job(h, "AK3", 60);
	h->got.expires_ms -= 90000; /* a minute and a half later */
	assert_true(credentials_refresh(&h->got, false, &h->e));
	assert_str(h->got.key.access, "AK2"); /* 15 minutes left, but looked for a moment ago */
	h->got.expires_ms = 1;
	assert_true(credentials_refresh(&h->got, false, &h->e));
	assert_str(h->got.key.access, "AK3");
	/* Failing is no error while they are good for ten minutes, and one when they are not. */
	job(h, NULL, 0);
	h->got.expires_ms -= 48 * 60000;
	assert_true(credentials_refresh(&h->got, false, &h->e));
	assert_str(h->got.key.access, "AK3");
	h->got.expires_ms = 1;
	REFRESH_FAILS(h, "have expired, and there are no new ones", "ended with status 3");
}

/* Another program: it says until when, and leaves a mark each time that it is started. */
static void job_until(struct home *h, int64_t until_ms)
{
	char until[25];

	clock_iso(until_ms, until);
	put(h, "other",
	    arena_printf(h->a,
	        "echo x >>'%s/marks'; echo '{\"Version\": 1, \"AccessKeyId\": \"AK\", "
	        "\"SecretAccessKey\": \"s3cr3t\", \"Expiration\": \"%s\"}'\n",
	        h->dir, until));
	put(h, ".aws/config",
	    arena_printf(h->a, "[default]\ncredential_process = sh '%s/other'\n", h->dir));
}

static int64_t marks(const struct home *h)
{
	struct stat st;

	assert_int_equal(stat(arena_printf(h->a, "%s/marks", h->dir), &st), 0);
	return st.st_size / 2;
}

/* As of a hundred requests, at once. */
static void ask_often(struct home *h)
{
	for (int i = 0; i < 100; i++)
		assert_true(credentials_refresh(&h->got, false, &h->e));
}

static void keys_of_seconds_are_not_asked_for_by_each_request(void **state)
{
	struct home *h = *state;
	int64_t now = clock_wall_ms();

	job_until(h, now + 40000);
	expect(h, "AK", "s3cr3t", "", "credential_process");
	assert_non_null(strstr(credentials_short(&h->got, h->a), "are good for "));
	ask_often(h);
	assert_int_equal(marks(h), 1);
	assert_true(h->got.look_ms - clock_ms() > 15000 && h->got.look_ms - clock_ms() <= 20000);
	/* Half of their life is over. */
	job_until(h, now + 80000);
	h->got.look_ms = 0;
	ask_often(h);
	assert_int_equal(marks(h), 2);
	assert_true(h->got.expires_ms == now + 80000);
	/* The place has no others yet: it is asked when these have expired, or a minute has gone.
	 */
	h->got.look_ms = 0;
	job_until(h, now + 50000);
	ask_often(h);
	h->got.look_ms = 0;
	ask_often(h);
	assert_int_equal(marks(h), 4);
	assert_true(h->got.look_ms - clock_ms() > 30000);
	job_until(h, now + 7200000);
	expect(h, "AK", "s3cr3t", "", "credential_process");
	assert_null(credentials_short(&h->got, h->a));
}

static void keys_that_have_expired_already(void **state)
{
	struct home *h = *state;

	job_until(h, INT64_C(1700000000000));
	REFUSE(h, "the keys from credential_process sh of profile default",
	    "have expired at 2023-11-14T22:13:20");
	/* Nor are they asked with. */
	put(h, ".aws/config",
	    arena_printf(h->a,
	        "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = p\n"
	        "[profile p]\ncredential_process = sh '%s/other'\n",
	        h->dir));
	REFUSE(h, "profile default", "have expired at 2023-11-14T22:13:20");
	/* New ones that have expired, where the old ones are about to. */
	job(h, "AK1", 60);
	expect(h, "AK1", "s3cr3t", "", "credential_process");
	job_until(h, INT64_C(1700000000000));
	h->got.expires_ms = 1;
	REFRESH_FAILS(h, "have expired, and there are no new ones", "have expired at 2023-");
	setenv("AWS_ACCESS_KEY_ID", "AKENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t", 1);
	setenv("AWS_CREDENTIAL_EXPIRATION", "2023-11-14T22:13:20+00:00", 1);
	REFUSE(h, "the keys from environment", "have expired at 2023-11-14T22:13:20");
	setenv("AWS_CREDENTIAL_EXPIRATION", "2123-11-14T22:13:20+00:00", 1);
	expect(h, "AKENV", "s3cr3t", "", "environment");
	assert_true(h->got.expires_ms > clock_wall_ms());
	setenv("AWS_CREDENTIAL_EXPIRATION", "soon", 1);
	REFUSE(h, "AWS_CREDENTIAL_EXPIRATION is no time", "environment");
}

/* Of a worker that lives for weeks. */
static void renewals_leave_nothing_behind(void **state)
{
	struct home *h = *state;
	struct arena *a = h->a;
	char *before, *after;

	job(h, "AK1", 60);
	expect(h, "AK1", "s3cr3t", "", "credential_process");
	h->a = arena_new(); /* of what the test itself writes */
	before = arena_alloc(a, 1);
	for (int i = 0; i < 20; i++) {
		job(h, i % 2 ? "AK1" : "AK2", 60);
		h->got.expires_ms = 1;
		assert_true(credentials_refresh(&h->got, false, &h->e));
		assert_str(h->got.key.access, i % 2 ? "AK1" : "AK2");
	}
	after = arena_alloc(a, 1);
	assert_int_equal(h->got.generation, 20);
	assert_true((size_t)(after - before) <= sizeof(max_align_t));
	arena_free(a);
	credentials_free(&h->got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_HOME(keys_that_do_not_expire_stay),
	    IN_HOME(keys_are_renewed_in_time),
	    IN_HOME(keys_of_seconds_are_not_asked_for_by_each_request),
	    IN_HOME(keys_that_have_expired_already),
	    IN_HOME(renewals_leave_nothing_behind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
