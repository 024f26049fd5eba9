/* aws_wait.h - pauses between questions to AWS. */
#ifndef SHARED_AWS_WAIT_H
#define SHARED_AWS_WAIT_H

#include "shared/aws.h"

/*
 * Blocks for ms; calls the client's tick several times a second, and false with its error ends it.
 * The environment's DWH_AWS_SPEED, a number, divides the time: where AWS is a double whose time
 * passes more quickly, too.
 */
bool aws_pause(struct aws *w, int64_t ms, struct err *e);

/* That number; 1 where there is none. */
int64_t aws_speed(void);

#endif
