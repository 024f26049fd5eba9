/*
 * keeper.c - holds up the services of a run on one machine, and takes them down with their last
 * user.
 *
 * The keeper starts PostgreSQL and the S3 server as its children, says so, and waits for either of
 * two ends: the last command that uses them is gone, or one of them died. All truth is in locks
 * that the kernel gives back when their holder dies, however it dies (localstate.h names them):
 *
 *   a command   start.lock EX (for the time of joining), use.lock SH (as long as it needs us)
 *   the keeper  keeper.lock EX for life, services.lock EX for life, use.lock EX to end
 *   services    inherit services.lock: it is free only when no process of them is left
 *
 * Life: take keeper.lock; take services.lock, which waits out what an earlier keeper left behind;
 * prepare, start, wait until both answer; write state.json; say "ready" on the ready descriptor.
 * Then a child of ours blocks in flock(use.lock, LOCK_EX). A lock belongs to the open file, which
 * we share with that child, so when it returns the lock is ours, and the child's exit is an event
 * like the death of a service: one waitpid waits for everything, and no signal can be missed.
 * Then stop: SIGINT to PostgreSQL (fast shutdown), SIGTERM to the S3 server, a deadline, SIGQUIT, a
 * deadline, SIGKILL; remove state.json; exit, which gives all locks back at once.
 *
 * Up the ready descriptor go lines: "wait TEXT" (still at it, at least one a second), then one of
 * "ready" and "error WHERE TEXT" (WHERE: see err.h).
 *
 * Races, and why they are none:
 *   - A command comes while we stop. We hold use.lock EX: its SH waits until we are gone; then it
 *     finds keeper.lock free and starts a keeper of its own.
 *   - A command comes just before we get EX. Its SH keeps us; it finds us alive and joins.
 *   - The command that started us dies before we are ready. We get EX at once, and stop. If
 *     another one came in between, it holds SH and waits for our state.json.
 *   - We are killed. The death signals stop the services (fast shutdown, SIGTERM); keeper.lock is
 *     free, so the next command removes our state.json and starts a keeper, which waits in
 *     services.lock until the last process of the old services is gone. So a postmaster.pid that
 *     it finds is stale, whatever process has its number now.
 *   - A service dies. We stop the other, remove state.json and exit without use.lock: its users see
 *     broken connections, and keep use.lock SH, which hurts nobody: the next command finds
 *     keeper.lock free, or waits until it is, and starts a keeper that outlives them all.
 *   - PostgreSQL's first process is killed. Its children become ours (we are their subreaper) and
 *     are stopped as well; waitpid tells when none is left.
 *   - One of those children is killed: PostgreSQL recovers by itself. Who joins meanwhile waits,
 * and so do we before we tell it to shut down (pgserver_settle says why).
 */
#include "workers/local/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/clock.h"
#include "shared/file.h"
#include "shared/localstate.h"
#include "shared/log.h"
#include "workers/local/child.h"
#include "workers/local/pgserver.h"

#define LEFTOVER_QUIT_MS 30000 /* an earlier keeper's services had time to end */
#define LEFTOVER_MS 45000
#define S3D_READY_MS 20000
#define SETTLE_MS 60000    /* a recovery that must not be interrupted */
#define FAST_STOP_MS 60000 /* a shutdown checkpoint writes what is dirty */
#define HARD_STOP_MS 5000
#define LOG_MAX (4 << 20) /* a bigger log is put aside when the services start */

enum { POSTGRES, S3D, N_SERVICES };

struct service {
	const char *name;
	int stop_signal;
	const char *log;
	int log_fd;
	off_t log_from; /* where this life of it begins in its log */
	pid_t pid;      /* 0: not running */
	bool ready;
};

struct keeper {
	struct arena *arena;
	const char *dir, *buckets, *s3_port;
	const char *s3_latency;             /* NULL: none */
	bool passing;                       /* the data go with the services */
	int ready_fd;                       /* -1 when nobody listens any more */
	int keeper_fd, use_fd, services_fd; /* the locks */
	pid_t lock_child;                   /* waits for use.lock EX */
	struct pgserver pg;
	struct service service[N_SERVICES];
	int s3d_ready; /* reading end of its ready pipe */
	int64_t s3d_port;
};

static void tell(struct keeper *k, const char *word, const char *text)
{
	char line[2048];
	int n;

	if (k->ready_fd < 0)
		return;
	n = snprintf(line, sizeof line, "%s%s%s\n", word, *text ? " " : "", text);
	/* The starter may be gone. That is no reason to stop half-way; use.lock will tell. */
	if (write(k->ready_fd, line, (size_t)n) < 0) {
		close(k->ready_fd);
		k->ready_fd = -1;
	}
}

