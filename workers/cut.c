/* cut.c - see cut.h. */
#include "workers/cut.h"

#include "shared/utf8.h"
#include "workers/crash.h"
#include "workers/merge.h"
#include "workers/prefix.h"
#include "workers/quarantine.h"

bool cut_read_committed(struct cut *c, int64_t generation, struct str prefix, struct str after,
    struct str upto, struct err *e)
{
	c->generation = generation;
	return committed_open(&c->done, c->w, c->relation, generation, prefix, after, upto, e) &&
	       quarantine_read(c->w, c->relation, generation, c->bucket, &c->held, &c->n_held, e);
}

bool cut_find(struct cut *c, const struct s3_object *o, bool *done, bool *changed, struct err *e)
{
	const struct object *was;

	if (!committed_find(&c->done, o->key, &was, e))
		return false;
	*done = was != NULL;
	*changed = was && !str_eq(was->etag, o->etag);
	return true;
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
	arena_reset(c->texts);
	return true;
}

void cut_free(struct cut *c)
{
	committed_close(&c->done);
	arena_free(c->texts);
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
	if (!cut_find(c, o, &done, &changed, e))
		return false;
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
	if (!c->texts)
		c->texts = arena_new();
	c->shard.objects = arena_grow(
	    c->w->task, c->shard.objects, c->shard.n, &c->cap, sizeof *c->shard.objects);
	c->shard.objects[c->shard.n++] = (struct object){.key = arena_str(c->texts, o->key),
	    .etag = arena_str(c->texts, o->etag),
	    .size = o->size};
	c->shard_bytes += o->size;
	return true;
}
