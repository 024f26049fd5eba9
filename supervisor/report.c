/* report.c - see report.h. Everything is derived from the folded journal, nothing is asked again.
 */
#include "supervisor/report.h"

#include <stdlib.h>

#include "supervisor/facts.h"
#include "supervisor/next.h"
#include "supervisor/report_verify.h"
#include "supervisor/table.h"

enum { SHARDS_SHOWN = 40 };

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

/* ---- shards ---- */

static int by_duration(const void *a, const void *b)
{
	int64_t x = (*(const struct task *const *)a)->worked_ms,
	        y = (*(const struct task *const *)b)->worked_ms;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void print_shards(const struct fold *f, struct arena *a, FILE *out)
{
	const struct facts_totals totals = facts_totals(f);
	const struct task **shards;
	size_t n = facts_shards(f, a, &shards), shown = n;
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
		table_number(t, facts_list_ms(f, s));
		table_number(t, s->done.fetch_ms);
		table_number(t, s->done.copy_ms);
		table_number(t, s->done.commit_ms);
		table_number(t, s->attempts);
		table_number(t, s->worker);
		table_cell(t, "%s", facts_verdict(s));
	}
	table_print(t, out);
	if (shown < n)
		fprintf(out, "  the %zu slowest of %zu; --json has all\n", shown, n);
	if (totals.parts)
		fprintf(out, "  %s small objects were joined into %s parts for COPY\n",
		    table_thousands(a, totals.objects_joined), table_thousands(a, totals.parts));
}

/* ---- steps, phases, counts ---- */

static void print_steps(const struct fold *f, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, "step >rows >began_s >took_s >tries >worker result");
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *s = &f->tasks[i];

		if (s->kind != TASK_STEP || str_eqz(s->phase, "probe") ||
		    str_eqz(s->phase, "count") || str_eqz(s->phase, "check") || s->attempts == 0)
			continue;
		n++;
		table_cell(t, "%.*s", STRF(s->name));
		if (s->state == TASK_DONE && (s->done.rows || str_eqz(s->phase, "insert")))
			table_number(t, s->done.rows);
		else
			table_cell(t, "%s", "");
		table_cell(t, "%.2f", seconds(s->first_began));
		table_cell(t, "%.2f", seconds(facts_took(f, s)));
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

static void phase_row(struct table *t, const struct fold *f, const struct facts_phase *p)
{
	table_cell(t, "%s", p->name);
	table_number(t, p->tasks);
	table_cell(t, "%.2f", seconds(p->last - p->first));
	table_cell(t, "%.2f", seconds(p->sum));
	table_cell(t, "%.2f", facts_concurrency(p));
	table_cell(t, "%.0f%%", 100 * facts_efficiency(f, p));
}

static void print_phases(const struct fold *f, struct arena *a, FILE *out)
{
	struct facts_phase p[FACTS_PHASES], all = facts_whole(f);
	size_t n = facts_phases(f, p, FACTS_PHASES);
	struct table *t = table_new(
	    a, "phase >tasks >wall_s >cumulative_s >concurrency >efficiency");

	if (n == 0)
		return;
	fprintf(out, "\nTime\n");
	for (size_t i = 0; i < n; i++)
		phase_row(t, f, &p[i]);
	phase_row(t, f, &all);
	table_print(t, out);
}

static void print_usage(const struct fold *f, struct arena *a, FILE *out)
{
	const struct msg_usage *u = &f->usage;
	struct table *t = table_new(a, "used_by >processor_s >memory_at_most");

	if (!f->has_usage)
		return;
	fputc('\n', out);
	table_cell(t, "supervisor");
	table_cell(t, "%.2f", seconds(u->supervisor_cpu_ms));
	table_cell(t, "%s", table_bytes(a, u->supervisor_peak));
	table_cell(t, "workers, memory of the largest");
	table_cell(t, "%.2f", seconds(u->workers_cpu_ms));
	table_cell(t, "%s", table_bytes(a, u->worker_peak));
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

bool report_agrees(const struct fold *f, const struct report_expect *expect, size_t n_expect)
{
	for (size_t i = 0; i < f->n_counts; i++) {
		const struct report_expect *x = expected(expect, n_expect, f->counts[i].table);

		if (x && x->rows != f->counts[i].rows)
			return false;
	}
	return true;
}

static void print_counts(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out)
{
	struct table *t = table_new(a, n_expect ? "table >rows >expected" : "table >rows");

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
	}
	table_print(t, out);
	if (n_expect && report_agrees(f, expect, n_expect))
		fputs("  as the generator of the data expects\n", out);
	else if (n_expect)
		fputs("  NOT as the generator of the data expects\n", out);
}

