/*
 * rowtext.c - a record of a text format as a row: fields are found, freed of quotes and escapes,
 * and put into the slots of the map as strings; the rest is as with JSON. See row.h, textformat.h.
 *
 * The words and codes of what is wrong are Redshift's: 1201 delimiter not found, 1202 extra
 * column(s), 1203 fewer columns, 1211 line without data, 1214 and 1216 quotes, 1218 NULL AS '\0'.
 */
#include <stdio.h>

#include "shared/utf8.h"
#include "workers/rowmap.h"

struct cursor {
	struct rowmap *m;
	struct textformat *t;
	struct str record;
	size_t at; /* the next byte */
	size_t n;  /* fields so far */
	struct row_error *bad;
};

static bool white(char c)
{
	return c == ' ' || c == '\t';
}

static bool fail(struct cursor *c, size_t at, int code, const char *reason)
{
	const struct rowfield *f = c->n < c->m->n ? &c->m->fields[c->n] : NULL;

	return row_fail(c->bad, f, c->record, at, code, reason);
}

/* raw: as it stands in the record, where `\N` still can be told from text. */
static bool store(struct cursor *c, struct str raw, struct str value, bool quoted)
{
	const struct str null = c->t->null;
	bool nul = null.n == 1 && null.p[0] == '\0';
	struct jsonscan_value *slot;

	if (c->n == c->m->n)
		return fail(c, (size_t)(raw.p - c->record.p), 1202, "Extra column(s) found");
	slot = &c->m->slots[c->n];
	*slot = (struct jsonscan_value){value, JS_STRING, JS_HIGH};
	/* "\N and \\N produce the same results" with ESCAPE, which frees both to these two. */
	if (!quoted && (str_eq(raw, null) ||
	                   (c->t->escape && str_eqz(null, "\\N") && (str_eqz(raw, "\\\\N")))))
		slot->type = JS_NULL;
	else if (value.n && memchr(value.p, '\0', value.n))
		return nul ? fail(c, (size_t)(raw.p - c->record.p), 1218,
		                 "The field has NUL and more, which NULL AS '\\0' does not allow")
		           : fail(c, (size_t)(raw.p - c->record.p), 1220,
		                 "NUL can not be stored: PostgreSQL text holds none");
	c->n++;
	return true;
}

/* ---- CSV ---- */

/* c->at stands on the opening quote. */
static bool quoted_field(struct cursor *c, struct str *value)
{
	const char quote = c->t->quote;
	struct str r = c->record;
	size_t from = ++c->at, opened = from - 1;
	char *to = c->t->scratch.p + c->t->scratch.n;
	bool doubled = false;
	size_t n = 0;

	for (;; c->at++) {
		if (c->at == r.n)
			return fail(
			    c, opened, 1216, "Invalid quote formatting for CSV: it is not closed");
		if (r.p[c->at] == quote) {
			if (c->at + 1 == r.n || r.p[c->at + 1] != quote)
				break;
			doubled = true;
			c->at++;
		}
		to[n++] = r.p[c->at];
	}
	*value = doubled ? (struct str){to, n} : (struct str){r.p + from, c->at - from};
	c->t->scratch.n += doubled ? n : 0;
	for (c->at++; c->at < r.n && r.p[c->at] != c->t->delimiter; c->at++)
		if (!white(r.p[c->at]))
			return fail(c, c->at, 1216,
			    "Invalid quote formatting for CSV: text behind the closing quote");
	return true;
}

static bool csv_field(struct cursor *c)
{
	struct str r = c->record, value = STR("");
	size_t start = c->at, open = start;

	while (open < r.n && white(r.p[open]) && r.p[open] != c->t->delimiter)
		open++;
	if (open < r.n && r.p[open] == c->t->quote) {
		c->at = open;
		return quoted_field(c, &value) &&
		       store(c, (struct str){r.p + start, c->at - start}, value, true);
	}
	while (c->at < r.n && r.p[c->at] != c->t->delimiter) {
		if (r.p[c->at] == c->t->quote)
			return fail(c, c->at, 1216,
			    "Invalid quote formatting for CSV: a quote within a field without "
			    "quotes");
		c->at++;
	}
	value = (struct str){r.p + start, c->at - start};
	return store(c, value, value, false);
}

/* ---- delimited ---- */

/* REMOVEQUOTES, at an opening quote: up to the one that closes, which a delimiter or the end
 * follows. */
