/* journal.c - see journal.h. */
#include "supervisor/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "shared/near.h"
#include "shared/runs.h"

enum { LINE_MAX_BYTES = 256 << 10 };

/* Also within a second, the order of the names is that of the runs: first milliseconds, then
 * chance.
 */
void journal_new_id(char out[24])
{
	int64_t ms = clock_wall_ms();
	time_t now = (time_t)(ms / 1000);
	uint16_t r = 0;
	char stamp[16];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &tm);
	if (getrandom(&r, sizeof r, 0) < 0)
		r = (uint16_t)getpid();
	snprintf(out, 24, "%.15s-%03x%04x", stamp, (unsigned)(ms % 1000), r & 0xFFFFU);
}

static bool take_lock(struct journal *j, const char *runs, struct err *e)
{
	char *path = xmalloc(strlen(runs) + 6);

	stpcpy(stpcpy(path, runs), "/lock");
	j->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (j->lock < 0)
		err_errno(e, ERR_SETUP, AT_STATE, "cannot open %s", path);
	else if (flock(j->lock, LOCK_EX | LOCK_NB) < 0) {
		err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "another run is alive here (it holds %s): wait for it, or stop it", path);
		close(j->lock);
		j->lock = -1;
	}
	free(path);
	return j->lock >= 0;
}

bool journal_create(struct journal *j, const char *dir, const char *run, struct err *e)
{
	struct arena *a = arena_new();
	char *runs = arena_printf(a, "%s/runs", dir);
	char *folder = arena_printf(a, "%s/%s", runs, run);
	bool ok;

	*j = (struct journal){.fd = -1, .lock = -1};
	ok = file_folder(runs, 0777, AT_STATE, e) && take_lock(j, runs, e) &&
	     file_folder(folder, 0777, AT_STATE, e);
	if (ok) {
		j->path = xstrdup(arena_printf(a, "%s/journal.jsonl", folder));
		j->fd = open(j->path, O_WRONLY | O_CREAT | O_APPEND | O_EXCL | O_CLOEXEC, 0666);
		if (j->fd < 0)
			ok = err_errno(e, ERR_SETUP, AT_STATE, "cannot make %s", j->path);
		else
			/* "running", for who looks on: they hold it for a moment at most. */
			while (flock(j->fd, LOCK_EX) < 0 && errno == EINTR)
				;
	}
	arena_free(a);
	if (!ok && j->lock >= 0)
		close(j->lock);
	if (!ok)
		free(j->path);
	return ok;
}

void journal_add(struct journal *j, const struct msg *m)
{
	struct buf b;

	if (j->broken)
		return;
	buf_init(&b, LINE_MAX_BYTES);
	msg_encode(m, &b);
	if (b.over) {
		err_set(&j->why, ERR_SETUP, AT_STATE, NULL, "a line is too long for %s", j->path);
		j->broken = true;
	} else if (!file_write(j->fd, buf_view(&b))) {
		/* A torn line is the last one: those who fold drop it. */
		err_errno(&j->why, ERR_SETUP, AT_STATE, "cannot write to %s", j->path);
		j->broken = true;
	}
	buf_free(&b);
}

bool journal_close(struct journal *j, struct err *e)
{
	if (close(j->fd) < 0 && !j->broken) {
		err_errno(&j->why, ERR_SETUP, AT_STATE, "cannot write to %s", j->path);
		j->broken = true;
	}
	close(j->lock);
	free(j->path);
	if (j->broken)
		*e = j->why;
	return !j->broken;
}

struct msg journal_task_msg(const struct task *t)
{
	return (struct msg){.type = MSG_TASK,
	    .u.task = {.id = t->id,
	        .parent = t->parent,
	        .kind = str_z(task_kind_name(t->kind)),
	        .phase = t->phase,
	        .stem = t->stem,
	        .name = t->name,
	        .digest = t->digest,
	        .prefix = t->prefix,
	        .after = t->after,
	        .upto = t->upto,
	        .fan = t->fan,
	        .lane = t->lane,
	        .shard = t->shard,
	        .manifest = t->manifest,
	        .objects = t->objects,
	        .bytes = t->bytes}};
}

/* ---- reading back ---- */

static bool fold_task(struct fold *f, const struct msg_task *m, struct arena *a)
{
	struct task *t;
	enum task_kind kind;

	if (m->id != (int64_t)f->n + 1 || !task_kind_parse(m->kind, &kind))
		return false;
	f->tasks = arena_grow(a, f->tasks, f->n, &f->cap, sizeof *f->tasks);
	t = &f->tasks[f->n++];
	*t = (struct task){.id = m->id,
	    .parent = m->parent,
	    .kind = kind,
	    .phase = m->phase,
	    .stem = m->stem,
	    .name = m->name,
	    .digest = m->digest,
	    .prefix = m->prefix,
	    .after = m->after,
	    .upto = m->upto,
	    .fan = m->fan,
	    .lane = m->lane,
	    .shard = m->shard,
	    .manifest = m->manifest,
	    .objects = m->objects,
	    .bytes = m->bytes};
	return true;
}

