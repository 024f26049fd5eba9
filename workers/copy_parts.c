/* copy_parts.c - see copy_parts.h. */
#include "workers/copy_parts.h"

#include "shared/clock.h"
#include "shared/log.h"
#include "workers/crash.h"

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

bool copy_parts_are_made(const struct worker *w, const struct copystmt *stmt)
{
	const char *why;

	/* Neither few nor large. */
	return compact_is_worth(&w->config, stmt, COMPACT_FEW + 1, 0, &why);
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

bool copy_parts_make(struct worker *w, const struct copystmt *stmt, struct str relation,
    const struct manifest *objects, struct msg_done *done, struct copy_parts **out, struct err *e)
{
	struct compact_opts opts = {.relation = relation};
	struct copy_parts *p = arena_alloc(w->task, sizeof *p);
	int64_t began = clock_ms();
	const char *why;

	*out = NULL;
	if (!is_worth(w, stmt, objects, &why)) {
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
	if (p->c.parts.n == 0) {
		copy_parts_remove(w, p, true);
		return true;
	}
	done->objects_joined = (int64_t)p->c.objects;
	done->parts = (int64_t)p->c.parts.n;
	*out = p;
	return write_manifests(w, relation, p, e);
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

	if (!w->config.load.keep_parts && !remove_all(w, p, found, &e))
		warn(&e);
}

void copy_parts_forget(struct worker *w, const struct copystmt *stmt, struct str relation,
    const struct manifest *objects)
{
	struct compact_opts opts = {.relation = relation};
	struct copy_parts p = {.joined = STR("")};
	const char *why;
	struct err e;
	bool whole;

	if (w->config.load.keep_parts || !is_worth(w, stmt, objects, &why))
		return;
	opts.slices = slices(w);
	/* Manifests were written when all was there, and go first: to write them again tells their
	 * names. */
	if (!compact_find(w, objects, &opts, &p.c, &whole, &e) ||
	    (whole && !write_manifests(w, relation, &p, &e)) || !remove_all(w, &p, true, &e))
		warn(&e);
}
