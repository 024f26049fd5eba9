/* jsoncut.c - see jsoncut.h. */
#include "shared/jsoncut.h"

/* There is one for each object that is being read: a large value's memory is not kept. */
enum { KEPT = 64 << 10 };

void jsoncut_init(struct jsoncut *c, size_t max)
{
	*c = (struct jsoncut){.max = max};
	buf_init(&c->tail, max > JSONCUT_SHOWN ? max : JSONCUT_SHOWN);
}

void jsoncut_free(struct jsoncut *c)
{
	buf_free(&c->tail);
}

void jsoncut_reset(struct jsoncut *c)
{
	c->open = c->too_big = false;
	if (c->tail.cap > KEPT)
		buf_free(&c->tail);
	else
		buf_reset(&c->tail);
}

/* Adds a part of an open value to the tail, or as much as is shown of one that is too big. */
static void gather(struct jsoncut *c, const char *p, size_t n)
{
	if (!c->too_big && n <= c->max - c->tail.n) {
		buf_add(&c->tail, p, n);
		return;
	}
	c->too_big = true;
	if (c->tail.n < JSONCUT_SHOWN) {
		size_t room = JSONCUT_SHOWN - c->tail.n;

		buf_add(&c->tail, p, n < room ? n : room);
	} else {
		c->tail.n = JSONCUT_SHOWN;
	}
}

enum jsoncut_state jsoncut_take(
    struct jsoncut *c, const char *p, size_t n, size_t *used, struct str *out)
{
	size_t end;

	if (!c->open) {
		jsoncut_reset(c);
		c->open = true;
		c->depth = (struct jsonscan_depth){.kind = p[0]};
	}
	end = jsonscan_close(&c->depth, p, n);
	*used = end ? end : n;
	if (end && c->tail.n == 0 && !c->too_big) {
		c->open = false;
		*out = (struct str){p, end};
		if (end <= c->max)
			return CUT_WHOLE;
		if (out->n > JSONCUT_SHOWN)
			out->n = JSONCUT_SHOWN;
		return CUT_TOO_BIG;
	}
	gather(c, p, *used);
	if (!end)
		return CUT_MORE;
	c->open = false;
	*out = buf_view(&c->tail);
	return c->too_big ? CUT_TOO_BIG : CUT_WHOLE;
}
