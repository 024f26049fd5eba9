/*
 * services.c - see services.h.
 *
 * `dwh local up` joins the services as every command does, and then leaves a process behind that
 * holds them: redshiftd, which inherits the locks use.lock (shared: the keeper waits for it) and
 * up.lock (exclusive: it is there; its process id and port stand in the file). The kernel gives
 * both back however it ends, so nothing has to be tidied up behind it.
 */
#include "supervisor/services.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "shared/log.h"
#include "shared/pg.h"
#include "supervisor/detach.h"
#include "supervisor/exitcode.h"
#include "supervisor/local.h"
#include "supervisor/psql.h"
#include "supervisor/sample.h"

#define DATABASE "redshift"
#define READY "redshiftd ready "
#define READY_MS 20000
#define START_MS 60000 /* of an `up`: its login, its database, redshiftd */
#define DOWN_MS 10000

/* The redshiftd of `up`. */
struct front {
	bool held;         /* somebody starts it, or it is there */
	int64_t pid, port; /* 0: there is none */
	struct str user, password;
	const char *ca; /* PEM of the authority that its certificate is from */
};

/* ---- who is there ---- */

/* "PID PORT" of up.lock, where somebody holds it. */
static void find_front(const char *dir, struct arena *a, struct front *out)
{
	const char *path = local_path(a, dir, "up.lock");
	char text[64];
	ssize_t n;
	long long pid, port;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*out = (struct front){.ca = local_path(a, dir, "tls/ca.crt")};
	if (fd < 0)
		return;
	out->held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	if (out->held) {
		n = read(fd, text, sizeof text - 1);
		text[n > 0 ? n : 0] = '\0';
		if (sscanf(text, "%lld %lld", &pid, &port) == 2 && pid > 1) {
			out->pid = pid;
			out->port = port;
		}
	}
	close(fd);
}

static bool is_starting(const char *dir, struct arena *a, struct front *f)
{
	find_front(dir, a, f);
	return f->held && !f->port;
}

static bool is_there(const char *dir, struct arena *a, int64_t pid)
{
	struct front f;

	find_front(dir, a, &f);
	return f.pid == pid;
}

/* ---- up ---- */

/* A database of its own: Redshift's views are made in it. */
static bool make_database(const struct local *l, struct err *e)
{
	struct pg_target t = {.host = l->socket_dir,
	    .dbname = l->dbname,
	    .user = l->user,
	    .port = LOCAL_PG_PORT,
	    .connect_timeout_s = 10,
	    .engine = ENGINE_LOCAL,
	    .application_name = "dwh local up"};
	struct pg pg = {.conn = NULL};
	PGresult *res;
	bool ok;

	if (!pg_open(&pg, &t, e))
		return false;
	ok = pg_query(
	    &pg, "SELECT 1 FROM pg_database WHERE datname = '" DATABASE "'", 0, NULL, &res, e);
	if (ok) {
		if (PQntuples(res) == 0)
			ok = pg_exec(&pg, "CREATE DATABASE " DATABASE, e);
		PQclear(res);
	}
	pg_close(&pg);
	return ok;
}

/* Who it is, for `down` and `status`; its port is 0 until it is ready. */
static bool write_front(int up, pid_t pid, int64_t port, struct err *e)
{
	char line[64];
	ssize_t n = snprintf(line, sizeof line, "%ld %lld\n", (long)pid, (long long)port);

	return (ftruncate(up, 0) == 0 && pwrite(up, line, (size_t)n, 0) == n) ||
	       err_errno(e, ERR_SETUP, AT_STATE, "cannot write up.lock");
}

