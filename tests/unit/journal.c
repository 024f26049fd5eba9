/* The journal: what is written is read back as the same history, and what cannot be one is refused.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "supervisor/journal.h"

static struct arena *a;
static struct err e;
static char folder[] = "/tmp/dwh-unit-XXXXXX";

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	int failed = system(arena_printf(a, "rm -r %s", folder));

	(void)state;
	arena_free(a);
	return failed;
}

static void check(bool ok)
{
	if (!ok)
		fail_msg("%s", e.msg);
}

static const char *path_of(const char *run)
{
	return arena_printf(a, "%s/runs/%s/journal.jsonl", folder, run);
}

static struct msg move(int64_t id, const char *from, const char *to, int64_t ms, int64_t worker)
{
	return (struct msg){.type = MSG_MOVE,
	    .u.move = {.id = id,
	        .from = str_z(from),
	        .to = str_z(to),
	        .at = STR("2026-11-23T10:15:00.000Z"),
	        .ms = ms,
	        .worker = worker}};
}

static struct msg settled(int64_t id, const char *shard, const char *verdict)
{
	return (struct msg){.type = MSG_SETTLED,
	    .u.settled = {.id = id, .shard = str_z(shard), .verdict = str_z(verdict)}};
}

/* A run of two tasks: a listing, and a copy that it found, which is tried twice. */
static void write_run(const char *run)
{
	const struct task list = {.id = 1,
	    .kind = TASK_LIST,
	    .name = STR("list songs"),
	    .stem = STR("songs"),
	    .prefix = STR("song_data/"),
	    .after = STR("a\"b"),
	    .upto = STR("c")};
	const struct task copy = {.id = 2,
	    .parent = 1,
	    .kind = TASK_COPY,
	    .name = STR("copy songs 5f0c"),
	    .stem = STR("songs"),
	    .lane = STR("songs_2"),
	    .shard = STR("5f0c"),
	    .manifest = STR("s3://m/5f0c"),
	    .objects = 7,
	    .bytes = 1234};
	const struct msg all[] = {
	    {.type = MSG_RUN,
	        .u.run = {.v = MSG_VERSION, .run = str_z(run), .workers = 3, .fresh = true}},
	    journal_task_msg(&list),
	    move(1, "waiting", "ready", 0, 0),
	    move(1, "ready", "running", 10, 1),
	    {.type = MSG_TARGET, .u.target = {.id = 1, .relation = STR("songs")}},
	    {.type = MSG_DONE, .u.done = {.id = 1, .objects = 7, .list_ms = 5}},
	    journal_task_msg(&copy),
	    move(2, "waiting", "ready", 15, 0),
	    move(1, "running", "done", 16, 1),
	    move(2, "ready", "running", 20, 2),
	    {.type = MSG_FAIL,
	        .u.fail = {.id = 2,
	            .kind = STR("crash"),
	            .where = STR("internal"),
	            .message = STR("killed")}},
	    move(2, "running", "backoff", 30, 2),
	    move(2, "backoff", "ready", 40, 2),
	    move(2, "ready", "running", 41, 3),
	    {.type = MSG_DONE,
	        .u.done = {.id = 2, .rows = 70, .verdict = STR("UNVERIFIED"), .note = STR("n")}},
	    move(2, "running", "done", 60, 3),
	    settled(1, "5f0c", "VERIFIED"),
	    settled(1, "5f0d", "MISMATCH"), /* of another run, of another source */
	    settled(3, "5f0c", "MISMATCH"),
	    {.type = MSG_COUNT, .u.count = {.id = 3, .table = STR("songs"), .rows = 70}},
	    {.type = MSG_WAREHOUSE,
	        .u.warehouse = {.id = 1, .isolation = STR("Snapshot Isolation")}},
	    {.type = MSG_END, .u.end = {.at = STR("t"), .ms = 61, .exit = 0}},
	};
	struct journal j;

	check(journal_create(&j, folder, run, &e));
	for (size_t i = 0; i < COUNT(all); i++)
		journal_add(&j, &all[i]);
	check(journal_close(&j, &e));
}

