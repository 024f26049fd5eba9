/* quarantine.c - see quarantine.h. */
#include "workers/quarantine.h"

#include <stdlib.h>

#include "workers/crash.h"
#include "workers/locks.h"

enum { MILLION = 1000000 };

bool quarantine_is_on(const struct worker *w)
{
	return w->config.load.max_bad_objects > 0 || w->config.load.max_bad_ratio > 0;
}

static char *address(struct worker *w, struct str bucket, struct str key)
{
	return arena_printf(w->task, "s3://%.*s/%.*s", STRF(bucket), STRF(key));
}

bool quarantine_read(struct worker *w, struct str relation, int64_t generation, struct str bucket,
    struct object **out, size_t *n, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_i64(w->task, generation)};
	PGresult *res;

	if (!worker_pg(w, e) || !pg_query(&w->pg,
	                            "SELECT object, etag FROM dwh.quarantine WHERE relation = $1"
	                            " AND generation = CAST($2 AS INTEGER)",
	                            2, params, &res, e))
		return false;
	*out = arena_alloc(w->task, ((size_t)PQntuples(res) + 1) * sizeof **out);
	*n = 0;
	for (int i = 0; i < PQntuples(res); i++) {
		struct str in, key;

		if (s3_url_parse(arena_str(w->task, pg_str(res, i, 0)), &in, &key, e) &&
		    str_eq(in, bucket))
			(*out)[(*n)++] = (struct object){
			    .key = key, .etag = arena_str(w->task, pg_str(res, i, 1))};
	}
	PQclear(res);
	if (*n)
		qsort(*out, *n, sizeof **out, manifest_by_key);
	return true;
}

bool quarantine_forget(struct worker *w, struct str relation, int64_t generation, struct str bucket,
    struct str key, struct str etag, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_i64(w->task, generation),
	    address(w, bucket, key), arena_cstr(w->task, etag)};

	return pg_run(&w->pg,
	    "DELETE FROM dwh.quarantine WHERE relation = $1 AND generation = CAST($2 AS INTEGER)"
	    " AND object = $3 AND (etag = $4 OR $4 = '')",
	    4, params, e);
}

static bool add(struct worker *w, struct str relation, int64_t generation, struct str bucket,
    const struct object *o, const struct bad_record *why, struct str manifest, struct err *e)
{
#define TEXT(s) arena_cstr(w->task, (s))
	const char *params[] = {TEXT(relation), arena_i64(w->task, generation),
	    address(w, bucket, o->key), TEXT(o->etag), arena_i64(w->task, (int64_t)o->size),
	    arena_i64(w->task, (int64_t)why->line), TEXT(why->column), TEXT(why->value),
	    arena_i64(w->task, why->code), TEXT(why->reason), TEXT(manifest), TEXT(w->run),
	    sql_now(w)};
#undef TEXT

	return pg_run(&w->pg,
	    "INSERT INTO dwh.quarantine (relation, generation, object, etag, bytes, state, line,"
	    " column_name, value, code, reason, manifest, run, held_at) VALUES ($1,"
	    " CAST($2 AS INTEGER), $3, $4, CAST($5 AS BIGINT), 'held', CAST($6 AS BIGINT), $7, $8,"
	    " CAST($9 AS INTEGER), $10, $11, $12, CAST($13 AS TIMESTAMP))",
	    13, params, e);
}

/* How many are held, and not given up. */
static bool count_held(
    struct worker *w, struct str relation, int64_t generation, int64_t *out, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_i64(w->task, generation)};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM dwh.quarantine WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER) AND state = 'held'",
	        2, params, &res, e))
		return false;
	*out = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

/* Each once, whatever a worker that died has done already. */
static bool hold_all(struct worker *w, struct str relation, int64_t generation,
    const struct manifest *bad, const struct bad_record *why, struct str manifest, struct err *e)
{
	int64_t max = w->config.load.max_bad_objects, held;

	for (size_t i = 0; i < bad->n; i++)
		if (!quarantine_forget(
		        w, relation, generation, bad->bucket, bad->objects[i].key, STR(""), e) ||
		    !add(w, relation, generation, bad->bucket, &bad->objects[i], &why[i], manifest,
		        e))
			return false;
	if (!count_held(w, relation, generation, &held, e))
		return false;
	return max == 0 || held <= max ||
	       err_set(e, ERR_DATA, AT_DATA, "MAX_BAD_OBJECTS",
	           "%lld objects of %.*s would be in quarantine, and MAX_BAD_OBJECTS is %lld: none "
	           "of this shard is taken in; mend them, or allow more",
	           (long long)held, STRF(relation), (long long)max);
}

static bool write_manifest(struct worker *w, struct str relation, const struct manifest *bad,
    const struct bad_record *why, struct str *address, struct err *e)
{
	struct manifest m = *bad;
	char digest[33];

	m.why = why;
	return manifest_write(w, relation, &m, false, digest, address, e);
}

bool quarantine_hold(struct worker *w, struct str relation, int64_t generation,
    const struct manifest *bad, const struct bad_record *why, struct err *e)
{
	struct str manifest;

	if (!write_manifest(w, relation, bad, why, &manifest, e) ||
	    !locks_begin_quarantine(w, relation, manifest, e) ||
	    !hold_all(w, relation, generation, bad, why, manifest, e))
		return false;
	crash_here("split:before-commit");
	if (!pg_exec(&w->pg, "COMMIT", e))
		return false;
	crash_here("split:after-commit");
	return true;
}

bool quarantine_check(
    struct worker *w, struct str relation, int64_t generation, struct msg_done *done, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_i64(w->task, generation)};
	int64_t max = w->config.load.max_bad_objects, ratio = w->config.load.max_bad_ratio, all;
	bool many, large;
	PGresult *res;

	if (!count_held(w, relation, generation, &done->quarantined, e))
		return false;
	if (done->quarantined == 0)
		return true;
	if (!pg_query(&w->pg,
	        "SELECT coalesce(sum(objects), 0) FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER)",
	        2, params, &res, e))
		return false;
	all = pg_i64(res, 0, 0) + done->quarantined;
	PQclear(res);
	many = done->quarantined > max && (max > 0 || ratio == 0);
	large = ratio > 0 && (double)done->quarantined * MILLION > (double)ratio * (double)all;
	if (many || large)
		return err_set(e, ERR_DATA, AT_DATA, many ? "MAX_BAD_OBJECTS" : "MAX_BAD_RATIO",
		    "%lld of %lld objects of %.*s are in quarantine, more than %s allows: see "
		    "`dwh quarantine list`; mend them and `dwh quarantine retry`, or give them up "
		    "with "
		    "`dwh quarantine drop`",
		    (long long)done->quarantined, (long long)all, STRF(relation),
		    many ? "MAX_BAD_OBJECTS" : "MAX_BAD_RATIO");
	done->note = str_z(arena_printf(w->task,
	    "%lld of %lld objects are in quarantine: see `dwh quarantine list`",
	    (long long)done->quarantined, (long long)all));
	return true;
}
