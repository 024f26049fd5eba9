/*
 * pgprobe.h - asks a PostgreSQL at a UNIX socket whether it lets us in: one message, one byte of
 * answer, no libpq. That something accepts the connection proves little: a server that starts,
 * recovers or shuts down does so too, and one that was just killed has a backlog.
 */
#ifndef SHARED_PGPROBE_H
#define SHARED_PGPROBE_H

enum pgprobe {
	PGPROBE_DOWN,  /* nobody there */
	PGPROBE_BUSY,  /* starting, recovering or shutting down (SQLSTATE 57P03) */
	PGPROBE_READY, /* it asked for authentication, or refused for another reason */
};

/* Takes at most two seconds. Leaves a connection that was let in and said good-bye. */
enum pgprobe pgprobe(const char *socket_dir, int port, const char *user, const char *database);

#endif
