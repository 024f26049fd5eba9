/*
 * verify.c - see verify.h.
 *
 * Ledger and lanes are read in one snapshot, so a load that goes on meanwhile is in both or in
 * neither. The lanes are locked (against DROP alone) before the snapshot is taken: what is counted
 * then is of the life of the relation that the snapshot shows. Manifests never change; they are
 * read when the transaction is over.
 */
#include "workers/verify.h"

#include <stdlib.h>

#include "shared/lane.h"
#include "workers/evidence.h"
#include "workers/locks.h"
#include "workers/manifest.h"
#include "workers/relation.h"
#include "workers/tasks.h"

enum { WRONG_MAX = 1000 }; /* facts about one relation; the rest is counted */

enum verdict { VERIFIED, UNVERIFIED, MISMATCH };

/* A row of the ledger. */
struct entry {
	struct str shard, manifest, first, last, lane, run, verdict;
	int64_t generation, objects, bytes, rows;
	int64_t in_lane;   /* 1...; 0: none of the relation's */
	struct str bucket; /* by the manifest */
	enum verdict found;
	const struct entry *with; /* holds some of the same objects */
	struct str twice;         /* the first of them */
	int64_t n_twice;
};

/* An object of a committed shard. */
struct held_object {
	struct str key;
	struct entry *in;
};

struct verify {
	struct worker *w;
	const struct sqlfile *copy;
	struct str relation, of;
	struct target target;
	struct entry *entries;
	size_t n;
	struct held_object *objects;
	size_t n_objects, cap_objects;
	enum verdict worst;
	int64_t wrong;
	struct msg_done *done;
};

static struct str name_of(enum verdict v)
{
	return v == VERIFIED   ? STR("VERIFIED")
	       : v == MISMATCH ? STR("MISMATCH")
	                       : STR("UNVERIFIED");
}

/* in: the shard that it is about, or NULL. The text says what, where, and the remedy. */
static void wrong(
    struct verify *v, struct entry *in, struct str lane, enum verdict found, const char *text)
{
	struct err line;
	struct msg m = {.type = MSG_WRONG};

	if (found > v->worst)
		v->worst = found;
	if (in && found > in->found)
		in->found = found;
	if (v->wrong++ >= WRONG_MAX)
		return;
	err_set(&line, ERR_TASK, AT_CHECK, NULL, "%s", text);
	m.u.wrong = (struct msg_wrong){.id = v->w->task_id,
	    .relation = v->copy->stem,
	    .lane = lane,
	    .shard = in ? in->shard : STR(""),
	    .verdict = name_of(found),
	    .message = str_z(line.msg)};
	worker_send(&m);
}

#define SAY(...) arena_printf(v->w->task, __VA_ARGS__)

/* ---- the snapshot ---- */

static struct str lane_of(const struct verify *v, int64_t i)
{
	return lane_name(v->w->task, v->copy->stem, i, v->target.lanes);
}

static int64_t number_of(const struct verify *v, struct str lane)
{
	for (int64_t i = 1; i <= v->target.lanes; i++)
		if (str_eq(lane_of(v, i), lane))
			return i;
	return 0;
}

static bool read_target(struct verify *v, struct target *out, struct err *e)
{
	if (target_read(v->w, v->relation, out, e))
		return true;
	if (strcmp(e->code, "42P01") == 0 || strcmp(e->code, "3F000") == 0)
		err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "nothing was ever loaded here: there is no dwh.target; `dwh run` loads");
	return false;
}

/* Opens the transaction; *there says of each lane (from 0) whether it exists. */
static bool open_snapshot(struct verify *v, bool there[LANES_MAX], struct err *e)
{
	struct worker *w = v->w;
	struct target now;

	for (int64_t i = 0; i < v->target.lanes; i++)
		if (!relation_exists(w, lane_of(v, i + 1), &there[i], e))
			return false;
	if (!pg_exec(&w->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e))
		return false;
	for (int64_t i = 0; i < v->target.lanes; i++) {
		if (there[i] && !locks_against_drop(w, lane_of(v, i + 1), e))
			return false;
	}
	if (!read_target(v, &now, e))
		return false;
	return (now.known && now.generation == v->target.generation) ||
	       err_set(e, ERR_RETRY, AT_STATE, NULL, "%.*s was just made anew", STRF(v->relation));
}

static bool read_ledger(struct verify *v, struct err *e)
{
	const char *relation = v->relation.p;
	struct arena *a = v->w->task;
	PGresult *res;

	if (!pg_query(&v->w->pg,
	        "SELECT shard, manifest, first_key, last_key, lane, run, verdict, generation,"
	        " objects, bytes, row_count FROM dwh.ledger WHERE relation = $1"
	        " ORDER BY first_key, shard",
	        1, &relation, &res, e))
		return false;
	v->n = (size_t)PQntuples(res);
	v->entries = arena_alloc(a, v->n * sizeof *v->entries);
	for (size_t i = 0; i < v->n; i++) {
		struct entry *o = &v->entries[i];
		struct str *texts[] = {
		    &o->shard, &o->manifest, &o->first, &o->last, &o->lane, &o->run, &o->verdict};
		int row = (int)i, col = 0;

		for (; col < (int)(sizeof texts / sizeof texts[0]); col++)
			*texts[col] = arena_str(a, pg_str(res, row, col));
		o->generation = pg_i64(res, row, col++);
		o->objects = pg_i64(res, row, col++);
		o->bytes = pg_i64(res, row, col++);
		o->rows = pg_i64(res, row, col);
		o->in_lane = number_of(v, o->lane);
	}
	PQclear(res);
	return true;
}

