/* SQL from anybody: refused with a place, or rewritten into as many lines of readable SQL. */
#include <stdlib.h>

#include "shared/dialect.h"
#include "shared/sqltok.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str sql = {(const char *)data, size}, out;
	struct arena *a = arena_new();
	struct sqltok *t;
	struct err e;
	size_t n;

	if (dialect_postgres(sql, a, &out, &e)) {
		if (lines(out) != lines(sql) || !sqltok_all(out, a, &t, &n, &e))
			abort();
	} else if (e.kind != ERR_SETUP || e.where != AT_CONFIG) {
		abort();
	}
	arena_free(a);
	return 0;
}
