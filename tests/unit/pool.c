/*
 * The pool against workers that misbehave. This program is its own worker: the pool executes
 * /proc/self/exe, and what the worker does with a task stands in the task's name.
 */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "supervisor/pool.h"

/* ---- the worker ---- */

static void say(const struct msg *m, size_t cut)
{
	struct buf b;

	buf_init(&b, 4096);
	msg_encode(m, &b);
	if (write(STDOUT_FILENO, b.p, b.n - cut) != (ssize_t)(b.n - cut))
		_exit(1);
	buf_free(&b);
}

static void say_ready(int64_t version)
{
	say(&(struct msg){.type = MSG_READY, .u.ready = {.v = version, .pid = 1}}, 0);
}

static void say_fail(int64_t id, const char *kind, const char *message)
{
	say(&(struct msg){.type = MSG_FAIL,
	        .u.fail = {.id = id,
	            .kind = str_z(kind),
	            .where = STR("config"),
	            .message = str_z(message)}},
	    0);
}

static void say_done(int64_t id, size_t cut)
{
	say(&(struct msg){.type = MSG_DONE, .u.done = {.id = id}}, cut);
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

static void ignore(int sig)
{
	(void)sig;
}

static void behave(struct str how, int64_t id)
{
	static char long_line[200 << 10];
	const struct timespec moment = {.tv_nsec = 50000000};

	if (str_eqz(how, "garbage, done behind it")) {
		/* As much as the pool reads at once, then what it would like to hear. */
		memset(long_line, 'x', 16 << 10);
		long_line[(16 << 10) - 1] = '\n';
		(void)!write(STDOUT_FILENO, long_line, 16 << 10);
		say_done(id, 0);
		hang();
	} else if (str_eqz(how, "garbage, then done")) {
		(void)!write(STDOUT_FILENO, "garbage\n", 8);
		nanosleep(&moment, NULL);
	} else if (str_eqz(how, "another task's done")) {
		say_done(id + 1, 0);
	} else if (str_eqz(how, "ready again")) {
		say_ready(MSG_VERSION);
	} else if (str_eqz(how, "a long line")) {
		memset(long_line, 'x', sizeof long_line);
		(void)!write(STDOUT_FILENO, long_line, sizeof long_line);
	} else if (str_starts(how, STR("exit "))) {
		_exit((int)strtol(how.p + 5, NULL, 10));
	} else if (str_eqz(how, "kill")) {
		raise(SIGKILL);
	} else if (str_eqz(how, "half a done")) {
		say_done(id, 10);
		_exit(0);
	} else if (str_eqz(how, "close")) {
		close(STDOUT_FILENO);
		hang();
	} else if (str_eqz(how, "hang")) {
		signal(SIGTERM, SIG_DFL);
		hang();
	} else if (str_eqz(how, "beat, hang")) {
		signal(SIGTERM, SIG_DFL);
		say(&(struct msg){.type = MSG_BEAT, .u.beat = {.id = id}}, 0);
		hang();
	} else if (str_eqz(how, "hang hard")) {
		signal(SIGTERM, ignore);
		hang();
	} else if (str_eqz(how, "beats")) {
		for (int i = 0; i < 5; i++) {
			nanosleep(&moment, NULL);
			nanosleep(&moment, NULL);
			say(&(struct msg){.type = MSG_BEAT, .u.beat = {.id = id, .rows = 1}}, 0);
		}
	} else if (str_eqz(how, "fail")) {
		say_fail(id, "task", "no");
		return;
	}
	say_done(id, 0);
}

static _Noreturn void worker(void)
{
	struct arena *a = arena_new();
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct msg m;
		struct err e;

		if (!msg_decode((struct str){line, (size_t)n - 1}, a, &m, &e))
			_exit(9);
		if (m.type == MSG_STEP)
			behave(m.u.step.name, m.u.step.id);
		else if (str_eqz(m.u.hello.run, "dies at once"))
			_exit(7);
		else if (str_eqz(m.u.hello.run, "cannot"))
			say_fail(0, "setup", "no such file");
		else if (str_eqz(m.u.hello.run, "other version"))
			say_ready(MSG_VERSION + 1);
		else
			say_ready(MSG_VERSION);
	}
	_exit(0);
}

