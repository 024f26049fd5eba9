/*
 * create.c - the steps create and drop: one transaction each.
 *
 * create makes what is missing, or with `fresh` drops what is ours and makes all anew, and takes
 * everything over for this run. It first takes over all relations, in one order, and only then
 * reads and changes them: so it waits for loads in flight before it touches a table, and reads
 * nothing that they still change. Two of these steps never run at the same time in one database.
 *
 * A run that is alive elsewhere is not taken over from unless that is asked (owner.h).
 *
 * The digests of a relation's create and copy files are kept: rows that were loaded by another
 * description are not mixed with new ones.
 */
#include <stdio.h>

#include "shared/lane.h"
#include "workers/crash.h"
#include "workers/ledger.h"
#include "workers/locks.h"
#include "workers/owner.h"
#include "workers/prefix.h"
#include "workers/relation.h"

struct making {
	struct worker *w;
	bool fresh, whole;
	int64_t id;
	struct msg_done *done;
};

/* dwh's own tables, within a transaction. They are looked for first: CREATE ... IF NOT EXISTS would
 * take locks each time. */
static bool make_own_tables(struct worker *w, struct err *e)
{
	const struct sqlfile *f;
	struct model *own;
	PGresult *res;
	int64_t have;
	size_t n;
	bool ok;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'dwh'"
	        " AND table_name IN ('target', 'ledger', 'step', 'load_errors', 'quarantine')",
	        0, NULL, &res, e))
		return false;
	have = pg_i64(res, 0, 0);
	PQclear(res);
	if (have == 5)
		return true;
	ok = model_own(&w->config, w->task, &own, e);
	f = ok ? model_phase(own, SQL_CREATE, &n) : NULL;
	for (size_t i = 0; ok && i < n; i++)
		ok = relation_run_file(w, &f[i], f[i].stem, e);
	return ok;
}

/* A ledger of an earlier version has no evidence. */
static bool add_evidence(struct worker *w, struct err *e)
{
	bool there;

	if (!ledger_has_evidence(w, &there, e))
		return false;
	if (there ||
	    pg_exec(&w->pg,
	        "ALTER TABLE dwh.ledger ADD COLUMN evidence VARCHAR(128) DEFAULT '' NOT NULL", e))
		return true;
	/* Another run has just added it, where nothing keeps two of these steps apart. */
	if (strcmp(e->code, "42701") == 0)
		e->kind = ERR_RETRY;
	return false;
}

static bool check_schema(struct worker *w, struct err *e)
{
	const char *schema = w->config.warehouse.schema;
	PGresult *res;
	bool there;

	if (!pg_query(&w->pg, "SELECT 1 FROM pg_namespace WHERE nspname = $1", 1, &schema, &res, e))
		return false;
	there = PQntuples(res) > 0;
	PQclear(res);
	return there || err_set(e, ERR_SETUP, AT_WAREHOUSE, "3F000",
	                    "the schema %s does not exist: create it, or choose another "
	                    "[WAREHOUSE] SCHEMA",
	                    schema);
}

static int64_t lanes_wanted(const struct worker *w, bool staging)
{
	const struct config *c = &w->config;

	if (!staging || c->load.strategy != STRATEGY_SHARDED || prefix_is_on(w))
		return 1;
	return c->load.lanes                 ? c->load.lanes
	       : c->load.workers > LANES_MAX ? LANES_MAX
	                                     : c->load.workers;
}

/* What the ledger says about lives that are over. */
static bool forget(struct worker *w, const char *relation, const char *before, struct err *e)
{
	static const char *const forgets[] = {
	    "DELETE FROM dwh.ledger WHERE relation = $1 AND generation < CAST($2 AS INTEGER)",
	    "DELETE FROM dwh.quarantine WHERE relation = $1 AND generation < CAST($2 AS INTEGER)"};
	const char *params[] = {relation, before};

	for (size_t i = 0; i < sizeof forgets / sizeof forgets[0]; i++)
		if (!pg_run(&w->pg, forgets[i], 2, params, e))
			return false;
	return true;
}

