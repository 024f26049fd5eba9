/* The files under [LOCAL] DIR/local: state, key, and what a log tells. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/localstate.h"

static char dir[] = "/tmp/dwh-unit.XXXXXX";
static struct arena *a;

static const char *put(const char *name, const char *text)
{
	const char *path = local_path(a, dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	return mkdtemp(dir) && mkdir(arena_printf(a, "%s/local", dir), 0700) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const files[] = {"state.json", "key", "keeper.lock", "x.log"};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(local_path(a, dir, files[i]));
	rmdir(arena_printf(a, "%s/local", dir));
	rmdir(dir);
	arena_free(a);
	return 0;
}

static void log_lines(void **state)
{
	static const struct {
		const char *text;
		off_t from;
		const char *want; /* NULL: nothing */
	} cases[] = {
	    {"", 0, NULL},
	    {"one\n", 0, "one"},
	    {"one\ntwo", 0, "two"},
	    {"one\n\n \n", 0, "one"},
	    {"one\ntwo\n", 8, NULL},
	    {"1 FATAL:  no\n2 HINT: why\n3 LOG: down\n", 0, "1 FATAL:  no"},
	    {"1 FATAL:  no\n2 PANIC: worse\n3\n", 0, "2 PANIC: worse"},
	    {"1 FATAL:  old\n2 LOG: new\n", 14, "2 LOG: new"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *path = put("x.log", cases[i].text);
		const char *want = cases[i].want ? arena_printf(a, "the last line in %s: %s", path,
		                                       cases[i].want)
		                                 : arena_printf(a, "%s says nothing", path);

		assert_string_equal(local_log_last(path, cases[i].from, a), want);
	}
	assert_non_null(strstr(local_log_last("/nonexistent", 0, a), "says nothing"));
}

static void keys(void **state)
{
	static const struct {
		const char *text, *id, *secret; /* id NULL: refused */
	} cases[] = {
	    {"id\nsecret\n", "id", "secret"},
	    {"id\r\nsecret", "id", "secret"},
	    {"\nsecret\n", NULL, NULL},
	    {"id\n", NULL, NULL},
	    {"id\n\n", NULL, NULL},
	    {"", NULL, NULL},
	    {"id\nsecret\nmore\n", NULL, NULL},
	};
	struct sigv4_key k, again;
	struct stat st;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put("key", cases[i].text);
		assert_int_equal(local_key(dir, true, a, &k, &e), cases[i].id != NULL);
		if (!cases[i].id) {
			assert_non_null(strstr(e.msg, "two lines"));
			continue;
		}
		assert_str(k.access, cases[i].id);
		assert_str(k.secret, cases[i].secret);
	}
	unlink(local_path(a, dir, "key"));
	assert_false(local_key(dir, false, a, &k, &e));
	assert_string_equal(e.code, "ENOENT");
	assert_true(local_key(dir, true, a, &k, &e));
	assert_int_equal(k.access.n, 20);
	assert_int_equal(k.secret.n, 40);
	assert_int_equal(stat(local_path(a, dir, "key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(local_key(dir, true, a, &again, &e));
	assert_true(str_eq(k.access, again.access) && str_eq(k.secret, again.secret));
}

static void round_trip(void **state)
{
	struct local l = {.socket_dir = "/a \"b\"/sock",
	    .s3_endpoint = "http://127.0.0.1:4711",
	    .buckets = "/a/b\xc3\xa4",
	    .data = "/a/pg",
	    .keeper = 12};
	struct local got;
	struct err e;
	bool found;

	(void)state;
	assert_true(local_state_read(dir, a, &got, &found, &e));
	assert_false(found);
	for (int i = 0; i < 2; i++) {
		l.note = i ? "a note" : NULL;
		assert_true(local_state_write(dir, a, &l, &e));
		assert_true(local_state_read(dir, a, &got, &found, &e));
		assert_true(found);
		assert_string_equal(got.socket_dir, l.socket_dir);
		assert_string_equal(got.s3_endpoint, l.s3_endpoint);
		assert_string_equal(got.buckets, l.buckets);
		assert_string_equal(got.data, l.data);
		assert_int_equal(got.keeper, 12);
		assert_true(i ? strcmp(got.note, "a note") == 0 : got.note == NULL);
		assert_int_equal(got.key.secret.n, 40);
	}
	l.data = "/a/\xff";
	assert_false(local_state_write(dir, a, &l, &e));
	assert_non_null(strstr(e.msg, "not UTF-8"));

	put("state.json", "{\"version\": 0}");
	assert_false(local_state_read(dir, a, &got, &found, &e));
	assert_non_null(strstr(e.msg, "another version"));
	put("state.json", "{\"ver");
	assert_false(local_state_read(dir, a, &got, &found, &e));
	assert_int_equal(e.where, AT_STATE);
}

static void keeper_lives_by_its_lock(void **state)
{
	struct err e;
	int fd;

	(void)state;
	assert_false(local_keeper_lives(dir, a));
	fd = local_lock_open(local_path(a, dir, "keeper.lock"), false, &e);
	assert_true(fd >= 0);
	assert_false(local_keeper_lives(dir, a));
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(local_keeper_lives(dir, a));
	close(fd);
	assert_false(local_keeper_lives(dir, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(log_lines),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(keeper_lives_by_its_lock),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
