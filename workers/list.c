/*
 * list.c - a prefix, or a part of one, becomes shards.
 *
 *   pages of the listing -> minus the objects of committed shards -> cut -> manifests -> shard
 * facts
 *
 * A part is (prefix, after, upto]: the keys that begin with prefix, are greater than after and not
 * greater than upto (no bound where it is empty). Parts never overlap, so nothing is listed twice.
 * The first task of a source may fan out: where the prefix has sub-prefixes ("folders"), each
 * becomes a part of its own (neighbours share one when there are more than FAN_MAX); where it is
 * flat and long, the rest behind the first pages is divided by the bytes that keys begin with.
 *
 * What is committed: the objects in the manifests of the committed shards of this generation. Both
 * sides are in key order, so it is a merge. A key that is committed with another etag was changed
 * after it was loaded: that is an error, never loaded on top.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/clock.h"
#include "shared/utf8.h"
#include "workers/manifest.h"
#include "workers/tasks.h"

enum { FAN_MAX = 64, FLAT_PAGES = 4 };

struct list {
	struct worker *w;
	const struct msg_list *m;
	struct str bucket;
	struct str relation;
	struct object *done; /* committed already, in key order */
	size_t n_done, at_done;
	struct manifest shard; /* being cut */
	size_t cap;
	uint64_t shard_bytes;
	struct msg_done *out;
};

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct object *)a)->key, ((const struct object *)b)->key);
}

/* The committed shards that may hold keys of this part: those whose first to last key meets it. */
static bool meets(const struct msg_list *m, struct str first, struct str last)
{
	if (str_cmp(last, m->after) <= 0 && m->after.n)
		return false;
	if (m->upto.n && str_cmp(first, m->upto) > 0)
		return false;
	return str_cmp(last, m->prefix) >= 0 &&
	       (str_starts(first, m->prefix) || str_cmp(first, m->prefix) <= 0);
}

static bool read_committed(struct list *l, struct err *e)
{
	struct worker *w = l->w;
	char *generation = arena_printf(w->task, "%lld", (long long)l->m->generation);
	const char *params[] = {arena_cstr(w->task, l->relation), generation};
	size_t cap = 0;
	PGresult *res;
	bool ok = true;

	if (!worker_pg(w, e) || !pg_query(&w->pg,
	                            "SELECT manifest, first_key, last_key, shard FROM dwh.ledger"
	                            " WHERE relation = $1 AND generation = CAST($2 AS INTEGER)",
	                            2, params, &res, e))
		return false;
	for (int i = 0; ok && i < PQntuples(res); i++) {
		struct manifest m;

		if (!meets(l->m, pg_str(res, i, 1), pg_str(res, i, 2)))
			continue;
		ok = worker_tick(w, e) &&
		     manifest_read(w, pg_str(res, i, 0), pg_str(res, i, 3), w->task, &m, e);
		for (size_t k = 0; ok && k < m.n; k++) {
			l->done = arena_grow(w->task, l->done, l->n_done, &cap, sizeof *l->done);
			l->done[l->n_done++] = m.objects[k];
		}
	}
	PQclear(res);
	if (ok && l->n_done)
		qsort(l->done, l->n_done, sizeof *l->done, by_key);
	return ok;
}

static bool cut(struct list *l, struct err *e)
{
	char digest[33];
	struct msg m = {.type = MSG_SHARD, .u.shard = {.id = l->m->id}};

	if (l->shard.n == 0)
		return true;
	l->shard.bucket = l->bucket;
	if (!manifest_write(
	        l->w, l->relation, &l->shard, l->m->validate, digest, &m.u.shard.manifest, e))
		return false;
	m.u.shard.shard = str_z(digest);
	m.u.shard.objects = (int64_t)l->shard.n;
	m.u.shard.bytes = (int64_t)l->shard_bytes;
	worker_send(&m);
	l->shard.n = 0;
	l->shard_bytes = 0;
	return true;
}

