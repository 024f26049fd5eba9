/*
 * credentials_process.c - a program that hands keys over on its standard output.
 *
 * No shell runs it: the line is split into words as the SDKs split it (Python's shlex), so nothing
 * in it is expanded. What it says to standard error goes where ours goes; what it prints is a
 * secret, and in no message, and neither are its arguments. It may ask for something on the
 * terminal, where we have one: see terminal.h. It has a minute, which DWH_AWS_SPEED divides, and
 * dies with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/aws_wait.h"
#include "shared/backoff.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/credentials_chain.h"
#include "shared/terminal.h"

enum {
	TIME_MS = 60000,
	OUTPUT_MAX = 64 * 1024,
	TICK_MS = 20,
	END_MS = 5,
	SHELL_MS = 300, /* a shell has taken the terminal of a job that was stopped */
	STOP_MS = 2000, /* until what was told to stop has told us */
	NOT_STARTED = 127
};

/* ---- the words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from line on, without its quotes, into to; false where a quote stays open. */
static bool take_word(struct str *line, char *to)
{
	char quote = 0;

	while (line->n && (quote || !is_blank(line->p[0]))) {
		char c = line->p[0], next = line->n > 1 ? line->p[1] : '\0';
		size_t used = 1;

		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? 0 : c;
		} else if (c == '\\' && quote != '\'' && (!quote || next == '"' || next == '\\')) {
			if (line->n == 1)
				return false;
			*to++ = next;
			used = 2;
		} else {
			*to++ = c;
		}
		*line = str_from(*line, used);
	}
	*to = '\0';
	return !quote;
}

bool chain_split(struct str line, struct arena *a, char ***words, size_t *n)
{
	size_t cap = 0;

	*words = NULL;
	*n = 0;
	for (;;) {
		while (line.n && is_blank(line.p[0]))
			line = str_from(line, 1);
		*words = arena_grow(a, *words, *n, &cap, sizeof **words);
		(*words)[*n] = NULL;
		if (!line.n)
			return true;
		(*words)[*n] = arena_alloc(a, line.n + 1);
		if (!take_word(&line, (*words)[(*n)++]))
			return false;
	}
}

/* ---- running it ---- */

struct program {
	struct chain *c;
	const char *place;
	pid_t pid; /* and its group */
	int out;   /* what it prints */
	int64_t until, time_ms;
	bool ended;         /* a zombie until reap(), so that its group keeps its number */
	bool stopped;       /* for the terminal */
	int64_t not_before; /* clock_ms(): then it may be helped on */
	int status;
	struct terminal terminal;
};

/* Its own group, so that what it has started ends with it. in: the terminal, or -1. */
static void become(char **words, int in, int out, pid_t parent)
{
	int null = in < 0 ? open("/dev/null", O_RDONLY) : in;
	sigset_t none;

	setpgid(0, 0);
	/* Ours are the pipes to the supervisor. */
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(NOT_STARTED);
	/* What we ignore is no wish of who has started us, as that of nohup is. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(NOT_STARTED);
	execvp(words[0], words);
	_exit(NOT_STARTED);
}

static void reap(struct program *p)
{
	while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
		;
}

/* Notices that it has ended or was stopped, and helps it on where it asks on the terminal. */
static void look_at(struct program *p)
{
	siginfo_t is = {.si_pid = 0};
	id_t pid = (id_t)p->pid;

	if (waitid(P_PID, pid, &is, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) == 0 && is.si_pid) {
		p->ended = is.si_code != CLD_STOPPED;
		if (!p->ended) {
			int sig = is.si_status;

			waitid(P_PID, pid, &is, WSTOPPED | WNOHANG);
			/* Not what a person has stopped by hand. */
			p->stopped = sig == SIGTTIN || sig == SIGTTOU || sig == SIGTSTP;
			if (sig ==
			    SIGTSTP) { /* ^Z is for all of us: the shell takes the terminal */
				terminal_back(&p->terminal, SIGTSTP);
				p->not_before = clock_ms() + SHELL_MS;
			}
		}
	}
	if (p->stopped && !p->ended && clock_ms() >= p->not_before &&
	    terminal_lend(&p->terminal, p->pid)) {
		p->stopped = false;
		kill(-p->pid, SIGCONT);
	}
}

static bool may_go_on(struct program *p, struct err *e)
{
	if (p->c->tick && !p->c->tick(p->c->tick_ctx, e))
		return false;
	if (terminal_must_end(&p->terminal))
		return err_set(
		    e, ERR_CANCELLED, AT_INTERNAL, NULL, "%s was not waited for", p->place);
	look_at(p);
	return clock_ms() < p->until ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s has not ended after %lld s%s", p->place,
	           (long long)p->time_ms / 1000,
	           p->stopped ? ": it asks on a terminal, and dwh is not in the foreground of one"
	                      : "");
}

