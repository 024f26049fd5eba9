/*
 * ephemeral.c - see ephemeral.h.
 *
 * Commands as a person would call them, up, run and down, each a process of its own; so whatever
 * becomes of the others (an error, a signal, a crash, no memory), the last is called. This process
 * only waits. It is armed before the first: from there on no signal ends it.
 *
 *   up, run   INT, TERM, HUP and QUIT are passed on, which ends them in seconds; any other as TERM;
 *             from the third on the process is killed
 *   down      the first says that it is still at work, the second ends it: then it says what is
 *             left. Nobody but us is heard by it: what is sent to all of a group, as by systemd,
 *             comes once. What fails is tried again for 20 minutes
 *
 * What was ignored when we were started, as by nohup, is so in all of them.
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

#include "shared/aws_wait.h"
#include "shared/clock.h"
#include "shared/connect.h"
#include "shared/log.h"
#include "shared/source.h"
#include "shared/sqlfile.h"
#include "supervisor/cluster_commands.h"
#include "supervisor/cluster_site.h"
#include "supervisor/exitcode.h"
#include "supervisor/journal.h"

enum { HOURS = 12, LEFT_EXIT = 9, WORDS = 24 };
enum { DOWN_MS = 20 * 60000, PAUSE_MS = 15000, PAUSE_MOST_MS = 4 * 60000 };
enum { LONG_ENOUGH_MS = 3600000 };

/* ---- a process ---- */

struct job {
	const char *words[WORDS]; /* behind the program, configuration and --set */
	size_t n;
	bool result;  /* its stdout is ours; else it goes to stderr, as talk */
	bool removes; /* outlives us; nobody but us is heard by it */
};

static bool is_ignored(int sig)
{
	struct sigaction was;

	return sigaction(sig, NULL, &was) == 0 && was.sa_handler == SIG_IGN;
}

/* All that would end us, whoever sends it; not what stops and goes on (^Z), what says that we are
 * at fault, or what is nothing to anybody; nor what is ignored, which is heard where it is blocked.
 */
static void taken_signals(sigset_t *set)
{
	static const int others[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGWINCH, SIGURG, SIGPIPE,
	    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

	sigfillset(set);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		sigdelset(set, others[i]);
	for (int sig = 1; sig < NSIG; sig++)
		if (is_ignored(sig))
			sigdelset(set, sig);
}

/* Those that each command knows to end by; the rest would end it as a crash does. */
static const int known[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static int known_signal(int sig)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i] == sig)
			return sig;
	return SIGTERM;
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
	int null = open("/dev/null", O_RDONLY);
	sigset_t blocked;

	if (!j->removes)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!j->removes && getppid() != parent)
		_exit(0);
	/* Out of the terminal's reach: its signals come to us, and we pass them on. */
	setpgid(0, 0);
	sigemptyset(&blocked);
	for (size_t i = 0; j->removes && i < sizeof known / sizeof known[0]; i++)
		sigaddset(&blocked, known[i]); /* until it can tell whose they are */
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (null < 0 || dup2(null, 0) < 0 || (!j->result && dup2(2, 1) < 0))
		_exit(12);
	execv("/proc/self/exe", argv);
	_exit(12);
}

/* What came while a process ran, or, of down, since the first time. */
struct heard {
	int last, times;
};

static void say_still(void)
{
	log_warn("the cluster is still being removed; once more, and what is left of it stays, "
	         "and costs money");
}

/* What a signal means to the process that runs. */
static void pass_on(pid_t pid, const struct job *j, const struct heard *h)
{
	if (!j->removes)
		kill(pid, h->times > 2 ? SIGKILL : known_signal(h->last));
	else if (h->times == 1)
		say_still();
	else
		kill(pid, SIGTERM);
}

/* Until it has ended. The signals are blocked, and taken one by one: none comes unseen between a
 * look and a wait. */
static int wait_for(pid_t pid, const struct job *j, struct heard *h)
{
	sigset_t taken;
	int status, sig;

	taken_signals(&taken);
	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		sig = sigwaitinfo(&taken, NULL);
		if (sig <= 0 || sig == SIGCHLD)
			continue;
		h->last = sig;
		h->times++;
		pass_on(pid, j, h);
	}
}

static int run_job(struct call *c, const struct job *j, struct heard *h)
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
	return wait_for(pid, j, h);
}

/* ---- the commands ---- */

static void add(struct job *j, const char *word)
{
	j->words[j->n++] = word;
}

static int up(struct call *c, int64_t hours, struct heard *h)
{
	struct job j = {
	    .words = {"cluster", "up", "--max-hours", arena_i64(c->arena, hours)}, .n = 4};

	if (c->ingress) {
		add(&j, "--ingress");
		add(&j, c->ingress);
	}
	return run_job(c, &j, h);
}

static int run(struct call *c, struct heard *h)
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
	return run_job(c, &j, h);
}

/* False: it is given up, by a second signal. */
static bool pause_for(int64_t ms, struct heard *h)
{
	int64_t until = clock_ms() + ms / aws_speed(), left;
	sigset_t taken;

	taken_signals(&taken);
	while (h->times < 2 && (left = until - clock_ms()) > 0) {
		struct timespec t = {left / 1000, left % 1000 * 1000000};
		int sig = sigtimedwait(&taken, NULL, &t);

		if (sig <= 0 || sig == SIGCHLD)
			continue;
		h->last = sig;
		if (++h->times == 1)
			say_still();
	}
	return h->times < 2;
}