static void fold_retry(struct fold *f, const struct task *t, struct arena *a)
{
	for (size_t i = 0; i < f->n_retries; i++) {
		struct fold_retry *r = &f->retries[i];

		if (r->err.kind == t->err.kind && r->err.where == t->err.where &&
		    strcmp(r->err.code, t->err.code) == 0) {
			r->times++;
			return;
		}
	}
	f->retries = arena_grow(a, f->retries, f->n_retries, &f->cap_retries, sizeof *f->retries);
	f->retries[f->n_retries++] = (struct fold_retry){t->err, t->name, 1};
}

static void fold_again(struct fold *f, const struct msg_again *m, struct arena *a)
{
	for (size_t i = 0; i < f->n_again; i++)
		if (str_eq(f->again[i].code, m->code)) {
			f->again[i].times += m->times;
			return;
		}
	f->again = arena_grow(a, f->again, f->n_again, &f->cap_again, sizeof *f->again);
	f->again[f->n_again++] = *m;
}

static void fold_begin(struct fold *f, const struct task *t, struct arena *a)
{
	f->attempts = arena_grow(
	    a, f->attempts, f->n_attempts, &f->cap_attempts, sizeof *f->attempts);
	f->attempts[f->n_attempts++] = (struct fold_attempt){.task = t->id,
	    .worker = t->worker,
	    .number = t->attempts,
	    .began = t->began,
	    .to = TASK_RUNNING};
}

/* Searched from the end: there are never more open ones than workers, and they are the latest. */
static void fold_end(struct fold *f, const struct task *t, int64_t ms, struct arena *a)
{
	struct fold_attempt *of = NULL;

	for (size_t i = f->n_attempts; i-- && !of;)
		if (f->attempts[i].task == t->id)
			of = &f->attempts[i];
	if (!of)
		return;
	of->ended = ms;
	of->to = t->state;
	if (t->state == TASK_DONE || !t->has_err)
		return;
	of->kind = t->err.kind;
	of->code = arena_str(a, str_z(t->err.code));
	of->message = arena_str(a, str_z(t->err.msg));
}

static bool fold_move(struct fold *f, struct task *t, const struct msg_move *m, struct arena *a)
{
	enum task_state from, to;

	if (!t || !task_state_parse(m->from, &from) || !task_state_parse(m->to, &to) ||
	    t->state != from || !task_may_move(from, to))
		return false;
	task_move(t, to, m->ms);
	t->worker = (int)m->worker;
	f->last_ms = m->ms;
	if (to == TASK_RUNNING)
		fold_begin(f, t, a);
	else if (from == TASK_RUNNING)
		fold_end(f, t, m->ms, a);
	if (to == TASK_DONE)
		f->last_done = t->id;
	else if (to == TASK_READY && from == TASK_WAITING)
		t->enabled_by = t->parent ? t->parent : f->last_done;
	else if (to == TASK_RUNNING && t->attempts > 1)
		fold_retry(f, t, a);
	return true;
}

static bool fold_line(struct fold *f, const struct msg *m, struct arena *a)
{
	int64_t id = msg_task_id(m);
	struct task *t = id >= 1 && id <= (int64_t)f->n ? &f->tasks[id - 1] : NULL;

	if (m->type == MSG_RUN)
		f->run = m->u.run;
	else if (m->type == MSG_CALL)
		f->call = m->u.call.words;
	else if (m->type == MSG_TASK)
		return fold_task(f, &m->u.task, a);
	else if (m->type == MSG_AGAIN)
		fold_again(f, &m->u.again, a);
	else if (m->type == MSG_ABOUT && t) {
		t->title = m->u.about.title;
		t->description = m->u.about.description;
	} else if (m->type == MSG_MOVE)
		return fold_move(f, t, &m->u.move, a);
	else if (m->type == MSG_DONE && t)
		t->done = m->u.done;
	else if (m->type == MSG_FAIL && t) {
		msg_to_err(&m->u.fail, &t->err);
		t->has_err = true;
	} else if (m->type == MSG_SETTLED && t) {
		for (size_t i = 0; i < f->n; i++)
			task_settle(&f->tasks[i], t, &m->u.settled);
	} else if (m->type == MSG_WAREHOUSE) {
		f->isolation = m->u.warehouse.isolation;
	} else if (m->type == MSG_TARGET) {
		f->targets = arena_grow(
		    a, f->targets, f->n_targets, &f->cap_targets, sizeof *f->targets);
		f->targets[f->n_targets++] = (struct fold_target){m->u.target.relation,
		    m->u.target.since, m->u.target.generation, m->u.target.shards};
	} else if (m->type == MSG_COUNT) {
		f->counts = arena_grow(
		    a, f->counts, f->n_counts, &f->cap_counts, sizeof *f->counts);
		f->counts[f->n_counts++] = (struct fold_count){m->u.count.table, m->u.count.rows};
	} else if (m->type == MSG_LANE) {
		f->lanes = arena_grow(a, f->lanes, f->n_lanes, &f->cap_lanes, sizeof *f->lanes);
		f->lanes[f->n_lanes++] = m->u.lane;
	} else if (m->type == MSG_WRONG) {
		f->wrong = arena_grow(a, f->wrong, f->n_wrong, &f->cap_wrong, sizeof *f->wrong);
		f->wrong[f->n_wrong++] = m->u.wrong;
	} else if (m->type == MSG_BAD) {
		f->bad = arena_grow(a, f->bad, f->n_bad, &f->cap_bad, sizeof *f->bad);
		f->bad[f->n_bad++] = m->u.bad;
	} else if (m->type == MSG_USAGE) {
		f->has_usage = true;
		f->usage = m->u.usage;
	} else if (m->type == MSG_END) {
		f->ended = true;
		f->end = m->u.end;
	}
	return true;
}

