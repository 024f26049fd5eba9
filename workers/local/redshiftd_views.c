/* redshiftd_views.c - the system views, and what they show: see sql/redshiftd. */
#include "shared/log.h"
#include "shared/sqlfile.h"
#include "workers/local/redshiftd_load.h"

static bool make(struct pg *pg, struct err *e)
{
	struct str text;

	if (!sqlfile_embedded(STR("sql/redshiftd/system.sql"), &text))
		return err_set(
		    e, ERR_CRASH, AT_INTERNAL, NULL, "sql/redshiftd is not in this build");
	return pg_exec(pg, text.p, e);
}

bool views_make(const struct redshiftd *d, struct err *e)
{
	const struct session s = {.d = d};
	struct pg pg = {.conn = NULL};
	bool ok;

	if (!session_connect(&s, "redshiftd", &pg, e))
		return false;
	ok = make(&pg, e) || err_prefix(e, "making the system views");
	pg_close(&pg);
	return ok;
}

static bool log_session(struct session *s, struct err *e)
{
	if (pg_alive(&s->log))
		return true;
	pg_close(&s->log);
	return session_connect(s, "redshiftd log", &s->log, e);
}

bool load_begin(struct session *s, const struct copystmt *c, struct load *l, struct err *e)
{
	PGresult *res;

	(void)c;
	if (!log_session(s, e) ||
	    !pg_query(&s->log, "SELECT nextval('redshiftd.query_id')", 0, NULL, &res, e))
		return false;
	l->id = pg_i64(res, 0, 0);
	PQclear(res);
	return true;
}

void load_end(
    struct session *s, const struct copystmt *c, const struct load *l, const struct err *why)
{
	(void)s;
	(void)c;
	(void)l;
	(void)why;
}
