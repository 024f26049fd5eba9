/* Pages of listings: order, prefix, delimiter, where to go on. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "shared/arena.h"
#include "workers/local/s3d_list.h"

/* Sorted bytewise. */
static const char *const keys[] = {"a", "a-b", "a/", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/1",
    "b//2", "log/2018/11/01", "log/2018/11/02", "log/2018/12/01", "z", "\xc3\xa9", "\xff\xff/1",
    "\xff\xff/2"};

static int by_bytes(const void *x, const void *y)
{
	return str_cmp(str_z(*(const char *const *)x), str_z(*(const char *const *)y));
}

static const char *sorted[COUNT(keys)];

static bool next_key(void *ctx, struct str from, struct buf *key)
{
	(void)ctx;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		if (str_cmp(str_z(sorted[i]), from) >= 0) {
			buf_reset(key);
			buf_z(key, sorted[i]);
			return true;
		}
	}
	return false;
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		sorted[i] = keys[i];
	qsort(sorted, COUNT(sorted), sizeof sorted[0], by_bytes);
	return 0;
}

/* All pages of size max, items joined by blanks, prefixes in brackets. */
static void list(struct s3d_list_query q, size_t max, struct buf *out, size_t *pages)
{
	struct arena *a = arena_new();
	struct s3d_list_page page;

	buf_reset(out);
	*pages = 0;
	q.max = max;
	do {
		s3d_list_page(&q, next_key, NULL, a, &page);
		assert_true(page.n <= max);
		for (size_t i = 0; i < page.n; i++) {
			if (out->n)
				buf_c(out, ' ');
			if (page.items[i].prefix)
				buf_c(out, '[');
			buf_str(out, page.items[i].name);
			if (page.items[i].prefix)
				buf_c(out, ']');
		}
		if (page.truncated) {
			struct str token = s3d_list_token(a, page.next);

			assert_int_equal(page.n, max);
			assert_true(s3d_list_token_read(a, token, &q.from));
			assert_true(str_eq(q.from, page.next));
		}
		++*pages;
	} while (page.truncated);
	arena_free(a);
}

static void pages_of_every_size_give_the_same(void **state)
{
	static const struct {
		const char *prefix, *delimiter, *after, *want;
		size_t items;
	} cases[] = {
	    {"", "", "",
	        "a a-b a/ a/1 a/2/x a/2/y a/3 a0 b//2 b/1 log/2018/11/01 log/2018/11/02 "
	        "log/2018/12/01 z \xc3\xa9 \xff\xff/1 \xff\xff/2",
	        17},
	    {"", "/", "", "a a-b [a/] a0 [b/] [log/] z \xc3\xa9 [\xff\xff/]", 9},
	    {"a/", "/", "", "a/ a/1 [a/2/] a/3", 4},
	    {"a", "/", "", "a a-b [a/] a0", 4},
	    {"log/", "/11/", "", "[log/2018/11/] log/2018/12/01", 2},
	    {"log/2018/", "/", "", "[log/2018/11/] [log/2018/12/]", 2},
	    {"b/", "/", "", "[b//] b/1", 2},
	    {"nothing", "/", "", "", 0},
	    {"a/2/x", "", "", "a/2/x", 1},
	    {"a/", "", "a/1", "a/2/x a/2/y a/3", 3},
	    {"a/", "", "0", "a/ a/1 a/2/x a/2/y a/3", 5},
	    {"a/", "", "b", "", 0},
	    {"", "", "log/2018/11/015",
	        "log/2018/11/02 log/2018/12/01 z \xc3\xa9 \xff\xff/1 \xff\xff/2", 6},
	    /* As NextMarker of a version 1 listing. */
	    {"", "/", "a/", "a0 [b/] [log/] z \xc3\xa9 [\xff\xff/]", 6},
	    {"", "/", "a-b", "[a/] a0 [b/] [log/] z \xc3\xa9 [\xff\xff/]", 7},
	    {"a/", "/", "a/2/x", "a/3", 1},
	    {"", "\xff", "\xff", "", 0},
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct s3d_list_query q = {
		    .prefix = str_z(cases[i].prefix),
		    .delimiter = str_z(cases[i].delimiter),
		    .after = str_z(cases[i].after),
		};

		for (size_t max = 1; max <= 20; max++) {
			size_t pages, least = (cases[i].items + max - 1) / max;

			list(q, max, &out, &pages);
			assert_str(buf_view(&out), cases[i].want);
			assert_int_equal(pages, least ? least : 1);
		}
	}
	buf_free(&out);
}

static void no_keys_were_asked_for(void **state)
{
	struct s3d_list_query q = {0};
	struct arena *a = arena_new();
	struct s3d_list_page page;

	(void)state;
	s3d_list_page(&q, next_key, NULL, a, &page);
	assert_int_equal(page.n, 0);
	assert_false(page.truncated);
	arena_free(a);
}

static void tokens_of_others_are_refused(void **state)
{
	static const char *const bad[] = {
	    "", "x", "AAAA", "!!!!", "Zm9v", "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/"};
	struct arena *a = arena_new();
	struct str bound;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(s3d_list_token_read(a, str_z(bad[i]), &bound));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages_of_every_size_give_the_same),
	    cmocka_unit_test(no_keys_were_asked_for),
	    cmocka_unit_test(tokens_of_others_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