static bool hear(int fd, const char *log, off_t from, int64_t *port, struct arena *a, struct err *e)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char text[256];
	ssize_t n = 0;
	struct str line;

	if (poll(&p, 1, READY_MS) == 1)
		n = read(fd, text, sizeof text);
	line = str_trim((struct str){text, n > 0 ? (size_t)n : 0});
	if (str_starts(line, STR(READY)) && str_to_i64(str_from(line, sizeof READY - 1), port))
		return true;
	return err_set(e, ERR_SETUP, AT_WAREHOUSE, NULL, "redshiftd did not start; %s",
	    local_log_last(log, from, a));
}

static bool start_front(
    const struct local *l, int up, struct arena *a, int64_t *port, struct err *e)
{
	const char *log = local_path(a, l->dir, "redshiftd.log");
	const char *const argv[] = {"dwh", "redshiftd", "--pg", l->socket_dir, "--pg-port",
	    arena_i64(a, LOCAL_PG_PORT), "--pg-user", l->user, "--pg-database", DATABASE,
	    "--password-file", local_path(a, l->dir, "login"), "--s3-endpoint", l->s3_endpoint,
	    "--s3-key-file", local_path(a, l->dir, "key"), "--tls-dir",
	    local_path(a, l->dir, "tls"), "--ready-fd", "3", NULL};
	struct stat st;
	off_t from = stat(log, &st) == 0 ? st.st_size : 0;
	int p[2], keep[3];
	pid_t pid;
	bool ok;

	if (pipe2(p, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe");
	keep[0] = p[1];
	keep[1] = l->use_fd;
	keep[2] = up;
	ok = detach(argv, log, keep, 3, &pid, e) && write_front(up, pid, 0, e);
	close(p[1]);
	ok = ok && hear(p[0], log, from, port, a, e) && write_front(up, pid, *port, e);
	close(p[0]);
	return ok;
}

static int say_up(const struct front *f, bool already)
{
	log_info(
	    "%s at 127.0.0.1:%lld; `dwh local env` prints how to reach it, `dwh local down` ends "
	    "it",
	    already ? "redshiftd is up already," : "redshiftd is up", (long long)f->port);
	return 0;
}

/*
 * Whether we start it. Where we do, the numbers of last time go at once: they may be somebody
 * else's by now. Where somebody else does, *f is what has come of it: nobody is told of a redshiftd
 * that is not there yet.
 */
static bool take(
    int lock, const char *dir, struct arena *a, struct front *f, bool *ours, struct err *e)
{
	int64_t until = clock_ms() + START_MS;

	for (;; clock_sleep(10)) {
		*ours = flock(lock, LOCK_EX | LOCK_NB) == 0;
		if (*ours)
			return write_front(lock, 0, 0, e);
		find_front(dir, a, f);
		if (f->port)
			return true;
		if (clock_ms() > until)
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "another `dwh local up` holds %s and does not get ready: end it, and "
			    "try again",
			    local_path(a, dir, "up.lock"));
	}
}

static int up(struct call *c)
{
	struct local l;
	struct front f;
	struct err e;
	struct sample sample;
	struct model *m;
	int lock = -1;
	bool ok, ours = false;

	/* As for a run: where the default's bucket is empty there is something to try with. */
	if (c->config.warehouse.engine == ENGINE_LOCAL &&
	    (!model_load(c->config.load.model, &c->config, c->arena, &m, &e) ||
	        !sample_prepare(&c->config, m, c->arena, &sample, &e)))
		return exit_saying(&e);
	if (!local_up(&c->config, c->arena, &l, &e))
		return exit_saying(&e);
	lock = local_lock_open(local_path(c->arena, l.dir, "up.lock"), false, &e);
	ok = lock >= 0 && take(lock, l.dir, c->arena, &f, &ours, &e);
	if (ok && ours)
		ok = local_login(l.dir, true, c->arena, &f.user, &f.password, &e) &&
		     make_database(&l, &e) && start_front(&l, lock, c->arena, &f.port, &e);
	if (lock >= 0)
		close(lock);
	if (l.note)
		log_info("%s", l.note);
	if (ok && ours)
		close(l.use_fd); /* the lock is redshiftd's now: not ours to ask about */
	else
		local_down(&l);
	return ok ? say_up(&f, !ours) : exit_saying(&e);
}

/* ---- down ---- */

static int down(struct call *c)
{
	const char *dir = local_dir(&c->config, c->arena);
	int64_t until = clock_ms() + DOWN_MS;
	struct local l = {.held = true, .use_fd = -1, .dir = dir};
	struct front f;
	struct err e;

	while (is_starting(dir, c->arena, &f) && clock_ms() < until)
		clock_sleep(10);
	if (!f.held) {
		log_info("redshiftd is not up");
		return 0;
	}
	if (!f.pid) {
		log_error(
		    "a `dwh local up` is starting redshiftd: wait until it is up, or end that "
		    "command, and try again");
		return 3;
	}
	/* As one more user of the services, we are told when they have ended. */
	l.use_fd = local_lock_open(local_path(c->arena, dir, "use.lock"), false, &e);
	if (l.use_fd < 0)
		return exit_saying(&e);
	flock(l.use_fd, LOCK_SH);
	kill((pid_t)f.pid, SIGTERM);
	for (until = clock_ms() + DOWN_MS; is_there(dir, c->arena, f.pid) && clock_ms() < until;)
		clock_sleep(10);
	if (is_there(dir, c->arena, f.pid))
		kill((pid_t)f.pid, SIGKILL);
	local_down(&l);
	log_info("%s", local_keeper_lives(dir, c->arena)
	                   ? "redshiftd has ended; the other services end with their last user"
	                   : "the local services have ended");
	return 0;
}

/* ---- status, env, psql ---- */

/* What runs; false, and said, where it does not. front: redshiftd is wanted, too. */
static bool find(struct call *c, bool front, struct local *l, struct front *f, int *status)
{
	struct err e;

	*f = (struct front){.pid = 0};
	if (!local_state(&c->config, c->arena, l, &e)) {
		log_info("the local services do not run: `dwh local up` starts them");
		*status = 3;
		return false;
	}
	find_front(l->dir, c->arena, f);
	if (front && !f->port) {
		log_info("redshiftd does not run: `dwh local up` starts it");
		*status = 3;
		return false;
	}
	if (f->port && !local_login(l->dir, false, c->arena, &f->user, &f->password, &e)) {
		*status = exit_saying(&e);
		return false;
	}
	return true;
}

static int status(struct call *c)
{
	struct local l;
	struct front f;
	json_t *o;
	int rc;

	if (!find(c, false, &l, &f, &rc))
		return rc;
	if (c->json) {
		o = json_pack("{s:I, s:s, s:s, s:s, s:s, s:o}", "keeper", (json_int_t)l.keeper,
		    "postgres", l.socket_dir, "data", l.data, "s3", l.s3_endpoint, "buckets",
		    l.buckets, "redshift_port",
		    f.port ? json_integer((json_int_t)f.port) : json_null());
		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(o);
		return 0;
	}
	printf("PostgreSQL  socket %s, port %d, database %s; its data are in %s\n", l.socket_dir,
	    LOCAL_PG_PORT, l.dbname, l.data);
	printf("S3          %s, buckets are the folders of %s\n", l.s3_endpoint, l.buckets);
	if (f.port)
		printf("Redshift    127.0.0.1:%lld, database %s, user %.*s (process %lld)\n",
		    (long long)f.port, DATABASE, STRF(f.user), (long long)f.pid);
	else
		printf("Redshift    not up: the others stay as long as a command uses them\n");
	return 0;
}

/* Quoted for a shell. */
static void export(const char *name, struct str value)
{
	printf("export %s='", name);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\'')
			fputs("'\\''", stdout);
		else
			putchar(value.p[i]);
	puts("'");
}

