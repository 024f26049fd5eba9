/* redshiftd_wire.c - see redshiftd_wire.h. */
#include "workers/local/redshiftd_wire.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { PIECE = 64 << 10, START_MAX = 10000 };

static ssize_t plain_get(struct wire *w, void *p, size_t n)
{
	return read(w->fd, p, n);
}

static ssize_t plain_put(struct wire *w, const void *p, size_t n)
{
	return write(w->fd, p, n);
}

void wire_init(struct wire *w, int fd)
{
	*w = (struct wire){.fd = fd, .get = plain_get, .put = plain_put};
	buf_init(&w->in, WIRE_MESSAGE_MAX + 2 * PIECE);
	buf_init(&w->out, WIRE_MESSAGE_MAX + 2 * PIECE);
}

void wire_free(struct wire *w)
{
	buf_free(&w->in);
	buf_free(&w->out);
}

static uint32_t big_endian(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* head: bytes before the length. */
static enum wire_got take(struct wire *w, size_t head, size_t max, struct str *body)
{
	struct str left = str_from(buf_view(&w->in), w->taken);
	size_t n;

	if (left.n < head + 4)
		return WIRE_NOTHING;
	n = big_endian(left.p + head);
	if (n < 4 || n > max)
		return WIRE_BROKEN;
	if (left.n < head + n)
		return WIRE_NOTHING;
	*body = (struct str){left.p + head + 4, n - 4};
	w->taken += head + n;
	return WIRE_MESSAGE;
}

enum wire_got wire_take(struct wire *w, struct wire_msg *m)
{
	struct str left = str_from(buf_view(&w->in), w->taken);

	if (left.n)
		m->type = left.p[0];
	return take(w, 1, WIRE_MESSAGE_MAX, &m->body);
}

enum wire_got wire_take_start(struct wire *w, struct str *body)
{
	return take(w, 0, START_MAX, body);
}

bool wire_fill(struct wire *w)
{
	char *room;
	ssize_t n;

	buf_shift(&w->in, w->taken);
	w->taken = 0;
	room = buf_room(&w->in, PIECE);
	if (!room)
		return false;
	do
		n = w->get(w, room, PIECE);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		w->in.n += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

bool wire_wait(const struct wire *w, int ms)
{
	struct pollfd fd = {.fd = w->fd, .events = POLLIN};

	return (w->pending && w->pending(w)) || poll(&fd, 1, ms) > 0;
}

void wire_raw(struct wire *w, struct str bytes)
{
	if (w->out.n >= PIECE)
		wire_flush(w);
	buf_str(&w->out, bytes);
}

void wire_put(struct wire *w, char type, struct str body)
{
	if (w->out.n >= PIECE)
		wire_flush(w);
	buf_c(&w->out, type);
	wire_put32(&w->out, (uint32_t)(body.n + 4));
	buf_str(&w->out, body);
}

bool wire_flush(struct wire *w)
{
	size_t sent = 0;
	bool ok = !w->out.over;

	while (ok && sent < w->out.n) {
		ssize_t n = w->put(w, w->out.p + sent, w->out.n - sent);
		struct pollfd fd = {.fd = w->fd, .events = POLLOUT};

		if (n > 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			poll(&fd, 1, WIRE_TICK_MS);
		else
			ok = errno == EINTR;
	}
	buf_reset(&w->out);
	return ok;
}

bool wire_string(struct str *body, struct str *out)
{
	size_t n = str_find(*body, '\0');

	if (n == body->n)
		return false;
	*out = (struct str){body->p, n};
	*body = str_from(*body, n + 1);
	return true;
}

bool wire_int32(struct str *body, uint32_t *out)
{
	if (body->n < 4)
		return false;
	*out = big_endian(body->p);
	*body = str_from(*body, 4);
	return true;
}

void wire_put32(struct buf *b, uint32_t n)
{
	const char bytes[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

	buf_add(b, bytes, sizeof bytes);
}
