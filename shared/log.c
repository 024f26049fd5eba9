/* log.c - see log.h. */
#include "shared/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"

static char name[64] = "dwh";
static int quiet;
static int patience = -1;
static unsigned left_out;

void log_name(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
}

void log_quiet(int only_errors)
{
	quiet = only_errors;
}

int log_is_quiet(void)
{
	return quiet;
}

unsigned log_patience(int ms)
{
	patience = ms;
	return left_out;
}

/* A pipe with room has a page of it (and a line is no longer), a terminal that is stopped has none.
 */
static bool wait_for_room(int ms)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&p, 1, ms) != 0;
}

bool log_room(void)
{
	return wait_for_room(0);
}

static void (*before)(void *ctx);
static void *before_ctx;

void log_before(void (*make_way)(void *ctx), void *ctx)
{
	before = make_way;
	before_ctx = ctx;
}

static void __attribute__((format(printf, 2, 0)))
say(const char *level, const char *fmt, va_list ap)
{
	char line[4096], iso[25];
	size_t n = 0;
	int saved = errno;

	if (before)
		before(before_ctx);
	if (!isatty(STDERR_FILENO)) {
		clock_iso(clock_wall_ms(), iso);
		n = (size_t)snprintf(line, sizeof line, "%s ", iso);
	}
	n += (size_t)snprintf(line + n, sizeof line - n, "%s: %s", name, level);
	vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	n = strlen(line);
	line[n++] = '\n';
	if (patience >= 0 && !wait_for_room(patience))
		left_out++;
	/* Nobody to tell when stderr is gone. */
	else if (write(STDERR_FILENO, line, n) < 0)
		errno = saved;
	errno = saved;
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error: ", fmt, ap);
	va_end(ap);
}
