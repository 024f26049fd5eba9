/*
 * s3d_conn.c - a connection: bytes in, bytes out, and nothing of S3.
 *
 * Each connection is in one state; drive() goes through them until it has to wait:
 *
 *   HEAD    the head of a request is collected in `in`; no call is under way
 *   WAIT    the call is ready, held back by --latency; not reading
 *   BODY    the body goes through s3d_call_feed; nothing of it is kept here
 *   WORK    the operation works in pieces, one a turn of the loop; not reading
 *   SEND    head, body, file of the reply go out; while the socket is full, not reading
 *   STALL   SEND, held back by a fault; not reading
 *   LINGER  all is sent and our side is shut; what still comes is thrown away, so that the
 *           client reads the answer before a reset reaches it
 *   DEAD    to be freed by whoever called drive()
 *
 * One request at a time: the next one of a pipeline stays in `in` (or in the socket) until the
 * answer is out. Whoever is silent for IDLE_MS is dropped (with an answer when a request had begun,
 * as S3 does); LINGER ends after LINGER_MS. Memory per connection: its struct, at most HEAD_MAX and
 * one reading in `in`, and the reply, which is one small object, one page of a listing, or a
 * descriptor whose file is sent by the kernel.
 */
#include "workers/local/s3d_conn.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shared/clock.h"

enum {
	IN_MAX = S3D_HEAD_MAX + S3D_READ,
	FILE_TURN = 1 << 20, /* bytes of a file before others have their turn */
	IDLE_MS = 60 * 1000,
	LINGER_MS = 2000,
};

enum state { HEAD, WAIT, BODY, WORK, SEND, STALL, LINGER, DEAD };

struct s3d_conn {
	struct s3d_conn *prev, *next;
	struct s3d_conns *all;
	int fd;
	enum state state;
	bool reading, writing; /* events that are added */
	struct event read, write, timer;
	struct buf in;
	struct s3d_call call;
	size_t sent_head, sent_body; /* of the reply */
	int64_t limit;   /* bytes of the reply until the fault happens; -1: none is to come */
	int64_t touched; /* clock_ms of the last byte */
};

static void drive(struct s3d_conn *c);

static void conn_free(struct s3d_conn *c)
{
	struct s3d_conns *all = c->all;

	event_del(&c->read);
	event_del(&c->write);
	event_del(&c->timer);
	s3d_call_clear(&c->call);
	arena_free(c->call.arena);
	buf_free(&c->call.reply.head);
	buf_free(&c->call.reply.body);
	buf_free(&c->in);
	close(c->fd);
	if (c->prev)
		c->prev->next = c->next;
	else
		all->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
	all->n--;
	all->closed(all->ctx);
}

static void want_read(struct s3d_conn *c, bool on)
{
	if (c->reading == on)
		return;
	c->reading = on;
	if (on)
		event_add(&c->read, NULL);
	else
		event_del(&c->read);
}

static void want_write(struct s3d_conn *c, bool on)
{
	if (c->writing == on)
		return;
	c->writing = on;
	if (on)
		event_add(&c->write, NULL);
	else
		event_del(&c->write);
}

static void wake_in(struct s3d_conn *c, int64_t ms)
{
	const struct timeval tv = {
	    .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	event_add(&c->timer, &tv);
}

/* A reset instead of an orderly end. */
static void reset(struct s3d_conn *c)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	c->state = DEAD;
}

static void linger(struct s3d_conn *c)
{
	c->touched = clock_ms();
	c->state = shutdown(c->fd, SHUT_WR) == 0 ? LINGER : DEAD;
}

/* Where in the reply the fault of this call happens. */
static int64_t fault_limit(struct s3d_conn *c)
{
	const struct s3d_fault *fault = c->call.fault;
	int64_t head = (int64_t)c->call.reply.head.n;
	int64_t body = (int64_t)c->call.reply.body.n + c->call.reply.left;

	if (!fault)
		return -1;
	switch (fault->kind) {
	case S3D_FAULT_RESET: return s3d_fault_random(&c->all->s->faults) & 1 ? 0 : head + body / 2;
	case S3D_FAULT_CUT:
	case S3D_FAULT_SLOW: return head + body / 2;
	case S3D_FAULT_NONE:
	case S3D_FAULT_503:
	case S3D_FAULT_500:
	case S3D_FAULT_403:
	case S3D_FAULT_RETRY_AFTER:
	case S3D_FAULT_ERROR200:
	default: return -1;
	}
}

