/* owner.c - see owner.h. */
#include "workers/owner.h"

#include "shared/log.h"
#include "shared/runs.h"
#include "workers/locks.h"

/*
 * The sessions of run $1, but for this one: pid, from where, since when.
 *
 * On PostgreSQL its id is the end of the name of each of its sessions (worker_pg). Redshift's
 * sessions have no names that others see; there its COPYs carry it in their comment
 * (copy_redshift.c), so that a run is seen as soon as it loads. A serverless workgroup has no
 * STV_SESSIONS.
 */
static const char by_name[] =
    "SELECT pid, coalesce(host(client_addr), 'this machine'),"
    " to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS') FROM pg_stat_activity"
    " WHERE datname = current_database()"
    " AND application_name LIKE 'dwh worker % ' || $1 AND pid <> pg_backend_pid() ORDER BY 3";
static const char by_query[] =
    "SELECT s.process, 'user ' || trim(s.user_name),"
    " to_char(min(s.starttime), 'YYYY-MM-DD HH24:MI:SS') FROM stv_sessions AS s"
    " INNER JOIN sys_query_history AS q ON q.session_id = s.process"
    " WHERE q.start_time >= s.starttime AND q.query_text LIKE '/* dwh run=' || $1 || ' %'"
    " GROUP BY s.process, s.user_name ORDER BY 3";
static const char by_query_serverless[] =
    "SELECT s.session_id, 'user ' || trim(s.user_id),"
    " to_char(min(s.start_time), 'YYYY-MM-DD HH24:MI:SS') FROM sys_session_history AS s"
    " INNER JOIN sys_query_history AS q ON q.session_id = s.session_id"
    " WHERE s.status = 'active' AND q.start_time >= s.start_time"
    " AND q.query_text LIKE '/* dwh run=' || $1 || ' %'"
    " GROUP BY s.session_id, s.user_id ORDER BY 3";

static bool sessions(struct worker *w, const char *run, PGresult **res, struct err *e)
{
	struct err first;

	if (!locks_are_of_tables(w))
		return pg_query(&w->pg, by_name, 1, &run, res, e);
	if (pg_query(&w->pg, by_query, 1, &run, res, &first))
		return true;
	if (first.kind != ERR_CANCELLED && pg_alive(&w->pg) &&
	    pg_query(&w->pg, by_query_serverless, 1, &run, res, e))
		return true;
	*e = first;
	return false;
}

bool owner_sees(struct worker *w, struct err *e)
{
	PGresult *res;

	if (!sessions(w, "nobody", &res, e))
		return false;
	PQclear(res);
	return true;
}

static bool end_sessions(struct worker *w, const char *run, const PGresult *res, struct err *e)
{
	int n = PQntuples(res);

	for (int i = 0; i < n; i++) {
		const char *pid = PQgetvalue(res, i, 0);

		if (!pg_run(&w->pg, "SELECT pg_terminate_backend(CAST($1 AS INTEGER))", 1, &pid, e))
			return err_prefix(e, "ending the sessions of run %s", run);
	}
	log_warn("took over from run %s: %d of its sessions were ended", run, n);
	return true;
}

static bool check_run(struct worker *w, const char *run, bool take_over, struct err *e)
{
	PGresult *res;
	bool ok = true;

	if (runs_is_dead(config_path(&w->config, w->task, w->config.local.dir), run))
		return true;
	if (!sessions(w, run, &res, e)) {
		if (!locks_are_of_tables(w) || e->kind == ERR_CANCELLED || !pg_alive(&w->pg))
			return false;
		/* What keeps two runs apart does not depend on it. */
		log_warn("whether run %s is alive elsewhere is not known: %s", run, e->msg);
		return true;
	}
	if (PQntuples(res) && take_over)
		ok = end_sessions(w, run, res, e);
	else if (PQntuples(res))
		ok = err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "run %s is alive elsewhere: %d session(s), the first from %s since %s: wait "
		    "for "
		    "it, or end it and take its tables over with --take-over",
		    run, PQntuples(res), PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2));
	PQclear(res);
	return ok;
}

bool owner_check(
    struct worker *w, const struct sqlfile *files, size_t n, bool take_over, struct err *e)
{
	const char *checked = "";

	for (size_t i = 0; i < n; i++) {
		struct target t;

		if (!target_read(w, target_relation(w, w->task, files[i].stem), &t, e))
			return false;
		/* Nearly always all have one owner. */
		if (!t.known || str_eq(t.run, w->run) || str_eqz(t.run, checked))
			continue;
		checked = t.run.p;
		if (!check_run(w, checked, take_over, e))
			return false;
	}
	return true;
}
