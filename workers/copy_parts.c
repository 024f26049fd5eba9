/* copy_parts.c - see copy_parts.h. */
#include "workers/copy_parts.h"

#include "shared/clock.h"
#include "shared/log.h"
#include "workers/copyfile.h"
#include "workers/crash.h"
#include "workers/engine_private.h"

/*
 * Where the warehouse does not tell (a serverless workgroup has no STV_SLICES): a multiple of what
 * nodes of any kind have, 2, 4 or 16. Too many of them do no harm, parts are never made crumbs.
 */
enum { SLICES_UNTOLD = 16 };

static size_t slices(struct worker *w)
{
	struct err ignored;
	PGresult *res;

	if (w->slices)
		return w->slices;
	w->slices = SLICES_UNTOLD;
	if (pg_query(&w->pg, "SELECT count(*) FROM stv_slices", 0, NULL, &res, &ignored)) {
		if (pg_i64(res, 0, 0) > 0)
			w->slices = (size_t)pg_i64(res, 0, 0);
		PQclear(res);
	}
	return w->slices;
}

/* The COPY of a source, whatever it loads. */
static bool read_copy(
    struct worker *w, const struct sqlfile *f, struct copystmt *stmt, struct err *e)
{
	struct sql_vars vars = copyfile_any(f);
	struct str text;

	return worker_pg(w, e) && copyfile_read(w, f, &vars, stmt, &text, e);
}

bool redshift_joins(struct worker *w, const struct sqlfile *f, bool *out, struct err *e)
{
	struct copystmt stmt;
	const char *why;

	if (!read_copy(w, f, &stmt, e))
		return false;
	/* Of a shard that is neither of few objects nor of large ones. */
	*out = compact_is_worth(&w->config, &stmt, COMPACT_FEW + 1, 0, &why);
	return true;
}

static bool is_worth(
    struct worker *w, const struct copystmt *stmt, const struct manifest *objects, const char **why)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < objects->n; i++)
		bytes += objects->objects[i].size;
	return compact_is_worth(&w->config, stmt, objects->n, bytes, why);
}

/* ---- their manifests ---- */

static bool write_one(struct worker *w, struct str relation, const struct manifest *m,
    struct str *address, struct err *e)
{
	struct str folder = str_z(arena_printf(w->task, "parts/%.*s", STRF(relation)));
	char digest[33];

	return m->n == 0 || manifest_write(w, folder, m, false, digest, address, e);
}

static bool write_manifests(
    struct worker *w, struct str relation, struct copy_parts *p, struct err *e)
{
	return write_one(w, relation, &p->c.parts, &p->joined, e) &&
	       write_one(w, relation, &p->c.alone, &p->alone, e);
}

static bool remove_one(struct worker *w, struct str address, struct err *e)
{
	struct str bucket, key;

	return address.n == 0 ||
	       (s3_url_parse(address, &bucket, &key, e) && s3_delete(w->s3, bucket, key, e));
}

/* ---- making them ---- */

/* For the report: the first of them says it for all. */
static struct str left_alone(struct worker *w, const struct compacted *c)
{
	const struct manifest *m = &c->alone;

	if (m->n == 0)
		return STR("");
	return str_z(
	    arena_printf(w->task, "not compacted: %zu object%s, such as s3://%.*s/%.*s: %.*s", m->n,
	        m->n > 1 ? "s" : "", STRF(m->bucket), STRF(m->objects[0].key), STRF(c->why[0])));
}

bool redshift_prepare(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e)
{
	struct compact_opts opts = {.relation = target_relation(w, w->task, m->source)};
	struct copy_parts *p = arena_alloc(w->task, sizeof *p);
	int64_t began = clock_ms();
	struct copystmt stmt;
	const char *why;

	if (!read_copy(w, f, &stmt, e))
		return false;
	if (!is_worth(w, &stmt, objects, &why)) {
		if (w->config.load.compact != COMPACT_OFF)
			done->note = str_z(arena_printf(w->task, "not compacted: %s", why));
		return true;
	}
	*p = (struct copy_parts){.joined = STR("")};
	opts.slices = slices(w);
	if (!compact_objects(w, objects, &opts, &p->c, e))
		return false;
	done->note = left_alone(w, &p->c);
	done->fetch_ms = clock_ms() - began;
	crash_here("copy:after-compact");
	if (p->c.parts.n == 0) { /* only maps, which say so */
		copy_parts_remove(w, p, true);
		return true;
	}
	done->objects_joined = (int64_t)p->c.objects;
	done->parts = (int64_t)p->c.parts.n;
	c->parts = p;
	return write_manifests(w, opts.relation, p, e);
}

/* ---- removing them ---- */

/* Manifests first: what they are is known from the maps. */
static bool remove_all(struct worker *w, const struct copy_parts *p, bool found, struct err *e)
{
	bool manifests = found || p->c.reused == 0;

	if (!worker_s3(w, e) ||
	    (manifests && (!remove_one(w, p->joined, e) || !remove_one(w, p->alone, e))))
		return false;
	crash_here("copy:amid-removal");
	return compact_remove(w, &p->c, found, e);
}

static void warn(const struct err *e)
{
	log_warn("parts that are of no more use are left under [S3] MANIFESTS: %s", e->msg);
}

void copy_parts_remove(struct worker *w, const struct copy_parts *p, bool found)
{
	struct err e;

	if (!remove_all(w, p, found, &e))
		warn(&e);
}

/* Where it is committed and not verified, people may want to see what it was loaded from. */
static bool is_doubtful(
    struct worker *w, struct str relation, const struct msg_copy *m, bool *out, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_i64(w->task, m->generation),
	    arena_cstr(w->task, m->shard)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER) AND shard = $3 AND verdict <> 'VERIFIED'",
	        3, params, &res, e))
		return false;
	*out = pg_i64(res, 0, 0) > 0;
	PQclear(res);
	return true;
}

/* Manifests were written where all was there, and go first: to write them again tells their names.
 */
static bool forget(struct worker *w, struct str relation, const struct manifest *o, struct err *e)
{
	struct compact_opts opts = {.relation = relation, .slices = slices(w)};
	struct copy_parts p = {.joined = STR("")};
	bool whole;

	return compact_find(w, o, &opts, &p.c, &whole, e) &&
	       (!whole || write_manifests(w, relation, &p, e)) && remove_all(w, &p, true, e);
}

void redshift_forget(struct worker *w, const struct sqlfile *f, const struct msg_copy *m)
{
	struct str relation = target_relation(w, w->task, m->source);
	struct manifest objects;
	struct copystmt stmt;
	const char *why;
	bool doubtful;
	struct err e;

	if (w->config.load.keep_parts || w->config.load.compact == COMPACT_OFF)
		return;
	if (!read_copy(w, f, &stmt, &e) || !is_doubtful(w, relation, m, &doubtful, &e))
		warn(&e);
	else if (!doubtful &&
	         compact_is_worth(
	             &w->config, &stmt, (uint64_t)m->objects, (uint64_t)m->bytes, &why) &&
	         (!manifest_read(w, m->manifest, m->shard, w->task, &objects, &e) ||
	             !forget(w, relation, &objects, &e)))
		warn(&e);
}
