/* compact.c - see compact.h: which objects, and how they are joined. */
#include "workers/compact.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/connect.h"
#include "shared/jsonscan.h"
#include "shared/sigv4.h"
#include "workers/pack.h"
#include "workers/reader.h"

/* A map has a line for each object of a part. */
enum { MAP_MAX = 1 << 30 };

/* ---- whether ---- */

/* What keeps objects from being joined whatever their number and size, or NULL. */
static const char *unfit(const struct copystmt *stmt)
{
	if (stmt->json == COPY_JSON_NONE)
		return "only JSON can be joined and stay the same";
	if (stmt->json == COPY_JSON_NOSHRED)
		return "with JSON 'noshred' what is between two records counts";
	if (copystmt_has(stmt, COPY_GZIP) || copystmt_has(stmt, COPY_BZIP2) ||
	    copystmt_has(stmt, COPY_LZOP) || copystmt_has(stmt, COPY_ZSTD))
		return "the objects are compressed";
	if (copystmt_has(stmt, COPY_ENCRYPTED))
		return "the objects are encrypted";
	if (stmt->encoding != COPY_UTF8)
		return "the objects are not UTF-8";
	if (stmt->number[COPY_IGNOREHEADER] > 0)
		return "IGNOREHEADER is about the start of each object";
	return NULL;
}

bool compact_is_worth(const struct config *c, const struct copystmt *stmt, uint64_t n,
    uint64_t bytes, const char **why)
{
	*why = c->load.compact == COMPACT_OFF ? "[LOAD] COMPACT = off" : unfit(stmt);
	if (!*why && !connect_manifests(c))
		*why = "no [S3] MANIFESTS to write parts to";
	if (!*why && n == 0)
		*why = "no objects";
	if (!*why && c->load.compact == COMPACT_AUTO) {
		if (n <= COMPACT_FEW)
			*why = "few objects";
		else if (bytes / n >= COMPACT_OBJECT_MAX)
			*why = "large objects";
	}
	return !*why;
}

/* ---- what into which part ---- */

uint64_t compact_count(uint64_t bytes, uint64_t part_bytes, uint64_t slices)
{
	uint64_t want = bytes / part_bytes + (bytes % part_bytes > 0), most;
	uint64_t least = part_bytes < COMPACT_PART_LEAST ? part_bytes : COMPACT_PART_LEAST;

	if (want == 0)
		want = 1;
	if (slices <= 1)
		return want;
	want = (want + slices - 1) / slices * slices;
	/* Where that makes crumbs: as many rounds of all slices as there is enough for, else as
	 * many parts. */
	most = bytes / least;
	if (want <= most)
		return want;
	return most >= slices ? most / slices * slices : most ? most : 1;
}

void compact_digest(const struct manifest *objects, char digest[33])
{
	struct buf b;
	char hex[65];

	/* The first line changes when the same objects would make another part. */
	buf_init(&b, MAP_MAX);
	buf_z(&b, "part 1\n");
	manifest_print(objects, &b);
	sigv4_sha256_hex(buf_view(&b), hex);
	memcpy(digest, hex, 32);
	digest[32] = '\0';
	buf_free(&b);
}

/* Bytes of a part that an object takes at most: a new line may be added. */
static uint64_t room_of(const struct object *o)
{
	return o->size + 1;
}

struct work {
	struct worker *w;
	const struct manifest *all;
	struct str *why;        /* for each of all: it is left alone; empty: it is not */
	struct object *objects; /* that may be joined, and where in all they are */
	size_t *place;
	size_t n;
	const struct compact_opts *opts;
	struct compacted *out;
	size_t cap_maps;
	bool only_find, missing; /* compact_find */
};

static void sort_out(struct work *k)
{
	struct arena *a = k->w->task;

	k->why = arena_alloc(a, k->all->n * sizeof *k->why);
	k->objects = arena_alloc(a, k->all->n * sizeof *k->objects);
	k->place = arena_alloc(a, k->all->n * sizeof *k->place);
	for (size_t i = 0; i < k->all->n; i++) {
		const struct object *o = &k->all->objects[i];

		if (o->size > COMPACT_OBJECT_MAX) {
			k->why[i] = STR("large");
		} else if (o->etag.n == 0) {
			k->why[i] = STR("the server gave no ETag for it");
		} else {
			k->place[k->n] = i;
			k->objects[k->n++] = *o;
		}
	}
}

