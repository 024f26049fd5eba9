/* serving.c - see serving.h. */
#include "workers/local/serving.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/str.h"

enum { BACKLOG = 1024 };

bool serving_bad(struct err *e, const char *option, const char *value, const char *want)
{
	return err_set(e, ERR_SETUP, AT_USAGE, NULL, "--%s %s: %s is needed", option, value, want);
}

bool serving_number(
    const char *option, const char *value, const char *want, int64_t *out, struct err *e)
{
	return (str_to_i64(str_z(value), out) && *out >= 0 && *out <= 65535) ||
	       serving_bad(e, option, value, want);
}

static int listen_at(const struct addrinfo *ai)
{
	const int on = 1;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

bool serving_listen(const char *address, const char *port, int *fd, int *bound, struct err *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct sockaddr_storage at;
	socklen_t n = sizeof at;
	char service[NI_MAXSERV];
	struct addrinfo *ai = NULL;
	int failed = getaddrinfo(address, port, &hints, &ai);
	int64_t number = 0;

	if (failed)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "--listen %s: %s", address,
		    gai_strerror(failed));
	*fd = listen_at(ai);
	freeaddrinfo(ai);
	if (*fd < 0)
		return err_errno(
		    e, ERR_SETUP, AT_CONFIG, "cannot listen on %s port %s", address, port);
	if (getsockname(*fd, (struct sockaddr *)&at, &n) == 0 &&
	    getnameinfo(
	        (struct sockaddr *)&at, n, NULL, 0, service, sizeof service, NI_NUMERICSERV) == 0)
		str_to_i64(str_z(service), &number);
	*bound = (int)number;
	return true;
}

bool serving_say_ready(const char *name, int fd, int port, struct err *e)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s ready %d\n", name, port);

	if (write(fd, line, (size_t)n) != n)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "cannot write to descriptor %d", fd);
	/* Whoever waits for the line may wait for the end, too. */
	if (fd > STDERR_FILENO)
		close(fd);
	return true;
}

int serving_status(bool ok, const struct err *e)
{
	return ok ? 0 : e->where == AT_USAGE ? 1 : 2;
}
