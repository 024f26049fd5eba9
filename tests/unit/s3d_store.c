/* Keys, files and the index over them, in a folder of their own. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/clock.h"
#include "workers/local/s3d_disk.h"
#include "workers/local/s3d_index.h"
#include "workers/local/s3d_key.h"
#include "workers/local/s3d_store.h"

static char root[] = "/tmp/dwh-s3d-XXXXXX";
static struct s3d_store store;

static int setup(void **state)
{
	struct err e;

	(void)state;
	if (!mkdtemp(root))
		return -1;
	return s3d_store_open(&store, root, &e) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	s3d_store_close(&store);
	s3d_disk_remove_tree(AT_FDCWD, root);
	return access(root, F_OK) == 0 ? -1 : 0;
}

static struct s3d_bucket *bucket(const char *name)
{
	struct s3d_bucket *b = NULL;
	enum s3d_code code = s3d_store_create(&store, str_z(name));

	assert_true(code == S3D_OK || code == S3D_BUCKET_EXISTS);
	assert_int_equal(s3d_store_bucket(&store, str_z(name), &b), S3D_OK);
	return b;
}

static void put(struct s3d_bucket *b, struct str key, const char *text)
{
	char etag[S3D_ETAG_MAX];
	struct s3d_draft d;

	assert_int_equal(s3d_draft_new(&store, b, &d), S3D_OK);
	assert_int_equal(s3d_draft_write(&d, str_z(text)), S3D_OK);
	assert_int_equal(s3d_draft_commit(b, &d, key, "0123456789abcdef0123456789abcdef",
	                     STR("content-type: a/b\r\n"), etag),
	    S3D_OK);
}

static void assert_holds(struct s3d_bucket *b, struct str key, const char *text)
{
	struct s3d_object o;
	char got[100];

	assert_int_equal(s3d_object_open(b, key, &o), S3D_OK);
	assert_int_equal(o.size, strlen(text));
	assert_int_equal(read(o.fd, got, sizeof got), o.size);
	assert_memory_equal(got, text, strlen(text));
	close(o.fd);
}

/* The keys of the index that begin with prefix, joined by '|'. */
static void assert_below(struct s3d_bucket *b, const char *prefix, bool again, const char *want)
{
	struct s3d_index *x = s3d_bucket_index(b, again);
	struct buf key, from, all;

	buf_init(&key, 4096);
	buf_init(&from, 4096);
	buf_init(&all, 1 << 20);
	buf_z(&from, prefix);
	while (
	    s3d_index_next(x, buf_view(&from), &key) && str_starts(buf_view(&key), str_z(prefix))) {
		if (all.n)
			buf_c(&all, '|');
		buf_str(&all, buf_view(&key));
		buf_reset(&from);
		buf_str(&from, buf_view(&key));
		buf_c(&from, '\0');
	}
	assert_str(buf_view(&all), want);
	buf_free(&key);
	buf_free(&from);
	buf_free(&all);
}

static void assert_index(struct s3d_bucket *b, const char *want)
{
	assert_below(b, "", true, want);
}

static void write_file(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_folder(const char *path)
{
	char full[512];

	snprintf(full, sizeof full, "%s/%s", root, path);
	assert_int_equal(mkdir(full, 0777), 0);
}

static void which_keys_are_plain(void **state)
{
	static const struct {
		const char *key;
		bool plain;
	} cases[] = {
	    {"a", true},
	    {"a/b c/\xc3\xa9", true},
	    {"\xff", true},
	    {"a..b/c.", true},
	    {"", false},
	    {"/a", false},
	    {"a/", false},
	    {"a//b", false},
	    {".", false},
	    {"a/../b", false},
	    {".s3d/tmp/x", false},
	    {"a/.git", false},
	};
	char segment[257];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(s3d_key_plain(str_z(cases[i].key)), cases[i].plain);
	memset(segment, 'x', sizeof segment);
	assert_true(s3d_key_plain((struct str){segment, 255}));
	assert_false(s3d_key_plain((struct str){segment, 256}));
}

static void odd_names_are_reversible(void **state)
{
	char bytes[1024];
	struct buf path, key;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 37 + 1);
	buf_init(&path, S3D_PATH_MAX);
	buf_init(&key, S3D_KEY_MAX);
	for (size_t n = 1; n <= sizeof bytes; n++) {
		struct str below;

		buf_reset(&path);
		buf_reset(&key);
		s3d_key_odd(&path, (struct str){bytes, n});
		assert_false(path.over);
		below = str_from(buf_view(&path), sizeof S3D_ODD);
		assert_true(s3d_key_from_odd(&key, below));
		assert_true(str_eq(buf_view(&key), (struct str){bytes, n}));
		/* No name is longer than a file system takes. */
		while (below.n) {
			assert_true(str_find(below, '/') <= 255);
			below = str_from(below, str_find(below, '/') + 1);
		}
	}
	assert_false(s3d_key_from_odd(&key, STR("6")));
	assert_false(s3d_key_from_odd(&key, STR("6X")));
	assert_false(s3d_key_from_odd(&key, STR("61/62")));
	assert_false(s3d_key_from_odd(&key, STR("61+/62")));
	buf_free(&path);
	buf_free(&key);
}

