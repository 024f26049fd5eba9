/*
 * pool.c - see pool.h. The only user of libevent in a run.
 *
 * A worker's life:
 *
 *   STARTING  forked and sent hello; until its ready
 *   IDLE      waits for a task
 *   BUSY      has one; silent for task_timeout: TERM (cancel), KILL four seconds later
 *   GONE      at end of file and reaped; its slot may be filled again
 *
 * A worker that breaks the protocol is killed at once. Dead workers are replaced as long as there
 * is work; but more deaths in a row without a finished task than there are workers and `SPARE` mean
 * that something is wrong with all of them, and the run stops.
 */
#include "supervisor/pool.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"

enum { TICK_MS = 200, GRACE_MS = 4000, START_MS = 30000, SPARE = 6 };

enum state { GONE, STARTING, IDLE, BUSY };

struct worker {
	struct pool *pool;
	int number; /* 1... */
	enum state state;
	pid_t pid;
	int in, out; /* our ends: we write to in, read from out */
	struct event *readable;
	struct buf line; /* what was read and is not yet a whole line */
	int64_t task;    /* id when BUSY */
	int64_t heard;   /* when it last said something, or got its task */
	int64_t termed;  /* when it was sent TERM; 0: it was not */
	bool eof, reaped;
	int status;
	bool has_why; /* we killed it, and why */
	struct err why;
};

struct pool {
	const struct pool_opts *o;
	const struct pool_handler *h;
	struct event_base *base;
	struct arena *scratch; /* one message */
	struct worker workers[POOL_MAX_WORKERS];
	int n, deaths; /* deaths in a row */
	int signals;
	bool failed;
	struct err *e;
};

static void check_gone(struct worker *w);
static void dispatch(struct pool *p);

static void kill_worker(struct worker *w, const struct err *why)
{
	if (!w->has_why) {
		w->why = *why;
		w->has_why = true;
	}
	if (!w->reaped)
		kill(w->pid, SIGKILL);
}

static void stop_pool(struct pool *p, const struct err *why)
{
	if (!p->failed)
		*p->e = *why;
	p->failed = true;
}

static bool no_more(struct pool *p)
{
	return p->failed || p->h->finished(p->h->ctx);
}

/* ---- facts ---- */

static bool take_ready(struct worker *w, const struct msg *m, struct err *e)
{
	if (w->state != STARTING)
		return err_set(
		    e, ERR_CRASH, AT_INTERNAL, NULL, "worker %d said ready twice", w->number);
	if (m->u.ready.v != MSG_VERSION)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL,
		    "worker %d speaks version %lld, not %d", w->number, (long long)m->u.ready.v,
		    MSG_VERSION);
	w->state = IDLE;
	return true;
}

static bool take(struct worker *w, const struct msg *m, struct err *e)
{
	struct pool *p = w->pool;

	if (m->type == MSG_READY)
		return take_ready(w, m, e);
	/* A setup failure before the first task: there is no task to blame. */
	if (m->type == MSG_FAIL && w->state == STARTING && m->u.fail.id == 0) {
		struct err why;

		msg_to_err(&m->u.fail, &why);
		stop_pool(p, &why);
		return true;
	}
	if (w->state != BUSY || msg_task_id(m) != w->task)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL,
		    "worker %d sent %s for a task it does not have", w->number, msg_name(m->type));
	if (m->type == MSG_DONE || m->type == MSG_FAIL) {
		w->state = IDLE;
		w->termed = 0;
		p->deaths = 0;
	}
	return p->h->fact(p->h->ctx, w->number, m, e);
}

static bool take_line(struct worker *w, struct str line, struct err *e)
{
	struct msg m;

	arena_reset(w->pool->scratch);
	return msg_decode(line, w->pool->scratch, &m, e) && take(w, &m, e);
}

