/* What a client of redshiftd sends: messages of any length, and the SQL in them. */
#include <stdlib.h>

#include "workers/local/redshiftd_sql.h"
#include "workers/local/redshiftd_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sql_of(struct str sql)
{
	const struct session_facts facts = {.last_copy_id = -1};
	struct arena *a = arena_new();
	struct statement *st;
	struct err e;
	size_t n;

	if (redshiftd_sql(sql, &facts, a, &st, &n, &e)) {
		for (size_t i = 0; i < n; i++)
			if (st[i].source.p < sql.p ||
			    st[i].source.p + st[i].source.n > sql.p + sql.n)
				abort();
	} else if (e.kind != ERR_SETUP || e.code[0] == '\0') {
		abort();
	}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_msg m;
	struct str s;
	struct wire w;
	uint32_t n;

	wire_init(&w, -1);
	buf_add(&w.in, data, size);
	if (wire_take_start(&w, &s) == WIRE_MESSAGE)
		while (wire_string(&s, &m.body))
			;
	while (wire_take(&w, &m) == WIRE_MESSAGE) {
		sql_of(m.body);
		while (wire_string(&m.body, &s))
			sql_of(s);
		wire_int32(&m.body, &n);
	}
	wire_free(&w);
	return 0;
}
