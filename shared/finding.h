/*
 * finding.h - what `dwh doctor` found: a worker's code looks (workers/doctor.c), the supervisor
 * prints (supervisor/doctor.c). In the order in which they were looked for.
 */
#ifndef SHARED_FINDING_H
#define SHARED_FINDING_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum finding_state {
	FINDING_OK,
	FINDING_UNKNOWN, /* not told, or not looked at: neither well nor missing */
	FINDING_WARN,    /* a load goes well without it, and a person should know */
	FINDING_MISSING, /* no load without it */
};

struct finding {
	enum finding_state state;
	enum err_where where; /* whose fault, where it is missing */
	struct str what;      /* "isolation", "bucket my-bucket" */
	struct str found;     /* never a secret */
	struct str remedy;    /* empty where it is ok */
};

struct findings {
	struct arena *arena; /* of all strings, and of v */
	struct finding *v;
	size_t n, cap;
};

/* All is well: what, and what was found. */
void finding_ok(struct findings *f, const char *what, const char *found, ...)
    __attribute__((format(printf, 3, 4)));

/* What could not be looked at, or was not, and why. */
void finding_unknown(struct findings *f, const char *what, const char *found, ...)
    __attribute__((format(printf, 3, 4)));

void finding_warn(struct findings *f, const char *what, const char *remedy, const char *found, ...)
    __attribute__((format(printf, 4, 5)));

void finding_missing(struct findings *f, enum err_where where, const char *what, const char *remedy,
    const char *found, ...) __attribute__((format(printf, 5, 6)));

/* The same from an error. A message that ends with `remedy` is cut there; one that brings another
 * one along, where that begins; else `remedy` is it. */
void finding_error(struct findings *f, enum finding_state state, const char *what,
    const char *remedy, const struct err *e);

/* More of a remedy, to the last finding: a command, a statement of a policy. */
void finding_also(struct findings *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