/* ---- what the run waited for ---- */

static void print_path(const struct fold *f, struct arena *a, FILE *out)
{
	const struct task *path[FACTS_PATH];
	size_t n = facts_path(f, path, FACTS_PATH);
	struct table *t = table_new(a, "critical_path >waited_s >took_s >of_the_run");
	int64_t all = facts_duration(f);

	if (n < 2)
		return;
	fputc('\n', out);
	for (size_t i = 0; i < n; i++) {
		table_cell(t, "%.*s", STRF(path[i]->name));
		table_cell(t, "%.2f", seconds(path[i]->first_began - path[i]->first_ready));
		table_cell(t, "%.2f", seconds(path[i]->ended - path[i]->first_began));
		table_cell(t, "%.0f%%",
		    all ? 100 * (double)(path[i]->ended - path[i]->first_ready) / (double)all : 0);
	}
	table_print(t, out);
}

/* Tasks and requests apart: a request that was sent again need not have cost a task its attempt. */
static void print_retries(const struct fold *f, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, ">times of cause the_first_of_them");

	if (f->n_retries + f->n_again == 0)
		return;
	fprintf(out, "\nTried again\n");
	for (size_t i = 0; i < f->n_retries; i++) {
		const struct fold_retry *r = &f->retries[i];

		table_number(t, r->times);
		table_cell(t, "tasks");
		table_cell(t, "%s", r->err.code[0] ? r->err.code : err_kind_name(r->err.kind));
		table_cell(t, "%.*s: %s", STRF(r->name), r->err.msg);
	}
	for (size_t i = 0; i < f->n_again; i++) {
		table_number(t, f->again[i].times);
		table_cell(t, "requests");
		table_cell(t, "%.*s", STRF(f->again[i].code));
		table_cell(t, "%.*s", STRF(f->again[i].message));
	}
	table_print(t, out);
}

/* ---- checks ---- */

/* What it found, why that matters, and what it looks like. */
static void explain(const struct task *t, struct arena *a, FILE *out)
{
	if (t->state != TASK_DONE || str_eqz(t->done.verdict, "pass"))
		return;
	fprintf(out, "\n  %.*s: %.*s. But %s, such as %s\n", STRF(t->stem),
	    STRF(t->title.n ? t->title : t->name),
	    t->done.rows == 1
	        ? "1 row says otherwise"
	        : arena_printf(a, "%s rows say otherwise", table_thousands(a, t->done.rows)),
	    table_clean(a, t->done.note));
	if (t->description.n)
		fprintf(out, "    %.*s\n", STRF(t->description));
}

static void print_checks(const struct fold *f, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, "check result >rows >took_s what_it_says");
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *s = &f->tasks[i];
		bool judged = s->state == TASK_DONE && s->done.verdict.n;

		if (!facts_is_check(s))
			continue;
		n++;
		table_cell(t, "%.*s", STRF(s->stem));
		table_cell(t, "%s", judged ? s->done.verdict.p : task_state_name(s->state));
		table_cell(t, "%s", judged ? table_thousands(a, s->done.rows) : "");
		table_cell(t, "%.2f", seconds(facts_took(f, s)));
		table_cell(t, "%.*s", STRF(s->title));
	}
	if (n == 0)
		return;
	fprintf(out, "\nChecks\n");
	table_print(t, out);
	for (size_t i = 0; i < f->n; i++)
		if (facts_is_check(&f->tasks[i]))
			explain(&f->tasks[i], a, out);
}

