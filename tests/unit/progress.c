/*
 * What is shown while a run goes on: the estimate of the rest, the pace, and how wide text is. The
 * estimate is wrong at times; it must not promise what cannot be.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "supervisor/csv.h"
#include "supervisor/progress.h"
#include "supervisor/table.h"
#include "supervisor/width.h"

static struct arena *a;
static struct sched s;
static struct progress p;

static void on_moved(void *ctx, const struct task *t, enum task_state from, int64_t now)
{
	(void)ctx;
	(void)from;
	progress_moved(&p, t, now);
}

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	sched_init(&s, a, 3, 1);
	s.moved = on_moved;
	progress_init(&p, &s, 4, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	progress_end(&p);
	arena_free(a);
	return 0;
}

static struct task *shard(int64_t objects, int64_t bytes, const char *lane)
{
	struct task *t = sched_add(&s, TASK_COPY);

	t->objects = objects;
	t->bytes = bytes;
	if (lane)
		t->queue = sched_queue(&s, str_z(lane), true);
	sched_start(&s, t, 0);
	return t;
}

static void done(struct task *t, int64_t from, int64_t to)
{
	sched_running(&s, t, 1, from);
	t->done = (struct msg_done){.rows = 10, .bytes = t->bytes, .objects = t->objects};
	sched_done(&s, t, to);
}

static void beat(const struct task *t, int64_t bytes, int64_t now)
{
	progress_beat(&p, t->worker,
	    &(struct msg_beat){.id = t->id, .rows = bytes / 100, .bytes = bytes}, now);
}

static int64_t rest(int64_t now)
{
	return progress_now(&p, now).rest_ms;
}

/* A hundred small shards took 100 ms each; what is left is one, ten thousand times as large. */
static void one_giant_is_left(void **state)
{
	struct task *giant = shard(10, INT64_C(10000) * 10000, NULL);

	(void)state;
	assert_int_equal(rest(0), -1);
	for (int i = 0; i < 100; i++)
		done(shard(10, 10000, NULL), 100 * i, 100 * i + 100);
	assert_true(rest(10000) >= 100 * 10000 / 2);
	/* It runs: whether it has said something or not, it is not about to end. */
	sched_running(&s, giant, 2, 10000);
	assert_true(rest(10100) >= 100 * 10000 / 2);
	beat(giant, giant->bytes / 100, 11000);
	assert_true(rest(11000) >= 99000);
	/* Its own pace counts now: a tenth in 20 seconds leaves nine times that. */
	beat(giant, giant->bytes / 10, 30000);
	assert_int_equal(rest(30000), 180000);
}

/* The other way: it was thought to be quick, and is not. */
static void later_than_thought(void **state)
{
	struct task *t = shard(1, 1000, NULL);

	(void)state;
	for (int i = 0; i < 5; i++)
		done(shard(1, 1000, NULL), 100 * i, 100 * i + 100);
	sched_running(&s, t, 2, 500);
	assert_in_range(rest(510), 80, 110);
	assert_in_range(rest(60500), 60000, 60000); /* as long again */
	beat(t, 20, 60500);
	assert_true(rest(60500) > 60000);
	beat(t, 1000, 61000);
	assert_int_equal(rest(61000), 0);
}

/* Workers share what is left, but shards of one lane do not run side by side. */
static void lanes_take_turns(void **state)
{
	(void)state;
	done(shard(1, 1000, NULL), 0, 1000);
	for (int i = 0; i < 8; i++)
		shard(1, 1000, NULL);
	assert_int_equal(rest(1000), 8000 / 4);
	for (int i = 0; i < 6; i++)
		shard(1, 1000, "lane");
	assert_int_equal(rest(1000), 6000);
	for (int i = 0; i < 2; i++)
		shard(1, 1000, "other");
	assert_int_equal(rest(1000), 6000);
}

/* As long as a listing goes on there is no telling; nor before the first shard has got anywhere. */
static void nothing_is_known(void **state)
{
	struct task *t = shard(1, 1000, NULL), *list = sched_add(&s, TASK_LIST);

	(void)state;
	sched_start(&s, list, 0);
	done(shard(1, 1000, NULL), 0, 100);
	assert_int_equal(rest(100), -1);
	sched_running(&s, list, 3, 100);
	sched_done(&s, list, 200);
	assert_int_equal(rest(200), 100);
	p.estimate = (struct estimate){.n = 0};
	assert_int_equal(rest(200), -1);
	sched_running(&s, t, 1, 200);
	assert_int_equal(rest(200), -1);
	beat(t, 500, 300);
	assert_int_equal(rest(300), 100);
}

