/* near.c - see near.h. */
#include "shared/near.h"

#include <stdio.h>

struct near near_to(struct str written)
{
	struct near n = {.written = written, .limit = 2};

	if (written.n / 3 > n.limit)
		n.limit = written.n / 3;
	/* A short name may not be changed altogether. */
	if (written.n <= n.limit)
		n.limit = written.n ? written.n - 1 : 0;
	n.distance = n.limit + 1;
	return n;
}

void near_try(struct near *n, struct str known)
{
	size_t d = str_distance(n->written, known);

	if (d < n->distance) {
		n->distance = d;
		n->best = known;
	}
}

const char *near_hint(struct near *n)
{
	n->text[0] = '\0';
	if (n->best.n)
		snprintf(n->text, sizeof n->text, "; did you mean \"%.*s\"?", STRF(n->best));
	return n->text;
}