static bool options(struct keeper *k, int argc, char **argv, struct err *e)
{
	static const struct option known[] = {
	    {"dir", required_argument, NULL, 'd'},
	    {"buckets", required_argument, NULL, 'b'},
	    {"s3-port", required_argument, NULL, 'p'},
	    {"s3-latency", required_argument, NULL, 'l'},
	    {"passing", no_argument, NULL, 't'},
	    {"ready-fd", required_argument, NULL, 'r'},
	    {"pg-bin", required_argument, NULL, 'g'},
	    {"account", required_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0},
	};
	struct str ready = {NULL, 0};
	int64_t fd;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'd': k->dir = optarg; break;
		case 'b': k->buckets = optarg; break;
		case 'p': k->s3_port = optarg; break;
		case 'l': k->s3_latency = optarg; break;
		case 't': k->passing = true; break;
		case 'g': k->pg.pg_bin = optarg; break;
		case 'a': k->pg.account_name = optarg; break;
		case 'r': ready = str_z(optarg); break;
		default: return err_set(e, ERR_SETUP, AT_USAGE, NULL, "bad option of keeper");
		}
	}
	k->pg.dir = k->dir;
	if (optind != argc || !k->dir || !k->buckets || !k->s3_port || !str_to_i64(ready, &fd) ||
	    fd <= STDERR_FILENO || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL, "keeper is started by dwh itself");
	k->ready_fd = (int)fd;
	return true;
}

