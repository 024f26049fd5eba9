/*
 * dialect_ddl.c - the dialect's definitions: CREATE TABLE with its columns, keys and attributes,
 * views, and the statements that are refused as a whole. See dialect_private.h.
 */
#include "shared/dialect_private.h"

struct table {
	size_t from, end; /* tokens of one element between the commas: a column or a constraint */
	size_t kept;      /* elements that stay */
};

/* Statements, by the words they begin with; more must follow, for VACUUM reindex may be a table. */
static const struct {
	const char *words, *hint;
} refused[] = {
    {"UNLOAD", NULL},
    {"CREATE EXTERNAL", NULL},
    {"CREATE LIBRARY", NULL},
    {"CREATE DATASHARE", NULL},
    {"CREATE MODEL", NULL},
    {"VACUUM SORT ONLY", "write VACUUM"},
    {"VACUUM DELETE ONLY", "write VACUUM"},
    {"VACUUM REINDEX", "write VACUUM"},
    {"VACUUM RECLUSTER", "write VACUUM"},
    {"ANALYZE COMPRESSION", NULL},
};

/* Words of ALTER TABLE: dropping them would leave a statement without its point. */
static const char *const alter_refused[] = {"APPEND FROM", "DISTSTYLE", "DISTKEY", "SORTKEY",
    "ENCODE", "IDENTITY", "PRIMARY KEY", "UNIQUE", "FOREIGN KEY", "REFERENCES"};

static const char *const types_refused[] = {
    "SUPER", "VARBYTE", "VARBINARY", "HLLSKETCH", "GEOMETRY", "GEOGRAPHY"};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool is_name(const struct sqltok *t)
{
	return t->kind == SQLTOK_WORD || t->kind == SQLTOK_QUOTED || t->kind == SQLTOK_VAR_IDENT;
}

/* A bare name is the same in any case, as is a quoted one on Redshift. */
static bool same_name(const struct sqltok *a, const struct sqltok *b)
{
	struct str x = a->text, y = b->text;

	if (a->kind == SQLTOK_QUOTED)
		x = (struct str){x.p + 1, x.n - 2};
	if (b->kind == SQLTOK_QUOTED)
		y = (struct str){y.p + 1, y.n - 2};
	return str_ieq(x, y);
}

/* [schema.]name from i on; behind it. */
static size_t past_name(const struct rewrite *r, size_t i, size_t end)
{
	while (i < end && is_name(&r->t[i])) {
		i++;
		if (i >= end || !sqltok_is(&r->t[i], "."))
			break;
		i++;
	}
	return i;
}

static bool number(const struct rewrite *r, size_t *i, char **out)
{
	bool minus = sqltok_is(&r->t[*i], "-");
	const struct sqltok *t = &r->t[*i + minus];

	if (t->kind != SQLTOK_NUMBER)
		return false;
	*out = arena_printf(r->a, "%s%.*s", minus ? "-" : "", STRF(t->text));
	*i += 1 + (size_t)minus;
	return true;
}

/* IDENTITY(seed, step). PostgreSQL's sequences begin at 1 unless told, so a bound is given, too. */
static bool identity(struct rewrite *r, size_t i, const char *before)
{
	size_t at = i + 2;
	char *seed, *step;
	bool ok = sqltok_is(&r->t[i + 1], "(") && number(r, &at, &seed) &&
	          sqltok_is(&r->t[at++], ",") && number(r, &at, &step) && sqltok_is(&r->t[at], ")");

	if (!ok)
		return sqltok_fail(
		    r->e, &r->t[i], "42601", "IDENTITY must be IDENTITY(seed, step)");
	r->edits[i].instead = arena_printf(r->a, "%sIDENTITY (START WITH %s INCREMENT BY %s %s %s)",
	    before, seed, step, step[0] == '-' ? "MAXVALUE" : "MINVALUE", seed);
	dialect_drop(r, i + 1, at - i);
	return true;
}

/* REFERENCES table [(columns)]: behind it. */
static size_t past_references(const struct rewrite *r, size_t i, size_t end)
{
	i = past_name(r, i + 1, end);
	return i < end && sqltok_is(&r->t[i], "(") ? dialect_past(r, i, end) : i;
}

