/* textformat.c - see textformat.h. */
#include "workers/textformat.h"

#include "workers/records.h"

/* 'c', '\t', or '\ddd' in octal: one ASCII character. */
static bool one_character(struct str s, char *out)
{
	unsigned v = 0;

	if (s.n == 1 && !(s.p[0] & 0x80)) {
		*out = s.p[0];
		return true;
	}
	if (str_eqz(s, "\\t")) {
		*out = '\t';
		return true;
	}
	if (s.n != 4 || s.p[0] != '\\')
		return false;
	for (size_t i = 1; i < 4; i++) {
		if (s.p[i] < '0' || s.p[i] > '7')
			return false;
		v = v * 8 + (unsigned)(s.p[i] - '0');
	}
	*out = (char)v;
	return v < 128;
}

static bool fail(struct err *e, const char *what)
{
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "COPY: %s", what);
}

/* 'label:width,label:width': as many widths as columns, which the caller checks. */
static bool read_widths(struct textformat *t, struct str spec, struct arena *a, struct err *e)
{
	size_t cap = 0;

	while (spec.n) {
		size_t comma = str_find(spec, ',');
		struct str one = {spec.p, comma};
		size_t colon = str_find(one, ':');
		struct str width = colon < one.n ? str_from(one, colon + 1) : (struct str){0};
		int64_t n;

		while (width.n && width.p[0] == ' ')
			width = str_from(width, 1);
		while (width.n && width.p[width.n - 1] == ' ')
			width.n--;
		if (!str_to_i64(width, &n) || n < 1 || n > 65535)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "COPY: FIXEDWIDTH takes 'label:width, ...', widths from 1 to 65535, "
			    "not \"%.*s\"",
			    STRF(one));
		t->widths = arena_grow(a, t->widths, t->n_widths, &cap, sizeof *t->widths);
		t->widths[t->n_widths++] = (uint32_t)n;
		spec = str_from(spec, comma < spec.n ? comma + 1 : comma);
	}
	return t->n_widths > 0 || fail(e, "FIXEDWIDTH takes 'label:width, ...'");
}

bool textformat_init(
    struct textformat *t, const struct copystmt *stmt, struct arena *a, struct err *e)
{
	bool csv = copystmt_has(stmt, COPY_CSV);
	struct str null = stmt->text[COPY_NULL];

	*t = (struct textformat){.csv = csv,
	    .escape = copystmt_has(stmt, COPY_ESCAPE),
	    .remove_quotes = copystmt_has(stmt, COPY_REMOVEQUOTES),
	    .fill = copystmt_has(stmt, COPY_FILLRECORD),
	    .skip_blank = copystmt_has(stmt, COPY_IGNOREBLANKLINES),
	    .delimiter = csv ? ',' : '|',
	    .quote = '"',
	    .null = STR("\\N")};
	if (copystmt_has(stmt, COPY_DELIMITER) &&
	    !one_character(stmt->text[COPY_DELIMITER], &t->delimiter))
		return fail(e, "DELIMITER takes one ASCII character, '\\t', or '\\ddd' in octal");
	if (copystmt_has(stmt, COPY_QUOTE) && !one_character(stmt->text[COPY_QUOTE], &t->quote))
		return fail(e, "QUOTE takes one ASCII character");
	if (t->delimiter == '\n' || t->delimiter == '\r')
		return fail(e, "DELIMITER can not be what ends a line");
	if (csv && t->quote == t->delimiter)
		return fail(e, "QUOTE and DELIMITER must differ");
	if (copystmt_has(stmt, COPY_NULL)) {
		if (str_find(null, '\n') < null.n || str_eqz(null, "\\n"))
			return fail(e, "NULL AS can not be a new line");
		t->null = null;
		if (str_eqz(null, "\\0") || str_eqz(null, "\\000"))
			t->null = (struct str){"\0", 1};
	}
	if (copystmt_has(stmt, COPY_FIXEDWIDTH) &&
	    !read_widths(t, stmt->text[COPY_FIXEDWIDTH], a, e))
		return false;
	buf_init(&t->scratch, RECORDS_MAX);
	return true;
}

void textformat_free(struct textformat *t)
{
	buf_free(&t->scratch);
}
