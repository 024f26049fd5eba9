/*
 * detach.c - see detach.h.
 *
 *   we ── fork ─► setsid ── fork ─► descriptors ── exec
 *    ▲              │ ends            │
 *    └── how it goes: its number, or -errno ── the end of file tells that exec went well
 */
#include "supervisor/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void tell_errno(int tell)
{
	int why = -errno;
	ssize_t n = write(tell, &why, sizeof why);

	_exit(n < 0 ? 2 : 1);
}

/* Their numbers may be one another's, so they go out of the way before they come to their places.
 * `tell` becomes the one behind them, and is closed by exec. */
static bool place(const char *log, const int *keep, int n, int *tell)
{
	int first = 3, behind = first + n;
	int null = fcntl(open("/dev/null", O_RDWR), F_DUPFD, behind + 1);
	int out = fcntl(
	    open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0600), F_DUPFD, behind + 1);
	int moved[DETACH_KEEP_MOST];
	int up = fcntl(*tell, F_DUPFD_CLOEXEC, behind + 1);

	if (null < 0 || up < 0)
		return false;
	*tell = up;
	for (int i = 0; i < n; i++)
		if ((moved[i] = fcntl(keep[i], F_DUPFD, behind + 1)) < 0)
			return false;
	if (dup2(null, 0) < 0 || dup2(out < 0 ? null : out, 1) < 0 || dup2(1, 2) < 0)
		return false;
	for (int i = 0; i < n; i++)
		if (dup2(moved[i], first + i) < 0)
			return false;
	if (dup3(*tell, behind, O_CLOEXEC) < 0)
		return false;
	*tell = behind;
	closefrom(behind + 1);
	return true;
}

static _Noreturn void become(
    const char *const *argv, const char *log, const int *keep, int n, int tell)
{
	sigset_t none;
	pid_t pid;
	int self;

	if (setsid() < 0)
		tell_errno(tell);
	pid = fork();
	if (pid < 0)
		tell_errno(tell);
	if (pid > 0)
		_exit(0);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	self = getpid();
	if (write(tell, &self, sizeof self) != sizeof self || !place(log, keep, n, &tell))
		tell_errno(tell);
	execv("/proc/self/exe", (char *const *)(const void *)argv);
	tell_errno(tell);
}

/* 0, or the errno that it ended with. */
static int hear(int from, pid_t *pid)
{
	int word = 0, why = 0;
	ssize_t n;

	*pid = 0;
	while ((n = read(from, &word, sizeof word)) != 0) {
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == sizeof word && word > 0)
			*pid = word;
		else if (n == sizeof word)
			why = -word;
	}
	return why ? why : *pid ? 0 : ECHILD;
}

bool detach(
    const char *const *argv, const char *log, const int *keep, int n, pid_t *pid, struct err *e)
{
	int p[2], status, why;
	pid_t child;

	if (pipe2(p, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe");
	child = fork();
	if (child == 0)
		become(argv, log, keep, n, p[1]);
	why = errno;
	close(p[1]);
	if (child > 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		why = hear(p[0], pid);
	}
	close(p[0]);
	errno = why;
	return why == 0 ||
	       err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot start `%s %s`", argv[0], argv[1]);
}
