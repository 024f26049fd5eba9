/* Small objects joined on a real S3 server, our own: every record of every object is found again,
 * once, in order, and at the line that the map gives; and uploads in several parts. */
#include "tests/unit/unit.h"

#include "tests/unit/s3server.h"
#include "workers/compact.h"
#include "workers/fetch.h"
#include "workers/records.h"
#include "workers/unpack.h"

enum { MANY = 300 };

static const char *const buckets[] = {"src", "parts", NULL};

struct world {
	struct s3server server;
	struct worker w;
	struct object objects[MANY];
	struct str bodies[MANY];
	struct manifest m;
	struct err e;
};

/* The quirks of real objects, and whether they may be joined. */
static const struct {
	const char *body;
	const char *alone; /* how the reason begins; NULL: joined */
} kinds[] = {
    {"{\"id\":%d}\n", NULL},
    {"{\"id\":%d}", NULL}, /* no new line at the end */
    {"{\"id\":%d}{\"b\":2} {\"c\":3}\n\n{\"d\":4}", NULL},
    {"\n\n{\"id\":%d,\n\"text\":\n\"}{\"\n}\n\n{\n}\n\n", NULL},
    {"", NULL},
    {"\n", NULL},
    {"  ", NULL},
    {"{\"id\":%d}\r\n{\"b\":2}\r\n", NULL},
    {"[%d,[2]]\n", NULL},
    {"{\"id\":%d,\"open\":{\"x\":1}\n", "line 2: the file ends inside"},
    {"{\"id\":%d,\"text\":\"no end}\n", "line 2: the file ends inside"},
    {"{\"id\":%d} trailing {\"b\":1}\n", "line 1: bytes that are no JSON"},
    {"{\"id\":%d},{\"b\":1}\n", "line 1: bytes that are no JSON"},
    {"{}\n{\"id\":[%d}\n", "line 2: "}, /* the scanner takes it, a parser may not */
    {"{\"id\":%d}}\n", "line 1: bytes that are no JSON"},
    {"\xEF\xBB\xBF{\"id\":%d}\n", "line 1: byte order mark"},
    {"\x1F\x8B\x08 gzip %d", "the object is compressed with gzip"},
    {"PAR1 %d", "the object is Parquet"},
};

static bool go_on(void *ctx, struct err *e)
{
	bool *stop = ctx;

	return !stop || !*stop || err_set(e, ERR_CANCELLED, AT_INTERNAL, NULL, "stopped");
}

static void client(struct world *d)
{
	fetch_free(d->w.fetch);
	d->w.fetch = NULL;
	s3_close(d->w.s3);
	d->w.s3 = s3server_client(&d->server, go_on, NULL);
}

static void put(struct world *d, size_t i, struct str key, struct str body)
{
	struct s3_info info;

	if (!s3_put(d->w.s3, STR("src"), key, body, NULL, &info, &d->e))
		fail_msg("%s", d->e.msg);
	d->bodies[i] = body;
	d->objects[i] = (struct object){
	    .key = key, .etag = arena_str(d->w.life, str_z(info.etag)), .size = body.n};
}

static struct world *world_new(size_t n)
{
	struct world *d = xcalloc(1, sizeof *d);
	struct worker *w = &d->w;

	signal(SIGPIPE, SIG_IGN);
	s3server_start(&d->server, buckets);
	w->life = arena_new();
	w->task = arena_new();
	if (!config_load_text("t",
	        STR("[WAREHOUSE]\nENGINE = postgres\n[S3]\nMANIFESTS = "
	            "s3://parts/folder\n"),
	        NULL, 0, w->life, &w->config, &d->e))
		fail_msg("%s", d->e.msg);
	client(d);
	for (size_t i = 0; i < n; i++) {
		const char *form = kinds[i * 7 % COUNT(kinds)].body, *at = strstr(form, "%d");
		struct buf b;

		buf_init(&b, 4096);
		if (at)
			buf_printf(&b, "%.*s%zu%s", (int)(at - form), form, i, at + 2);
		else
			buf_z(&b, form);
		put(d, i, str_z(arena_printf(w->life, "log/%04zu \xC3\xA9.json", i)),
		    arena_str(w->life, buf_view(&b)));
		buf_free(&b);
	}
	d->m = (struct manifest){.bucket = STR("src"), .objects = d->objects, .n = n};
	return d;
}

static void world_free(struct world *d)
{
	fetch_free(d->w.fetch);
	s3_close(d->w.s3);
	arena_free(d->w.life);
	arena_free(d->w.task);
	s3server_stop(&d->server);
	free(d);
}

