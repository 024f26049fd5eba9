/* plan.c - see plan.h. */
#include "supervisor/plan.h"

#include "shared/lane.h"
#include "shared/s3.h"

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

struct task *plan_add_list(struct plan *p, struct source *src, struct str prefix, struct str after,
    struct str upto, bool fan)
{
	struct arena *a = p->sched->arena;
	struct task *t = sched_add(p->sched, TASK_LIST);

	t->source = src;
	t->stem = src->stem;
	t->prefix = arena_str(a, prefix);
	t->after = arena_str(a, after);
	t->upto = arena_str(a, upto);
	t->fan = fan;
	t->name = str_z(arena_printf(a, "list %.*s %.*s", STRF(src->stem), STRF(prefix)));
	if (src->staged)
		sched_edge(p->sched, t, src->staged);
	return t;
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
	t->lane = lane_name(a, src->stem, lane_of_shard(t->shard, src->lanes), src->lanes);
	if (p->config->load.strategy == STRATEGY_SHARDED && !p->validate)
		t->queue = sched_queue(p->sched, t->lane, true);
	t->name = str_z(arena_printf(a, "copy %.*s %.8s", STRF(src->stem), t->shard.p));
	if (src->staged)
		sched_edge(p->sched, t, src->staged);
	return t;
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
		src->staged = add_step(p, "staged", f->stem, f);
		list = plan_add_list(p, src, src->prefix, STR(""), STR(""), true);
		sched_edge(p->sched, p->create, list);
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

static bool add_inserts(struct plan *p, struct err *e)
{
	const struct sqlfile **order;
	size_t n;

	if (!model_order(p->model, p->sched->arena, &order, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		depend(p, add_step(p, "insert", order[i]->stem, order[i]), order[i]);
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
    unsigned what, struct err *e)
{

	*p = (struct plan){
	    .config = c, .model = m, .sched = s, .validate = (what & PLAN_VALIDATE) != 0};
	if (what & PLAN_DROP)
		add_step(p, "drop", STR(""), NULL);
	if (what & PLAN_CREATE) {
		p->create = add_step(p, "create", STR(""), NULL);
		p->create->fresh = (what & PLAN_FRESH) != 0;
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

void plan_start(struct plan *p, int64_t now)
{
	for (size_t i = 0, n = p->sched->n; i < n; i++)
		sched_start(p->sched, p->sched->tasks[i], now);
}
