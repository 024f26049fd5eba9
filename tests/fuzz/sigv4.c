/* Any path, query and header: signing what is canonical already changes nothing. */
#include <stdlib.h>

#include "shared/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = {(const char *)data, size}, path = {all.p, str_find(all, '\n')};
	struct str rest = str_from(all, path.n + 1), query = {rest.p, str_find(rest, '\n')};
	struct sigv4_header h = {STR("X-A"), str_from(rest, query.n + 1)};
	struct sigv4_key key = {STR("A"), path, query};
	struct arena *a = arena_new();
	struct sigv4_request r = {STR("GET"), path, query, &h, 1, STR("-"), SIGV4_PATH_NORMALISE,
	    query, path, STR("20260801T120000Z")};
	struct sigv4_result first, again;

	sigv4_sign(&r, &key, a, &again);
	r.path = sigv4_encode(a, path, true);
	r.path_rule = SIGV4_PATH_AS_IS;
	sigv4_sign(&r, &key, a, &first);
	rest = str_from(first.canonical, 4 + (r.path.n ? r.path.n : 1) + 1); /* "GET\n" */
	r.query = (struct str){rest.p, str_find(rest, '\n')};
	rest = str_from(rest, r.query.n + 1 + 4); /* "\nx-a:" */
	h.value = (struct str){rest.p, str_find(rest, '\n')};
	sigv4_sign(&r, &key, a, &again);
	if (!str_eq(first.canonical, again.canonical))
		abort();
	arena_free(a);
	return 0;
}
