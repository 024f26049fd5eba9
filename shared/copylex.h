/*
 * copylex.h - the words of a COPY statement (copystmt.h), one after the other.
 */
#ifndef SHARED_COPYLEX_H
#define SHARED_COPYLEX_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum copylex_token {
	COPYLEX_END,
	COPYLEX_NAME,
	COPYLEX_QUOTED_NAME,
	COPYLEX_STRING,
	COPYLEX_DIGITS,
	COPYLEX_SIGN
};

struct copylex {
	struct str sql;
	size_t at; /* behind the token */
	struct arena *arena;
	struct err *err;
	enum copylex_token token;
	struct str text; /* names as written, contents of quotes, digits, the sign */
	size_t start;    /* of the token */
};

/* The next token into *x; comments and blanks are passed. */
bool copylex_next(struct copylex *x);

/* The token is this word, in any case; or this one sign. */
bool copylex_word(const struct copylex *x, const char *word);
bool copylex_sign(const struct copylex *x, char c);

/* ERR_SETUP/AT_CONFIG with the line and column of byte `at`; returns false. */
bool copylex_fail(struct copylex *x, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
