/*
 * load.c - a run, from the first task to the last, readable in one sitting.
 *
 *   plan -> sched -> pool -> facts from workers -> sched, journal
 *
 * The supervisor opens no connection and reads no object. What a listing finds is held back until
 * that listing is done: if its worker dies half-way, another one lists again from the start, and
 * nothing of the first attempt counts.
 */
#include "supervisor/load.h"

#include <signal.h>
#include <stdlib.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/pg.h"
#include "supervisor/exitcode.h"
#include "supervisor/journal.h"
#include "supervisor/plan.h"
#include "supervisor/pool.h"
#include "supervisor/progress.h"

/* Of a line after the last task: whoever reads may need a moment, and nobody else is kept waiting.
 */
enum { END_PATIENCE_MS = 1000 };

/* Facts of a running listing or create, until it is done. */
struct held {
	struct msg *v;
	size_t n, cap;
	struct arena *arena;
};

struct run {
	const struct config *config;
	struct arena *arena;
	struct sched sched;
	struct plan plan;
	struct journal journal;
	struct progress progress;
	struct held held[POOL_MAX_WORKERS + 1]; /* by worker */
	struct usage used;                      /* by workers */
	int64_t began;
	int signal;
	bool take_over, allow_unverified;
	struct str of;
};

static int64_t now(const struct run *r)
{
	return clock_ms() - r->began;
}

/* ---- journal ---- */

static void on_moved(void *ctx, const struct task *t, enum task_state from, int64_t ms)
{
	struct run *r = ctx;
	struct msg m = {.type = MSG_MOVE};
	char at[25];

	clock_iso(clock_wall_ms(), at);
	m.u.move = (struct msg_move){.id = t->id,
	    .from = str_z(task_state_name(from)),
	    .to = str_z(task_state_name(t->state)),
	    .at = str_z(at),
	    .ms = ms,
	    .attempt = t->attempts,
	    .worker = t->worker};
	if (t->state == TASK_BLOCKED || (from == TASK_RUNNING && t->state != TASK_DONE)) {
		struct msg why = msg_of_err(t->id, &t->err);

		journal_add(&r->journal, &why);
	}
	journal_add(&r->journal, &m);
	progress_moved(&r->progress, t, ms);
}

static void write_task(struct run *r, const struct task *t)
{
	struct msg m = journal_task_msg(t);
	struct msg about = {.type = MSG_ABOUT,
	    .u.about = {.id = t->id, .title = t->title, .description = t->description}};

	journal_add(&r->journal, &m);
	if (t->title.n || t->description.n)
		journal_add(&r->journal, &about);
}

/* ---- facts ---- */

static void hold(struct run *r, int worker, const struct msg *m)
{
	struct held *h = &r->held[worker];

	if (!h->arena)
		h->arena = arena_new();
	h->v = arena_grow(h->arena, h->v, h->n, &h->cap, sizeof *h->v);
	h->v[h->n++] = msg_keep(m, h->arena);
}

static void drop_held(struct run *r, int worker)
{
	struct held *h = &r->held[worker];

	if (h->arena)
		arena_reset(h->arena);
	h->v = NULL;
	h->n = h->cap = 0;
}

static void apply_target(struct run *r, const struct msg *m)
{
	struct source *src = plan_source(&r->plan, m->u.target.relation);
	size_t n = r->sched.n;

	journal_add(&r->journal, m);
	if (!src)
		return;
	src->since = arena_str(r->arena, m->u.target.since);
	src->generation = m->u.target.generation;
	src->lanes = m->u.target.lanes;
	src->shards = m->u.target.shards;
	if (!r->plan.aim.rest || !src->staged)
		return;
	plan_add_listings(&r->plan, src);
	for (; n < r->sched.n; n++) {
		write_task(r, r->sched.tasks[n]);
		plan_start_task(&r->plan, r->sched.tasks[n], now(r));
	}
}

