/* What follows from the runs of a benchmark: order, spread, speed-up, efficiency, serial fraction.
 */
#include "tests/unit/unit.h"

#include <math.h>

#include "shared/arena.h"
#include "supervisor/bench_stats.h"

static bool near(double got, double want)
{
	return fabs(got - want) < 1e-9;
}

static void order_favours_none(void **state)
{
	size_t order[3], place[3] = {0}, after[3][3] = {{0}};

	(void)state;
	for (int64_t round = 0; round < 6; round++) {
		unsigned seen = 0;

		bench_order(3, round, order);
		for (size_t i = 0; i < 3; i++) {
			seen |= 1U << order[i];
			place[order[i]] += i;
			if (i)
				after[order[i - 1]][order[i]]++;
		}
		assert_int_equal(seen, 7); /* each once */
	}
	/* As often early as late, and as often behind one as before it. */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(place[i], 6);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(after[i][k], after[k][i]);
	}
	bench_order(3, 0, order);
	assert_int_equal(order[0], 0);
	bench_order(3, 1, order);
	assert_int_equal(order[0], 2);
	bench_order(1, 5, order);
	assert_int_equal(order[0], 0);
}

static void median_and_spread(void **state)
{
	double one[] = {3}, odd[] = {9, 1, 4}, even[] = {8, 2, 4, 1};
	struct bench_spread s;

	(void)state;
	s = bench_spread(one, 1);
	assert_true(s.median == 3 && s.least == 3 && s.most == 3);
	s = bench_spread(odd, 3);
	assert_true(s.median == 4 && s.least == 1 && s.most == 9);
	s = bench_spread(even, 4);
	assert_true(s.median == 3 && s.least == 1 && s.most == 8);
}

/* A load of which the part f is serial takes f + (1 - f) / p of its time: that f must come out. */
static void serial_fraction(void **state)
{
	static const double parts[] = {0, 0.05, 0.5, 1}, workers[] = {2, 1.5, 4, 64};

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++)
		for (size_t k = 0; k < COUNT(workers); k++)
			assert_true(near(
			    bench_serial(1 / (parts[i] + (1 - parts[i]) / workers[k]), workers[k]),
			    parts[i]));
	assert_true(near(bench_serial(1, 2), 1)); /* no faster */
	assert_true(bench_serial(2.5, 2) < 0);    /* faster than ideal */
	assert_true(bench_serial(0.5, 2) > 1);    /* slower than with fewer */
	assert_true(isnan(bench_serial(1, 1)));
}

static void a_summary(void **state)
{
	/* Two strategies that must not be taken for one another; 2 workers are the fewest. */
	static const struct bench_combo combos[] = {{2, STRATEGY_DIRECT, COMPACT_AUTO},
	    {4, STRATEGY_DIRECT, COMPACT_AUTO}, {2, STRATEGY_MERGED, COMPACT_AUTO},
	    {2, STRATEGY_MERGED, COMPACT_OFF}, {8, STRATEGY_MERGED, COMPACT_OFF}};
	struct bench_run runs[] = {
	    {.combo = 0, .round = 0, .ms = 99000, .worker_peak = 99},
	    {.combo = 1, .round = 0, .ms = 99000},
	    {.combo = 0, .round = 1, .ms = 8000, .requests = 10, .worker_peak = 7},
	    {.combo = 1, .round = 1, .ms = 5000, .warehouse_cpu_ms = -1, .s3_cpu_ms = 40},
	    {.combo = 2, .round = 1, .ms = 1000},
	    {.combo = 3, .round = 1, .ms = 2000},
	    {.combo = 4, .round = 1, .ms = 4000},
	    {.combo = 0, .round = 2, .ms = 9000, .requests = 12, .worker_peak = 5},
	    {.combo = 0, .round = 3, .ms = 6000, .requests = 13, .worker_peak = 6},
	};
	const struct bench b = {
	    .combos = combos, .n = COUNT(combos), .runs = runs, .n_runs = COUNT(runs)};
	struct bench_line l;

	(void)state;
	bench_summary(&b, 0, &l);
	assert_true(near(l.s.median, 8) && near(l.s.least, 6) && near(l.s.most, 9));
	assert_true(l.speedup == 1 && l.efficiency == 1 && isnan(l.serial));
	assert_true(l.requests == 12 && l.worker_peak == 7);
	bench_summary(&b, 1, &l);
	assert_true(near(l.speedup, 1.6) && near(l.efficiency, 0.8) && near(l.serial, 0.25));
	assert_true(l.warehouse_cpu_s < 0 && near(l.s3_cpu_s, 0.04));
	bench_summary(&b, 2, &l);
	assert_true(l.speedup == 1);
	bench_summary(&b, 4, &l);
	assert_true(near(l.speedup, 0.5) && near(l.efficiency, 0.125));
}

static void runs_that_differ(void **state)
{
	struct fold_count counts[] = {{STR("users"), 5}, {STR("time"), 7}};
	struct fold_count swapped[] = {{STR("time"), 7}, {STR("users"), 5}};
	struct fold_count other[] = {{STR("users"), 5}, {STR("time"), 8}};
	const struct bench_run first = {.objects = 3,
	    .listed = 3,
	    .bytes = 9,
	    .ms = 1,
	    .requests = 1,
	    .counts = counts,
	    .n_counts = 2};
	struct bench_run r = first;
	struct arena *a = arena_new();

	(void)state;
	r.ms = r.requests = 2;
	r.counts = swapped;
	assert_null(bench_difference(&first, &r, a));
	r.counts = other;
	assert_string_equal(bench_difference(&first, &r, a), "gave 8 rows of time instead of 7");
	r.n_counts = 1;
	assert_string_equal(bench_difference(&first, &r, a), "did not count time");
	r.listed = 4;
	assert_string_equal(bench_difference(&first, &r, a), "found 4 objects instead of 3");
	r = first;
	r.bytes = 8;
	assert_string_equal(bench_difference(&first, &r, a), "loaded 8 bytes instead of 9");
	r = first;
	r.rejected = 1;
	assert_string_equal(bench_difference(&first, &r, a), "rejected 1 records instead of 0");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_favours_none),
	    cmocka_unit_test(median_and_spread),
	    cmocka_unit_test(serial_fraction),
	    cmocka_unit_test(a_summary),
	    cmocka_unit_test(runs_that_differ),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