/* The form of journal_new_id, so that no other name is taken for a run. */
bool journal_is_id(const char *run)
{
	size_t digits = strspn(run, "0123456789");
	size_t time = digits == 8 && run[8] == 'T' ? strspn(run + 9, "0123456789") : 0;

	return time == 6 && run[15] == '-' && run[16] &&
	       run[16 + strspn(run + 16, "0123456789abcdef")] == '\0';
}

bool journal_exists(const char *dir, const char *run, struct arena *a)
{
	return journal_is_id(run) && access(runs_journal(a, dir, run), F_OK) == 0;
}

/* The greatest id below `before` (NULL: of all): ids begin with the time. All are tried with n. */
static const char *newest_before(
    const char *dir, const char *before, struct near *n, struct arena *a)
{
	DIR *d = opendir(arena_printf(a, "%s/runs", dir));
	const char *best = NULL;
	struct dirent *ent;

	while (d && (ent = readdir(d))) {
		char *name = journal_is_id(ent->d_name) ? arena_strz(a, ent->d_name) : NULL;

		if (!name || (before && strcmp(name, before) >= 0))
			continue;
		if (n)
			near_try(n, str_z(name));
		if (!best || strcmp(name, best) > 0)
			best = name;
	}
	if (d)
		closedir(d);
	return best;
}

const char *journal_newest(const char *dir, bool (*want)(const struct fold *f), struct arena *a)
{
	const char *run = NULL;
	bool found = false;

	while (!found && (run = newest_before(dir, run, NULL, a))) {
		struct arena *mine = arena_new();
		struct fold f;
		struct err e;

		found = !want || !journal_fold(dir, run, mine, &f, &e) || want(&f);
		arena_free(mine);
	}
	return run;
}

static bool no_such_run(const char *dir, const char *run, struct arena *a, struct err *e)
{
	struct near n = near_to(str_z(run));
	const char *last = newest_before(dir, NULL, &n, a);

	if (last && !n.best.n)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "there is no run %s in %s/runs; the last one is %s", run, dir, last);
	return err_set(e, ERR_SETUP, AT_STATE, NULL, "there is no run %s in %s/runs%s", run, dir,
	    near_hint(&n));
}

bool journal_fold(
    const char *dir, const char *run, struct arena *a, struct fold *out, struct err *e)
{
	char *path, *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t n;
	FILE *in;
	bool ok = true;

	if (!run)
		run = newest_before(dir, NULL, NULL, a);
	if (!run)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "no run has been made here yet (%s/runs is empty)", dir);
	*out = (struct fold){.run.run = str_z(run)};
	path = runs_journal(a, dir, run);
	in = fopen(path, "re");
	if (!in && errno == ENOENT)
		return no_such_run(dir, run, a, e);
	if (!in)
		return err_errno(e, ERR_SETUP, AT_STATE, "no journal of run %s: %s", run, path);
	/* Asked first: a run that is over by now has written all that it will. */
	out->alive = runs_is_locked(fileno(in));
	while (ok && (n = getline(&line, &cap, in)) > 0) {
		struct msg m;

		number++;
		if (line[n - 1] != '\n')
			break; /* torn by a crash */
		ok = msg_decode((struct str){line, (size_t)n - 1}, a, &m, e);
		if (ok && !fold_line(out, &m, a))
			ok = err_set(e, ERR_SETUP, AT_STATE, NULL, "a %s that cannot stand there",
			    msg_name(m.type));
		if (!ok)
			err_set(e, ERR_SETUP, AT_STATE, e->code,
			    "%s:%zu: %s (this journal is damaged, so there is no report of its "
			    "run; what is loaded is in the ledger, and dwh run goes on from there)",
			    path, number, e->msg);
	}
	free(line);
	fclose(in);
	return ok;
}
