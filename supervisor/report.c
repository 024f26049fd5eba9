/* report.c - see report.h. Everything is derived from the folded journal, nothing is asked again.
 */
#include "supervisor/report.h"

#include <jansson.h>
#include <stdlib.h>

#include "supervisor/table.h"

enum { SHARDS_SHOWN = 40 };

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static const char *phase_of(const struct task *t)
{
	return t->kind == TASK_STEP ? t->phase.p : task_kind_name(t->kind);
}

static int64_t took(const struct task *t)
{
	return t->ended - t->began;
}

/* ---- phases: what ran side by side ---- */

struct phase {
	const char *name;
	int64_t tasks, first, last, sum;
};

/* In the order of their beginning. */
static size_t phases_of(const struct fold *f, struct phase *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];
		size_t k = 0;

		if (t->attempts == 0 || !task_is_final(t->state))
			continue;
		while (k < n && strcmp(out[k].name, phase_of(t)) != 0)
			k++;
		if (k == max)
			continue;
		if (k == n)
			out[n++] = (struct phase){.name = phase_of(t), .first = t->first_began};
		out[k].tasks++;
		out[k].sum += took(t);
		if (t->first_began < out[k].first)
			out[k].first = t->first_began;
		if (t->ended > out[k].last)
			out[k].last = t->ended;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && out[k].first < out[k - 1].first; k--) {
			struct phase keep = out[k];

			out[k] = out[k - 1];
			out[k - 1] = keep;
		}
	return n;
}

static double concurrency(const struct phase *p)
{
	int64_t wall = p->last - p->first;

	return wall > 0 ? (double)p->sum / (double)wall : 1;
}

/* ---- shards ---- */

static int by_duration(const void *a, const void *b)
{
	int64_t x = took(*(const struct task *const *)a), y = took(*(const struct task *const *)b);

	return x < y ? 1 : x > y ? -1 : 0;
}

static size_t shards_of(const struct fold *f, struct arena *a, const struct task ***out)
{
	size_t n = 0;

	*out = arena_alloc(a, (f->n + 1) * sizeof **out);
	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].kind == TASK_COPY)
			(*out)[n++] = &f->tasks[i];
	return n;
}

static int64_t list_ms(const struct fold *f, const struct task *t)
{
	bool known = t->parent >= 1 && t->parent <= (int64_t)f->n;

	return known ? f->tasks[t->parent - 1].done.list_ms : 0;
}

static const char *verdict(const struct task *t)
{
	if (t->state == TASK_DONE && t->done.verdict.n)
		return t->done.skipped ? "already" : t->done.verdict.p;
	return task_state_name(t->state);
}

static void print_shards(const struct fold *f, struct arena *a, FILE *out)
{
	const struct task **shards;
	size_t n = shards_of(f, a, &shards), shown = n;
	struct table *t = table_new(a, "relation shard >objects >bytes >rows >list_ms >fetch_ms "
	                               ">copy_ms >commit_ms >tries >worker "
	                               "verdict");

	if (n == 0) {
		return;
	}
	if (n > SHARDS_SHOWN) {
		qsort(shards, n, sizeof *shards, by_duration);
		shown = SHARDS_SHOWN / 2;
	}
	fprintf(out, "\nShards\n");
	for (size_t i = 0; i < shown; i++) {
		const struct task *s = shards[i];

		table_cell(t, "%.*s", STRF(s->lane));
		table_cell(t, "%.8s", s->shard.p);
		table_number(t, s->objects);
		table_cell(t, "%s", table_bytes(a, s->bytes));
		table_number(t, s->done.rows);
		table_number(t, list_ms(f, s));
		table_number(t, s->done.fetch_ms);
		table_number(t, s->done.copy_ms);
		table_number(t, s->done.commit_ms);
		table_number(t, s->attempts);
		table_number(t, s->worker);
		table_cell(t, "%s", verdict(s));
	}
	table_print(t, out);
	if (shown < n)
		fprintf(out, "  the %zu slowest of %zu; --json has all\n", shown, n);
}

/* ---- steps, phases, counts ---- */

static void print_steps(const struct fold *f, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, "step >rows >began_s >took_s >tries >worker result");
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *s = &f->tasks[i];

		if (s->kind != TASK_STEP || str_eqz(s->phase, "probe") ||
		    str_eqz(s->phase, "count") || s->attempts == 0)
			continue;
		n++;
		table_cell(t, "%.*s", STRF(s->name));
		if (s->state == TASK_DONE && (s->done.rows || str_eqz(s->phase, "insert")))
			table_number(t, s->done.rows);
		else
			table_cell(t, "%s", "");
		table_cell(t, "%.2f", seconds(s->first_began));
		table_cell(t, "%.2f", seconds(took(s)));
		table_number(t, s->attempts);
		table_number(t, s->worker);
		if (s->done.skipped)
			table_cell(t, "up to date");
		else
			table_cell(t, "%s",
			    s->state == TASK_DONE && s->done.verdict.n ? s->done.verdict.p
			                                               : task_state_name(s->state));
	}
	if (n == 0)
		return;
	fprintf(out, "\nSteps\n");
	table_print(t, out);
}

