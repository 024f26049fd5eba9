/* s3d.c - the command: options, the listening socket, signals; see s3d.h. */
#include "workers/local/s3d.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "workers/local/s3d_call.h"
#include "workers/local/s3d_front.h"
#include "workers/local/serving.h"

struct options {
	const char *root, *listen, *port, *key_file, *fault_log, *log;
	int ready_fd;
};

void s3d_help(FILE *out)
{
	fputs(
	    "  --root DIR        its sub-folders are the buckets, their files the objects\n"
	    "  --key-file FILE   who may come in: a line with the key id, a line with the secret,\n"
	    "                    for as many keys as there are; mode 0600; read again on USR1. Or\n"
	    "                    S3D_ACCESS_KEY and S3D_SECRET_KEY in the environment\n"
	    "  --anonymous       everybody may, without a signature\n"
	    "  --port N          default: one that is free; the line \"s3d ready PORT\" says it\n"
	    "  --listen ADDR     default: 127.0.0.1\n"
	    "  --ready-fd N      where that line goes (default: standard output)\n"
	    "  --region R        default: us-west-2\n"
	    "  --latency TIME    before each answer, such as 30ms\n"
	    "  --fault SPEC      [OPERATION:]KIND:PERCENT%[:PARAMETER], such as get:503:5%; may "
	    "be\n"
	    "                    repeated. OPERATION: get head put delete list post. KIND: 503 "
	    "500\n"
	    "                    retryafter[:SECONDS] error200 reset cut slow[:TIME] 403\n"
	    "  --seed N          the same faults again\n"
	    "  --fault-log FILE  a line for each fault\n"
	    "  --log FILE        a line of JSON for each request\n",
	    out);
}

static bool read_option(int which, struct options *o, struct s3d *s, struct err *e)
{
	int64_t n = 0;

	switch (which) {
	case 'r': o->root = optarg; return true;
	case 'l': o->listen = optarg; return true;
	case 'k': o->key_file = optarg; return true;
	case 'g': o->fault_log = optarg; return true;
	case 'L': o->log = optarg; return true;
	case 'R': s->region = str_z(optarg); return true;
	case 'a': s->anonymous = true; return true;
	case 'f': return s3d_fault_add(&s->faults, str_z(optarg), e);
	case 'p':
		o->port = optarg;
		return serving_number("port", optarg, "a number from 0 to 65535", &n, e);
	case 'd':
		if (!serving_number("ready-fd", optarg, "an open descriptor", &n, e))
			return false;
		o->ready_fd = (int)n;
		return true;
	case 't':
		return s3d_fault_duration(str_z(optarg), &s->latency_ms) ||
		       serving_bad(e, "latency", optarg, "a time like 30ms or 1s");
	case 's':
		if (!str_to_i64(str_z(optarg), &n))
			return serving_bad(e, "seed", optarg, "a number");
		s->faults.state = (uint64_t)n;
		return true;
	default: return err_set(e, ERR_SETUP, AT_USAGE, NULL, "see `dwh s3d --help`");
	}
}

static bool read_options(int argc, char **argv, struct options *o, struct s3d *s, struct err *e)
{
	static const struct option names[] = {
	    {"root", required_argument, NULL, 'r'},
	    {"port", required_argument, NULL, 'p'},
	    {"listen", required_argument, NULL, 'l'},
	    {"key-file", required_argument, NULL, 'k'},
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"fault", required_argument, NULL, 'f'},
	    {"fault-log", required_argument, NULL, 'g'},
	    {"log", required_argument, NULL, 'L'},
	    {"latency", required_argument, NULL, 't'},
	    {"region", required_argument, NULL, 'R'},
	    {"anonymous", no_argument, NULL, 'a'},
	    {"seed", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	int which;

	optind = 1;
	while ((which = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!read_option(which, o, s, e))
			return false;
	if (optind < argc)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL, "%s: not expected here", argv[optind]);
	if (!o->root)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--root is needed: the folder whose sub-folders are the buckets");
	return true;
}

static bool read_keys(const struct options *o, struct s3d *s, struct arena *a, struct err *e)
{
	if (o->key_file && !s3d_keys_read(o->key_file, a, &s->keys, e))
		return false;
	s3d_keys_env(a, &s->keys);
	if (s->keys.n == 0 && !s->anonymous)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "no keys: give --key-file (a line with the key id, a line with the secret), "
		    "S3D_ACCESS_KEY and S3D_SECRET_KEY in the environment, or --anonymous");
	return true;
}

