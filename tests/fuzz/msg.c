/* Any line as a message: refused, or one that says the same when it is written and read again. */
#include <stdlib.h>

#include "shared/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct buf first, second;
	struct msg m;
	struct err e;

	buf_init(&first, 64 << 20);
	buf_init(&second, 64 << 20);
	if (msg_decode((struct str){(const char *)data, size}, a, &m, &e)) {
		msg_encode(&m, &first);
		if (first.n == 0 || str_find(buf_view(&first), '\n') != first.n - 1)
			abort(); /* one line */
		if (!msg_decode((struct str){first.p, first.n - 1}, a, &m, &e))
			abort();
		msg_encode(&m, &second);
		if (!str_eq(buf_view(&first), buf_view(&second)))
			abort();
		if (m.type == MSG_FAIL)
			msg_to_err(&m.u.fail, &e);
	} else if (e.kind != ERR_CRASH || e.msg[0] == '\0') {
		abort();
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(a);
	return 0;
}
