/*
 * title.c - see title.h. The kernel shows the memory between the first argument and the end of the
 * environment that the process was started with; so the environment is copied away, and the whole
 * stretch is written over.
 */
#include "shared/title.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/arena.h"

static char *area;
static size_t room;
static char **env; /* kept when setenv puts an array of its own into environ */

void title_init(int argc, char **argv)
{
	size_t n = 0;
	char *end = argv[0];

	for (int i = 0; i < argc; i++)
		if (argv[i] == end)
			end += strlen(argv[i]) + 1;
	while (environ[n])
		n++;
	env = xcalloc(n + 1, sizeof *env);
	for (size_t i = 0; i < n; i++) {
		if (environ[i] == end)
			end += strlen(environ[i]) + 1;
		env[i] = xstrdup(environ[i]);
	}
	area = argv[0];
	room = (size_t)(end - area);
	for (int i = 0; i < argc; i++)
		argv[i] = xstrdup(argv[i]);
	environ = env;
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