/* ---- one part ---- */

struct join {
	struct worker *w;
	struct compact_map *map;
	char *bytes;  /* of the part; each object has its place by its size */
	size_t *at;   /* where the next byte of each object goes; n + 1 */
	size_t *from; /* its place; n + 1 */
	bool *whole;
	size_t next; /* to be scanned: all before it are */

	struct reader reader;
	uint64_t records;
	struct str why; /* it can not be joined */
	struct pack *pack;
	struct s3_upload *up;
};

static void refuse(struct join *j, const struct record *r, const char *why)
{
	if (j->why.n)
		return;
	j->why = r->whole ? str_z(arena_strz(j->w->task, why))
	                  : str_z(arena_printf(
	                        j->w->task, "line %llu: %s", (unsigned long long)r->line, why));
}

static bool on_record(void *ctx, const struct record *r, struct err *e)
{
	struct join *j = ctx;
	struct jsonscan s = jsonscan_init(r->text);
	struct jsonscan_value v;

	(void)e;
	j->records++;
	if (r->reason)
		refuse(j, r, r->reason);
	else if (!jsonscan_value(&s, &v) || !jsonscan_end(&s))
		refuse(j, r, s.why ? s.why : "bytes behind the record");
	return true;
}

static bool on_packed(void *ctx, const char *p, size_t n, struct err *e)
{
	struct join *j = ctx;

	if (!j->up)
		j->up = s3_upload_new(j->w->s3, j->map->bucket, j->map->key, "application/gzip");
	j->map->size += n;
	return s3_upload_bytes(j->up, p, n, e);
}

static uint64_t count_lines(const char *p, size_t n)
{
	const char *end = p + n, *at;
	uint64_t lines = 0;

	while (p < end && (at = memchr(p, '\n', (size_t)(end - p)))) {
		lines++;
		p = at + 1;
	}
	return lines;
}

/* Scans an object that is here as a whole, and puts it behind those before it. */
static bool add_object(struct join *j, size_t i, struct err *e)
{
	struct compact_map *m = j->map;
	struct compact_entry *o = &m->entries[i];
	char *p = j->bytes + j->from[i];
	size_t n = j->at[i] - j->from[i];

	j->records = 0;
	j->why = STR("");
	if (!reader_bytes(&j->reader, p, n, true, on_record, j, e))
		return false;
	reader_reset(&j->reader);
	if (j->why.n) {
		o->alone = j->why;
		return true;
	}
	if (n && p[n - 1] != '\n')
		p[n++] = '\n';
	o->line = m->lines + 1;
	o->lines = count_lines(p, n);
	o->records = j->records;
	m->lines += o->lines;
	m->records += o->records;
	m->bytes += n;
	if (n && !j->pack)
		j->pack = pack_new(on_packed, j);
	return n == 0 || pack_bytes(j->pack, p, n, e);
}

static bool on_bytes(
    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e)
{
	struct join *j = ctx;

	memcpy(j->bytes + j->at[i], p, n);
	j->at[i] += n;
	*held = 0; /* they have their place already, whatever order they come in */
	j->w->so_far.bytes += (int64_t)n;
	j->w->so_far.objects += last;
	if (last)
		j->whole[i] = true;
	while (j->next < j->map->n && j->whole[j->next])
		if (!add_object(j, j->next++, e))
			return false;
	return true;
}

static bool finish_part(struct join *j, struct err *e)
{
	struct s3_info info;

	if (!j->pack) /* nothing was joined */
		return true;
	if (!pack_end(j->pack, e) || !s3_upload_end(j->up, &info, e))
		return err_prefix(e, "writing a part to [S3] MANIFESTS");
	j->map->etag = arena_str(j->w->task, str_z(info.etag));
	return true;
}

