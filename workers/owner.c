/* owner.c - see owner.h. */
#include "workers/owner.h"

#include "shared/log.h"
#include "shared/runs.h"

/* Its id is the end of the name of each of its sessions (worker_pg). */
#define SESSIONS                                                                                   \
	" FROM pg_stat_activity WHERE datname = current_database()"                                \
	" AND application_name LIKE 'dwh worker % ' || $1 AND pid <> pg_backend_pid()"

static bool end_sessions(struct worker *w, const char *run, struct err *e)
{
	PGresult *res;

	if (!pg_query(&w->pg, "SELECT pg_terminate_backend(pid)" SESSIONS, 1, &run, &res, e))
		return err_prefix(e, "ending the sessions of run %s", run);
	log_warn("took over from run %s: %d of its sessions were ended", run, PQntuples(res));
	PQclear(res);
	return true;
}

static bool check_run(struct worker *w, const char *run, bool take_over, struct err *e)
{
	PGresult *res;
	int n;

	if (runs_is_dead(config_path(&w->config, w->task, w->config.local.dir), run))
		return true;
	if (!pg_query(&w->pg,
	        "SELECT coalesce(host(client_addr), 'this machine'),"
	        " to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS')" SESSIONS " ORDER BY 2",
	        1, &run, &res, e))
		return false;
	n = PQntuples(res);
	if (n && !take_over)
		err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "run %s is alive elsewhere: %d session(s), the first from %s since %s: wait "
		    "for "
		    "it, or end it and take its tables over with --take-over",
		    run, n, PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1));
	PQclear(res);
	return n == 0 || (take_over && end_sessions(w, run, e));
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
