/*
 * faulty.h - a small S3 server on the loopback, in threads of the test, that fails on command.
 *
 * Objects are /bkt/0, /bkt/1, ...: number i has the bytes of content_at(i, 0..size-1) and the ETag
 * "e<i>". It knows If-Match and "Range: bytes=N-". Each object has a script: its n-th request meets
 * the n-th action, and GOOD from there on.
 */
#ifndef TESTS_UNIT_FAULTY_H
#define TESTS_UNIT_FAULTY_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum action_kind {
	GOOD,
	RAW,         /* text is the whole answer, then the connection is closed */
	CUT,         /* arg bytes of the body, then the connection is closed */
	RESET,       /* the same, with a RST */
	CHUNKED,     /* good, without Content-Length */
	UNTIL_CLOSE, /* arg bytes, neither length nor chunks: the end is the end of the connection
	              */
	NO_RANGES,   /* 200 and the whole object, whatever was asked for */
	WRONG_RANGE, /* 206 from one byte further on than asked for */
	OTHER_ETAG,  /* 200 with the ETag of another object, If-Match not looked at */
	LENGTH,      /* good, but the object has arg bytes now */
	LONG_CHUNKS, /* the same, without Content-Length */
	DRIP,        /* good, arg bytes at a time with 1 ms in between */
};

struct action {
	enum action_kind kind;
	long arg;
	const char *text;
};

enum { SCRIPT = 8, OBJECTS = 1024, CONNECTIONS = 4096 };

struct faulty {
	int fd, port;
	pthread_t acceptor, handlers[CONNECTIONS];
	int fds[CONNECTIONS];
	pthread_mutex_t lock;

	uint64_t size[OBJECTS];
	struct action script[OBJECTS][SCRIPT];
	struct action other[SCRIPT]; /* for every path that is no object */

	int seen[OBJECTS];          /* requests */
	uint64_t from[OBJECTS][16]; /* where each began */
	int seen_other;
	char last[8192]; /* head and body of the latest request */
	int connections;
	bool unsigned_seen, unconditional;
};

static inline char content_at(size_t i, uint64_t at)
{
	return (char)('!' + (at * 7 + at / 251 + i * 13) % 90);
}