static void apply(struct run *r, const struct task *t, const struct msg *m)
{
	struct task *made = NULL;

	if (m->type == MSG_TARGET) {
		apply_target(r, m);
	} else if (m->type == MSG_RANGE) {
		made = plan_add_list(&r->plan, t->source, m->u.range.prefix, m->u.range.after,
		    m->u.range.upto, false);
		made->pages = 4 * t->pages;
	} else if (m->type == MSG_SHARD && t->kind == TASK_LIST && t->source->merge) {
		t->source->pieces++;
	} else if (m->type == MSG_SHARD) {
		made = plan_add_copy(&r->plan, t->source, &m->u.shard);
		made->again = t->kind == TASK_COPY ? t->again + 1 : 0;
	} else {
		journal_add(&r->journal, m);
	}
	if (made) {
		made->parent = t->id;
		write_task(r, made);
		sched_start(&r->sched, made, now(r));
	}
}

static void task_done(struct run *r, int worker, struct task *t, const struct msg *m)
{
	t->done = msg_keep(m, r->arena).u.done;
	journal_add(&r->journal, m);
	/* First what it found, so that nothing that waits for this task can become ready too early.
	 */
	for (size_t i = 0; i < r->held[worker].n; i++)
		apply(r, t, &r->held[worker].v[i]);
	drop_held(r, worker);
	sched_done(&r->sched, t, now(r));
	if (t->source && task_is_committed(t))
		t->source->shards++;
}

/*
 * A wall is what every task would run into: all sources are probed at once with the same wrong
 * secret; a warehouse that is gone, or whose disk is full, is so for all shards.
 */
static bool same_wall(
    const struct task *t, const struct err *a, const struct task *o, const struct err *b)
{
	if (a->where != b->where || strcmp(a->code, b->code) != 0)
		return false;
	return (str_eqz(t->phase, "probe") && str_eqz(o->phase, "probe")) ||
	       strcmp(a->code, PG_DISK_FULL) == 0 || strncmp(a->code, "0800", 4) == 0 ||
	       (a->kind == ERR_SETUP && (a->where == AT_S3 || strcmp(a->msg, b->msg) == 0));
}

/* Whether a task has met this wall before, and has `failed` of it. */
static bool met_before(
    const struct run *r, const struct task *t, const struct err *why, bool failed)
{
	for (size_t i = 0; i < r->sched.n; i++) {
		const struct task *o = r->sched.tasks[i];

		if (o->has_err && same_wall(t, why, o, &o->err) &&
		    (!failed || o->state == TASK_FAILED))
			return true;
	}
	return false;
}

/* A full disk may pass. Where it does not, a person must do something, and no other task is tried
 * in vain. */
static struct err settled(const struct run *r, const struct task *t, const struct err *why)
{
	struct err e = *why;

	if (t->attempts >= r->sched.max_attempts && strcmp(e.code, PG_DISK_FULL) == 0)
		e.kind = ERR_SETUP;
	return e;
}

static void task_failed(struct run *r, int worker, struct task *t, const struct err *given)
{
	struct err settles = settled(r, t, given), *why = &settles;
	bool warned = met_before(r, t, why, false), said = met_before(r, t, why, true);

	drop_held(r, worker);
	sched_failed(&r->sched, t, why, now(r));
	/* The report has all of them. */
	if (t->state == TASK_FAILED ? said : warned)
		return;
	if (t->state == TASK_FAILED)
		log_error("%.*s: %s", STRF(t->name), t->err.msg);
	else if (t->state == TASK_BACKOFF)
		log_warn("%.*s: %s; attempt %d of %d, again in %.1f s", STRF(t->name), why->msg,
		    t->attempts + 1, r->sched.max_attempts, (double)(t->due_ms - now(r)) / 1000);
}

static bool may_send(const struct task *t, enum msg_type type)
{
	switch ((int)type) {
	case MSG_BEAT:
	case MSG_AGAIN:
	case MSG_DONE:
	case MSG_FAIL: return true;
	case MSG_SHARD:
		return t->kind == TASK_LIST || t->kind == TASK_COPY || str_eqz(t->phase, "merge");
	case MSG_RANGE: return t->kind == TASK_LIST;
	case MSG_BAD: return t->kind == TASK_COPY;
	case MSG_WAREHOUSE: return t->id == 1;
	case MSG_TARGET: return str_eqz(t->phase, "create");
	case MSG_SETTLED: return str_eqz(t->phase, "staged");
	case MSG_LANE:
	case MSG_WRONG: return str_eqz(t->phase, "verify");
	case MSG_COUNT: return str_eqz(t->phase, "count");
	default: return false;
	}
}

