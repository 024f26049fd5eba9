/* How many GETs in flight are worth it: near servers get few, far ones many. */
#include "workers/window.h"
#include "tests/unit/unit.h"

/* So many GETs, one after the other ended, each after so long. */
static void get(struct window *w, size_t times, int64_t us)
{
	while (times--)
		window_done(w, us);
}

static void a_far_server_gets_more(void **state)
{
	struct window w = {.n = 0};

	(void)state;
	window_most(&w, 200);
	assert_int_equal(w.n, 32);
	get(&w, 31, 30000);
	assert_int_equal(w.n, 32);
	get(&w, 1, 30000);
	assert_int_equal(w.n, 64);
	get(&w, 64, 90000); /* S3's times scatter */
	assert_int_equal(w.n, 128);
	get(&w, 128, 35000);
	assert_int_equal(w.n, 200);
	get(&w, 200, 35000);
	assert_int_equal(w.n, 200);
}

static void what_queues_gets_no_more(void **state)
{
	struct window w = {.n = 0};

	(void)state;
	window_most(&w, 256);
	get(&w, 1, 300);
	get(&w, 31, 2400);
	assert_int_equal(w.n, 32);
	get(&w, 320, 2400);
	assert_int_equal(w.n, 32);
	get(&w, 320, 9000);
	assert_int_equal(w.n, 32);
}

static void what_begins_to_queue_gets_less(void **state)
{
	struct window w = {.n = 0};

	(void)state;
	window_most(&w, 256);
	get(&w, 32 + 64 + 128, 10000);
	assert_int_equal(w.n, 256);
	get(&w, 256, 70000);
	assert_int_equal(w.n, 256);
	get(&w, 256, 110000);
	assert_int_equal(w.n, 128);
	get(&w, 10 * 128, 110000);
	assert_int_equal(w.n, 32);
	get(&w, 32, 20000);
	assert_int_equal(w.n, 64);
}

static void slow_down_is_heard(void **state)
{
	struct window w = {.n = 0};

	(void)state;
	window_most(&w, 128);
	get(&w, 32 + 64, 10000);
	assert_int_equal(w.n, 128);
	get(&w, 100, 10000);
	window_slow_down(&w);
	assert_int_equal(w.n, 64);
	get(&w, 63, 10000); /* a round begins anew */
	assert_int_equal(w.n, 64);
	for (int i = 0; i < 10; i++)
		window_slow_down(&w);
	assert_int_equal(w.n, 32);
}

static void the_most_holds(void **state)
{
	struct window w = {.n = 0};

	(void)state;
	window_most(&w, 0);
	assert_int_equal(w.n, 1);
	window_most(&w, 10);
	get(&w, 1 + 2 + 4 + 8, 1000);
	assert_int_equal(w.n, 10);
	window_slow_down(&w);
	assert_int_equal(w.n, 10);
	window_most(&w, 3);
	assert_int_equal(w.n, 3);
	get(&w, 100, 0); /* quicker than the clock */
	assert_int_equal(w.n, 3);
}

static void pieces_grow_with_objects_and_shrink_with_the_flight(void **state)
{
	const uint64_t large = 1 << 30;
	struct window w = {.n = 0};

	(void)state;
	window_most(&w, 256);
	assert_int_equal(window_piece(&w, 1, large), 512 << 10);
	assert_int_equal(window_piece(&w, 100, large), 256 << 10); /* 32 at once */
	assert_int_equal(window_piece(&w, 1, (512 << 10) - 1), 64 << 10);
	assert_int_equal(window_piece(&w, 1, 512 << 10), 512 << 10);
	for (size_t n = 1; n <= 300; n++) {
		w.n = n < 256 ? n : 256;
		assert_in_range(window_piece(&w, 1000, large), 64 << 10, 512 << 10);
		if (w.n <= 128)
			assert_true(w.n * window_piece(&w, 1000, large) <= 8 << 20);
	}
	assert_int_equal(window_piece(&w, 1000, large), 64 << 10); /* 256 of them: 16 MB */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_far_server_gets_more),
	    cmocka_unit_test(what_queues_gets_no_more),
	    cmocka_unit_test(what_begins_to_queue_gets_less),
	    cmocka_unit_test(slow_down_is_heard),
	    cmocka_unit_test(the_most_holds),
	    cmocka_unit_test(pieces_grow_with_objects_and_shrink_with_the_flight),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