static void take_lines(struct worker *w)
{
	struct err e;
	size_t used = 0;

	for (;;) {
		struct str rest = str_from(buf_view(&w->line), used);
		size_t n = str_find(rest, '\n');

		if (n == rest.n)
			break;
		if (!take_line(w, (struct str){rest.p, n}, &e)) {
			kill_worker(w, &e);
			used = w->line.n;
			break;
		}
		used += n + 1;
	}
	buf_shift(&w->line, used);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;
	enum { PIECE = 16 << 10 };
	char *to = buf_room(&w->line, PIECE);
	ssize_t n;

	(void)what;
	if (!to) {
		struct err e;

		err_set(&e, ERR_CRASH, AT_INTERNAL, NULL, "worker %d sent a line that is too long",
		    w->number);
		kill_worker(w, &e);
		buf_reset(&w->line);
		return;
	}
	n = read(fd, to, PIECE);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	w->heard = clock_ms();
	if (n > 0 && w->has_why)
		return; /* we killed it: what it says after that is not trusted */
	if (n > 0) {
		w->line.n += (size_t)n;
		take_lines(w);
		dispatch(w->pool);
		return;
	}
	w->eof = true;
	event_del(w->readable);
	check_gone(w);
}

/* ---- birth ---- */

static _Noreturn void become_worker(int in, int out, pid_t parent)
{
	static char arg0[] = "dwh", arg1[] = "worker";
	char *argv[] = {arg0, arg1, NULL};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	setpgid(0, 0); /* Ctrl-C on the terminal is the supervisor's to handle */
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(127);
	close_range(3, ~0U, 0);
	execv("/proc/self/exe", argv);
	_exit(127);
}

static bool write_msg(struct worker *w, const struct msg *m, struct err *e)
{
	struct buf b;
	ssize_t n;

	buf_init(&b, MSG_DOWN_MAX);
	msg_encode(m, &b);
	/* The pipe of a worker that waits for us is empty: a write of at most 32 KiB never blocks.
	 */
	n = b.over ? -1 : write(w->in, b.p, b.n);
	if (b.over)
		err_set(
		    e, ERR_TASK, AT_INTERNAL, NULL, "message %s is too long", msg_name(m->type));
	else if (n != (ssize_t)b.n)
		err_errno(e, ERR_CRASH, AT_INTERNAL, "write to worker %d", w->number);
	n = b.over || n != (ssize_t)b.n;
	buf_free(&b);
	return n == 0;
}

static bool say_hello(struct worker *w, struct err *e)
{
	const struct pool_opts *o = w->pool->o;
	struct msg hello = {.type = MSG_HELLO,
	    .u.hello = {.v = MSG_VERSION,
	        .worker = w->number,
	        .run = o->run,
	        .config = o->config,
	        .sets = o->sets}};

	return write_msg(w, &hello, e);
}

static bool spawn(struct worker *w, struct err *e)
{
	int down[2] = {-1, -1}, up[2] = {-1, -1};
	pid_t parent = getpid();
	struct pool *p = w->pool;

	if (pipe2(down, O_CLOEXEC) < 0 || pipe2(up, O_CLOEXEC) < 0) {
		err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot make a pipe for worker %d", w->number);
		goto fail;
	}
	fflush(NULL);
	w->pid = fork();
	if (w->pid < 0) {
		err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot start worker %d", w->number);
		goto fail;
	}
	if (w->pid == 0)
		become_worker(down[0], up[1], parent);
	close(down[0]);
	close(up[1]);
	w->in = down[1];
	w->out = up[0];
	fcntl(w->out, F_SETFL, O_NONBLOCK);
	w->state = STARTING;
	w->eof = w->reaped = w->has_why = false;
	w->task = w->termed = 0;
	w->heard = clock_ms();
	buf_reset(&w->line);
	w->readable = event_new(p->base, w->out, EV_READ | EV_PERSIST, on_readable, w);
	event_add(w->readable, NULL);
	if (!say_hello(w, e))
		kill_worker(w, e);
	return true;
fail:
	for (int i = 0; i < 2; i++) {
		if (down[i] >= 0)
			close(down[i]);
		if (up[i] >= 0)
			close(up[i]);
	}
	return false;
}