static void compact(struct world *d, const struct compact_opts *opts, struct compacted *c)
{
	if (!compact_objects(&d->w, &d->m, opts, c, &d->e))
		fail_msg("%s", d->e.msg);
}

static bool keep(void *ctx, const char *p, size_t n, struct err *e)
{
	(void)e;
	buf_add(ctx, p, n);
	return true;
}

/* The bytes of a part. */
static struct str part(struct world *d, const struct manifest *m, size_t i)
{
	static char room[UNPACK_PIECE];
	const struct object *o = &m->objects[i];
	struct unpack *u = unpack_new(UNPACK_GZIP);
	struct buf packed, got;
	const char *why;
	struct str out;

	buf_init(&packed, 64 << 20);
	buf_init(&got, 64 << 20);
	if (!s3_get(d->w.s3, m->bucket, o->key, o->etag, &packed, NULL, &d->e))
		fail_msg("%s", d->e.msg);
	assert_int_equal(packed.n, o->size);
	assert_int_equal(
	    unpack_feed(u, packed.p, packed.n, true, room, keep, &got, &why, &d->e), UNPACK_OK);
	out = arena_str(d->w.task, buf_view(&got));
	unpack_free(u);
	buf_free(&packed);
	buf_free(&got);
	return out;
}

/* "ADDRESS:LINE TEXT" of each record, the addresses and lines as the map gives them, where there is
 * one. */
static void print_records(struct world *d, const struct compacted *c, const char *address,
    struct str body, struct buf *out)
{
	struct records r;
	struct record rec;

	records_init(&r);
	records_feed(&r, body.p, body.n);
	records_end(&r);
	while (records_next(&r, &rec) != RECORDS_END) {
		struct str object = str_z(address);
		uint64_t line = rec.line;

		assert_null(rec.reason);
		if (c && !compact_trace(c, object, rec.line, d->w.task, &object, &line))
			fail_msg("%s:%llu is of no object", address, (unsigned long long)rec.line);
		buf_printf(out, "%.*s:%llu %.*s\n", STRF(object), (unsigned long long)line,
		    STRF(rec.text));
	}
	records_free(&r);
}

static uint64_t lines_of(struct str text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

/* All that was put is in the parts or left alone, and right. */
static void check_all(struct world *d, const struct compacted *c)
{
	struct buf want, got;
	size_t alone = 0;
	uint64_t records = 0;

	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < d->m.n; i++) {
		const struct object *o = &d->m.objects[i];
		const char *why = kinds[i * 7 % COUNT(kinds)].alone;

		if (!why) {
			print_records(d, NULL,
			    arena_printf(d->w.task, "s3://src/%.*s", STRF(o->key)), d->bodies[i],
			    &want);
			continue;
		}
		if (alone == c->alone.n || !str_eq(o->key, c->alone.objects[alone].key) ||
		    !str_starts(c->why[alone], str_z(why)))
			fail_msg("object %zu is not left alone: %s", i, why);
		assert_int_equal(c->alone.objects[alone].size, o->size);
		assert_true(str_eq(c->alone.objects[alone++].etag, o->etag));
	}
	assert_int_equal(alone, c->alone.n);
	assert_int_equal(c->objects, d->m.n - alone);
	assert_str(c->alone.bucket, "src");
	/* The maps are in the order of the objects, the manifest in that of the parts' names. */
	for (size_t k = 0; k < c->n_maps; k++)
		for (size_t i = 0; i < c->parts.n; i++)
			if (str_eq(c->maps[k].key, c->parts.objects[i].key)) {
				struct str text = part(d, &c->parts, i);

				assert_int_equal(text.n, c->maps[k].bytes);
				assert_int_equal(lines_of(text), c->maps[k].lines);
				print_records(d, c,
				    arena_printf(d->w.task, "s3://%.*s/%.*s", STRF(c->parts.bucket),
				        STRF(c->parts.objects[i].key)),
				    text, &got);
			}
	assert_string_equal(got.p, want.p);
	records = lines_of(buf_view(&want)); /* no less: some records have lines in them */
	assert_in_range(c->records, 1, records);
	for (size_t i = 1; i < c->parts.n; i++)
		assert_true(str_cmp(c->parts.objects[i - 1].key, c->parts.objects[i].key) < 0);
	buf_free(&want);
	buf_free(&got);
}