/* ---- shards ---- */

static bool is_ours(const struct verify *v, const struct entry *o)
{
	return o->generation == v->target.generation;
}

static bool is_asked(const struct verify *v, const struct entry *o)
{
	return is_ours(v, o) && (v->of.n == 0 || str_eq(o->run, v->of));
}

/* What of the ledger's row is not as the manifest says. */
static void check_entry(struct verify *v, struct entry *o, const struct manifest *m)
{
	struct str lane = o->lane;
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->n; i++)
		bytes += m->objects[i].size;
	if (o->objects != (int64_t)m->n || o->bytes != (int64_t)bytes)
		wrong(v, o, lane, MISMATCH,
		    SAY("the ledger says %lld objects and %lld bytes, its manifest has %zu and "
		        "%llu: put the row of dwh.ledger right, or load all again with --fresh",
		        (long long)o->objects, (long long)o->bytes, m->n,
		        (unsigned long long)bytes));
	if (m->n &&
	    (!str_eq(o->first, m->objects[0].key) || !str_eq(o->last, m->objects[m->n - 1].key)))
		wrong(v, o, lane, MISMATCH,
		    SAY("the ledger says that its keys go from %.200s to %.200s, its manifest from "
		        "%.*s to %.*s: put the row of dwh.ledger right, or the next load takes "
		        "some "
		        "of them again",
		        o->first.p, o->last.p, STRF(m->objects[0].key),
		        STRF(m->objects[m->n - 1].key)));
	if (o->in_lane == 0)
		wrong(v, o, lane, MISMATCH,
		    SAY("the ledger says that it is in %.*s, which is no table of %.*s: put the "
		        "row of dwh.ledger right, or load all again with --fresh",
		        STRF(lane), STRF(v->copy->stem)));
	if (!str_eq(o->verdict, STR("VERIFIED")))
		wrong(v, o, lane, str_eqz(o->verdict, "MISMATCH") ? MISMATCH : UNVERIFIED,
		    SAY("it was committed as %.*s", STRF(o->verdict)));
}

static void keep_objects(struct verify *v, struct entry *o, const struct manifest *m)
{
	struct arena *a = v->w->task;

	o->bucket = arena_str(a, m->bucket);
	for (size_t i = 0; i < m->n; i++) {
		v->objects = arena_grow(
		    a, v->objects, v->n_objects, &v->cap_objects, sizeof *v->objects);
		v->objects[v->n_objects++] = (struct held_object){
		    arena_str(a, m->objects[i].key), o};
	}
	v->done->objects += (int64_t)m->n;
	v->w->so_far.objects = v->done->objects;
}

/* False where nothing can be said of it, nor of the others. */
static bool check_shard(struct verify *v, struct entry *o, struct arena *a, struct err *e)
{
	struct manifest m;

	if (manifest_read(v->w, o->manifest, o->shard, a, &m, e)) {
		check_entry(v, o, &m);
		keep_objects(v, o, &m);
		return true;
	}
	if (e->kind == ERR_RETRY || e->kind == ERR_CANCELLED || e->where == AT_CONFIG)
		return false;
	/* Another content speaks against it; where there is none, evidence is missing. */
	wrong(v, o, o->lane, strcmp(e->code, "Manifest") == 0 ? MISMATCH : UNVERIFIED, e->msg);
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct held_object *x = a, *y = b;
	int order = str_cmp(x->key, y->key);

	return order ? order : str_cmp(x->in->bucket, y->in->bucket);
}

/* Each object has one shard. */
static void check_overlaps(struct verify *v)
{
	const struct held_object *first = v->objects;

	if (v->n_objects)
		qsort(v->objects, v->n_objects, sizeof *v->objects, by_key);
	for (size_t i = 1; i < v->n_objects; i++) {
		struct held_object *o = &v->objects[i];

		if (by_key(first, o) != 0) {
			first = o;
		} else if (o->in->n_twice++ == 0) {
			o->in->with = first->in;
			o->in->twice = o->key;
		}
	}
	for (size_t i = 0; i < v->n; i++) {
		struct entry *o = &v->entries[i];

		if (o->n_twice && str_eq(o->with->shard, o->shard))
			wrong(v, o, o->lane, MISMATCH,
			    SAY("it is in the ledger twice: its rows were loaded twice, or "
			        "somebody else wrote to dwh.ledger; load all again with --fresh"));
		else if (o->n_twice)
			wrong(v, o, o->lane, MISMATCH,
			    SAY("%lld of its objects are in shard %.8s, too: their rows are there "
			        "twice; "
			        "load all again with --fresh; the first is s3://%.*s/%.*s",
			        (long long)o->n_twice, o->with->shard.p, STRF(o->bucket),
			        STRF(o->twice)));
	}
}