/* ---- death ---- */

static void describe_death(const struct worker *w, struct err *e)
{
	if (w->has_why)
		*e = w->why;
	else if (WIFSIGNALED(w->status))
		err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "worker %d was killed by signal %d (%s)",
		    w->number, WTERMSIG(w->status), strsignal(WTERMSIG(w->status)));
	else
		err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "worker %d exited with status %d%s",
		    w->number, WEXITSTATUS(w->status),
		    WEXITSTATUS(w->status) == ARENA_NO_MEMORY
		        ? ": it ran out of memory: give it more, or lower [LOAD] FETCH_MEMORY and "
		          "CONNECTIONS"
		        : "");
}

static void close_worker(struct worker *w)
{
	event_free(w->readable);
	close(w->out);
	if (w->in >= 0)
		close(w->in);
	w->in = w->out = -1;
	w->state = GONE;
}

static bool others_live(const struct pool *p, const struct worker *w)
{
	for (int i = 0; i < p->n; i++)
		if (&p->workers[i] != w && p->workers[i].state != GONE)
			return true;
	return false;
}

static void respawn(struct worker *w, const struct err *why)
{
	struct pool *p = w->pool;
	struct err e;

	if (++p->deaths > p->n + SPARE) {
		err_set(&e, ERR_SETUP, AT_INTERNAL, NULL,
		    "%d workers in a row died without finishing a task; the last: %s", p->deaths,
		    why->msg);
		stop_pool(p, &e);
	} else if (!spawn(w, &e) && !others_live(p, w)) {
		/* The others do what there is to do, as long as there are any. */
		stop_pool(p, &e);
	}
}

static void check_gone(struct worker *w)
{
	struct pool *p = w->pool;
	enum state was = w->state;
	struct err why;

	if (!w->eof || !w->reaped || was == GONE)
		return;
	describe_death(w, &why);
	close_worker(w);
	if (was == BUSY)
		p->h->lost(p->h->ctx, w->number, w->task, &why);
	if (!no_more(p) && !p->h->stopping(p->h->ctx))
		respawn(w, &why);
	dispatch(p);
}

static void on_child(evutil_socket_t sig, short what, void *ctx)
{
	struct pool *p = ctx;
	struct rusage used;

	(void)sig;
	(void)what;
	for (int i = 0; i < p->n; i++) {
		struct worker *w = &p->workers[i];

		if (w->state == GONE || w->reaped)
			continue;
		if (wait4(w->pid, &w->status, WNOHANG, &used) == w->pid) {
			w->reaped = true;
			if (p->o->used)
				usage_add(p->o->used, &used);
			check_gone(w);
		}
	}
}

/* ---- work ---- */

static void give(struct worker *w)
{
	struct pool *p = w->pool;
	struct msg m;
	struct err e;

	/* One that was killed may still have had a last word. */
	if (w->has_why || !p->h->next(p->h->ctx, &m))
		return;
	if (!write_msg(w, &m, &e)) {
		/* Not begun: the task is still the handler's, and the worker will be replaced. */
		kill_worker(w, &e);
		w->state = STARTING;
		return;
	}
	w->state = BUSY;
	w->task = msg_task_id(&m);
	w->heard = clock_ms();
	w->termed = 0;
	p->h->begun(p->h->ctx, w->number, &m);
}

static void retire(struct worker *w)
{
	if (w->in < 0)
		return;
	close(w->in);
	w->in = -1;
	w->heard = clock_ms();
}

static void dispatch(struct pool *p)
{
	bool living = false;

	for (int i = 0; i < p->n && !no_more(p); i++)
		if (p->workers[i].state == IDLE)
			give(&p->workers[i]);
	for (int i = 0; i < p->n; i++) {
		struct worker *w = &p->workers[i];

		if (w->state == GONE)
			continue;
		living = true;
		if (no_more(p))
			retire(w);
	}
	if (!living && (no_more(p) || p->h->stopping(p->h->ctx)))
		event_base_loopbreak(p->base);
}