static inline bool faulty_send(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static inline void faulty_reset(int fd)
{
	struct linger l = {.l_onoff = 1};

	usleep(20000); /* a RST overtakes what was not yet read */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

/* Bytes [from, to) of object i, step at a time. */
static inline bool faulty_body(
    int fd, size_t i, uint64_t from, uint64_t to, size_t step, bool chunks, unsigned pause_us)
{
	char piece[16384], head[32];

	while (from < to) {
		size_t n = to - from < step ? (size_t)(to - from) : step;

		for (size_t k = 0; k < n; k++)
			piece[k] = content_at(i, from + k);
		snprintf(head, sizeof head, "%zx\r\n", n);
		if ((chunks && !faulty_send(fd, head, strlen(head))) ||
		    !faulty_send(fd, piece, n) || (chunks && !faulty_send(fd, "\r\n", 2)))
			return false;
		from += n;
		if (pause_us)
			usleep(pause_us);
	}
	return !chunks || faulty_send(fd, "0\r\n\r\n", 5);
}

/* Answers one request for an object; false closes the connection. */
static inline bool faulty_object(
    int fd, size_t i, const struct action *a, uint64_t size, uint64_t from, bool ranged, bool match)
{
	bool chunks = a->kind == CHUNKED || a->kind == LONG_CHUNKS, open = a->kind == UNTIL_CLOSE;
	uint64_t now = a->kind == LENGTH || a->kind == LONG_CHUNKS ? (uint64_t)a->arg : size;
	uint64_t to = now, begin;
	char head[512];
	int n;

	if (!match && a->kind != OTHER_ETAG) {
		static const char no[] =
		    "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 58\r\n\r\n"
		    "<Error><Code>PreconditionFailed</Code><Message/></Error>\r\n";

		return faulty_send(fd, no, sizeof no - 1);
	}
	if (a->kind == NO_RANGES) {
		ranged = false;
		from = 0;
	}
	begin = from + (a->kind == WRONG_RANGE);
	n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nETag: \"%s%zu\"\r\n",
	    ranged ? "206 Partial Content" : "200 OK", a->kind == OTHER_ETAG ? "other" : "e", i);
	if (ranged)
		n += snprintf(head + n, sizeof head - (size_t)n,
		    "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)begin,
		    (unsigned long long)now - 1, (unsigned long long)now);
	if (chunks)
		n += snprintf(
		    head + n, sizeof head - (size_t)n, "Transfer-Encoding: chunked\r\n\r\n");
	else if (open)
		n += snprintf(head + n, sizeof head - (size_t)n, "Connection: close\r\n\r\n");
	else
		n += snprintf(head + n, sizeof head - (size_t)n, "Content-Length: %llu\r\n\r\n",
		    (unsigned long long)(now - begin));
	if (!faulty_send(fd, head, (size_t)n))
		return false;
	if (a->kind == CUT || a->kind == RESET || open)
		to = begin + (uint64_t)a->arg < now ? begin + (uint64_t)a->arg : now;
	if (!faulty_body(fd, i, begin, to, a->kind == DRIP ? (size_t)a->arg : 16384, chunks,
	        a->kind == DRIP ? 1000 : 0))
		return false;
	if (a->kind == RESET)
		faulty_reset(fd);
	return a->kind != CUT && a->kind != RESET && !open;
}

static inline const char *faulty_header(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at ? at + strlen(name) : NULL;
}

/* Head and body of the next request, NUL-terminated; what does not fit is read and dropped. */
static inline bool faulty_read(int fd, char *in, size_t size)
{
	size_t n = 0, need = 0, kept = 0;
	char more[16384];

	for (;;) {
		bool fits = kept < size - 1;
		ssize_t r = recv(
		    fd, fits ? in + kept : more, fits ? size - 1 - kept : sizeof more, 0);
		const char *end, *length;

		if (r <= 0)
			return false;
		n += (size_t)r;
		kept += fits ? (size_t)r : 0;
		in[kept] = '\0';
		end = strstr(in, "\r\n\r\n");
		if (!end)
			continue;
		length = faulty_header(in, "\r\nContent-Length: ");
		need = (size_t)(end + 4 - in) + (length ? strtoul(length, NULL, 10) : 0);
		if (n >= need)
			return true;
	}
}

struct faulty_job {
	struct faulty *f;
	int fd;
};

static inline void *faulty_serve(void *arg)
{
	struct faulty_job job = *(struct faulty_job *)arg;
	struct faulty *f = job.f;
	char in[8192];
	bool open = true;

	free(arg);
	while (open && faulty_read(job.fd, in, sizeof in)) {
		const char *path = strchr(in, ' ') + 1;
		const char *range = faulty_header(in, "\r\nRange: bytes=");
		const char *match = faulty_header(in, "\r\nIf-Match: \"e");
		size_t i = OBJECTS;
		int nth;
		struct action a = {GOOD, 0, NULL};
		uint64_t size = 0, from = range ? strtoull(range, NULL, 10) : 0;

		if (strncmp(path, "/bkt/", 5) == 0 && path[5] >= '0' && path[5] <= '9')
			i = strtoul(path + 5, NULL, 10);
		pthread_mutex_lock(&f->lock);
		memcpy(f->last, in, sizeof in);
		f->unsigned_seen |= !strstr(in, "Authorization: AWS4-HMAC-SHA256 ");
		if (i < OBJECTS) {
			nth = f->seen[i]++;
			size = f->size[i];
			f->unconditional |= !match;
			if (nth < 16)
				f->from[i][nth] = from;
			if (nth < SCRIPT)
				a = f->script[i][nth];
		} else {
			nth = f->seen_other++;
			a = f->other[nth < SCRIPT ? nth : SCRIPT - 1];
		}
		pthread_mutex_unlock(&f->lock);
		if (a.kind == RAW) {
			faulty_send(job.fd, a.text, strlen(a.text));
			open = false;
		} else {
			open = faulty_object(job.fd, i, &a, size, from, range != NULL,
			    !match || strtoul(match, NULL, 10) == i);
		}
	}
	shutdown(job.fd, SHUT_WR);
	close(job.fd);
	return NULL;
}

static inline void *faulty_accept(void *arg)
{
	struct faulty *f = arg;

	for (;;) {
		int fd = accept(f->fd, NULL, NULL), on = 1;
		struct faulty_job *job;

		if (fd < 0)
			return NULL;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		job = malloc(sizeof *job);
		if (!job || f->connections == CONNECTIONS)
			abort();
		*job = (struct faulty_job){f, fd};
		f->fds[f->connections] = fd;
		if (pthread_create(&f->handlers[f->connections], NULL, faulty_serve, job))
			abort();
		f->connections++;
	}
}

/* All objects have `size` bytes and are good until the test says otherwise. */
static inline struct faulty *faulty_start(uint64_t size)
{
	struct faulty *f = calloc(1, sizeof *f);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	if (!f)
		abort();
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_init(&f->lock, NULL);
	for (size_t i = 0; i < OBJECTS; i++)
		f->size[i] = size;
	f->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&at, len) || listen(f->fd, 128) ||
	    getsockname(f->fd, (struct sockaddr *)&at, &len) ||
	    pthread_create(&f->acceptor, NULL, faulty_accept, f))
		abort();
	f->port = ntohs(at.sin_port);
	return f;
}

/* The clients have closed their connections. */
static inline void faulty_stop(struct faulty *f)
{
	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->acceptor, NULL);
	close(f->fd);
	for (int i = 0; i < f->connections; i++)
		pthread_join(f->handlers[i], NULL);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

#endif
