/* pgprobe.c - see pgprobe.h. The messages: PostgreSQL's manual, "Frontend/Backend Protocol". */
#include "shared/pgprobe.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/buf.h"

#define PROTOCOL_3_0 196608

static void add_u32(struct buf *b, uint32_t v)
{
	v = htonl(v);
	buf_add(b, &v, sizeof v);
}

/* Length, version, then names and values, each with its NUL, and an empty name. */
static void startup(struct buf *b, const char *user, const char *database)
{
	size_t n = 8 + sizeof "user" + strlen(user) + 1 + sizeof "database" + strlen(database) + 2;

	add_u32(b, (uint32_t)n);
	add_u32(b, PROTOCOL_3_0);
	buf_add(b, "user", sizeof "user");
	buf_add(b, user, strlen(user) + 1);
	buf_add(b, "database", sizeof "database");
	buf_add(b, database, strlen(database) + 1);
	buf_c(b, '\0');
}

enum pgprobe pgprobe(const char *socket_dir, int port, const char *user, const char *database)
{
	static const char terminate[] = {'X', 0, 0, 0, 4};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};
	enum pgprobe is = PGPROBE_DOWN;
	char answer[512];
	ssize_t n = 0;
	struct buf b;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return is;
	buf_init(&b, 1024);
	startup(&b, user, database);
	snprintf(un.sun_path, sizeof un.sun_path, "%s/.s.PGSQL.%d", socket_dir, port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&un, sizeof un) == 0 && !b.over &&
	    send(fd, b.p, b.n, MSG_NOSIGNAL) == (ssize_t)b.n)
		n = recv(fd, answer, sizeof answer, 0);
	if (n > 0) {
		/* An error's fields follow; its code has the letter C. */
		is = answer[0] == 'E' && memmem(answer, (size_t)n, "C57P03", 7) ? PGPROBE_BUSY
		                                                                : PGPROBE_READY;
		if (answer[0] == 'R' && send(fd, terminate, sizeof terminate, MSG_NOSIGNAL) < 0)
			is = PGPROBE_DOWN;
	}
	close(fd);
	buf_free(&b);
	return is;
}
