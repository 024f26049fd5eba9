/* prefix.c - see prefix.h. */
#include "workers/prefix.h"

#include "shared/connect.h"
#include "workers/quarantine.h"

#define WHY "[S3] MANIFESTS is none, and COPY by a prefix loads all that is under it"

bool prefix_is_on(const struct worker *w)
{
	return connect_by_prefix(&w->config);
}

bool prefix_probe(const struct worker *w, struct err *e)
{
	return !quarantine_is_on(w) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	           WHY ": no object can be held back; leave [LOAD] MAX_BAD_OBJECTS and "
	               "MAX_BAD_RATIO out, or set MANIFESTS to a folder of a bucket");
}

bool prefix_check_part(const struct msg_list *m, struct str prefix, struct err *e)
{
	if (m->manifest.n || (str_eq(m->prefix, prefix) && m->after.n == 0 && m->upto.n == 0))
		return true;
	return err_set(e, ERR_SETUP, AT_STATE, NULL,
	    WHY ": a part of %.*s can not be loaded alone; `dwh run` loads the whole",
	    STRF(m->source));
}

static bool refuse(struct str relation, struct err *e)
{
	return err_set(e, ERR_SETUP, AT_STATE, "LoadedBefore",
	    WHY
	    ": %.*s has objects that are loaded or held back already, and they would be loaded "
	    "again with the new ones; load all of it anew (--fresh, or --changed reload), or set "
	    "MANIFESTS to a folder of a bucket",
	    STRF(relation));
}

bool prefix_check_rest(const struct cut *c, struct err *e)
{
	if (!prefix_is_on(c->w) || (c->done.n == 0 && c->n_held == 0))
		return true;
	return refuse(c->relation, e);
}

bool prefix_check_first(
    struct worker *w, const struct msg_copy *m, struct str relation, struct err *e)
{
	const char *params[] = {relation.p, arena_i64(w->task, m->generation)};
	PGresult *res;
	bool first;

	if (!prefix_is_on(w))
		return true;
	if (m->lane.n && !str_eq(m->lane, m->source))
		return err_set(e, ERR_SETUP, AT_STATE, "Fresh",
		    WHY ": %.*s must have one lane: make and load it again with --fresh",
		    STRF(relation));
	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER)",
	        2, params, &res, e))
		return false;
	first = pg_i64(res, 0, 0) == 0;
	PQclear(res);
	return first || refuse(relation, e);
}

struct str prefix_address(const struct worker *w, const struct sqlfile *f)
{
	return str_z(config_s3(&w->config, f->source));
}
