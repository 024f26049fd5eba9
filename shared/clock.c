/* clock.c - see clock.h. */
#include "shared/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
	return now(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
	return now(CLOCK_REALTIME);
}

void clock_iso(int64_t wall_ms, char out[25])
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	char day[20] = "";

	gmtime_r(&s, &tm);
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 25, "%.19s.%03uZ", day, (unsigned)(wall_ms % 1000) % 1000u);
}

void clock_sleep(int64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	if (ms > 0)
		nanosleep(&t, NULL);
}
