/*
 * doctor_warehouse.c - what `dwh doctor` asks the warehouse. Each question is a statement of its
 * own, outside of a transaction: one that is refused spoils no other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/aws.h"
#include "shared/clock.h"
#include "shared/connect.h"
#include "shared/dbpassword.h"
#include "shared/lane.h"
#include "workers/doctor_private.h"
#include "workers/isolation.h"
#include "workers/owner.h"

enum {
	CLOCK_MS = 60000,  /* a difference that people should know of */
	REDSHIFT_SLOTS = 5 /* of a queue, by default; and our default of workers */
};

#define SAY(...) arena_printf(d->w.task, __VA_ARGS__)

/* The first field of the answer, which must have a row. */
static bool ask(
    struct doctor *d, const char *sql, const char *param, struct str *out, struct err *e)
{
	PGresult *res;
	bool any;

	if (!pg_query(&d->w.pg, sql, param ? 1 : 0, &param, &res, e))
		return false;
	any = PQntuples(res) > 0;
	if (any)
		*out = str_trim(arena_str(d->w.task, pg_str(res, 0, 0)));
	PQclear(res);
	return any || err_set(e, ERR_TASK, AT_WAREHOUSE, NULL, "no row came back");
}

/* A yes or no; no where it is refused. */
static bool says(struct doctor *d, const char *sql, const char *param)
{
	struct str answer;
	struct err e;

	return ask(d, sql, param, &answer, &e) && str_eq(answer, STR("t"));
}

/* ---- the connection ---- */

static void look_at_version(struct doctor *d)
{
	struct str version, name;
	struct err e;
	size_t i = 0;

	if (!ask(d, "SELECT version()", NULL, &version, &e)) {
		finding_error(d->out, FINDING_MISSING, "version", "", &e);
		return;
	}
	while (i < version.n && !str_starts(str_from(version, i), STR("Redshift ")))
		i++;
	name = i < version.n ? str_from(version, i) : version;
	for (size_t k = 0; i == version.n && k < name.n; k++)
		if (str_starts(str_from(name, k), STR(" on ")))
			name.n = k;
	if (d->redshift == (i < version.n))
		finding_ok(d->out, "version", "%.*s", STRF(name));
	else
		finding_missing(d->out, AT_CONFIG, "version",
		    d->redshift
		        ? "set [WAREHOUSE] ENGINE = postgres, or [CLUSTER] HOST to the cluster"
		        : "set [WAREHOUSE] ENGINE = redshift",
		    "%.*s: %s", STRF(name),
		    d->redshift ? "this is no Redshift" : "this is a Redshift");
}

/* Where libpq has found it. */
static const char *passfile(void)
{
	const char *file = getenv("PGPASSFILE");

	if (getenv("PGPASSWORD"))
		return "PGPASSWORD";
	return file ? file : "~/.pgpass";
}

static void look_at_login(struct doctor *d, const struct pg_target *t)
{
	PGconn *conn = d->w.pg.conn;
	char until[25] = "";

	if (t->password_expires_ms)
		clock_iso(t->password_expires_ms, until);
	if (PQconnectionUsedPassword(conn))
		finding_ok(d->out, "login", "user %s of database %s, with a password from %s%s%s",
		    PQuser(conn), PQdb(conn), t->password_from ? t->password_from : passfile(),
		    until[0] ? ", good for logins until " : "", until);
	else
		finding_ok(d->out, "login", "user %s of database %s, without a password",
		    PQuser(conn), PQdb(conn));
}