/* All that comes until it closes its output. */
static bool listen_to(struct program *p, struct buf *b, struct err *e)
{
	for (;;) {
		struct pollfd in = {.fd = p->out, .events = POLLIN};
		char *room = buf_room(b, 4096);
		ssize_t n;

		if (!room)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s prints more than %d KiB",
			    p->place, OUTPUT_MAX >> 10);
		if (!may_go_on(p, e))
			return false;
		if (poll(&in, 1, TICK_MS) <= 0)
			continue;
		n = read(p->out, room, 4096);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", p->place);
		if (n > 0)
			b->n += (size_t)n;
	}
}

/* It may go on when its output is closed. */
static bool wait_for(struct program *p, struct err *e)
{
	for (;;) {
		if (!may_go_on(p, e))
			return false;
		if (p->ended)
			return true;
		clock_sleep(END_MS);
	}
}

/* Where it had the terminal, ^C was for it alone; it is meant for the whole load. */
static bool interrupted(struct program *p, struct err *e)
{
	bool by_hand = (WIFSIGNALED(p->status) && WTERMSIG(p->status) == SIGINT) ||
	               (WIFEXITED(p->status) && WEXITSTATUS(p->status) == 128 + SIGINT);

	if (!by_hand || !p->terminal.from)
		return false;
	terminal_back(&p->terminal, SIGINT);
	return !backoff_wait(STOP_MS, p->c->tick, p->c->tick_ctx, e);
}

static bool ended_well(struct program *p, struct err *e)
{
	if (interrupted(p, e))
		return false;
	if (WIFSIGNALED(p->status))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s was ended by signal %d", p->place,
		    WTERMSIG(p->status));
	if (WEXITSTATUS(p->status) == NOT_STARTED)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s ended with status 127: is there such a program?", p->place);
	return WEXITSTATUS(p->status) == 0 ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s ended with status %d", p->place,
	           WEXITSTATUS(p->status));
}

static bool start(struct program *p, char **words, struct err *e)
{
	pid_t parent = getpid();
	int fds[2], in;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "%s", p->place);
	in = terminal_is_ours(&p->terminal) ? p->terminal.fd : -1;
	p->pid = fork();
	if (p->pid == 0)
		become(words, in, fds[1], parent);
	close(fds[1]);
	p->out = fds[0];
	if (p->pid > 0)
		setpgid(p->pid, p->pid); /* whoever comes first */
	else
		close(fds[0]);
	return p->pid > 0 || err_errno(e, ERR_SETUP, AT_INTERNAL, "%s cannot be started", p->place);
}

static bool run(struct chain *c, char **words, const char *place, struct buf *b, struct err *e)
{
	int64_t time_ms = TIME_MS / aws_speed();
	struct program p = {
	    .c = c, .place = place, .time_ms = time_ms, .until = clock_ms() + time_ms};
	bool ok;

	terminal_open(&p.terminal);
	ok = start(&p, words, e);
	if (ok) {
		ok = listen_to(&p, b, e) && wait_for(&p, e);
		close(p.out);
		if (!ok)
			kill(-p.pid, SIGKILL);
		reap(&p);
		ok = ok && ended_well(&p, e);
	}
	terminal_close(&p.terminal);
	return ok;
}

/* ---- the place ---- */

bool chain_has_process(const struct chain *c, struct str profile)
{
	return chain_value(c, profile, "credential_process").n;
}

bool chain_get_process(struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	struct str line = chain_value(c, profile, "credential_process");
	const char *place = chain_place(c, profile, "credential_process");
	struct buf b;
	char **words;
	size_t n;
	bool ok;

	if (!chain_split(line, c->a, &words, &n))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: credential_process has a quote that is not closed", place);
	if (!n)
		return err_set(
		    e, ERR_SETUP, AT_CONFIG, NULL, "%s: credential_process is empty", place);
	place = arena_printf(c->a, "credential_process %s of %s", words[0], place);
	buf_init(&b, OUTPUT_MAX);
	ok = run(c, words, place, &b, e) &&
	     chain_take_json(c, buf_view(&b), place, "SessionToken", true, out, e);
	buf_wipe(&b);
	return ok;
}