/* ---- what went wrong, and the last line ---- */

/* The first few names are enough: the failure above is what matters. */
static void print_blocked(const struct fold *f, FILE *out)
{
	enum { NAMED = 6 };
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->state != TASK_BLOCKED || t->kind != TASK_STEP)
			continue;
		if (n++ < NAMED)
			fprintf(out, "%s%.*s",
			    n > 1 ? ", " : "  so these were not done: ", STRF(t->name));
	}
	if (n > NAMED)
		fprintf(out, " and %zu more", n - NAMED);
	if (n)
		fputc('\n', out);
}

enum { BAD_SHOWN = 100, CELL_SHOWN = 40, KEY_SHOWN = 60 };

/* The end of an object's address tells more than its beginning. */
static void object_cell(struct table *t, struct str url)
{
	if (url.n > KEY_SHOWN)
		table_cell(t, "...%.*s", STRF(str_from(url, url.n - KEY_SHOWN)));
	else
		table_cell(t, "%.*s", STRF(url));
}

static void print_bad(const struct fold *f, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, "object >line column value >code reason");
	size_t shown = f->n_bad < BAD_SHOWN ? f->n_bad : BAD_SHOWN;
	int64_t all = facts_totals(f).rejected;

	if (f->n_bad == 0)
		return;
	fprintf(out, "\nRejected records\n");
	for (size_t i = 0; i < shown; i++) {
		const struct msg_bad *b = &f->bad[i];

		object_cell(t, b->object);
		table_number(t, b->line);
		table_cell(t, "%.*s", STRF(b->column));
		table_cell(t, "%.*s%s", (int)(b->value.n < CELL_SHOWN ? b->value.n : CELL_SHOWN),
		    b->value.p, b->value.n > CELL_SHOWN ? "..." : "");
		table_cell(t, "%lld", (long long)b->code);
		table_cell(t, "%.*s", STRF(b->reason));
	}
	table_print(t, out);
	if (all > (int64_t)shown)
		fprintf(out, "  %lld of %s; all are in %s\n", (long long)shown,
		    table_thousands(a, all),
		    str_eqz(f->run.command, REPORT_VALIDATE) ? "`dwh report --json`"
		                                             : "dwh.load_errors");
}

/* Shards of one source mostly have the same to say: the first of a row says it. */
static void print_same(size_t same, FILE *out)
{
	if (same)
		fprintf(out, "  ... and %zu more, the same\n", same);
}

static void print_remarks(const struct fold *f, FILE *out)
{
	struct str last = STR("");
	size_t shown = 0, same = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];
		bool verified = str_eqz(t->done.verdict, "VERIFIED");

		if (t->state != TASK_DONE || t->done.note.n == 0 || facts_is_check(t) ||
		    (verified && t->done.skipped))
			continue;
		if (shown++ == 0)
			fprintf(out, "\nRemarks\n");
		if (str_eq(t->done.note, last)) {
			same++;
			continue;
		}
		print_same(same, out);
		same = 0;
		last = t->done.note;
		fprintf(out, "  %.*s: %.*s\n", STRF(t->name), STRF(last));
	}
	print_same(same, out);
}

/* ACCEPTINVCHARS changes what was meant: it is told, as Redshift tells it. */
static void print_replaced(const struct fold *f, struct arena *a, FILE *out)
{
	int64_t n = facts_totals(f).replaced;

	if (n)
		fprintf(out, "\n%s row%s had invalid characters, which ACCEPTINVCHARS replaced\n",
		    table_thousands(a, n), n > 1 ? "s" : "");
}

static void print_failures(const struct fold *f, FILE *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->state != TASK_FAILED)
			continue;
		if (shown++ == 0)
			fprintf(out, "\nFailed\n");
		fprintf(out, "  %.*s: %s\n", STRF(t->name), t->err.msg);
	}
	print_blocked(f, out);
}