static struct str read_all(const char *path)
{
	char *text = arena_alloc(a, 1 << 16);
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, 1 << 16, f);
	fclose(f);
	return (struct str){text, n};
}

static void write_all(const char *path, struct str text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

static void fold_of_a_run(void **state)
{
	struct fold f;

	(void)state;
	write_run("20261123T101500-0001");
	check(journal_fold(folder, "20261123T101500-0001", a, &f, &e));
	assert_str(f.run.run, "20261123T101500-0001");
	assert_int_equal(f.run.workers, 3);
	assert_true(f.run.fresh && f.ended);
	assert_int_equal(f.end.ms, 61);
	assert_int_equal(f.last_ms, 60);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.tasks[0].kind, TASK_LIST);
	assert_str(f.tasks[0].stem, "songs");
	assert_str(f.tasks[0].prefix, "song_data/");
	assert_str(f.tasks[0].after, "a\"b");
	assert_int_equal(f.tasks[0].done.objects, 7);
	assert_int_equal(f.tasks[0].state, TASK_DONE);
	assert_int_equal(f.tasks[1].state, TASK_DONE);
	assert_int_equal(f.tasks[1].parent, 1);
	assert_str(f.tasks[1].lane, "songs_2");
	assert_str(f.tasks[1].shard, "5f0c");
	assert_str(f.tasks[1].manifest, "s3://m/5f0c");
	assert_int_equal(f.tasks[1].bytes, 1234);
	assert_int_equal(f.tasks[1].attempts, 2);
	assert_int_equal(f.tasks[1].worker, 3);
	assert_int_equal(f.tasks[1].first_began, 20);
	assert_int_equal(f.tasks[1].began, 41);
	assert_int_equal(f.tasks[1].ended, 60);
	assert_int_equal(f.tasks[1].done.rows, 70);
	assert_str(f.tasks[1].done.note, "n");
	assert_str(f.tasks[1].done.verdict, "VERIFIED");
	assert_int_equal(f.tasks[0].done.verdict.n, 0);
	assert_string_equal(f.tasks[1].err.msg, "killed");
	assert_int_equal(f.n_counts, 1);
	assert_str(f.counts[0].table, "songs");
	assert_str(f.isolation, "Snapshot Isolation");
}

/* Each attempt by itself, with what ended it. */
static void attempts_of_a_run(void **state)
{
	const struct fold_attempt *t;
	struct fold f;

	(void)state;
	write_run("20261123T101500-0001");
	check(journal_fold(folder, "20261123T101500-0001", a, &f, &e));
	assert_int_equal(f.n_attempts, 3);
	t = f.attempts;
	assert_int_equal(t[0].task, 1);
	assert_int_equal(t[0].worker, 1);
	assert_int_equal(t[0].began, 10);
	assert_int_equal(t[0].ended, 16);
	assert_int_equal(t[0].to, TASK_DONE);
	assert_int_equal(t[0].message.n, 0);
	assert_int_equal(t[1].task, 2);
	assert_int_equal(t[1].worker, 2);
	assert_int_equal(t[1].number, 1);
	assert_int_equal(t[1].began, 20);
	assert_int_equal(t[1].ended, 30);
	assert_int_equal(t[1].to, TASK_BACKOFF);
	assert_int_equal(t[1].kind, ERR_CRASH);
	assert_str(t[1].message, "killed");
	/* What failed before is no failure of the one that ends well. */
	assert_int_equal(t[2].worker, 3);
	assert_int_equal(t[2].number, 2);
	assert_int_equal(t[2].ended, 60);
	assert_int_equal(t[2].to, TASK_DONE);
	assert_int_equal(t[2].kind, 0);
	assert_int_equal(t[2].message.n, 0);
}