/* Cancel, then kill: one TERM, and four seconds, so that all has ended in five. */
static void press(struct worker *w, int64_t now, const struct err *why)
{
	if (!w->termed) {
		w->termed = now;
		kill(w->pid, SIGTERM);
	} else if (now - w->termed > GRACE_MS)
		kill_worker(w, why);
}

static void check_deadline(struct pool *p, struct worker *w, int64_t now)
{
	struct err why;
	int64_t silent = now - w->heard;

	if (w->state == GONE || w->reaped)
		return;
	if (w->state == BUSY && (p->h->stopping(p->h->ctx) || p->failed)) {
		err_set(&why, ERR_CANCELLED, AT_INTERNAL, NULL,
		    "worker %d did not stop in time and was killed", w->number);
		press(w, now, &why);
	} else if (w->state == BUSY && silent > p->o->task_timeout_ms) {
		err_set(&why, ERR_CRASH, AT_INTERNAL, NULL,
		    "worker %d was silent for %lld s and was killed", w->number,
		    (long long)(silent / 1000));
		press(w, now, &why);
	} else if ((w->state == STARTING && silent > START_MS) ||
	           (w->in < 0 && silent > GRACE_MS)) {
		err_set(&why, ERR_CRASH, AT_INTERNAL, NULL, "worker %d hangs and was killed",
		    w->number);
		kill_worker(w, &why);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct pool *p = ctx;
	int64_t now = clock_ms();

	(void)fd;
	(void)what;
	for (int i = 0; i < p->n; i++)
		check_deadline(p, &p->workers[i], now);
	p->h->tick(p->h->ctx);
	dispatch(p);
}

static void on_signal(evutil_socket_t sig, short what, void *ctx)
{
	struct pool *p = ctx;
	struct err why;

	(void)what;
	p->h->signalled(p->h->ctx, (int)sig, ++p->signals);
	if (p->signals > 1) {
		err_set(&why, ERR_CANCELLED, AT_INTERNAL, NULL, "killed by a second signal");
		for (int i = 0; i < p->n; i++)
			if (p->workers[i].state != GONE)
				kill_worker(&p->workers[i], &why);
	}
	on_tick(-1, 0, p);
}

static bool start_all(struct pool *p, struct err *e)
{
	for (int i = 0; i < p->n; i++) {
		struct worker *w = &p->workers[i];

		w->pool = p;
		w->number = i + 1;
		w->in = w->out = -1;
		buf_init(&w->line, MSG_UP_MAX + (16 << 10));
	}
	for (int i = 0; i < p->n; i++)
		if (!spawn(&p->workers[i], e)) {
			/* Fewer than asked for is still a run; none is not. */
			if (i == 0)
				return false;
			p->n = i;
		}
	return true;
}

bool pool_run(const struct pool_opts *o, const struct pool_handler *h, struct err *e)
{
	struct pool p = {.o = o, .h = h, .n = o->workers, .e = e};
	struct event *ev[4];
	struct timeval tick = {.tv_usec = TICK_MS * 1000};
	bool started;

	signal(SIGPIPE, SIG_IGN);
	p.scratch = arena_new();
	p.base = event_base_new();
	if (!p.base)
		return err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "libevent does not start");
	ev[0] = evsignal_new(p.base, SIGCHLD, on_child, &p);
	ev[1] = evsignal_new(p.base, SIGINT, on_signal, &p);
	ev[2] = evsignal_new(p.base, SIGTERM, on_signal, &p);
	ev[3] = event_new(p.base, -1, EV_PERSIST, on_tick, &p);
	for (int i = 0; i < 4; i++)
		event_add(ev[i], i == 3 ? &tick : NULL);
	started = start_all(&p, e);
	if (started)
		event_base_dispatch(p.base);
	for (int i = 0; i < 4; i++)
		event_free(ev[i]);
	for (int i = 0; i < o->workers; i++)
		buf_free(&p.workers[i].line);
	event_base_free(p.base);
	arena_free(p.scratch);
	return started && !p.failed;
}