/* ---- the handler: tasks one after another, and what became of each ---- */

enum { MAX = 40 };

struct book {
	const char *how[MAX];
	size_t n, next, open;
	char fate[MAX][160]; /* "done", "fail", or why it was lost */
	int beats, signals, running_at_once, most_at_once;
	int term_at; /* TERM comes with this beat; 0: with none */
	bool stop;
};

static bool on_next(void *ctx, struct msg *out)
{
	struct book *b = ctx;

	if (b->next == b->n || b->stop)
		return false;
	*out = (struct msg){.type = MSG_STEP,
	    .u.step = {.id = (int64_t)b->next + 1, .name = str_z(b->how[b->next])}};
	return true;
}

static void on_begun(void *ctx, int number, const struct msg *m)
{
	struct book *b = ctx;

	assert_true(number >= 1);
	assert_int_equal(msg_task_id(m), b->next + 1);
	b->next++;
	if (++b->running_at_once > b->most_at_once)
		b->most_at_once = b->running_at_once;
}

static void end(struct book *b, int64_t id, const char *fate)
{
	char *to = b->fate[id - 1];

	/* Each task ends once. */
	if (to[0])
		fail_msg("%s: %s, and then %s", b->how[id - 1], to, fate);
	snprintf(to, sizeof b->fate[0], "%s", fate);
	b->open--;
	b->running_at_once--;
}

static bool on_fact(void *ctx, int number, const struct msg *m, struct err *e)
{
	struct book *b = ctx;

	(void)number;
	(void)e;
	if (m->type != MSG_BEAT)
		end(b, msg_task_id(m), msg_name(m->type));
	else if (++b->beats == b->term_at)
		raise(SIGTERM);
	return true;
}

static void on_lost(void *ctx, int number, int64_t id, const struct err *why)
{
	(void)number;
	assert_true(why->kind == ERR_CRASH || why->kind == ERR_CANCELLED);
	end(ctx, id, why->msg);
}

static void on_signal(void *ctx, int sig, int nth)
{
	struct book *b = ctx;

	assert_int_equal(sig, SIGTERM);
	b->signals = nth;
	b->stop = true;
	b->open = (size_t)b->running_at_once;
}

static void on_tick(void *ctx)
{
	(void)ctx;
}

static bool on_finished(void *ctx)
{
	return ((struct book *)ctx)->open == 0;
}

static bool on_stopping(void *ctx)
{
	return ((struct book *)ctx)->stop;
}

static bool run(struct book *b, int workers, const char *name, struct err *e)
{
	const struct pool_handler h = {.ctx = b,
	    .next = on_next,
	    .begun = on_begun,
	    .fact = on_fact,
	    .lost = on_lost,
	    .signalled = on_signal,
	    .tick = on_tick,
	    .finished = on_finished,
	    .stopping = on_stopping};
	const struct pool_opts o = {
	    .workers = workers, .task_timeout_ms = 400, .run = str_z(name), .config = STR("")};
	bool ok;

	while (b->n < MAX && b->how[b->n])
		b->n++;
	b->open = b->n;
	ok = pool_run(&o, &h, e);
	assert_int_equal(
	    waitpid(-1, NULL, WNOHANG), -1); /* no child is left, not even a dead one */
	return ok;
}

/* ---- tests ---- */

static void good_workers(void **state)
{
	static struct book b = {.how = {"x", "x", "fail", "x", "beats", "x", "x", "x"}};
	struct err e;

	(void)state;
	assert_true(run(&b, 3, "r", &e));
	for (size_t i = 0; i < b.n; i++)
		assert_string_equal(b.fate[i], i == 2 ? "fail" : "done");
	assert_int_equal(b.beats, 5); /* which keep a task alive beyond its deadline */
	assert_true(b.most_at_once > 1 && b.most_at_once <= 3);
}

