/*
 * meter.c - runs a command, and writes what each of its processes took.
 *
 *     meter FILE COMMAND ARGS...
 *
 * FILE gets a line for each thread that ends, of the command and all that it starts, and one for
 * the whole:
 *
 *     main|child PROCESS PEAK-KIB NANOSECONDS    peak resident memory of the process until then;
 *                                                processor time of the thread
 *     wall NANOSECONDS
 *
 * A process has its peak (VmHWM) no more when it has ended, and ru_maxrss is the largest of a whole
 * family, with what it was before exec. So each is stopped by ptrace where it begins to end, and
 * looked at. Between its fork and its end nothing is stopped but by signals, which are passed on.
 * The exit status is the command's.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The number behind a name in /proc/PID/status. */
static long status_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return value;
}

static long long ran_ns(pid_t thread)
{
	char path[64];
	long long ns = -1;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)thread);
	f = fopen(path, "r");
	if (f && fscanf(f, "%lld", &ns) != 1)
		ns = -1;
	if (f)
		fclose(f);
	return ns;
}

static pid_t start(char **argv)
{
	int go[2];
	pid_t pid;
	char byte;

	if (pipe(go) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) { /* not before it is watched */
		close(go[1]);
		if (read(go[0], &byte, 1) == 0) {
			close(go[0]);
			execvp(argv[0], argv);
			perror(argv[0]);
		}
		_exit(127);
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL,
	        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	            PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL) != 0) {
		kill(pid, SIGKILL);
		return -1;
	}
	close(go[1]);
	return pid;
}

/* A stopped thread goes on; where it ends, a line is written first. */
static void stopped(pid_t thread, int status, pid_t first, FILE *out)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (event == PTRACE_EVENT_EXIT) {
		pid_t process = (pid_t)status_of(thread, "Tgid:");

		fprintf(out, "%s %d %ld %lld\n", process == first ? "main" : "child", (int)process,
		    status_of(thread, "VmHWM:"), ran_ns(thread));
	}
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
		ptrace(PTRACE_LISTEN, thread, NULL, NULL);
	else
		ptrace(PTRACE_CONT, thread, NULL, event ? 0L : (long)signal);
}

int main(int argc, char **argv)
{
	int status, result = 127;
	long long began;
	pid_t first, pid;
	FILE *out;

	if (argc < 3 || !(out = fopen(argv[1], "we"))) {
		fprintf(stderr, "usage: meter FILE COMMAND ARGS...\n");
		return 2;
	}
	began = now_ns();
	first = start(argv + 2);
	if (first < 0) {
		perror("meter");
		fclose(out);
		return 2;
	}
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status))
			stopped(pid, status, first, out);
		else if (pid == first)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	fprintf(out, "wall %lld\n", now_ns() - began);
	return fclose(out) == 0 ? result : 2;
}