static bool says_not_null(const struct rewrite *r, const struct table *t)
{
	for (size_t i = t->from; i + 1 < t->end; i++)
		if (dialect_match(r, i, "NOT NULL"))
			return true;
	return false;
}

/* Types whose size, when it is not written, is another on PostgreSQL. */
static bool column_type(struct rewrite *r, size_t i, size_t end)
{
	size_t last = i + (dialect_match(r, i, "CHARACTER VARYING") ? 1 : 0);
	bool sized = last + 1 < end && sqltok_is(&r->t[last + 1], "(");
	struct edit *edit = &r->edits[last];

	for (size_t k = 0; k < COUNT(types_refused); k++)
		if (sqltok_is(&r->t[i], types_refused[k]))
			return dialect_refuse(r, i, types_refused[k], NULL);
	if (last > i || sqltok_is(&r->t[i], "VARCHAR")) {
		edit->after = sized ? NULL : "(256)";
	} else if (sqltok_is(&r->t[i], "NVARCHAR")) {
		edit->instead = "VARCHAR";
		edit->after = sized ? NULL : "(256)";
	} else if (sqltok_is(&r->t[i], "TEXT") && !sized) {
		edit->instead = "VARCHAR(256)";
	} else if (sqltok_is(&r->t[i], "BPCHAR") && !sized) {
		edit->instead = "CHAR(256)";
	} else if (sqltok_is(&r->t[i], "DECIMAL") || sqltok_is(&r->t[i], "NUMERIC")) {
		edit->after = sized ? NULL : "(18,0)";
	}
	return true;
}

/* What may follow a column's type. Says in *next where to go on. */
static bool column_word(struct rewrite *r, const struct table *t, size_t i, size_t *next)
{
	size_t n;

	*next = i + 1;
	if (sqltok_is(&r->t[i], "(")) {
		*next = dialect_past(r, i, t->end);
	} else if (dialect_match(r, i, "DISTKEY") || dialect_match(r, i, "SORTKEY") ||
	           dialect_match(r, i, "UNIQUE")) {
		dialect_drop(r, i, 1);
	} else if (dialect_match(r, i, "ENCODE") && i + 1 < t->end) {
		dialect_drop(r, i, 2);
		*next = i + 2;
	} else if (dialect_match(r, i, "COLLATE CASE_SENSITIVE") ||
	           dialect_match(r, i, "COLLATE CS")) {
		dialect_drop(r, i, 2);
		*next = i + 2;
	} else if (dialect_match(r, i, "COLLATE CASE_INSENSITIVE") ||
	           dialect_match(r, i, "COLLATE CI")) {
		return dialect_refuse(r, i, "COLLATE CASE_INSENSITIVE", "compare LOWER(...)");
	} else if (dialect_match(r, i, "CONSTRAINT") && i + 2 < t->end &&
	           (dialect_match(r, i + 2, "PRIMARY") || dialect_match(r, i + 2, "UNIQUE") ||
	               dialect_match(r, i + 2, "REFERENCES"))) {
		dialect_drop(r, i, 2);
		*next = i + 2;
	} else if ((n = dialect_match(r, i, "PRIMARY KEY"))) {
		dialect_drop(r, i, n);
		if (!says_not_null(r, t)) {
			r->edits[i].drop = false;
			r->edits[i].instead = "NOT NULL";
		}
		*next = i + n;
	} else if (dialect_match(r, i, "REFERENCES")) {
		*next = past_references(r, i, t->end);
		if (*next < t->end && sqltok_is(&r->t[*next], "ON"))
			return dialect_refuse(
			    r, *next, "a key with an action, not enforced,", NULL);
		dialect_drop(r, i, *next - i);
	} else if ((n = dialect_match(r, i, "GENERATED ALWAYS AS IDENTITY"))) {
		*next = i + n; /* PostgreSQL's own, as is the next with words in its parentheses */
	} else if ((n = dialect_match(r, i, "GENERATED BY DEFAULT AS IDENTITY"))) {
		*next = i + n;
		if (sqltok_is(&r->t[i + n], "(") && r->t[i + n + 1].kind != SQLTOK_WORD)
			return identity(r, i + n - 1, "");
	} else if (dialect_match(r, i, "IDENTITY")) {
		return identity(r, i, "GENERATED ALWAYS AS ");
	}
	return true;
}