static bool closing_quote(const struct cursor *c, size_t *at)
{
	struct str r = c->record;
	char quote = r.p[c->at];

	for (size_t i = c->at + 1; i < r.n; i++) {
		if (c->t->escape && r.p[i] == '\\' && i + 1 < r.n)
			i++;
		else if (r.p[i] == quote && (i + 1 == r.n || r.p[i + 1] == c->t->delimiter)) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* With ESCAPE each backslash goes, and the byte behind it stays. */
static struct str unescape(struct cursor *c, struct str s)
{
	size_t n = 0;
	char *to;

	if (!c->t->escape || str_find(s, '\\') == s.n)
		return s;
	to = c->t->scratch.p + c->t->scratch.n;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		to[n++] = s.p[i];
	}
	c->t->scratch.n += n;
	return (struct str){to, n};
}

static bool delimited_field(struct cursor *c)
{
	struct str r = c->record, raw, inner;
	size_t start = c->at, end = start;

	if (c->t->remove_quotes && start < r.n && (r.p[start] == '"' || r.p[start] == '\'')) {
		if (!closing_quote(c, &end))
			return fail(c, start, 1214, "Delimiter not found: a quote is not closed");
		c->at = end + 1;
		raw = (struct str){r.p + start, c->at - start};
		inner = (struct str){r.p + start + 1, end - start - 1};
		return store(c, raw, unescape(c, inner), true);
	}
	for (; end < r.n && r.p[end] != c->t->delimiter; end++)
		if (c->t->escape && r.p[end] == '\\' && end + 1 < r.n)
			end++;
	c->at = end;
	raw = (struct str){r.p + start, end - start};
	return store(c, raw, unescape(c, raw), false);
}

/* ---- the record ---- */

static bool fixed_fields(struct cursor *c)
{
	struct str r = c->record;

	for (size_t i = 0; i < c->t->n_widths; i++) {
		size_t start = c->at;
		struct str value;

		if (start == r.n)
			break;
		for (uint32_t k = 0; k < c->t->widths[i] && c->at < r.n; k++) {
			size_t len = utf8_len(str_from(r, c->at));

			c->at += len ? len : 1;
		}
		value = (struct str){r.p + start, c->at - start};
		if (!store(c, value, value, false))
			return false;
	}
	return c->at == r.n || fail(c, c->at, 1202, "Extra column(s) found");
}

static bool fields(struct cursor *c)
{
	struct str r = c->record;

	if (c->t->n_widths)
		return fixed_fields(c);
	for (;;) {
		if (!(c->t->csv ? csv_field(c) : delimited_field(c)))
			return false;
		if (c->at == r.n)
			return true;
		c->at++; /* the delimiter */
		if (c->at == r.n && c->n == c->m->n && !c->t->csv)
			return true; /* one delimiter may stand behind the last field */
	}
}

/* FILLRECORD: NULL into CHAR; else an empty string, which becomes NULL where it is no VARCHAR. */
static bool fill(struct cursor *c)
{
	char reason[100];

	if (c->n == c->m->n)
		return true;
	if (!c->t->fill) {
		if (c->n == 1 && !c->t->n_widths)
			return fail(c, c->record.n, 1201, "Delimiter not found");
		snprintf(reason, sizeof reason, "Input data had fewer columns: %zu of %zu", c->n,
		    c->m->n);
		return fail(c, c->record.n, 1203, reason);
	}
	for (; c->n < c->m->n; c->n++) {
		bool null = c->m->fields[c->n].convert.oid == OID_BPCHAR;

		c->m->slots[c->n] = (struct jsonscan_value){{"", 0}, null ? JS_NULL : JS_STRING, 0};
	}
	return true;
}

bool row_encode_text(struct rowmap *m, struct textformat *t, struct str record, struct buf *out,
    bool *none, struct row_error *bad)
{
	struct cursor c = {.m = m, .t = t, .record = record, .bad = bad};

	*none = record.n == 0 && t->skip_blank;
	if (*none)
		return true;
	if (record.n == 0 && m->n > 1 && !t->fill)
		return row_fail(bad, NULL, record, 0, 1211, "Line without data");
	buf_reset(&t->scratch);
	if (record.n && !buf_room(&t->scratch, record.n))
		return row_fail(bad, NULL, record, 0, 1216, "record larger than 4 MB");
	return fields(&c) && fill(&c) && row_put(m, record, out, bad);
}
