/*
 * locks.c - see locks.h.
 *
 * On PostgreSQL the row of dwh.target is what is held: a COPY shares it with other COPYs, an insert
 * has it alone, and a run that takes the relation over changes it, and so waits for all of them.
 *
 * Redshift has no row locks, no advisory locks, no keys, and an UPDATE of dwh.target would make all
 * loads wait for each other. There the lane itself is what is held:
 *
 *   load       BEGIN; LOCK lane; SELECT run FROM dwh.target; COPY; ledger row; COMMIT
 *   take over  UPDATE dwh.target SET run; COMMIT;  BEGIN; LOCK every lane; ...
 *
 * Why no row of the old run comes after the new one has begun: a load that reads the old run's name
 * has its lane already, and reads it as of before the UPDATE's COMMIT. The new run asks for the
 * lane after that COMMIT, so it waits until that load is over, and only then reads the ledger. A
 * load that gets its lane later reads the new name, and stops. It does not matter when a
 * transaction's snapshot is taken, as long as that is not before its LOCK: so LOCK comes first, and
 * nothing is read before it.
 *
 * Why a shard is not loaded twice: a session that may still commit it holds the shard's lane. The
 * fence, a transaction of its own, waits for the lane and then asks the ledger. The load itself
 * never reads the ledger: others write to it all the time, and under serializable isolation that
 * would abort it.
 *
 * Whoever locks several tables does so in this order, so that nobody waits for each other: lanes
 * and tables by relation, then dwh.quarantine, then dwh.step; dwh.load_errors alone. Nobody locks
 * dwh.target, but `dwh quarantine`, behind dwh.quarantine. The lock of dwh.step is also what lets
 * only one create or drop at a time into its second half.
 */
#include "workers/locks.h"

#include <string.h>

#include "shared/lane.h"
#include "workers/relation.h"

bool locks_are_of_tables(const struct worker *w)
{
	return w->config.warehouse.engine == ENGINE_REDSHIFT;
}

static bool lock_table(struct worker *w, struct str stem, struct err *e)
{
	struct str name = pg_ident(&w->pg, w->task, stem);

	return pg_exec(&w->pg, arena_printf(w->task, "LOCK TABLE %.*s", STRF(name)), e);
}

/* res: the run that owns the relation; it is freed. */
static bool judge_owner(struct worker *w, struct str relation, PGresult *res, struct err *e)
{
	bool ours = PQntuples(res) == 1 && str_eq(pg_str(res, 0, 0), w->run);

	if (!ours)
		err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%.*s now belongs to another run (%.*s): this one stops", STRF(relation),
		    STRF(PQntuples(res) ? pg_str(res, 0, 0) : STR("it was dropped")));
	PQclear(res);
	return ours;
}

/* sql asks for that run, and may lock its row. */
static bool check_owner(struct worker *w, struct str relation, const char *sql, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation)};
	PGresult *res;

	return pg_query(&w->pg, sql, 1, params, &res, e) && judge_owner(w, relation, res, e);
}

static bool hold_row(struct worker *w, struct str relation, bool alone, struct err *e)
{
	return check_owner(w, relation,
	    alone ? "SELECT run FROM dwh.target WHERE relation = $1 FOR UPDATE"
	          : "SELECT run FROM dwh.target WHERE relation = $1 FOR SHARE",
	    e);
}

static bool is_owner(struct worker *w, struct str relation, struct err *e)
{
	return check_owner(w, relation, "SELECT run FROM dwh.target WHERE relation = $1", e);
}

static bool advise(struct worker *w, struct str relation, struct str part, struct err *e)
{
	const char *params[] = {arena_cstr(w->task, relation), arena_cstr(w->task, part)};

	return pg_run(&w->pg, "SELECT pg_advisory_xact_lock(hashtextextended($1, hashtext($2)))", 2,
	    params, e);
}

/* In one message, for a cluster may be far away. more: between the table and the owner. */
static bool begin_with_table(
    struct worker *w, struct str relation, struct str table, const char *more, struct err *e)
{
	struct str name = pg_ident(&w->pg, w->task, table);
	struct str owned = pg_literal(&w->pg, w->task, relation);
	PGresult *res;

	return pg_several(&w->pg,
	           arena_printf(w->task,
	               "BEGIN; LOCK TABLE %.*s;%s SELECT run FROM dwh.target WHERE relation = %.*s",
	               STRF(name), more, STRF(owned)),
	           &res, e) &&
	       judge_owner(w, relation, res, e);
}

/* alone: nobody else holds the row, where rows are what is held; a table has one holder anyway. */
static bool begin(
    struct worker *w, struct str relation, struct str table, bool alone, struct err *e)
{
	if (!locks_are_of_tables(w))
		return pg_exec(&w->pg, "BEGIN", e) && hold_row(w, relation, alone, e);
	return begin_with_table(w, relation, table, "", e);
}

bool locks_begin_load(struct worker *w, struct str relation, struct str lane, struct err *e)
{
	return begin(w, relation, lane, false, e);
}

bool locks_begin_insert(struct worker *w, struct str relation, struct str stem, struct err *e)
{
	return begin(w, relation, stem, true, e);
}

bool locks_next_insert(
    struct worker *w, struct str relation, struct str stem, bool step, struct err *e)
{
	if (!locks_are_of_tables(w))
		return true;
	return pg_exec(&w->pg, "COMMIT", e) &&
	       begin_with_table(w, relation, stem, step ? " LOCK TABLE dwh.step;" : "", e);
}

