/* pgserver.c - see pgserver.h. */
#include "workers/local/pgserver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "shared/localstate.h"
#include "shared/pgbin.h"
#include "shared/pgprobe.h"
#include "workers/local/pgplace.h"

#define MIB ((int64_t)1 << 20)

/* The user's environment is not the server's: PGDATA, locale, credentials. */
static char *const plain_env[] = {
    (char[]){"PATH=/usr/local/bin:/usr/bin:/bin"},
    (char[]){"LC_ALL=C"},
    (char[]){"TZ=UTC"},
    NULL,
};

static bool run(const struct pgserver *s, char *const *argv, int in, struct arena *a, struct err *e)
{
	struct child c = {.path = argv[0],
	    .argv = argv,
	    .env = plain_env,
	    .as = &s->account,
	    .in = in,
	    .out = s->log_fd,
	    .keep = -1,
	    .death_signal = SIGKILL};
	off_t from = lseek(s->log_fd, 0, SEEK_END);
	int status;

	if (child_run(&c, &status, e))
		return true;
	return err_set(
	    e, ERR_SETUP, AT_WAREHOUSE, NULL, "%s; %s", e->msg, local_log_last(s->log, from, a));
}

/* The major version of a program ("postgres (PostgreSQL) 15.8 (Debian ...)"), or 0 where it does
 * not tell; false where it could not even be started. */
static bool version_of(
    const struct pgserver *s, const char *program, struct arena *a, int *version, struct err *e)
{
	char *argv[] = {arena_strz(a, program), arena_strz(a, "--version"), NULL};
	char text[256];
	const char *mark;
	struct child c = {.path = argv[0],
	    .argv = argv,
	    .env = plain_env,
	    .as = &s->account,
	    .in = -1,
	    .keep = -1,
	    .death_signal = SIGKILL};
	int p[2], status = -1;
	ssize_t n;
	bool ok;

	if (pipe2(p, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe");
	c.out = p[1];
	ok = child_run(&c, &status, e);
	close(p[1]);
	n = ok ? read(p[0], text, sizeof text - 1) : 0;
	close(p[0]);
	text[n > 0 ? n : 0] = '\0';
	mark = strstr(text, "(PostgreSQL) ");
	*version = mark ? (int)strtol(mark + strlen("(PostgreSQL) "), NULL, 10) : 0;
	return ok || status != -1;
}

/* PG_VERSION of the data, or 0 where there are none. */
static int version_of_data(const char *data, struct arena *a)
{
	char text[16];

	file_head(arena_printf(a, "%s/PG_VERSION", data), text, sizeof text);
	return (int)strtol(text, NULL, 10);
}

static bool find_programs(struct pgserver *s, struct arena *a, struct err *e)
{
	int wanted = version_of_data(s->data, a), have;
	const char *slash;

	if (!pgbin_find(s->pg_bin, "postgres", wanted, a, &s->postgres, e))
		return false;
	slash = strrchr(s->postgres, '/');
	s->initdb = arena_printf(a, "%.*s/initdb", (int)(slash - s->postgres), s->postgres);
	if (!version_of(s, s->postgres, a, &have, e))
		return false;
	if (have == 0)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s does not run as %s, or does not tell its version; set [LOCAL] PG_BIN",
		    s->postgres, s->account.name);
	if (have < 12)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s is PostgreSQL %d; 12 or newer is needed", s->postgres, have);
	if (wanted && wanted != have)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s was made by PostgreSQL %d, and here is %s of version %d; install "
		    "postgresql-%d (or set [LOCAL] PG_BIN to it), or move the folder away and load "
		    "again",
		    s->data, wanted, s->postgres, have, wanted);
	return true;
}

/* initdb and CREATE DATABASE. --no-sync: until the first load there is nothing to lose, and a
 * second later the kernel has written it anyway. */