static bool column(struct rewrite *r, const struct table *t)
{
	size_t next;

	/* CREATE TABLE t (a, b) AS ..., CREATE TABLE t (LIKE u) */
	if (t->end - t->from < 2 || sqltok_is(&r->t[t->from], "LIKE"))
		return true;
	if (!column_type(r, t->from + 1, t->end))
		return false;
	for (size_t i = t->from + 1; i < t->end; i = next)
		if (!column_word(r, t, i, &next))
			return false;
	return true;
}

/* The token that a table constraint's kind stands in; t->end where the element is a column. */
static size_t constraint(const struct rewrite *r, const struct table *t)
{
	size_t i = t->from + (sqltok_is(&r->t[t->from], "CONSTRAINT") ? 2 : 0);

	if (i + 1 < t->end &&
	    (dialect_match(r, i, "PRIMARY KEY") || dialect_match(r, i, "UNIQUE (") ||
	        dialect_match(r, i, "FOREIGN KEY")))
		return i;
	return t->end;
}

/* The end of the element that begins at i: at a comma or at the end of the list. */
static size_t element_end(const struct rewrite *r, size_t i, size_t end)
{
	while (i < end && !sqltok_is(&r->t[i], ","))
		i = sqltok_is(&r->t[i], "(") ? dialect_past(r, i, end) : i + 1;
	return i;
}

/* PRIMARY KEY (a, b) of a table: these columns are NOT NULL, which is all that Redshift enforces.
 */
static bool key_columns(struct rewrite *r, size_t key, size_t key_end, size_t from, size_t end)
{
	for (size_t k = key + 3; k < key_end; k++) {
		struct table t = {.from = from};

		if (!is_name(&r->t[k]))
			continue;
		for (; t.from < end; t.from = t.end + 1) {
			t.end = element_end(r, t.from, end);
			if (t.end > t.from && constraint(r, &t) == t.end &&
			    same_name(&r->t[k], &r->t[t.from]))
				break;
		}
		if (t.from >= end)
			return sqltok_fail(r->e, &r->t[k], "42703",
			    "PRIMARY KEY names %.*s, which is no column", STRF(r->t[k].text));
		if (t.end - t.from < 2 || says_not_null(r, &t))
			continue;
		/* Behind the last token of the column that stays, or once, if a column key said so.
		 */
		while (r->edits[t.end - 1].drop)
			t.end--;
		if (!r->edits[t.end - 1].after || !strstr(r->edits[t.end - 1].after, "NOT NULL"))
			r->edits[t.end - 1].after = arena_printf(r->a, "%s NOT NULL",
			    r->edits[t.end - 1].after ? r->edits[t.end - 1].after : "");
	}
	return true;
}

/* The elements between the parentheses of CREATE TABLE. */
static bool elements(struct rewrite *r, size_t from, size_t end)
{
	struct table t = {.from = from};

	for (; t.from < end; t.from = t.end + 1) {
		t.end = element_end(r, t.from, end);
		if (t.end == t.from)
			continue;
		if (constraint(r, &t) == t.end) {
			if (!column(r, &t))
				return false;
			t.kept++;
		} else if (t.kept) {
			dialect_drop(r, t.from - 1, t.end - t.from + 1); /* with the comma before */
		} else {
			dialect_drop(r, t.from, t.end - t.from + (t.end < end));
		}
	}
	for (t.from = from; t.from < end; t.from = t.end + 1) {
		size_t key;

		t.end = element_end(r, t.from, end);
		key = t.end > t.from ? constraint(r, &t) : t.end;
		if (key < t.end && dialect_match(r, key, "PRIMARY KEY") &&
		    !key_columns(r, key, t.end, from, end))
			return false;
	}
	return true;
}