static void one_bad_worker(void **state)
{
	static const struct {
		const char *how, *fate;
	} cases[] = {
	    {"garbage, then done", "a message is not JSON: "},
	    {"garbage, done behind it", "a message is not JSON: "},
	    {"another task's done", "worker 1 sent done for a task it does not have"},
	    {"ready again", "worker 1 said ready twice"},
	    {"a long line", "worker 1 sent a line that is too long"},
	    {"exit 3", "worker 1 exited with status 3"},
	    {"exit 12", "worker 1 exited with status 12: it ran out of memory: give it more"},
	    {"kill", "worker 1 was killed by signal 9 (Killed)"},
	    {"half a done", "worker 1 exited with status 0"},
	    {"hang", "worker 1 was killed by signal 15 (Terminated)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct book b = {.how = {"x", cases[i].how, "x", cases[i].how, "x"}};
		struct err e;

		if (!run(&b, 1, "r", &e))
			fail_msg("%s: %s", cases[i].how, e.msg);
		for (size_t k = 0; k < b.n; k++) {
			const char *want = k % 2 ? cases[i].fate : "done";

			if (strncmp(b.fate[k], want, strlen(want)) != 0)
				fail_msg("%s, task %zu: %s", cases[i].how, k + 1, b.fate[k]);
		}
	}
}

/* Five seconds between TERM and KILL, for those that do not hear. */
static void deaf_workers(void **state)
{
	static struct book b = {.how = {"hang hard", "close", "x", "x"}};
	int64_t began = clock_ms();
	struct err e;

	(void)state;
	assert_true(run(&b, 2, "r", &e));
	assert_non_null(strstr(b.fate[0], "was silent for "));
	assert_true(strstr(b.fate[1], "was silent for ") || strstr(b.fate[1], "killed by signal"));
	assert_string_equal(b.fate[2], "done");
	assert_string_equal(b.fate[3], "done");
	assert_in_range(clock_ms() - began, 4000, 8000);
}

static void no_worker_lives(void **state)
{
	static const struct {
		const char *run, *why;
		enum err_kind kind;
	} cases[] = {
	    {"dies at once", "workers in a row died without finishing a task; the last: worker",
	        ERR_SETUP},
	    {"other version", "workers in a row died without finishing a task; the last: worker",
	        ERR_SETUP},
	    {"cannot", "no such file", ERR_SETUP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct book b = {.how = {"x", "x"}};
		struct err e;

		assert_false(run(&b, 2, cases[i].run, &e));
		assert_int_equal(e.kind, cases[i].kind);
		if (!strstr(e.msg, cases[i].why))
			fail_msg("%s: %s", cases[i].run, e.msg);
		assert_int_equal(b.next, 0); /* no attempt was begun */
	}
}

/* Every task kills its worker: that is the tasks' end, not the run's, while some work is done. */
static void deaths_among_work(void **state)
{
	struct book b = {.n = 0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < MAX; i++)
		b.how[i] = i % 4 == 3 ? "x" : "exit 3";
	assert_true(run(&b, 2, "r", &e));
	for (size_t i = 0; i < MAX; i++)
		assert_true((strcmp(b.fate[i], "done") == 0) == (i % 4 == 3));
}

static void nothing_but_deaths(void **state)
{
	struct book b = {.n = 0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < MAX; i++)
		b.how[i] = "exit 3";
	assert_false(run(&b, 2, "r", &e));
	assert_non_null(strstr(e.msg, "exited with status 3"));
	assert_true(b.next < 15);
}

static void a_signal(void **state)
{
	static struct book b = {.how = {"beat, hang", "beat, hang", "x", "x"}, .term_at = 2};
	struct err e;

	(void)state;
	assert_true(run(&b, 2, "r", &e));
	assert_int_equal(b.signals, 1);
	assert_non_null(strstr(b.fate[0], "was killed by signal 15 (Terminated)"));
	assert_non_null(strstr(b.fate[1], "was killed by signal 15 (Terminated)"));
	assert_string_equal(b.fate[2], "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_workers),
	    cmocka_unit_test(one_bad_worker),
	    cmocka_unit_test(deaf_workers),
	    cmocka_unit_test(no_worker_lives),
	    cmocka_unit_test(deaths_among_work),
	    cmocka_unit_test(nothing_but_deaths),
	    cmocka_unit_test(a_signal),
	};

	if (argc == 2 && strcmp(argv[1], "worker") == 0)
		worker();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
