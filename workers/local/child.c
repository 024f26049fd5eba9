/* child.c - see child.h. */
#include "workers/local/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool child_become(const struct account *as)
{
	if (!as || !as->change)
		return true;
	if (setgroups(1, &as->gid) != 0 || setresgid(as->gid, as->gid, as->gid) != 0 ||
	    setresuid(as->uid, as->uid, as->uid) != 0)
		return false;
	/* There must be no way back. */
	if (setuid(0) == 0) {
		errno = EPERM;
		return false;
	}
	return true;
}

static void plain_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL); /* fails for the few that cannot be changed */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct child *c, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char line[512];
	int n;

	plain_signals();
	if (dup2(c->in >= 0 ? c->in : null, 0) < 0 || dup2(c->out >= 0 ? c->out : null, 1) < 0 ||
	    dup2(1, 2) < 0)
		_exit(127);
	if (c->keep >= 0)
		fcntl(c->keep, F_SETFD, 0);
	/* Changing the account clears the death signal, so this is the order; and the parent may
	 * have died before it was set. */
	if (child_become(c->as) && prctl(PR_SET_PDEATHSIG, c->death_signal) == 0) {
		if (getppid() != parent)
			_exit(127);
		if (c->env)
			execve(c->path, c->argv, c->env);
		else
			execv(c->path, c->argv);
	}
	n = snprintf(line, sizeof line, "FATAL: cannot run %s%s%s: %s\n", c->path,
	    c->as && c->as->change ? " as " : "", c->as && c->as->change ? c->as->name : "",
	    strerror(errno));
	if (write(2, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1) < 0)
		_exit(126);
	_exit(127);
}

pid_t child_start(const struct child *c, struct err *e)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot start %s", c->path);
	if (pid == 0)
		become(c, parent);
	return pid;
}

bool child_run(const struct child *c, int *status, struct err *e)
{
	pid_t pid = child_start(c, e);
	char fate[64];

	if (pid < 0)
		return false;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, ERR_SETUP, AT_INTERNAL, "waitpid");
	if (*status == 0)
		return true;
	return err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "%s: %s", c->path,
	    child_fate(*status, fate, sizeof fate));
}

const char *child_fate(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
	return buf;
}