static int env(struct call *c)
{
	struct local l;
	struct front f;
	int rc;

	if (!find(c, true, &l, &f, &rc))
		return rc;
	puts("# psql, psycopg2 and other clients of Redshift");
	export("PGHOST", STR("127.0.0.1"));
	export("PGPORT", str_z(arena_i64(c->arena, f.port)));
	export("PGDATABASE", STR(DATABASE));
	export("PGUSER", f.user);
	export("PGPASSWORD", f.password);
	export("PGSSLMODE", STR("verify-full"));
	export("PGSSLROOTCERT", str_z(f.ca));
	export("PGCLIENTENCODING", STR("UTF8"));
	puts("# aws, boto3 and other clients of S3");
	export("AWS_ENDPOINT_URL_S3", str_z(l.s3_endpoint));
	export("AWS_ACCESS_KEY_ID", l.key.access);
	export("AWS_SECRET_ACCESS_KEY", l.key.secret);
	export("AWS_REGION", STR("us-west-2"));
	export("AWS_DEFAULT_REGION", STR("us-west-2"));
	puts("# dwh itself, by the engine for Redshift");
	export("DWH_LOCAL_DIR", str_z(l.dir)); /* one folder of runs, wherever it is called from */
	export("DWH_WAREHOUSE_ENGINE", STR("redshift"));
	export("DWH_WAREHOUSE_SSLROOTCERT", str_z(f.ca));
	export("DWH_CLUSTER_HOST", STR("127.0.0.1"));
	export("DWH_CLUSTER_DB_PORT", str_z(arena_i64(c->arena, f.port)));
	export("DWH_CLUSTER_DB_NAME", STR(DATABASE));
	export("DWH_CLUSTER_DB_USER", f.user);
	export("DWH_CLUSTER_DB_PASSWORD", f.password);
	export("DWH_IAM_ROLE_ARN", STR("arn:aws:iam::000000000000:role/dwhRole"));
	export("DWH_S3_MANIFESTS", STR("s3://dwh-manifests/redshift"));
	return 0;
}

