/* redshiftd_copy.c - COPY FROM 's3://...': executed here, on the client's session. */
#include <stdio.h>

#include "shared/copystmt.h"
#include "workers/engine.h"
#include "workers/local/redshiftd_load.h"
#include "workers/local/redshiftd_session.h"

/* An ARN of a role, or several that are chained. */
static bool role_arn(struct str s)
{
	if (str_ieq(s, STR("default")))
		return true;
	while (s.n) {
		struct str one = {s.p, str_find(s, ',')};

		if (!str_starts(one, STR("arn:aws")) || str_find(one, '/') + 1 >= one.n)
			return false;
		for (size_t i = 0; i < one.n; i++)
			if (one.p[i] == ' ')
				return false;
		s = str_from(s, one.n + 1);
	}
	return true;
}

static bool check_authorization(const struct copystmt *c, struct err *e)
{
	struct str role = c->text[COPY_IAM_ROLE];

	if (c->auth == COPY_AUTH_NONE)
		return err_set(e, ERR_SETUP, AT_CONFIG, "42601",
		    "CREDENTIALS, IAM_ROLE or ACCESS_KEY_ID is needed: who may read the data?");
	if (c->auth == COPY_AUTH_ROLE && (role.n == 0 || !role_arn(role)))
		return err_set(e, ERR_SETUP, AT_CONFIG, "XX000",
		    "Invalid IAM_ROLE: an ARN such as arn:aws:iam::123456789012:role/name is "
		    "needed");
	return true;
}

/* Where the table is that the statement means. */
static bool find_table(struct session *s, const struct copystmt *c, struct load *l, struct err *e)
{
	struct pg *pg = &s->w.pg;
	struct arena *a = s->w.task;
	struct str name = pg_ident(pg, a, c->table);
	const char *params[1];
	PGresult *res;
	bool found;

	params[0] = c->schema.n
	                ? arena_printf(a, "%.*s.%.*s", STRF(pg_ident(pg, a, c->schema)), STRF(name))
	                : arena_cstr(a, name);
	if (!pg_query(pg,
	        "SELECT (SELECT n.nspname FROM pg_namespace n WHERE n.oid = c.relnamespace),"
	        " c.relkind, c.oid FROM pg_class c WHERE c.oid = to_regclass($1)",
	        1, params, &res, e))
		return false;
	found = PQntuples(res) == 1;
	if (found) {
		l->schema = arena_cstr(a, pg_str(res, 0, 0));
		l->table_id = pg_i64(res, 0, 2);
		found = str_eqz(pg_str(res, 0, 1), "r");
	}
	PQclear(res);
	l->table = arena_cstr(a, c->table);
	return found || err_set(e, ERR_SETUP, AT_WAREHOUSE, "42P01",
	                    "Cannot COPY into nonexistent table %.*s", STRF(c->table));
}

static bool lock(struct session *s, const struct load *l, struct err *e)
{
	struct arena *a = s->w.task;

	return pg_exec(&s->w.pg,
	    arena_printf(a, "LOCK TABLE %.*s.%.*s IN SHARE ROW EXCLUSIVE MODE",
	        STRF(pg_ident(&s->w.pg, a, str_z(l->schema))),
	        STRF(pg_ident(&s->w.pg, a, str_z(l->table)))),
	    e);
}

/* As long as a cluster would take for so many objects. On the server, where it can be cancelled. */
static bool take_time(struct session *s, size_t n, struct err *e)
{
	int64_t ms = s->d->object_latency_ms * (int64_t)n;

	return ms == 0 || pg_exec(&s->w.pg,
	                      arena_printf(s->w.task, "SELECT pg_sleep(%lld.%03lld)",
	                          (long long)(ms / 1000), (long long)(ms % 1000)),
	                      e);
}

/*
 * Serializable: a second COPY into the table waits for the end of the first one's transaction.
 * Snapshot: they read side by side, and write one after another.
 */
static bool wait_turn(struct session *s, const struct load *l, struct err *e)
{
	size_t n = l->objects.n;

	if (s->d->serializable)
		return lock(s, l, e) && take_time(s, n, e);
	return take_time(s, n, e) && lock(s, l, e);
}

static void tell(struct session *s, const struct load *l)
{
	session_say(s, 'N', "INFO", "00000",
	    arena_printf(s->w.task,
	        "Load into table '%s' completed, %lld record(s) loaded successfully.", l->table,
	        (long long)l->done.rows));
	if (l->done.rejected)
		session_say(s, 'N', "INFO", "00000",
		    arena_printf(s->w.task,
		        "Load into table '%s' completed, %lld record(s) could not be loaded.  "
		        "Check "
		        "'stl_load_errors' system table for details.",
		        l->table, (long long)l->done.rejected));
}

static bool load(struct session *s, const struct copystmt *c, struct load *l, struct err *e)
{
	if (!session_objects(s, c, &l->objects, e) || !wait_turn(s, l, e)) {
		session_s3_words(e);
		return false;
	}
	s->facts.last_copy_id = l->id;
	s->facts.last_copy_count = 0;
	if (engine_load(&s->w, c, l->schema, &l->objects, &l->done, &l->copied, e)) {
		s->facts.last_copy_count = l->copied.stored ? l->done.rows : 0;
		return true;
	}
	if (e->kind == ERR_DATA && l->copied.rejects.count)
		err_set(e, ERR_DATA, AT_DATA, "XX000",
		    "Load into table '%s' failed.  Check 'stl_load_errors' system table for "
		    "details.",
		    l->table);
	session_s3_words(e);
	return false;
}

bool session_copy(struct session *s, const struct statement *st, struct err *e)
{
	struct load l = {.sql = st->source};
	struct copystmt c;
	bool ok;

	arena_reset(s->w.task);
	if (!copystmt_parse(st->text, s->w.task, &c, e) || !copystmt_check_engine2(&c, e)) {
		if (!e->code[0])
			snprintf(e->code, sizeof e->code, "42601");
		return false;
	}
	if (!check_authorization(&c, e) || !find_table(s, &c, &l, e) || !load_begin(s, &c, &l, e))
		return false;
	s->facts.last_query_id = l.id;
	ok = load(s, &c, &l, e);
	load_end(s, &l, ok ? NULL : e);
	if (ok) {
		tell(s, &l);
		session_complete(s, "COPY");
	}
	return ok;
}
