/* dialect.c - see dialect.h and dialect_private.h. */
#include "shared/buf.h"
#include "shared/dialect_private.h"

/* A statement may have 16 MB on Redshift. */
enum { OUT_MAX = 32 << 20 };

enum where {
	ANYWHERE,
	CALLED,        /* before "(" */
	AGGREGATE,     /* before COUNT or PERCENTILE_DISC */
	BEFORE_SELECT, /* before SELECT or "(" */
	AS_TYPE,       /* behind "::", or between AS and ")" */
};

/* Exact equals. */
static const struct {
	const char *word;
	enum where where;
	const char *instead;
} equals[] = {
    {"NVL", CALLED, "COALESCE"},
    {"LEN", CALLED, "LENGTH"},
    {"MINUS", BEFORE_SELECT, "EXCEPT"},
    /* Redshift: the start of the transaction, as a TIMESTAMP; sessions begin in UTC. */
    {"SYSDATE", ANYWHERE, "(transaction_timestamp() AT TIME ZONE 'UTC')"},
};

/* Without an equal, or with a namesake that does something else. */
static const struct {
	const char *word;
	enum where where;
	const char *hint;
} refused[] = {
    {"QUALIFY", ANYWHERE, "put the window function into a subquery and filter outside"},
    {"PIVOT", CALLED, "write sums over CASE"},
    {"UNPIVOT", CALLED, "write a UNION ALL"},
    {"APPROXIMATE", AGGREGATE, "count exactly"},
    {"LISTAGG", CALLED, NULL},
    {"MEDIAN", CALLED, "write PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY ...)"},
    {"RATIO_TO_REPORT", CALLED, "divide by SUM(...) OVER (...)"},
    {"NVL2", CALLED, "write a CASE"},
    {"DECODE", CALLED, "write a CASE"},
    {"ISNULL", CALLED, "write COALESCE"},
    {"CONVERT", CALLED, "write CAST(... AS ...)"},
    {"DATEADD", CALLED, "write ts + n * INTERVAL '1 day'"},
    {"DATE_ADD", CALLED, "write ts + n * INTERVAL '1 day'"},
    {"DATEDIFF", CALLED, "subtract the two and EXTRACT from the difference"},
    {"DATE_DIFF", CALLED, "subtract the two and EXTRACT from the difference"},
    {"ADD_MONTHS", CALLED, NULL},
    {"MONTHS_BETWEEN", CALLED, NULL},
    {"CONVERT_TIMEZONE", CALLED, "write ts AT TIME ZONE '...'"},
    {"REGEXP_REPLACE", CALLED, "PostgreSQL's replaces the first match only"},
    {"JSON_PARSE", CALLED, NULL},
    {"JSON_SERIALIZE", CALLED, NULL},
    {"SUPER", AS_TYPE, NULL},
    {"VARBYTE", AS_TYPE, NULL},
    {"HLLSKETCH", AS_TYPE, NULL},
    {"GEOMETRY", AS_TYPE, NULL},
    {"GEOGRAPHY", AS_TYPE, NULL},
};

