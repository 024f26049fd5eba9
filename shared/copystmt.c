/* copystmt.c - see copystmt.h. */
#include "shared/copystmt.h"

#include "shared/copylex.h"
#include "shared/timeformat.h"

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
	NOW = 1,       /* engine 2 does it, or it means nothing to engine 2 */
	SOME = 2,      /* engine 2 does some of it: check_values() */
	SECRET = 4,    /* never shown */
	FORMAT = 8,    /* a file format: may follow FORMAT [AS], excludes the others */
	NOT_JSON = 16, /* Redshift refuses it with JSON */
	PACKED = 32    /* a compression, excludes the others */
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
    [COPY_CSV] = {"CSV", ALONE, NOW | FORMAT},
    [COPY_QUOTE] = {"QUOTE", TEXT, NOW | NOT_JSON},
    [COPY_DELIMITER] = {"DELIMITER", TEXT, NOW | NOT_JSON},
    [COPY_FIXEDWIDTH] = {"FIXEDWIDTH", TEXT, NOW | FORMAT},
    [COPY_SHAPEFILE] = {"SHAPEFILE", ALONE, FORMAT},
    [COPY_SIMPLIFY] = {"SIMPLIFY", SIMPLIFIED, NOT_JSON},
    [COPY_AVRO] = {"AVRO", TEXT_MAYBE, FORMAT},
    [COPY_PARQUET] = {"PARQUET", ALONE, FORMAT},
    [COPY_ORC] = {"ORC", ALONE, FORMAT},
    [COPY_SERIALIZETOJSON] = {"SERIALIZETOJSON", ALONE, NOT_JSON},
    [COPY_GZIP] = {"GZIP", ALONE, NOW | PACKED},
    [COPY_BZIP2] = {"BZIP2", ALONE, NOW | PACKED},
    [COPY_LZOP] = {"LZOP", ALONE, PACKED},
    [COPY_ZSTD] = {"ZSTD", ALONE, NOW | PACKED},
    [COPY_ACCEPTANYDATE] = {"ACCEPTANYDATE", ALONE, NOW},
    [COPY_ACCEPTINVCHARS] = {"ACCEPTINVCHARS", TEXT_MAYBE, NOW},
    [COPY_BLANKSASNULL] = {"BLANKSASNULL", ALONE, NOW},
    [COPY_DATEFORMAT] = {"DATEFORMAT", TEXT, SOME},
    [COPY_EMPTYASNULL] = {"EMPTYASNULL", ALONE, NOW},
    [COPY_ENCODING] = {"ENCODING", WORD, NOW},
    [COPY_ESCAPE] = {"ESCAPE", ALONE, NOW | NOT_JSON},
    [COPY_EXPLICIT_IDS] = {"EXPLICIT_IDS", ALONE, NOW},
    [COPY_FILLRECORD] = {"FILLRECORD", ALONE, NOW | NOT_JSON},
    [COPY_IGNOREBLANKLINES] = {"IGNOREBLANKLINES", ALONE, NOW | NOT_JSON},
    [COPY_IGNOREHEADER] = {"IGNOREHEADER", NUMBER, NOW},
    [COPY_NULL] = {"NULL", TEXT, NOW | NOT_JSON},
    [COPY_REMOVEQUOTES] = {"REMOVEQUOTES", ALONE, NOW | NOT_JSON},
    [COPY_ROUNDEC] = {"ROUNDEC", ALONE, NOW},
    [COPY_TIMEFORMAT] = {"TIMEFORMAT", TEXT, SOME},
    [COPY_TRIMBLANKS] = {"TRIMBLANKS", ALONE, NOW},
    [COPY_TRUNCATECOLUMNS] = {"TRUNCATECOLUMNS", ALONE, NOW},
    [COPY_COMPROWS] = {"COMPROWS", NUMBER, NOW},
    [COPY_COMPUPDATE] = {"COMPUPDATE", SWITCH, NOW},
    [COPY_IGNOREALLERRORS] = {"IGNOREALLERRORS", ALONE, NOW},
    [COPY_MAXERROR] = {"MAXERROR", NUMBER, NOW},
    [COPY_NOLOAD] = {"NOLOAD", ALONE, NOW},
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

