/* bench_ticks.c - see bench_ticks.h. All of it is read from /proc. */
#include "supervisor/bench_ticks.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "shared/localstate.h"

#define SESSIONS_MS 5000

struct process {
	int64_t pid, parent;
	int64_t own, gone; /* ticks: its own, and of its children that were waited for */
	char name[32];
};

/* /proc/PID/stat: "PID (NAME) STATE PPID ..."; the name may hold anything (proc(5)). */
static bool look(int64_t pid, struct process *out)
{
	char path[64], text[1024];
	const char *open, *close;
	long long parent;
	unsigned long long user, system;
	long long gone_user, gone_system;

	snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	if (file_head(path, text, sizeof text) < 0)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close ||
	    sscanf(close + 1, " %*c %lld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld",
	        &parent, &user, &system, &gone_user, &gone_system) != 5)
		return false;
	*out = (struct process){.pid = pid,
	    .parent = parent,
	    .own = (int64_t)(user + system),
	    .gone = gone_user + gone_system};
	snprintf(out->name, sizeof out->name, "%.*s", (int)(close - open - 1), open + 1);
	return true;
}

/* Of a service: its first process, whose parent is the keeper. */
static bool is_postgres(const struct process *p)
{
	return strcmp(p->name, "postgres") == 0;
}

/* Its arguments begin so; a NUL stands behind each. */
static bool is_called(const struct process *p, const char *begin, size_t n)
{
	char path[64], text[256];
	ssize_t have;

	snprintf(path, sizeof path, "/proc/%lld/cmdline", (long long)p->pid);
	have = file_head(path, text, sizeof text);
	return have >= (ssize_t)n && memcmp(text, begin, n) == 0;
}
#define IS_CALLED(p, begin) is_called(p, begin, sizeof(begin) - 1)

/* Each process of this machine to `see`. */
static void each(void (*see)(void *ctx, const struct process *p), void *ctx)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	struct process p;
	int64_t pid;

	while (d && (entry = readdir(d)) != NULL)
		if (str_to_i64(str_z(entry->d_name), &pid) && look(pid, &p))
			see(ctx, &p);
	if (d)
		closedir(d);
}

struct sum {
	int64_t keeper, postgres, s3d; /* process ids */
	int64_t warehouse, s3;         /* ticks */
	bool session;
};

static void find_services(void *ctx, const struct process *p)
{
	struct sum *s = ctx;

	if (p->parent == s->keeper && is_postgres(p))
		s->postgres = p->pid;
	else if (p->parent == s->keeper && IS_CALLED(p, "dwh\0s3d"))
		s->s3d = p->pid;
}

static void add(void *ctx, const struct process *p)
{
	struct sum *s = ctx;

	if (p->pid == s->postgres || p->pid == s->s3d)
		*(p->pid == s->s3d ? &s->s3 : &s->warehouse) += p->own + p->gone;
	if (p->parent != s->postgres)
		return;
	s->warehouse += p->own;
	s->session |= IS_CALLED(p, "postgres: " LOCAL_PG_USER " ");
}

struct bench_ticks bench_ticks(int64_t keeper)
{
	struct sum s = {.keeper = keeper, .postgres = -1, .s3d = -1};
	int64_t until = clock_ms() + SESSIONS_MS, second = sysconf(_SC_CLK_TCK);
	struct process before = {.gone = 0}, after = {.gone = 0};

	each(find_services, &s);
	/* Until no session is left, and none was waited for while we looked: it would be counted
	 * twice, or not at all. */
	for (;;) {
		s.warehouse = s.s3 = 0;
		s.session = false;
		look(s.postgres, &before);
		each(add, &s);
		look(s.postgres, &after);
		if ((!s.session && before.gone == after.gone) || clock_ms() >= until)
			break;
		clock_sleep(5);
	}
	return (struct bench_ticks){s.postgres < 0 ? -1 : s.warehouse * 1000 / second,
	    s.s3d < 0 ? -1 : s.s3 * 1000 / second};
}
