/*
 * list.c - a prefix, or a part of one, becomes shards.
 *
 *   pages of the listing -> cut.c: minus what is committed, cut -> manifests -> shard facts
 *
 * A part is (prefix, after, upto]: the keys that begin with prefix, are greater than after and not
 * greater than upto (no bound where it is empty). Parts never overlap, so nothing is listed twice.
 *
 * The first task of a source looks for sub-prefixes ("folders"): where there are some, each becomes
 * a part of its own, neighbours share one when there are many. A part that turns out to be long is
 * listed for so many pages, and what is behind them is divided by the characters in which keys
 * differ. Parts of parts have more pages, so there are soon as many as workers, and never very
 * many.
 *
 * A shard of an earlier run that was not loaded is listed again: of the keys between its first and
 * its last, those that its manifest names, as they are now. What was mended since has another etag,
 * what is gone is left out.
 */
#include <stdio.h>

#include "shared/clock.h"
#include "shared/utf8.h"
#include "workers/crash.h"
#include "workers/cut.h"
#include "workers/engine.h"
#include "workers/merge.h"
#include "workers/prefix.h"
#include "workers/tasks.h"

enum {
	FAN_MAX = 64,
	DENSE = 16, /* keys of a sub-prefix, from which it pays to list sub-prefixes first */
	/* Of neighbouring sub-prefixes that share a part, about. A little less than whole pages:
	 * the last one tells the end. */
	PART_KEYS = 1950,
	PART_KEYS_JOINED = 8 * PART_KEYS, /* where a shard may have many objects, and should */
};

struct list {
	struct worker *w;
	const struct msg_list *m;
	struct str bucket;
	struct str prefix, after, upto; /* of m; or around the keys of `only` */
	bool fan;                       /* may have sub-prefixes, each of them a part */
	int64_t pages;                  /* before the rest is given back in parts; 0: all */
	struct arena *page;             /* the page that is looked at */
	struct manifest only;           /* n > 0: these keys and no others */
	size_t at_only;
	struct cut cut;
};

/* Keys come in order. */
static bool is_meant(struct list *l, struct str key)
{
	const struct manifest *o = &l->only;

	if (o->n == 0)
		return true;
	while (l->at_only < o->n && str_cmp(o->objects[l->at_only].key, key) < 0)
		l->at_only++;
	return l->at_only < o->n && str_eq(o->objects[l->at_only].key, key);
}

static void send_range(struct list *l, struct str prefix, struct str after, struct str upto)
{
	struct msg m = {.type = MSG_RANGE,
	    .u.range = {.id = l->m->id, .prefix = prefix, .after = after, .upto = upto}};

	worker_send(&m);
}

/* Where the last whole character of the first n bytes of s ends: bounds must be UTF-8, as keys are.
 */
