/*
 * credentials_process.c - a program that hands keys over on its standard output.
 *
 * No shell runs it: the line is split into words as the SDKs split it (Python's shlex), so nothing
 * in it is expanded. What it says to standard error goes where ours goes; what it prints is a
 * secret, and in no message, and neither are its arguments. It has a minute, and dies with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/credentials_chain.h"

enum { TIME_MS = 60000, OUTPUT_MAX = 64 * 1024, TICK_MS = 200, END_MS = 5, NOT_STARTED = 127 };

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

/* Its own group, so that what it has started ends with it. */
static void become(char **words, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	/* Ours are the pipes to the supervisor. */
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(NOT_STARTED);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(NOT_STARTED);
	execvp(words[0], words);
	_exit(NOT_STARTED);
}

static bool may_go_on(struct chain *c, int64_t until, const char *place, struct err *e)
{
	if (c->tick && !c->tick(c->tick_ctx, e))
		return false;
	return clock_ms() < until || err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	                                 "%s has not ended after %d s", place, TIME_MS / 1000);
}

/* All that comes until it closes its output. */
static bool listen_to(
    struct chain *c, int fd, int64_t until, const char *place, struct buf *b, struct err *e)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char *room = buf_room(b, 4096);
		ssize_t n;

		if (!room)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s prints more than %d KiB",
			    place, OUTPUT_MAX >> 10);
		if (!may_go_on(c, until, place, e))
			return false;
		if (poll(&p, 1, TICK_MS) <= 0)
			continue;
		n = read(fd, room, 4096);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", place);
		if (n > 0)
			b->n += (size_t)n;
	}
}

/* It may go on when its output is closed. */
static bool wait_for(
    struct chain *c, pid_t pid, int64_t until, const char *place, int *status, struct err *e)
{
	pid_t ended;

	while (ended = waitpid(pid, status, WNOHANG), ended == 0) {
		if (!may_go_on(c, until, place, e))
			return false;
		clock_sleep(END_MS);
	}
	return ended == pid || err_errno(e, ERR_SETUP, AT_INTERNAL, "%s", place);
}

static bool ended_well(int status, const char *place, struct err *e)
{
	if (WIFSIGNALED(status))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s was ended by signal %d", place,
		    WTERMSIG(status));
	if (WEXITSTATUS(status) == NOT_STARTED)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s ended with status 127: is there such a program?", place);
	return WEXITSTATUS(status) == 0 ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s ended with status %d", place,
	           WEXITSTATUS(status));
}

static bool run(struct chain *c, char **words, const char *place, struct buf *b, struct err *e)
{
	int64_t until = clock_ms() + TIME_MS;
	int fds[2], status = 0;
	pid_t parent = getpid(), pid;
	bool ok;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "%s", place);
	pid = fork();
	if (pid == 0)
		become(words, fds[1], parent);
	close(fds[1]);
	ok = pid > 0 || err_errno(e, ERR_SETUP, AT_INTERNAL, "%s cannot be started", place);
	if (ok)
		setpgid(pid, pid); /* whoever comes first */
	ok = ok && listen_to(c, fds[0], until, place, b, e);
	close(fds[0]);
	if (pid <= 0)
		return false;
	if (ok && wait_for(c, pid, until, place, &status, e))
		return ended_well(status, place, e);
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return false;
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
	if (b.p)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	return ok;
}
