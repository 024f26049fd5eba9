/*
 * ephemeral.c - see ephemeral.h.
 *
 * Commands as a person would call them, up, run, query and down, each a process of its own; so
 * whatever becomes of the others (an error, a signal, a crash, no memory), the last is called. This
 * process only waits. It is armed before the first: from there on no signal ends it.
 *
 *   up, run, query   INT, TERM, HUP and QUIT are passed on, which ends them in seconds; any other
 *                    as TERM; from the third on the process is killed
 *   down             the first says that it is still at work, the second ends it: then it says
 *                    what is left
 *
 * Nobody survives SIGKILL. The record and the tags do: `dwh cluster down`, or `dwh cluster reap`
 * once the time of --max-hours is over, finds all of it.
 */
#include "supervisor/ephemeral.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/sqlfile.h"
#include "supervisor/cluster_commands.h"
#include "supervisor/cluster_site.h"
#include "supervisor/exitcode.h"
#include "supervisor/journal.h"

enum { HOURS = 12, LEFT_EXIT = 9, WORDS = 24 };

/* ---- a process ---- */

struct job {
	const char *words[WORDS]; /* behind the program, configuration and --set */
	size_t n;
	bool result;  /* its stdout is ours; else it goes to stderr, as talk */
	bool removes; /* outlives us */
};

/* All that would end us, whoever sends it; not what stops and goes on (^Z), what says that we are
 * at fault, or what is nothing to anybody. */
static void taken_signals(sigset_t *set)
{
	static const int others[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGWINCH, SIGURG, SIGPIPE,
	    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

	sigfillset(set);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		sigdelset(set, others[i]);
}

/* The four that each command knows to end by; the rest would end it as a crash does. */
static int known_signal(int sig)
{
	return sig == SIGINT || sig == SIGHUP || sig == SIGQUIT ? sig : SIGTERM;
}

static char **argv_of(struct call *c, const struct job *j)
{
	size_t n = 0;
	char **v = arena_alloc(c->arena, (2 * c->n_sets + j->n + 8) * sizeof *v);

	v[n++] = arena_strz(c->arena, "dwh");
	v[n++] = arena_strz(c->arena, j->words[0]);
	if (c->file) {
		v[n++] = arena_strz(c->arena, "-c");
		v[n++] = arena_strz(c->arena, c->file);
	}
	if (log_is_quiet())
		v[n++] = arena_strz(c->arena, "-q");
	for (size_t i = 0; i < c->n_sets; i++) {
		v[n++] = arena_strz(c->arena, "--set");
		v[n++] = arena_printf(
		    c->arena, "%.*s=%.*s", STRF(c->sets[i].key), STRF(c->sets[i].value));
	}
	for (size_t i = 1; i < j->n; i++)
		v[n++] = arena_strz(c->arena, j->words[i]);
	return v;
}

static _Noreturn void become(char *const *argv, const struct job *j, pid_t parent)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	if (!j->removes)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!j->removes && getppid() != parent)
		_exit(0);
	/* Out of the terminal's reach: its signals come to us, and we pass them on. */
	setpgid(0, 0);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		signal(all[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, 0) < 0 || (!j->result && dup2(2, 1) < 0))
		_exit(12);
	execv("/proc/self/exe", argv);
	_exit(12);
}

/* What a signal means to the process that runs. */
static void pass_on(pid_t pid, const struct job *j, int sig, int times)
{
	if (!j->removes) {
		kill(pid, times > 2 ? SIGKILL : known_signal(sig));
	} else if (times == 1) {
		log_warn(
		    "the cluster is still being removed; once more, and what is left of it stays, "
		    "and costs money");
	} else {
		kill(pid, SIGTERM);
	}
}

/* Until it has ended. The signals are blocked, and taken one by one: none comes unseen between a
 * look and a wait. *signalled: the last that came. */
