/* Names of the generated data that have to be of a kind. */
#include "tests/unit/unit.h"

#include "shared/arena.h"
#include "supervisor/data_private.h"

/* More artists than a set of any other test has: what is written without quotes can be. */
static void names_without_quotes_are_numbers(void **state)
{
	const struct data_world w = {.seed = 1, .scale = 20, .artists = 200000};
	struct arena *a = arena_new();
	int numbers = 0;

	(void)state;
	for (uint32_t i = 0; i < w.artists; i++) {
		const char *name;

		if (!data_name_is_number(i))
			continue;
		name = data_artist_name(&w, i, a);
		numbers++;
		if (name[strspn(name, "0123456789")])
			fail_msg("artist %u is called %s", (unsigned)i, name);
	}
	assert_true(numbers > 400);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_without_quotes_are_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