static void enter(struct s3d_conn *c, enum s3d_phase phase)
{
	switch (phase) {
	case S3D_PHASE_BODY: c->state = BODY; break;
	case S3D_PHASE_WORK: c->state = WORK; break;
	case S3D_PHASE_REPLY:
		c->state = SEND;
		c->sent_head = c->sent_body = 0;
		c->limit = fault_limit(c);
		break;
	}
}

static void say_continue(struct s3d_conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	/* The socket is empty here: a client that waits has read every answer. */
	if (send(c->fd, text, sizeof text - 1, MSG_NOSIGNAL) != (ssize_t)sizeof text - 1)
		c->state = DEAD;
}

static void begin(struct s3d_conn *c)
{
	bool waits = c->call.http.expect && c->in.n == 0;

	enter(c, s3d_call_begin(&c->call));
	/* Also before an empty body, as S3 does: a client (botocore) that has seen another answer
	 * in its place misreads the next one of the connection. */
	if (waits && (c->state == BODY || !c->call.reply.close))
		say_continue(c);
}

/* True when a head was complete and the state is another one. */
static bool take_head(struct s3d_conn *c)
{
	enum s3d_http_result result;
	size_t used = 0;

	result = s3d_http_parse(buf_view(&c->in), &c->call.http, &used);
	if (result == S3D_HTTP_MORE)
		return false;
	if (result != S3D_HTTP_DONE) {
		s3d_call_refuse(
		    &c->call, result == S3D_HTTP_BAD ? S3D_BAD_REQUEST : S3D_HEAD_TOO_LARGE);
		buf_reset(&c->in);
		enter(c, S3D_PHASE_REPLY);
		return true;
	}
	/* The head must stay where its views point to, while `in` goes on to be used. */
	s3d_http_parse(arena_str(c->call.arena, (struct str){c->in.p, used}), &c->call.http, &used);
	buf_shift(&c->in, used);
	if (c->all->s->latency_ms) {
		c->state = WAIT;
		wake_in(c, c->all->s->latency_ms);
		return true;
	}
	begin(c);
	return true;
}

/* True when the body is complete. */
static bool take_body(struct s3d_conn *c, struct str *in)
{
	if (!s3d_call_feed(&c->call, in))
		return false;
	enter(c, s3d_call_end(&c->call));
	return true;
}

static bool body_from_in(struct s3d_conn *c)
{
	struct str in = buf_view(&c->in);
	bool done = in.n > 0 && take_body(c, &in);

	buf_shift(&c->in, c->in.n - in.n);
	return done;
}

static void finish(struct s3d_conn *c)
{
	bool last = c->call.reply.close;

	s3d_call_clear(&c->call);
	if (c->in.cap > 2 * S3D_HEAD_MAX && c->in.n == 0)
		buf_free(&c->in);
	if (last)
		linger(c);
	else
		c->state = HEAD;
}

/* The fault's place in the reply is reached. */
static void strike(struct s3d_conn *c)
{
	c->limit = -1;
	if (c->call.fault->kind == S3D_FAULT_RESET) {
		reset(c);
	} else if (c->call.fault->kind == S3D_FAULT_SLOW) {
		c->state = STALL;
		wake_in(c, c->call.fault->param);
	} else {
		linger(c);
	}
}

static size_t capped(const struct s3d_conn *c, size_t n)
{
	return c->limit >= 0 && (int64_t)n > c->limit ? (size_t)c->limit : n;
}

static ssize_t send_buffers(struct s3d_conn *c)
{
	struct s3d_reply *r = &c->call.reply;
	size_t head = capped(c, r->head.n - c->sent_head);
	size_t body = capped(c, r->head.n - c->sent_head + r->body.n - c->sent_body) - head;
	struct iovec v[2];
	struct msghdr m = {.msg_iov = v};
	ssize_t n;

	if (head)
		v[m.msg_iovlen++] = (struct iovec){r->head.p + c->sent_head, head};
	if (body)
		v[m.msg_iovlen++] = (struct iovec){r->body.p + c->sent_body, body};
	n = sendmsg(c->fd, &m, MSG_NOSIGNAL | (r->left ? MSG_MORE : 0));
	if (n > 0) {
		size_t h = (size_t)n < head ? (size_t)n : head;

		c->sent_head += h;
		c->sent_body += (size_t)n - h;
		r->sent += n - (ssize_t)h;
	}
	return n;
}