static bool is_this_machine(const char *host, const char *address)
{
	return host[0] == '/' || strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static void look_at_tls(struct doctor *d, const struct pg_target *t)
{
	static const char remedy[] = "set [WAREHOUSE] SSLMODE = verify-full";
	PGconn *conn = d->w.pg.conn;
	const char *mode = t->sslmode ? t->sslmode : "prefer";
	const char *host = PQhost(conn), *address = PQhostaddr(conn);
	const char *protocol, *cipher;

	if (!PQsslInUse(conn)) {
		if (is_this_machine(host ? host : "", address ? address : ""))
			finding_ok(d->out, "TLS", "none, and none is needed on this machine");
		else
			finding_warn(
			    d->out, "TLS", remedy, "none: who can listen reads what is sent");
		return;
	}
	protocol = PQsslAttribute(conn, "protocol");
	cipher = PQsslAttribute(conn, "cipher");
	protocol = SAY("%s, %s", protocol ? protocol : "?", cipher ? cipher : "?");
	if (strcmp(mode, "verify-full") == 0)
		finding_ok(d->out, "TLS", "%s; certificate and name verified", protocol);
	else if (strcmp(mode, "verify-ca") == 0)
		finding_ok(d->out, "TLS", "%s; certificate verified, not its name", protocol);
	else
		finding_warn(d->out, "TLS", remedy, "%s; certificate not verified", protocol);
}

/* ---- how it works ---- */

static void look_at_isolation(struct doctor *d)
{
	struct str level;

	if (!isolation_read(&d->w, &level))
		finding_unknown(d->out, "isolation", "not told");
	else if (!d->redshift && !str_eq(level, STR("read committed")))
		finding_warn(d->out, "isolation",
		    "say ALTER ROLE ... SET default_transaction_isolation TO 'read committed'",
		    "%.*s: shards that meet are tried again", STRF(level));
	else if (str_ieq(level, STR("Serializable")))
		finding_ok(d->out, "isolation",
		    "Serializable: COPYs into one table wait for each other (lanes are for that)");
	else
		finding_ok(d->out, "isolation", "%.*s", STRF(level));
}

/* (STV_SLICES; a serverless workgroup has none.) */
static void look_at_slices(struct doctor *d)
{
	struct str n;
	struct err e;

	if (ask(d, "SELECT count(*) FROM stv_slices", NULL, &n, &e) && !str_eq(n, STR("0")))
		finding_ok(
		    d->out, "slices", "%.*s: best is a multiple of so many files a COPY", STRF(n));
	else
		finding_unknown(d->out, "slices", "not told, as by a serverless workgroup");
}

static int64_t workers_of(const struct doctor *d)
{
	int64_t n = d->w.config.load.workers;

	return n ? n : REDSHIFT_SLOTS;
}

/*
 * Service classes 6 to 13 are queues of a manual WLM, with so many slots each; 100 and more those
 * of the automatic one, which decides by itself. Superusers see them; others see no rows. Which
 * queue is ours is not to be seen. (STV_WLM_SERVICE_CLASS_CONFIG.)
 */
static void look_at_wlm(struct doctor *d)
{
	struct str automatic, slots;
	struct err e;
	int64_t n = 0, workers = workers_of(d);

	if (!ask(d, "SELECT count(*) FROM stv_wlm_service_class_config WHERE service_class >= 100",
	        NULL, &automatic, &e) ||
	    !ask(d,
	        "SELECT coalesce(sum(num_query_tasks), 0) FROM stv_wlm_service_class_config"
	        " WHERE service_class BETWEEN 6 AND 13",
	        NULL, &slots, &e) ||
	    !str_to_i64(slots, &n))
		finding_unknown(d->out, "WLM", "not told to this user");
	else if (!str_eq(automatic, STR("0")))
		finding_ok(d->out, "WLM", "automatic, %.*s queue(s)", STRF(automatic));
	else if (n == 0)
		finding_unknown(d->out, "WLM", "not told to this user: superusers see the queues");
	else if (n < workers)
		finding_warn(d->out, "WLM",
		    SAY("use -w %lld, or give the queue more slots", (long long)n),
		    "%lld slots of all queues together for %lld workers: the others wait, and hold "
		    "their locks",
		    (long long)n, (long long)workers);
	else
		finding_ok(d->out, "WLM", "%lld slots of all queues together", (long long)n);
	if (workers > LANES_MAX)
		finding_warn(d->out, "workers",
		    SAY("use -w %d, or up to %d", REDSHIFT_SLOTS, LANES_MAX),
		    "%lld: more than %d COPYs at once are no faster", (long long)workers,
		    LANES_MAX);
	else
		finding_ok(d->out, "workers", "%lld", (long long)workers);
}

static void look_at_clock(struct doctor *d)
{
	struct str text;
	struct err e;
	int64_t seconds, ahead;

	/* Redshift has CURRENT_TIMESTAMP on the leader node alone; ours is UTC in every session. */
	if (!ask(d,
	        d->redshift ? "SELECT CAST(EXTRACT(EPOCH FROM GETDATE()) AS BIGINT)"
	                    : "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)",
	        NULL, &text, &e) ||
	    !str_to_i64(text, &seconds)) {
		finding_unknown(d->out, "clock of the warehouse", "not told");
		return;
	}
	ahead = seconds * 1000 - clock_wall_ms();
	if (llabs(ahead) > CLOCK_MS)
		finding_warn(d->out, "clock of the warehouse",
		    "set the clock of this machine (timedatectl set-ntp true)",
		    "%lld s %s of ours: times of ledger and reports do not fit together",
		    llabs(ahead) / 1000, ahead > 0 ? "ahead" : "behind");
	else
		finding_ok(d->out, "clock of the warehouse", "less than a minute from ours");
}

/* ---- what we may do ---- */

static void look_at_schema(struct doctor *d)
{
	const char *schema = d->w.config.warehouse.schema, *user = PQuser(d->w.pg.conn);
	const char *what = SAY("schema %s", schema);
	struct str ignored;
	struct err e;

	if (!ask(d, "SELECT 1 FROM pg_namespace WHERE nspname = $1", schema, &ignored, &e))
		finding_missing(d->out, AT_WAREHOUSE, what,
		    SAY("say CREATE SCHEMA %s, or set [WAREHOUSE] SCHEMA", schema),
		    "does not exist");
	else if (!says(d, "SELECT has_schema_privilege(CAST($1 AS VARCHAR), 'CREATE')", schema) ||
	         !says(d, "SELECT has_schema_privilege(CAST($1 AS VARCHAR), 'USAGE')", schema))
		finding_missing(d->out, AT_WAREHOUSE, what,
		    SAY("GRANT USAGE, CREATE ON SCHEMA %s TO %s", schema, user),
		    "user %s may not make tables in it", user);
	else {
		finding_ok(d->out, what, "tables may be made in it");
		d->usable = true;
	}
}

/* dwh's own schema: there, and ours to write in, or still to be made. */
static void look_at_ledger(struct doctor *d)
{
	const char *user = PQuser(d->w.pg.conn), *db = PQdb(d->w.pg.conn);
	struct str n;
	struct err e;

	if (!ask(d, "SELECT 1 FROM pg_namespace WHERE nspname = 'dwh'", NULL, &n, &e)) {
		if (says(d, "SELECT has_database_privilege(current_database(), 'CREATE')", NULL))
			finding_ok(d->out, "schema dwh",
			    "nothing was loaded yet; the ledger's schema may be made");
		else
			finding_missing(d->out, AT_WAREHOUSE, "schema dwh",
			    SAY("GRANT CREATE ON DATABASE %s TO %s", db, user),
			    "the ledger's schema does not exist, and user %s may not make it",
			    user);
	} else if (!says(d, "SELECT has_schema_privilege('dwh', 'USAGE')", NULL)) {
		finding_missing(d->out, AT_WAREHOUSE, "schema dwh",
		    SAY("GRANT USAGE, CREATE ON SCHEMA dwh TO %s", user),
		    "user %s may not use the ledger", user);
	} else if (!ask(d,
	               "SELECT count(*) FROM pg_class AS c INNER JOIN pg_namespace AS n"
	               " ON n.oid = c.relnamespace"
	               " WHERE n.nspname = 'dwh' AND c.relname IN ('ledger', 'target')",
	               NULL, &n, &e) ||
	           !str_eq(n, STR("2"))) {
		if (says(d, "SELECT has_schema_privilege('dwh', 'CREATE')", NULL))
			finding_ok(d->out, "schema dwh", "the ledger may be made in it");
		else
			finding_missing(d->out, AT_WAREHOUSE, "schema dwh",
			    SAY("GRANT CREATE ON SCHEMA dwh TO %s", user),
			    "it has no ledger, and user %s may not make one", user);
	} else if (!says(d, "SELECT has_table_privilege('dwh.ledger', 'INSERT')", NULL) ||
	           !says(d, "SELECT has_table_privilege('dwh.target', 'UPDATE')", NULL)) {
		finding_missing(d->out, AT_WAREHOUSE, "schema dwh",
		    SAY("load as the user who made it, or GRANT ALL ON ALL TABLES IN SCHEMA dwh TO "
		        "%s",
		        user),
		    "user %s may not write to the ledger", user);
	} else {
		finding_ok(d->out, "schema dwh", "has a ledger, which we may write to");
		d->ledger = true;
	}
}

/* ---- the views that tell what a COPY did ---- */

enum seen { SEEN, DENIED, ABSENT };

static enum seen see(struct doctor *d, const char *view, const char *sql, struct err *e)
{
	struct str n;

	if (!ask(d, "SELECT 1 FROM pg_class WHERE relname = $1", view, &n, e))
		return ABSENT;
	return ask(d, sql, NULL, &n, e) ? SEEN : DENIED;
}

/* Either of the two kinds will do; one that is there and refuses does not. */
static void look_at_views(struct doctor *d)
{
	static const struct {
		const char *view, *sql;
		bool files; /* evidence of what was read; else of what was rejected */
	} views[] = {
	    {"sys_load_detail", "SELECT count(*) FROM sys_load_detail WHERE query_id = -1", true},
	    {"stl_load_commits", "SELECT count(*) FROM stl_load_commits WHERE query = -1", true},
	    {"sys_load_error_detail",
	        "SELECT count(*) FROM sys_load_error_detail WHERE query_id = -1", false},
	    {"stl_load_errors", "SELECT count(*) FROM stl_load_errors WHERE query = -1", false},
	};
	const char *user = PQuser(d->w.pg.conn);
	bool files = false, errors = false;
	struct err e;

	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		const char *what = SAY("view %s", views[i].view);
		enum seen s = see(d, views[i].view, views[i].sql, &e);

		if (s == DENIED)
			finding_error(d->out, views[i].files ? FINDING_MISSING : FINDING_WARN, what,
			    SAY("GRANT SELECT ON %s TO %s", views[i].view, user), &e);
		else if (s == SEEN)
			finding_ok(d->out, what, "may be read");
		files |= s != ABSENT && views[i].files;
		errors |= s != ABSENT && !views[i].files;
	}
	if (!files)
		finding_warn(d->out, "load views", "ask who keeps the cluster",
		    "neither sys_load_detail nor stl_load_commits is there: shards stay "
		    "UNVERIFIED");
	if (!errors)
		finding_warn(d->out, "load views", "ask who keeps the cluster",
		    "neither sys_load_error_detail nor stl_load_errors is there: why a record is "
		    "rejected is not told");
	if (owner_sees(&d->w, &e))
		finding_ok(d->out, "sessions", "those of other runs are seen");
	else
		finding_error(d->out, FINDING_WARN, "sessions",
		    "may be GRANT SELECT ON stv_sessions, sys_query_history: without them a run "
		    "elsewhere is found by dwh.target alone",
		    &e);
}

