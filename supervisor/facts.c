/* facts.c - see facts.h. */
#include "supervisor/facts.h"

int64_t facts_duration(const struct fold *f)
{
	return f->ended ? f->end.ms : f->last_ms;
}

const char *facts_phase_name(const struct task *t)
{
	return t->kind == TASK_STEP ? t->phase.p : task_kind_name(t->kind);
}

int64_t facts_took(const struct fold *f, const struct task *t)
{
	return t->worked_ms + (t->state == TASK_RUNNING ? f->last_ms - t->began : 0);
}

static void add_to_phase(struct facts_phase *p, const struct fold *f, const struct task *t)
{
	int64_t until = task_is_final(t->state) ? t->ended : f->last_ms;

	p->tasks++;
	p->sum += facts_took(f, t);
	if (t->first_began < p->first)
		p->first = t->first_began;
	if (until > p->last)
		p->last = until;
}

size_t facts_phases(const struct fold *f, struct facts_phase *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];
		size_t k = 0;

		if (t->attempts == 0)
			continue;
		while (k < n && strcmp(out[k].name, facts_phase_name(t)) != 0)
			k++;
		if (k == max)
			continue;
		if (k == n)
			out[n++] = (struct facts_phase){
			    .name = facts_phase_name(t), .first = t->first_began};
		add_to_phase(&out[k], f, t);
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && out[k].first < out[k - 1].first; k--) {
			struct facts_phase keep = out[k];

			out[k] = out[k - 1];
			out[k - 1] = keep;
		}
	return n;
}

double facts_concurrency(const struct facts_phase *p)
{
	int64_t wall = p->last - p->first;

	return wall > 0 ? (double)p->sum / (double)wall : 1;
}

const struct task *facts_step(const struct fold *f, const char *phase)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eqz(f->tasks[i].phase, phase))
			return &f->tasks[i];
	return NULL;
}

bool facts_loads(const struct fold *f)
{
	return str_eqz(f->run.command, "run") || str_eqz(f->run.command, "load") ||
	       (str_eqz(f->run.command, "rerun") && facts_step(f, "staged"));
}

bool facts_is_superseded(const struct task *t)
{
	return str_eqz(t->done.verdict, "superseded");
}

const char *facts_verdict(const struct task *t)
{
	if (t->state == TASK_DONE && t->done.verdict.n)
		return t->done.skipped && !facts_is_superseded(t) ? "already" : t->done.verdict.p;
	return task_state_name(t->state);
}

bool facts_is_check(const struct task *t)
{
	return t->kind == TASK_STEP && str_eqz(t->phase, "check") && t->attempts > 0;
}

const char *facts_word(const struct fold *f)
{
	if (!f->ended)
		return f->alive ? "running" : "killed";
	return f->end.exit == 0 ? "finished" : "failed";
}

struct facts_phase facts_whole(const struct fold *f)
{
	struct facts_phase all = {.name = "run"};

	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].attempts)
			add_to_phase(&all, f, &f->tasks[i]);
	all.last = facts_duration(f);
	return all;
}

double facts_efficiency(const struct fold *f, const struct facts_phase *p)
{
	return facts_concurrency(p) / (f->run.workers > 0 ? (double)f->run.workers : 1);
}

size_t facts_shards(const struct fold *f, struct arena *a, const struct task ***out)
{
	size_t n = 0;

	*out = arena_alloc(a, (f->n + 1) * sizeof **out);
	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].kind == TASK_COPY)
			(*out)[n++] = &f->tasks[i];
	return n;
}

/* From the first listing's begin to the last one's end. */
static int64_t all_listings_ms(const struct fold *f, struct str stem)
{
	struct facts_phase p = {.first = INT64_MAX};

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->kind == TASK_LIST && t->attempts && str_eq(t->stem, stem))
			add_to_phase(&p, f, t);
	}
	return p.tasks ? p.last - p.first : 0;
}

int64_t facts_list_ms(const struct fold *f, const struct task *t)
{
	const struct task *by = t->parent >= 1 && t->parent <= (int64_t)f->n
	                            ? &f->tasks[t->parent - 1]
	                            : NULL;

	return !by                           ? 0
	       : str_eqz(by->phase, "merge") ? all_listings_ms(f, t->stem)
	                                     : by->done.list_ms;
}

size_t facts_path(const struct fold *f, const struct task **out, size_t max)
{
	const struct task *t = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].attempts && (!t || f->tasks[i].ended > t->ended))
			t = &f->tasks[i];
	while (t && n < max) {
		out[n++] = t;
		t = t->enabled_by >= 1 && t->enabled_by <= (int64_t)f->n
		        ? &f->tasks[t->enabled_by - 1]
		        : NULL;
	}
	for (size_t i = 0; i < n / 2; i++) {
		const struct task *keep = out[i];

		out[i] = out[n - 1 - i];
		out[n - 1 - i] = keep;
	}
	return n;
}

struct facts_totals facts_totals(const struct fold *f)
{
	struct facts_totals n = {0};

	for (size_t i = 0; i < f->n_again; i++)
		n.requests_again += f->again[i].times;
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (str_eqz(t->phase, "staged"))
			n.quarantined += t->done.quarantined;
		n.failed += t->state == TASK_FAILED;
		n.blocked += t->state == TASK_BLOCKED;
		n.left += t->state == TASK_LEFT;
		n.retries += t->attempts > 1 ? t->attempts - 1 : 0;
		if (t->kind != TASK_COPY || facts_is_superseded(t))
			continue;
		n.shards++;
		if (t->state != TASK_DONE)
			continue;
		n.loaded += !t->done.skipped;
		n.already += t->done.skipped;
		n.objects += t->done.objects;
		n.bytes += t->done.bytes;
		n.rows += t->done.rows;
		n.rejected += t->done.rejected;
		n.replaced += t->done.replaced;
		n.objects_joined += t->done.objects_joined;
		n.parts += t->done.parts;
		n.unverified += !str_eqz(t->done.verdict, "VERIFIED");
	}
	return n;
}
