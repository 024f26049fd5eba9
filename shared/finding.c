/* finding.c - see finding.h. */
#include "shared/finding.h"

#include <stdarg.h>
#include <stdio.h>

static struct finding *add(struct findings *f, enum finding_state state, const char *what)
{
	struct finding *new;

	f->v = arena_grow(f->arena, f->v, f->n, &f->cap, sizeof *f->v);
	new = &f->v[f->n++];
	*new = (struct finding){.state = state, .what = arena_str(f->arena, str_z(what))};
	return new;
}

static struct str vprint(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static struct str vprint(struct arena *a, const char *fmt, va_list ap)
{
	char text[2048];

	vsnprintf(text, sizeof text, fmt, ap);
	return arena_str(a, str_z(text));
}

void finding_ok(struct findings *f, const char *what, const char *found, ...)
{
	struct finding *new = add(f, FINDING_OK, what);
	va_list ap;

	va_start(ap, found);
	new->found = vprint(f->arena, found, ap);
	va_end(ap);
}

void finding_unknown(struct findings *f, const char *what, const char *found, ...)
{
	struct finding *new = add(f, FINDING_UNKNOWN, what);
	va_list ap;

	va_start(ap, found);
	new->found = vprint(f->arena, found, ap);
	va_end(ap);
}

void finding_warn(struct findings *f, const char *what, const char *remedy, const char *found, ...)
{
	struct finding *new = add(f, FINDING_WARN, what);
	va_list ap;

	new->remedy = arena_str(f->arena, str_z(remedy));
	va_start(ap, found);
	new->found = vprint(f->arena, found, ap);
	va_end(ap);
}

void finding_missing(struct findings *f, enum err_where where, const char *what, const char *remedy,
    const char *found, ...)
{
	struct finding *new = add(f, FINDING_MISSING, what);
	va_list ap;

	new->where = where;
	new->remedy = arena_str(f->arena, str_z(remedy));
	va_start(ap, found);
	new->found = vprint(f->arena, found, ap);
	va_end(ap);
}

/*
 * What stands before the remedy in a message, by those who write it: pg.c (of a connection),
 * s3_error.c (whose messages have S3's code), credentials.c. Empty where there is none.
 */
static struct str sign_of(const struct err *e)
{
	if (e->where == AT_WAREHOUSE)
		return strcmp(e->code, "08001") == 0 ? STR("; ") : STR("");
	return e->code[0] ? STR("): ") : STR("; ");
}

void finding_error(struct findings *f, enum finding_state state, const char *what,
    const char *remedy, const struct err *e)
{
	struct finding *new = add(f, state, what);
	struct str msg = arena_str(f->arena, str_z(e->msg)), sign = sign_of(e);

	new->where = e->where;
	new->found = msg;
	new->remedy = arena_str(f->arena, str_z(remedy));
	if (new->remedy.n && str_ends(msg, new->remedy)) {
		new->found.n = msg.n - new->remedy.n;
		while (new->found.n && strchr("; ", msg.p[new->found.n - 1]))
			new->found.n--;
		return;
	}
	for (size_t i = msg.n; sign.n && i-- > 0;) {
		if (!str_starts(str_from(msg, i), sign))
			continue;
		new->remedy = str_from(msg, i + sign.n);
		new->found.n = i + sign.n - 2; /* the bracket stays */
		break;
	}
}

void finding_also(struct findings *f, const char *fmt, ...)
{
	struct finding *last = &f->v[f->n - 1];
	char text[16384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	last->remedy = str_z(arena_printf(
	    f->arena, "%.*s%s%s", STRF(last->remedy), last->remedy.n ? ": " : "", text));
}