/* Of a run that was killed, one was not ended. */
static void attempt_that_is_cut_off(void **state)
{
	struct str text;
	struct fold f;

	(void)state;
	write_run("20261123T101500-0001");
	text = read_all(path_of("20261123T101500-0001"));
	text.n = (size_t)((char *)memmem(text.p, text.n, "\"to\":\"backoff\"", 14) - text.p);
	write_all(path_of("20261123T101500-0001"), text);
	check(journal_fold(folder, "20261123T101500-0001", a, &f, &e));
	assert_int_equal(f.n_attempts, 2);
	assert_int_equal(f.attempts[1].to, TASK_RUNNING);
	assert_int_equal(f.attempts[1].ended, 0);
}

static void newest_run(void **state)
{
	struct fold f;

	(void)state;
	assert_false(journal_fold(folder, NULL, a, &f, &e));
	assert_int_equal(e.where, AT_STATE);
	assert_non_null(strstr(e.msg, "no run has been made here yet"));
	write_run("20261123T101500-ffff");
	write_run("20261124T000000-0000");
	write_run("20260101T000000-ffff");
	check(journal_fold(folder, NULL, a, &f, &e));
	assert_str(f.run.run, "20261124T000000-0000");
	assert_false(journal_fold(folder, "20261124T000000-0001", a, &f, &e));
	assert_non_null(strstr(e.msg, "20261124T000000-0001"));
	assert_int_equal(e.where, AT_STATE);
}

/* Cut at every byte: the whole lines before are the history, and nothing crashes. */
static void torn_tail(void **state)
{
	const char *path = path_of("1");
	struct str all;
	size_t lines = 0, torn = 0;

	(void)state;
	write_run("1");
	all = read_all(path);
	for (size_t n = 0; n <= all.n; n++) {
		struct fold f;

		lines += n && all.p[n - 1] == '\n';
		write_all(path, (struct str){all.p, n});
		check(journal_fold(folder, "1", a, &f, &e));
		torn += n && all.p[n - 1] != '\n';
		assert_int_equal(f.n, (lines >= 2) + (lines >= 7));
		assert_int_equal(f.ended, lines == 22);
	}
	assert_int_equal(lines, 22);
	assert_true(torn > 1000);
}

/* Line `number` (from 1) made another, or taken out where it is NULL. */
static struct str with_line(struct str all, size_t number, const char *line)
{
	struct buf b;
	struct str out;

	buf_init(&b, 1 << 16);
	for (size_t i = 1; all.n; i++) {
		size_t n = str_find(all, '\n') + 1;

		if (i != number)
			buf_add(&b, all.p, n);
		else if (line)
			buf_printf(&b, "%s\n", line);
		all = str_from(all, n);
	}
	out = arena_str(a, buf_view(&b));
	buf_free(&b);
	return out;
}

#define MOVE(id, from, to)                                                                         \
	"{\"t\":\"move\",\"id\":" id ",\"from\":\"" from "\",\"to\":\"" to                         \
	"\",\"at\":\"t\",\"ms\":1,\"attempt\":1,\"worker\":1}"

