/* committed.c - see committed.h. */
#include "workers/committed.h"

#include <stdlib.h>

struct committed_shard {
	struct str manifest, first, last, shard;
	struct arena *arena; /* of entries; NULL: not read */
	struct manifest entries;
	size_t at; /* entries before it have smaller keys than what was asked last */
};

/* Whether a shard from key first to key last may hold keys of this part. */
static bool meets(
    const struct committed_shard *s, struct str prefix, struct str after, struct str upto)
{
	if (after.n && str_cmp(s->last, after) <= 0)
		return false;
	if (upto.n && str_cmp(s->first, upto) > 0)
		return false;
	return str_cmp(s->last, prefix) >= 0 &&
	       (str_starts(s->first, prefix) || str_cmp(s->first, prefix) <= 0);
}

static int by_first(const void *a, const void *b)
{
	const struct committed_shard *x = a, *y = b;

	return str_cmp(x->first, y->first);
}

bool committed_open(struct committed *c, struct worker *w, struct str relation, int64_t generation,
    struct str prefix, struct str after, struct str upto, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_i64(w->task, generation)};
	PGresult *res;
	size_t n;

	*c = (struct committed){.w = w};
	if (!worker_pg(w, e) || !pg_query(&w->pg,
	                            "SELECT manifest, first_key, last_key, shard FROM dwh.ledger"
	                            " WHERE relation = $1 AND generation = CAST($2 AS INTEGER)",
	                            2, params, &res, e))
		return false;
	n = (size_t)PQntuples(res);
	c->shards = arena_alloc(w->task, (n + 1) * sizeof *c->shards);
	for (size_t i = 0; i < n; i++) {
		struct committed_shard s = {.manifest = pg_str(res, (int)i, 0),
		    .first = pg_str(res, (int)i, 1),
		    .last = pg_str(res, (int)i, 2),
		    .shard = pg_str(res, (int)i, 3)};

		if (!meets(&s, prefix, after, upto))
			continue;
		s.manifest = arena_str(w->task, s.manifest);
		s.first = arena_str(w->task, s.first);
		s.last = arena_str(w->task, s.last);
		s.shard = arena_str(w->task, s.shard);
		c->shards[c->n++] = s;
	}
	PQclear(res);
	if (c->n)
		qsort(c->shards, c->n, sizeof *c->shards, by_first);
	return true;
}

static void give_back(struct committed_shard *s)
{
	arena_free(s->arena);
	s->arena = NULL;
	s->entries = (struct manifest){.n = 0};
}

static bool read_shard(struct committed *c, struct committed_shard *s, struct err *e)
{
	if (!worker_tick(c->w, e))
		return false;
	s->arena = arena_new();
	if (!manifest_read(c->w, s->manifest, s->shard, s->arena, &s->entries, e))
		return false;
	if (s->entries.n)
		qsort(
		    s->entries.objects, s->entries.n, sizeof *s->entries.objects, manifest_by_key);
	return true;
}

bool committed_find(struct committed *c, struct str key, const struct object **out, struct err *e)
{
	*out = NULL;
	for (; c->next < c->n && str_cmp(c->shards[c->next].first, key) <= 0; c->next++) {
		struct committed_shard *s = &c->shards[c->next];

		if (str_cmp(s->last, key) >= 0 && !read_shard(c, s, e))
			return false;
	}
	for (size_t i = c->from; i < c->next; i++) {
		struct committed_shard *s = &c->shards[i];

		while (s->at < s->entries.n && str_cmp(s->entries.objects[s->at].key, key) < 0)
			s->at++;
		if (s->at == s->entries.n)
			give_back(s);
		else if (!*out && str_eq(s->entries.objects[s->at].key, key))
			*out = &s->entries.objects[s->at];
	}
	while (c->from < c->next && !c->shards[c->from].arena)
		c->from++;
	return true;
}

void committed_close(struct committed *c)
{
	for (size_t i = 0; i < c->n; i++)
		give_back(&c->shards[i]);
}
