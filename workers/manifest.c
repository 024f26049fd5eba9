/* manifest.c - see manifest.h. */
#include "workers/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/connect.h"
#include "shared/file.h"
#include "shared/jsonscan.h"
#include "shared/sigv4.h"
#include "shared/utf8.h"
#include "workers/rejects.h"

/* Two million entries of a long key each. */
enum { MANIFEST_MAX = 1 << 30 };

int manifest_by_key(const void *a, const void *b)
{
	return str_cmp(((const struct object *)a)->key, ((const struct object *)b)->key);
}

void manifest_range(const struct manifest *m, struct str *prefix, struct str *after)
{
	struct str first = m->objects[0].key;

	*prefix = str_common(first, m->objects[m->n - 1].key);
	while (utf8_bad(*prefix) < prefix->n)
		prefix->n--;
	*after = utf8_before(first);
}

static void print_why(const struct bad_record *b, struct buf *out)
{
	buf_printf(out, ",\"line\":%llu,\"column\":", (unsigned long long)b->line);
	buf_json(out, b->column);
	buf_z(out, ",\"value\":");
	buf_json(out, b->value);
	buf_printf(out, ",\"code\":%d,\"reason\":", b->code);
	buf_json(out, b->reason);
}

void manifest_print(const struct manifest *m, struct buf *out)
{
	struct buf url;

	buf_init(&url, 16 << 10);
	buf_z(out, "{\"entries\":[");
	for (size_t i = 0; i < m->n; i++) {
		const struct object *o = &m->objects[i];

		buf_reset(&url);
		buf_printf(&url, "s3://%.*s/", STRF(m->bucket));
		buf_str(&url, o->key);
		buf_z(out, i ? ",\n{\"url\":" : "\n{\"url\":");
		buf_json(out, buf_view(&url));
		buf_printf(out, ",\"mandatory\":true,\"meta\":{\"content_length\":%llu,\"etag\":",
		    (unsigned long long)o->size);
		buf_json(out, o->etag);
		if (m->why)
			print_why(&m->why[i], out);
		buf_z(out, "}}");
	}
	buf_z(out, "\n]}\n");
	buf_free(&url);
}

/* ---- reading ---- */

static bool damaged(const struct jsonscan *s, struct str bytes, struct err *e)
{
	return err_set(e, ERR_SETUP, AT_S3, "Manifest", "not a manifest: %s at byte %zu",
	    s->why ? s->why : "unexpected shape", (size_t)(s->p - bytes.p));
}

static struct str text_of(const struct jsonscan_value *v, struct arena *a)
{
	char *to = arena_alloc(a, v->text.n + 1);

	if (!(v->flags & JS_ESCAPED))
		return arena_str(a, v->text);
	return (struct str){to, jsonscan_unescape(v->text, to, NULL)};
}

static bool read_meta(struct jsonscan *s, struct object *o, struct arena *a)
{
	struct jsonscan_value key, v;
	bool first = true;
	int64_t n;

	if (!jsonscan_open(s, '{'))
		return false;
	while (jsonscan_member(s, &key, &first)) {
		if (!jsonscan_value(s, &v))
			return false;
		if (jsonscan_is(&key, STR("content_length")) && str_to_i64(v.text, &n) && n >= 0)
			o->size = (uint64_t)n;
		else if (jsonscan_is(&key, STR("etag")) && v.type == JS_STRING)
			o->etag = text_of(&v, a);
	}
	return !s->why;
}

static bool read_entry(struct jsonscan *s, struct str *url, struct object *o, struct arena *a)
{
	struct jsonscan_value key, v;
	bool first = true;

	*o = (struct object){.optional = true};
	*url = STR("");
	if (!jsonscan_open(s, '{'))
		return false;
	while (jsonscan_member(s, &key, &first)) {
		if (jsonscan_is(&key, STR("meta"))) {
			if (!read_meta(s, o, a))
				return false;
			continue;
		}
		if (!jsonscan_value(s, &v))
			return false;
		if (jsonscan_is(&key, STR("url")) && v.type == JS_STRING)
			*url = text_of(&v, a);
		else if (jsonscan_is(&key, STR("mandatory")))
			o->optional = v.type != JS_TRUE;
	}
	return !s->why;
}