/* An attribute of a table at i: its number of tokens, 0 where there is none. */
static size_t attribute(const struct rewrite *r, size_t i, size_t end)
{
	if ((dialect_match(r, i, "BACKUP") || dialect_match(r, i, "DISTSTYLE")) && i + 1 < end)
		return 2;
	if (dialect_match(r, i, "ENCODE AUTO") || dialect_match(r, i, "SORTKEY AUTO"))
		return 2;
	if (dialect_match(r, i, "COMPOUND SORTKEY (") ||
	    dialect_match(r, i, "INTERLEAVED SORTKEY ("))
		return dialect_past(r, i + 2, end) - i;
	if (dialect_match(r, i, "SORTKEY (") || dialect_match(r, i, "DISTKEY ("))
		return dialect_past(r, i + 1, end) - i;
	return 0;
}

/* From behind the name of a table or materialised view. */
static bool table(struct rewrite *r, size_t i, size_t end)
{
	if (i < end && sqltok_is(&r->t[i], "(")) {
		size_t close = dialect_past(r, i, end);

		if (!sqltok_is(&r->t[close - 1], ")"))
			return true; /* PostgreSQL will say so */
		if (!elements(r, i + 1, close - 1))
			return false;
		i = close;
	}
	while (i < end && !sqltok_is(&r->t[i], "AS")) {
		size_t n = attribute(r, i, end);

		if (dialect_match(r, i, "AUTO REFRESH YES"))
			return dialect_refuse(r, i, "AUTO REFRESH", NULL);
		if (dialect_match(r, i, "AUTO REFRESH NO"))
			n = 3;
		dialect_drop(r, i, n);
		i += n ? n : 1;
	}
	return true;
}

static bool create(struct rewrite *r, size_t i, size_t end)
{
	i++;
	if (dialect_match(r, i, "OR REPLACE"))
		i += 2;
	if (dialect_match(r, i, "LOCAL"))
		i++;
	if (dialect_match(r, i, "TEMP") || dialect_match(r, i, "TEMPORARY"))
		i++;
	if (dialect_match(r, i, "VIEW")) {
		for (; i < end; i++)
			if (dialect_match(r, i, "WITH NO SCHEMA BINDING"))
				dialect_drop(r, i, 4);
		return true;
	}
	if (dialect_match(r, i, "MATERIALIZED VIEW"))
		i++;
	else if (!dialect_match(r, i, "TABLE"))
		return true;
	i++;
	if (dialect_match(r, i, "IF NOT EXISTS"))
		i += 3;
	return table(r, past_name(r, i, end), end);
}

static bool alter_table(struct rewrite *r, size_t i, size_t end)
{
	for (; i < end; i++)
		for (size_t k = 0; k < COUNT(alter_refused); k++)
			if (dialect_match(r, i, alter_refused[k]))
				return dialect_refuse(r, i,
				    arena_printf(r->a, "ALTER TABLE ... %s", alter_refused[k]),
				    NULL);
	return true;
}

/* On Redshift a quoted source is an address; PostgreSQL would look for a file of the server. */
static bool copy(struct rewrite *r, size_t i, size_t end)
{
	for (; i < end; i++) {
		bool from = sqltok_is(&r->t[i], "FROM") || sqltok_is(&r->t[i], "TO");

		if (from &&
		    (r->t[i + 1].kind == SQLTOK_STRING || sqltok_is(&r->t[i + 1], "PROGRAM")))
			return dialect_refuse(r, i, "COPY from an address", NULL);
	}
	return true;
}

bool dialect_statement(struct rewrite *r, size_t from, size_t end)
{
	for (size_t k = 0; k < COUNT(refused); k++) {
		size_t n = dialect_match(r, from, refused[k].words);

		if (n && from + n < end)
			return dialect_refuse(r, from, refused[k].words, refused[k].hint);
	}
	if (dialect_match(r, from, "CREATE"))
		return create(r, from, end);
	if (dialect_match(r, from, "ALTER TABLE"))
		return alter_table(r, from, end);
	if (dialect_match(r, from, "COPY"))
		return copy(r, from, end);
	return true;
}
