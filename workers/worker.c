/*
 * worker.c - a worker process: a filter over lines.
 *
 * hello comes first, then one task at a time; facts go out, and each task ends with exactly one
 * done or fail. End of file means quit. So a worker can be driven from a shell with a heredoc. It
 * blocks in what it does; TERM makes it cancel the statement or transfer that runs, roll back and
 * say "cancelled". It never schedules and never retries a task: that is the supervisor's to decide.
 */
#include "workers/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/cluster_found.h"
#include "shared/connect.h"
#include "shared/log.h"
#include "shared/title.h"
#include "workers/crash.h"
#include "workers/fetch.h"
#include "workers/tasks.h"

enum { BEAT_MS = 1000 };

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* The task has failed by a fact that no line can hold: what it says afterwards is not sent. */
static bool unheard;

void worker_send(const struct msg *m)
{
	struct buf b;
	size_t sent = 0;

	if (unheard)
		return;
	buf_init(&b, MSG_UP_MAX);
	msg_encode(m, &b);
	if (b.over) {
		struct err e;
		struct msg fail;

		err_set(
		    &e, ERR_TASK, AT_INTERNAL, NULL, "message %s is too long", msg_name(m->type));
		fail = msg_of_err(msg_task_id(m), &e);
		buf_reset(&b);
		msg_encode(&fail, &b);
		unheard = true;
	}
	while (sent < b.n) {
		ssize_t n = write(STDOUT_FILENO, b.p + sent, b.n - sent);

		if (n < 0 && errno != EINTR)
			_exit(0); /* nobody listens: the supervisor is gone */
		if (n > 0)
			sent += (size_t)n;
	}
	buf_free(&b);
}

bool worker_tick(void *ctx, struct err *e)
{
	struct worker *w = ctx;
	int64_t now = clock_ms();

	if (w->tick)
		return w->tick(w, e);
	if (stop)
		return err_set(e, ERR_CANCELLED, AT_INTERNAL, NULL, "cancelled");
	if (now - w->beat_at >= BEAT_MS) {
		struct msg m = {.type = MSG_BEAT, .u.beat = w->so_far};

		w->beat_at = now;
		m.u.beat.id = w->task_id;
		if (w->s3)
			m.u.beat.requests = (int64_t)(s3_stats(w->s3).requests -
			                              w->requests_before);
		worker_send(&m);
	}
	return true;
}

/*
 * A server on this machine goes first. A session that has to leave its processor to a worker keeps
 * its locks, such as that on the end of the table, and the other sessions wait for it.
 */
static void give_way(struct worker *w)
{
	enum { NICER = 10 }; /* what nice(1) adds */

	if (w->tick || w->gave_way || !pg_is_here(&w->pg))
		return;
	w->gave_way = true;
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICER);
}

bool worker_pg(struct worker *w, struct err *e)
{
	char name[64];

	if (pg_alive(&w->pg))
		return true;
	pg_close(&w->pg);
	snprintf(name, sizeof name, "dwh worker %lld %.30s", (long long)w->number, w->run.p);
	w->pg.tick = worker_tick;
	w->pg.tick_ctx = w;
	w->last_copy = LAST_COPY_UNKNOWN;
	if (!connect_warehouse(&w->config, w->life, name, &w->pg, e))
		return false;
	give_way(w);
	return true;
}

bool worker_s3(struct worker *w, struct err *e)
{
	const char *warning;

	if (w->s3)
		return true;
	if (!connect_s3(&w->config, w->life, worker_tick, w, &w->s3, e))
		return false;
	warning = credentials_short(s3_credentials(w->s3), w->life);
	if (warning && w->number == 1) /* one says it for all */
		log_warn("%s", warning);
	return true;
}