static bool add_entry(struct manifest *m, size_t *cap, struct str url, struct object o,
    struct arena *a, struct err *e)
{
	struct str bucket;

	if (!s3_url_parse(url, &bucket, &o.key, e))
		return err_prefix(e, "manifest entry %zu", m->n + 1);
	if (m->n == 0)
		m->bucket = bucket;
	else if (!str_eq(bucket, m->bucket))
		return err_set(e, ERR_SETUP, AT_S3, "Manifest",
		    "manifest entry %zu: bucket %.*s, after %.*s: one shard is of one bucket",
		    m->n + 1, STRF(bucket), STRF(m->bucket));
	m->objects = arena_grow(a, m->objects, m->n, cap, sizeof *m->objects);
	m->objects[m->n++] = o;
	return true;
}

bool manifest_parse(struct str bytes, struct arena *a, struct manifest *out, struct err *e)
{
	struct jsonscan s = jsonscan_init(bytes);
	struct jsonscan_value key, ignored;
	bool first = true, seen = false;
	size_t cap = 0;

	*out = (struct manifest){.n = 0};
	if (!jsonscan_open(&s, '{'))
		return damaged(&s, bytes, e);
	while (jsonscan_member(&s, &key, &first)) {
		bool first_entry = true;

		if (!jsonscan_is(&key, STR("entries"))) {
			if (!jsonscan_value(&s, &ignored))
				return damaged(&s, bytes, e);
			continue;
		}
		if (!jsonscan_open(&s, '['))
			return damaged(&s, bytes, e);
		while (jsonscan_element(&s, &first_entry)) {
			struct object o;
			struct str url;

			if (!read_entry(&s, &url, &o, a))
				return damaged(&s, bytes, e);
			if (!add_entry(out, &cap, url, o, a, e))
				return false;
		}
		seen = !s.why;
	}
	return (!s.why && seen && jsonscan_end(&s)) || damaged(&s, bytes, e);
}

/* ---- where it lies ---- */

static const char *folder(struct worker *w, bool passing)
{
	const char *dir = config_path(&w->config, w->task, w->config.local.dir);

	if (passing)
		return arena_printf(w->task, "%s/runs/%.*s/manifests", dir, STRF(w->run));
	return arena_printf(w->task, "%s/manifests", dir);
}

static bool write_file(struct worker *w, const char *dir, struct str name, struct str bytes,
    struct str *address, struct err *e)
{
	const char *path = arena_printf(w->task, "%s/%.*s", dir, STRF(name));

	if (!file_folder(dir, 0777, AT_CONFIG, e))
		return false;
	if (!file_replace(path, bytes))
		return err_errno(e, ERR_SETUP, AT_CONFIG, "cannot write the manifest %s", path);
	*address = str_z(arena_printf(w->task, "file://%s", path));
	return true;
}

bool manifest_place(struct worker *w, const char *base, const char *name, struct str *bucket,
    struct str *key, struct err *e)
{
	if (!s3_url_parse(str_z(base), bucket, key, e) || !worker_s3(w, e))
		return false;
	*key = str_z(arena_printf(w->task, "%.*s%s%s", STRF(*key),
	    key->n == 0 || str_ends(*key, STR("/")) ? "" : "/", name));
	return true;
}

bool manifest_probe(struct worker *w, struct str source, struct err *e)
{
	const char *base = connect_manifests(&w->config);
	struct str bucket, key, none = STR("");
	struct err ignored;
	struct buf b;
	bool ok;

	if (!base)
		return true;
	/* Not the name of a manifest: nobody takes it for one. Of this run and source alone. */
	buf_init(&b, 64);
	ok = manifest_place(w, base,
	         arena_printf(w->task, "probe.%.*s.%.*s", STRF(w->run), STRF(source)), &bucket,
	         &key, e) &&
	     s3_put(w->s3, bucket, key, STR("{}\n"), "application/json", NULL, e) &&
	     s3_get(w->s3, bucket, key, none, &b, NULL, e);
	buf_free(&b);
	if (!ok)
		return err_prefix(e, "[S3] MANIFESTS");
	s3_delete(w->s3, bucket, key, &ignored); /* who may not delete leaves it */
	return true;
}

