/*
 * dialect_private.h - what the parts of the dialect share: tokens with an edit each.
 *
 * dialect.c       the edits of expressions, and the text that comes out
 * dialect_ddl.c   the edits of CREATE TABLE and other definitions
 */
#ifndef SHARED_DIALECT_PRIVATE_H
#define SHARED_DIALECT_PRIVATE_H

#include "shared/dialect.h"
#include "shared/sqltok.h"

struct edit {
	bool drop;
	const char *instead; /* of the token's text, or NULL */
	const char *after;   /* behind it, or NULL */
};

struct rewrite {
	const struct sqltok *t; /* t[n] is SQLTOK_END */
	struct edit *edits;     /* as t */
	size_t n;
	struct arena *a;
	struct err *e;
};

/* Tokens that the words (separated by single blanks) match from i on: their number, or 0. */
size_t dialect_match(const struct rewrite *r, size_t i, const char *words);

/* i stands on "(": behind its ")", or the end of the statement where there is none. */
size_t dialect_past(const struct rewrite *r, size_t i, size_t end);

void dialect_drop(struct rewrite *r, size_t i, size_t n);

/* "WHAT has no counterpart in PostgreSQL; HINT", hint may be NULL. */
bool dialect_refuse(struct rewrite *r, size_t i, const char *what, const char *hint);

/* The definitions: one statement, tokens from to end. */
bool dialect_statement(struct rewrite *r, size_t from, size_t end);

#endif
