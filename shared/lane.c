/* lane.c - see lane.h. */
#include "shared/lane.h"

struct str lane_name(struct arena *a, struct str relation, int64_t i, int64_t n)
{
	if (n <= 1)
		return relation;
	return str_z(arena_printf(a, "%.*s_l%02lld", STRF(relation), (long long)i));
}
