/* s3d_front.c - see s3d_front.h. While the connections are at their limit, new ones wait in the
 * backlog of the socket. */
#include "workers/local/s3d_front.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "shared/arena.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "workers/local/s3d_conn.h"

enum {
	SWEEP_S = 1,
	FDS_MAX = 65536,
	FDS_SPARE = 64, /* for buckets, logs and whatever is open for a moment */
	FDS_EACH = 3,   /* a connection: its socket, a file, a draft */
	ACCEPT_TURN = 64,
};

struct s3d_front {
	struct s3d_conns conns;
	size_t max;
	struct event *accept, *sweep;
};

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct s3d_front *f = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_TURN && f->conns.n < f->max; i++) {
		int one = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (one >= 0) {
			s3d_conn_new(&f->conns, one);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			log_warn("no descriptors left for new connections");
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
	if (f->conns.n >= f->max)
		event_del(f->accept);
}

static void on_closed(void *arg)
{
	struct s3d_front *f = arg;

	if (f->conns.n + 1 == f->max)
		event_add(f->accept, NULL);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct s3d_front *f = arg;

	(void)fd;
	(void)what;
	s3d_conn_sweep(&f->conns, clock_ms());
}

/* As many as descriptors allow, after asking for all that we may have. */
static size_t connections_max(void)
{
	struct rlimit r, more;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return FDS_SPARE;
	more = r;
	more.rlim_cur = r.rlim_max < FDS_MAX ? r.rlim_max : FDS_MAX;
	if (more.rlim_cur > r.rlim_cur && setrlimit(RLIMIT_NOFILE, &more) == 0)
		r = more;
	return r.rlim_cur > 2 * FDS_SPARE ? (size_t)(r.rlim_cur - FDS_SPARE) / FDS_EACH
	                                  : FDS_SPARE / FDS_EACH;
}

struct s3d_front *s3d_front_new(struct event_base *base, int fd, struct s3d *s)
{
	const struct timeval every = {.tv_sec = SWEEP_S};
	struct s3d_front *f = xcalloc(1, sizeof *f);

	f->conns.base = base;
	f->conns.s = s;
	f->conns.scratch = xmalloc(S3D_READ);
	f->conns.closed = on_closed;
	f->conns.ctx = f;
	f->max = connections_max();
	f->accept = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, f);
	f->sweep = event_new(base, -1, EV_PERSIST, on_sweep, f);
	event_add(f->accept, NULL);
	event_add(f->sweep, &every);
	return f;
}

void s3d_front_free(struct s3d_front *f)
{
	s3d_conn_close_all(&f->conns);
	event_free(f->accept);
	event_free(f->sweep);
	free(f->conns.scratch);
	free(f);
}
