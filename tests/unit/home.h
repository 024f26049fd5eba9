/* home.h - a home folder of a test's own, in which the files of the AWS tools are. */
#ifndef TESTS_UNIT_HOME_H
#define TESTS_UNIT_HOME_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/credentials.h"

static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_CREDENTIAL_EXPIRATION"};

struct home {
	struct arena *a;
	char dir[64];
	struct config c;
	struct credentials got;
	struct err e;
};

static inline int home_open(void **state)
{
	struct home *h = xcalloc(1, sizeof *h);

	h->a = arena_new();
	memcpy(h->dir, "/tmp/dwh-unit-XXXXXX", 21);
	assert_non_null(mkdtemp(h->dir));
	assert_int_equal(mkdir(arena_printf(h->a, "%s/.aws", h->dir), 0700), 0);
	for (size_t i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	setenv("HOME", h->dir, 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	h->c.file = "dwh.cfg";
	*state = h;
	return 0;
}

static inline int home_close(void **state)
{
	static const char *const files[] = {
	    ".aws/credentials", ".aws/config", "other", "marks", ".aws"};
	struct home *h = *state;

	for (size_t i = 0; i < COUNT(files); i++) {
		const char *path = arena_printf(h->a, "%s/%s", h->dir, files[i]);

		if (unlink(path) != 0)
			rmdir(path);
	}
	rmdir(h->dir);
	credentials_free(&h->got);
	arena_free(h->a);
	free(h);
	return 0;
}

static inline void put(struct home *h, const char *name, const char *text)
{
	FILE *f = fopen(arena_printf(h->a, "%s/%s", h->dir, name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void expect(
    struct home *h, const char *access, const char *secret, const char *token, const char *origin)
{
	credentials_free(&h->got);
	if (!credentials_find(&h->c, h->a, &h->got, &h->e))
		fail_msg("%s", h->e.msg);
	assert_false(h->got.anonymous);
	assert_str(h->got.key.access, access);
	assert_str(h->got.key.secret, secret);
	assert_str(h->got.key.token, token);
	if (!strstr(arena_cstr(h->a, h->got.origin), origin))
		fail_msg("\"%s\" is not in \"%.*s\"", origin, STRF(h->got.origin));
}

/* Every text that tests use as a secret holds "s3cr3t". */
static inline void refuse(struct home *h, const char *const says[], size_t n)
{
	assert_false(credentials_find(&h->c, h->a, &h->got, &h->e));
	assert_int_equal(h->e.kind, ERR_SETUP);
	assert_int_equal(h->e.where, AT_CONFIG);
	for (size_t i = 0; i < n; i++)
		if (!strstr(h->e.msg, says[i]))
			fail_msg("\"%s\" is not in \"%s\"", says[i], h->e.msg);
	assert_null(strstr(h->e.msg, "s3cr3t"));
}

#define REFUSE(h, ...)                                                                             \
	refuse(h, (const char *const[]){__VA_ARGS__},                                              \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#define IN_HOME(f) cmocka_unit_test_setup_teardown(f, home_open, home_close)

#endif
