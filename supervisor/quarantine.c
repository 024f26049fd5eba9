/* quarantine.c - see quarantine.h. What is held is said in workers/quarantine.h. */
#include "supervisor/quarantine.h"

#include <string.h>

#include "shared/connect.h"
#include "shared/log.h"

/* Of the schema that the session works in, in the life that its relations have now. */
#define OURS " LEFT(relation, LENGTH(CURRENT_SCHEMA()) + 1) = CURRENT_SCHEMA() || '.'"

bool quarantine_list(struct call *c, enum query_format format, struct err *e)
{
	static char name[] = "quarantine";
	char *const names[] = {name};
	struct model *own;

	if (model_own(&c->config, c->arena, &own, e) &&
	    query_run(&c->config, own, 1, names, format, c->arena, stdout, e))
		return true;
	return strcmp(e->code, "42P01") == 0 &&
	       err_set(e, ERR_SETUP, AT_STATE, NULL,
	           "there is no quarantine yet: nothing was ever made here (`dwh run` does)");
}

static bool none_is_busy(struct pg *pg, struct err *e)
{
	PGresult *res;
	bool busy;

	if (!pg_query(pg,
	        "SELECT DISTINCT t.run FROM dwh.target AS t INNER JOIN pg_stat_activity AS s"
	        " ON s.application_name LIKE 'dwh worker % ' || t.run WHERE" OURS,
	        0, NULL, &res, e))
		return false;
	busy = PQntuples(res) > 0;
	if (busy)
		err_set(e, ERR_SETUP, AT_STATE, NULL, "run %s is going on: wait for it",
		    PQgetvalue(res, 0, 0));
	PQclear(res);
	return !busy;
}

/* Redshift's sessions have no names there: it is asked before the transaction, which an error would
 * end. Its workers lock dwh.quarantine first (locks.c). */
static bool hold_redshift(struct pg *pg, struct err *e)
{
	if (!none_is_busy(pg, e)) {
		if (e->where == AT_STATE || !pg_alive(pg))
			return false;
		log_warn("whether a run is going on is not known here: let none go on meanwhile");
	}
	return pg_exec(pg, "BEGIN", e) && pg_exec(pg, "LOCK TABLE dwh.quarantine", e) &&
	       pg_exec(pg, "LOCK TABLE dwh.target", e);
}

/*
 * Holds what says whose the relations are, so that no run takes them up meanwhile; one that is
 * under way has listed already, and must be waited for.
 */
static bool hold(struct pg *pg, struct err *e)
{
	if (pg->engine == ENGINE_REDSHIFT)
		return hold_redshift(pg, e);
	return pg_exec(pg, "BEGIN", e) && pg_exec(pg, "LOCK TABLE dwh.target", e) &&
	       none_is_busy(pg, e);
}

/* object NULL: every one that is held. */
static bool change(struct pg *pg, bool drop, const char *object, int64_t *n, struct err *e)
{
	const char *params[] = {object ? object : ""};
	PGresult *res;

	if (!pg_query(pg,
	        drop ? "UPDATE dwh.quarantine SET state = 'dropped' WHERE" OURS
	               " AND (object = $1 OR ($1 = '' AND state = 'held'))"
	             : "DELETE FROM dwh.quarantine WHERE" OURS
	               " AND (object = $1 OR ($1 = '' AND state = 'held'))",
	        1, params, &res, e))
		return false;
	*n += pg_rows(res);
	if (object && pg_rows(res) == 0)
		err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s is not in quarantine: `dwh quarantine list` shows what is", object);
	PQclear(res);
	return !object || *n > 0;
}

static bool change_all(struct call *c, struct pg *pg, bool drop, int64_t *n, struct err *e)
{
	if (!hold(pg, e) || (c->all && !change(pg, drop, NULL, n, e)))
		return false;
	for (int i = 1; i < c->argc; i++) {
		int64_t one = 0;

		if (!change(pg, drop, c->argv[i], &one, e))
			return false;
		*n += one;
	}
	return pg_exec(pg, "COMMIT", e);
}

bool quarantine_change(struct call *c, bool drop, int64_t *n, struct err *e)
{
	struct pg pg = {.conn = NULL};
	bool ok;

	*n = 0;
	if (c->all == (c->argc > 1))
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "dwh quarantine %s wants the s3:// addresses of objects, or --all",
		    drop ? "drop" : "retry");
	if (!connect_warehouse(&c->config, c->arena, "dwh quarantine", &pg, e))
		return false;
	ok = change_all(c, &pg, drop, n, e);
	pg_close(&pg);
	return ok;
}