static void bucket_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
	    {"abc", true},
	    {"a-b.c9", true},
	    {"udacity-dend", true},
	    {"ab", false},
	    {"Abc", false},
	    {"-ab", false},
	    {"ab.", false},
	    {"a..b", false},
	    {"a_b", false},
	    {".s3d", false},
	    {"a/b", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(s3d_bucket_name_ok(str_z(cases[i].name)), cases[i].ok);
}

static void every_key_survives(void **state)
{
	static const char *const keys[] = {"a", "a/b", "a/b/c", "a//b", "/", "dir/", "..",
	    "../../../etc/passwd", ".s3d/tmp/x", "\xff\xfe", "sp ace+%"};
	struct s3d_bucket *b = bucket("every-key");
	struct s3d_object o;
	char longest[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		put(b, str_z(keys[i]), keys[i]);
	memset(longest, 'l', sizeof longest);
	put(b, (struct str){longest, sizeof longest}, "longest");
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_holds(b, str_z(keys[i]), keys[i]);
	assert_holds(b, (struct str){longest, sizeof longest}, "longest");
	assert_int_equal(s3d_object_open(b, STR("a/b/"), &o), S3D_NO_SUCH_KEY);
	assert_true(s3d_object_delete(b, (struct str){longest, sizeof longest}));
	assert_index(
	    b, "..|../../../etc/passwd|.s3d/tmp/x|/|a|a//b|a/b|a/b/c|dir/|sp ace+%|\xff\xfe");
	for (size_t i = 0; i < COUNT(keys); i++) {
		assert_true(s3d_object_delete(b, str_z(keys[i])));
		assert_false(s3d_object_delete(b, str_z(keys[i])));
	}
	assert_index(b, "");
	assert_int_equal(s3d_store_drop(&store, STR("every-key")), S3D_OK);
	assert_int_equal(s3d_store_drop(&store, STR("every-key")), S3D_NO_SUCH_BUCKET);
}

static void a_key_has_one_place(void **state)
{
	struct s3d_bucket *b = bucket("one-place");
	struct s3d_object o;

	(void)state;
	put(b, STR("a"), "file");
	put(b, STR("a/b"), "odd");
	assert_true(s3d_object_delete(b, STR("a")));
	put(b, STR("a/b"), "plain");
	assert_holds(b, STR("a/b"), "plain");
	assert_index(b, "a/b");
	assert_true(s3d_object_delete(b, STR("a/b")));
	assert_int_equal(s3d_object_open(b, STR("a/b"), &o), S3D_NO_SUCH_KEY);
}

static void changes_from_outside_are_seen(void **state)
{
	struct s3d_bucket *b = bucket("outside");
	struct s3d_object o;
	char was[S3D_ETAG_MAX];

	(void)state;
	assert_index(b, "");
	make_folder("outside/x");
	make_folder("outside/x/y");
	write_file("outside/x/y/1", "one");
	write_file("outside/x-1", "two");
	write_file("outside/.hidden", "no object");
	assert_index(b, "x-1|x/y/1");
	write_file("outside/x/y/2", "three");
	write_file("outside/x/z", "four");
	assert_index(b, "x-1|x/y/1|x/y/2|x/z");
	assert_int_equal(unlinkat(b->fd, "x/y/1", 0), 0);
	assert_index(b, "x-1|x/y/2|x/z");
	assert_int_equal(renameat(b->fd, "x/y", b->fd, "w"), 0);
	assert_index(b, "w/2|x-1|x/z");
	assert_holds(b, STR("w/2"), "three");

	assert_int_equal(s3d_object_open(b, STR("w/2"), &o), S3D_OK);
	close(o.fd);
	snprintf(was, sizeof was, "%s", o.etag);
	assert_non_null(strstr(was, "-1"));
	write_file("outside/w/2", "three and more");
	assert_int_equal(s3d_object_open(b, STR("w/2"), &o), S3D_OK);
	close(o.fd);
	assert_string_not_equal(was, o.etag);
}

static void a_prefix_sees_what_begins_with_it(void **state)
{
	struct s3d_bucket *b = bucket("prefix");

	(void)state;
	assert_below(b, "a/b", true, "");
	make_folder("prefix/a");
	make_folder("prefix/a/b");
	make_folder("prefix/a/bc");
	make_folder("prefix/d");
	write_file("prefix/a/b/1", "one");
	write_file("prefix/a/bc/2", "two");
	write_file("prefix/a/b-3", "three");
	write_file("prefix/d/4", "four");
	assert_below(b, "a/b", true, "a/b-3|a/b/1|a/bc/2");
	assert_below(b, "a/b/", true, "a/b/1");
	assert_below(b, "d/4", true, "d/4");
	write_file("prefix/a/bc/5", "five");
	assert_below(b, "d", true, "d/4");
	assert_below(b, "a/bc/5", true, "a/bc/5");
	/* What we write ourselves is seen behind a token, too, whatever was listed meanwhile. */
	assert_index(b, "a/b-3|a/b/1|a/bc/2|a/bc/5|d/4");
	put(b, STR("a/b/6"), "six");
	assert_below(b, "d", false, "d/4");
	assert_below(b, "a/b/", false, "a/b/1|a/b/6");
	assert_index(b, "a/b-3|a/b/1|a/b/6|a/bc/2|a/bc/5|d/4");
}

static void an_etag_is_kept_until_the_content_changes(void **state)
{
	struct s3d_bucket *b = bucket("etags");
	struct s3d_object first, again;
	struct err e;

	(void)state;
	put(b, STR("k"), "content");
	assert_int_equal(s3d_object_open(b, STR("k"), &first), S3D_OK);
	close(first.fd);
	/* A new server. */
	s3d_store_close(&store);
	assert_true(s3d_store_open(&store, root, &e));
	b = bucket("etags");
	assert_int_equal(s3d_object_open(b, STR("k"), &again), S3D_OK);
	close(again.fd);
	assert_string_equal(first.etag, again.etag);
	assert_int_equal(first.n_headers, again.n_headers);
	write_file("etags/k", "CONTENT!");
	assert_int_equal(s3d_object_open(b, STR("k"), &again), S3D_OK);
	close(again.fd);
	assert_string_not_equal(first.etag, again.etag);
}

/* Looks until what it sees is old enough to be remembered, and then once more. */
static void look(struct s3d_bucket *b, struct s3d_object *o)
{
	struct s3d_folder f = {.fd = -1};

	assert_int_equal(s3d_object_look(b, STR("k"), &f, o), S3D_OK);
	clock_sleep(80);
	assert_int_equal(s3d_object_look(b, STR("k"), &f, o), S3D_OK);
	assert_int_equal(s3d_object_look(b, STR("k"), &f, o), S3D_OK);
	s3d_folder_leave(&f);
}

static void a_listing_remembers_nothing_that_has_changed(void **state)
{
	const struct timespec then[2] = {{.tv_sec = 1500000000}, {.tv_sec = 1500000000}};
	struct s3d_bucket *b = bucket("remembered");
	struct s3d_folder f = {.fd = -1};
	struct s3d_object first, o;

	(void)state;
	put(b, STR("k"), "content");
	look(b, &first);
	assert_int_equal(s3d_object_open(b, STR("k"), &o), S3D_OK);
	close(o.fd);
	assert_string_equal(first.etag, o.etag);
	assert_int_equal(first.mtime_ns, o.mtime_ns);

	/* The same size and time, and another content. */
	write_file("remembered/k", "CONTENT");
	assert_int_equal(utimensat(b->fd, "k", then, 0), 0);
	look(b, &first);
	write_file("remembered/k", "Content");
	look(b, &o);
	assert_string_not_equal(first.etag, o.etag);
	assert_int_equal(utimensat(b->fd, "k", then, 0), 0);
	look(b, &o);
	assert_int_equal(o.mtime_ns, INT64_C(1500000000) * 1000000000);
	assert_int_equal(o.size, 7);

	put(b, STR("k"), "other");
	look(b, &o);
	assert_int_equal(o.size, 5);
	assert_true(s3d_object_delete(b, STR("k")));
	assert_int_equal(s3d_object_look(b, STR("k"), &f, &o), S3D_NO_SUCH_KEY);

	/* In one folder and the next. */
	put(b, STR("k"), "1");
	put(b, STR("d/k"), "22");
	put(b, STR("d/e/k"), "333");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s3d_object_look(b, STR("d/k"), &f, &o), S3D_OK);
		assert_int_equal(o.size, 2);
		assert_int_equal(s3d_object_look(b, STR("d/e/k"), &f, &o), S3D_OK);
		assert_int_equal(o.size, 3);
		assert_int_equal(s3d_object_look(b, STR("k"), &f, &o), S3D_OK);
		assert_int_equal(o.size, 1);
		clock_sleep(80);
	}
	s3d_folder_leave(&f);
}