/* Before a password is asked for: one of AWS's is for a warehouse that is there. */
static bool is_there(struct doctor *d)
{
	const struct config *c = &d->w.config;
	struct pg_target t;
	struct err e;

	pg_target_of_config(c, &t);
	if (d->redshift && !t.host && !getenv("PGHOST")) {
		if (c->dwh.paused)
			finding_missing(d->out, AT_CONFIG, "warehouse",
			    "`dwh cluster resume` starts it", "the cluster %s is paused",
			    c->dwh.cluster_identifier);
		else
			finding_missing(d->out, AT_CONFIG, "warehouse",
			    "`dwh cluster up` makes one; or set [CLUSTER] HOST to one that is "
			    "there",
			    "none is known: [CLUSTER] HOST is not set, and no cluster of ours is "
			    "up");
		return false;
	}
	if (!dbpassword_remedy(c) || pg_answers(&t, &e))
		return true;
	finding_error(d->out, FINDING_MISSING, "warehouse", "", &e);
	if (d->ours)
		finding_also(d->out, "`dwh cluster status` tells how it is, `dwh cluster resume` "
		                     "starts one that is paused");
	return false;
}

/* What AWS must be told to allow. (Service Authorization Reference, Redshift.) */
static void say_permission(struct doctor *d)
{
	const struct config *c = &d->w.config;
	const char *p = aws_partition(credentials_region(c, d->w.task));
	const char *user = c->cluster.db_user ? c->cluster.db_user : c->dwh.db_user;
	const char *db = c->cluster.db_name ? c->cluster.db_name : c->dwh.db;
	const char *of = c->dwh.cluster_identifier, *secret = c->cluster.db_secret;
	const char *action = "secretsmanager:GetSecretValue", *on = NULL;

	switch (c->cluster.iam_auth) {
	case IAM_AUTH_NO:
		on = strncmp(secret, "arn:", 4) == 0
		         ? SAY("\"%s\"", secret)
		         : SAY("\"arn:%s:secretsmanager:*:*:secret:%s-*\"", p, secret);
		break;
	case IAM_AUTH_USER:
		action = "redshift:GetClusterCredentials";
		on = SAY(
		    "[\"arn:%s:redshift:*:*:dbuser:%s/%s\",\"arn:%s:redshift:*:*:dbname:%s/%s\"]",
		    p, of, user, p, of, db);
		break;
	case IAM_AUTH_ROLE:
		action = "redshift:GetClusterCredentialsWithIAM";
		on = SAY("\"arn:%s:redshift:*:*:dbname:%s/%s\"", p, of, db);
		break;
	case IAM_AUTH_SERVERLESS:
		action = "redshift-serverless:GetCredentials";
		on = SAY("\"arn:%s:redshift-serverless:*:*:workgroup/*\"", p);
		break;
	}
	finding_also(
	    d->out, "{\"Effect\":\"Allow\",\"Action\":\"%s\",\"Resource\":%s}", action, on);
}

