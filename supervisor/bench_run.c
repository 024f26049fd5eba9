/*
 * bench_run.c - see bench_run.h.
 *
 * A load is what a person would call, `dwh run --fresh`, in a process of its own: so its time is
 * what a person waits for, and nothing of one load is left in the next. It is in a group of its
 * own: a signal of the terminal comes to us, and we pass it on, once.
 */
#include "supervisor/bench_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "supervisor/bench_ticks.h"
#include "supervisor/facts.h"

/* ---- signals ---- */

static volatile sig_atomic_t signalled, times;

static void on_signal(int sig)
{
	signalled = sig;
	times++;
}

void bench_catch_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal}; /* without SA_RESTART: waits end */

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

void bench_hold_signals(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int bench_signalled(void)
{
	return signalled;
}

bool bench_signalled_again(void)
{
	return times > 1;
}

/* ---- a process ---- */

static _Noreturn void become(char *const *argv, const char *log, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	sigset_t none;

	/* Nobody would end it for us, if we were killed. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(out < 0 ? null : out, 2) < 0)
		_exit(12);
	close_range(3, ~0U, 0);
	execv("/proc/self/exe", argv);
	_exit(12);
}

/*
 * Until it has ended. The signals are blocked, and taken one by one: none comes unseen between a
 * look and a wait.
 */
static int wait_for(pid_t pid, const sigset_t *taken)
{
	int status, sig;

	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		sig = sigwaitinfo(taken, NULL);
		if (sig == SIGINT || sig == SIGTERM) {
			signalled = sig;
			kill(pid, sig);
		}
	}
}

/* Runs it to its end; its exit status, or -1 and *e. *ms: how long it took. */
static int run(char *const *argv, const char *log, int64_t *ms, struct err *e)
{
	pid_t parent = getpid(), pid;
	sigset_t taken, before;
	int64_t began;
	int status;

	sigemptyset(&taken);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGCHLD);
	sigprocmask(SIG_BLOCK, &taken, &before);
	fflush(NULL);
	began = clock_ms();
	pid = fork();
	if (pid == 0)
		become(argv, log, parent);
	if (pid < 0)
		err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot start `dwh %s`", argv[1]);
	status = pid < 0 ? -1 : wait_for(pid, &taken);
	*ms = clock_ms() - began;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* ---- a command ---- */

struct words {
	char **v;
	size_t n;
};

static void add(struct words *w, struct arena *a, struct str word)
{
	w->v[w->n++] = arena_cstr(a, word);
}

static void add_sets(struct words *w, struct arena *a, const struct msg_strs *sets)
{
	for (size_t i = 0; i < sets->n; i++) {
		add(w, a, STR("--set"));
		add(w, a, sets->v[i]);
	}
}

/* "dwh COMMAND", with what the user has set, then what makes it ours; more is the caller's to add.
 * None of it is a secret: those are in the configuration, or in the environment. */
static struct words command(const struct bench_place *p, const char *name, struct arena *a)
{
	const struct call *c = p->call;
	struct words w = {
	    .v = arena_alloc(a, (2 * (c->set_texts.n + p->sets.n) + 24) * sizeof *w.v)};

	add(&w, a, STR("dwh"));
	add(&w, a, str_z(name));
	if (c->file) {
		add(&w, a, STR("-c"));
		add(&w, a, str_z(c->file));
	}
	add_sets(&w, a, &c->set_texts);
	add_sets(&w, a, &p->sets);
	return w;
}

/* What it said last of what went wrong, without the time and its name. */
static const char *last_error(const char *log, struct arena *a)
{
	enum { LOG_MAX = 1 << 20 };
	static const char mark[] = "error: ";
	const char *found = "it did not say why; call it by itself";
	struct str left, line;
	struct buf b;
	int fd = open(log, O_RDONLY | O_CLOEXEC);

	buf_init(&b, LOG_MAX);
	if (fd >= 0) {
		file_read(fd, &b);
		close(fd);
	}
	for (left = buf_view(&b); left.n; left = str_from(left, line.n + 1)) {
		const char *at;

		line = (struct str){left.p, str_find(left, '\n')};
		at = memmem(line.p, line.n, mark, sizeof mark - 1);
		if (at)
			found = arena_cstr(
			    a, str_from(line, (size_t)(at - line.p) + sizeof mark - 1));
	}
	buf_free(&b);
	return found;
}

/* ---- a load ---- */

static void read_totals(const struct fold *f, struct bench_run *out)
{
	struct facts_totals n = facts_totals(f);

	out->load_ms = facts_duration(f);
	out->objects = n.objects;
	out->bytes = n.bytes;
	out->rejected = n.rejected;
	out->quarantined = n.quarantined;
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		out->requests += t->done.requests;
		out->listed += t->kind == TASK_LIST ? t->done.objects : 0;
	}
	out->supervisor_cpu_ms = f->usage.supervisor_cpu_ms;
	out->workers_cpu_ms = f->usage.workers_cpu_ms;
	out->supervisor_peak = f->usage.supervisor_peak;
	out->worker_peak = f->usage.worker_peak;
	out->counts = f->counts;
	out->n_counts = f->n_counts;
}

