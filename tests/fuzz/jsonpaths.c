/* Any bytes as a jsonpaths file: refused with a reason, or paths that a map can be made of. */
#include <stdlib.h>

#include "workers/convert.h"
#include "workers/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct jsonpaths paths;
	struct err e = {0};

	if (!jsonpaths_parse((struct str){(const char *)data, size}, a, &paths, &e)) {
		check(e.msg[0] && e.kind == ERR_SETUP && e.where == AT_CONFIG);
	} else if (!paths.fallback) {
		struct copystmt stmt = {.json = COPY_JSON_PATHS};
		struct column *columns = arena_alloc(a, paths.n * sizeof *columns);
		struct rowmap *m;
		struct row_error bad;
		struct buf out;

		check(paths.n > 0);
		for (size_t i = 0; i < paths.n; i++) {
			columns[i].name = paths.paths[i].text;
			columns[i].oid = OID_TEXT;
			check(paths.paths[i].text.p[0] == '$');
			for (size_t k = 0; k < paths.paths[i].n; k++)
				check(!paths.paths[i].steps[k].name.p ||
				      paths.paths[i].steps[k].name.n);
		}
		check(rowmap_new(&stmt, &paths, columns, paths.n, a, &m, &e));
		buf_init(&out, 1 << 24);
		row_encode(m, STR("{\"a\":{\"b\":[1,{\"c\":2}]},\"b\":[[1],2]}"), &out, &bad);
		row_encode(m, STR("[1,[2,{\"a\":3}]]"), &out, &bad);
		buf_free(&out);
	}
	arena_free(a);
	return 0;
}
