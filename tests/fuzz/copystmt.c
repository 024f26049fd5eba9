/* Any bytes as a COPY statement: refused with a reason, or read the same when written out again. */
#include <stdlib.h>

#include "shared/buf.h"
#include "shared/copystmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void quote(struct buf *b, struct str s, char q)
{
	buf_c(b, q);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == q)
			buf_c(b, q);
		buf_c(b, s.p[i]);
	}
	buf_c(b, q);
}

static void write_out(struct buf *b, const struct copystmt *c)
{
	buf_z(b, "copy ");
	if (c->schema.n) {
		quote(b, c->schema, '"');
		buf_c(b, '.');
	}
	quote(b, c->table, '"');
	for (size_t i = 0; i < c->n_columns; i++) {
		buf_c(b, i ? ',' : '(');
		quote(b, c->columns[i], '"');
	}
	buf_z(b, c->n_columns ? ") from " : " from ");
	quote(b, c->from, '\'');
	for (int i = 0; i < COPY_OPTIONS; i++) {
		enum copystmt_option o = (enum copystmt_option)i;

		if (!copystmt_has(c, o))
			continue;
		buf_printf(b, "\n%s ", copystmt_option_name(o));
		if (o == COPY_COMPUPDATE || o == COPY_STATUPDATE)
			buf_str(b, c->text[o]);
		else if (c->text[o].p)
			quote(b, c->text[o], '\'');
		else if (c->number[o] || o == COPY_MAXERROR || o == COPY_IGNOREHEADER ||
		         o == COPY_READRATIO)
			buf_printf(b, "%lld", (long long)c->number[o]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct str sql = {(const char *)data, size};
	struct copystmt c, again;
	struct err e = {0};

	if (copystmt_parse(sql, a, &c, &e)) {
		struct buf b;

		check(e.msg[0] == '\0');
		buf_init(&b, 1 << 24);
		write_out(&b, &c);
		check(copystmt_parse(buf_view(&b), a, &again, &e));
		check(c.given == again.given && c.auth == again.auth && c.json == again.json);
		check(c.timeformat == again.timeformat && c.replacement == again.replacement);
		check(c.n_columns == again.n_columns);
		check(str_eq(c.schema, again.schema) && str_eq(c.table, again.table));
		check(str_eq(c.from, again.from) && str_eq(c.jsonpaths, again.jsonpaths));
		for (size_t i = 0; i < c.n_columns; i++)
			check(str_eq(c.columns[i], again.columns[i]));
		for (int i = 0; i < COPY_OPTIONS; i++)
			check(str_eq(c.text[i], again.text[i]) && c.number[i] == again.number[i]);
		if (!copystmt_check_engine2(&c, &e))
			check(e.msg[0]);
		buf_free(&b);
	} else {
		check(e.msg[0] && e.kind == ERR_SETUP && e.where == AT_CONFIG);
	}
	arena_free(a);
	return 0;
}