/* By its own journal, the newest there. */
static bool read_journal(
    const struct bench_place *p, struct arena *a, struct bench_run *out, struct err *e)
{
	struct fold f;

	if (!journal_fold(p->dir, NULL, a, &f, e))
		return false;
	read_totals(&f, out);
	if (out->objects + out->quarantined != out->listed)
		return err_set(e, ERR_SETUP, AT_CHECK, NULL,
		    "loaded %lld of the %lld objects that it found", (long long)out->objects,
		    (long long)out->listed);
	return true;
}

static int64_t used(int64_t before, int64_t after)
{
	return before < 0 || after < 0 ? -1 : after - before;
}

bool bench_load(struct bench_place *p, const struct bench_combo *combo, bool allow_unverified,
    struct arena *a, struct bench_run *out, int *status, struct err *e)
{
	const char *log = arena_printf(a, "%s/run.log", p->dir);
	bool local = p->services.held;
	struct bench_ticks before = {0}, after;
	struct words w = command(p, "run", a);
	const struct {
		const char *key, *value;
	} sets[] = {{"WORKERS", arena_i64(a, combo->workers)},
	    {"STRATEGY", config_strategy_name(combo->strategy)},
	    {"COMPACT", config_compact_name(combo->compact)},
	    /* Lanes that are configured are those of the strategy that has some. */
	    {"LANES", combo->strategy == STRATEGY_SHARDED ? NULL : "0"}};

	*out = (struct bench_run){.warehouse_cpu_ms = -1, .s3_cpu_ms = -1};
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		if (sets[i].value) {
			add(&w, a, STR("--set"));
			add(&w, a,
			    str_z(arena_printf(a, "LOAD.%s=%s", sets[i].key, sets[i].value)));
		}
	add(&w, a, STR("--fresh"));
	add(&w, a, STR("--json")); /* without the model's queries */
	if (allow_unverified)
		add(&w, a, STR("--allow-unverified"));
	if (local)
		before = bench_ticks(p->services.keeper);
	p->used = true;
	*status = run(w.v, log, &out->ms, e);
	if (*status > 0)
		err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "ended with %d: %s", *status,
		    last_error(log, a));
	if (*status != 0) {
		*status = *status < 0 ? 12 : *status;
		return false;
	}
	if (local) {
		after = bench_ticks(p->services.keeper);
		out->warehouse_cpu_ms = used(before.warehouse_ms, after.warehouse_ms);
		out->s3_cpu_ms = used(before.s3_ms, after.s3_ms);
	}
	*status = 8;
	return read_journal(p, a, out, e);
}

bool bench_drop(struct bench_place *p, struct arena *a, struct err *e)
{
	const char *log = arena_printf(a, "%s/drop.log", p->dir);
	struct words w = command(p, "drop", a);
	int64_t ms;
	int status = run(w.v, log, &ms, e);

	return status == 0 ||
	       (status > 0 && err_set(e, ERR_SETUP, AT_WAREHOUSE, NULL,
	                          "dwh drop ended with %d: %s", status, last_error(log, a)));
}