static void close_validation(const struct fold *f, struct arena *a, FILE *out)
{
	struct facts_totals n = facts_totals(f);

	fprintf(out,
	    "Validated %s objects, %s, in %lld of %lld shards: %s records are good, %s are bad%s. "
	    "Nothing was written; exit code %lld, %.2f s, %lld workers.\n",
	    table_thousands(a, n.objects), table_bytes(a, n.bytes), (long long)n.loaded,
	    (long long)n.shards, table_thousands(a, n.rows), table_thousands(a, n.rejected),
	    n.failed || n.blocked            ? "; the rest was not read, see above"
	    : n.rejected && f->end.exit == 0 ? ", which MAXERROR bears"
	                                     : "",
	    (long long)f->end.exit, seconds(facts_duration(f)), (long long)f->run.workers);
}

void report_outcome(const struct fold *f, struct arena *a, FILE *out)
{
	struct facts_totals n = facts_totals(f);
	double s = seconds(facts_duration(f));
	long long workers = (long long)f->run.workers;
	bool loads = str_eqz(f->run.command, "run") || str_eqz(f->run.command, "load") ||
	             (str_eqz(f->run.command, "rerun") && n.shards);

	if (f->ended && str_eqz(f->run.command, REPORT_VALIDATE)) {
		close_validation(f, a, out);
		return;
	}
	if (f->ended && str_eqz(f->run.command, REPORT_VERIFY)) {
		report_verify_close(f, a, out);
		return;
	}
	if (!f->ended)
		fprintf(out, "%s\n",
		    f->alive ? "The run is still going on; this is how far it is."
		             : "The run was killed before it ended.");
	else if (f->end.exit != 0)
		fprintf(out,
		    "Exit code %lld after %.2f s: %lld of %lld shards loaded, %lld tasks "
		    "failed.\n",
		    (long long)f->end.exit, s, (long long)(n.loaded + n.already),
		    (long long)n.shards, (long long)n.failed);
	else if (!loads)
		fprintf(out, "Done; %.2f s.\n", s);
	else if (n.shards == 0)
		fprintf(out, "Nothing new to load; %.2f s, %lld workers.\n", s, workers);
	else
		fprintf(out,
		    "Loaded %s objects, %s, %s rows in %lld shards: %s%s%s; %.2f s, %lld "
		    "workers.\n",
		    table_thousands(a, n.objects), table_bytes(a, n.bytes),
		    table_thousands(a, n.rows), (long long)n.shards,
		    n.unverified ? "not all verified" : "all verified",
		    n.rejected ? ", records rejected: " : "",
		    n.rejected ? table_thousands(a, n.rejected) : "", s, workers);
}

void report_close(const struct fold *f, struct arena *a, FILE *out)
{
	const char *advice = next_advice(f, a);

	fputc('\n', out);
	report_outcome(f, a, out);
	if (advice[0])
		fprintf(out, "%s\n", advice);
}

void report_print(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out)
{
	bool loads = !str_eqz(f->run.command, REPORT_VERIFY);

	fprintf(out, "Run %.*s: %.*s%s%.*s, engine %.*s%s%.*s, model %.*s%s%.*s, %lld workers%s\n",
	    STRF(f->run.run), STRF(f->run.command), f->run.of.n ? " of " : "", STRF(f->run.of),
	    STRF(f->run.engine), f->isolation.n ? ", isolation " : "", STRF(f->isolation),
	    STRF(f->run.model), loads ? ", strategy " : "", STRF(loads ? f->run.strategy : STR("")),
	    (long long)f->run.workers, f->run.fresh ? ", fresh" : "");
	print_shards(f, a, out);
	print_steps(f, a, out);
	print_phases(f, a, out);
	print_path(f, a, out);
	print_usage(f, a, out);
	report_verify_print(f, a, out);
	print_counts(f, expect, n_expect, a, out);
	print_checks(f, a, out);
	print_retries(f, a, out);
	print_bad(f, a, out);
	print_replaced(f, a, out);
	print_failures(f, out);
	print_remarks(f, out);
}