bool locks_begin_count(struct worker *w, struct str relation, struct str stem, struct err *e)
{
	struct target t;

	if (!locks_are_of_tables(w))
		return pg_exec(&w->pg, "BEGIN", e) && hold_row(w, relation, false, e);
	/* How many lanes there are changes with the owner only. */
	if (!target_read(w, relation, &t, e) || !pg_exec(&w->pg, "BEGIN", e))
		return false;
	for (int64_t i = 1; i <= t.lanes; i++)
		if (!lock_table(w, lane_name(w->task, stem, i, t.lanes), e))
			return false;
	return is_owner(w, relation, e);
}

bool locks_begin_quarantine(
    struct worker *w, struct str relation, struct str manifest, struct err *e)
{
	if (!pg_exec(&w->pg, "BEGIN", e))
		return false;
	if (locks_are_of_tables(w))
		return pg_exec(&w->pg, "LOCK TABLE dwh.quarantine", e) && is_owner(w, relation, e);
	return hold_row(w, relation, false, e) && advise(w, relation, manifest, e);
}

bool locks_fence(
    struct worker *w, struct str lane, const char *question, PGresult **res, struct err *e)
{
	struct str name = pg_ident(&w->pg, w->task, lane);

	if (!locks_are_of_tables(w))
		return pg_query(&w->pg, question, 0, NULL, res, e);
	return pg_several(&w->pg,
	    arena_printf(w->task, "BEGIN; LOCK TABLE %.*s; %s; COMMIT", STRF(name), question), res,
	    e);
}

bool locks_turn_errors(struct worker *w, struct str relation, struct str part, struct err *e)
{
	if (locks_are_of_tables(w))
		return pg_exec(&w->pg, "LOCK TABLE dwh.load_errors", e);
	return advise(w, relation, part, e);
}

bool locks_against_drop(struct worker *w, struct str lane, struct err *e)
{
	/* Redshift's readers have a snapshot, and its LOCK would stop all others. */
	if (locks_are_of_tables(w))
		return true;
	return pg_exec(&w->pg,
	    arena_printf(w->task, "LOCK TABLE %.*s IN ACCESS SHARE MODE",
	        STRF(pg_ident(&w->pg, w->task, lane))),
	    e);
}

/* ---- create and drop ---- */

bool locks_begin_making(struct worker *w, struct err *e)
{
	if (!pg_exec(&w->pg, "BEGIN", e))
		return false;
	/* Any number will do, as long as every dwh uses the same. */
	if (!locks_are_of_tables(w) && !pg_exec(&w->pg, "SELECT pg_advisory_xact_lock(6584936)", e))
		return err_prefix(e, "waiting for another run's create or drop");
	return true;
}

bool locks_made_own(struct worker *w, struct err *e)
{
	/* Who has begun before a table was made does not see it (Redshift's error 1018). */
	return !locks_are_of_tables(w) || pg_exec(&w->pg, "COMMIT", e);
}

static bool all_are_ours(struct worker *w, const struct sqlfile *files, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct str relation = target_relation(w, w->task, files[i].stem);
		struct target t;

		if (!target_read(w, relation, &t, e))
			return false;
		/* Its owner is to be asked about again. */
		if (t.known && !str_eq(t.run, w->run))
			return err_set(e, ERR_RETRY, AT_STATE, NULL,
			    "%.*s was just taken over or made by run %.*s", STRF(relation),
			    STRF(t.run));
	}
	return true;
}

/* The tables behind a relation that are there; *n grows. */
static bool add_lanes(struct worker *w, struct str stem, struct str *out, size_t *n, struct err *e)
{
	struct target t;

	if (!target_read(w, target_relation(w, w->task, stem), &t, e))
		return false;
	for (int64_t i = 1; t.known && i <= t.lanes && i <= LANES_MAX; i++) {
		bool there;

		out[*n] = lane_name(w->task, stem, i, t.lanes);
		if (!relation_exists(w, out[*n], &there, e))
			return false;
		*n += there;
	}
	return true;
}

/* The second half of taking over: everything in flight is waited for. */
static bool fence_all(struct worker *w, const struct sqlfile *files, size_t n, struct err *e)
{
	struct str *lanes = arena_alloc(w->task, (n * LANES_MAX + 1) * sizeof *lanes);
	size_t n_lanes = 0;

	for (size_t i = 0; i < n; i++)
		if (!add_lanes(w, files[i].stem, lanes, &n_lanes, e))
			return false;
	if (!pg_exec(&w->pg, "COMMIT", e) || !pg_exec(&w->pg, "BEGIN", e))
		return false;
	for (size_t i = 0; i < n_lanes; i++)
		if (!lock_table(w, lanes[i], e))
			return false;
	return pg_exec(&w->pg, "LOCK TABLE dwh.quarantine", e) &&
	       pg_exec(&w->pg, "LOCK TABLE dwh.step", e) && all_are_ours(w, files, n, e);
}

bool locks_take_over(struct worker *w, const struct sqlfile *files, size_t n, struct err *e)
{
	if (locks_are_of_tables(w) && !pg_exec(&w->pg, "BEGIN", e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct str relation = target_relation(w, w->task, files[i].stem);

		if (!target_take_over(w, relation, e))
			return err_prefix(e, "taking %.*s over", STRF(relation));
	}
	return !locks_are_of_tables(w) || fence_all(w, files, n, e);
}