/* Of the last ten seconds, whatever was before. */
static void pace(void **state)
{
	struct task *t = shard(1, 1 << 30, NULL);
	struct progress_sums last = {0};

	(void)state;
	sched_running(&s, t, 1, 1000);
	for (int64_t now = 1000; now <= 60000; now += 200) {
		struct progress_now n;

		/* A million bytes a second for half a minute, then a thousand. */
		beat(t, now <= 30000 ? (now - 1000) * 1000 : 29000000 + now - 30000, now);
		n = progress_now(&p, now);
		if (!progress_pace(&p, &n, &last))
			assert_true(now < 1500);
		else if (now < 30000)
			assert_int_equal(last.bytes / last.ms, 1000);
	}
	assert_true(last.ms >= 9000 && last.ms <= 11000);
	assert_int_equal(last.bytes / last.ms, 1);
}

static void widths(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *cut; /* to 4 columns */
		const char *clean;
	} cases[] = {
	    {"", 0, "", ""},
	    {"abcdef", 6, "abcd", "abcdef"},
	    {"Corazón", 7, "Cora", "Corazón"},
	    {"台北音樂", 8, "台北", "台北音樂"},
	    {"a台北", 5, "a台", "a台北"},
	    {"e\xCC\x81té", 3, "e\xCC\x81té", "e\xCC\x81té"},
	    {"\xF0\x9F\x8E\xB5 x", 4, "\xF0\x9F\x8E\xB5 x", "\xF0\x9F\x8E\xB5 x"},
	    {"a\tb\n", 4, "a\tb\n", "a\\tb\\n"},
	    {"\x1b[31m", 5, "\x1b[31", "\\u001b[31m"},
	    {"\xC2\x9B", 1, "\xC2\x9B", "\\u009b"},
	    {"x\xFF\xC3", 3, "x\xFF\xC3", "x\xEF\xBF\xBD\xEF\xBF\xBD"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b;

		if (width_of(str_z(cases[i].text)) != cases[i].width)
			fail_msg("%s: %zu wide", cases[i].text, width_of(str_z(cases[i].text)));
		assert_str(width_cut(str_z(cases[i].text), 4), cases[i].cut);
		buf_init(&b, 100);
		width_clean(&b, str_z(cases[i].text));
		assert_str(buf_view(&b), cases[i].clean);
		buf_free(&b);
	}
}

static const char *printed(const struct table *t)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	const char *kept;

	table_print(t, out);
	fclose(out);
	kept = arena_strz(a, text);
	free(text);
	return kept;
}

static void tables_are_aligned(void **state)
{
	struct table *t = table_new(a, "name >plays_each what"), *wide;

	(void)state;
	table_text(t, STR("台北"));
	table_number(t, 12345);
	table_cell(t, "%s", "x");
	table_text(t, STR("Zoé"));
	table_number(t, -1);
	table_text(t, STR("a\x1b[2J"));
	assert_string_equal(printed(t), "  name  plays each  what\n"
	                                "  台北      12,345  x\n"
	                                "  Zoé           -1  a\\u001b[2J\n");
	/* Any number of columns, any name, any length. */
	wide = table_new(a, "");
	for (int i = 0; i < 200; i++)
		table_column(wide, STR("a b"), i % 2);
	for (int i = 0; i < 200; i++)
		table_text(wide, STR("c"));
	assert_int_equal(strlen(printed(wide)), 2 + 200 * 5 - 2 + 1 + 2 + 200 * 5 - 2 - 2 + 1 + 2);
	wide = table_new(a, "x");
	table_text(wide, (struct str){memset(arena_alloc(a, 5000), 'y', 5000), 5000});
	assert_int_equal(strlen(printed(wide)), 4 + 2 + 5000 + 1);
}

static void csv_fields(void **state)
{
	static const struct {
		struct str s;
		const char *field;
	} cases[] = {{STR(""), "\"\""}, {STR("a b"), "a b"}, {STR("a,b"), "\"a,b\""},
	    {STR("say \"x\""), "\"say \"\"x\"\"\""}, {STR("a\nb"), "\"a\nb\""},
	    {STR("a\rb"), "\"a\rb\""}, {STR("é"), "é"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = NULL;
		size_t n;
		FILE *out = open_memstream(&text, &n);

		csv_field(cases[i].s, out);
		fclose(out);
		assert_string_equal(text, cases[i].field);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_giant_is_left, setup, teardown),
	    cmocka_unit_test_setup_teardown(later_than_thought, setup, teardown),
	    cmocka_unit_test_setup_teardown(lanes_take_turns, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_is_known, setup, teardown),
	    cmocka_unit_test_setup_teardown(pace, setup, teardown),
	    cmocka_unit_test(widths),
	    cmocka_unit_test_setup_teardown(tables_are_aligned, setup, teardown),
	    cmocka_unit_test(csv_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
