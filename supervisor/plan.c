/* plan.c - see plan.h. */
#include "supervisor/plan.h"

#include "shared/lane.h"
#include "shared/s3.h"

/* Opening an object costs COPY about as much as reading so many bytes. */
enum { OBJECT_WORTH = 1 << 20, LIST_PAGES = 4 };

static struct task *add_step(
    struct plan *p, const char *phase, struct str stem, const struct sqlfile *f)
{
	struct arena *a = p->sched->arena;
	struct task *t = sched_add(p->sched, TASK_STEP);

	t->phase = str_z(phase);
	t->stem = arena_str(a, stem);
	t->digest = f ? str_z(f->digest) : STR("");
	if (f && strcmp(phase, "check") == 0) {
		t->title = f->title;
		t->description = f->description;
	}
	t->name = str_z(arena_printf(a, "%s%s%.*s", phase, stem.n ? " " : "", STRF(stem)));
	return t;
}

struct source *plan_source(struct plan *p, struct str stem)
{
	for (size_t i = 0; i < p->n_sources; i++)
		if (str_eq(p->sources[i].stem, stem))
			return &p->sources[i];
	return NULL;
}

static struct task *add_list(struct plan *p, struct source *src, struct str prefix,
    struct str after, struct str upto, bool fan)
{
	struct arena *a = p->sched->arena;
	struct task *t = sched_add(p->sched, TASK_LIST);

	t->source = src;
	t->stem = src->stem;
	t->prefix = arena_str(a, prefix);
	t->after = arena_str(a, after);
	t->upto = arena_str(a, upto);
	t->fan = fan;
	t->pages = LIST_PAGES;
	t->name = str_z(arena_printf(a, "list %.*s %.*s", STRF(src->stem), STRF(prefix)));
	if (src->staged)
		sched_edge(p->sched, t, src->staged);
	return t;
}

struct task *plan_add_list(struct plan *p, struct source *src, struct str prefix, struct str after,
    struct str upto, bool fan)
{
	struct task *t = add_list(p, src, prefix, after, upto, fan);

	if (src->merge)
		sched_edge(p->sched, t, src->merge);
	return t;
}

/*
 * The lane that has been given the least, 1...n. Any lane will do, as long as a task keeps it: a
 * run loads only what no other has in flight (workers/locks.h, "take over"), so where an earlier
 * one would have put the shard does not matter.
 */
static int64_t lightest_lane(struct source *src, const struct msg_shard *m)
{
	int64_t best = 0;

	for (int64_t i = 1; i < src->lanes && i < LANES_MAX; i++)
		if (src->given[i] < src->given[best])
			best = i;
	src->given[best] += m->bytes + m->objects * OBJECT_WORTH;
	return best + 1;
}

struct task *plan_add_copy(struct plan *p, struct source *src, const struct msg_shard *m)
{
	struct arena *a = p->sched->arena;
	struct task *t = sched_add(p->sched, TASK_COPY);

	t->source = src;
	t->stem = src->stem;
	t->shard = arena_str(a, m->shard);
	t->manifest = arena_str(a, m->manifest);
	t->objects = m->objects;
	t->bytes = m->bytes;
	t->lane = lane_name(a, src->stem, lightest_lane(src, m), src->lanes);
	if (p->config->load.strategy == STRATEGY_SHARDED && !p->validate)
		t->queue = sched_queue(p->sched, t->lane, true);
	t->name = str_z(arena_printf(a, "copy %.*s %.8s", STRF(src->stem), t->shard.p));
	if (src->staged)
		sched_edge(p->sched, t, src->staged);
	return t;
}

/* ---- what another run has left ---- */

/* A shard that was cut before: its keys are listed again, as they are now. */
static struct task *add_list_again(struct plan *p, struct source *src, const struct task *was)
{
	struct arena *a = p->sched->arena;
	struct task *t = add_list(p, src, src->prefix, STR(""), STR(""), false);

	t->shard = arena_str(a, was->shard);
	t->manifest = arena_str(a, was->manifest);
	t->objects = was->objects;
	t->bytes = was->bytes;
	t->name = str_z(arena_printf(a, "list %.*s %.8s again", STRF(src->stem), t->shard.p));
	return t;
}

/* Whether the aim is at what this task loads. */
static bool aimed_at(const struct aim *a, const struct task *t)
{
	if (a->relation.n)
		return str_eq(t->stem, a->relation);
	if (a->shard.n)
		return str_starts(t->shard, a->shard);
	return a->prefix.n == 0;
}

static int64_t committed(const struct fold *f, struct str stem)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += str_eq(f->tasks[i].stem, stem) && task_is_committed(&f->tasks[i]);
	return n;
}