static void every_record_once(void **state)
{
	static const struct compact_opts cases[] = {
	    {.relation = {"r1", 2}},
	    {.relation = {"r2", 2}, .slices = 4, .part_bytes = 500},
	    {.relation = {"r3", 2}, .slices = 1, .part_bytes = 1},
	    {.relation = {"r4", 2}, .slices = 3, .part_bytes = 100},
	};
	struct world *d = world_new(MANY);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct compacted c, again;
		struct s3_stats before;

		compact(d, &cases[i], &c);
		check_all(d, &c);
		assert_int_equal(c.reused, 0);
		if (i == 0)
			assert_int_equal(c.parts.n, 1);
		if (i == 1)
			assert_int_equal(c.parts.n % 4, 0);

		/* Once more: the same, from the maps alone. */
		before = s3_stats(d->w.s3);
		compact(d, &cases[i], &again);
		assert_int_equal(again.reused, again.n_maps);
		assert_true(s3_stats(d->w.s3).requests - before.requests <= 2 * c.n_maps);
		assert_int_equal(again.parts.n, c.parts.n);
		for (size_t k = 0; k < c.parts.n; k++) {
			assert_true(str_eq(again.parts.objects[k].key, c.parts.objects[k].key));
			assert_true(str_eq(again.parts.objects[k].etag, c.parts.objects[k].etag));
		}
		check_all(d, &again);
		assert_int_equal(again.records, c.records);
	}
	world_free(d);
}

/* Bytes arrive in another order, some after a failure: the parts are the same. */
static void faults_change_nothing(void **state)
{
	static const char *const faults[] = {"503:10%", "get:cut:20%", "reset:10%"};
	struct world *d = world_new(120);
	struct compact_opts o = {.relation = STR("r"), .slices = 2, .part_bytes = 900};
	struct compacted first;

	(void)state;
	compact(d, &o, &first);
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct compacted c;

		if (!compact_remove(&d->w, &first, true, &d->e))
			fail_msg("%s", d->e.msg);
		s3server_kill(&d->server);
		s3server_run(&d->server, faults[i]);
		client(d);
		d->w.config.load.attempts = 12;
		compact(d, &o, &c);
		assert_int_equal(c.reused, 0);
		check_all(d, &c);
		assert_int_equal(c.parts.n, first.parts.n);
		for (size_t k = 0; k < c.parts.n; k++) {
			assert_true(str_eq(c.parts.objects[k].key, first.parts.objects[k].key));
			assert_int_equal(c.parts.objects[k].size, first.parts.objects[k].size);
		}
		s3server_kill(&d->server);
		s3server_run(&d->server, NULL);
		client(d);
	}
	world_free(d);
}

/* What lies at a part's place and is not what the map says, or has no map, is made again. */
static void damaged_parts_are_made_again(void **state)
{
	struct world *d = world_new(40);
	struct compact_opts o = {.relation = STR("r")};
	struct compacted c, again;
	struct str bucket, key, map;
	struct s3_info info;

	(void)state;
	compact(d, &o, &c);
	assert_int_equal(c.parts.n, 1);
	bucket = c.parts.bucket;
	key = c.parts.objects[0].key;
	assert_true(str_starts(key, STR("folder/parts/r/")));
	map = str_z(arena_printf(d->w.task, "%.*s.map", (int)(key.n - strlen(".json.gz")), key.p));
	assert_true(s3_head(d->w.s3, bucket, map, NULL, &d->e));

	assert_true(s3_put(d->w.s3, bucket, key, STR("other"), NULL, NULL, &d->e));
	compact(d, &o, &again);
	assert_int_equal(again.reused, 0);
	check_all(d, &again);

	assert_true(s3_put(d->w.s3, bucket, map, STR("{\"part\":"), NULL, NULL, &d->e));
	compact(d, &o, &again);
	assert_int_equal(again.reused, 0);
	compact(d, &o, &again);
	assert_int_equal(again.reused, 1);

	assert_true(s3_delete(d->w.s3, bucket, key, &d->e));
	compact(d, &o, &again);
	assert_int_equal(again.reused, 0);
	check_all(d, &again);

	/* Nothing of it is left, also where it is done twice. */
	for (int i = 0; i < 2; i++)
		if (!compact_remove(&d->w, &again, true, &d->e))
			fail_msg("%s", d->e.msg);
	assert_false(s3_head(d->w.s3, bucket, key, &info, &d->e));
	assert_string_equal(d->e.code, "NoSuchKey");
	assert_false(s3_head(d->w.s3, bucket, map, &info, &d->e));
	world_free(d);
}