/* Again and again, if it must be: by its exit code nobody can tell what passes, such as a network
 * that is away or a key that is renewed, and a cluster that stays costs money. */
static bool down(struct call *c)
{
	struct job j = {.words = {"cluster", "down"}, .n = 2, .removes = true};
	struct heard h = {.times = 0};
	int64_t spent = 0, pause = PAUSE_MS; /* AWS's time, but for what the attempts took */
	int status;

	for (;;) {
		int64_t began = clock_ms();

		status = run_job(c, &j, &h);
		spent += clock_ms() - began;
		if (status == 0 || h.times > 1 || spent >= DOWN_MS)
			break;
		log_warn("not all of it is removed: once more in %lld s, and so on for 20 minutes; "
		         "two signals (^C) end that",
		    (long long)pause / 1000);
		if (!pause_for(pause, &h))
			break;
		spent += pause;
		pause = pause * 2 < PAUSE_MOST_MS ? pause * 2 : PAUSE_MOST_MS;
	}
	if (status)
		log_error(
		    "the cluster %s and what belongs to it may still cost money: `%s` removes "
		    "what is left",
		    c->config.dwh.cluster_identifier, cluster_command(c, "down"));
	return status == 0;
}

/* ---- in what we have started ---- */

bool ephemeral_within(void)
{
	return getenv(SITE_PARENT_VARIABLE);
}

bool ephemeral_is_gone(void)
{
	const char *said = getenv(SITE_PARENT_VARIABLE);
	int64_t pid;

	return said && str_to_i64(str_z(said), &pid) && pid != getppid();
}

void ephemeral_outlive(void)
{
	if (ephemeral_within())
		prctl(PR_SET_PDEATHSIG, 0);
}

void ephemeral_say_gone(struct call *c)
{
	if (ephemeral_is_gone())
		log_error("`dwh run --ephemeral` was killed: the cluster %s and what belongs to it "
		          "stay, and cost money: `%s` removes them",
		    c->config.dwh.cluster_identifier, cluster_command(c, "down"));
}

/* ---- before anything is made ---- */

/* Such as nobody renews: down would find them expired, and a warehouse that it cannot remove. */
static void warn_of_keys(const struct credentials *key)
{
	char then[25];

	if (!key->expires_ms || !str_eqz(key->origin, "environment") ||
	    key->expires_ms - clock_wall_ms() >= LONG_ENOUGH_MS)
		return;
	clock_iso(key->expires_ms, then);
	log_warn("the keys from %.*s expire at %s, and cannot be renewed: the warehouse could not "
	         "be removed after that",
	    STRF(key->origin), then);
}

/* The sources, as the run will see them; they are not worth a warehouse if they cannot be read. */
static bool check_sources(struct call *c, const struct model *m, struct err *e)
{
	size_t n;
	const struct sqlfile *f = model_phase(m, SQL_COPY, &n);
	struct s3 *s3 = NULL;
	bool ok = connect_s3(&c->config, c->arena, NULL, NULL, &s3, e);

	for (size_t i = 0; ok && i < n; i++)
		ok = source_probe(s3, &c->config, &f[i], NULL, NULL, c->arena, e);
	if (ok)
		warn_of_keys(s3_credentials(s3));
	s3_close(s3);
	return ok;
}

/* What the run would stumble over at its first steps is said before anything is made for it. */
static bool check_run(struct call *c, struct err *e)
{
	struct model *m;

	if (c->config.warehouse.engine != ENGINE_REDSHIFT)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "--ephemeral makes a Redshift warehouse: set [WAREHOUSE] ENGINE = redshift");
	/* It would load into that one, and remove its own. */
	return cluster_is_target(c, "--ephemeral", e) &&
	       model_load(c->config.load.model, &c->config, c->arena, &m, e) &&
	       check_sources(c, m, e);
}

/* What is made, carries it: neither another run's warehouse is used, nor is it removed. */
static bool name_the_run(struct call *c, struct err *e)
{
	char id[24];

	journal_new_id(id);
	return (setenv(SITE_RUN_VARIABLE, id, 1) == 0 &&
	           setenv(SITE_PARENT_VARIABLE, arena_i64(c->arena, getpid()), 1) == 0) ||
	       err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot set %s", SITE_RUN_VARIABLE);
}

int ephemeral_run(struct call *c)
{
	struct heard h = {.times = 0};
	int status;
	sigset_t taken;
	int64_t hours;
	struct err e;

	if (!check_run(c, &e) || !cluster_max_hours(c, HOURS, &hours, &e) ||
	    !cluster_is_new(c, &e) || !name_the_run(c, &e))
		return exit_saying(&e);
	taken_signals(&taken);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	status = up(c, hours, &h);
	if (status == 0 && !h.times)
		status = run(c, &h);
	if (h.times)
		log_info("stopped by signal %d: the cluster is removed", h.last);
	if (status == 0 && h.times)
		status = 128 + h.last;
	return down(c) ? status : LEFT_EXIT;
}
