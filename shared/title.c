/*
 * title.c - see title.h. The kernel shows the memory between the first argument and the end of the
 * environment that the process was started with; so the environment is copied away, and the whole
 * stretch is written over.
 */
#include "shared/title.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/arena.h"

static char *area;
static size_t room;

void title_init(int argc, char **argv)
{
	char *end = argv[0];
	char **env = environ;

	for (int i = 0; i < argc; i++)
		if (argv[i] == end)
			end += strlen(argv[i]) + 1;
	clearenv();
	for (; env && *env; env++) {
		char *name = xstrdup(*env), *eq = strchr(name, '=');

		if (*env == end)
			end += strlen(*env) + 1;
		if (eq) {
			*eq = '\0';
			setenv(name, eq + 1, 1);
		}
		free(name);
	}
	area = argv[0];
	room = (size_t)(end - area);
	for (int i = 0; i < argc; i++)
		argv[i] = xstrdup(argv[i]);
}

void title_set(const char *fmt, ...)
{
	va_list ap;

	if (room < 2)
		return;
	va_start(ap, fmt);
	memset(area, 0, room);
	vsnprintf(area, room, fmt, ap);
	va_end(ap);
}