/* What an earlier try has left is found without reading an object, and is not everybody's to
 * remove.
 */
static void parts_of_an_earlier_try(void **state)
{
	struct world *d = world_new(120);
	struct compact_opts o = {.relation = STR("r"), .slices = 2, .part_bytes = 900};
	struct compacted c, found;
	bool whole;

	(void)state;
	if (!compact_find(&d->w, &d->m, &o, &found, &whole, &d->e))
		fail_msg("%s", d->e.msg);
	assert_false(whole);
	assert_int_equal(found.parts.n, 0);
	compact(d, &o, &c);
	assert_true(c.parts.n > 1);
	if (!compact_find(&d->w, &d->m, &o, &found, &whole, &d->e))
		fail_msg("%s", d->e.msg);
	assert_true(whole);
	assert_int_equal(found.reused, found.n_maps);
	assert_int_equal(found.alone.n, c.alone.n);
	check_all(d, &found);

	if (!compact_remove(&d->w, &found, false, &d->e))
		fail_msg("%s", d->e.msg);
	assert_true(compact_find(&d->w, &d->m, &o, &found, &whole, &d->e) && whole);
	assert_true(s3_delete(d->w.s3, c.parts.bucket, c.parts.objects[0].key, &d->e));
	assert_true(compact_find(&d->w, &d->m, &o, &found, &whole, &d->e));
	assert_false(whole);
	if (!compact_remove(&d->w, &found, true, &d->e))
		fail_msg("%s", d->e.msg);
	for (size_t i = 0; i < c.parts.n; i++)
		assert_false(s3_head(d->w.s3, c.parts.bucket, c.parts.objects[i].key, NULL, &d->e));
	world_free(d);
}

static void what_is_not_joined(void **state)
{
	struct world *d = world_new(0);
	struct compact_opts o = {.relation = STR("r")};
	char *large = arena_alloc(d->w.life, COMPACT_OBJECT_MAX + 1);
	struct compacted c;

	(void)state;
	memset(large, ' ', COMPACT_OBJECT_MAX + 1);
	memcpy(large, "{}", 2);

	compact(d, &o, &c); /* no objects at all */
	assert_int_equal(c.parts.n + c.alone.n + c.n_maps, 0);

	put(d, 0, STR("a"), (struct str){large, COMPACT_OBJECT_MAX + 1});
	put(d, 1, STR("b"), (struct str){large, COMPACT_OBJECT_MAX});
	put(d, 2, STR("c"), STR("{}"));
	put(d, 3, STR("d"), STR("{"));
	d->objects[2].etag = STR("");
	d->m.objects = d->objects;
	d->m.n = 4;
	compact(d, &o, &c);
	assert_int_equal(c.objects, 1);
	assert_int_equal(c.parts.n, 1);
	assert_int_equal(c.bytes, COMPACT_OBJECT_MAX + 1);
	assert_int_equal(c.alone.n, 3);
	assert_str(c.alone.objects[0].key, "a");
	assert_str(c.why[0], "large");
	assert_str(c.alone.objects[1].key, "c");
	assert_str(c.why[1], "the server gave no ETag for it");
	assert_str(c.alone.objects[2].key, "d");

	/* Nothing to join: no part, but a map that says so, and is found. */
	d->m.objects = d->objects + 3;
	d->m.n = 1;
	for (uint64_t times = 0; times < 2; times++) {
		compact(d, &o, &c);
		assert_int_equal(c.parts.n, 0);
		assert_int_equal(c.alone.n, 1);
		assert_int_equal(c.reused, times);
	}

	/* A changed object is what it is for every engine. */
	d->m.objects = d->objects + 1;
	d->m.n = 1;
	put(d, 0, STR("b"), STR("{\"now\":1}"));
	assert_false(compact_objects(&d->w, &d->m, &o, &c, &d->e));
	assert_int_equal(d->e.kind, ERR_CHANGED);

	d->w.config.s3.manifests = NULL;
	assert_false(compact_objects(&d->w, &d->m, &o, &c, &d->e));
	assert_int_equal(d->e.kind, ERR_SETUP);
	assert_non_null(strstr(d->e.msg, "[S3] MANIFESTS"));
	world_free(d);
}

/* ---- uploads ---- */

static char *noise(size_t n)
{
	char *p = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 2654435761u >> 11);
	return p;
}

/* Parts of uploads on the server's disk. An upload that was begun twice, because the first answer
 * was lost, leaves a name that nobody knows, but no part. */
