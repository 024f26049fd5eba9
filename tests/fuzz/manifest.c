/* Any bytes as a manifest: refused, or a list of objects that is the same, written and read again.
 */
#include <stdlib.h>

#include "shared/utf8.h"
#include "workers/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_text(const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (utf8_bad(m->objects[i].key) != m->objects[i].key.n ||
		    utf8_bad(m->objects[i].etag) != m->objects[i].etag.n)
			return false;
	return true;
}

static bool same(const struct manifest *x, const struct manifest *y)
{
	if (x->n != y->n || !str_eq(x->bucket, y->bucket))
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!str_eq(x->objects[i].key, y->objects[i].key) ||
		    !str_eq(x->objects[i].etag, y->objects[i].etag) ||
		    x->objects[i].size != y->objects[i].size)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct manifest first, second;
	struct buf text;
	struct err e;

	buf_init(&text, 64 << 20);
	if (manifest_parse((struct str){(const char *)data, size}, a, &first, &e)) {
		manifest_print(&first, &text);
		/* Bytes that are no text are written as such, and do not come back. */
		if (is_text(&first) &&
		    (!manifest_parse(buf_view(&text), a, &second, &e) || !same(&first, &second)))
			abort();
	} else if (e.kind != ERR_SETUP || e.msg[0] == '\0') {
		abort();
	}
	buf_free(&text);
	arena_free(a);
	return 0;
}