static bool on_fact(void *ctx, int worker, const struct msg *m, struct err *e)
{
	struct run *r = ctx;
	struct task *t = sched_task(&r->sched, msg_task_id(m));
	struct err why;

	if (!t || t->state != TASK_RUNNING || t->worker != worker || !may_send(t, m->type))
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "worker %d sent %s out of turn",
		    worker, msg_name(m->type));
	if (m->type == MSG_DONE) {
		task_done(r, worker, t, m);
	} else if (m->type == MSG_FAIL) {
		msg_to_err(&m->u.fail, &why);
		task_failed(r, worker, t, &why);
	} else if (m->type == MSG_BEAT) {
		progress_beat(&r->progress, worker, &m->u.beat, now(r));
	} else if (m->type == MSG_AGAIN) {
		journal_add(&r->journal, m); /* true of an attempt that fails, too */
	} else if (m->type == MSG_SETTLED) {
		sched_settle(&r->sched, t, &m->u.settled);
		journal_add(&r->journal, m);
	} else {
		hold(r, worker, m);
	}
	return true;
}

/* ---- what the pool asks ---- */

/* As many as there must be. */
static int64_t shards_of(const struct task *t)
{
	return str_eqz(t->phase, "staged")  ? t->source->shards
	       : str_eqz(t->phase, "merge") ? t->source->pieces
	                                    : 0;
}

static struct msg message_of(struct run *r, const struct task *t)
{
	struct msg m = {.type = MSG_STEP};
	int64_t attempt = t->attempts + 1;

	if (t->kind == TASK_STEP) {
		m.u.step = (struct msg_step){.id = t->id,
		    .attempt = attempt,
		    .phase = t->phase,
		    .name = t->stem,
		    .digest = t->digest,
		    .shards = shards_of(t),
		    .fresh = t->fresh,
		    .take_over = r->take_over,
		    .whole = t->whole,
		    .validate = r->plan.validate,
		    .of = r->of};
	} else if (t->kind == TASK_LIST) {
		m.type = MSG_LIST;
		m.u.list = (struct msg_list){.id = t->id,
		    .attempt = attempt,
		    .source = t->stem,
		    .prefix = t->prefix,
		    .after = t->after,
		    .upto = t->upto,
		    .fan = t->fan,
		    .pages = t->pages,
		    .shard = t->shard,
		    .manifest = t->manifest,
		    .generation = t->source->generation,
		    .validate = r->plan.validate};
	} else {
		m.type = MSG_COPY;
		m.u.copy = (struct msg_copy){.id = t->id,
		    .attempt = attempt,
		    .source = t->stem,
		    .lane = t->lane,
		    .shard = t->shard,
		    .manifest = t->manifest,
		    .generation = t->source->generation,
		    .objects = t->objects,
		    .bytes = t->bytes,
		    .again = t->again,
		    .validate = r->plan.validate};
	}
	return m;
}

static bool on_next(void *ctx, struct msg *out)
{
	struct run *r = ctx;
	struct task *t = sched_next(&r->sched, now(r));

	if (t)
		*out = message_of(r, t);
	return t != NULL;
}

static void on_begun(void *ctx, int worker, const struct msg *m)
{
	struct run *r = ctx;

	drop_held(r, worker);
	sched_running(&r->sched, sched_task(&r->sched, msg_task_id(m)), worker, now(r));
}

static void on_lost(void *ctx, int worker, int64_t id, const struct err *why)
{
	struct run *r = ctx;

	task_failed(r, worker, sched_task(&r->sched, id), why);
}

static void on_signal(void *ctx, int sig, int nth)
{
	struct run *r = ctx;

	r->signal = sig;
	if (nth == 1) {
		log_warn("%s: cancelling what runs and rolling it back; once more kills",
		    sig == SIGINT ? "interrupted" : "terminated");
		sched_drain(&r->sched, now(r));
	}
}