bool manifest_write(struct worker *w, struct str relation, const struct manifest *m, bool passing,
    char digest[33], struct str *address, struct err *e)
{
	const char *base = passing ? NULL : connect_manifests(&w->config);
	const char *kind = m->why ? "quarantine" : "manifest";
	struct str bucket, key;
	char hex[65];
	struct buf b;
	bool ok;

	buf_init(&b, MANIFEST_MAX);
	manifest_print(m, &b);
	sigv4_sha256_hex(buf_view(&b), hex);
	memcpy(digest, hex, 32);
	digest[32] = '\0';
	if (b.over)
		ok = err_set(
		    e, ERR_TASK, AT_S3, "Manifest", "a manifest of %zu objects is too large", m->n);
	else if (!base)
		ok = write_file(w, folder(w, passing),
		    str_z(arena_printf(w->task, "%s.%s", digest, kind)), buf_view(&b), address, e);
	else {
		ok = manifest_place(w, base,
		         arena_printf(w->task, "%.*s/%s.%s", STRF(relation), digest, kind), &bucket,
		         &key, e) &&
		     s3_put(w->s3, bucket, key, buf_view(&b), "application/json", NULL, e);
		if (ok)
			*address = str_z(
			    arena_printf(w->task, "s3://%.*s/%.*s", STRF(bucket), STRF(key)));
		else
			err_prefix(e, "writing a manifest to [S3] MANIFESTS");
	}
	buf_free(&b);
	return ok;
}

void manifest_forget(struct str address)
{
	struct arena *a = arena_new();

	unlink(arena_cstr(a, str_from(address, strlen("file://"))));
	arena_free(a);
}

static bool read_file(struct worker *w, struct str address, struct buf *out, struct err *e)
{
	char *path = arena_cstr(w->task, str_from(address, strlen("file://")));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && file_read(fd, out);

	if (!ok)
		err_errno(e, ERR_SETUP, AT_STATE, "the manifest %s", path);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Named by its content: whatever has another digest is not what was written. */
static bool check_digest(struct str bytes, struct str shard, struct err *e)
{
	char hex[65];

	sigv4_sha256_hex(bytes, hex);
	if (str_eq(shard, (struct str){hex, 32}))
		return true;
	return err_set(e, ERR_SETUP, AT_S3, "Manifest", "its content is not what was written");
}

bool manifest_read(struct worker *w, struct str address, struct str shard, struct arena *a,
    struct manifest *out, struct err *e)
{
	struct str bucket, key;
	struct buf b;
	bool ok;

	buf_init(&b, MANIFEST_MAX);
	if (str_starts(address, STR("file://")))
		ok = read_file(w, address, &b, e);
	else
		ok = s3_url_parse(address, &bucket, &key, e) && worker_s3(w, e) &&
		     s3_get(w->s3, bucket, key, STR(""), &b, NULL, e);
	ok = ok && check_digest(buf_view(&b), shard, e) && manifest_parse(buf_view(&b), a, out, e);
	if (!ok && e->kind != ERR_RETRY && e->kind != ERR_CANCELLED) {
		/* Without it nobody knows which objects that shard holds. */
		e->kind = ERR_SETUP;
		err_prefix(e,
		    "the manifest %.*s of a shard (restore it, or load all again with --fresh)",
		    STRF(address));
	}
	buf_free(&b);
	return ok;
}

bool manifest_fetch(struct worker *w, const struct manifest *m, const struct fetch_sink *sink,
    struct fetch_stats *stats, struct err *e)
{
	struct fetch_object *list = xcalloc(m->n, sizeof *list);
	struct fetch_opts opts = {.connections = (int)w->config.load.connections,
	    .memory = (size_t)w->config.load.fetch_memory,
	    .attempts = (int)w->config.load.attempts};
	size_t failed;
	bool ok;

	for (size_t i = 0; i < m->n; i++)
		list[i] = (struct fetch_object){.bucket = m->bucket,
		    .key = m->objects[i].key,
		    .etag = m->objects[i].etag,
		    .size = m->objects[i].size};
	if (!w->fetch)
		w->fetch = fetch_new(w->s3);
	ok = fetch_all(w->fetch, list, m->n, &opts, sink, stats, &failed, e);
	free(list);
	return ok;
}
