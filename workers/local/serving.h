/* serving.h - what the servers of one machine share: their socket, and the line that says where. */
#ifndef WORKERS_LOCAL_SERVING_H
#define WORKERS_LOCAL_SERVING_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

/* "--OPTION VALUE: WANT is needed": a mistake of usage. Always false. */
bool serving_bad(struct err *e, const char *option, const char *value, const char *want);

/* Of an option: a port, or a descriptor, from 0 to 65535. */
bool serving_number(
    const char *option, const char *value, const char *want, int64_t *out, struct err *e);

/* Listens; port "0" is one that is free. *fd is the caller's to close, *bound the port. */
bool serving_listen(const char *address, const char *port, int *fd, int *bound, struct err *e);

/* "NAME ready PORT" to the descriptor, which is closed behind it where it is none of the standard
 * three. */
bool serving_say_ready(const char *name, int fd, int port, struct err *e);

/* The exit code of a server that ended so: 0, 1 for usage, 2 for configuration. */
int serving_status(bool ok, const struct err *e);

#endif
