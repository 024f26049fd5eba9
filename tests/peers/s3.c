/*
 * s3.c - our S3 client as a command, so that it can be held against servers that are not ours.
 *
 *     s3 list BUCKET [PREFIX [DELIMITER [MAX_KEYS]]]   a line of JSON an object or prefix
 *     s3 read BUCKET [PREFIX]   lists, gets all in parallel; a line of JSON each: key, sha256
 *     s3 load BUCKET            puts what the lines of JSON of stdin say: {"key": ..., "body": ...}
 *     s3 put BUCKET KEY         the body is stdin
 *     s3 get BUCKET KEY
 *     s3 head BUCKET KEY
 *     s3 delete BUCKET KEY
 *     s3 find BUCKET            its region; nothing where there is none
 *     s3 make BUCKET            "made" or "had"
 *     s3 tag BUCKET KEY VALUE   one tag in place of all
 *     s3 tags BUCKET            a line of JSON each
 *     s3 block BUCKET           no public access
 *     s3 empty BUCKET           how many objects were deleted
 *     s3 drop BUCKET
 *
 * Key, region and server come from the environment, as for dwh. An error is one line of stderr,
 * "KIND WHERE CODE: MESSAGE", and exit code 1. With S3_STATS set, "requests N, retries N" follows.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/connect.h"
#include "shared/s3_bucket.h"
#include "shared/sigv4.h"
#include "workers/fetch.h"

enum { BODY_MAX = 64 << 20, LINE_MAX = 64 << 10, CONNECTIONS = 8, MEMORY = 1 << 20 };

/* {"NAME": VALUE, MORE} */
static void print(const char *name, struct str value, const char *more)
{
	struct buf b;

	buf_init(&b, LINE_MAX);
	buf_json(&b, value);
	printf("{\"%s\":%s%s%s}\n", name, b.p, *more ? "," : "", more);
	buf_free(&b);
}

struct listing {
	struct fetch_object *objects;
	size_t n;
};

static bool list_all(struct s3 *s, struct s3_list req, bool show, struct arena *a,
    struct listing *out, struct err *e)
{
	struct s3_page page;
	size_t cap = 0;

	do {
		if (!s3_list(s, &req, &page, a, e))
			return false;
		for (size_t i = 0; i < page.n_objects; i++) {
			const struct s3_object *o = &page.objects[i];

			out->objects = arena_grow(
			    a, out->objects, out->n, &cap, sizeof *out->objects);
			out->objects[out->n++] = (struct fetch_object){
			    req.bucket, o->key, o->etag, o->size};
			if (show)
				print("key", o->key,
				    arena_printf(a, "\"size\":%llu,\"etag\":\"%.*s\"",
				        (unsigned long long)o->size, STRF(o->etag)));
		}
		for (size_t i = 0; show && i < page.n_prefixes; i++)
			print("prefix", page.prefixes[i], "");
		req.token = page.next_token;
	} while (page.truncated);
	return true;
}

struct reading {
	struct listing from;
	struct buf *bodies;
	struct arena *a;
};

static bool on_bytes(
    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e)
{
	struct reading *r = ctx;
	struct buf *body = &r->bodies[i];
	char hash[65];

	buf_add(body, p, n);
	*held = body->n;
	if (body->over)
		return err_set(e, ERR_TASK, AT_DATA, NULL, "too large for this program");
	if (last) {
		sigv4_sha256_hex(buf_view(body), hash);
		print("key", r->from.objects[i].key, arena_printf(r->a, "\"sha256\":\"%s\"", hash));
		buf_free(body);
	}
	return true;
}

static bool read_all(struct s3 *s, struct s3_list req, struct arena *a, struct err *e)
{
	struct reading r = {.a = a};
	struct fetch_opts opts = {.connections = CONNECTIONS, .memory = MEMORY};
	struct fetch_sink sink = {.ctx = &r, .bytes = on_bytes};
	struct fetch_stats stats;
	struct fetch *f;
	size_t failed;
	bool ok;

	if (!list_all(s, req, false, a, &r.from, e))
		return false;
	r.bodies = xcalloc(r.from.n + 1, sizeof *r.bodies);
	for (size_t i = 0; i < r.from.n; i++)
		buf_init(&r.bodies[i], BODY_MAX);
	f = fetch_new(s);
	ok = fetch_all(f, r.from.objects, r.from.n, &opts, &sink, &stats, &failed, e);
	fetch_free(f);
	for (size_t i = 0; i < r.from.n; i++)
		buf_free(&r.bodies[i]);
	free(r.bodies);
	return ok;
}

static bool load(struct s3 *s, struct str bucket, struct err *e)
{
	bool ok = true;
	json_t *line;

	while (ok && (line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL))) {
		const char *key = json_string_value(json_object_get(line, "key"));
		const char *body = json_string_value(json_object_get(line, "body"));

		ok = key && body
		         ? s3_put(s, bucket, str_z(key), str_z(body), NULL, NULL, e)
		         : err_set(e, ERR_DATA, AT_DATA, NULL, "a line without key or body");
		json_decref(line);
	}
	return ok && (feof(stdin) || err_set(e, ERR_DATA, AT_DATA, NULL, "not JSON"));
}

