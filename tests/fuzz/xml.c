/* Any bytes as an answer of S3: refused, or a page that may be relied on. */
#include <stdlib.h>

#include "shared/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = {(const char *)data, size}, text;
	struct arena *a = arena_new();
	struct xml_error said;
	struct xml_list l;
	struct err e;

	if (xml_list_result(body, a, &l, &e)) {
		for (size_t i = 0; i < l.n_objects; i++)
			if (l.objects[i].size < 0 || l.objects[i].key.n == 0)
				abort();
	}
	if (xml_error(body, &said) && (!said.code[0] || xml_upload_id(body, a, &text, &e)))
		abort();
	arena_free(a);
	return 0;
}
