/* detach.h - starts a process that outlives the command that needs it. */
#ifndef SUPERVISOR_DETACH_H
#define SUPERVISOR_DETACH_H

#include <stdbool.h>
#include <sys/types.h>

#include "shared/err.h"

enum { DETACH_KEEP_MOST = 8 };

/*
 * Runs this program once more, with argv (argv[0] too; ends with NULL), as a process in a session
 * of its own, so that the terminal's signals pass it by; nobody's child, so that it is no business
 * of our waits; and with no descriptor of ours but those it is given, so that whoever reads our
 * output does not wait for it. Its 0 is /dev/null, 1 and 2 go to the end of the file `log` (to
 * /dev/null where that cannot be opened), and keep[0..n), at
 * most DETACH_KEEP_MOST, are its 3 and on.
 *
 * True: it has begun, and *pid is its number. What it says of itself it says through what it was
 * given.
 */
bool detach(
    const char *const *argv, const char *log, const int *keep, int n, pid_t *pid, struct err *e);

#endif
