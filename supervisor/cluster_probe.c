/* cluster_probe.c - see cluster_probe.h. */
#include "supervisor/cluster_probe.h"

#include "shared/connect.h"
#include "shared/dbpassword.h"
#include "shared/log.h"
#include "supervisor/cluster_wait.h"

enum { LOGIN_MS = 5 * 60000, ROLE_MS = 4 * 60000, PAUSE_MS = 5000 };

static const char *where(struct site *s)
{
	return arena_printf(s->arena, "the warehouse at %s:%lld", s->host, (long long)s->port);
}

/* ---- login ---- */

/* Of what libpq said, in the words of [DWH], which is all that this login is made of. */
static bool no_login(struct site *s, bool retry, struct err *e)
{
	struct str said = str_z(e->msg);
	size_t end = said.n;

	while (end > 0 && !str_starts(str_from(said, end), STR("; ")))
		end--;
	said.n = end ? end : said.n; /* behind it pg.c has a remedy of its own */
	return err_set(e, e->kind, AT_WAREHOUSE, e->code, "%s: %s", arena_cstr(s->arena, said),
	    retry ? "the warehouse is available, but cannot be reached; may your address connect "
	            "([DWH] INGRESS, PUBLIC), and has its VPC a way to the internet?"
	    : s->password
	        ? "check [DWH] DB_USER, DB_PASSWORD and DB; a cluster that is there keeps the "
	          "password that it was made with"
	    : s->secret_arn
	        ? "check [DWH] DB_USER and DB; the password is that of the secret which AWS keeps"
	        : "set [DWH] DB_PASSWORD to the one that it was made with; AWS keeps none of it");
}

static bool login(struct site *s, struct pg *pg, struct err *e)
{
	struct cluster_wait w = {.site = s, .what = where(s)};
	struct config as = *s->config;
	struct dbpassword own = {.user = NULL};
	struct pg_target t;
	bool ok;

	/* The admin's password alone: others may be for other warehouses. And whatever is loaded
	 * into today, this is a Redshift. */
	as.warehouse.engine = ENGINE_REDSHIFT;
	as.cluster.db_password = NULL;
	as.cluster.iam_auth = IAM_AUTH_NO;
	as.cluster.db_secret = s->password ? NULL : s->secret_arn;
	if (!dbpassword_find(&as, s->tick, NULL, s->arena, &own, e))
		return false;
	pg_target_of_config(&as, &t);
	t.host = s->host;
	t.port = s->port;
	t.dbname = s->config->dwh.db;
	t.user = own.user ? own.user : s->config->dwh.db_user;
	t.password = own.password;
	t.application_name = "dwh cluster";
	while (!(ok = pg_open(pg, &t, e)) && e->kind == ERR_RETRY && w.ms < LOGIN_MS)
		if (!cluster_wait(&w, PAUSE_MS, "no login yet", e))
			break;
	cluster_wait_end(&w);
	dbpassword_forget(); /* the admin's is not for what comes later */
	if (!ok && strcmp(e->code, "08001") == 0)
		return no_login(s, e->kind == ERR_RETRY, e);
	return ok;
}

/* ---- the role ---- */

/* Of the first page under the address, the first object that says something: one that is archived
 * cannot be read, and a COPY of an empty one, such as the mark of a folder, would prove nothing.
 * *found is NULL where there is none. */
static bool first_object(
    struct site *s, struct s3 *s3, const char *url, const char **found, struct err *e)
{
	struct s3_list req = {.without_archived = true};
	struct s3_page page;

	*found = NULL;
	if (!s3_url_parse(str_z(url), &req.bucket, &req.prefix, e) ||
	    !s3_list(s3, &req, &page, s->arena, e))
		return false;
	for (size_t i = 0; !*found && i < page.n_objects; i++)
		if (page.objects[i].size)
			*found = arena_printf(s->arena, "s3://%.*s/%.*s", STRF(req.bucket),
			    STRF(page.objects[i].key));
	return true;
}

