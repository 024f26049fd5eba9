/* s3d_front.h - the door: takes connections from a listening socket, and no more than can be kept.
 */
#ifndef WORKERS_LOCAL_S3D_FRONT_H
#define WORKERS_LOCAL_S3D_FRONT_H

struct event_base;
struct s3d;
struct s3d_front;

/* fd: a listening, non-blocking socket, which stays the caller's. */
struct s3d_front *s3d_front_new(struct event_base *base, int fd, struct s3d *s);

/* Closes all connections. */
void s3d_front_free(struct s3d_front *f);

#endif
