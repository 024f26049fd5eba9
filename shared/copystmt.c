/* copystmt.c - see copystmt.h. */
#include "shared/copystmt.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- the options ---- */

enum shape {
	ALONE,
	TEXT,       /* [AS] 'text' */
	TEXT_MAYBE, /* [AS] 'text', or nothing */
	ROLE,       /* [AS] 'text' or DEFAULT */
	NUMBER,     /* [AS] n */
	SWITCH,     /* ON | OFF | TRUE | FALSE | PRESET, or nothing */
	WORD,       /* [AS] word or 'text' */
	SIMPLIFIED, /* [AUTO] [n] */
};

enum {
	NOW = 1,      /* engine 2 does it, or it means nothing to engine 2 */
	SOME = 2,     /* engine 2 does some of it: check_values() */
	SECRET = 4,   /* never shown */
	FORMAT = 8,   /* a file format: may follow FORMAT [AS], excludes the others */
	NOT_JSON = 16 /* Redshift refuses it with JSON */
};

static const struct option {
	const char *name;
	enum shape shape;
	unsigned is;
} options[COPY_OPTIONS] = {
    [COPY_IAM_ROLE] = {"IAM_ROLE", ROLE, NOW | SECRET},
    [COPY_CREDENTIALS] = {"CREDENTIALS", TEXT, NOW | SECRET},
    [COPY_ACCESS_KEY_ID] = {"ACCESS_KEY_ID", TEXT, NOW | SECRET},
    [COPY_SECRET_ACCESS_KEY] = {"SECRET_ACCESS_KEY", TEXT, NOW | SECRET},
    [COPY_SESSION_TOKEN] = {"SESSION_TOKEN", TEXT, NOW | SECRET},
    [COPY_MANIFEST] = {"MANIFEST", ALONE, NOW},
    [COPY_REGION] = {"REGION", TEXT, NOW},
    [COPY_ENCRYPTED] = {"ENCRYPTED", ALONE, 0},
    [COPY_MASTER_SYMMETRIC_KEY] = {"MASTER_SYMMETRIC_KEY", TEXT, SECRET},
    [COPY_SSH] = {"SSH", ALONE, 0},
    [COPY_READRATIO] = {"READRATIO", NUMBER, NOT_JSON},
    [COPY_JSON] = {"JSON", TEXT_MAYBE, SOME | FORMAT},
    [COPY_CSV] = {"CSV", ALONE, FORMAT},
    [COPY_QUOTE] = {"QUOTE", TEXT, NOT_JSON},
    [COPY_DELIMITER] = {"DELIMITER", TEXT, NOT_JSON},
    [COPY_FIXEDWIDTH] = {"FIXEDWIDTH", TEXT, FORMAT},
    [COPY_SHAPEFILE] = {"SHAPEFILE", ALONE, FORMAT},
    [COPY_SIMPLIFY] = {"SIMPLIFY", SIMPLIFIED, NOT_JSON},
    [COPY_AVRO] = {"AVRO", TEXT_MAYBE, FORMAT},
    [COPY_PARQUET] = {"PARQUET", ALONE, FORMAT},
    [COPY_ORC] = {"ORC", ALONE, FORMAT},
    [COPY_SERIALIZETOJSON] = {"SERIALIZETOJSON", ALONE, NOT_JSON},
    [COPY_GZIP] = {"GZIP", ALONE, 0},
    [COPY_BZIP2] = {"BZIP2", ALONE, 0},
    [COPY_LZOP] = {"LZOP", ALONE, 0},
    [COPY_ZSTD] = {"ZSTD", ALONE, 0},
    [COPY_ACCEPTANYDATE] = {"ACCEPTANYDATE", ALONE, 0},
    [COPY_ACCEPTINVCHARS] = {"ACCEPTINVCHARS", TEXT_MAYBE, NOW},
    [COPY_BLANKSASNULL] = {"BLANKSASNULL", ALONE, NOW},
    [COPY_DATEFORMAT] = {"DATEFORMAT", TEXT, SOME},
    [COPY_EMPTYASNULL] = {"EMPTYASNULL", ALONE, NOW},
    [COPY_ENCODING] = {"ENCODING", WORD, SOME},
    [COPY_ESCAPE] = {"ESCAPE", ALONE, NOT_JSON},
    [COPY_EXPLICIT_IDS] = {"EXPLICIT_IDS", ALONE, 0},
    [COPY_FILLRECORD] = {"FILLRECORD", ALONE, NOT_JSON},
    [COPY_IGNOREBLANKLINES] = {"IGNOREBLANKLINES", ALONE, NOT_JSON},
    [COPY_IGNOREHEADER] = {"IGNOREHEADER", NUMBER, SOME},
    [COPY_NULL] = {"NULL", TEXT, NOT_JSON},
    [COPY_REMOVEQUOTES] = {"REMOVEQUOTES", ALONE, NOT_JSON},
    [COPY_ROUNDEC] = {"ROUNDEC", ALONE, NOW},
    [COPY_TIMEFORMAT] = {"TIMEFORMAT", TEXT, SOME},
    [COPY_TRIMBLANKS] = {"TRIMBLANKS", ALONE, NOW},
    [COPY_TRUNCATECOLUMNS] = {"TRUNCATECOLUMNS", ALONE, NOW},
    [COPY_COMPROWS] = {"COMPROWS", NUMBER, NOW},
    [COPY_COMPUPDATE] = {"COMPUPDATE", SWITCH, NOW},
    [COPY_IGNOREALLERRORS] = {"IGNOREALLERRORS", ALONE, 0},
    [COPY_MAXERROR] = {"MAXERROR", NUMBER, SOME},
    [COPY_NOLOAD] = {"NOLOAD", ALONE, 0},
    [COPY_STATUPDATE] = {"STATUPDATE", SWITCH, NOW},
};