/* What an earlier keeper left must be gone before the folders are touched. */
static bool take_locks(struct keeper *k, struct err *e)
{
	const char *path = local_path(k->arena, k->dir, "keeper.lock");
	int64_t start = clock_ms(), said = start, now;
	bool quit = false;

	k->keeper_fd = local_lock_open(path, false, e);
	if (k->keeper_fd < 0)
		return false;
	while (flock(k->keeper_fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return err_errno(e, ERR_SETUP, AT_STATE, "cannot lock %s", path);

	k->use_fd = local_lock_open(local_path(k->arena, k->dir, "use.lock"), false, e);
	path = local_path(k->arena, k->dir, "services.lock");
	k->services_fd = k->use_fd < 0 ? -1 : local_lock_open(path, true, e);
	if (k->services_fd < 0)
		return false;
	while (flock(k->services_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(e, ERR_SETUP, AT_STATE, "cannot lock %s", path);
		now = clock_ms();
		if (now - start > LEFTOVER_MS)
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "processes of an earlier PostgreSQL or S3 server do not end; `fuser "
			    "%s` "
			    "shows them",
			    path);
		if (now - start > LEFTOVER_QUIT_MS && !quit) {
			pgserver_quit_leftover(&k->pg, k->arena);
			quit = true;
		}
		if (now - said >= 1000) {
			tell(k, "wait", "earlier services are still ending");
			said = now;
		}
		clock_sleep(10);
	}
	return true;
}

static bool open_log(struct keeper *k, struct service *s, const char *file, struct err *e)
{
	struct stat st;

	s->log = local_path(k->arena, k->dir, file);
	if (stat(s->log, &st) == 0 && st.st_size > LOG_MAX)
		rename(s->log, arena_printf(k->arena, "%s.1", s->log));
	s->log_fd = open(s->log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->log_fd < 0)
		return err_errno(e, ERR_SETUP, AT_STATE, "%s", s->log);
	s->log_from = lseek(s->log_fd, 0, SEEK_END);
	return true;
}

static bool start_postgres(struct keeper *k, struct err *e)
{
	struct service *s = &k->service[POSTGRES];
	pid_t pid;

	if (!open_log(k, s, "postgres.log", e))
		return false;
	k->pg.log = s->log;
	k->pg.log_fd = s->log_fd;
	if (!pgserver_prepare(&k->pg, k->arena, e))
		return false;
	s->log_from = lseek(s->log_fd, 0, SEEK_END);
	pid = pgserver_start(&k->pg, k->arena, e);
	s->pid = pid > 0 ? pid : 0;
	return pid > 0;
}

static bool start_s3d(struct keeper *k, struct err *e)
{
	struct service *s = &k->service[S3D];
	struct sigv4_key key;
	const char *ready;
	int p[2];
	pid_t pid;

	if (!local_key(k->dir, true, k->arena, &key, e) || !open_log(k, s, "s3d.log", e))
		return false;
	if (pipe2(p, O_CLOEXEC) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe");
	k->s3d_ready = p[0];
	ready = arena_printf(k->arena, "%d", p[1]);
	char *argv[] = {arena_strz(k->arena, "dwh"), arena_strz(k->arena, "s3d"),
	    arena_strz(k->arena, "--root"), arena_strz(k->arena, k->buckets),
	    arena_strz(k->arena, "--port"), arena_strz(k->arena, k->s3_port),
	    arena_strz(k->arena, "--key-file"),
	    arena_strz(k->arena, local_path(k->arena, k->dir, "key")),
	    arena_strz(k->arena, "--ready-fd"), arena_strz(k->arena, ready),
	    k->s3_latency ? arena_printf(k->arena, "--latency=%s", k->s3_latency) : NULL, NULL};
	struct child c = {.path = "/proc/self/exe",
	    .argv = argv,
	    .in = -1,
	    .out = s->log_fd,
	    .keep = p[1],
	    .death_signal = SIGTERM};

	pid = child_start(&c, e);
	close(p[1]);
	s->pid = pid > 0 ? pid : 0;
	return pid > 0;
}

/* Reads "s3d ready PORT" when it is there; waits at most ms for it. */
static void look_at_s3d(struct keeper *k, int ms)
{
	struct pollfd p = {.fd = k->s3d_ready, .events = POLLIN};
	struct str line;
	char text[64];
	ssize_t n;

	if (k->service[S3D].ready || poll(&p, 1, ms) != 1)
		return;
	n = read(k->s3d_ready, text, sizeof text);
	line = str_trim((struct str){text, n > 0 ? (size_t)n : 0});
	if (str_starts(line, STR("s3d ready ")) &&
	    str_to_i64(str_from(line, sizeof "s3d ready " - 1), &k->s3d_port))
		k->service[S3D].ready = true;
	else
		clock_sleep(ms); /* at its end: waitpid will tell */
}

/*
 * Reaps one process; false where none has ended. A service's end is noted in its pid and told in
 * the log; *ended is it, or NULL when it was another process.
 */
static bool reap(struct keeper *k, int flags, struct service **ended, int *status, pid_t *pid)
{
	char fate[64];

	*ended = NULL;
	do
		*pid = waitpid(-1, status, flags);
	while (*pid < 0 && errno == EINTR);
	if (*pid <= 0)
		return false;
	for (int i = 0; i < N_SERVICES; i++)
		if (k->service[i].pid == *pid) {
			*ended = &k->service[i];
			(*ended)->pid = 0;
			log_info(
			    "%s ended: %s", (*ended)->name, child_fate(*status, fate, sizeof fate));
		}
	return true;
}

static bool died(struct keeper *k, const struct service *s, int status, struct err *e)
{
	char fate[64];

	return err_set(e, ERR_SETUP, s == &k->service[S3D] ? AT_S3 : AT_WAREHOUSE, NULL,
	    "%s did not start (%s); %s", s->name, child_fate(status, fate, sizeof fate),
	    local_log_last(s->log, s->log_from, k->arena));
}

/*
 * PostgreSQL is waited for as long as it lives: after a crash of the machine it may have minutes of
 * log to replay, and killing it would only make it begin again.
 */
static bool wait_ready(struct keeper *k, struct err *e)
{
	struct service *pg = &k->service[POSTGRES], *s3d = &k->service[S3D], *ended;
	int64_t start = clock_ms(), said = start, now;
	int status;
	pid_t pid;

	for (;;) {
		while (reap(k, WNOHANG, &ended, &status, &pid))
			if (ended)
				return died(k, ended, status, e);
		if (!pg->ready)
			pg->ready = pgserver_ready(&k->pg, pg->pid);
		if (pg->ready && s3d->ready)
			return true;
		now = clock_ms();
		if (!s3d->ready && now - start > S3D_READY_MS)
			return err_set(e, ERR_SETUP, AT_S3, NULL, "%s does not become ready; %s",
			    s3d->name, local_log_last(s3d->log, s3d->log_from, k->arena));
		if (now - said >= 1000) {
			tell(k, "wait", "PostgreSQL is replaying its log");
			said = now;
		}
		if (s3d->ready)
			clock_sleep(5);
		else
			look_at_s3d(k, 5);
	}
}

static bool publish(struct keeper *k, struct err *e)
{
	struct local l = {
	    .socket_dir = k->pg.socket_dir,
	    .s3_endpoint = arena_printf(k->arena, "http://127.0.0.1:%lld", (long long)k->s3d_port),
	    .buckets = k->buckets,
	    .data = k->pg.data,
	    .note = k->pg.note,
	    .keeper = getpid(),
	};

	return local_state_write(k->dir, k->arena, &l, e);
}

/* A child that ends with 0 when use.lock is ours. */
static bool wait_for_users(struct keeper *k, struct err *e)
{
	pid_t parent = getpid();

	k->lock_child = fork();
	if (k->lock_child < 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot start a process");
	if (k->lock_child > 0)
		return true;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	/* These say that the keeper itself lives, and the services. */
	close(k->keeper_fd);
	close(k->services_fd);
	while (flock(k->use_fd, LOCK_EX) != 0)
		if (errno != EINTR)
			_exit(1);
	_exit(0);
}

/* Every child of ours that is not one of the services: those are of a PostgreSQL that died. */
static void signal_orphans(const struct keeper *k, int sig)
{
	char path[64], text[8192], *at = text;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	file_head(path, text, sizeof text);
	for (;;) {
		char *end;
		pid_t pid = (pid_t)strtol(at, &end, 10);
		bool service = false;

		if (end == at || pid <= 0)
			return;
		at = end;
		for (int i = 0; i < N_SERVICES; i++)
			service |= k->service[i].pid == pid;
		if (!service)
			kill(pid, sig);
	}
}

/* Waits until we have no child; false at the deadline. */
static bool all_gone(struct keeper *k, int64_t ms)
{
	int64_t until = clock_ms() + ms;
	struct service *ended;
	int status;
	pid_t pid;

	for (;;) {
		while (reap(k, WNOHANG, &ended, &status, &pid))
			;
		if (pid < 0)
			return true;
		if (clock_ms() >= until)
			return false;
		signal_orphans(k, SIGQUIT);
		clock_sleep(5);
	}
}

static void stop_services(struct keeper *k)
{
	if (k->service[POSTGRES].pid)
		pgserver_settle(&k->pg, SETTLE_MS);
	for (int i = 0; i < N_SERVICES; i++)
		if (k->service[i].pid)
			kill(k->service[i].pid, k->service[i].stop_signal);
	if (all_gone(k, FAST_STOP_MS))
		return;
	log_error("the services do not end; stopping them at once");
	for (int i = 0; i < N_SERVICES; i++)
		if (k->service[i].pid)
			kill(k->service[i].pid, SIGQUIT);
	if (all_gone(k, HARD_STOP_MS))
		return;
	for (int i = 0; i < N_SERVICES; i++)
		if (k->service[i].pid)
			kill(k->service[i].pid, SIGKILL);
	signal_orphans(k, SIGKILL);
	if (!all_gone(k, HARD_STOP_MS))
		log_error("some processes of the services cannot be killed");
}

/* Returns when the users are gone or a service is. */
static void keep(struct keeper *k)
{
	struct service *ended;
	int status;
	pid_t pid;

	while (reap(k, 0, &ended, &status, &pid)) {
		if (ended)
			break;
		if (pid == k->lock_child) {
			k->lock_child = 0;
			return;
		}
	}
	if (k->lock_child > 0)
		kill(k->lock_child, SIGKILL);
}

static bool up(struct keeper *k, struct err *e)
{
	/* s3d first: it starts while PostgreSQL is being prepared. */
	return take_locks(k, e) && start_s3d(k, e) && start_postgres(k, e) && wait_ready(k, e) &&
	       publish(k, e) && wait_for_users(k, e);
}

int keeper_main(int argc, char **argv)
{
	struct keeper k = {
	    .ready_fd = -1,
	    .use_fd = -1,
	    .arena = arena_new(),
	    .service = {[POSTGRES] = {.name = "PostgreSQL", .stop_signal = SIGINT},
	        [S3D] = {.name = "the S3 server", .stop_signal = SIGTERM}},
	};
	struct err e;
	bool ok;

	log_name("dwh: keeper %d", (int)getpid());
	signal(SIGPIPE, SIG_IGN);
	if (!options(&k, argc, argv, &e)) {
		log_error("%s", e.msg);
		return 1;
	}
	if (chdir("/") != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		log_warn("keeper: cannot set itself up");
	ok = up(&k, &e);
	if (ok) {
		tell(&k, "ready", "");
		close(k.ready_fd);
		keep(&k);
	} else
		log_error("%s", e.msg);
	stop_services(&k);
	unlink(local_path(k.arena, k.dir, "state.json"));
	if (k.pg.socket_dir) {
		struct err left;

		pgserver_clean(&k.pg);
		if (k.passing && !pgserver_remove(&k.pg, &left))
			log_error("%s", left.msg);
	}
	/* After the stop, so that who reads it finds nothing left. */
	if (!ok)
		tell(&k, arena_printf(k.arena, "error %s", err_where_name(e.where)), e.msg);
	arena_free(k.arena);
	return ok ? 0 : 1;
}
