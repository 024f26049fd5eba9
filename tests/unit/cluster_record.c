/* The record of a cluster: what is read back, after crashes too, and what others find in it. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/cluster_found.h"
#include "shared/file.h"
#include "supervisor/cluster_record.h"

#define ACCOUNT "123456789012"
#define WEST STR("us-west-2")
#define EAST STR("us-east-1")

static char dir[] = "/tmp/dwh-unit-record.XXXXXX";
static const char *path;
static struct arena *a;

static struct cluster_record *opened(enum record_mode mode, struct str region)
{
	struct cluster_record *r;
	struct err e;

	assert_true(record_open(path, mode, ACCOUNT, region, a, &r, &e));
	return r;
}

/* Where a run would load to, by the record; NULL: nowhere. */
static const char *found(void)
{
	const struct config_set sets[] = {
	    {STR("WAREHOUSE.ENGINE"), STR("redshift")}, {STR("LOCAL.DIR"), str_z(dir)}};
	struct config c;
	struct err e;

	assert_true(config_load_text("x.cfg", STR(""), sets, 2, a, &c, &e));
	assert_string_equal(cluster_record_path(&c, a), path);
	assert_true(cluster_found(&c, a, &e));
	return c.dwh.dwh_endpoint;
}

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	assert_non_null(mkdtemp(dir));
	path = arena_printf(a, "%s/cluster/dwh-cluster.jsonl", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(arena_printf(a, "%s/cluster", dir));
	rmdir(dir);
	arena_free(a);
	return 0;
}

static void steps_are_read_back(void **state)
{
	struct cluster_record *r = opened(RECORD_WRITE, WEST);
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(record_last(r, "role", "dwhRole"));
	assert_true(record_step(r, "making", "role", "dwhRole", &e));
	assert_true(record_step(r, "made", "role", "dwhRole", &e));
	assert_true(record_step(r, "making", "cluster", "dwh-cluster", &e));
	record_close(r);
	r = opened(RECORD_READ, WEST);
	assert_string_equal(record_last(r, "role", "dwhRole"), "made");
	assert_string_equal(record_last(r, "cluster", "dwh-cluster"), "making");
	assert_null(record_last(r, "cluster", "dwhRole"));
	record_close(r);
	r = opened(RECORD_READ, EAST);
	assert_null(record_last(r, "role", "dwhRole")); /* that is another one */
	record_close(r);
}

static void what_stands_is_known(void **state)
{
	struct cluster_record *r = opened(RECORD_WRITE, EAST);
	const struct record_entry *t;
	struct err e;

	(void)state;
	assert_true(record_step(r, "adopted", "role", "theirs", &e));
	assert_true(record_step(r, "making", "bucket", "b", &e));
	assert_true(record_step(r, "removed", "bucket", "b", &e));
	assert_false(record_stands(r, "role", "theirs"));
	assert_false(record_stands(r, "bucket", "b"));
	assert_false(record_stands(r, "role", "dwhRole")); /* that is of the west, */
	t = record_standing(r, 0);                         /* and named with it */
	assert_string_equal(t->id, "dwhRole");
	assert_string_equal(t->region, "us-west-2");
	assert_string_equal(record_standing(r, 1)->id, "dwh-cluster");
	assert_null(record_standing(r, 2));
	record_close(r);
	r = opened(RECORD_READ, WEST);
	assert_true(record_stands(r, "role", "dwhRole"));
	record_close(r);
}

static void one_writes_at_a_time(void **state)
{
	struct cluster_record *r = opened(RECORD_WRITE, WEST), *second;
	struct err e;

	(void)state;
	assert_false(record_open(path, RECORD_WRITE, ACCOUNT, WEST, a, &second, &e));
	assert_int_equal(e.where, AT_STATE);
	assert_false(record_open(path, RECORD_TRY, ACCOUNT, WEST, a, &second, &e));
	assert_int_equal(e.where, AT_STATE);     /* to remove what another one makes is for later */
	record_close(opened(RECORD_READ, WEST)); /* to read is always allowed */
	record_close(r);
	record_close(opened(RECORD_WRITE, WEST));
}

static void a_torn_line_harms_nothing(void **state)
{
	struct cluster_record *r;
	struct err e;
	int fd = open(path, O_WRONLY | O_APPEND);

	(void)state;
	assert_true(fd >= 0 && file_write(fd, STR("{\"at\": \"2026-08-01T12:00:00.123Z\", \"wh")));
	close(fd);
	r = opened(RECORD_WRITE, WEST);
	assert_string_equal(record_last(r, "role", "dwhRole"), "made");
	assert_true(record_step(r, "removing", "role", "dwhRole", &e));
	record_close(r);
	r = opened(RECORD_READ, WEST);
	assert_string_equal(record_last(r, "role", "dwhRole"), "removing");
	record_close(r);
}

static void others_find_what_is_up(void **state)
{
	struct cluster_record *r = opened(RECORD_WRITE, WEST), *east;
	struct err e;

	(void)state;
	assert_null(found());
	assert_true(record_up(r, "west.example", 5440, "arn:aws:iam::1:role/r", NULL, NULL, &e));
	assert_string_equal(found(), "west.example");
	record_close(r);
	east = opened(RECORD_WRITE, EAST);
	assert_true(record_down(east, &e)); /* nothing is up there: not a word */
	assert_string_equal(found(), "west.example");
	assert_true(record_up(east, "east.example", 5439, "arn:aws:iam::1:role/r", NULL, NULL, &e));
	assert_string_equal(found(), "east.example");
	record_close(east);
	r = opened(RECORD_WRITE, WEST);
	assert_true(record_down(r, &e));
	assert_string_equal(found(), "east.example");
	record_close(r);
	east = opened(RECORD_WRITE, EAST);
	assert_true(record_down(east, &e));
	assert_null(found());
	record_close(east);
}

/* What its end says would be missed: neither is believed. */
static void one_that_is_too_large_is_refused(void **state)
{
	const struct config_set sets[] = {
	    {STR("WAREHOUSE.ENGINE"), STR("redshift")}, {STR("LOCAL.DIR"), str_z(dir)}};
	struct cluster_record *r;
	struct stat before;
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(truncate(path, (off_t)17 << 20), 0);
	assert_false(record_open(path, RECORD_READ, ACCOUNT, WEST, a, &r, &e));
	assert_int_equal(e.where, AT_STATE);
	assert_string_equal(e.code, "large");
	assert_true(config_load_text("x.cfg", STR(""), sets, 2, a, &c, &e));
	assert_false(cluster_found(&c, a, &e));
	assert_string_equal(e.code, "large");
	assert_int_equal(truncate(path, before.st_size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(steps_are_read_back),
	    cmocka_unit_test(what_stands_is_known), cmocka_unit_test(one_writes_at_a_time),
	    cmocka_unit_test(a_torn_line_harms_nothing), cmocka_unit_test(others_find_what_is_up),
	    cmocka_unit_test(one_that_is_too_large_is_refused)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