static void links_are_not_followed(void **state)
{
	struct s3d_bucket *b = bucket("links");
	struct s3d_object o;

	(void)state;
	assert_int_equal(symlinkat("/etc", b->fd, "etc"), 0);
	assert_int_equal(symlinkat("/etc/passwd", b->fd, "passwd"), 0);
	make_folder("links/real");
	write_file("links/real/f", "f");
	assert_int_equal(symlinkat("real", b->fd, "inside"), 0);
	assert_int_equal(s3d_object_open(b, STR("etc/passwd"), &o), S3D_NO_SUCH_KEY);
	assert_int_equal(s3d_object_open(b, STR("passwd"), &o), S3D_NO_SUCH_KEY);
	assert_int_equal(s3d_object_open(b, STR("inside/f"), &o), S3D_NO_SUCH_KEY);
	assert_false(s3d_object_delete(b, STR("inside/f")));
	put(b, STR("inside/f"), "odd");
	assert_holds(b, STR("inside/f"), "odd");
	assert_holds(b, STR("real/f"), "f");
	assert_index(b, "inside/f|real/f");
	/* The links are somebody's: such a bucket is not dropped. */
	assert_true(s3d_object_delete(b, STR("inside/f")));
	assert_true(s3d_object_delete(b, STR("real/f")));
	assert_int_equal(s3d_store_drop(&store, STR("links")), S3D_BUCKET_NOT_EMPTY);
}