/* ---- the statement ---- */

/* Only what looks like a keyword is ever shown. */
static bool fail_unexpected(struct copylex *x, const char *wanted)
{
	if (x->token == COPYLEX_END)
		return copylex_fail(x, x->start, "%s expected, but the statement ends", wanted);
	if (x->token == COPYLEX_NAME && x->text.n <= 32)
		return copylex_fail(
		    x, x->start, "%s expected, not \"%.*s\"", wanted, STRF(x->text));
	return copylex_fail(x, x->start, "%s expected", wanted);
}

static bool expect_word(struct copylex *x, const char *word)
{
	return copylex_word(x, word) ? copylex_next(x) : fail_unexpected(x, word);
}

/* A name: bare ones in lower case, as Redshift and PostgreSQL store them. */
static bool name(struct copylex *x, const char *what, struct str *out)
{
	if (x->token == COPYLEX_NAME) {
		char *low = arena_cstr(x->arena, x->text);

		for (size_t i = 0; i < x->text.n; i++)
			if (low[i] >= 'A' && low[i] <= 'Z')
				low[i] = (char)(low[i] | 0x20);
		*out = (struct str){low, x->text.n};
	} else if (x->token == COPYLEX_QUOTED_NAME) {
		*out = x->text;
	} else {
		return fail_unexpected(x, what);
	}
	return copylex_next(x);
}

static bool target(struct copylex *x, struct copystmt *c)
{
	size_t cap = 0;

	if (!name(x, "table name", &c->table))
		return false;
	if (copylex_sign(x, '.')) {
		c->schema = c->table;
		if (!copylex_next(x) || !name(x, "table name", &c->table))
			return false;
		if (copylex_sign(x, '.'))
			return copylex_fail(x, x->start, "a table is named schema.table at most");
	}
	if (!copylex_sign(x, '('))
		return true;
	do {
		struct str column = {NULL, 0};
		size_t at;

		if (!copylex_next(x))
			return false;
		at = x->start;
		if (!name(x, "column name", &column))
			return false;
		for (size_t i = 0; i < c->n_columns; i++)
			if (str_eq(c->columns[i], column))
				return copylex_fail(
				    x, at, "column %.*s is listed twice", STRF(column));
		c->columns = arena_grow(
		    x->arena, c->columns, c->n_columns, &cap, sizeof *c->columns);
		c->columns[c->n_columns++] = column;
	} while (copylex_sign(x, ','));
	if (!copylex_sign(x, ')'))
		return fail_unexpected(x, "',' or ')'");
	return copylex_next(x);
}

static bool set_text(struct copylex *x, struct copystmt *c, enum copystmt_option o)
{
	c->text[o] = x->text;
	return copylex_next(x);
}

static bool set_number(struct copylex *x, struct copystmt *c, enum copystmt_option o)
{
	if (!str_to_i64(x->text, &c->number[o]))
		return copylex_fail(x, x->start, "number too large for %s", options[o].name);
	return copylex_next(x);
}

/* What follows the option's name, by its shape. */
static bool argument(struct copylex *x, struct copystmt *c, enum copystmt_option o)
{
	enum shape shape = options[o].shape;
	const char *option = options[o].name;
	bool as = false;

	if (shape != ALONE && copylex_word(x, "AS")) {
		as = true;
		if (!copylex_next(x))
			return false;
	}
	switch (shape) {
	case ALONE: return true;
	case ROLE:
		if (copylex_word(x, "DEFAULT"))
			return set_text(x, c, o);
		__attribute__((fallthrough));
	case TEXT:
	case TEXT_MAYBE:
		if (x->token == COPYLEX_STRING)
			return set_text(x, c, o);
		if (shape == TEXT_MAYBE && !as)
			return true;
		return copylex_fail(x, x->start, "a text in '' quotes must follow %s", option);
	case WORD:
		if (x->token == COPYLEX_STRING || x->token == COPYLEX_NAME)
			return set_text(x, c, o);
		return copylex_fail(x, x->start, "a word must follow %s", option);
	case NUMBER:
		if (x->token == COPYLEX_DIGITS)
			return set_number(x, c, o);
		return copylex_fail(x, x->start, "a number must follow %s", option);
	case SIMPLIFIED:
		if (copylex_word(x, "AUTO") && !copylex_next(x))
			return false;
		return x->token != COPYLEX_DIGITS || set_number(x, c, o);
	case SWITCH:
		if (copylex_word(x, "ON") || copylex_word(x, "TRUE") || copylex_word(x, "OFF") ||
		    copylex_word(x, "FALSE") || (o == COPY_COMPUPDATE && copylex_word(x, "PRESET")))
			return set_text(x, c, o);
		return true;
	}
	return true;
}

