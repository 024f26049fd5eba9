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

bool isolation_read(struct worker *w, struct str *level)
{
	struct err ignored;
	PGresult *res;
	bool told;

	if (!worker_pg(w, &ignored) || !pg_query(&w->pg, question(w), 0, NULL, &res, &ignored))
		return false;
	told = PQntuples(res) > 0;
	if (told)
		*level = arena_str(w->task, pg_str(res, 0, 0));
	PQclear(res);
	return told;
}

void isolation_tell(struct worker *w)
{
	struct msg m = {
	    .type = MSG_WAREHOUSE, .u.warehouse = {.id = w->task_id, .isolation = STR("unknown")}};

	isolation_read(w, &m.u.warehouse.isolation);
	worker_send(&m);
}
