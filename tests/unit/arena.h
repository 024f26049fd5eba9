/* arena.h - an arena for each test of a group: its setup and teardown. */
#ifndef TESTS_ARENA_H
#define TESTS_ARENA_H

#include "tests/unit/unit.h"

#include "shared/arena.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#endif
