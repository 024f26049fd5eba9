/* aws_wait.c - see aws_wait.h. */
#include "shared/aws_wait.h"

#include <stdlib.h>

#include "shared/aws_wire.h"
#include "shared/backoff.h"

int64_t aws_speed(void)
{
	int64_t speed;

	return str_to_i64(str_z(getenv("DWH_AWS_SPEED")), &speed) && speed > 0 ? speed : 1;
}

bool aws_pause(struct aws *w, int64_t ms, struct err *e)
{
	return backoff_wait(ms / aws_speed(), w->tick, w->tick_ctx, e);
}
