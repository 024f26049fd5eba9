/* A model's file from anybody: its head, its statements, its variables. */
#include <stdlib.h>

#include "shared/sqlfile.h"
#include "shared/sqlfile_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str quoted(void *ctx, struct arena *a, struct str s)
{
	(void)ctx;
	return str_z(arena_printf(a, "'%.*s'", STRF(s)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sql_var vars[] = {{"a", {"1", 1}}, {"b", {"x", 1}}};
	static const struct sql_quote quote = {quoted, quoted, NULL};
	struct str text = {(const char *)data, size}, out;
	struct arena *a = arena_new();
	struct sqlfile f = {
	    .phase = size % SQL_PHASES, .stem = STR("t"), .text = text, .origin = "f"};
	struct sql_statement *s;
	struct err e;
	size_t n;

	if (sqlfile_parse(&f, a, &e) && strlen(f.digest) != 64)
		abort();
	if (sqlfile_split("f", text, a, &s, &n, &e))
		for (size_t i = 0; i < n; i++)
			if (s[i].text.n == 0 || s[i].text.p < text.p ||
			    s[i].text.p + s[i].text.n > text.p + size)
				abort();
	/* Only variables change. */
	if (sqlfile_expand("f", text, vars, 2, &quote, a, &out, &e) &&
	    !memchr(size ? data : (const uint8_t *)"", ':', size) && !str_eq(out, text))
		abort();
	arena_free(a);
	return 0;
}