static void on_tick(void *ctx)
{
	struct run *r = ctx;

	progress_tick(&r->progress, now(r));
}

static bool on_finished(void *ctx)
{
	return sched_finished(&((struct run *)ctx)->sched);
}

static bool on_stopping(void *ctx)
{
	return ((struct run *)ctx)->sched.draining;
}

/* ---- the end ---- */

static bool is_unverified(const struct task *t)
{
	return t->state == TASK_DONE && str_eqz(t->done.verdict, "UNVERIFIED");
}

/* A check or a verification that found something, or had too little to look at. */
static bool is_against(const struct run *r, const struct task *t)
{
	return t->state == TASK_DONE &&
	       (str_eqz(t->done.verdict, "fail") || str_eqz(t->done.verdict, "MISMATCH") ||
	           (is_unverified(t) && !r->allow_unverified));
}

/* By relations: a shard that is UNVERIFIED makes its step staged so. */
static void say_unverified(const struct run *r)
{
	const struct task *first = NULL;
	size_t n = 0;
	const char *what;

	for (size_t i = 0; i < r->sched.n; i++)
		if (is_unverified(r->sched.tasks[i]) && r->sched.tasks[i]->kind == TASK_STEP &&
		    n++ == 0)
			first = r->sched.tasks[i];
	if (!first)
		return;
	what = arena_printf(r->arena,
	    "%.*s%s UNVERIFIED: nothing speaks against the rows, but evidence is missing",
	    STRF(first->name), n > 1 ? arena_printf(r->arena, " and %zu more are", n - 1) : " is");
	if (r->allow_unverified)
		log_warn("%s", what);
	else
		log_error("%s; --allow-unverified takes that as good", what);
}

/* MAXERROR is of a source: what a validation has found in all its shards would fail the load. */
static bool over_limit(const struct run *r, const struct task *probe)
{
	int64_t rejected = 0;

	for (size_t i = 0; probe->done.limit && i < r->sched.n; i++) {
		const struct task *t = r->sched.tasks[i];

		if (t->kind == TASK_COPY && str_eq(t->stem, probe->stem))
			rejected += t->done.rejected;
	}
	return probe->done.limit && rejected >= probe->done.limit;
}

/* Where several hold, the first of these. */
static int exit_code(const struct run *r, const struct load_result *out)
{
	static const int order[] = {9, 12, 3, 2, 4, 5, 7, 6, 8};
	bool holds[16] = {false};

	/* One that came when all was done has ended nothing. */
	if (r->signal && r->sched.count[TASK_LEFT] &&
	    !(out->stopped && out->stop.where == AT_INTERNAL))
		return 128 + r->signal;
	if (out->stopped)
		holds[exit_code_of(&out->stop)] = true;
	for (size_t i = 0; i < r->sched.n; i++) {
		const struct task *t = r->sched.tasks[i];

		if (t->state == TASK_FAILED) {
			bool shard = t->kind != TASK_STEP || str_eqz(t->phase, "merge");
			int code = exit_code_of(&t->err);

			/* A shard that may yet be loaded by trying again is no broken set-up. */
			if (shard && t->err.kind != ERR_SETUP && code != 7 && code != 8)
				code = 6;
			holds[code] = true;
		} else if (t->state == TASK_LEFT) {
			holds[6] = true;
		} else if (is_against(r, t)) {
			holds[8] = true;
		} else if (t->state == TASK_DONE &&
		           (str_eqz(t->done.verdict, "rejected") || over_limit(r, t))) {
			holds[7] = true;
		}
	}
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (holds[order[i]])
			return order[i];
	return 0;
}