/* Whether the object is committed; keys come in order. */
static bool is_done(struct list *l, const struct s3_object *o, bool *done, struct err *e)
{
	*done = false;
	while (l->at_done < l->n_done && str_cmp(l->done[l->at_done].key, o->key) < 0)
		l->at_done++;
	if (l->at_done == l->n_done || !str_eq(l->done[l->at_done].key, o->key))
		return true;
	*done = true;
	if (!str_eq(l->done[l->at_done].etag, o->etag))
		return err_set(e, ERR_TASK, AT_S3, "ObjectChanged",
		    "s3://%.*s/%.*s has changed since it was loaded; its old rows are in the "
		    "warehouse: "
		    "put it back, or load all again with --fresh",
		    STRF(l->bucket), STRF(o->key));
	return true;
}

static bool add(struct list *l, const struct s3_object *o, struct err *e)
{
	const struct config *c = &l->w->config;
	bool done;

	/* S3 has no such keys, folders have; in a manifest it would be another one. */
	if (utf8_bad(o->key) < o->key.n)
		return err_set(e, ERR_TASK, AT_S3, "Key",
		    "s3://%.*s/%.*s: byte %zu of the key is not UTF-8: rename the file",
		    STRF(l->bucket), STRF(o->key), utf8_bad(o->key) + 1);
	l->out->objects++;
	l->out->bytes += (int64_t)o->size;
	l->w->so_far.objects++;
	if (!is_done(l, o, &done, e))
		return false;
	if (done)
		return true;
	if (l->shard.n && (l->shard_bytes + o->size > (uint64_t)c->load.shard_bytes ||
	                      l->shard.n >= (size_t)c->load.shard_objects)) {
		if (!cut(l, e))
			return false;
	}
	l->shard.objects = arena_grow(
	    l->w->task, l->shard.objects, l->shard.n, &l->cap, sizeof *l->shard.objects);
	l->shard.objects[l->shard.n++] = (struct object){o->key, o->etag, o->size};
	l->shard_bytes += o->size;
	return true;
}

static void send_range(struct list *l, struct str prefix, struct str after, struct str upto)
{
	struct msg m = {.type = MSG_RANGE,
	    .u.range = {.id = l->m->id, .prefix = prefix, .after = after, .upto = upto}};

	worker_send(&m);
}

/*
 * The sub-prefixes of one delimited page become parts. Up to FAN_MAX, and nothing beside them: one
 * each. Else runs of neighbours, bounded by the names of sub-prefixes; the keys that stand between
 * them fall into the runs.
 */
static void fan_out(struct list *l, const struct s3_page *page)
{
	size_t per = (page->n_prefixes + FAN_MAX - 1) / FAN_MAX;
	struct str none = STR("");

	if (per == 1 && page->n_objects == 0) {
		for (size_t i = 0; i < page->n_prefixes; i++)
			send_range(l, page->prefixes[i], none, none);
		return;
	}
	for (size_t i = 0; i < page->n_prefixes; i += per) {
		bool last = i + per >= page->n_prefixes;

		send_range(l, l->m->prefix, i ? page->prefixes[i] : none,
		    last ? none : page->prefixes[i + per]);
	}
}

/*
 * The rest of a flat prefix behind `last`: keys are told apart by the first character in which they
 * differ, found by asking for the one key behind each character that occurs. The requests are as
 * many as there are different ones. Characters, not bytes: a bound must be UTF-8 as keys are.
 */
static bool divide(struct list *l, struct str stem, struct str last, struct err *e)
{
	static const char most[] = "\xF4\x8F\xBF\xBF"; /* U+10FFFF: behind every other character */
	struct arena *a = l->w->task;
	struct str from = last;

	while (stem.n && stem.n < last.n && ((unsigned char)last.p[stem.n] & 0xC0) == 0x80)
		stem.n--;
	for (int i = 0; i < FAN_MAX; i++) {
		struct str at = {last.p, stem.n + utf8_len(str_from(last, stem.n))};
		struct s3_list req = {.bucket = l->bucket, .prefix = l->m->prefix, .max_keys = 1};
		struct s3_page page;

		if (last.n <= stem.n || (l->m->upto.n && str_cmp(last, l->m->upto) >= 0))
			break;
		req.start_after = str_z(arena_printf(a, "%.*s%s", STRF(at), most));
		if (!s3_list(l->w->s3, &req, &page, a, e))
			return false;
		if (page.n_objects == 0 || !str_starts(page.objects[0].key, stem))
			break;
		send_range(l, l->m->prefix, from, req.start_after);
		from = req.start_after;
		last = page.objects[0].key;
	}
	send_range(l, l->m->prefix, from, l->m->upto);
	return true;
}