static void print_phases(const struct fold *f, struct arena *a, FILE *out)
{
	struct phase p[16];
	size_t n = phases_of(f, p, sizeof p / sizeof p[0]);
	struct table *t = table_new(a, "phase >tasks >wall_s >cumulative_s >concurrency");

	if (n == 0)
		return;
	fprintf(out, "\nTime\n");
	for (size_t i = 0; i < n; i++) {
		table_cell(t, "%s", p[i].name);
		table_number(t, p[i].tasks);
		table_cell(t, "%.2f", seconds(p[i].last - p[i].first));
		table_cell(t, "%.2f", seconds(p[i].sum));
		table_cell(t, "%.2f", concurrency(&p[i]));
	}
	table_print(t, out);
}

static const struct report_expect *expected(
    const struct report_expect *expect, size_t n, struct str table)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(table, expect[i].table))
			return &expect[i];
	return NULL;
}

static void print_counts(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out)
{
	struct table *t = table_new(a, n_expect ? "table >rows >expected" : "table >rows");
	size_t agree = 0, known = 0;

	if (f->n_counts == 0)
		return;
	fprintf(out, "\nCounts\n");
	for (size_t i = 0; i < f->n_counts; i++) {
		const struct fold_count *c = &f->counts[i];
		const struct report_expect *x = expected(expect, n_expect, c->table);

		table_cell(t, "%.*s", STRF(c->table));
		table_number(t, c->rows);
		if (n_expect)
			table_cell(t, "%s", x ? table_thousands(a, x->rows) : "");
		known += x != NULL;
		agree += x && x->rows == c->rows;
	}
	table_print(t, out);
	if (known)
		fprintf(out,
		    agree == known
		        ? "  as the generator of the data expects\n"
		        : "  NOT as the generator of the data expects (%zu of %zu agree)\n",
		    agree, known);
}

/* ---- what went wrong, and the last line ---- */

static void print_failures(const struct fold *f, FILE *out)
{
	size_t shown = 0, blocked = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->state != TASK_FAILED)
			continue;
		if (shown++ == 0)
			fprintf(out, "\nFailed\n");
		fprintf(out, "  %.*s: %s\n", STRF(t->name), t->err.msg);
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->state == TASK_BLOCKED && t->kind == TASK_STEP)
			fprintf(out, "%s%.*s",
			    blocked++ ? ", " : "  so these were not done: ", STRF(t->name));
	}
	if (blocked)
		fputc('\n', out);
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->state == TASK_DONE && t->done.note.n &&
		    !str_eqz(t->done.verdict, "VERIFIED"))
			fprintf(out, "%s  %.*s (%.*s): %lld rows, such as %.*s\n",
			    shown++ ? "" : "\nRemarks\n", STRF(t->name), STRF(t->done.verdict),
			    (long long)t->done.rows, STRF(t->done.note));
	}
}

struct totals {
	int64_t shards, loaded, already, objects, bytes, rows, failed, blocked, left, retries,
	    unverified;
};

static struct totals totals_of(const struct fold *f)
{
	struct totals n = {0};

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		n.failed += t->state == TASK_FAILED;
		n.blocked += t->state == TASK_BLOCKED;
		n.left += t->state == TASK_LEFT;
		n.retries += t->attempts > 1 ? t->attempts - 1 : 0;
		if (t->kind != TASK_COPY)
			continue;
		n.shards++;
		if (t->state != TASK_DONE)
			continue;
		n.loaded += !t->done.skipped;
		n.already += t->done.skipped;
		n.objects += t->done.objects;
		n.bytes += t->done.bytes;
		n.rows += t->done.rows;
		n.unverified += !str_eqz(t->done.verdict, "VERIFIED");
	}
	return n;
}

static int64_t duration(const struct fold *f)
{
	return f->ended ? f->end.ms : f->last_ms;
}

void report_close(const struct fold *f, struct arena *a, FILE *out)
{
	struct totals n = totals_of(f);
	double s = seconds(duration(f));

	fputc('\n', out);
	if (!f->ended)
		fprintf(out, "The run is still going on, or was killed: `dwh run` completes it.\n");
	else if (f->end.exit == 0 && n.shards == 0)
		fprintf(out, "Nothing new to load; %.2f s, %lld workers.\n", s,
		    (long long)f->run.workers);
	else if (f->end.exit == 0)
		fprintf(out,
		    "Loaded %s objects, %s, %s rows in %lld shards: %s; %.2f s, %lld workers.\n",
		    table_thousands(a, n.objects), table_bytes(a, n.bytes),
		    table_thousands(a, n.rows), (long long)n.shards,
		    n.unverified ? "not all verified" : "all verified", s,
		    (long long)f->run.workers);
	else
		fprintf(out,
		    "Exit code %lld after %.2f s: %lld of %lld shards loaded, %lld tasks failed, "
		    "%lld blocked, "
		    "%lld not begun. What is committed stays; `dwh run` goes on from there.\n",
		    (long long)f->end.exit, s, (long long)n.loaded + n.already, (long long)n.shards,
		    (long long)n.failed, (long long)n.blocked, (long long)n.left);
}