static bool fill_cluster(const struct pgserver *s, char *tmp, struct arena *a, struct err *e)
{
	char *initdb[] = {arena_strz(a, s->initdb), arena_strz(a, "-D"), tmp, arena_strz(a, "-U"),
	    arena_strz(a, LOCAL_PG_USER), arena_strz(a, "-A"), arena_strz(a, "trust"),
	    arena_strz(a, "-E"), arena_strz(a, "UTF8"), arena_strz(a, "--locale=C"),
	    arena_strz(a, "--no-sync"), NULL};
	char *single[] = {arena_strz(a, s->postgres), arena_strz(a, "--single"),
	    arena_strz(a, "-D"), tmp, arena_strz(a, "-c"), arena_strz(a, "exit_on_error=on"),
	    arena_strz(a, "-c"), arena_strz(a, "fsync=off"), arena_strz(a, "postgres"), NULL};
	static const char sql[] = "CREATE DATABASE " LOCAL_PG_DATABASE "\n";
	int p[2];
	bool ok;

	if (!run(s, initdb, -1, a, e))
		return err_prefix(e, "cannot make a PostgreSQL in %s", s->data);
	if (pipe2(p, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe");
	ok = write(p[1], sql, sizeof sql - 1) == (ssize_t)sizeof sql - 1;
	close(p[1]);
	ok = ok && run(s, single, p[0], a, e);
	close(p[0]);
	return ok || err_prefix(e, "cannot make the database in %s", s->data);
}

/* Under another name, renamed when it is whole; no half of it stays on a disk that may be full. */
static bool make_cluster(const struct pgserver *s, struct arena *a, struct err *e)
{
	char *tmp = arena_printf(a, "%s.new", s->data);
	struct err ignored;

	if (!pgplace_fresh_folder(tmp, &s->account, e))
		return false;
	if (!fill_cluster(s, tmp, a, e)) {
		pgplace_remove(tmp, &s->account, &ignored);
		return false;
	}
	return rename(tmp, s->data) == 0 || err_errno(e, ERR_SETUP, AT_WAREHOUSE, "%s", s->data);
}

/* The process that postmaster.pid names, if it is a server on these data: one has its working
 * folder there. 0 where it is not. */
static pid_t running_on(const char *data, struct arena *a)
{
	char text[32], cwd[PATH_MAX], real[PATH_MAX];
	ssize_t n;
	long pid;

	file_head(arena_printf(a, "%s/postmaster.pid", data), text, sizeof text);
	pid = strtol(text, NULL, 10);
	n = readlink(arena_printf(a, "/proc/%ld/cwd", pid), cwd, sizeof cwd - 1);
	if (pid <= 0 || n < 0 || !realpath(data, real))
		return 0;
	cwd[n] = '\0';
	return strcmp(cwd, real) == 0 ? (pid_t)pid : 0;
}

/*
 * What an earlier server left. services.lock says that none of ours lives, so its lock files are
 * stale, unless a person started a server on these data by hand. PostgreSQL compares process ids
 * only, and refuses to start when the number is in use again or still is a zombie's.
 */
static bool clear_stale(const struct pgserver *s, struct arena *a, struct err *e)
{
	const char *files[] = {
	    arena_printf(a, "%s/postmaster.pid", s->data),
	    arena_printf(a, "%s/.s.PGSQL.%d.lock", s->socket_dir, LOCAL_PG_PORT),
	    arena_printf(a, "%s/.s.PGSQL.%d", s->socket_dir, LOCAL_PG_PORT),
	};
	pid_t pid = running_on(s->data, a);

	if (pid)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "a PostgreSQL that dwh did not start (process %d) runs on %s; stop it first",
		    (int)pid, s->data);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (unlink(files[i]) != 0 && errno != ENOENT)
			return err_errno(e, ERR_SETUP, AT_WAREHOUSE, "%s", files[i]);
	return true;
}

void pgserver_quit_leftover(struct pgserver *s, struct arena *a)
{
	struct err ignored;
	pid_t pid = pgplace_find(s, a, &ignored) ? running_on(s->data, a) : 0;

	if (pid)
		kill(pid, SIGQUIT);
}

void pgserver_settle(const struct pgserver *s, int64_t ms)
{
	int64_t until = clock_ms() + ms;

	while (pgprobe(s->socket_dir, LOCAL_PG_PORT, LOCAL_PG_USER, LOCAL_PG_DATABASE) ==
	           PGPROBE_BUSY &&
	       clock_ms() < until)
		clock_sleep(20);
}

bool pgserver_prepare(struct pgserver *s, struct arena *a, struct err *e)
{
	if (!pgplace_find(s, a, e) || !find_programs(s, a, e))
		return false;
	if (access(s->data, F_OK) != 0 && !make_cluster(s, a, e))
		return false;
	if (version_of_data(s->data, a) == 0)
		return err_set(e, ERR_SETUP, AT_WAREHOUSE, NULL,
		    "%s exists, but is no PostgreSQL data folder; move it away", s->data);
	return pgplace_socket(s, a, e) && clear_stale(s, a, e);
}

static int64_t shared_buffers_mib(void)
{
	int64_t memory = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / MIB;
	int64_t mib = memory / 8;

	if (mib < 256)
		mib = memory / 4 < 256 ? memory / 4 : 256;
	if (mib < 16)
		mib = 16;
	return mib < 1024 ? mib : 1024;
}

/* The inserts sort and hash whole tables, and there are as many at a time as workers. */
static int64_t work_mem_mib(void)
{
	int64_t mib = shared_buffers_mib() / 16;

	return mib > 4 ? mib : 4;
}

/* Containers have a /dev/shm of 64 MB, which parallel queries overrun; a chroot has a plain folder
 * of root. */
static const char *dynamic_memory(void)
{
	struct statvfs v;
	struct stat st;

	if (stat("/dev/shm", &st) == 0 && (st.st_mode & S_IWOTH) && statvfs("/dev/shm", &v) == 0 &&
	    (int64_t)v.f_blocks * (int64_t)v.f_frsize >= 512 * MIB)
		return "dynamic_shared_memory_type=posix";
	return "dynamic_shared_memory_type=mmap";
}

/* A list of one folder, as PostgreSQL reads it. */
static const char *quoted(const char *dir, struct arena *a)
{
	char *out = arena_alloc(a, 2 * strlen(dir) + 3), *p = out;

	*p++ = '"';
	for (; *dir; dir++) {
		if (*dir == '"')
			*p++ = '"';
		*p++ = *dir;
	}
	*p = '"';
	return out;
}

pid_t pgserver_start(const struct pgserver *s, struct arena *a, struct err *e)
{
	const char *settings[] = {
	    "listen_addresses=",
	    arena_printf(a, "port=%d", LOCAL_PG_PORT),
	    arena_printf(a, "unix_socket_directories=%s", quoted(s->socket_dir, a)),
	    "unix_socket_permissions=0700",
	    "max_connections=100",
	    arena_printf(a, "shared_buffers=%lldMB", (long long)shared_buffers_mib()),
	    arena_printf(a, "work_mem=%lldMB", (long long)work_mem_mib()),
	    dynamic_memory(),
	    "synchronous_commit=off",
	    "wal_level=minimal",
	    "max_wal_senders=0",
	    "max_logical_replication_workers=0",
	    "max_wal_size=4GB",
	    "checkpoint_timeout=30min",
	    "jit=off",
	    "deadlock_timeout=100ms", /* as long ANALYZE waits for an autovacuum, and ends it */
	    "timezone=UTC",
	    "log_timezone=UTC",
	    "log_destination=stderr",
	    "logging_collector=off",
	};
	enum { N = sizeof settings / sizeof settings[0] };
	char *argv[3 + 2 * N + 1];
	size_t n = 0;
	struct child c = {.path = s->postgres,
	    .argv = argv,
	    .env = plain_env,
	    .as = &s->account,
	    .in = -1,
	    .out = s->log_fd,
	    .keep = -1,
	    .death_signal = SIGINT};

	argv[n++] = arena_strz(a, s->postgres);
	argv[n++] = arena_strz(a, "-D");
	argv[n++] = arena_strz(a, s->data);
	for (size_t i = 0; i < N; i++) {
		argv[n++] = arena_strz(a, "-c");
		argv[n++] = arena_strz(a, settings[i]);
	}
	argv[n] = NULL;
	return child_start(&c, e);
}

/* Line 1 of postmaster.pid is the process id, line 8 the status. */
bool pgserver_ready(const struct pgserver *s, pid_t pid)
{
	char path[PATH_MAX], text[PATH_MAX + 1024];
	struct str rest, line = {NULL, 0};

	snprintf(path, sizeof path, "%s/postmaster.pid", s->data);
	file_head(path, text, sizeof text);
	if (strtol(text, NULL, 10) != pid)
		return false;
	rest = str_z(text);
	for (int i = 0; i < 8; i++) {
		line = (struct str){rest.p, str_find(rest, '\n')};
		rest = str_from(rest, line.n + 1);
	}
	return str_eqz(str_trim(line), "ready");
}

void pgserver_clean(const struct pgserver *s)
{
	if (s->socket_elsewhere)
		rmdir(s->socket_dir);
}

bool pgserver_remove(const struct pgserver *s, struct err *e)
{
	size_t above = strlen(s->data) - strlen("/pg");
	char parent[PATH_MAX];

	if (!pgplace_remove(s->data, &s->account, e))
		return false;
	rmdir(s->socket_dir);
	snprintf(parent, sizeof parent, "%.*s", (int)above, s->data);
	if (strcmp(parent, s->dir) != 0)
		rmdir(parent);
	return true;
}
