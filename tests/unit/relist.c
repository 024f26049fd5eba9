/* The keys of a shard listed again, on a real S3 server, our own: whatever changed or went is
 * found, what stands beside is not looked at, and as few pages are asked for as there can be. */
#include "tests/unit/unit.h"

#include "tests/unit/s3server.h"
#include "workers/relist.h"

enum { MANY = 2500 }; /* pages of 1000 */

static const char *const buckets[] = {"src", NULL};

struct world {
	struct s3server server;
	struct worker w;
	struct object objects[MANY];
	struct manifest m;
	struct err e;
};

static bool go_on(struct worker *w, struct err *e)
{
	(void)w;
	(void)e;
	return true;
}

static void put(struct world *d, const char *key, const char *text)
{
	if (!s3_put(d->w.s3, STR("src"), str_z(key), str_z(text), NULL, NULL, &d->e))
		fail_msg("%s", d->e.msg);
}

static const char *key_of(struct world *d, size_t i)
{
	/* Some before and some behind the three bytes of "€". */
	return arena_printf(d->w.life, "log/%04zu %s.json", i, i % 3 ? "\xE2\x82\xAC" : "z");
}

static int setup(void **state)
{
	struct world *d = xcalloc(1, sizeof *d);
	struct s3_list req = {.bucket = STR("src"), .prefix = STR("log/")};
	struct s3_page page;

	signal(SIGPIPE, SIG_IGN);
	s3server_start(&d->server, buckets);
	d->w.life = arena_new();
	d->w.task = arena_new();
	d->w.tick = go_on;
	d->w.s3 = s3server_client(&d->server, NULL, NULL);
	for (size_t i = 0; i < MANY; i++)
		put(d, key_of(d, i), "{}");
	do {
		if (!s3_list(d->w.s3, &req, &page, d->w.life, &d->e))
			fail_msg("%s", d->e.msg);
		for (size_t i = 0; i < page.n_objects; i++)
			d->objects[d->m.n++] = (struct object){.key = page.objects[i].key,
			    .etag = page.objects[i].etag,
			    .size = page.objects[i].size};
		req.token = page.next_token;
	} while (page.truncated);
	assert_int_equal(d->m.n, MANY);
	d->m.bucket = STR("src");
	d->m.objects = d->objects;
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct world *d = *state;

	s3_close(d->w.s3);
	arena_free(d->w.life);
	arena_free(d->w.task);
	s3server_stop(&d->server);
	free(d);
	return 0;
}

/* Every step-th object from `from` on, n of them, is as it was; by so many requests. */
static void same(struct world *d, size_t from, size_t step, size_t n, uint64_t requests)
{
	struct object *some = arena_alloc(d->w.life, n * sizeof *some);
	struct manifest m = {.bucket = d->m.bucket, .objects = some, .n = n};
	uint64_t before = s3_stats(d->w.s3).requests;

	for (size_t i = 0; i < n; i++)
		some[i] = d->objects[from + i * step];
	if (!relist_check(&d->w, &m, &d->e))
		fail_msg("%s", d->e.msg);
	assert_int_equal(s3_stats(d->w.s3).requests - before, requests);
}

static void nothing_has_changed(void **state)
{
	struct world *d = *state;

	same(d, 0, 1, MANY, 3);
	same(d, 0, 1, 1, 1);
	same(d, MANY - 1, 1, 1, 1);
	same(d, 0, 1, 1000, 1);
	same(d, 700, 1, 1001, 2);
	same(d, 1, 2, 1200, 3);
	/* Far apart: what lies between them is left out. */
	same(d, 0, MANY - 1, 2, 2);
	same(d, 5, 1200, 3, 3);
	put(d, "log/0000 beside.json", "{}");
	put(d, "log/9", "{}");
	same(d, 0, 1, MANY, 3);
	if (!s3_delete(d->w.s3, STR("src"), STR("log/0000 beside.json"), &d->e) ||
	    !s3_delete(d->w.s3, STR("src"), STR("log/9"), &d->e))
		fail_msg("%s", d->e.msg);
}

static const size_t places[] = {0, 1, 998, 999, 1000, 1001, 1999, 2000, MANY - 2, MANY - 1};

static void finds(struct world *d, size_t i, const char *code, const char *what)
{
	assert_false(relist_check(&d->w, &d->m, &d->e));
	assert_int_equal(d->e.kind, ERR_CHANGED);
	assert_string_equal(d->e.code, code);
	assert_non_null(strstr(d->e.msg, key_of(d, i)));
	assert_non_null(strstr(d->e.msg, what));
}

static void a_change_is_found(void **state)
{
	struct world *d = *state;

	for (size_t k = 0; k < COUNT(places); k++) {
		put(d, key_of(d, places[k]), "[]"); /* as long as before */
		finds(d, places[k], "PreconditionFailed", "has changed since it was listed");
		put(d, key_of(d, places[k]), "{} ");
		finds(d, places[k], "PreconditionFailed", "has changed since it was listed");
		put(d, key_of(d, places[k]), "{}");
		same(d, 0, 1, MANY, 3);
	}
}

static void what_is_gone_is_found(void **state)
{
	struct world *d = *state;

	for (size_t k = 0; k < COUNT(places); k++) {
		if (!s3_delete(d->w.s3, STR("src"), str_z(key_of(d, places[k])), &d->e))
			fail_msg("%s", d->e.msg);
		finds(d, places[k], "NoSuchKey", "is gone since it was listed");
		put(d, key_of(d, places[k]), "{}");
		same(d, 0, 1, MANY, 3);
	}
}

/* A shard of which all was joined has no object left that COPY itself has read. */
static void nothing_is_not_listed(void **state)
{
	struct world *d = *state;
	struct object *none = xmalloc(1); /* so that the sanitizer sees what is read beyond */
	struct manifest m = {.bucket = d->m.bucket, .objects = none};
	uint64_t before = s3_stats(d->w.s3).requests;

	assert_true(relist_check(&d->w, &m, &d->e));
	assert_int_equal(s3_stats(d->w.s3).requests, before);
	free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_has_changed),
	    cmocka_unit_test(nothing_is_not_listed),
	    cmocka_unit_test(a_change_is_found),
	    cmocka_unit_test(what_is_gone_is_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("relist", tests, setup, teardown);
}
