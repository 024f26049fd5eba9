/* lane.c - see lane.h. */
#include "shared/lane.h"

struct str lane_name(struct arena *a, struct str relation, int64_t i, int64_t n)
{
	if (n <= 1)
		return relation;
	return str_z(arena_printf(a, "%.*s_l%02lld", STRF(relation), (long long)i));
}

int64_t lane_of_shard(struct str shard, int64_t n)
{
	uint64_t h = 0;

	if (n <= 1)
		return 1;
	for (size_t i = 0; i < shard.n && i < 15; i++) {
		char c = shard.p[i];

		h = h << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return (int64_t)(h % (uint64_t)n) + 1;
}
