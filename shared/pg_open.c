/* pg_open.c - connecting to a warehouse: pg_open() and what belongs to it. See pg.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/clock.h"
#include "shared/pg.h"

enum { TICK_MS = 200 };

void pg_target_of_config(const struct config *c, struct pg_target *out)
{
	const char *host = c->cluster.host ? c->cluster.host : c->dwh.dwh_endpoint;

	*out = (struct pg_target){
	    .host = host,
	    .dbname = c->cluster.db_name ? c->cluster.db_name : c->dwh.db,
	    .user = c->cluster.db_user ? c->cluster.db_user : c->dwh.db_user,
	    .password = c->cluster.db_password ? c->cluster.db_password : c->dwh.db_password,
	    .port = c->cluster.db_port,
	    .sslmode = c->warehouse.sslmode,
	    .sslrootcert = c->warehouse.sslrootcert,
	    .schema = c->warehouse.schema,
	    .connect_timeout_s = c->warehouse.connect_timeout_s,
	    .engine = c->warehouse.engine,
	};
	if (!out->port)
		out->port = c->warehouse.engine == ENGINE_REDSHIFT ? 5439 : 5432;
	/* With a root certificate "require" would check it, too. */
	if (!out->sslrootcert && out->sslmode && strncmp(out->sslmode, "verify-", 7) == 0 &&
	    c->warehouse.engine == ENGINE_REDSHIFT)
		out->sslrootcert = "/etc/ssl/certs/ca-certificates.crt";
}

static bool fail_connect(struct pg *pg, const char *text, struct err *e)
{
	enum err_kind kind = ERR_RETRY;
	const char *remedy = "is the server running, and are [CLUSTER] HOST and DB_PORT right?";

	if (pg->met)
		remedy = "it was there before: its log tells what ended it (a full disk may)";
	/* libpq gives no SQLSTATE for a refused connection: its text is all there is. */
	if (strstr(text, "too many clients") || strstr(text, "connection slots are reserved")) {
		remedy = "use fewer workers (-w), or raise its max_connections";
	} else if (strstr(text, "authentication failed") || strstr(text, "no password supplied") ||
	           strstr(text, "role \"") || strstr(text, "no pg_hba.conf entry")) {
		kind = ERR_SETUP;
		remedy =
		    "check [CLUSTER] DB_USER and DB_PASSWORD (or PGPASSWORD, ~/.pgpass, IAM_AUTH, "
		    "DB_SECRET)";
	} else if (strstr(text, "database \"") && strstr(text, "does not exist")) {
		kind = ERR_SETUP;
		remedy = "check [CLUSTER] DB_NAME";
	} else if (strstr(text, "could not translate host name")) {
		remedy = "check [CLUSTER] HOST";
	} else if (strstr(text, "authentication method 13 not supported")) {
		kind = ERR_SETUP;
		remedy = "the user's password is kept as SHA-256, which libpq does not speak: "
		         "ALTER USER "
		         "... PASSWORD with the plain text or an md5 hash keeps it as MD5";
	} else if (strstr(text, "certificate") || strstr(text, "SSL")) {
		kind = ERR_SETUP;
		remedy = "check [WAREHOUSE] SSLMODE and SSLROOTCERT";
	}
	err_set(e, kind, AT_WAREHOUSE, "08001", "cannot connect to %s: %.*s; %s", pg->where,
	    STRF(str_trim(str_z(text))), remedy);
	pg_close(pg);
	return false;
}

/* Most, such as "already exists, skipping", are not worth a word; Redshift's COPY says what it did.
 * Errors come as results. */
static void keep_notice(void *ctx, const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	struct pg *pg = ctx;
	size_t n = strlen(pg->notices);

	if (text)
		snprintf(pg->notices + n, sizeof pg->notices - n, "%s\n", text);
}

/* Of libpq's own variables, those that would send a load elsewhere or change what statements mean.
 */
static void forget_environment(void)
{
	static const char *const names[] = {
	    "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGDATESTYLE", "PGTZ"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unsetenv(names[i]);
}

/* What Redshift does not have. Whoever holds a lock for longer is named in an error, not waited for
 * in silence. A session whose client is dead ends soon, even in a long statement or waiting for a
 * lock; PostgreSQL has that since its version 14. */
static const char *own_settings(const struct pg *pg)
{
	if (pg->engine == ENGINE_REDSHIFT)
		return "";
	return PQserverVersion(pg->conn) < 140000
	           ? "; SET lock_timeout TO '60s'"
	           : "; SET lock_timeout TO '60s'; SET client_connection_check_interval TO '2s'";
}

/* What PQconnectdbParams does behind the first step, but that the tick is called. *why: what libpq
 * does not say of it, "timeout expired"; False: the tick has said stop. */
static bool connect_ticking(struct pg *pg, int64_t timeout_s, const char **why, struct err *e)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	int64_t until = clock_ms() + timeout_s * 1000;

	while (PQstatus(pg->conn) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
	       next != PGRES_POLLING_FAILED) {
		struct pollfd fd = {.fd = PQsocket(pg->conn),
		    .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};
		int n;

		if (!pg->tick(pg->tick_ctx, e))
			return false;
		n = poll(&fd, 1, TICK_MS);
		if (n < 0 && errno != EINTR)
			return err_errno(e, ERR_RETRY, AT_WAREHOUSE, "poll");
		if (n > 0) {
			next = PQconnectPoll(pg->conn);
		} else if (timeout_s > 0 && clock_ms() >= until) {
			*why = "timeout expired";
			return true;
		}
	}
	return true;
}

