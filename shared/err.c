/* err.c - see err.h. */
#define ERR_C
#include "shared/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/utf8.h"

static const char *const kinds[] = {
    [ERR_RETRY] = "retry",
    [ERR_DATA] = "data",
    [ERR_TASK] = "task",
    [ERR_SETUP] = "setup",
    [ERR_CHANGED] = "changed",
    [ERR_CANCELLED] = "cancelled",
    [ERR_CRASH] = "crash",
};

static const char *const wheres[] = {
    [AT_USAGE] = "usage",
    [AT_CONFIG] = "config",
    [AT_STATE] = "state",
    [AT_WAREHOUSE] = "warehouse",
    [AT_S3] = "s3",
    [AT_DATA] = "data",
    [AT_CHECK] = "check",
    [AT_AWS] = "aws",
    [AT_INTERNAL] = "internal",
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* One line only: a message may be written to a pipe or a journal. */
static void flatten(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ')
			*s = ' ';
}

/* What did not fit is cut off, but not within a character. */
static void end_whole(char *s, size_t room)
{
	size_t n = strlen(s), from = n;

	if (n + 1 < room)
		return;
	while (from > 0 && n - from < 4 && ((unsigned char)s[from - 1] & 0xC0) == 0x80)
		from--;
	if (from > 0 && (unsigned char)s[from - 1] >= 0xC0 &&
	    utf8_len((struct str){s + from - 1, n - from + 1}) == 0)
		s[from - 1] = '\0';
}

static void start(struct err *e, enum err_kind kind, enum err_where where, const char *code)
{
	memset(e, 0, sizeof *e);
	e->kind = kind;
	e->where = where;
	if (code)
		snprintf(e->code, sizeof e->code, "%s", code);
}

bool err_set(
    struct err *e, enum err_kind kind, enum err_where where, const char *code, const char *fmt, ...)
{
	char msg[sizeof e->msg];
	char keep[sizeof e->code];
	va_list ap;

	/* Arguments may point into *e itself. */
	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	snprintf(keep, sizeof keep, "%s", code ? code : "");
	start(e, kind, where, keep);
	memcpy(e->msg, msg, sizeof msg);
	end_whole(e->msg, sizeof e->msg);
	flatten(e->msg);
	return false;
}

/* What a person can do about errors that have one cause wherever they come from. */
static const char *remedy_of(int error)
{
	switch (error) {
	case ENOSPC: return ": free space on that disk";
	case EDQUOT: return ": free space, or have the quota raised";
	case EMFILE: return ": raise the limit on open files (ulimit -n)";
	case EAGAIN: return ": raise the limit on processes (ulimit -u), or end some";
	default: return "";
	}
}

bool err_errno(struct err *e, enum err_kind kind, enum err_where where, const char *fmt, ...)
{
	int saved = errno;
	const char *name = strerrorname_np(saved);
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(e, kind, where, name, "%s: %s%s", what, strerror(saved), remedy_of(saved));
}

bool err_prefix(struct err *e, const char *fmt, ...)
{
	char head[512], all[sizeof e->msg + sizeof head + 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "%s: %s", head, e->msg);
	snprintf(e->msg, sizeof e->msg, "%.*s", (int)sizeof e->msg - 1, all);
	end_whole(e->msg, sizeof e->msg);
	flatten(e->msg);
	return false;
}

const char *err_kind_name(enum err_kind kind)
{
	return kinds[kind];
}

const char *err_where_name(enum err_where where)
{
	return wheres[where];
}

bool err_kind_parse(const char *name, enum err_kind *out)
{
	for (size_t i = 1; i < COUNT(kinds); i++)
		if (strcmp(kinds[i], name) == 0) {
			*out = (enum err_kind)i;
			return true;
		}
	return false;
}

bool err_where_parse(const char *name, enum err_where *out)
{
	for (size_t i = 1; i < COUNT(wheres); i++)
		if (strcmp(wheres[i], name) == 0) {
			*out = (enum err_where)i;
			return true;
		}
	return false;
}