static ssize_t send_file(struct s3d_conn *c)
{
	struct s3d_reply *r = &c->call.reply;
	off_t at = (off_t)r->at;
	size_t turn = r->left < FILE_TURN ? (size_t)r->left : FILE_TURN;
	ssize_t n = sendfile(c->fd, r->fd, &at, capped(c, turn));

	if (n > 0) {
		r->at += n;
		r->left -= n;
		r->sent += n;
	} else if (n == 0) {
		/* The file became shorter under us: a torn body, and that is what it is. */
		errno = EPIPE;
		n = -1;
	}
	return n;
}

/* True when the state is another one; false when the socket is full, or others have a turn. */
static bool send_some(struct s3d_conn *c)
{
	struct s3d_reply *r = &c->call.reply;
	bool file = false;

	for (;;) {
		ssize_t n;

		if (c->limit == 0) {
			strike(c);
			return true;
		}
		if (c->sent_head < r->head.n || c->sent_body < r->body.n) {
			n = send_buffers(c);
		} else if (r->left > 0 && !file) {
			file = true;
			n = send_file(c);
		} else if (r->left > 0) {
			return false;
		} else {
			finish(c);
			return true;
		}
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			c->state = DEAD;
			return true;
		}
		if (c->limit > 0)
			c->limit -= n;
		c->touched = clock_ms();
	}
}

static void drive(struct s3d_conn *c)
{
	bool on = true;

	while (on) {
		switch (c->state) {
		case HEAD: on = c->in.n > 0 && take_head(c); break;
		case BODY: on = body_from_in(c); break;
		case SEND: on = send_some(c); break;
		case WORK:
			wake_in(c, 0);
			on = false;
			break;
		case WAIT:
		case STALL:
		case LINGER:
		case DEAD: on = false; break;
		}
	}
	if (c->state == DEAD) {
		conn_free(c);
		return;
	}
	want_read(c, c->state == HEAD || c->state == BODY || c->state == LINGER);
	want_write(c, c->state == SEND);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct s3d_conn *c = arg;
	bool head = c->state == HEAD;
	ssize_t n;

	(void)what;
	n = recv(fd, c->all->scratch, head ? S3D_HEAD_MAX : S3D_READ, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_free(c);
		return;
	}
	if (c->state != LINGER) {
		struct str in = {c->all->scratch, (size_t)n};

		c->touched = clock_ms();
		if (c->state == BODY)
			take_body(c, &in);
		buf_str(&c->in, in);
		if (c->in.over)
			c->state = DEAD;
	}
	drive(c);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drive(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct s3d_conn *c = arg;

	(void)fd;
	(void)what;
	c->touched = clock_ms();
	if (c->state == WAIT)
		begin(c);
	else if (c->state == STALL)
		c->state = SEND;
	else if (c->state == WORK)
		enter(c, s3d_call_work(&c->call));
	drive(c);
}

void s3d_conn_new(struct s3d_conns *all, int fd)
{
	const int on = 1;
	struct s3d_conn *c = xcalloc(1, sizeof *c);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->all = all;
	c->fd = fd;
	c->limit = -1;
	c->touched = clock_ms();
	buf_init(&c->in, IN_MAX);
	s3d_call_init(&c->call, all->s);
	event_assign(&c->read, all->base, fd, EV_READ | EV_PERSIST, on_read, c);
	event_assign(&c->write, all->base, fd, EV_WRITE | EV_PERSIST, on_write, c);
	event_assign(&c->timer, all->base, -1, 0, on_timer, c);
	c->next = all->first;
	if (all->first)
		all->first->prev = c;
	all->first = c;
	all->n++;
	want_read(c, true);
}

/* With an answer where a request had begun, as S3 does. */
static void expire(struct s3d_conn *c)
{
	if (c->state != BODY && (c->state != HEAD || c->in.n == 0)) {
		conn_free(c);
		return;
	}
	s3d_call_refuse(&c->call, S3D_REQUEST_TIMEOUT);
	buf_reset(&c->in);
	c->touched = clock_ms();
	enter(c, S3D_PHASE_REPLY);
	drive(c);
}

void s3d_conn_sweep(struct s3d_conns *all, int64_t now)
{
	struct s3d_conn *next;

	for (struct s3d_conn *c = all->first; c; c = next) {
		int64_t idle = now - c->touched;

		next = c->next;
		if (c->state == WAIT || c->state == STALL || c->state == WORK)
			continue;
		if (idle > (c->state == LINGER ? LINGER_MS : IDLE_MS))
			expire(c);
	}
}

void s3d_conn_close_all(struct s3d_conns *all)
{
	struct s3d_conn *next;

	for (struct s3d_conn *c = all->first; c; c = next) {
		next = c->next;
		conn_free(c);
	}
}
