/*
 * local.c - a command's side of the services on one machine: join them, start their keeper where
 * there is none, leave. The locks and their races are told in workers/local/keeper.c.
 *
 * A command holds start.lock only while it joins, so one at a time finds out whether there is a
 * keeper and starts one; it holds use.lock, shared, as long as it needs the services.
 */
#include "supervisor/local.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "shared/pgprobe.h"
#include "shared/str.h"
#include "supervisor/detach.h"

#define SILENCE_MS 60000 /* a keeper that starts says something every second */
#define DOWN_MS 10000

/* Without symbolic links: one folder must have one name. */
bool local_folders(
    const struct config *c, struct arena *a, const char **dir, const char **buckets, struct err *e)
{
	const char *path = local_dir(c, a), *local;
	char real[PATH_MAX];
	const struct passwd *pw;
	struct stat st;

	if (!file_folder(path, 0777, AT_CONFIG, e))
		return err_prefix(e, "[LOCAL] DIR");
	if (!realpath(path, real))
		return err_errno(e, ERR_SETUP, AT_CONFIG, "[LOCAL] DIR: %s", path);
	*dir = arena_strz(a, real);
	local = arena_printf(a, "%s/local", real);
	if (!file_folder(local, 0700, AT_CONFIG, e))
		return err_prefix(e, "[LOCAL] DIR");
	if (stat(local, &st) != 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", local);
	if (st.st_uid != geteuid()) {
		pw = getpwuid(st.st_uid);
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s belongs to %s, who ran dwh here before; run it as that user again, or set "
		    "[LOCAL] DIR to another folder, or remove %s with its data",
		    local, pw ? pw->pw_name : arena_printf(a, "user id %u", (unsigned)st.st_uid),
		    real);
	}
	if (c->local.buckets) {
		path = config_path(c, a, c->local.buckets);
		if (!realpath(path, real))
			return err_errno(e, ERR_SETUP, AT_CONFIG, "[LOCAL] BUCKETS: %s", path);
		*buckets = arena_strz(a, real);
		return true;
	}
	*buckets = arena_printf(a, "%s/buckets", *dir);
	return file_folder(*buckets, 0777, AT_CONFIG, e) || err_prefix(e, "[LOCAL] DIR");
}

static bool lock(const char *path, int how, int *fd, struct err *e)
{
	*fd = local_lock_open(path, false, e);
	if (*fd < 0)
		return false;
	if (flock(*fd, how) == 0)
		return true;
	if (errno == EINTR)
		err_set(e, ERR_CANCELLED, AT_STATE, NULL, "interrupted");
	else
		err_errno(e, ERR_SETUP, AT_STATE,
		    "cannot lock %s (set [LOCAL] DIR to a folder on a disk of this machine)", path);
	close(*fd);
	*fd = -1;
	return false;
}

/* Both let us in. */
static bool answers(const struct local *l)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *port = strrchr(l->s3_endpoint, ':');
	int64_t number;
	bool ok;
	int fd;

	if (!port || !str_to_i64(str_z(port + 1), &number) || number <= 0 || number > 65535)
		return false;
	in.sin_port = htons((uint16_t)number);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ok = fd >= 0 && connect(fd, (const struct sockaddr *)&in, sizeof in) == 0;
	if (fd >= 0)
		close(fd);
	return ok && pgprobe(l->socket_dir, LOCAL_PG_PORT, l->user, l->dbname) == PGPROBE_READY;
}

/* Reads the keeper's lines until "ready". */
static bool hear(int fd, const char *log, off_t from, struct arena *a, struct err *e)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char text[4096];
	size_t have = 0;
	int64_t until = clock_ms() + SILENCE_MS;

	for (;;) {
		struct str line = {text, 0}, word;
		int64_t left = until - clock_ms();
		enum err_where where;
		ssize_t n;

		switch (poll(&p, 1, left > 0 ? (int)left : 0)) {
		case 1: break;
		case 0:
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "the local services do not start; %s", local_log_last(log, from, a));
		default: return err_set(e, ERR_CANCELLED, AT_STATE, NULL, "interrupted");
		}
		n = read(fd, text + have, sizeof text - have);
		if (n <= 0)
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "the keeper of the local services ended; %s",
			    local_log_last(log, from, a));
		have += (size_t)n;
		until = clock_ms() + SILENCE_MS;
		for (;;) {
			line.n = str_find((struct str){line.p, have}, '\n');
			if (line.n == have)
				break;
			word = (struct str){line.p, str_find(line, ' ')};
			if (str_eqz(word, "ready"))
				return true;
			if (str_eqz(word, "error")) {
				line = str_from(line, word.n + 1);
				word = (struct str){line.p, str_find(line, ' ')};
				if (!err_where_parse(arena_cstr(a, word), &where))
					where = AT_INTERNAL;
				line = str_from(line, word.n + 1);
				return err_set(e, ERR_SETUP, where, NULL, "%.*s", STRF(line));
			}
			line.p += line.n + 1;
			have -= line.n + 1;
		}
		memmove(text, line.p, have);
		if (have == sizeof text)
			have = 0; /* no line of a keeper is so long */
	}
}

