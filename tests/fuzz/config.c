/* dwh.cfg from anybody: read or refused with a place, and printed without a secret. */
#include <stdio.h>
#include <stdlib.h>

#include "shared/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct config c;
	struct err e;
	char *text = NULL;
	size_t n = 0;
	FILE *out;

	if (config_load_text("f.cfg", (struct str){(const char *)data, size}, NULL, 0, a, &c, &e)) {
		out = open_memstream(&text, &n);
		if (!out)
			abort();
		config_print(&c, out, size & 1);
		fclose(out);
		if (c.aws.secret && strlen(c.aws.secret) > 24 && strstr(text, c.aws.secret))
			abort();
		free(text);
	} else if (e.kind != ERR_SETUP || e.where != AT_CONFIG ||
	           strncmp(e.msg, "f.cfg:", 6) != 0) {
		abort();
	}
	arena_free(a);
	return 0;
}
