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

#include "shared/connect.h"
#include "shared/log.h"
#include "shared/pgbin.h"
#include "supervisor/exitcode.h"
#include "supervisor/local.h"

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
}

/* Unqualified names mean in psql what they mean in a load. Behind the user's own options. */
static const char *options(const char *schema, struct arena *a)
{
	const char *own = getenv("PGOPTIONS");
	char *out, *p;

	own = own ? own : "";
	p = out = arena_alloc(a, strlen(own) + 4 * strlen(schema) + 64);
	p = stpcpy(stpcpy(p, own), " -c search_path=\"");
	for (; *schema; schema++) {
		if (*schema == '"')
			*p++ = '"';
		if (*schema == ' ' || *schema == '\\')
			*p++ = '\\'; /* options are split at blanks */
		*p++ = *schema;
	}
	stpcpy(p, "\"");
	return out;
}

/*
 * As pg_open connects: what the configuration leaves open is libpq's to find (PGHOST, ~/.pgpass).
 * Only what would win over the configuration, or bend the services of this machine, is taken away.
 */
static bool environment(const struct config *c, struct arena *a, struct err *e)
{
	static const char *const bends[] = {
	    "PGSSLMODE", "PGCHANNELBINDING", "PGREQUIREPEER", "PGTARGETSESSIONATTRS", "PGOPTIONS"};
	struct pg_target t;

	if (!connect_target(c, a, &t, e))
		return false;
	unsetenv("PGSERVICE");
	if (t.host)
		unsetenv("PGHOSTADDR");
	for (size_t i = 0; t.engine == ENGINE_LOCAL && i < sizeof bends / sizeof bends[0]; i++)
		unsetenv(bends[i]);
	set("PGHOST", t.host);
	set("PGPORT", arena_i64(a, t.port));
	set("PGDATABASE", t.dbname);
	set("PGUSER", t.user);
	set("PGPASSWORD", t.password);
	set("PGSSLMODE", t.sslmode);
	set("PGCONNECT_TIMEOUT", arena_i64(a, t.connect_timeout_s));
	set("PGGSSENCMODE", "disable");
	set("PGAPPNAME", "dwh psql");
	/* Redshift takes no search_path at the start of a session. */
	if (t.engine != ENGINE_REDSHIFT)
		set("PGOPTIONS", options(t.schema ? t.schema : "public", a));
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
		signal(SIGPIPE, SIG_DFL);
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
		err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot start psql");
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
	    environment(c, a, &e)) {
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