static void a_bucket_may_be_replaced(void **state)
{
	struct s3d_bucket *b = bucket("replaced");

	(void)state;
	put(b, STR("old"), "old");
	assert_index(b, "old");
	assert_int_equal(renameat(store.root, "replaced", store.root, "replaced-old"), 0);
	assert_int_equal(s3d_store_bucket(&store, STR("replaced"), &b), S3D_NO_SUCH_BUCKET);
	b = bucket("replaced");
	assert_index(b, "");
	assert_index(bucket("replaced-old"), "old");
	assert_int_equal(s3d_store_drop(&store, STR("replaced-old")), S3D_BUCKET_NOT_EMPTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(which_keys_are_plain),
	    cmocka_unit_test(odd_names_are_reversible),
	    cmocka_unit_test(bucket_names),
	    cmocka_unit_test(every_key_survives),
	    cmocka_unit_test(a_key_has_one_place),
	    cmocka_unit_test(changes_from_outside_are_seen),
	    cmocka_unit_test(a_prefix_sees_what_begins_with_it),
	    cmocka_unit_test(an_etag_is_kept_until_the_content_changes),
	    cmocka_unit_test(a_listing_remembers_nothing_that_has_changed),
	    cmocka_unit_test(links_are_not_followed),
	    cmocka_unit_test(a_bucket_may_be_replaced),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
