/* s3d_conn.h - the connections: accepting, keep-alive, timing; see s3d_conn.c. */
#ifndef WORKERS_LOCAL_S3D_CONN_H
#define WORKERS_LOCAL_S3D_CONN_H

#include "workers/local/s3d_call.h"

struct event_base;
struct s3d_front;

/* Serves what connects to the listening, non-blocking socket fd (which stays the caller's). */
struct s3d_front *s3d_front_new(struct event_base *base, int fd, struct s3d *s);

/* Closes all connections. */
void s3d_front_free(struct s3d_front *f);

#endif