/* "create digest:copy digest", in w->task. */
static struct str digest_of(struct worker *w, const struct sqlfile *f)
{
	const struct sqlfile *copy = model_find(w->model, SQL_COPY, f->stem);

	return str_z(arena_printf(w->task, "%s:%s", f->digest, copy ? copy->digest : ""));
}

static bool check_digest(struct worker *w, const struct sqlfile *f, struct str old, struct err *e)
{
	struct str now = digest_of(w, f);

	if (str_eq(old, now))
		return true;
	if (str_starts(old, str_z(f->digest)))
		return err_set(e, ERR_SETUP, AT_STATE, "Fresh",
		    "the COPY of %.*s has changed since its rows were loaded: load all again with "
		    "--fresh, or put copy/%.*s.sql back",
		    STRF(f->stem), STRF(f->stem));
	return err_set(e, ERR_SETUP, AT_STATE, "Fresh",
	    "%s has changed since %.*s was made: make and load all again with --fresh, or put the "
	    "file back",
	    f->origin, STRF(f->stem));
}

/* Lanes stay as they were made, and are loaded side by side, whatever the head of the report says.
 */
static void say_lanes(struct making *k, const struct sqlfile *f, const struct target *t)
{
	struct worker *w = k->w;

	if (w->config.load.strategy == STRATEGY_DIRECT && t->lanes > 1 && !k->done->note.n)
		k->done->note = str_z(arena_printf(w->task,
		    "%.*s has %lld lanes; [LOAD] STRATEGY = direct takes effect with --fresh",
		    STRF(f->stem), (long long)t->lanes));
}

/* What stays as it is must be what the model says. */
static bool keep(
    struct making *k, const struct sqlfile *f, bool staging, const struct target *t, struct err *e)
{
	struct worker *w = k->w;

	if (staging)
		say_lanes(k, f, t);
	return (!staging ||
	           target_lanes_fit(w, target_relation(w, w->task, f->stem), t->lanes, e)) &&
	       check_digest(w, f, t->digest, e);
}

static bool make_anew(
    struct worker *w, const struct sqlfile *f, bool staging, struct target *t, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem);

	/* What is known is ours, whatever of it is still there. */
	if (t->known && !relation_drop(w, f->stem, t->lanes, e))
		return false;
	if (t->known)
		t->generation++;
	else if (!target_first_generation(w, relation, &t->generation, e))
		return false;
	t->lanes = lanes_wanted(w, staging);
	t->digest = digest_of(w, f);
	return relation_make(w, f, t->lanes, e) &&
	       forget(w, arena_cstr(w->task, relation), arena_i64(w->task, t->generation), e);
}

/* Nothing was ever loaded by the old description: its successor takes its place unasked. */
static bool is_unused(
    struct worker *w, const struct sqlfile *f, const struct target *t, bool *out, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem);
	int64_t rows, shards;

	if (str_eq(t->digest, digest_of(w, f)))
		return true;
	if (!ledger_sum(w, relation.p, t->generation, "", &rows, &shards, e))
		return false;
	*out = shards == 0;
	return true;
}

/* What is to be made anew: what is asked for, or missing; a staging relation that is unused; and
 * with CHANGED = reload one whose objects have changed, where all of it is loaded in this run. */
static bool look_at(struct making *k, const struct sqlfile *f, const struct target *t, bool there,
    bool *anew, struct err *e)
{
	struct worker *w = k->w;
	const struct sqlfile *copy = model_find(w->model, SQL_COPY, f->stem);

	*anew = k->fresh || !t->known || !there;
	if (*anew || !copy)
		return true;
	if (!is_unused(w, f, t, anew, e))
		return false;
	return *anew || !k->whole || w->config.load.changed != CHANGED_RELOAD ||
	       list_finds_change(w, copy, t->generation, anew, e);
}

