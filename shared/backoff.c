/* backoff.c - see backoff.h. */
#include "shared/backoff.h"

#include <sys/random.h>

#include "shared/clock.h"

int64_t backoff_ms(int failed, int64_t first_ms, int64_t most_ms)
{
	int64_t bound = first_ms;
	uint32_t r = 0;

	while (--failed > 0 && bound < most_ms)
		bound *= 2;
	if (bound > most_ms)
		bound = most_ms;
	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
		r = (uint32_t)clock_ms() * 2654435761u;
	return (int64_t)((uint64_t)r * (uint64_t)(bound + 1) >> 32);
}

bool backoff_wait(int64_t ms, bool (*tick)(void *ctx, struct err *e), void *ctx, struct err *e)
{
	int64_t until = clock_ms() + ms, left;

	/* In short slices, so that a stop does not have to wait. */
	while (left = until - clock_ms(), left > 0) {
		struct err why;

		if (tick && !tick(ctx, &why)) {
			*e = why;
			return false;
		}
		clock_sleep(left < 100 ? left : 100);
	}
	return true;
}
