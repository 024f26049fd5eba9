/* s3d_conn.h - one connection: requests in, answers out, keep-alive; its states are in s3d_conn.c.
 */
#ifndef WORKERS_LOCAL_S3D_CONN_H
#define WORKERS_LOCAL_S3D_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "workers/local/s3d_call.h"

struct event_base;
struct s3d_conn;

enum { S3D_READ = 256 * 1024 };

/* What all connections share; s3d_front.c owns it. */
struct s3d_conns {
	struct event_base *base;
	struct s3d *s;
	struct s3d_conn *first;
	size_t n;
	char *scratch;             /* S3D_READ bytes, for whoever reads now */
	void (*closed)(void *ctx); /* called when one has gone */
	void *ctx;
};

/* Serves the connected, non-blocking socket fd, and closes it. */
void s3d_conn_new(struct s3d_conns *all, int fd);

/* Drops who was silent for too long; now: clock_ms(). */
void s3d_conn_sweep(struct s3d_conns *all, int64_t now);

void s3d_conn_close_all(struct s3d_conns *all);

#endif