static int psql(struct call *c)
{
	struct local l;
	struct front f;
	int rc;

	if (!find(c, true, &l, &f, &rc))
		return rc;
	c->config.warehouse.engine = ENGINE_REDSHIFT;
	c->config.warehouse.sslmode = "verify-full";
	c->config.cluster.host = "127.0.0.1";
	c->config.cluster.db_port = f.port;
	c->config.cluster.db_name = DATABASE;
	c->config.cluster.db_user = arena_cstr(c->arena, f.user);
	c->config.cluster.db_password = arena_cstr(c->arena, f.password);
	setenv("PGSSLROOTCERT", f.ca, 1);
	setenv("PGCLIENTENCODING", "UTF8", 1);
	return psql_main(&c->config, c->argc, c->argv);
}

void services_help(FILE *out)
{
	fputs("  up               starts what does not run, and returns; the services stay until "
	      "down\n"
	      "  down             ends redshiftd; the others end with their last user\n"
	      "  status [--json]  what runs, and where; exit code 3 where nothing does\n"
	      "  env              exports for a shell: eval \"$(dwh local env)\"\n"
	      "  psql [ARGS]      opens redshiftd with psql\n",
	    out);
}

int cmd_local(struct call *c)
{
	static const struct {
		const char *name;
		int (*run)(struct call *c);
		bool json;
	} known[] = {{"up", up, false}, {"down", down, false}, {"status", status, true},
	    {"env", env, false}, {"psql", psql, false}};
	const char *what = c->argc ? c->argv[0] : "nothing";

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(what, known[i].name) != 0)
			continue;
		if (known[i].run == psql)
			return psql(c); /* the rest is psql's own */
		if (c->argc > 1 || (c->json && !known[i].json)) {
			log_error(
			    "dwh local %s takes no %s", what, c->argc > 1 ? c->argv[1] : "--json");
			return 1;
		}
		return command_finish(known[i].run(c));
	}
	log_error("dwh local wants up, down, status, env or psql, not %s", what);
	return 1;
}