const char *copystmt_option_name(enum copystmt_option o)
{
	return options[o].name;
}

/* Another name of an option; unknown words that are not options. */
static enum copystmt_option find_option(struct str word)
{
	if (str_ieq(word, STR("TOKEN")))
		return COPY_SESSION_TOKEN;
	for (int i = 0; i < COPY_OPTIONS; i++)
		if (str_ieq(word, str_z(options[i].name)))
			return (enum copystmt_option)i;
	return COPY_OPTIONS;
}

/* ---- tokens ---- */

enum token { END, NAME, QUOTED_NAME, STRING, DIGITS, SIGN };

struct lexer {
	struct str sql;
	size_t at; /* behind the token */
	struct arena *arena;
	struct err *err;
	enum token token;
	struct str text; /* names as written, contents of quotes, digits, the sign */
	size_t start;    /* of the token */
};

static bool fail_at(struct lexer *x, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail_at(struct lexer *x, size_t at, const char *fmt, ...)
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

static char byte(const struct lexer *x, size_t i)
{
	return i < x->sql.n ? x->sql.p[i] : '\0';
}

/* Blanks and comments. */
static bool skip(struct lexer *x)
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
					return fail_at(x, start, "comment without end");
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
static bool quoted(struct lexer *x, char quote, bool backslash)
{
	char *out = arena_alloc(x->arena, x->sql.n - x->at + 1);
	size_t n = 0;

	for (;;) {
		char c = byte(x, x->at);

		if (x->at >= x->sql.n)
			return fail_at(x, x->start, "%s without closing quote",
			    quote == '"' ? "name" : "text");
		if (c == '\0')
			return fail_at(x, x->at, "NUL byte in the statement");
		x->at++;
		if (c == quote) {
			if (byte(x, x->at) != quote)
				break;
			x->at++;
		} else if (c == '\\' && backslash) {
			c = byte(x, x->at);
			if (c != '\\' && c != '\'')
				return fail_at(x, x->at - 1, "only \\\\ and \\' may stand in E''");
			x->at++;
		}
		out[n++] = c;
	}
	/* What is glued to a closing quote may be the rest of a secret with a quote in it. */
	if (name_byte(byte(x, x->at)) || byte(x, x->at) == '\'' || byte(x, x->at) == '"')
		return fail_at(x, x->at, "a blank must follow the closing quote");
	x->text = (struct str){out, n};
	return true;
}

static bool next(struct lexer *x)
{
	char c;

	if (!skip(x))
		return false;
	x->start = x->at;
	x->text = (struct str){0};
	if (x->at >= x->sql.n) {
		x->token = END;
		return true;
	}
	c = byte(x, x->at);
	if (c == '\'') {
		x->at++;
		x->token = STRING;
		return quoted(x, '\'', false);
	}
	if ((c == 'E' || c == 'e') && byte(x, x->at + 1) == '\'') {
		x->at += 2;
		x->token = STRING;
		return quoted(x, '\'', true);
	}
	if (c == '"') {
		x->at++;
		x->token = QUOTED_NAME;
		if (!quoted(x, '"', false))
			return false;
		return x->text.n || fail_at(x, x->start, "empty name");
	}
	if (name_start(c)) {
		x->token = NAME;
		while (x->at < x->sql.n && name_byte(byte(x, x->at)))
			x->at++;
	} else if (digit(c)) {
		x->token = DIGITS;
		while (x->at < x->sql.n && digit(byte(x, x->at)))
			x->at++;
	} else {
		x->token = SIGN;
		x->at++;
	}
	x->text = (struct str){x->sql.p + x->start, x->at - x->start};
	return true;
}

static bool is_word(const struct lexer *x, const char *word)
{
	return x->token == NAME && str_ieq(x->text, str_z(word));
}

static bool is_sign(const struct lexer *x, char c)
{
	return x->token == SIGN && x->text.p[0] == c;
}

/* ---- the statement ---- */

/* Only what looks like a keyword is ever shown. */
static bool fail_unexpected(struct lexer *x, const char *wanted)
{
	if (x->token == END)
		return fail_at(x, x->start, "%s expected, but the statement ends", wanted);
	if (x->token == NAME && x->text.n <= 32)
		return fail_at(x, x->start, "%s expected, not \"%.*s\"", wanted, STRF(x->text));
	return fail_at(x, x->start, "%s expected", wanted);
}

static bool expect_word(struct lexer *x, const char *word)
{
	return is_word(x, word) ? next(x) : fail_unexpected(x, word);
}

/* A name: bare ones in lower case, as Redshift and PostgreSQL store them. */
static bool name(struct lexer *x, const char *what, struct str *out)
{
	if (x->token == NAME) {
		char *low = arena_cstr(x->arena, x->text);

		for (size_t i = 0; i < x->text.n; i++)
			if (low[i] >= 'A' && low[i] <= 'Z')
				low[i] = (char)(low[i] | 0x20);
		*out = (struct str){low, x->text.n};
	} else if (x->token == QUOTED_NAME) {
		*out = x->text;
	} else {
		return fail_unexpected(x, what);
	}
	return next(x);
}

static bool target(struct lexer *x, struct copystmt *c)
{
	size_t cap = 0;

	if (!name(x, "table name", &c->table))
		return false;
	if (is_sign(x, '.')) {
		c->schema = c->table;
		if (!next(x) || !name(x, "table name", &c->table))
			return false;
		if (is_sign(x, '.'))
			return fail_at(x, x->start, "a table is named schema.table at most");
	}
	if (!is_sign(x, '('))
		return true;
	do {
		struct str column;
		size_t at;

		if (!next(x))
			return false;
		at = x->start;
		if (!name(x, "column name", &column))
			return false;
		for (size_t i = 0; i < c->n_columns; i++)
			if (str_eq(c->columns[i], column))
				return fail_at(x, at, "column %.*s is listed twice", STRF(column));
		c->columns = arena_grow(
		    x->arena, c->columns, c->n_columns, &cap, sizeof *c->columns);
		c->columns[c->n_columns++] = column;
	} while (is_sign(x, ','));
	if (!is_sign(x, ')'))
		return fail_unexpected(x, "',' or ')'");
	return next(x);
}

static bool set_text(struct lexer *x, struct copystmt *c, enum copystmt_option o)
{
	c->text[o] = x->text;
	return next(x);
}

static bool set_number(struct lexer *x, struct copystmt *c, enum copystmt_option o)
{
	if (!str_to_i64(x->text, &c->number[o]))
		return fail_at(x, x->start, "number too large for %s", options[o].name);
	return next(x);
}

/* What follows the option's name, by its shape. */
static bool argument(struct lexer *x, struct copystmt *c, enum copystmt_option o)
{
	enum shape shape = options[o].shape;
	const char *option = options[o].name;
	bool as = false;

	if (shape != ALONE && is_word(x, "AS")) {
		as = true;
		if (!next(x))
			return false;
	}
	switch (shape) {
	case ALONE: return true;
	case ROLE:
		if (is_word(x, "DEFAULT"))
			return set_text(x, c, o);
		__attribute__((fallthrough));
	case TEXT:
	case TEXT_MAYBE:
		if (x->token == STRING)
			return set_text(x, c, o);
		if (shape == TEXT_MAYBE && !as)
			return true;
		return fail_at(x, x->start, "a text in '' quotes must follow %s", option);
	case WORD:
		if (x->token == STRING || x->token == NAME)
			return set_text(x, c, o);
		return fail_at(x, x->start, "a word must follow %s", option);
	case NUMBER:
		if (x->token == DIGITS)
			return set_number(x, c, o);
		return fail_at(x, x->start, "a number must follow %s", option);
	case SIMPLIFIED:
		if (is_word(x, "AUTO") && !next(x))
			return false;
		return x->token != DIGITS || set_number(x, c, o);
	case SWITCH:
		if (is_word(x, "ON") || is_word(x, "TRUE") || is_word(x, "OFF") ||
		    is_word(x, "FALSE") || (o == COPY_COMPUPDATE && is_word(x, "PRESET")))
			return set_text(x, c, o);
		return true;
	}
	return true;
}

/* Meaning of the arguments, and what excludes what. at: the option's place. */
static bool settle(struct lexer *x, struct copystmt *c, enum copystmt_option o, size_t at)
{
	struct str text = c->text[o];
	enum copystmt_auth auth = c->auth;

	if (o == COPY_IAM_ROLE)
		auth = COPY_AUTH_ROLE;
	else if (o == COPY_CREDENTIALS)
		auth = COPY_AUTH_CREDENTIALS;
	else if (o == COPY_ACCESS_KEY_ID || o == COPY_SECRET_ACCESS_KEY || o == COPY_SESSION_TOKEN)
		auth = COPY_AUTH_KEYS;
	if (c->auth != COPY_AUTH_NONE && auth != c->auth)
		return fail_at(x, at, "a second kind of authorization: %s", options[o].name);
	c->auth = auth;

	if (options[o].is & FORMAT)
		for (int i = 0; i < COPY_OPTIONS; i++)
			if (i != (int)o && options[i].is & FORMAT &&
			    copystmt_has(c, (enum copystmt_option)i))
				return fail_at(x, at, "a second file format: %s after %s",
				    options[o].name, options[i].name);

	if (o == COPY_JSON) {
		c->json = COPY_JSON_PATHS;
		if (text.n == 0 || str_eqz(text, "auto"))
			c->json = COPY_JSON_AUTO;
		else if (str_eqz(text, "auto ignorecase"))
			c->json = COPY_JSON_AUTO_IGNORECASE;
		else if (str_eqz(text, "noshred"))
			c->json = COPY_JSON_NOSHRED;
		else if (str_starts(text, STR("s3://")))
			c->jsonpaths = text;
		else
			return fail_at(x, at,
			    "JSON takes 'auto', 'auto ignorecase', 'noshred' or the s3:// address "
			    "of a jsonpaths file");
	} else if (o == COPY_TIMEFORMAT) {
		/* The words are case-sensitive: 'Auto' is a pattern, and a useless one. */
		c->timeformat = COPY_TIME_PATTERN;
		if (str_eqz(text, "auto"))
			c->timeformat = COPY_TIME_AUTO;
		else if (str_eqz(text, "epochsecs"))
			c->timeformat = COPY_TIME_EPOCHSECS;
		else if (str_eqz(text, "epochmillisecs"))
			c->timeformat = COPY_TIME_EPOCHMILLISECS;
		else if (str_eqz(text, "YYYY-MM-DD HH:MI:SS"))
			c->timeformat = COPY_TIME_DEFAULT;
	} else if (o == COPY_ACCEPTINVCHARS && text.n) {
		if (text.n != 1 || text.p[0] & 0x80 || text.p[0] == '\0')
			return fail_at(x, at, "ACCEPTINVCHARS takes one ASCII character");
		c->replacement = text.p[0];
	} else if (o == COPY_MAXERROR && c->number[o] > 100000) {
		return fail_at(x, at, "MAXERROR is 100000 at most");
	} else if (o == COPY_COMPROWS && (c->number[o] < 1000 || c->number[o] > INT32_MAX)) {
		return fail_at(x, at, "COMPROWS is 1000 to 2147483647");
	}
	return true;
}

static bool unknown(struct lexer *x, const char *extra)
{
	const char *nearest = NULL;
	size_t least = 4;

	if (x->token != NAME || x->text.n > 32)
		return fail_at(x, x->start, "option expected%s", extra);
	for (int i = 0; i < COPY_OPTIONS; i++) {
		size_t d = str_distance(x->text, str_z(options[i].name));

		if (d < least && d < x->text.n) {
			least = d;
			nearest = options[i].name;
		}
	}
	if (nearest)
		return fail_at(x, x->start, "unknown option %.*s%s; did you mean %s?",
		    STRF(x->text), extra, nearest);
	return fail_at(x, x->start, "unknown option %.*s%s", STRF(x->text), extra);
}

static bool option(struct lexer *x, struct copystmt *c)
{
	bool format = is_word(x, "FORMAT"), with = is_word(x, "WITH");
	enum copystmt_option o;
	size_t at;

	if ((format || with) && !next(x))
		return false;
	if (format && is_word(x, "AS") && !next(x))
		return false;
	at = x->start;
	o = x->token == NAME ? find_option(x->text) : COPY_OPTIONS;
	if (o == COPY_OPTIONS)
		return unknown(x, format ? " as file format" : "");
	if (format && !(options[o].is & FORMAT) && o != COPY_DELIMITER)
		return fail_at(x, at, "%s is no file format", options[o].name);
	if (with && !(options[o].is & SECRET))
		return fail_at(x, at, "CREDENTIALS must follow WITH");
	if (copystmt_has(c, o))
		return fail_at(x, at, "%s is given twice", options[o].name);
	if (!next(x) || !argument(x, c, o))
		return false;
	c->given |= 1ULL << o;
	return settle(x, c, o, at);
}

/* What can be judged only when all options are known. */
static bool check_whole(struct lexer *x, const struct copystmt *c)
{
	bool key = copystmt_has(c, COPY_ACCESS_KEY_ID);
	bool secret = copystmt_has(c, COPY_SECRET_ACCESS_KEY);

	if (c->auth == COPY_AUTH_KEYS && !(key && secret))
		return fail_at(x, x->start, "ACCESS_KEY_ID and SECRET_ACCESS_KEY belong together");
	if (copystmt_has(c, COPY_MAXERROR) && copystmt_has(c, COPY_IGNOREALLERRORS))
		return fail_at(x, x->start, "MAXERROR and IGNOREALLERRORS exclude each other");
	if (copystmt_has(c, COPY_QUOTE) && !copystmt_has(c, COPY_CSV))
		return fail_at(x, x->start, "QUOTE belongs to CSV");
	for (int i = 0; i < COPY_OPTIONS && copystmt_has(c, COPY_JSON); i++)
		if (options[i].is & NOT_JSON && copystmt_has(c, (enum copystmt_option)i))
			return fail_at(
			    x, x->start, "%s can not be used with JSON", options[i].name);
	return true;
}

bool copystmt_parse(struct str sql, struct arena *a, struct copystmt *out, struct err *e)
{
	struct lexer x = {.sql = sql, .arena = a, .err = e};
	struct copystmt c = {.replacement = '?'};

	if (!next(&x) || !expect_word(&x, "COPY") || !target(&x, &c) || !expect_word(&x, "FROM"))
		return false;
	if (x.token != STRING)
		return fail_at(&x, x.start, "an address in '' quotes must follow FROM");
	c.from = x.text;
	if (!next(&x))
		return false;
	while (x.token != END && !is_sign(&x, ';'))
		if (!option(&x, &c))
			return false;
	if (!check_whole(&x, &c))
		return false;
	if (is_sign(&x, ';')) {
		if (!next(&x))
			return false;
		if (x.token != END)
			return fail_at(&x, x.start, "one statement expected, and a second begins");
	}
	*out = c;
	return true;
}

/* ---- what engine 2 executes ---- */

/* Options of which only some values are executed: what is not, in words; or NULL. */
static const char *left_out(const struct copystmt *c, enum copystmt_option o)
{
	struct str text = c->text[o];

	if (o == COPY_JSON && c->json == COPY_JSON_NOSHRED)
		return "JSON 'noshred'";
	if (o == COPY_TIMEFORMAT && c->timeformat == COPY_TIME_AUTO)
		return "TIMEFORMAT 'auto'";
	if (o == COPY_TIMEFORMAT && c->timeformat == COPY_TIME_PATTERN)
		return "TIMEFORMAT with a pattern other than 'YYYY-MM-DD HH:MI:SS'";
	if (o == COPY_DATEFORMAT && !str_eqz(text, "YYYY-MM-DD"))
		return "DATEFORMAT other than 'YYYY-MM-DD'";
	if (o == COPY_ENCODING && !str_ieq(text, STR("UTF8")))
		return "ENCODING other than UTF8";
	if (o == COPY_IGNOREHEADER && c->number[o] > 0)
		return "IGNOREHEADER over 0";
	if (o == COPY_MAXERROR && c->number[o] > 1)
		return "MAXERROR over 1";
	return NULL;
}

bool copystmt_check_engine2(const struct copystmt *c, struct err *e)
{
	static const char fmt[] = "%s of the COPY statement is not executed on this engine";

	if (!str_starts(c->from, STR("s3://")))
		return err_set(
		    e, ERR_SETUP, AT_CONFIG, NULL, "COPY loads FROM 's3://bucket/...' only");
	for (int i = 0; i < COPY_OPTIONS; i++) {
		enum copystmt_option o = (enum copystmt_option)i;
		const char *what = options[o].name;

		if (!copystmt_has(c, o) || options[o].is & NOW)
			continue;
		if (options[o].is & SOME)
			what = left_out(c, o);
		if (what)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL, fmt, what);
	}
	if (c->json == COPY_JSON_NONE)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "COPY without FORMAT JSON is not executed on this engine");
	return true;
}