static int left_behind;
static int count_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	left_behind += type == FTW_F && strstr(path, "/uploads/") &&
	               !str_ends(str_z(path), STR("/key"));
	return 0;
}

static int files_of_uploads(const struct world *d)
{
	left_behind = 0;
	nftw(d->server.root, count_file, 16, FTW_PHYS);
	return left_behind;
}

static void upload(struct world *d, const char *p, size_t n, size_t piece, struct s3_info *info)
{
	struct s3_upload *u = s3_upload_new(d->w.s3, STR("parts"), STR("up/\xC3\xA9 1"), NULL);

	for (size_t at = 0; at < n; at += piece)
		if (!s3_upload_bytes(u, p + at, n - at < piece ? n - at : piece, &d->e))
			fail_msg("%s", d->e.msg);
	if (!s3_upload_end(u, info, &d->e))
		fail_msg("%s", d->e.msg);
	s3_upload_free(u);
}

static void uploads(void **state)
{
	static const struct {
		size_t n, piece;
		const char *ends; /* the ETag; NULL: an ordinary one */
	} cases[] = {
	    {0, 1, NULL},
	    {1, 1, NULL},
	    {S3_PART, 1 << 20, NULL},
	    {S3_PART + 1, 100000, "-2"},
	    {2 * S3_PART, 2 * S3_PART, "-2"},
	    {2 * S3_PART + 5, S3_PART, "-3"},
	};
	static const char *const faults[] = {
	    NULL, "post:error200:40%", "503:30%", "put:reset:30%", "post:cut:40%"};
	struct world *d = world_new(0);
	char *p = noise(3 * S3_PART);

	(void)state;
	for (size_t f = 0; f < COUNT(faults); f++) {
		s3server_kill(&d->server);
		s3server_run(&d->server, faults[f]);
		client(d);
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct s3_info info, there;
			struct buf got;
			struct str ends = str_z(cases[i].ends ? cases[i].ends : "");

			upload(d, p, cases[i].n, cases[i].piece, &info);
			buf_init(&got, 32 << 20);
			if (!s3_get(d->w.s3, STR("parts"), STR("up/\xC3\xA9 1"), STR(""), &got,
			        &there, &d->e))
				fail_msg("%s", d->e.msg);
			assert_int_equal(got.n, cases[i].n);
			assert_memory_equal(got.p ? got.p : "", p, got.n);
			assert_int_equal(info.size, cases[i].n);
			assert_string_equal(info.etag, there.etag);
			if (!str_ends(str_z(info.etag), ends) ||
			    (!cases[i].ends && strchr(info.etag, '-')))
				fail_msg("case %zu: %s", i, info.etag);
			buf_free(&got);
		}
		assert_int_equal(files_of_uploads(d), 0);
	}
	free(p);
	world_free(d);
}

static void uploads_that_are_given_up(void **state)
{
	struct world *d = world_new(0);
	char *p = noise(S3_PART + 1);
	struct s3_upload *u;
	bool stop = false;

	(void)state;
	s3_close(d->w.s3);
	d->w.s3 = s3server_client(&d->server, go_on, &stop);
	for (int stopped = 0; stopped < 2; stopped++) {
		stop = false;
		u = s3_upload_new(d->w.s3, STR("parts"), STR("k"), "text/plain");
		assert_true(s3_upload_bytes(u, p, S3_PART + 1, &d->e));
		assert_true(files_of_uploads(d) > 0);
		stop = stopped;
		s3_upload_free(u);
		assert_int_equal(files_of_uploads(d), 0);
		stop = false;
		assert_false(s3_head(d->w.s3, STR("parts"), STR("k"), NULL, &d->e));
	}

	/* A part is refused for good. */
	u = s3_upload_new(d->w.s3, STR("none"), STR("k"), NULL);
	assert_false(s3_upload_bytes(u, p, S3_PART + 1, &d->e));
	assert_string_equal(d->e.code, "NoSuchBucket");
	s3_upload_free(u);
	s3_upload_free(NULL);
	free(p);
	world_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_record_once),
	    cmocka_unit_test(faults_change_nothing),
	    cmocka_unit_test(damaged_parts_are_made_again),
	    cmocka_unit_test(parts_of_an_earlier_try),
	    cmocka_unit_test(what_is_not_joined),
	    cmocka_unit_test(uploads),
	    cmocka_unit_test(uploads_that_are_given_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("compact_s3", tests, NULL, NULL);
}