void report_print(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out)
{
	fprintf(out, "Run %.*s: %.*s, engine %.*s, model %.*s, strategy %.*s, %lld workers%s\n",
	    STRF(f->run.run), STRF(f->run.command), STRF(f->run.engine), STRF(f->run.model),
	    STRF(f->run.strategy), (long long)f->run.workers, f->run.fresh ? ", fresh" : "");
	print_shards(f, a, out);
	print_steps(f, a, out);
	print_phases(f, a, out);
	print_counts(f, expect, n_expect, a, out);
	print_failures(f, out);
}

/* ---- JSON ---- */

static json_t *text(struct str s)
{
	return json_stringn_nocheck(s.n ? s.p : "", s.n);
}

static json_t *task_json(const struct fold *f, const struct task *t)
{
	const struct msg_done *d = &t->done;
	json_t *o = json_pack("{s:I, s:s, s:o, s:s, s:i, s:i, s:I, s:I, s:I}", "id",
	    (json_int_t)t->id, "kind", phase_of(t), "name", text(t->name), "state",
	    task_state_name(t->state), "tries", t->attempts, "worker", t->worker, "began_ms",
	    (json_int_t)t->first_began, "ended_ms", (json_int_t)t->ended, "took_ms",
	    (json_int_t)took(t));

	if (t->state == TASK_DONE) {
		json_object_update_new(
		    o, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "rows",
		           (json_int_t)d->rows, "rejected", (json_int_t)d->rejected, "requests",
		           (json_int_t)d->requests, "retries", (json_int_t)d->retries, "fetch_ms",
		           (json_int_t)d->fetch_ms, "copy_ms", (json_int_t)d->copy_ms, "commit_ms",
		           (json_int_t)d->commit_ms, "cpu_ms", (json_int_t)d->cpu_ms, "skipped",
		           d->skipped, "verdict", text(d->verdict), "note", text(d->note)));
		json_object_set_new(
		    o, "list_ms", json_integer(t->kind == TASK_COPY ? list_ms(f, t) : d->list_ms));
	}
	if (t->kind == TASK_COPY)
		json_object_update_new(
		    o, json_pack("{s:o, s:o, s:o, s:I, s:I}", "shard", text(t->shard), "lane",
		           text(t->lane), "manifest", text(t->manifest), "objects",
		           (json_int_t)t->objects, "bytes", (json_int_t)t->bytes));
	if (t->has_err && t->state != TASK_DONE)
		json_object_set_new(o, "error",
		    json_pack("{s:s, s:s, s:s, s:s}", "kind", err_kind_name(t->err.kind), "where",
		        err_where_name(t->err.where), "code", t->err.code, "message", t->err.msg));
	return o;
}

void report_json(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out)
{
	struct totals n = totals_of(f);
	struct phase p[16];
	size_t n_phases = phases_of(f, p, sizeof p / sizeof p[0]);
	json_t *shards = json_array(), *steps = json_array(), *phases = json_array(),
	       *counts = json_object(), *wanted = json_object(), *root;

	(void)a;
	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(
		    f->tasks[i].kind == TASK_COPY ? shards : steps, task_json(f, &f->tasks[i]));
	for (size_t i = 0; i < n_phases; i++)
		json_array_append_new(phases,
		    json_pack("{s:s, s:I, s:I, s:I, s:f}", "phase", p[i].name, "tasks",
		        (json_int_t)p[i].tasks, "wall_ms", (json_int_t)(p[i].last - p[i].first),
		        "cumulative_ms", (json_int_t)p[i].sum, "concurrency", concurrency(&p[i])));
	for (size_t i = 0; i < f->n_counts; i++)
		json_object_set_new(counts, f->counts[i].table.p, json_integer(f->counts[i].rows));
	for (size_t i = 0; i < n_expect; i++)
		json_object_set_new(wanted, expect[i].table, json_integer(expect[i].rows));
	root = json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o, s:b, s:I, s:I}", "run",
	    text(f->run.run), "command", text(f->run.command), "engine", text(f->run.engine),
	    "model", text(f->run.model), "strategy", text(f->run.strategy), "workers",
	    (json_int_t)f->run.workers, "fresh", f->run.fresh, "began", text(f->run.at), "ended",
	    f->ended, "exit", (json_int_t)(f->ended ? f->end.exit : -1), "ms",
	    (json_int_t)duration(f));
	json_object_set_new(root, "totals",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "shards",
	        (json_int_t)n.shards, "loaded", (json_int_t)n.loaded, "objects",
	        (json_int_t)n.objects, "bytes", (json_int_t)n.bytes, "rows", (json_int_t)n.rows,
	        "failed", (json_int_t)n.failed, "blocked", (json_int_t)n.blocked, "left",
	        (json_int_t)n.left, "retries", (json_int_t)n.retries));
	json_object_set_new(root, "counts", counts);
	if (n_expect)
		json_object_set_new(root, "expected", wanted);
	else
		json_decref(wanted);
	json_object_set_new(root, "phases", phases);
	json_object_set_new(root, "shards", shards);
	json_object_set_new(root, "tasks", steps);
	json_dumpf(root, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(root);
}
