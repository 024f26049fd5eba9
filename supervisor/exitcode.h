/* exitcode.h - which exit status an error is; the README's table says the same. */
#ifndef SUPERVISOR_EXITCODE_H
#define SUPERVISOR_EXITCODE_H

#include "shared/err.h"

/* By the place of the error: 1 usage, 2 configuration, 3 state, 4 warehouse and AWS, 5 S3, 7 data,
 * 8 check, 12 internal. (9 is no place: something is left at AWS.) */
int exit_code_of(const struct err *e);

/* The same, and the error is said. */
int exit_saying(const struct err *e);

#endif