/* Meaning of the arguments, and what excludes what. at: the option's place. */
static bool settle(struct copylex *x, struct copystmt *c, enum copystmt_option o, size_t at)
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
		return copylex_fail(x, at, "a second kind of authorization: %s", options[o].name);
	c->auth = auth;

	for (int i = 0; options[o].is & PACKED && i < COPY_OPTIONS; i++)
		if (i != (int)o && options[i].is & PACKED &&
		    copystmt_has(c, (enum copystmt_option)i))
			return copylex_fail(x, at, "a second compression: %s after %s",
			    options[o].name, options[i].name);
	if (options[o].is & FORMAT)
		for (int i = 0; i < COPY_OPTIONS; i++)
			if (i != (int)o && options[i].is & FORMAT &&
			    copystmt_has(c, (enum copystmt_option)i))
				return copylex_fail(x, at, "a second file format: %s after %s",
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
			return copylex_fail(x, at,
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
			return copylex_fail(x, at, "ACCEPTINVCHARS takes one ASCII character");
		c->replacement = text.p[0];
	} else if (o == COPY_ENCODING) {
		static const char *const names[] = {"UTF8", "UTF16", "UTF16LE", "UTF16BE"};
		size_t i = 0;

		while (i < 4 && !str_ieq(text, str_z(names[i])))
			i++;
		if (i == 4)
			return copylex_fail(x, at, "ENCODING is UTF8, UTF16, UTF16LE or UTF16BE");
		c->encoding = (enum copystmt_encoding)i;
	} else if (o == COPY_MAXERROR && c->number[o] > 100000) {
		return copylex_fail(x, at, "MAXERROR is 100000 at most");
	} else if (o == COPY_COMPROWS && (c->number[o] < 1000 || c->number[o] > INT32_MAX)) {
		return copylex_fail(x, at, "COMPROWS is 1000 to 2147483647");
	}
	return true;
}

static bool unknown(struct copylex *x, const char *extra)
{
	const char *nearest = NULL;
	size_t least = 4;

	if (x->token != COPYLEX_NAME || x->text.n > 32)
		return copylex_fail(x, x->start, "option expected%s", extra);
	for (int i = 0; i < COPY_OPTIONS; i++) {
		size_t d = str_distance(x->text, str_z(options[i].name));

		if (d < least && d < x->text.n) {
			least = d;
			nearest = options[i].name;
		}
	}
	if (nearest)
		return copylex_fail(x, x->start, "unknown option %.*s%s; did you mean %s?",
		    STRF(x->text), extra, nearest);
	return copylex_fail(x, x->start, "unknown option %.*s%s", STRF(x->text), extra);
}

static bool option(struct copylex *x, struct copystmt *c)
{
	bool format = copylex_word(x, "FORMAT"), with = copylex_word(x, "WITH");
	enum copystmt_option o;
	size_t at;

	if ((format || with) && !copylex_next(x))
		return false;
	if (format && copylex_word(x, "AS") && !copylex_next(x))
		return false;
	at = x->start;
	o = x->token == COPYLEX_NAME ? find_option(x->text) : COPY_OPTIONS;
	if (o == COPY_OPTIONS)
		return unknown(x, format ? " as file format" : "");
	if (format && !(options[o].is & FORMAT) && o != COPY_DELIMITER)
		return copylex_fail(x, at, "%s is no file format", options[o].name);
	if (with && !(options[o].is & SECRET))
		return copylex_fail(x, at, "CREDENTIALS must follow WITH");
	if (copystmt_has(c, o))
		return copylex_fail(x, at, "%s is given twice", options[o].name);
	if (!copylex_next(x) || !argument(x, c, o))
		return false;
	c->given |= 1ULL << o;
	return settle(x, c, o, at);
}