/* An object of a source, and the region that it is in. The error is that of the first source which
 * could not be listed. */
static const char *some_object(struct site *s, struct str *region, struct err *e)
{
	struct config as = *s->config;
	const struct config *c = &as;
	const char *found = NULL, *name;
	struct str bucket, key;
	struct err ignored;
	struct s3 *s3;

	as.warehouse.engine = ENGINE_REDSHIFT; /* Amazon's S3, not that of this machine */
	if (!connect_s3(c, s->arena, s->tick, NULL, &s3, e))
		return NULL;
	err_set(e, ERR_TASK, AT_S3, "none",
	    "no source of [S3] begins with an object that is neither empty nor archived");
	for (size_t i = 0; !found && (name = config_s3_name(c, i)) != NULL; i++) {
		const char *url = config_s3(c, str_z(name));
		struct err why;

		if (str_ieq(str_z(name), STR("MANIFESTS")))
			continue;
		if (!first_object(s, s3, url, &found, &why)) {
			if (site_is(e, "none") || why.kind == ERR_CANCELLED)
				*e = why;
			if (why.kind == ERR_CANCELLED)
				break;
		} else if (found && s3_url_parse(str_z(url), &bucket, &key, &ignored)) {
			*region = arena_str(s->arena, s3_bucket_region(s3, bucket));
		}
	}
	s3_close(s3);
	return found;
}

/* The rows do not matter: a column that no object has is NULL. */
static bool copy(struct site *s, struct pg *pg, const char *object, struct str in, struct err *e)
{
	static const char make[] =
	    "create temp table dwh_role_probe (dwh_no_such_field varchar(1))";
	struct str from = pg_literal(pg, s->arena, str_z(object));
	struct str role = pg_literal(pg, s->arena, str_z(s->role_arn));
	struct str region = pg_literal(pg, s->arena, in);
	const char *sql = arena_printf(s->arena,
	    "copy dwh_role_probe from %.*s iam_role %.*s region %.*s "
	    "format as json 'auto' maxerror 100000 noload",
	    STRF(from), STRF(role), STRF(region));
	struct err ignored;
	bool ok;

	ok = pg_exec(pg, "begin", e) && pg_exec(pg, make, e) && pg_exec(pg, sql, e);
	if (pg_alive(pg))
		pg_exec(pg, "rollback", &ignored);
	return ok;
}

/* What Redshift says of a role that is too new, or whose policy is. */
static bool may_be_new(const struct err *e)
{
	static const char *const words[] = {
	    "ssume", "not authorized", "not valid", "ccess Denied", "AccessDenied", "redentials"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(e->msg, words[i]))
			return true;
	return e->kind == ERR_RETRY;
}

static bool prove_role(struct site *s, struct pg *pg, struct err *e)
{
	struct cluster_wait w = {.site = s, .what = arena_printf(s->arena, "role %s", s->role_arn)};
	struct str region = s->region;
	const char *object = some_object(s, &region, e);
	bool ok;

	if (!object && e->kind == ERR_CANCELLED)
		return false;
	if (!object) {
		log_warn("that the role may read S3 is not proved: %s", e->msg);
		return true;
	}
	while (!(ok = copy(s, pg, object, region, e)) && may_be_new(e) && pg_alive(pg) &&
	       w.ms < ROLE_MS)
		if (!cluster_wait(&w, PAUSE_MS, "can't be used yet", e))
			break;
	cluster_wait_end(&w);
	return ok ||
	       (e->kind == ERR_CANCELLED ? false
	                                 : err_prefix(e, "by role %s the warehouse cannot read %s",
	                                       s->role_arn, object));
}

bool cluster_probe(struct site *s, struct err *e)
{
	struct pg pg = {.tick = s->tick, .leaves = true};
	bool ok;

	if (!login(s, &pg, e))
		return false;
	ok = prove_role(s, &pg, e);
	pg_close(&pg);
	return ok;
}