static void write_head(struct run *r, const struct load_opts *o, const char *run)
{
	const struct config *c = r->config;
	struct msg m = {.type = MSG_RUN};
	char at[25];

	clock_iso(clock_wall_ms(), at);
	m.u.run = (struct msg_run){.v = MSG_VERSION,
	    .run = str_z(run),
	    .command = str_z(o->command),
	    .at = str_z(at),
	    .engine = str_z(config_engine_name(c->warehouse.engine)),
	    .model = str_z(c->load.model),
	    .strategy = str_z(config_strategy_name(c->load.strategy)),
	    .warehouse = str_z(c->cluster.host ? c->cluster.host : ""),
	    .of = o->aim && o->aim->rest ? o->aim->rest->run.run : r->of,
	    .workers = c->load.workers,
	    .fresh = (o->what & PLAN_FRESH) != 0};
	journal_add(&r->journal, &m);
	m = (struct msg){.type = MSG_CALL, .u.call.words = o->call};
	journal_add(&r->journal, &m);
	for (size_t i = 0; i < r->sched.n; i++)
		write_task(r, r->sched.tasks[i]);
}

static void write_end(struct run *r, int code)
{
	struct msg m = usage_msg(&r->used);
	char at[25];

	journal_add(&r->journal, &m);
	clock_iso(clock_wall_ms(), at);
	m.type = MSG_END;
	m.u.end = (struct msg_end){.at = str_z(at), .ms = now(r), .exit = code};
	journal_add(&r->journal, &m);
}

static void go(struct run *r, const struct load_opts *o, struct load_result *out, struct err *e)
{
	struct pool_opts opts = {.workers = (int)r->config->load.workers,
	    .task_timeout_ms = r->config->load.task_timeout_s * 1000,
	    .run = str_z(out->run),
	    .config = str_z(r->config->file ? r->config->file : ""),
	    .sets = o->sets,
	    .used = &r->used};
	struct pool_handler handler = {.ctx = r,
	    .next = on_next,
	    .begun = on_begun,
	    .fact = on_fact,
	    .lost = on_lost,
	    .signalled = on_signal,
	    .tick = on_tick,
	    .finished = on_finished,
	    .stopping = on_stopping};
	struct err why;
	unsigned left_out;
	bool ok;

	write_head(r, o, out->run);
	plan_start(&r->plan, now(r));
	log_patience(0);
	ok = pool_run(&opts, &handler, &why);
	progress_end(&r->progress);
	left_out = log_patience(END_PATIENCE_MS);
	if (left_out)
		log_warn("%u lines were left out here, as nobody read them: the report has it all",
		    left_out);
	if (!ok) {
		out->stopped = true;
		out->stop = why;
		sched_drain(&r->sched, now(r));
		log_error("%s", why.msg);
	} else if (r->sched.has_stop) {
		out->stopped = true;
		out->stop = r->sched.stop;
	}
	out->signal = r->signal;
	out->exit = exit_code(r, out);
	say_unverified(r);
	write_end(r, out->exit);
	if (!journal_close(&r->journal, e)) {
		/* What was loaded is in the ledger; only the history is short. */
		out->untold = true;
		log_error("%s; the run went on without, and what it loaded is in dwh.ledger, but "
		          "there is no report of it: run again, and the rest is loaded",
		    e->msg);
		if (out->exit == 0)
			out->exit = exit_code_of(e);
	}
}

bool load_run(const struct config *c, const struct model *m, const struct load_opts *o,
    struct load_result *out, struct err *e)
{
	struct run *r = xcalloc(1, sizeof *r);
	bool ok;

	*out = (struct load_result){.exit = 12};
	r->config = c;
	r->arena = arena_new();
	r->began = clock_ms();
	usage_begin();
	r->take_over = o->take_over;
	r->allow_unverified = o->allow_unverified;
	r->of = str_z(o->of ? o->of : "");
	journal_new_id(out->run);
	sched_init(&r->sched, r->arena, (int)c->load.attempts, (uint64_t)clock_wall_ms());
	r->sched.moved = on_moved;
	r->sched.ctx = r;
	r->sched.go_on = (o->what & PLAN_VALIDATE) != 0;
	progress_init(&r->progress, &r->sched, (int)c->load.workers, log_is_quiet());
	ok = plan_make(&r->plan, c, m, &r->sched, o->what, o->aim, e) &&
	     journal_create(&r->journal, o->dir, out->run, e);
	if (ok)
		go(r, o, out, e);
	for (size_t i = 0; i <= POOL_MAX_WORKERS; i++)
		arena_free(r->held[i].arena);
	arena_free(r->arena);
	free(r);
	return ok;
}