void doctor_warehouse(struct doctor *d)
{
	const struct config *c = &d->w.config;
	struct pg_target t = {.host = NULL};
	struct dbpassword password;
	struct str region;
	struct err e;

	if (!is_there(d))
		return;
	/* AWS is asked for it once: what comes is kept. */
	if (!dbpassword_find(c, NULL, NULL, d->w.life, &password, &e)) {
		finding_error(d->out, FINDING_MISSING, "database password",
		    dbpassword_remedy(c) ? dbpassword_remedy(c) : "", &e);
		if (strncmp(e.code, "AccessDenied", 12) == 0 && dbpassword_remedy(c))
			say_permission(d);
		finding_unknown(
		    d->out, "warehouse", "not looked at: there is no password, see above");
		return;
	}
	/* One that is reached, but knows not what we set, is not what we take it for. */
	if (!connect_target(c, d->w.life, &t, &e) ||
	    !connect_warehouse(c, d->w.life, "dwh doctor", &d->w.pg, &e)) {
		finding_error(d->out, FINDING_MISSING, "warehouse",
		    "is [WAREHOUSE] ENGINE right, and does it run?", &e);
		return;
	}
	region = dbpassword_region_of_host(t.host);
	finding_ok(d->out, "warehouse", "%s:%s%s%.*s", PQhost(d->w.pg.conn), PQport(d->w.pg.conn),
	    region.n ? ", region " : "", STRF(region));
	look_at_version(d);
	look_at_login(d, &t);
	look_at_tls(d, &t);
	look_at_isolation(d);
	if (d->redshift) {
		look_at_slices(d);
		look_at_wlm(d);
	}
	look_at_clock(d);
	look_at_schema(d);
	look_at_ledger(d);
	if (d->redshift)
		look_at_views(d);
}
