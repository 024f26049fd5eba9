/* cut.c - see cut.h. */
#include "workers/cut.h"

#include <stdlib.h>

#include "shared/utf8.h"
#include "workers/crash.h"
#include "workers/merge.h"
#include "workers/prefix.h"
#include "workers/quarantine.h"

/* Whether a shard from key first to key last may hold keys of this part. */
static bool meets(
    struct str first, struct str last, struct str prefix, struct str after, struct str upto)
{
	if (str_cmp(last, after) <= 0 && after.n)
		return false;
	if (upto.n && str_cmp(first, upto) > 0)
		return false;
	return str_cmp(last, prefix) >= 0 &&
	       (str_starts(first, prefix) || str_cmp(first, prefix) <= 0);
}

bool cut_read_committed(struct cut *c, int64_t generation, struct str prefix, struct str after,
    struct str upto, struct err *e)
{
	struct worker *w = c->w;
	char *number = arena_i64(w->task, generation);
	const char *params[] = {arena_cstr(w->task, c->relation), number};
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

		if (!meets(pg_str(res, i, 1), pg_str(res, i, 2), prefix, after, upto))
			continue;
		ok = worker_tick(w, e) &&
		     manifest_read(w, pg_str(res, i, 0), pg_str(res, i, 3), w->task, &m, e);
		for (size_t k = 0; ok && k < m.n; k++) {
			struct str key = m.objects[k].key;

			/* A merged shard spans all parts. */
			if (!meets(key, key, prefix, after, upto))
				continue;
			c->done = arena_grow(w->task, c->done, c->n_done, &cap, sizeof *c->done);
			c->done[c->n_done++] = m.objects[k];
		}
	}
	PQclear(res);
	if (ok && c->n_done)
		qsort(c->done, c->n_done, sizeof *c->done, manifest_by_key);
	c->generation = generation;
	return ok &&
	       quarantine_read(w, c->relation, generation, c->bucket, &c->held, &c->n_held, e);
}

void cut_find(struct cut *c, const struct s3_object *o, bool *done, bool *changed)
{
	*done = *changed = false;
	while (c->at_done < c->n_done && str_cmp(c->done[c->at_done].key, o->key) < 0)
		c->at_done++;
	if (c->at_done == c->n_done || !str_eq(c->done[c->at_done].key, o->key))
		return;
	*done = true;
	*changed = !str_eq(c->done[c->at_done].etag, o->etag);
}

static bool is_changed(struct cut *c, const struct s3_object *o, struct err *e)
{
	if (c->w->config.load.changed == CHANGED_SKIP) {
		c->out->changed++;
		return true;
	}
	return err_set(e, ERR_TASK, AT_S3, "ObjectChanged",
	    "s3://%.*s/%.*s has changed since it was loaded; its old rows are in the "
	    "warehouse: put it back, keep the old rows (--changed skip), or load the relation "
	    "again (--changed reload)",
	    STRF(c->bucket), STRF(o->key));
}

/* In quarantine as it is now? A version that is not is another object. */
static bool is_held(struct cut *c, const struct s3_object *o, bool *held, struct err *e)
{
	*held = false;
	while (c->at_held < c->n_held && str_cmp(c->held[c->at_held].key, o->key) < 0)
		c->at_held++;
	if (c->at_held == c->n_held || !str_eq(c->held[c->at_held].key, o->key))
		return true;
	*held = str_eq(c->held[c->at_held].etag, o->etag);
	/* Not what a run that owns the relation by now has written since. */
	return *held || quarantine_forget(c->w, c->relation, c->generation, c->bucket, o->key,
	                    c->held[c->at_held].etag, e);
}

bool cut_send(struct worker *w, int64_t id, struct str relation, const struct manifest *m,
    bool passing, struct err *e)
{
	char digest[33];
	struct msg fact = {.type = MSG_SHARD, .u.shard = {.id = id, .objects = (int64_t)m->n}};

	if (!manifest_write(w, relation, m, passing, digest, &fact.u.shard.manifest, e))
		return false;
	crash_here("list:after-manifest");
	fact.u.shard.shard = str_z(digest);
	for (size_t i = 0; i < m->n; i++)
		fact.u.shard.bytes += (int64_t)m->objects[i].size;
	worker_send(&fact);
	return true;
}

bool cut_end(struct cut *c, struct err *e)
{
	if (c->shard.n == 0)
		return true;
	c->shard.bucket = c->bucket;
	if (!prefix_check_rest(c, e) ||
	    !(c->piece ? merge_keep(c->w, c->task, c->relation, &c->shard, e)
	               : cut_send(c->w, c->task, c->relation, &c->shard, c->passing, e)))
		return false;
	c->shard.n = 0;
	c->shard_bytes = 0;
	c->sent++;
	return true;
}

static size_t most_objects(const struct cut *c)
{
	size_t most = (size_t)c->w->config.load.shard_objects;

	for (size_t i = CUT_SAME; c->joins && i <= c->sent && most < CUT_OBJECTS_MAX; i += CUT_SAME)
		most = 2 * most < CUT_OBJECTS_MAX ? 2 * most : CUT_OBJECTS_MAX;
	return most;
}

bool cut_add(struct cut *c, const struct s3_object *o, struct err *e)
{
	const struct config *cfg = &c->w->config;
	bool done, changed, held;

	/* S3 has no such keys, folders have; in a manifest it would be another one. */
	if (utf8_bad(o->key) < o->key.n)
		return err_set(e, ERR_TASK, AT_S3, "Key",
		    "s3://%.*s/%.*s: byte %zu of the key is not UTF-8: rename the file",
		    STRF(c->bucket), STRF(o->key), utf8_bad(o->key) + 1);
	c->out->objects++;
	c->out->bytes += (int64_t)o->size;
	c->w->so_far.objects++;
	cut_find(c, o, &done, &changed);
	if (done)
		return !changed || is_changed(c, o, e);
	if (!is_held(c, o, &held, e) || held)
		return held;
	if (!c->whole && c->shard.n &&
	    (c->shard_bytes + o->size > (uint64_t)cfg->load.shard_bytes ||
	        c->shard.n >= most_objects(c))) {
		if (!cut_end(c, e))
			return false;
	}
	c->shard.objects = arena_grow(
	    c->w->task, c->shard.objects, c->shard.n, &c->cap, sizeof *c->shard.objects);
	c->shard.objects[c->shard.n++] = (struct object){
	    .key = o->key, .etag = o->etag, .size = o->size};
	c->shard_bytes += o->size;
	return true;
}