/* What the keys of a page have in common. */
static struct str common(struct str a, struct str b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return (struct str){a.p, n};
}

/* All keys of the part, page by page; `page` may hold the first one already. */
static bool list_pages(struct list *l, struct s3_page page, struct err *e)
{
	struct s3_list req = {
	    .bucket = l->bucket, .prefix = l->m->prefix, .start_after = l->m->after};
	struct str first = STR("");

	for (int pages = 1;; pages++) {
		if (!worker_tick(l->w, e))
			return false;
		if ((pages > 1 || page.n_objects == 0) &&
		    !s3_list(l->w->s3, &req, &page, l->w->task, e))
			return false;
		for (size_t i = 0; i < page.n_objects; i++) {
			if (l->m->upto.n && str_cmp(page.objects[i].key, l->m->upto) > 0)
				return true;
			if (!add(l, &page.objects[i], e))
				return false;
		}
		if (!page.truncated)
			return true;
		if (page.n_objects == 0) {
			req.token = page.next_token;
			continue;
		}
		if (first.n == 0)
			first = page.objects[0].key;
		/* By key, not by token: the first page may come from another kind of request. */
		req.token = STR("");
		req.start_after = page.objects[page.n_objects - 1].key;
		if (l->m->fan && pages == FLAT_PAGES)
			return divide(l, common(first, req.start_after), req.start_after, e);
	}
}

/*
 * Looks for sub-prefixes, going down as long as there is exactly one and nothing beside it. Sets
 * *flat where there are none, and the keys are to be listed as they are; then *page is their first
 * page, or empty.
 */
static bool look_down(struct list *l, bool *flat, struct s3_page *page, struct err *e)
{
	struct s3_list req = {
	    .bucket = l->bucket, .prefix = l->m->prefix, .delimiter = STR("/"), .max_keys = 1000};

	*flat = true;
	for (;;) {
		if (!worker_tick(l->w, e) || !s3_list(l->w->s3, &req, page, l->w->task, e))
			return false;
		if (page->n_prefixes == 0)
			return true;
		if (page->truncated || (page->n_prefixes == 1 && page->n_objects)) {
			/* Very many, or one among files: the keys as they are, divided where they
			 * are long. */
			*page = (struct s3_page){.n_objects = 0};
			return true;
		}
		if (page->n_prefixes > 1)
			break;
		req.prefix = page->prefixes[0];
	}
	*flat = false;
	fan_out(l, page);
	return true;
}

bool task_list(struct worker *w, const struct msg_list *m, struct msg_done *done, struct err *e)
{
	const struct sqlfile *f = model_find(w->model, SQL_COPY, m->source);
	int64_t began = clock_ms();
	struct list l = {.w = w, .m = m, .out = done};
	struct s3_page first = {.n_objects = 0};
	struct str ignored;
	bool flat = true;

	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no source %.*s", STRF(m->source));
	l.relation = target_relation(w, w->task, m->source);
	if (!s3_url_parse(str_z(config_s3(&w->config, f->source)), &l.bucket, &ignored, e) ||
	    !worker_s3(w, e))
		return false;
	if (m->fan && m->after.n == 0 && !look_down(&l, &flat, &first, e))
		return false;
	if (flat &&
	    ((!m->validate && !read_committed(&l, e)) || !list_pages(&l, first, e) || !cut(&l, e)))
		return false;
	done->list_ms = clock_ms() - began;
	return true;
}
