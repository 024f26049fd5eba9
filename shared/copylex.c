/* copylex.c - see copylex.h. */
#include "shared/copylex.h"

#include <stdarg.h>
#include <stdio.h>

bool copylex_fail(struct copylex *x, size_t at, const char *fmt, ...)
{
	size_t line = 1, column = 1;
	va_list ap;
	char what[512];

	for (size_t i = 0; i < at && i < x->sql.n; i++) {
		/* A character counts once, by its first byte. */
		if (x->sql.p[i] == '\n') {
			line++;
			column = 1;
		} else if ((x->sql.p[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(
	    x->err, ERR_SETUP, AT_CONFIG, NULL, "COPY statement %zu:%zu: %s", line, column, what);
}

static bool name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool name_byte(char c)
{
	return name_start(c) || digit(c) || c == '$';
}

static char byte(const struct copylex *x, size_t i)
{
	return i < x->sql.n ? x->sql.p[i] : '\0';
}

/* Blanks and comments. */
static bool skip(struct copylex *x)
{
	for (;;) {
		char c = byte(x, x->at);

		if (x->at >= x->sql.n)
			return true;
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
			x->at++;
		} else if (c == '-' && byte(x, x->at + 1) == '-') {
			x->at += str_find(str_from(x->sql, x->at), '\n');
		} else if (c == '/' && byte(x, x->at + 1) == '*') {
			size_t start = x->at, depth = 0;

			do {
				char here = byte(x, x->at), then = byte(x, x->at + 1);

				if (x->at >= x->sql.n)
					return copylex_fail(x, start, "comment without end");
				if (here == '/' && then == '*') {
					depth++;
					x->at += 2;
				} else if (here == '*' && then == '/') {
					depth--;
					x->at += 2;
				} else {
					x->at++;
				}
			} while (depth);
		} else {
			return true;
		}
	}
}

/* x->at is behind the opening quote; a doubled quote is one, with E'' a backslash escapes. */
static bool quoted(struct copylex *x, char quote, bool backslash)
{
	char *out = arena_alloc(x->arena, x->sql.n - x->at + 1);
	size_t n = 0;

	for (;;) {
		char c = byte(x, x->at);

		if (x->at >= x->sql.n)
			return copylex_fail(x, x->start, "%s without closing quote",
			    quote == '"' ? "name" : "text");
		if (c == '\0')
			return copylex_fail(x, x->at, "NUL byte in the statement");
		x->at++;
		if (c == quote) {
			if (byte(x, x->at) != quote)
				break;
			x->at++;
		} else if (c == '\\' && backslash) {
			c = byte(x, x->at);
			if (c != '\\' && c != '\'')
				return copylex_fail(
				    x, x->at - 1, "only \\\\ and \\' may stand in E''");
			x->at++;
		}
		out[n++] = c;
	}
	/* What is glued to a closing quote may be the rest of a secret with a quote in it. */
	if (name_byte(byte(x, x->at)) || byte(x, x->at) == '\'' || byte(x, x->at) == '"')
		return copylex_fail(x, x->at, "a blank must follow the closing quote");
	x->text = (struct str){out, n};
	return true;
}

bool copylex_next(struct copylex *x)
{
	char c;

	if (!skip(x))
		return false;
	x->start = x->at;
	x->text = (struct str){0};
	if (x->at >= x->sql.n) {
		x->token = COPYLEX_END;
		return true;
	}
	c = byte(x, x->at);
	if (c == '\'') {
		x->at++;
		x->token = COPYLEX_STRING;
		return quoted(x, '\'', false);
	}
	if ((c == 'E' || c == 'e') && byte(x, x->at + 1) == '\'') {
		x->at += 2;
		x->token = COPYLEX_STRING;
		return quoted(x, '\'', true);
	}
	if (c == '"') {
		x->at++;
		x->token = COPYLEX_QUOTED_NAME;
		if (!quoted(x, '"', false))
			return false;
		return x->text.n || copylex_fail(x, x->start, "empty name");
	}
	if (name_start(c)) {
		x->token = COPYLEX_NAME;
		while (x->at < x->sql.n && name_byte(byte(x, x->at)))
			x->at++;
	} else if (digit(c)) {
		x->token = COPYLEX_DIGITS;
		while (x->at < x->sql.n && digit(byte(x, x->at)))
			x->at++;
	} else {
		x->token = COPYLEX_SIGN;
		x->at++;
	}
	x->text = (struct str){x->sql.p + x->start, x->at - x->start};
	return true;
}

bool copylex_word(const struct copylex *x, const char *word)
{
	return x->token == COPYLEX_NAME && str_ieq(x->text, str_z(word));
}

bool copylex_sign(const struct copylex *x, char c)
{
	return x->token == COPYLEX_SIGN && x->text.p[0] == c;
}