static bool join(struct worker *w, const struct manifest *m, struct compact_map *map, struct err *e)
{
	struct copystmt json = {.json = COPY_JSON_AUTO}; /* all that there is to know of it */
	struct reader_plan plan;
	struct join j = {.w = w, .map = map};
	struct fetch_sink sink = {.ctx = &j, .bytes = on_bytes};
	struct fetch_stats stats;
	uint64_t room = 0;
	bool ok;

	j.at = xcalloc(m->n, sizeof *j.at);
	j.from = xcalloc(m->n, sizeof *j.from);
	j.whole = xcalloc(m->n, sizeof *j.whole);
	for (size_t i = 0; i < m->n; i++) {
		j.at[i] = j.from[i] = (size_t)room;
		room += room_of(&m->objects[i]);
	}
	j.bytes = xmalloc((size_t)room);
	reader_plan_init(&plan, &json, NULL);
	reader_init(&j.reader, &plan);
	ok = manifest_fetch(w, m, &sink, &stats, e) && finish_part(&j, e);
	reader_free(&j.reader);
	reader_plan_free(&plan);
	pack_free(j.pack);
	s3_upload_free(j.up);
	free(j.at);
	free(j.from);
	free(j.whole);
	free(j.bytes);
	return ok;
}

static struct str map_key(struct worker *w, struct str part)
{
	part.n -= strlen(".json.gz");
	return str_z(arena_printf(w->task, "%.*s.map", STRF(part)));
}

static bool write_map(struct worker *w, const struct compact_map *map, struct err *e)
{
	struct buf b;
	bool ok;

	buf_init(&b, MAP_MAX);
	compact_map_print(map, &b);
	ok = b.over
	         ? err_set(e, ERR_TASK, AT_S3, "Map", "the map of %zu objects is too large", map->n)
	         : s3_put(w->s3, map->bucket, map_key(w, map->key), buf_view(&b),
	               "application/x-ndjson", NULL, e) ||
	               err_prefix(e, "writing the map of a part to [S3] MANIFESTS");
	buf_free(&b);
	return ok;
}

static bool is_of(const struct compact_map *map, const struct manifest *m)
{
	if (map->n != m->n || !str_eq(map->source, m->bucket))
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (!str_eq(map->entries[i].key, m->objects[i].key) ||
		    !str_eq(map->entries[i].etag, m->objects[i].etag))
			return false;
	return true;
}

/*
 * *there: an earlier try has made this part, and *map says what is in it. Anything else than a map
 * that is right and a part that is the one it was written for is made again. False: stop.
 */
static bool find_part(
    struct worker *w, const struct manifest *m, struct compact_map *map, bool *there, struct err *e)
{
	struct str bucket = map->bucket, key = map->key;
	struct compact_map found;
	struct s3_info info;
	struct buf b;
	bool ok;

	*there = false;
	buf_init(&b, MAP_MAX);
	ok = s3_get(w->s3, bucket, map_key(w, key), STR(""), &b, NULL, e) &&
	     compact_map_parse(buf_view(&b), w->task, &found, e);
	buf_free(&b);
	if (ok && (!is_of(&found, m) || !str_eq(found.key, key)))
		return true;
	if (ok && found.size)
		ok = s3_head(w->s3, bucket, key, &info, e);
	if (!ok)
		return e->kind == ERR_TASK;
	if (found.size && (info.size != found.size || !str_eqz(found.etag, info.etag)))
		return true;
	*map = found;
	map->found = *there = true;
	return true;
}

static bool make_part(struct work *k, const struct manifest *m, struct err *e)
{
	struct worker *w = k->w;
	struct compacted *out = k->out;
	struct compact_map *map;
	char digest[33];
	bool there;

	compact_digest(m, digest);
	out->maps = arena_grow(w->task, out->maps, out->n_maps, &k->cap_maps, sizeof *out->maps);
	map = &out->maps[out->n_maps++];
	*map = (struct compact_map){.source = m->bucket};
	if (!manifest_place(w, connect_manifests(&w->config),
	        arena_printf(w->task, "parts/%.*s/%s.json.gz", STRF(k->opts->relation), digest),
	        &map->bucket, &map->key, e) ||
	    !find_part(w, m, map, &there, e))
		return false;
	out->reused += there;
	k->missing = k->missing || !there;
	if (there || k->only_find)
		return true;
	map->n = m->n;
	map->entries = arena_alloc(w->task, m->n * sizeof *map->entries);
	for (size_t i = 0; i < m->n; i++)
		map->entries[i] = (struct compact_entry){.key = m->objects[i].key,
		    .etag = m->objects[i].etag,
		    .size = m->objects[i].size};
	return join(w, m, map, e) && write_map(w, map, e);
}

