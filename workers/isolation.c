/* isolation.c - see isolation.h. */
#include "workers/isolation.h"

/* BEGIN ISOLATION LEVEL changes nothing on Redshift: there it is the database's alone. */
static const char *question(const struct worker *w)
{
	if (w->config.warehouse.engine == ENGINE_REDSHIFT)
		return "SELECT trim(db_isolation_level) FROM stv_db_isolation_level"
		       " WHERE trim(db_name) = current_database()";
	return "SELECT current_setting('default_transaction_isolation')";
}

void isolation_tell(struct worker *w)
{
	struct msg m = {
	    .type = MSG_WAREHOUSE, .u.warehouse = {.id = w->task_id, .isolation = STR("unknown")}};
	struct err ignored;
	PGresult *res;

	if (worker_pg(w, &ignored) && pg_query(&w->pg, question(w), 0, NULL, &res, &ignored)) {
		if (PQntuples(res))
			m.u.warehouse.isolation = arena_str(w->task, pg_str(res, 0, 0));
		PQclear(res);
	}
	worker_send(&m);
}
