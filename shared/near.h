/*
 * near.h - "did you mean": of the names that are known, the one nearest to what somebody wrote.
 *
 *	struct near n = near_to(written);
 *	for each known name: near_try(&n, name);
 *	err_set(e, ..., "unknown key %.*s%s", STRF(written), near_hint(&n));
 */
#ifndef SHARED_NEAR_H
#define SHARED_NEAR_H

#include "shared/str.h"

struct near {
	struct str written;
	struct str best; /* empty until something was near enough */
	size_t distance; /* of best, str_distance() */
	size_t limit;    /* farther than this is another word, not a slip */
	char text[96];
};

/* The limit is 2, or a third of a long name. */
struct near near_to(struct str written);

/* known must live as long as n. */
void near_try(struct near *n, struct str known);

/* `; did you mean "X"?`, or "" where nothing was near. Lives in n. */
const char *near_hint(struct near *n);

#endif
