/* terminal.c - see terminal.h. */
#include "shared/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/file.h"

enum { ABOVE_MAX = 8 };

void terminal_open(struct terminal *t)
{
	*t = (struct terminal){.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
}

void terminal_close(struct terminal *t)
{
	terminal_back(t, 0);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* "PID (NAME) STATE PARENT ...", where NAME may hold anything. (proc(5)) */
static pid_t parent_of(pid_t pid)
{
	char path[40], text[512];
	const char *end;
	int parent = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (file_head(path, text, sizeof text) <= 0)
		return 0;
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool is_dwh(pid_t pid)
{
	struct stat self, other;
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

static pid_t front_of(const struct terminal *t)
{
	return t->fd < 0 ? -1 : tcgetpgrp(t->fd);
}

static bool is_ours(pid_t front)
{
	pid_t pid = getpid();

	for (int i = 0; front > 0 && i < ABOVE_MAX && pid > 1 && is_dwh(pid); i++) {
		if (getpgid(pid) == front)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

bool terminal_is_ours(const struct terminal *t)
{
	return is_ours(front_of(t));
}

bool terminal_is_others(int fd)
{
	return tcgetpgrp(fd) > 0 && !terminal_is_ours(&(struct terminal){.fd = fd});
}

/* From the background, too, which would stop us. */
static bool give(const struct terminal *t, pid_t group, const struct termios *set_up)
{
	sigset_t stops, before;
	bool ok;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stops, &before);
	if (set_up)
		tcsetattr(t->fd, TCSANOW, set_up);
	ok = tcsetpgrp(t->fd, group) == 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

enum { ENDINGS = sizeof endings / sizeof endings[0] };

bool terminal_lend(struct terminal *t, pid_t group)
{
	pid_t front = front_of(t); /* read once: others lend, too */
	sigset_t ends;

	if (front == group)
		return true;
	if (!is_ours(front) || tcgetattr(t->fd, &t->ours) != 0)
		return false;
	sigemptyset(&ends);
	for (size_t i = 0; i < ENDINGS; i++)
		sigaddset(&ends, endings[i]);
	if (!t->from)
		sigprocmask(SIG_BLOCK, &ends, &t->mask);
	t->from = front;
	t->group = group;
	if (give(t, group, t->known ? &t->theirs : NULL))
		return true;
	terminal_back(t, 0);
	return false;
}

bool terminal_must_end(const struct terminal *t)
{
	sigset_t wait;

	if (!t->from || sigpending(&wait) != 0)
		return false;
	for (size_t i = 0; i < ENDINGS; i++)
		if (sigismember(&wait, endings[i]) && !sigismember(&t->mask, endings[i]))
			return true;
	return false;
}

void terminal_back(struct terminal *t, int sig)
{
	pid_t from = t->from;

	if (!from)
		return;
	t->from = 0;
	/* Somebody else may have it by now: another lender, or a shell. */
	if (front_of(t) == t->group) {
		t->known = tcgetattr(t->fd, &t->theirs) == 0;
		give(t, from, &t->ours);
	}
	if (sig)
		kill(-from, sig);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}