/* False: *e is set, and nothing is open. */
static bool connect_to(struct pg *pg, const char *const *keys, const char *const *values,
    int64_t timeout_s, struct err *e)
{
	const char *why = NULL;

	pg->conn = pg->tick ? PQconnectStartParams(keys, values, 0)
	                    : PQconnectdbParams(keys, values, 0);
	if (pg->tick && !connect_ticking(pg, timeout_s, &why, e)) {
		pg_close(pg);
		return false;
	}
	return PQstatus(pg->conn) == CONNECTION_OK ||
	       fail_connect(pg, why ? why : PQerrorMessage(pg->conn), e);
}

static void name_place(struct pg *pg, const struct pg_target *t)
{
	snprintf(pg->where, sizeof pg->where, "the warehouse at %s:%lld/%s",
	    t->host ? t->host : "localhost", (long long)t->port, t->dbname ? t->dbname : "");
}

bool pg_open(struct pg *pg, const struct pg_target *t, struct err *e)
{
	const char *keys[20], *values[20];
	char port[24], timeout[24];
	size_t n = 0;

	forget_environment();
	pg->engine = t->engine;
	snprintf(port, sizeof port, "%lld", (long long)t->port);
	snprintf(timeout, sizeof timeout, "%lld", (long long)t->connect_timeout_s);
	name_place(pg, t);
#define PARAM(k, v) (keys[n] = (k), values[n++] = (v))
	if (t->host)
		PARAM("host", t->host);
	PARAM("port", port);
	if (t->dbname)
		PARAM("dbname", t->dbname);
	if (t->user)
		PARAM("user", t->user);
	if (t->password)
		PARAM("password", t->password);
	if (t->sslmode)
		PARAM("sslmode", t->sslmode);
	PARAM("client_encoding", "UTF8");
	PARAM("application_name", t->application_name ? t->application_name : "dwh");
	PARAM("connect_timeout", timeout);
	PARAM("gssencmode", "disable");
	if (t->sslrootcert)
		PARAM("sslrootcert", t->sslrootcert);
	/* What a PostgreSQL 8.0 answers with an error. */
	if (t->engine == ENGINE_REDSHIFT) {
		PARAM("channel_binding", "disable");
		PARAM("target_session_attrs", "any");
	}
	/* A COPY may be silent for minutes, and firewalls drop what is silent. */
	PARAM("keepalives_idle", "30");
	PARAM("keepalives_interval", "10");
	PARAM("keepalives_count", "6");
#undef PARAM
	keys[n] = values[n] = NULL;
	if (!connect_to(pg, keys, values, t->connect_timeout_s, e))
		return false;

	struct arena *a = arena_new();
	struct str schema = pg_ident(pg, a, str_z(t->schema ? t->schema : "public"));
	bool ok;

	PQsetNoticeReceiver(pg->conn, keep_notice, pg);
	ok = pg_exec(pg,
	    arena_printf(a,
	        "SET search_path TO %.*s; SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'%s",
	        STRF(schema), own_settings(pg)),
	    e);
	/* Said again, for what stands between and keeps its own name; no harm where it is refused.
	 */
	if (ok && t->engine == ENGINE_REDSHIFT && t->application_name) {
		struct str name = pg_literal(pg, a, str_z(t->application_name));
		struct err why;

		ok = pg_exec(
		         pg, arena_printf(a, "SET application_name TO %.*s", STRF(name)), &why) ||
		     pg_alive(pg);
		if (!ok)
			*e = why;
	}
	arena_free(a);
	pg->met |= ok;
	if (!ok)
		pg_close(pg);
	return ok;
}

bool pg_answers(const struct pg_target *t, struct err *e)
{
	char port[24], timeout[24];
	const char *keys[] = {"host", "port", "connect_timeout", NULL};
	const char *values[] = {t->host, port, timeout, NULL};
	struct pg pg = {.conn = NULL};
	PGPing is;

	forget_environment();
	snprintf(port, sizeof port, "%lld", (long long)t->port);
	snprintf(timeout, sizeof timeout, "%lld", (long long)t->connect_timeout_s);
	name_place(&pg, t);
	is = PQpingParams(keys, values, 0);
	return is == PQPING_OK || is == PQPING_REJECT || fail_connect(&pg, "no answer", e);
}