static void no_history(void **state)
{
	static const struct {
		size_t line;      /* is replaced */
		const char *with; /* NULL: taken out */
		size_t at;        /* the line that the error names */
		const char *why;
	} cases[] = {
	    {4, MOVE("1", "ready", "done"), 4, "a move that cannot stand there"},
	    {4, MOVE("1", "waiting", "ready"), 4, "a move that cannot stand there"},
	    {4, MOVE("1", "ready", "flying"), 4, "a move that cannot stand there"},
	    {4, MOVE("2", "waiting", "ready"), 4, "a move that cannot stand there"},
	    {4, MOVE("0", "waiting", "ready"), 4, "a move that cannot stand there"},
	    {4, MOVE("-1", "waiting", "ready"), 4, "a move that cannot stand there"},
	    {4, MOVE("9223372036854775807", "waiting", "ready"), 4, "cannot stand there"},
	    {9, MOVE("1", "done", "ready"), 9, "a move that cannot stand there"},
	    {4, NULL, 8, "a move that cannot stand there"},
	    {2, NULL, 2, "a move that cannot stand there"},
	    {7, "", 7, "not JSON"},
	    {7, "{}", 7, "unknown message"},
	    {7, "{\"t\":\"end\",\"at\":\"t\",\"ms\":1}", 7, "\"exit\" is missing"},
	};
	const char *path = path_of("1");
	struct str all;

	(void)state;
	write_run("1");
	all = read_all(path);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *place = arena_printf(a, "%s:%zu: ", path, cases[i].at);
		struct fold f;

		write_all(path, with_line(all, cases[i].line, cases[i].with));
		if (journal_fold(folder, "1", a, &f, &e))
			fail_msg("case %zu: taken", i);
		assert_int_equal(e.kind, ERR_SETUP);
		assert_int_equal(e.where, AT_STATE);
		if (strncmp(e.msg, place, strlen(place)) != 0 || !strstr(e.msg, cases[i].why))
			fail_msg("case %zu: %s", i, e.msg);
	}
	/* The first task once more, where the second one is. */
	struct str second = str_from(all, str_find(all, '\n') + 1);

	second.n = str_find(second, '\n');
	write_all(path, with_line(all, 7, arena_cstr(a, second)));
	assert_false(journal_fold(folder, "1", a, &(struct fold){.n = 0}, &e));
	assert_non_null(strstr(e.msg, ":7: a task that cannot stand there"));
}

static void one_run_at_a_time(void **state)
{
	struct journal first, second;
	int fd;

	(void)state;
	check(journal_create(&first, folder, "1", &e));
	assert_false(journal_create(&second, folder, "2", &e));
	assert_int_equal(e.kind, ERR_SETUP);
	assert_int_equal(e.where, AT_STATE);
	assert_non_null(strstr(e.msg, arena_printf(a, "%s/runs/lock", folder)));
	/* Whoever looks on sees that it is alive. */
	fd = open(path_of("1"), O_RDONLY | O_CLOEXEC);
	assert_true(flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK);
	check(journal_close(&first, &e));
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0);
	close(fd);
	check(journal_create(&second, folder, "2", &e));
	check(journal_close(&second, &e));
	/* Nor twice under one name. */
	assert_false(journal_create(&first, folder, "2", &e));
	check(journal_create(&first, folder, "3", &e));
	check(journal_close(&first, &e));
}

static void no_room(void **state)
{
	struct msg m = {.type = MSG_END, .u.end = {.at = STR("t")}};
	struct journal j;

	(void)state;
	check(journal_create(&j, folder, "1", &e));
	close(j.fd);
	j.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(j.fd >= 0);
	journal_add(&j, &m);
	journal_add(&j, &m);
	assert_false(journal_close(&j, &e));
	assert_string_equal(e.code, "ENOSPC");
	assert_non_null(strstr(e.msg, path_of("1")));
}

/* The newest run is the one with the greatest name, also of several in one second. */
static void ids_of_runs(void **state)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	char last[24] = "", id[24];

	(void)state;
	for (int i = 0; i < 50; i++) {
		journal_new_id(id);
		assert_int_equal(strlen(id), 23);
		assert_int_equal(id[8], 'T');
		assert_int_equal(id[15], '-');
		assert_true(strcmp(last, id) < 0);
		memcpy(last, id, sizeof last);
		nanosleep(&moment, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(fold_of_a_run, setup, teardown),
	    cmocka_unit_test_setup_teardown(attempts_of_a_run, setup, teardown),
	    cmocka_unit_test_setup_teardown(attempt_that_is_cut_off, setup, teardown),
	    cmocka_unit_test_setup_teardown(newest_run, setup, teardown),
	    cmocka_unit_test_setup_teardown(torn_tail, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_history, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_run_at_a_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_room, setup, teardown),
	    cmocka_unit_test_setup_teardown(ids_of_runs, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
