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

/* n digits at s->p, which are taken off; -1 where there are none. */
static int digits(struct str *s, size_t n)
{
	int value = 0;

	if (s->n < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return -1;
		value = value * 10 + (s->p[i] - '0');
	}
	*s = str_from(*s, n);
	return value;
}

static bool sign(struct str *s, char c)
{
	bool is = s->n && s->p[0] == c;

	if (is)
		*s = str_from(*s, 1);
	return is;
}

/* "Z", "+hh:mm", "-hhmm": seconds east of Greenwich. */
static bool zone(struct str *s, int *east)
{
	bool minus = s->n && s->p[0] == '-';
	int hours, minutes;

	*east = 0;
	if (sign(s, 'Z'))
		return true;
	if (!sign(s, '+') && !sign(s, '-'))
		return false;
	hours = digits(s, 2);
	sign(s, ':');
	minutes = digits(s, 2);
	*east = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
	return hours >= 0 && minutes >= 0;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month] + (month == 1 && leap);
}

bool clock_from_iso(struct str s, int64_t *wall_ms)
{
	struct tm tm = {.tm_year = 0};
	int ms = 0, scale = 100, east;

	tm.tm_year = digits(&s, 4) - 1900;
	if (tm.tm_year < 0 || !sign(&s, '-') || (tm.tm_mon = digits(&s, 2) - 1) < 0 ||
	    !sign(&s, '-') || (tm.tm_mday = digits(&s, 2)) < 1 || !sign(&s, 'T') ||
	    (tm.tm_hour = digits(&s, 2)) < 0 || !sign(&s, ':') || (tm.tm_min = digits(&s, 2)) < 0 ||
	    !sign(&s, ':') || (tm.tm_sec = digits(&s, 2)) < 0)
		return false;
	if (tm.tm_mon > 11 || tm.tm_mday > days_of(tm.tm_year + 1900, tm.tm_mon) ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	if (sign(&s, '.'))
		for (int d; (d = digits(&s, 1)) >= 0; scale /= 10)
			ms += d * scale;
	if (!zone(&s, &east) || s.n)
		return false;
	*wall_ms = ((int64_t)timegm(&tm) - east) * 1000 + ms;
	return true;
}

void clock_sleep(int64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	if (ms > 0)
		nanosleep(&t, NULL);
}