static void on_signal(evutil_socket_t signal_no, short what, void *base)
{
	(void)signal_no;
	(void)what;
	event_base_loopbreak(base);
}

/* Who may come in, as it is read again. */
struct door {
	struct s3d *s;
	const struct options *o;
	struct arena *a;
};

static void on_keys(evutil_socket_t signal_no, short what, void *ctx)
{
	struct door *d = ctx;
	struct s3d_keys before = d->s->keys;
	struct err e;

	(void)signal_no;
	(void)what;
	d->s->keys = (struct s3d_keys){.n = 0};
	if (read_keys(d->o, d->s, d->a, &e))
		return;
	d->s->keys = before;
	log_error("the keys stay as they were: %s", e.msg);
}

/* Until a signal comes. */
static void serve(struct door *d, struct event_base *base, int fd)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct event *keys = evsignal_new(base, SIGUSR1, on_keys, d);
	struct s3d_front *f = s3d_front_new(base, fd, d->s);

	event_add(term, NULL);
	event_add(intr, NULL);
	event_add(keys, NULL);
	event_base_dispatch(base);
	s3d_front_free(f);
	event_free(keys);
	event_free(term);
	event_free(intr);
}

static bool open_log(const char *option, const char *path, int *fd, struct err *e)
{
	if (!path)
		return true;
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return *fd >= 0 || err_errno(e, ERR_SETUP, AT_CONFIG, "--%s %s", option, path);
}

static bool run(int argc, char **argv, struct s3d *s, struct arena *a, struct err *e)
{
	struct options o = {.listen = "127.0.0.1", .port = "0", .ready_fd = STDOUT_FILENO};
	struct event_base *base;
	int fd = -1, port = 0;
	bool ok;

	if (!read_options(argc, argv, &o, s, e) || !read_keys(&o, s, a, e) ||
	    !open_log("fault-log", o.fault_log, &s->faults.log, e) ||
	    !open_log("log", o.log, &s->log, e) || !s3d_store_open(&s->store, o.root, e))
		return false;
	base = event_base_new();
	ok = base || err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "no event loop");
	ok = ok && serving_listen(o.listen, o.port, &fd, &port, e) &&
	     serving_say_ready("s3d", o.ready_fd, port, e);
	if (ok) {
		log_info("serving %s on %s port %d, region %.*s", o.root, o.listen, port,
		    STRF(s->region));
		serve(&(struct door){s, &o, a}, base, fd);
	}
	if (fd >= 0)
		close(fd);
	if (base)
		event_base_free(base);
	s3d_store_close(&s->store);
	return ok;
}

int s3d_main(int argc, char **argv)
{
	struct s3d s = {
	    .region = STR("us-west-2"),
	    .faults = {.state = (uint64_t)clock_wall_ms(), .log = -1},
	    .log = -1,
	};
	struct arena *a = arena_new();
	struct err e;
	bool ok;

	log_name("dwh: s3d");
	signal(SIGPIPE, SIG_IGN);
	ok = run(argc, argv, &s, a, &e);
	if (!ok)
		log_error("%s", e.msg);
	if (s.faults.log >= 0)
		close(s.faults.log);
	if (s.log >= 0)
		close(s.log);
	arena_free(a);
	return serving_status(ok, &e);
}