static bool start_keeper(const struct config *c, const struct local_manner *m, const char *dir,
    const char *buckets, struct arena *a, struct err *e)
{
	const char *log = local_path(a, dir, "keeper.log");
	const char *argv[20];
	struct stat st;
	off_t from = stat(log, &st) == 0 ? st.st_size : 0;
	size_t n = 0;
	int p[2];
	pid_t pid;
	bool ok;

	argv[n++] = "dwh";
	argv[n++] = "keeper";
	argv[n++] = "--dir";
	argv[n++] = dir;
	argv[n++] = "--buckets";
	argv[n++] = buckets;
	argv[n++] = "--s3-port";
	argv[n++] = arena_i64(a, c->local.s3_port);
	argv[n++] = "--ready-fd";
	argv[n++] = "3";
	if (c->local.pg_bin) {
		argv[n++] = "--pg-bin";
		argv[n++] = config_path(c, a, c->local.pg_bin);
	}
	if (c->local.account) {
		argv[n++] = "--account";
		argv[n++] = c->local.account;
	}
	if (m->s3_latency) {
		argv[n++] = "--s3-latency";
		argv[n++] = m->s3_latency;
	}
	if (m->passing)
		argv[n++] = "--passing";
	argv[n] = NULL;

	unlink(local_path(a, dir, "state.json")); /* of a keeper that was killed */
	if (pipe2(p, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe");
	ok = detach(argv, log, &p[1], 1, &pid, e);
	close(p[1]);
	ok = (ok || err_prefix(e, "the keeper of the local services")) &&
	     hear(p[0], log, from, a, e);
	close(p[0]);
	return ok;
}

/* Under start.lock and use.lock: makes *out the services that answer. */
static bool join(const struct config *c, const struct local_manner *m, const char *dir,
    const char *buckets, struct arena *a, struct local *out, struct err *e)
{
	int64_t until = clock_ms() + SILENCE_MS;
	bool found, started = false;

	for (;;) {
		bool lives = local_keeper_lives(dir, a);

		if (!lives && started)
			return err_set(e, ERR_RETRY, AT_STATE, NULL,
			    "the local services ended as soon as they were up; see %s",
			    local_path(a, dir, "keeper.log"));
		if (!lives) {
			if (!start_keeper(c, m, dir, buckets, a, e))
				return false;
			started = true;
		}
		if (!local_state_read(dir, a, out, &found, e))
			return false;
		if (found && answers(out))
			break;
		/* A keeper that starts for somebody who died meanwhile, or one on its way out; or a
		 * PostgreSQL that recovers from the crash of a backend. */
		if (clock_ms() > until)
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "the local services do not answer and do not end; see %s",
			    local_path(a, dir, "keeper.log"));
		clock_sleep(20);
	}
	if (!out->buckets || strcmp(out->buckets, buckets) != 0)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "another command uses the local services with the buckets in %s, and [LOCAL] "
		    "BUCKETS is %s; wait for its end",
		    out->buckets, buckets);
	return true;
}

bool local_up(const struct config *c, struct arena *a, struct local *out, struct err *e)
{
	static const struct local_manner usual;

	return local_up_as(c, &usual, a, out, e);
}

bool local_up_as(const struct config *c, const struct local_manner *m, struct arena *a,
    struct local *out, struct err *e)
{
	const char *dir, *buckets;
	int start, use;
	bool ok;

	*out = (struct local){.use_fd = -1};
	if (!local_folders(c, a, &dir, &buckets, e) ||
	    !lock(local_path(a, dir, "start.lock"), LOCK_EX, &start, e))
		return false;
	ok = lock(local_path(a, dir, "use.lock"), LOCK_SH, &use, e);
	if (ok) {
		ok = join(c, m, dir, buckets, a, out, e);
		if (!ok)
			close(use);
	}
	close(start);
	out->held = ok;
	out->use_fd = ok ? use : -1;
	return ok;
}

void local_down(struct local *l)
{
	struct arena *a;
	const char *use;
	int64_t start = clock_ms(), now;
	bool last;

	if (!l->held)
		return;
	l->held = false;
	/* Ours alone for an instant: nobody else uses the services, and the keeper will end. */
	last = flock(l->use_fd, LOCK_EX | LOCK_NB) == 0;
	close(l->use_fd);
	l->use_fd = -1;
	if (!last)
		return;
	a = arena_new();
	use = local_path(a, l->dir, "use.lock");
	for (now = start; now - start < DOWN_MS && local_keeper_lives(l->dir, a);
	     now = clock_ms()) {
		int fd = open(use, O_RDONLY | O_CLOEXEC);
		/* Free to share for long: the keeper does not hold it, so somebody else came. */
		bool shared = fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0;

		if (fd >= 0)
			close(fd);
		if (shared && now - start > 500)
			break;
		clock_sleep(5);
	}
	arena_free(a);
}
