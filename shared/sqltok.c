/* sqltok.c - see sqltok.h. */
#include "shared/sqltok.h"

#include <stdarg.h>
#include <stdio.h>

struct reader {
	struct str sql;
	size_t at;
	int line;
	size_t line_start;
	struct err *e;
};

static char peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->sql.n ? r->sql.p[r->at + ahead] : '\0';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool word_char(char c)
{
	return word_start(c) || digit(c) || c == '$';
}

static bool op_char(char c)
{
	return c && strchr("+-*/<>=~!@#%^&|`?", c);
}

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool sqltok_fail(struct err *e, const struct sqltok *t, const char *code, const char *fmt, ...)
{
	char what[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(e, ERR_SETUP, AT_CONFIG, code, "%d:%d: %s", t->line, t->col, what);
}

bool sqltok_is(const struct sqltok *t, const char *word)
{
	return (t->kind == SQLTOK_WORD || t->kind == SQLTOK_OP) && str_ieq(t->text, str_z(word));
}

/* Takes n bytes, which may hold line ends. */
static void skip(struct reader *r, size_t n)
{
	for (; n && r->at < r->sql.n; n--, r->at++)
		if (r->sql.p[r->at] == '\n') {
			r->line++;
			r->line_start = r->at + 1;
		}
}

static struct sqltok here(const struct reader *r)
{
	return (struct sqltok){
	    SQLTOK_END, {r->sql.p + r->at, 0}, r->line, (int)(r->at - r->line_start) + 1};
}

static bool open_end(struct reader *r, const struct sqltok *from, const char *what)
{
	return sqltok_fail(r->e, from, "42601", "%s is not closed", what);
}

/* Comments nest, as in PostgreSQL. */
static bool skip_comment(struct reader *r)
{
	struct sqltok from = here(r);
	int depth = 0;

	do {
		if (r->at >= r->sql.n)
			return open_end(r, &from, "the comment");
		if (peek(r, 0) == '/' && peek(r, 1) == '*') {
			depth++;
			skip(r, 2);
		} else if (peek(r, 0) == '*' && peek(r, 1) == '/') {
			depth--;
			skip(r, 2);
		} else {
			skip(r, 1);
		}
	} while (depth);
	return true;
}

static bool skip_between(struct reader *r)
{
	for (;;) {
		if (space(peek(r, 0))) {
			skip(r, 1);
		} else if (peek(r, 0) == '-' && peek(r, 1) == '-') {
			while (r->at < r->sql.n && peek(r, 0) != '\n')
				skip(r, 1);
		} else if (peek(r, 0) == '/' && peek(r, 1) == '*') {
			if (!skip_comment(r))
				return false;
		} else {
			return true;
		}
	}
}

/* From the opening quote to behind the closing one; a doubled quote stands for one. */
static bool quoted(struct reader *r, const struct sqltok *from, bool escapes, const char *what)
{
	char q = peek(r, 0);

	skip(r, 1);
	for (;;) {
		if (r->at >= r->sql.n)
			return open_end(r, from, what);
		if (escapes && peek(r, 0) == '\\') {
			skip(r, 2);
		} else if (peek(r, 0) != q) {
			skip(r, 1);
		} else if (peek(r, 1) == q) {
			skip(r, 2);
		} else {
			skip(r, 1);
			return true;
		}
	}
}

static bool dollar(struct reader *r, struct sqltok *t)
{
	size_t tag = 1;

	if (digit(peek(r, 1))) {
		t->kind = SQLTOK_PARAM;
		for (skip(r, 1); digit(peek(r, 0));)
			skip(r, 1);
		return true;
	}
	if (word_start(peek(r, 1)))
		while (peek(r, tag) != '$' && word_char(peek(r, tag)))
			tag++;
	t->kind = SQLTOK_OP;
	if (peek(r, tag) != '$') {
		skip(r, 1);
		return true;
	}
	t->kind = SQLTOK_STRING;
	tag++;
	for (skip(r, tag); r->at + tag <= r->sql.n; skip(r, 1))
		if (memcmp(r->sql.p + r->at, t->text.p, tag) == 0) {
			skip(r, tag);
			return true;
		}
	return open_end(r, t, "the $$ string");
}

static bool colon(struct reader *r, struct sqltok *t)
{
	char next = peek(r, 1);

	skip(r, 1);
	if (next == '\'' || next == '"') {
		t->kind = next == '"' ? SQLTOK_VAR_IDENT : SQLTOK_VAR_LITERAL;
		return quoted(r, t, false, "the variable");
	}
	t->kind = SQLTOK_OP;
	if (next == ':' || next == '=') {
		skip(r, 1);
	} else if (word_start(next)) {
		t->kind = SQLTOK_VAR;
		while (word_start(peek(r, 0)) || digit(peek(r, 0)))
			skip(r, 1);
	}
	return true;
}

static void number(struct reader *r)
{
	bool point = false;

	for (; digit(peek(r, 0)) || (peek(r, 0) == '.' && !point); skip(r, 1))
		point = point || peek(r, 0) == '.';
	if (peek(r, 0) == 'e' || peek(r, 0) == 'E') {
		size_t sign = peek(r, 1) == '+' || peek(r, 1) == '-';

		if (digit(peek(r, 1 + sign)))
			for (skip(r, 1 + sign); digit(peek(r, 0));)
				skip(r, 1);
	}
}

static void op(struct reader *r)
{
	if (!op_char(peek(r, 0))) {
		skip(r, 1);
		return;
	}
	while (op_char(peek(r, 0)) && !(peek(r, 0) == '-' && peek(r, 1) == '-') &&
	       !(peek(r, 0) == '/' && peek(r, 1) == '*'))
		skip(r, 1);
}

/* t->text begins where r stands. */
static bool token(struct reader *r, struct sqltok *t)
{
	char c = peek(r, 0);

	if (c && strchr("eEbBxX", c) && peek(r, 1) == '\'') {
		t->kind = SQLTOK_STRING;
		skip(r, 1);
		return quoted(r, t, c == 'e' || c == 'E', "the string");
	}
	if (c == '\'') {
		t->kind = SQLTOK_STRING;
		return quoted(r, t, true, "the string");
	}
	if (c == '"') {
		t->kind = SQLTOK_QUOTED;
		return quoted(r, t, false, "the quoted name");
	}
	if (c == '$')
		return dollar(r, t);
	if (c == ':')
		return colon(r, t);
	if (word_start(c)) {
		t->kind = SQLTOK_WORD;
		while (word_char(peek(r, 0)))
			skip(r, 1);
	} else if (digit(c) || (c == '.' && digit(peek(r, 1)))) {
		t->kind = SQLTOK_NUMBER;
		number(r);
	} else {
		t->kind = SQLTOK_OP;
		op(r);
	}
	return true;
}

bool sqltok_all(struct str sql, struct arena *a, struct sqltok **out, size_t *n, struct err *e)
{
	struct reader r = {.sql = {sql.n ? sql.p : "", sql.n}, .line = 1, .e = e};
	size_t cap = 0, nul = str_find(r.sql, '\0');

	*out = NULL;
	*n = 0;
	if (nul < sql.n) {
		struct sqltok at;

		skip(&r, nul);
		at = here(&r);
		return sqltok_fail(e, &at, "42601", "a NUL byte");
	}
	for (;;) {
		struct sqltok t;

		if (!skip_between(&r))
			return false;
		t = here(&r);
		if (r.at < sql.n && !token(&r, &t))
			return false;
		t.text.n = (size_t)(r.sql.p + r.at - t.text.p);
		*out = arena_grow(a, *out, *n, &cap, sizeof **out);
		(*out)[*n] = t;
		if (t.kind == SQLTOK_END)
			return true;
		++*n;
	}
}