static size_t whole(struct str s, size_t n)
{
	while (n && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

/*
 * The rest of a part behind `last`, which begins with `stem` as all keys before it. Keys are told
 * apart by the first character behind the stem, found by asking for the one key behind each that
 * occurs; where none is left, by the one before. So there are as many requests as parts.
 */
static bool divide(struct list *l, struct str stem, struct str last, struct err *e)
{
	static const char most[] = "\xF4\x8F\xBF\xBF"; /* U+10FFFF: behind every other character */
	struct arena *a = l->w->task;
	struct str from = last;

	for (int i = 0; i < FAN_MAX; i++) {
		struct s3_list req = {.bucket = l->bucket, .prefix = l->prefix, .max_keys = 1};
		struct s3_page page;
		struct str at;

		stem.n = whole(last, stem.n);
		if (last.n <= stem.n)
			break;
		at = (struct str){last.p, stem.n + utf8_len(str_from(last, stem.n))};
		req.start_after = str_z(arena_printf(a, "%.*s%s", STRF(at), most));
		if (str_eq(req.start_after, from)) /* there are keys with that character, too */
			break;
		if (!s3_list(l->w->s3, &req, &page, a, e))
			return false;
		if (page.n_objects == 0)
			break;
		last = page.objects[0].key;
		if (l->upto.n && str_cmp(last, l->upto) > 0)
			break;
		send_range(l, l->prefix, from, req.start_after);
		from = req.start_after;
		stem = str_common(stem, last);
	}
	send_range(l, l->prefix, from, l->upto);
	return true;
}

/* All keys of the part, page by page; `page` may hold the first one already. */
static bool list_pages(struct list *l, struct s3_page page, struct err *e)
{
	struct s3_list req = {.bucket = l->bucket, .prefix = l->prefix, .start_after = l->after};
	struct str first = STR(""), last = STR("");
	bool given = page.n_objects > 0;

	for (int64_t pages = 1;; pages++) {
		if (!worker_tick(l->w, e))
			return false;
		if (pages > 1 || page.n_objects == 0) {
			arena_reset(l->page);
			if (!s3_list(l->w->s3, &req, &page, l->page, e))
				return false;
		}
		for (size_t i = 0; i < page.n_objects; i++) {
			if (l->upto.n && str_cmp(page.objects[i].key, l->upto) > 0)
				return true;
			if (is_meant(l, page.objects[i].key) &&
			    !cut_add(&l->cut, &page.objects[i], e))
				return false;
		}
		crash_here("list:after-listing");
		if (!page.truncated)
			return true;
		if (page.n_objects) {
			if (first.n == 0)
				first = arena_str(l->w->task, page.objects[0].key);
			last = arena_str(l->w->task, page.objects[page.n_objects - 1].key);
		}
		/* The first page may come from another kind of request: its token is of no use. */
		if (pages > 1 || !given)
			req.token = arena_str(l->w->task, page.next_token);
		else
			req.start_after = last;
		if (l->pages && pages >= l->pages && last.n)
			return divide(l, str_common(first, last), last, e);
	}
}

/* The first page of the keys as they are, and how many of them a sub-prefix has, about. */
static bool look_across(
    struct list *l, struct str prefix, struct s3_page *page, size_t *dense, struct err *e)
{
	struct s3_list req = {.bucket = l->bucket, .prefix = l->prefix};
	struct str last = STR("");
	size_t different = 0;

	if (!s3_list(l->w->s3, &req, page, l->page, e))
		return false;
	for (size_t i = 0; i < page->n_objects; i++) {
		struct str key = page->objects[i].key, rest = str_from(key, prefix.n);
		struct str under = {key.p, prefix.n + str_find(rest, '/')};

		different += !str_eq(under, last);
		last = under;
	}
	*dense = different ? page->n_objects / different : 0;
	return true;
}

/*
 * Every `per` neighbours of the sub-prefixes become a part, and behind FAN_MAX parts every twice as
 * many; *page is the first of those that req lists. A part is bounded by the names of sub-prefixes,
 * and the keys that stand between them fall into it.
 */
static bool fan_out_runs(
    struct list *l, struct s3_list req, struct s3_page *page, size_t per, struct err *e)
{
	struct str from = STR("");
	size_t n = 0, parts = 0;

	for (;;) {
		for (size_t i = 0; i < page->n_prefixes; i++) {
			if (n++ < per)
				continue;
			n = 1;
			send_range(l, l->prefix, from, page->prefixes[i]);
			from = arena_str(l->w->task, page->prefixes[i]);
			if (++parts % FAN_MAX == 0)
				per *= 2;
		}
		if (!page->truncated)
			break;
		req.token = arena_str(l->w->task, page->next_token);
		arena_reset(l->page);
		if (!worker_tick(l->w, e) || !s3_list(l->w->s3, &req, page, l->page, e))
			return false;
	}
	send_range(l, l->prefix, from, STR(""));
	return true;
}

/* The sub-prefixes of the only page: up to FAN_MAX, and nothing beside them, are a part each. */
static bool fan_out(struct list *l, struct s3_list req, struct s3_page *page, struct err *e)
{
	size_t per = (page->n_prefixes + FAN_MAX - 1) / FAN_MAX;
	struct str none = STR("");

	if (per > 1 || page->n_objects)
		return fan_out_runs(l, req, page, per, e);
	for (size_t i = 0; i < page->n_prefixes; i++)
		send_range(l, page->prefixes[i], none, none);
	return true;
}

/*
 * Looks for sub-prefixes, going down as long as there is exactly one and nothing beside it. Sets
 * *flat where there are none, or so many that hold so little that the keys are better listed as
 * they are; then *page is their first page, or empty.
 */
static bool look_down(struct list *l, bool *flat, struct s3_page *page, struct err *e)
{
	struct s3_list req = {
	    .bucket = l->bucket, .prefix = l->prefix, .delimiter = STR("/"), .max_keys = 1000};
	struct s3_page keys;
	size_t dense, most = l->cut.joins ? PART_KEYS_JOINED : PART_KEYS;

	*flat = true;
	for (;;) {
		if (!worker_tick(l->w, e) || !s3_list(l->w->s3, &req, page, l->page, e))
			return false;
		if (page->n_prefixes == 0)
			return true;
		if (page->n_prefixes > 1 || page->n_objects || page->truncated)
			break;
		req.prefix = arena_str(l->w->task, page->prefixes[0]);
	}
	if (page->truncated) {
		if (!look_across(l, req.prefix, &keys, &dense, e))
			return false;
		*flat = dense < DENSE;
		if (!*flat)
			return fan_out_runs(l, req, page, dense < most ? most / dense : 1, e);
		*page = keys;
		return true;
	}
	if (page->n_prefixes == 1) { /* among files */
		*page = (struct s3_page){.n_objects = 0};
		return true;
	}
	*flat = false;
	return fan_out(l, req, page, e);
}

static bool list_all(struct list *l, struct err *e)
{
	struct s3_page first = {.n_objects = 0};
	bool flat = true;

	if (l->fan && l->after.n == 0 && !look_down(l, &flat, &first, e))
		return false;
	if (!flat)
		return true;
	return (l->m->validate || cut_read_committed(&l->cut, l->m->generation, l->prefix, l->after,
	                              l->upto, e)) &&
	       list_pages(l, first, e) && cut_end(&l->cut, e);
}

/* The bounds of the keys of a manifest. */
static bool list_again(struct list *l, struct err *e)
{
	struct worker *w = l->w;

	if (!manifest_read(w, l->m->manifest, l->m->shard, w->task, &l->only, e)) {
		/* Nothing of it is loaded: it is no loss. */
		if (e->kind == ERR_SETUP)
			err_set(e, ERR_TASK, AT_S3, "Manifest",
			    "the manifest %.*s of a shard that is not loaded cannot be read: `dwh "
			    "run` "
			    "lists its objects again",
			    STRF(l->m->manifest));
		return false;
	}
	if (l->only.n == 0)
		return true;
	if (!str_eq(l->only.bucket, l->bucket))
		return err_set(e, ERR_TASK, AT_CONFIG, NULL,
		    "shard %.8s is of the bucket %.*s, and now the address in [S3] is in %.*s: "
		    "`dwh "
		    "run` lists that",
		    l->m->shard.p, STRF(l->only.bucket), STRF(l->bucket));
	manifest_range(&l->only, &l->prefix, &l->after);
	l->upto = l->only.objects[l->only.n - 1].key;
	return list_all(l, e);
}

bool list_finds_change(
    struct worker *w, const struct sqlfile *copy, int64_t generation, bool *out, struct err *e)
{
	struct cut c = {.w = w, .relation = target_relation(w, w->task, copy->stem)};
	struct arena *a = arena_new();
	struct s3_list req = {.max_keys = 0};
	struct str none = STR("");
	struct s3_page page;
	bool ok;

	*out = false;
	ok = s3_url_parse(
	         str_z(config_s3(&w->config, copy->source)), &req.bucket, &req.prefix, e) &&
	     worker_s3(w, e) && cut_read_committed(&c, generation, req.prefix, none, none, e);
	do {
		arena_reset(a);
		ok = ok && worker_tick(w, e) && s3_list(w->s3, &req, &page, a, e);
		for (size_t i = 0; ok && i < page.n_objects && !*out; i++) {
			bool done, changed;

			ok = cut_find(&c, &page.objects[i], &done, &changed, e);
			/* Nor can it be loaded beside those that are. */
			*out = ok && (changed || (!done && c.done.n && prefix_is_on(w)));
		}
		if (ok)
			req.token = arena_str(w->task, page.next_token);
	} while (ok && page.truncated && !*out);
	cut_free(&c);
	arena_free(a);
	return ok;
}

static bool run(struct worker *w, const struct msg_list *m, bool piece,
    bool (*list)(struct list *, struct err *), struct msg_done *done, struct err *e)
{
	const struct sqlfile *f = model_find(w->model, SQL_COPY, m->source);
	int64_t began = clock_ms();
	struct list l = {.w = w,
	    .m = m,
	    .prefix = m->prefix,
	    .after = m->after,
	    .upto = m->upto,
	    .fan = m->fan,
	    .pages = m->manifest.n ? 0 : m->pages};
	struct str prefix;
	bool ok;

	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no source %.*s", STRF(m->source));
	if (!s3_url_parse(str_z(config_s3(&w->config, f->source)), &l.bucket, &prefix, e) ||
	    !worker_s3(w, e))
		return false;
	if (prefix_is_on(w)) {
		if (!prefix_check_part(m, prefix, e))
			return false;
		l.prefix = prefix;
		l.after = l.upto = STR("");
		l.fan = false;
		l.pages = 0;
		list = list_all;
	}
	l.cut = (struct cut){.w = w,
	    .task = m->id,
	    .bucket = l.bucket,
	    .relation = target_relation(w, w->task, m->source),
	    .passing = m->validate,
	    .whole = merge_is_on(w, m->validate) || prefix_is_on(w),
	    .piece = piece,
	    .out = done};
	l.page = arena_new();
	ok = (!piece || merge_forget(w, l.cut.relation, m->id, e)) &&
	     engine_joins(w, f, &l.cut.joins, e) && list(&l, e);
	cut_free(&l.cut);
	arena_free(l.page);
	if (!ok)
		return false;
	done->list_ms = clock_ms() - began;
	if (done->changed)
		done->note = str_z(arena_printf(w->task,
		    "%lld object(s) changed since they were loaded; their old rows stay "
		    "(--changed skip)",
		    (long long)done->changed));
	return true;
}

bool list_shard_again(
    struct worker *w, const struct msg_list *m, struct msg_done *done, struct err *e)
{
	return run(w, m, false, list_again, done, e);
}

bool task_list(struct worker *w, const struct msg_list *m, struct msg_done *done, struct err *e)
{
	return run(
	    w, m, merge_is_on(w, m->validate), m->manifest.n ? list_again : list_all, done, e);
}