/* Cuts where the bytes before an object pass the next part's share of all. */
static bool make_parts(struct work *k, struct err *e)
{
	uint64_t all = 0, before = 0, parts, size = k->opts->part_bytes;
	struct manifest m = {.bucket = k->all->bucket, .objects = k->objects};

	for (size_t i = 0; i < k->n; i++)
		all += room_of(&k->objects[i]);
	parts = compact_count(
	    all, size ? size : (uint64_t)k->w->config.load.part_bytes, k->opts->slices);
	for (size_t i = 0, part = 0; i < k->n; i++) {
		m.n++;
		before += room_of(&k->objects[i]);
		if (i + 1 < k->n && before * parts < all * (part + 1))
			continue;
		if (!make_part(k, &m, e))
			return false;
		part++;
		m.objects += m.n;
		m.n = 0;
	}
	return true;
}

/* What the maps say became of each object, in the order of the objects. */
static void take_maps(struct work *k)
{
	struct arena *a = k->w->task;
	struct compacted *out = k->out;
	size_t n = 0;

	out->parts.objects = arena_alloc(a, out->n_maps * sizeof *out->parts.objects);
	for (size_t i = 0; i < out->n_maps; i++) {
		const struct compact_map *map = &out->maps[i];

		out->records += map->records;
		out->bytes += map->bytes;
		for (size_t o = 0; o < map->n; o++) {
			k->why[k->place[n++]] = map->entries[o].alone;
			out->objects += map->entries[o].alone.n == 0;
		}
		if (map->size == 0)
			continue;
		out->parts.bucket = map->bucket;
		out->parts.objects[out->parts.n++] = (struct object){
		    .key = map->key, .etag = map->etag, .size = map->size};
	}
	if (out->parts.n)
		qsort(
		    out->parts.objects, out->parts.n, sizeof *out->parts.objects, manifest_by_key);
	out->alone.objects = arena_alloc(a, k->all->n * sizeof *out->alone.objects);
	out->why = arena_alloc(a, k->all->n * sizeof *out->why);
	for (size_t i = 0; i < k->all->n; i++)
		if (k->why[i].n) {
			out->why[out->alone.n] = k->why[i];
			out->alone.objects[out->alone.n++] = k->all->objects[i];
		}
}

static bool compact(struct work *k, struct err *e)
{
	struct worker *w = k->w;

	*k->out = (struct compacted){.alone = {.bucket = k->all->bucket}};
	if (!connect_manifests(&w->config))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "parts need a place: set [S3] MANIFESTS, or [LOAD] COMPACT = off");
	sort_out(k);
	if (!worker_s3(w, e) || !make_parts(k, e))
		return false;
	if (!k->only_find || !k->missing)
		take_maps(k);
	return true;
}

bool compact_objects(struct worker *w, const struct manifest *objects,
    const struct compact_opts *opts, struct compacted *out, struct err *e)
{
	struct work k = {.w = w, .all = objects, .opts = opts, .out = out};

	return compact(&k, e);
}

bool compact_find(struct worker *w, const struct manifest *objects, const struct compact_opts *opts,
    struct compacted *out, bool *whole, struct err *e)
{
	struct work k = {.w = w, .all = objects, .opts = opts, .out = out, .only_find = true};
	bool ok = compact(&k, e);

	*whole = ok && !k.missing;
	return ok;
}

/* The map goes first: a part without one is not there. */
bool compact_remove(struct worker *w, const struct compacted *c, bool found, struct err *e)
{
	if (!worker_s3(w, e))
		return false;
	for (size_t i = 0; i < c->n_maps; i++) {
		const struct compact_map *m = &c->maps[i];

		if (m->found && !found)
			continue;
		if (!s3_delete(w->s3, m->bucket, map_key(w, m->key), e) ||
		    !s3_delete(w->s3, m->bucket, m->key, e))
			return err_prefix(e, "removing a part from [S3] MANIFESTS");
	}
	return true;
}
