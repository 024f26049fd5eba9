/*
 * scripted.h - a server on the loopback, in a thread of the test, that gives the n-th request the
 * n-th answer of a script (the last one again and again), closes the connection, and keeps what it
 * was asked.
 */
#ifndef TESTS_UNIT_SCRIPTED_H
#define TESTS_UNIT_SCRIPTED_H

#include "tests/unit/faulty.h"

enum { SCRIPTED = 16 };

struct scripted {
	int fd, port;
	pthread_t thread;
	const char *const *answers; /* "" : the connection is closed without one */
	size_t n_answers;
	_Atomic int seen;           /* requests; read it when the client has its last answer */
	char asked[SCRIPTED][4096]; /* heads and bodies of the first ones */
};

static inline void *scripted_serve(void *arg)
{
	struct scripted *s = arg;
	int fd;

	while (fd = accept(s->fd, NULL, NULL), fd >= 0) {
		size_t n = (size_t)s->seen;
		char in[sizeof s->asked[0]];

		if (faulty_read(fd, in, sizeof in)) {
			const char *answer = s->answers[n < s->n_answers ? n : s->n_answers - 1];

			if (n < SCRIPTED)
				memcpy(s->asked[n], in, sizeof in);
			s->seen++;
			faulty_send(fd, answer, strlen(answer));
		}
		shutdown(fd, SHUT_WR);
		close(fd);
	}
	return NULL;
}

static inline struct scripted *scripted_start(const char *const *answers, size_t n)
{
	struct scripted *s = calloc(1, sizeof *s);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	if (!s)
		abort();
	signal(SIGPIPE, SIG_IGN);
	s->answers = answers;
	s->n_answers = n;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, len) || listen(s->fd, 16) ||
	    getsockname(s->fd, (struct sockaddr *)&at, &len) ||
	    pthread_create(&s->thread, NULL, scripted_serve, s))
		abort();
	s->port = ntohs(at.sin_port);
	return s;
}

/* The clients have closed their connections. */
static inline void scripted_stop(struct scripted *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	free(s);
}

#endif
