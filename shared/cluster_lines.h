/*
 * cluster_lines.h - the record of a cluster, line by line: for whom it is written, and for whom it
 * is read alike. What the lines mean: supervisor/cluster_record.h.
 */
#ifndef SHARED_CLUSTER_LINES_H
#define SHARED_CLUSTER_LINES_H

#include <stdbool.h>

#include "shared/err.h"

/* Members that a line does not have, or that are no text, are NULL. */
struct cluster_line {
	const char *what, *account, *region;
	const char *kind, *id;                               /* of a resource */
	const char *host, *port, *role, *manifests, *secret; /* of "up" */
};

/*
 * Calls see for each line of fd, from the first to the last; a line and its texts live as long as
 * that call. One that is torn, by a crash, is left out. *torn: the last one has no end. Fails with
 * AT_STATE, naming path, where it cannot be read, or only the beginning of it; see may have been
 * called then.
 */
bool cluster_lines(int fd, const char *path, void (*see)(void *ctx, const struct cluster_line *l),
    void *ctx, bool *torn, struct err *e);

#endif