/* What can be judged only when all options are known. */
static bool check_whole(struct copylex *x, const struct copystmt *c)
{
	static const enum copystmt_option apart[][2] = {{COPY_ESCAPE, COPY_CSV},
	    {COPY_REMOVEQUOTES, COPY_CSV}, {COPY_DELIMITER, COPY_FIXEDWIDTH},
	    {COPY_ESCAPE, COPY_FIXEDWIDTH}, {COPY_REMOVEQUOTES, COPY_FIXEDWIDTH}};
	bool key = copystmt_has(c, COPY_ACCESS_KEY_ID);
	bool secret = copystmt_has(c, COPY_SECRET_ACCESS_KEY);

	if (c->auth == COPY_AUTH_KEYS && !(key && secret))
		return copylex_fail(
		    x, x->start, "ACCESS_KEY_ID and SECRET_ACCESS_KEY belong together");
	if (copystmt_has(c, COPY_MAXERROR) && copystmt_has(c, COPY_IGNOREALLERRORS))
		return copylex_fail(x, x->start, "MAXERROR and IGNOREALLERRORS exclude each other");
	if (copystmt_has(c, COPY_QUOTE) && !copystmt_has(c, COPY_CSV))
		return copylex_fail(x, x->start, "QUOTE belongs to CSV");
	for (int i = 0; i < (int)(sizeof apart / sizeof apart[0]); i++)
		if (copystmt_has(c, apart[i][0]) && copystmt_has(c, apart[i][1]))
			return copylex_fail(x, x->start, "%s can not be used with %s",
			    options[apart[i][0]].name, options[apart[i][1]].name);
	for (int i = 0; i < COPY_OPTIONS && copystmt_has(c, COPY_JSON); i++)
		if (options[i].is & NOT_JSON && copystmt_has(c, (enum copystmt_option)i))
			return copylex_fail(
			    x, x->start, "%s can not be used with JSON", options[i].name);
	return true;
}

bool copystmt_parse(struct str sql, struct arena *a, struct copystmt *out, struct err *e)
{
	struct copylex x = {.sql = sql, .arena = a, .err = e};
	struct copystmt c = {.replacement = '?'};

	if (!copylex_next(&x) || !expect_word(&x, "COPY") || !target(&x, &c) ||
	    !expect_word(&x, "FROM"))
		return false;
	if (x.token != COPYLEX_STRING)
		return copylex_fail(&x, x.start, "an address in '' quotes must follow FROM");
	c.from = x.text;
	if (!copylex_next(&x))
		return false;
	while (x.token != COPYLEX_END && !copylex_sign(&x, ';'))
		if (!option(&x, &c))
			return false;
	if (!check_whole(&x, &c))
		return false;
	if (copylex_sign(&x, ';')) {
		if (!copylex_next(&x))
			return false;
		if (x.token != COPYLEX_END)
			return copylex_fail(
			    &x, x.start, "one statement expected, and a second begins");
	}
	*out = c;
	return true;
}

/* ---- what engine 2 executes ---- */

/* Options of which only some values are executed: what is not, in words; or NULL. */
static const char *left_out(const struct copystmt *c, enum copystmt_option o)
{
	return o == COPY_JSON && c->json == COPY_JSON_NOSHRED ? "JSON 'noshred'" : NULL;
}

/* 'auto' and the epochs are no patterns. */
static bool check_pattern(const struct copystmt *c, enum copystmt_option o, struct err *e)
{
	struct str text = c->text[o];
	struct timeformat f;
	const char *why;

	if (!copystmt_has(c, o) || str_eqz(text, "auto") ||
	    (o == COPY_TIMEFORMAT && c->timeformat != COPY_TIME_PATTERN))
		return true;
	why = timeformat_parse(text, &f);
	return !why || err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s '%.*s' of the COPY statement: %s",
	                   options[o].name, STRF(text), why);
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
	return check_pattern(c, COPY_DATEFORMAT, e) && check_pattern(c, COPY_TIMEFORMAT, e);
}