/* Its objects lie where that run has looked for them. */
static bool is_same_address(const struct fold *f, const struct source *src)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eqz(f->tasks[i].phase, "staged") && str_eq(f->tasks[i].stem, src->stem))
			return str_eqz(f->tasks[i].prefix, src->url);
	return false;
}

/*
 * Whether what the earlier run says of the source still holds: another life of it is empty, and a
 * server that crashed may have lost what that run saw committed.
 */
static bool holds(const struct fold *f, const struct source *src)
{
	for (size_t i = 0; f && i < f->n_targets; i++) {
		const struct fold_target *t = &f->targets[i];

		if (str_eq(t->relation, src->stem))
			return t->generation == src->generation && str_eq(t->since, src->since) &&
			       t->shards + committed(f, src->stem) <= src->shards &&
			       is_same_address(f, src);
	}
	return false;
}

/* What a listing or a shard has found counts once that is done: until then it may be found again.
 */
static bool is_void(const struct fold *f, const struct task *t)
{
	while (t->parent >= 1 && t->parent <= (int64_t)f->n) {
		t = &f->tasks[t->parent - 1];
		if (t->state != TASK_DONE)
			return true;
	}
	return false;
}

/* A listing of a part that was asked for: what it found may be in other parts of the run, too. */
static bool is_beside(const struct source *src, const struct task *t)
{
	return t->kind == TASK_LIST && t->fan && !str_eq(t->prefix, src->prefix);
}

/* What was listed for a merge counts once that is done: its pieces lie in another run's folder. */
static bool is_unmerged(const struct fold *f, const struct source *src)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eqz(f->tasks[i].phase, "merge") && str_eq(f->tasks[i].stem, src->stem))
			return f->tasks[i].state != TASK_DONE;
	return false;
}

/*
 * The parts of the source that the earlier run has left; they do not overlap. False where that is
 * not known.
 */
static bool add_rest(struct plan *p, const struct fold *f, struct source *src)
{
	bool known = f->run.of.n; /* a rerun has only what was left */
	bool beside = false, left = false;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *was = &f->tasks[i];

		if (was->kind == TASK_STEP || !str_eq(was->stem, src->stem) || is_void(f, was))
			continue;
		known = true;
		beside |= is_beside(src, was);
		left |= was->state != TASK_DONE;
	}
	if (!known || (beside && left) || is_unmerged(f, src))
		return false;
	for (size_t i = 0; i < f->n; i++) {
		const struct task *was = &f->tasks[i];

		if (was->kind == TASK_STEP || was->state == TASK_DONE ||
		    !str_eq(was->stem, src->stem) || is_void(f, was))
			continue;
		if (was->shard.n)
			add_list_again(p, src, was);
		else
			add_list(p, src, was->prefix, was->after, was->upto, was->fan);
	}
	return true;
}

void plan_add_listings(struct plan *p, struct source *src)
{
	const struct fold *f = holds(p->aim.rest, src) ? p->aim.rest : NULL;
	size_t first = p->sched->n;

	/* Where in doubt everything: what is committed is not loaded again. */
	if (!f || !add_rest(p, f, src))
		add_list(p, src, src->prefix, STR(""), STR(""), true);
	for (size_t i = first; i < p->sched->n; i++)
		p->sched->tasks[i]->unasked = !aimed_at(&p->aim, p->sched->tasks[i]);
	if (p->aim.prefix.n && str_eq(p->aim.in, src->stem))
		add_list(p, src, p->aim.prefix, STR(""), STR(""), true);
	for (size_t i = first; i < p->sched->n; i++) {
		struct task *t = p->sched->tasks[i];

		sched_edge(p->sched, p->create, t);
		/* What is left this time keeps nothing of the rest from being merged. */
		if (src->merge && !t->unasked)
			sched_edge(p->sched, t, src->merge);
	}
}

/* Every object of every source is listed and loaded, unless it is there already. */
static bool is_whole(const struct plan *p, unsigned what)
{
	return (what & PLAN_LOAD) && !p->aim.relation.n && !p->aim.shard.n && !p->aim.prefix.n;
}