/* Redshift's names of date parts that PostgreSQL does not know. */
static const struct {
	const char *name, *instead;
} date_parts[] = {
    {"weekday", "dow"},
    {"dayofweek", "dow"},
    {"dw", "dow"},
    {"dayofyear", "doy"},
    {"dy", "doy"},
    {"yearday", "doy"},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

size_t dialect_match(const struct rewrite *r, size_t i, const char *words)
{
	struct str left = str_z(words);
	size_t n = 0;

	while (left.n) {
		struct str word = {left.p, str_find(left, ' ')};
		const struct sqltok *t = &r->t[i + n];

		if ((t->kind != SQLTOK_WORD && t->kind != SQLTOK_OP) || !str_ieq(t->text, word))
			return 0;
		left = str_from(left, word.n + 1);
		n++;
	}
	return n;
}

size_t dialect_past(const struct rewrite *r, size_t i, size_t end)
{
	int depth = 0;

	for (; i < end; i++) {
		if (sqltok_is(&r->t[i], "("))
			depth++;
		else if (sqltok_is(&r->t[i], ")") && --depth == 0)
			return i + 1;
	}
	return end;
}

void dialect_drop(struct rewrite *r, size_t i, size_t n)
{
	while (n--)
		r->edits[i++].drop = true;
}

bool dialect_refuse(struct rewrite *r, size_t i, const char *what, const char *hint)
{
	return sqltok_fail(r->e, &r->t[i], "0A000", "%s has no counterpart in PostgreSQL%s%s", what,
	    hint ? "; " : "", hint ? hint : "");
}

/* ---- expressions ---- */

static bool stands(const struct rewrite *r, size_t i, enum where where)
{
	const struct sqltok *next = &r->t[i + 1];

	switch (where) {
	case ANYWHERE: return true;
	case CALLED: return sqltok_is(next, "(");
	case AGGREGATE: return sqltok_is(next, "COUNT") || sqltok_is(next, "PERCENTILE_DISC");
	case BEFORE_SELECT: return sqltok_is(next, "SELECT") || sqltok_is(next, "(");
	case AS_TYPE:
		return i > 0 && (sqltok_is(&r->t[i - 1], "::") ||
		                    (sqltok_is(&r->t[i - 1], "AS") && sqltok_is(next, ")")));
	}
	return false;
}

/* part: a word or 'string'. Its name on PostgreSQL, or NULL where it is the same. */
static const char *date_part(const struct sqltok *part)
{
	struct str s = part->text;

	if (part->kind == SQLTOK_STRING && s.n >= 2)
		s = (struct str){s.p + 1, s.n - 2};
	for (size_t i = 0; i < COUNT(date_parts); i++)
		if (str_ieq(s, str_z(date_parts[i].name)))
			return date_parts[i].instead;
	return NULL;
}

/* EXTRACT(part FROM x), DATE_PART(part, x) and DATE_PART('part', x); i is on the part. */
static void date_function(struct rewrite *r, size_t i)
{
	bool extract = sqltok_is(&r->t[i - 2], "EXTRACT");
	const struct sqltok *part = &r->t[i];
	const char *name = date_part(part);

	if ((part->kind != SQLTOK_WORD && part->kind != SQLTOK_STRING) ||
	    !sqltok_is(&r->t[i + 1], extract ? "FROM" : ","))
		return;
	if (extract && part->kind == SQLTOK_WORD)
		r->edits[i].instead = name;
	else if (name)
		r->edits[i].instead = arena_printf(r->a, "'%s'", name);
	else if (part->kind == SQLTOK_WORD)
		r->edits[i].instead = arena_printf(r->a, "'%.*s'", STRF(part->text));
}

/* VARCHAR(MAX), CHAR(MAX); i is on MAX. */
static void max_size(struct rewrite *r, size_t i)
{
	const struct sqltok *type = &r->t[i - 2];

	if (sqltok_is(type, "VARCHAR") || sqltok_is(type, "NVARCHAR") || sqltok_is(type, "VARYING"))
		r->edits[i].instead = "65535";
	else if (sqltok_is(type, "CHAR") || sqltok_is(type, "NCHAR") ||
	         sqltok_is(type, "CHARACTER"))
		r->edits[i].instead = "4096";
}

static bool word(struct rewrite *r, size_t i)
{
	const struct sqltok *t = &r->t[i];

	/* t.word is a column. */
	if (i > 0 && sqltok_is(&r->t[i - 1], "."))
		return true;
	for (size_t k = 0; k < COUNT(equals); k++)
		if (sqltok_is(t, equals[k].word) && stands(r, i, equals[k].where))
			r->edits[i].instead = equals[k].instead;
	for (size_t k = 0; k < COUNT(refused); k++)
		if (sqltok_is(t, refused[k].word) && stands(r, i, refused[k].where))
			return dialect_refuse(r, i, refused[k].word, refused[k].hint);
	/* Redshift: the start of the statement, in whole seconds. */
	if (dialect_match(r, i, "GETDATE ( )")) {
		r->edits[i].instead =
		    "date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')";
		dialect_drop(r, i + 1, 2);
	}
	if (dialect_match(r, i, "EXTRACT (") || dialect_match(r, i, "DATE_PART ("))
		date_function(r, i + 2);
	if (i > 1 && dialect_match(r, i - 1, "( MAX )"))
		max_size(r, i);
	if ((dialect_match(r, i, "SELECT TOP") || dialect_match(r, i, "DISTINCT TOP")) &&
	    r->t[i + 2].kind == SQLTOK_NUMBER)
		return dialect_refuse(r, i + 1, "TOP", "write LIMIT at the end");
	return true;
}

/* Redshift reads a backslash as an escape in every string, PostgreSQL only behind an E. */
static bool string(struct rewrite *r, size_t i)
{
	struct str s = r->t[i].text;
	size_t at = str_find(s, '\\');
	bool touches;

	if (s.p[0] != '\'' || at == s.n)
		return true;
	for (; at < s.n; at += 2 + str_find(str_from(s, at + 2), '\\'))
		if (at + 1 < s.n && strchr("xuU", s.p[at + 1]))
			return dialect_refuse(
			    r, i, "\\x or \\u in a string", "write the character itself");
	/* DATE'...' must not become DATEE'...'. */
	touches = i > 0 && r->t[i - 1].text.p + r->t[i - 1].text.n == s.p;
	r->edits[i].instead = arena_printf(r->a, "%sE%.*s", touches ? " " : "", STRF(s));
	return true;
}

/* ---- what comes out ---- */

static void put_newlines(struct buf *b, struct str s)
{
	for (size_t k = 0; k < s.n; k++)
		if (s.p[k] == '\n')
			buf_c(b, '\n');
}

/* Where something was dropped, its neighbours must not become one token, or a comment. */
static void put_apart(struct buf *b, struct str next)
{
	if (b->n && next.n && !strchr(" \t\r\n(", b->p[b->n - 1]) &&
	    !strchr(" \t\r\n,);", next.p[0]))
		buf_c(b, ' ');
}

/* What lies before token i. */
static void put_gap(struct buf *b, const struct rewrite *r, size_t i, struct str gap)
{
	bool before = i > 0 && r->edits[i - 1].drop;

	if (r->edits[i].drop && before) {
		put_newlines(b, gap);
		return;
	}
	if (r->edits[i].drop)
		while (gap.n && (gap.p[gap.n - 1] == ' ' || gap.p[gap.n - 1] == '\t'))
			gap.n--;
	if (before)
		put_apart(b, gap.n ? gap : r->t[i].text);
	buf_str(b, gap);
}

static bool put_all(struct rewrite *r, struct str sql, struct str *out)
{
	const char *done = sql.p;
	struct buf b;
	bool fits;

	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i <= r->n; i++) {
		const struct edit *edit = &r->edits[i];
		struct str text = r->t[i].text;
		struct str gap = {done, (size_t)(text.p - done)};

		put_gap(&b, r, i, gap);
		done = text.p + text.n;
		if (edit->drop) {
			put_newlines(&b, text);
			continue;
		}
		buf_str(&b, edit->instead ? str_z(edit->instead) : text);
		if (edit->after)
			buf_z(&b, edit->after);
	}
	fits = !b.over;
	*out = arena_str(r->a, buf_view(&b));
	buf_free(&b);
	return fits || err_set(r->e, ERR_SETUP, AT_CONFIG, "54000",
	                   "the SQL is longer than %d bytes", OUT_MAX);
}

bool dialect_postgres(struct str sql, struct arena *a, struct str *out, struct err *e)
{
	struct rewrite r = {.a = a, .e = e};
	struct sqltok *t;
	size_t from = 0;
	bool any = false;

	if (!sqltok_all(sql, a, &t, &r.n, e))
		return false;
	r.t = t;
	r.edits = arena_alloc(a, (r.n + 1) * sizeof *r.edits);
	for (size_t i = 0; i <= r.n; i++)
		if (i == r.n || sqltok_is(&t[i], ";")) {
			if (!dialect_statement(&r, from, i))
				return false;
			from = i + 1;
		}
	for (size_t i = 0; i < r.n; i++) {
		if (r.edits[i].drop || r.edits[i].instead)
			continue;
		if ((t[i].kind == SQLTOK_WORD && !word(&r, i)) ||
		    (t[i].kind == SQLTOK_STRING && !string(&r, i)))
			return false;
	}
	for (size_t i = 0; i < r.n; i++)
		any = any || r.edits[i].drop || r.edits[i].instead || r.edits[i].after;
	if (any)
		return put_all(&r, sql, out);
	*out = sql;
	return true;
}