static bool check_shards(struct verify *v, struct err *e)
{
	struct arena *a = arena_new();
	bool ok = true;

	for (size_t i = 0; ok && i < v->n; i++) {
		struct entry *o = &v->entries[i];

		if (!is_ours(v, o))
			wrong(v, o, STR(""), MISMATCH,
			    SAY("the ledger has it in life %lld of the relation, which is in life "
			        "%lld: "
			        "take the row out of dwh.ledger, or load all again with --fresh",
			        (long long)o->generation, (long long)v->target.generation));
		if (!is_asked(v, o))
			continue;
		arena_reset(a);
		ok = worker_tick(v->w, e) && check_shard(v, o, a, e);
	}
	arena_free(a);
	if (ok)
		check_overlaps(v);
	return ok;
}

/* ---- lanes ---- */

static bool count_rows(struct verify *v, struct str lane, int64_t *out, struct err *e)
{
	struct str name = pg_ident(&v->w->pg, v->w->task, lane);
	PGresult *res;

	if (!pg_query(&v->w->pg, SAY("SELECT count(*) FROM %.*s", STRF(name)), 0, NULL, &res, e))
		return false;
	*out = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

/* The ledger's sum and the evidence of the shards; counted is there already. */
static void judge_lane(struct verify *v, int64_t i, bool there, struct msg_lane *m)
{
	enum verdict found = VERIFIED;

	for (size_t k = 0; k < v->n; k++) {
		const struct entry *o = &v->entries[k];

		if (!is_ours(v, o))
			continue;
		m->rows += o->in_lane == i ? o->rows : 0;
		if (!is_asked(v, o) || o->in_lane != i)
			continue;
		m->shards++;
		m->mismatch += o->found == MISMATCH;
		m->unverified += o->found == UNVERIFIED;
	}
	if (!there)
		wrong(v, NULL, m->lane, found = MISMATCH,
		    SAY("the table %.*s is gone: load all again with --fresh", STRF(m->lane)));
	else if (m->counted != m->rows)
		wrong(v, NULL, m->lane, found = MISMATCH,
		    SAY("%.*s has %lld rows, the ledger says %lld: somebody else wrote to one of "
		        "them; "
		        "load all again with --fresh",
		        STRF(m->lane), (long long)m->counted, (long long)m->rows));
	m->verdict = name_of(m->mismatch         ? MISMATCH
	                     : found != VERIFIED ? found
	                     : m->unverified     ? UNVERIFIED
	                                         : VERIFIED);
}

static bool count_lanes(
    struct verify *v, int64_t counted[LANES_MAX], bool there[LANES_MAX], struct err *e)
{
	for (int64_t i = 0; i < v->target.lanes; i++)
		if (there[i] && !count_rows(v, lane_of(v, i + 1), &counted[i], e))
			return false;
	return true;
}

static void send_lanes(
    struct verify *v, const int64_t counted[LANES_MAX], const bool there[LANES_MAX])
{
	for (int64_t i = 0; i < v->target.lanes; i++) {
		struct msg m = {.type = MSG_LANE,
		    .u.lane = {.id = v->w->task_id,
		        .relation = v->copy->stem,
		        .lane = lane_of(v, i + 1),
		        .counted = counted[i]}};

		judge_lane(v, i + 1, there[i], &m.u.lane);
		v->done->rows += counted[i];
		worker_send(&m);
	}
}

static bool verify(struct verify *v, struct err *e)
{
	int64_t counted[LANES_MAX] = {0};
	bool there[LANES_MAX] = {false};

	if (!read_target(v, &v->target, e))
		return false;
	if (!v->target.known) {
		wrong(v, NULL, STR(""), UNVERIFIED,
		    SAY("%.*s was not made by dwh yet: `dwh run` makes and loads it",
		        STRF(v->relation)));
		return true;
	}
	if (v->target.lanes < 1 || v->target.lanes > LANES_MAX)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "dwh.target says that %.*s has %lld lanes: somebody else changed it; make and "
		    "load all again with --fresh",
		    STRF(v->relation), (long long)v->target.lanes);
	if (!evidence_settle(v->w, v->copy, v->target.generation, e) ||
	    !open_snapshot(v, there, e) || !read_ledger(v, e) ||
	    !count_lanes(v, counted, there, e) || !pg_exec(&v->w->pg, "COMMIT", e) ||
	    !check_shards(v, e))
		return false;
	send_lanes(v, counted, there);
	return true;
}

bool task_verify(
    struct worker *w, const struct sqlfile *f, struct str of, struct msg_done *done, struct err *e)
{
	struct verify v = {.w = w,
	    .copy = f,
	    .relation = target_relation(w, w->task, f->stem),
	    .of = of,
	    .done = done};

	if (!worker_pg(w, e) || !verify(&v, e))
		return false;
	done->verdict = name_of(v.worst);
	if (v.wrong > WRONG_MAX)
		done->note = str_z(
		    arena_printf(w->task, "%lld things are wrong, the first %d are shown",
		        (long long)v.wrong, WRONG_MAX));
	return true;
}