static bool add_sources(struct plan *p, unsigned what, struct err *e)
{
	struct arena *a = p->sched->arena;
	const struct sqlfile *f = model_phase(p->model, SQL_COPY, &p->n_sources);

	p->sources = arena_alloc(a, p->n_sources * sizeof *p->sources);
	for (size_t i = 0; i < p->n_sources; i++, f++) {
		struct source *src = &p->sources[i];
		struct task *list, *probe;
		struct str bucket;

		src->stem = f->stem;
		src->url = config_s3(p->config, f->source);
		if (!s3_url_parse(str_z(src->url), &bucket, &src->prefix, e))
			return err_prefix(e, "[S3] %.*s", STRF(f->source));
		if (what & PLAN_VERIFY)
			add_step(p, "verify", f->stem, f);
		if (!(what & PLAN_LOAD))
			continue;
		probe = add_step(p, "probe", f->stem, f);
		if (p->validate) {
			src->lanes = 1; /* a name to begin with: workers look for the lanes */
			list = plan_add_list(p, src, src->prefix, STR(""), STR(""), true);
			sched_edge(p->sched, probe, list);
			continue;
		}
		sched_edge(p->sched, probe, p->create);
		if (p->config->load.strategy == STRATEGY_MERGED) {
			src->merge = add_step(p, "merge", f->stem, f);
			src->merge->source = src;
			sched_edge(p->sched, p->create, src->merge);
		}
		src->staged = add_step(p, "staged", f->stem, f);
		src->staged->source = src;
		src->staged->prefix = str_z(src->url);
		sched_edge(p->sched, p->create, src->staged);
		if (src->merge)
			sched_edge(p->sched, src->merge, src->staged);
		/* A rerun waits until it is known which life of the relation this is. */
		if (!p->aim.rest)
			plan_add_listings(p, src);
	}
	return true;
}

static struct task *find_insert(struct plan *p, struct str stem)
{
	for (size_t i = 0; i < p->sched->n; i++) {
		struct task *t = p->sched->tasks[i];

		if (str_eqz(t->phase, "insert") && str_eq(t->stem, stem))
			return t;
	}
	return NULL;
}

/* `t` waits for what its file depends on, as far as that is part of this run. */
static void depend(struct plan *p, struct task *t, const struct sqlfile *f)
{
	if (p->create)
		sched_edge(p->sched, p->create, t);
	for (size_t i = 0; i < f->n_depends; i++) {
		struct source *src = plan_source(p, f->depends[i]);
		struct task *first = src ? src->staged : find_insert(p, f->depends[i]);

		if (first && first != t)
			sched_edge(p->sched, first, t);
	}
}

/* Whether a rerun from a step comes by this insert; those before it in the order are planned. */
static bool is_behind(struct plan *p, const struct sqlfile *f)
{
	if (str_eq(f->stem, p->aim.from))
		return true;
	for (size_t i = 0; i < f->n_depends; i++)
		if (find_insert(p, f->depends[i]))
			return true;
	return false;
}

static bool add_inserts(struct plan *p, struct err *e)
{
	const struct sqlfile **order;
	size_t n;

	if (!model_order(p->model, p->sched->arena, &order, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct task *t;

		if ((p->aim.step.n && !str_eq(order[i]->stem, p->aim.step)) ||
		    (p->aim.from.n && !is_behind(p, order[i])))
			continue;
		t = add_step(p, "insert", order[i]->stem, order[i]);
		t->fresh = p->aim.step.n || p->aim.from.n;
		depend(p, t, order[i]);
	}
	return true;
}

static void add_checks(struct plan *p)
{
	size_t n;
	const struct sqlfile *f = model_phase(p->model, SQL_CHECK, &n);

	for (size_t i = 0; i < n; i++)
		depend(p, add_step(p, "check", f[i].stem, &f[i]), &f[i]);
}

/* The counts come last: behind every insert and staged relation. */
static void add_count(struct plan *p)
{
	struct task *count = add_step(p, "count", STR(""), NULL);

	for (size_t i = 0; i + 1 < p->sched->n; i++) {
		struct task *t = p->sched->tasks[i];

		if (str_eqz(t->phase, "insert") || str_eqz(t->phase, "staged") ||
		    str_eqz(t->phase, "create"))
			sched_edge(p->sched, t, count);
	}
}

bool plan_make(struct plan *p, const struct config *c, const struct model *m, struct sched *s,
    unsigned what, const struct aim *aim, struct err *e)
{
	*p = (struct plan){
	    .config = c, .model = m, .sched = s, .validate = (what & PLAN_VALIDATE) != 0};
	if (aim)
		p->aim = *aim;
	if (what & PLAN_DROP)
		add_step(p, "drop", STR(""), NULL);
	if (what & PLAN_CREATE) {
		p->create = add_step(p, "create", STR(""), NULL);
		p->create->fresh = (what & PLAN_FRESH) != 0;
		p->create->whole = is_whole(p, what);
	}
	if (!add_sources(p, what, e))
		return false;
	if ((what & PLAN_TRANSFORM) && !add_inserts(p, e))
		return false;
	if (what & PLAN_CHECK)
		add_checks(p);
	if (what & PLAN_COUNT)
		add_count(p);
	return true;
}

void plan_start_task(struct plan *p, struct task *t, int64_t now)
{
	if (t->state != TASK_WAITING)
		return; /* left, with what it waits for */
	if (t->unasked)
		sched_leave(p->sched, t, now);
	else
		sched_start(p->sched, t, now);
}

void plan_start(struct plan *p, int64_t now)
{
	for (size_t i = 0, n = p->sched->n; i < n; i++)
		plan_start_task(p, p->sched->tasks[i], now);
}