/* One relation: made where it is missing, made anew where that is asked. */
static bool create_one(struct making *k, const struct sqlfile *f, struct err *e)
{
	struct worker *w = k->w;
	struct str relation = target_relation(w, w->task, f->stem);
	bool staging = model_find(w->model, SQL_COPY, f->stem) != NULL, there, anew, ok;
	struct msg m = {.type = MSG_TARGET, .u.target = {.id = k->id, .relation = f->stem}};
	struct target t;
	int64_t rows;

	if (!target_read(w, relation, &t, e) || !relation_exists(w, f->stem, &there, e))
		return false;
	if (!look_at(k, f, &t, there, &anew, e))
		return false;
	ok = anew ? make_anew(w, f, staging, &t, e) : keep(k, f, staging, &t, e);
	if (!ok || !target_write(w, relation, staging, &t, e) || !target_read(w, relation, &t, e))
		return false;
	m.u.target.since = t.since;
	if (staging && !ledger_sum(w, relation.p, t.generation, "", &rows, &m.u.target.shards, e))
		return false;
	m.u.target.generation = t.generation;
	m.u.target.lanes = t.lanes;
	worker_send(&m);
	return true;
}

/* Opens the transaction, in which nobody else creates or drops, and the relations are ours. */
static bool begin(
    struct worker *w, const struct sqlfile *f, size_t n, bool take_over, struct err *e)
{
	return worker_pg(w, e) && check_schema(w, e) && locks_begin_making(w, e) &&
	       make_own_tables(w, e) && add_evidence(w, e) && locks_made_own(w, e) &&
	       owner_check(w, f, n, take_over, e) && locks_take_over(w, f, n, e);
}

bool task_create(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
{
	struct making k = {.w = w, .fresh = m->fresh, .whole = m->whole, .id = m->id, .done = done};
	size_t n;
	const struct sqlfile *f = model_phase(w->model, SQL_CREATE, &n);

	if (!begin(w, f, n, m->take_over, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!worker_tick(w, e) || !create_one(&k, &f[i], e))
			return false;
		done->objects++;
	}
	crash_here("create:before-commit");
	if (!pg_exec(&w->pg, "COMMIT", e))
		return false;
	crash_here("create:after-commit");
	return true;
}

static bool drop_one(struct worker *w, struct str stem, bool *dropped, struct err *e)
{
	/* In the order in which a load writes them: neither waits for the other in a circle. */
	static const char *const forgets[] = {"DELETE FROM dwh.load_errors WHERE relation = $1",
	    "DELETE FROM dwh.ledger WHERE relation = $1", "DELETE FROM dwh.step WHERE step = $1",
	    "DELETE FROM dwh.quarantine WHERE relation = $1",
	    "DELETE FROM dwh.target WHERE relation = $1"};
	const char *relation = arena_cstr(w->task, target_relation(w, w->task, stem));
	struct target t;

	if (!target_read(w, str_z(relation), &t, e))
		return false;
	*dropped = t.known; /* else not there, or not ours */
	if (!t.known)
		return true;
	if (!relation_drop(w, stem, t.lanes, e))
		return false;
	for (size_t k = 0; k < sizeof forgets / sizeof forgets[0]; k++)
		if (!pg_run(&w->pg, forgets[k], 1, &relation, e))
			return false;
	return true;
}

bool task_drop(struct worker *w, const struct msg_step *m, struct msg_done *done, struct err *e)
{
	size_t n;
	const struct sqlfile *f = model_phase(w->model, SQL_CREATE, &n);
	bool dropped;

	if (!begin(w, f, n, m->take_over, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!drop_one(w, f[i].stem, &dropped, e))
			return false;
		done->objects += dropped;
	}
	crash_here("drop:before-commit");
	if (!pg_exec(&w->pg, "COMMIT", e))
		return false;
	crash_here("drop:after-commit");
	return true;
}
