/*
 * sqltok.h - SQL text as tokens, by Redshift's rules, for those who split, fill in or rewrite it.
 *
 * Blanks and comments lie between tokens and are no tokens; every token is a view into the text, so
 * whoever copies the text and changes single tokens keeps all the rest byte for byte.
 */
#ifndef SHARED_SQLTOK_H
#define SHARED_SQLTOK_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum sqltok_kind {
	SQLTOK_END,
	SQLTOK_WORD,        /* keyword or bare identifier */
	SQLTOK_QUOTED,      /* "identifier", quotes included */
	SQLTOK_STRING,      /* 'text', E'text', B'', X'', $tag$text$tag$, all included */
	SQLTOK_NUMBER,      /* 1, 1.5, .5, 1e-3; no sign */
	SQLTOK_PARAM,       /* $1 */
	SQLTOK_VAR,         /* :name, psql's */
	SQLTOK_VAR_LITERAL, /* :'name' */
	SQLTOK_VAR_IDENT,   /* :"name" */
	SQLTOK_OP, /* a run of operator characters, "::", ":=", or one of ( ) [ ] , ; . : */
};

struct sqltok {
	enum sqltok_kind kind;
	struct str text;
	int line, col; /* from 1; col counts bytes */
};

/*
 * In a plain '...' a backslash escapes the next character, as on Redshift (PostgreSQL 8.0) and not
 * as on today's PostgreSQL. (*out)[n] is SQLTOK_END, not counted. Fails with 42601, "LINE:COL:
 * ...", on a NUL byte, and on a string, quoted name or comment that is not closed.
 */
bool sqltok_all(struct str sql, struct arena *a, struct sqltok **out, size_t *n, struct err *e);

/* A keyword (case ignored) or an operator; a quoted name is neither. */
bool sqltok_is(const struct sqltok *t, const char *word);

/* Sets "LINE:COL: text"; ERR_SETUP, AT_CONFIG. */
bool sqltok_fail(struct err *e, const struct sqltok *t, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