static int wait_for(pid_t pid, const struct job *j, int *signalled)
{
	sigset_t taken;
	int status, sig, times = 0;

	taken_signals(&taken);
	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		sig = sigwaitinfo(&taken, NULL);
		if (sig <= 0 || sig == SIGCHLD)
			continue;
		*signalled = sig;
		pass_on(pid, j, sig, ++times);
	}
}

static int run_job(struct call *c, const struct job *j, int *signalled)
{
	char **argv = argv_of(c, j);
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv, j, parent);
	if (pid < 0) {
		log_error("cannot start `dwh %s`: %s", j->words[0], strerror(errno));
		return 12;
	}
	return wait_for(pid, j, signalled);
}

/* ---- the commands ---- */

static void add(struct job *j, const char *word)
{
	j->words[j->n++] = word;
}

static int up(struct call *c, int64_t hours, int *signalled)
{
	struct job j = {
	    .words = {"cluster", "up", "--max-hours", arena_i64(c->arena, hours)}, .n = 4};

	if (c->ingress) {
		add(&j, "--ingress");
		add(&j, c->ingress);
	}
	return run_job(c, &j, signalled);
}

static int run(struct call *c, int *signalled)
{
	struct job j = {.words = {"run"}, .n = 1, .result = true};

	if (c->fresh)
		add(&j, "--fresh");
	if (c->json)
		add(&j, "--json");
	if (c->take_over)
		add(&j, "--take-over");
	if (c->allow_unverified)
		add(&j, "--allow-unverified");
	return run_job(c, &j, signalled);
}

/* The answers go with the warehouse; a report in JSON is one document, and stays alone. */
static int query(struct call *c, int *signalled)
{
	struct job j = {.words = {"query"}, .n = 1, .result = true};

	return c->json ? 0 : run_job(c, &j, signalled);
}

/* Twice, if it must be: what fails at the end of a long day may pass a moment later. */
static bool down(struct call *c)
{
	struct job j = {.words = {"cluster", "down"}, .n = 2, .removes = true};
	int signalled = 0, status = run_job(c, &j, &signalled);

	if (status && !signalled) {
		log_warn("once more");
		status = run_job(c, &j, &signalled);
	}
	if (status)
		log_error(
		    "the cluster %s and what belongs to it may still cost money: `%s` removes "
		    "what is left",
		    c->config.dwh.cluster_identifier, cluster_command(c, "down"));
	return status == 0;
}

/* ---- before anything is made ---- */

/* What the run would stumble over at its first step is said before AWS is asked for anything. */
static bool check_run(struct call *c, struct err *e)
{
	struct model *m;

	if (c->config.warehouse.engine != ENGINE_REDSHIFT)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "--ephemeral makes a Redshift warehouse: set [WAREHOUSE] ENGINE = redshift");
	/* It would load into that one, and remove its own. */
	return cluster_is_target(c, "--ephemeral", e) &&
	       model_load(c->config.load.model, &c->config, c->arena, &m, e);
}

/* What is made, carries it: neither another run's warehouse is used, nor is it removed. */
static bool name_the_run(struct err *e)
{
	char id[24];

	journal_new_id(id);
	return setenv(SITE_RUN_VARIABLE, id, 1) == 0 ||
	       err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot set %s", SITE_RUN_VARIABLE);
}

static int fail(const struct err *e)
{
	log_error("%s", e->msg);
	return exit_code_of(e);
}

int ephemeral_run(struct call *c)
{
	int signalled = 0, status;
	sigset_t taken;
	int64_t hours;
	struct err e;

	if (!check_run(c, &e) || !cluster_max_hours(c, HOURS, &hours, &e) ||
	    !cluster_is_new(c, &e) || !name_the_run(&e))
		return fail(&e);
	taken_signals(&taken);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	status = up(c, hours, &signalled);
	if (status == 0 && !signalled)
		status = run(c, &signalled);
	if (status == 0 && !signalled)
		status = query(c, &signalled);
	if (signalled)
		log_info("stopped by signal %d: the cluster is removed", signalled);
	if (status == 0 && signalled)
		status = 128 + signalled;
	return down(c) ? status : LEFT_EXIT;
}