static bool put(struct s3 *s, struct str bucket, struct str key, struct err *e)
{
	struct buf body;
	char *room;
	size_t n;
	bool ok;

	buf_init(&body, BODY_MAX);
	while ((room = buf_room(&body, 65536)) && (n = fread(room, 1, 65536, stdin)) > 0)
		body.n += n;
	ok = s3_put(s, bucket, key, buf_view(&body), "text/plain", NULL, e);
	buf_free(&body);
	return ok;
}

static bool get(struct s3 *s, struct str bucket, struct str key, struct err *e)
{
	struct buf body;
	bool ok;

	buf_init(&body, BODY_MAX);
	ok = s3_get(s, bucket, key, STR(""), &body, NULL, e);
	if (ok && body.n)
		fwrite(body.p, 1, body.n, stdout);
	buf_free(&body);
	return ok;
}

static bool head(struct s3 *s, struct str bucket, struct str key, struct arena *a, struct err *e)
{
	struct s3_info info;

	if (!s3_head(s, bucket, key, &info, e))
		return false;
	print("key", key,
	    arena_printf(
	        a, "\"size\":%llu,\"etag\":\"%s\"", (unsigned long long)info.size, info.etag));
	return true;
}

static bool show_tags(struct s3 *s, struct str bucket, struct arena *a, struct err *e)
{
	struct s3_tag *tags;
	struct buf b;
	size_t n;

	if (!s3_bucket_tags(s, bucket, a, &tags, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		buf_init(&b, LINE_MAX);
		buf_z(&b, "\"value\":");
		buf_json(&b, tags[i].value);
		print("key", tags[i].key, b.p);
		buf_free(&b);
	}
	return true;
}

/* *known: it is one of these. */
static bool run_bucket(
    struct s3 *s, char **arg, struct str bucket, struct arena *a, bool *known, struct err *e)
{
	struct str verb = str_z(arg[0]);
	bool yes;
	uint64_t n;

	*known = true;
	if (str_eqz(verb, "find")) {
		if (!s3_bucket_find(s, bucket, &yes, e))
			return false;
		if (yes)
			printf("%.*s\n", STRF(s3_bucket_region(s, bucket)));
		return true;
	}
	if (str_eqz(verb, "make"))
		return s3_bucket_create(s, bucket, &yes, e) && puts(yes ? "made" : "had") >= 0;
	if (str_eqz(verb, "tag") && arg[2] && arg[3])
		return s3_bucket_tag(
		    s, bucket, &(struct s3_tag){str_z(arg[2]), str_z(arg[3])}, 1, e);
	if (str_eqz(verb, "tags"))
		return show_tags(s, bucket, a, e);
	if (str_eqz(verb, "block"))
		return s3_bucket_block_public(s, bucket, e);
	if (str_eqz(verb, "empty"))
		return s3_bucket_empty(s, bucket, &n, e) &&
		       printf("%llu\n", (unsigned long long)n) > 0;
	if (str_eqz(verb, "drop"))
		return s3_bucket_delete(s, bucket, e);
	*known = false;
	return false;
}

static bool run(struct s3 *s, char **arg, struct arena *a, struct err *e)
{
	struct str verb = str_z(arg[0]), bucket = str_z(arg[1]);
	struct str key = str_z(arg[2] ? arg[2] : "");
	struct s3_list req = {.bucket = bucket, .prefix = key};
	struct listing all = {.n = 0};
	bool known, ok = run_bucket(s, arg, bucket, a, &known, e);

	if (known)
		return ok;
	if (arg[2] && arg[3]) {
		req.delimiter = str_z(arg[3]);
		req.max_keys = arg[4] ? (int)strtol(arg[4], NULL, 10) : 0;
	}
	if (str_eqz(verb, "list"))
		return list_all(s, req, true, a, &all, e);
	if (str_eqz(verb, "read"))
		return read_all(s, req, a, e);
	if (str_eqz(verb, "load"))
		return load(s, bucket, e);
	if (str_eqz(verb, "put"))
		return put(s, bucket, key, e);
	if (str_eqz(verb, "get"))
		return get(s, bucket, key, e);
	if (str_eqz(verb, "head"))
		return head(s, bucket, key, a, e);
	if (str_eqz(verb, "delete"))
		return s3_delete(s, bucket, key, e);
	return err_set(e, ERR_SETUP, AT_USAGE, NULL, "no such verb: %.*s", STRF(verb));
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct s3 *s = NULL;
	struct config c;
	struct err e;
	bool ok;

	if (argc < 3 || argc > 6) {
		fputs("usage: s3 VERB BUCKET [KEY]...\n", stderr);
		return 2;
	}
	ok = config_load_text(
	         "none", STR("[WAREHOUSE]\nENGINE = postgres\n"), NULL, 0, a, &c, &e) &&
	     connect_s3(&c, a, NULL, NULL, &s, &e) && run(s, argv + 1, a, &e);
	if (!ok)
		fprintf(stderr, "%s %s %s: %s\n", err_kind_name(e.kind), err_where_name(e.where),
		    e.code, e.msg);
	if (s && getenv("S3_STATS"))
		fprintf(stderr, "requests %llu, retries %llu\n",
		    (unsigned long long)s3_stats(s).requests,
		    (unsigned long long)s3_stats(s).retries);
	s3_close(s);
	arena_free(a);
	return !ok;
}
