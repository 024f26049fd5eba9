/*
 * psql.c - see psql.h.
 *
 * Where to connect goes through the environment: a password in argv would be everybody's to read.
 * The local services are held up while psql runs; the terminal's signals are psql's business.
 */
#include "supervisor/psql.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/log.h"
#include "shared/pgbin.h"
#include "supervisor/exitcode.h"
#include "supervisor/local.h"

/* The user's own PG* settings would win over ours or bend them. */
static const char *const foreign[] = {"PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS",
    "PGTARGETSESSIONATTRS", "PGREQUIREPEER", "PGSSLMODE", "PGCHANNELBINDING"};

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* Unqualified names mean in psql what they mean in a load: the schema comes first. */
static const char *search_path(const char *schema, struct arena *a)
{
	size_t n = strlen(schema);
	char *out = arena_alloc(a, 4 * n + 64), *p = out;

	p = stpcpy(p, "-c search_path=\"");
	for (; *schema; schema++) {
		if (*schema == '"')
			*p++ = '"';
		if (*schema == ' ' || *schema == '\\')
			*p++ = '\\'; /* options are split at blanks */
		*p++ = *schema;
	}
	stpcpy(p, "\",public");
	return out;
}

static bool environment(
    const struct config *c, const struct local *l, struct arena *a, struct err *e)
{
	bool local = c->warehouse.engine == ENGINE_LOCAL;
	bool redshift = c->warehouse.engine == ENGINE_REDSHIFT;
	int64_t port = local ? LOCAL_PG_PORT : c->cluster.db_port;

	if (!local && !c->cluster.host)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "[CLUSTER] HOST is not set, so there is no warehouse to connect to");
	if (port == 0)
		port = redshift ? 5439 : 5432;
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		unsetenv(foreign[i]);
	set("PGHOST", local ? l->socket_dir : c->cluster.host);
	set("PGPORT", arena_printf(a, "%lld", (long long)port));
	set("PGDATABASE", local ? l->dbname : c->cluster.db_name);
	set("PGUSER", local ? l->user : c->cluster.db_user);
	set("PGAPPNAME", "dwh psql");
	if (!local) {
		if (c->cluster.db_password)
			set("PGPASSWORD", c->cluster.db_password);
		set("PGSSLMODE", c->warehouse.sslmode ? c->warehouse.sslmode
		                                      : (redshift ? "verify-full" : "prefer"));
		set("PGCONNECT_TIMEOUT",
		    arena_printf(a, "%lld", (long long)c->warehouse.connect_timeout_s));
	}
	/* Redshift takes no search_path at the start of a session. */
	if (!redshift && c->warehouse.schema && strcmp(c->warehouse.schema, "public") != 0)
		set("PGOPTIONS", search_path(c->warehouse.schema, a));
	return true;
}

static int run(const char *psql, char **argv, struct err *e)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	pid_t parent = getpid(), pid;
	int status = 0;

	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
		/* Without us the services go, so psql has nothing to stay for. */
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
			_exit(127);
		execv(psql, argv);
		log_error("%s: %s", psql, strerror(errno));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (pid < 0) {
		err_errno(e, ERR_SETUP, AT_INTERNAL, "fork");
		return -1;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int psql_main(const struct config *c, int argc, char **argv)
{
	struct arena *a = arena_new();
	struct local l = {.held = false};
	struct err e;
	const char *psql;
	char **args = xcalloc((size_t)argc + 1, sizeof *args);
	int rc = -1;

	for (int i = 0; i < argc; i++)
		args[i] = argv[i];
	if (pgbin_find(c->local.pg_bin ? config_path(c, a, c->local.pg_bin) : NULL, "psql", 0, a,
	        &psql, &e) &&
	    (c->warehouse.engine != ENGINE_LOCAL || local_up(c, a, &l, &e)) &&
	    environment(c, &l, a, &e)) {
		if (l.note)
			log_info("%s", l.note);
		rc = run(psql, args, &e);
	}
	if (rc < 0) {
		log_error("%s", e.msg);
		rc = exit_code_of(&e);
	}
	local_down(&l);
	free(args);
	arena_free(a);
	return rc;
}