static int64_t cpu_ms(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
	       (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
}

static bool run_task(struct worker *w, const struct msg *m, struct msg_done *done, struct err *e)
{
	long long number = (long long)w->number;

	if (m->type == MSG_STEP) {
		title_set("dwh: worker %lld %.*s %.*s", number, STRF(m->u.step.phase),
		    STRF(m->u.step.name));
		return task_step(w, &m->u.step, done, e);
	}
	if (m->type == MSG_LIST) {
		title_set("dwh: worker %lld list %.*s %.*s", number, STRF(m->u.list.source),
		    STRF(m->u.list.prefix));
		return task_list(w, &m->u.list, done, e);
	}
	title_set(
	    "dwh: worker %lld copy %.*s %.8s", number, STRF(m->u.copy.source), m->u.copy.shard.p);
	return task_copy(w, &m->u.copy, done, e);
}

/* After a failure the session is left clean for the next task: rolled back, or closed. */
static void clean_up(struct worker *w)
{
	struct err ignored;

	if (!w->pg.conn)
		return;
	if (!pg_alive(&w->pg) || PQtransactionStatus(w->pg.conn) == PQTRANS_ACTIVE) {
		pg_close(&w->pg);
		return;
	}
	w->pg.tick = NULL;
	if (PQtransactionStatus(w->pg.conn) != PQTRANS_IDLE &&
	    !pg_exec(&w->pg, "ROLLBACK", &ignored))
		pg_close(&w->pg);
	w->pg.tick = worker_tick;
}

/* Why S3 was asked again: also of a task that failed. */
static void send_again(struct worker *w)
{
	size_t n = 0;
	const struct s3_cause *c = w->s3 ? s3_causes(w->s3, &n) : NULL;

	for (size_t i = 0; i < n; i++) {
		struct msg m = {.type = MSG_AGAIN,
		    .u.again = {.id = w->task_id,
		        .code = str_z(c[i].code),
		        .times = (int64_t)c[i].times,
		        .message = str_z(c[i].first)}};

		worker_send(&m);
	}
	if (w->s3)
		s3_forget_causes(w->s3);
}

static void do_task(struct worker *w, const struct msg *m)
{
	struct msg out = {.type = MSG_DONE};
	struct s3_stats before = {0}, after;
	int64_t began = clock_ms(), cpu = cpu_ms();
	struct err e;

	stop = 0; /* a cancel of the task before, that came too late, is not meant for this one */
	unheard = false;
	arena_reset(w->task);
	w->task_id = msg_task_id(m);
	w->so_far = (struct msg_beat){.id = w->task_id};
	w->beat_at = began;
	if (w->s3)
		before = s3_stats(w->s3);
	w->requests_before = before.requests;
	if (run_task(w, m, &out.u.done, &e)) {
		out.u.done.id = w->task_id;
		out.u.done.total_ms = clock_ms() - began;
		out.u.done.cpu_ms = cpu_ms() - cpu;
		if (w->s3) {
			after = s3_stats(w->s3);
			out.u.done.requests += (int64_t)(after.requests - before.requests);
			out.u.done.retries += (int64_t)(after.retries - before.retries);
		}
		crash_here(m->type == MSG_COPY   ? "copy:before-answer"
		           : m->type == MSG_LIST ? "list:before-answer"
		                                 : "step:before-answer");
	} else {
		clean_up(w);
		out = msg_of_err(w->task_id, &e);
		out.u.fail.total_ms = clock_ms() - began;
	}
	send_again(w);
	title_set("dwh: worker %lld idle", (long long)w->number);
	worker_send(&out);
}

static bool say_ready(struct worker *w, const struct msg_hello *h, struct err *e)
{
	struct msg ready = {.type = MSG_READY, .u.ready = {.v = MSG_VERSION, .pid = getpid()}};
	struct config_set *sets = arena_alloc(w->life, h->sets.n * sizeof *sets);

	for (size_t i = 0; i < h->sets.n; i++) {
		struct str s = arena_str(w->life, h->sets.v[i]);
		size_t eq = str_find(s, '=');

		sets[i] = (struct config_set){{s.p, eq}, str_from(s, eq + 1)};
	}
	w->number = h->worker;
	w->run = arena_str(w->life, h->run);
	log_name("dwh: worker %lld", (long long)h->worker);
	if (!config_load(h->config.n ? arena_cstr(w->life, h->config) : NULL, sets, h->sets.n,
	        w->life, &w->config, e) ||
	    !cluster_found(&w->config, w->life, e) ||
	    !model_load(w->config.load.model, &w->config, w->life, &w->model, e))
		return false;
	title_set("dwh: worker %lld idle", (long long)w->number);
	worker_send(&ready);
	return true;
}

static bool take_line(
    struct worker *w, struct str line, bool *greeted, struct arena *a, struct err *e)
{
	struct msg m;

	if (!msg_decode(line, a, &m, e))
		return false;
	if (!*greeted) {
		if (m.type != MSG_HELLO || m.u.hello.v != MSG_VERSION)
			return err_set(e, ERR_CRASH, AT_INTERNAL, NULL,
			    "hello of version %d must come first", MSG_VERSION);
		*greeted = true;
		return say_ready(w, &m.u.hello, e);
	}
	if (m.type != MSG_STEP && m.type != MSG_LIST && m.type != MSG_COPY)
		return err_set(
		    e, ERR_CRASH, AT_INTERNAL, NULL, "a worker takes no %s", msg_name(m.type));
	do_task(w, &m);
	return true;
}

static void serve(struct worker *w)
{
	struct arena *a = arena_new();
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool greeted = false;
	struct err e;

	while ((n = getline(&line, &cap, stdin)) > 0 || (n < 0 && errno == EINTR && !feof(stdin))) {
		if (n < 0) {
			clearerr(stdin);
			continue;
		}
		arena_reset(a);
		if (!take_line(w, (struct str){line, (size_t)n - (line[n - 1] == '\n')}, &greeted,
		        a, &e)) {
			struct msg fail = msg_of_err(0, &e);

			worker_send(&fail);
			break;
		}
	}
	free(line);
	arena_free(a);
}

int worker_main(void)
{
	struct sigaction term = {.sa_handler = on_term, .sa_flags = 0};
	struct worker w = {.life = arena_new(), .task = arena_new()};

	log_patience(0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigaction(SIGTERM, &term, NULL);
	serve(&w);
	pg_close(&w.pg);
	fetch_free(w.fetch);
	s3_close(w.s3);
	arena_free(w.task);
	arena_free(w.life);
	return 0;
}
