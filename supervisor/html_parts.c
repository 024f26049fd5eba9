/* html_parts.c - the sections of the page that are tables and lists; see html_private.h. */
#include "supervisor/facts.h"
#include "supervisor/html_private.h"
#include "supervisor/table.h"

/* ---- what went wrong ---- */

static void blocked(struct html *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->f->n; i++) {
		const struct task *t = &h->f->tasks[i];

		if (t->state != TASK_BLOCKED || t->kind != TASK_STEP)
			continue;
		html_raw(h, n++ ? ", " : "<p class=\"note\">So these were not done: ");
		html_text(h, t->name);
	}
	if (n)
		html_raw(h, "</p>\n");
}

void html_failures(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;

	if (facts_totals(f).failed == 0)
		return;
	html_section(h, "failed", "What failed");
	t = html_table(h, "Tasks that failed", "task where kind code >tries error");
	for (size_t i = 0; i < f->n; i++) {
		const struct task *k = &f->tasks[i];

		if (k->state != TASK_FAILED || !html_row(&t))
			continue;
		html_cell(&t, k->name);
		html_cell(&t, str_z(k->has_err ? err_where_name(k->err.where) : ""));
		html_cell(&t, str_z(k->has_err ? err_kind_name(k->err.kind) : ""));
		html_cell(&t, str_z(k->err.code));
		html_number(&t, k->attempts);
		html_marked(&t, HTML_BAD, str_z(k->err.msg));
	}
	html_table_end(&t, "tasks");
	blocked(h);
	html_section_end(h);
}

/* ---- time ---- */

static void phase_row(struct html_table *t, const struct facts_phase *p)
{
	const struct fold *f = t->h->f;

	html_cell(t, str_z(p->name));
	html_number(t, p->tasks);
	html_cell(t, str_z(html_seconds(t->h, p->first)));
	html_cell(t, str_z(html_seconds(t->h, p->last - p->first)));
	html_cell(t, str_z(html_seconds(t->h, p->sum)));
	html_cellf(t, "%.2f", facts_concurrency(p));
	html_cellf(t, "%.0f%%", 100 * facts_efficiency(f, p));
}

static void critical_path(struct html *h)
{
	const struct task *path[FACTS_PATH];
	size_t n = facts_path(h->f, path, FACTS_PATH);
	int64_t all = facts_duration(h->f);
	struct html_table t;

	if (n < 2)
		return;
	t = html_table(h, "The critical path: what the run waited for, one after the other",
	    "task >began_s >waited_s >took_s >of_the_run");
	for (size_t i = 0; i < n && html_row(&t); i++) {
		const struct task *k = path[i];
		int64_t ended = task_is_final(k->state) ? k->ended : h->f->last_ms;

		html_cell(&t, k->name);
		html_cell(&t, str_z(html_seconds(h, k->first_began)));
		html_cell(&t, str_z(html_seconds(h, k->first_began - k->first_ready)));
		html_cell(&t, str_z(html_seconds(h, ended - k->first_began)));
		html_cellf(
		    &t, "%.0f%%", all ? 100 * (double)(ended - k->first_ready) / (double)all : 0);
	}
	html_table_end(&t, "tasks");
}

void html_phases(struct html *h)
{
	struct facts_phase p[FACTS_PHASES], all = facts_whole(h->f);
	size_t n = facts_phases(h->f, p, FACTS_PHASES);
	struct html_table t;

	if (n == 0)
		return;
	html_section(h, "phases", "Phases");
	t = html_table(h, "Where the time went, phase by phase",
	    "phase >tasks >began_s >wall_s >cumulative_s >concurrency >efficiency");
	for (size_t i = 0; i < n && html_row(&t); i++)
		phase_row(&t, &p[i]);
	phase_row(&t, &all);
	html_table_end(&t, "phases");
	html_note(h, "Cumulative is the time of all tasks together; concurrency is that by the "
	             "wall clock; efficiency is its share of all workers.");
	critical_path(h);
	html_section_end(h);
}

static void usage_row(struct html_table *t, const char *by, int64_t cpu_ms, int64_t peak)
{
	html_cell(t, str_z(by));
	html_cell(t, str_z(html_seconds(t->h, cpu_ms)));
	html_cell(t, str_z(table_bytes(t->h->arena, peak)));
}

/* A run that was killed, or of an old version, does not know. */
void html_usage(struct html *h)
{
	const struct msg_usage *u = &h->f->usage;
	struct html_table t;

	if (!h->f->has_usage)
		return;
	html_section(h, "usage", "Processor and memory");
	t = html_table(
	    h, "What the processes of the run used", "used_by >processor_s >memory_at_most");
	usage_row(&t, "supervisor", u->supervisor_cpu_ms, u->supervisor_peak);
	usage_row(&t, "workers, memory of the largest", u->workers_cpu_ms, u->worker_peak);
	html_table_end(&t, "processes");
	html_section_end(h);
}

/* ---- steps, counts, checks ---- */

static bool is_step(const struct task *t)
{
	return t->kind == TASK_STEP && t->attempts && !str_eqz(t->phase, "probe") &&
	       !str_eqz(t->phase, "count") && !str_eqz(t->phase, "check");
}

void html_steps(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += is_step(&f->tasks[i]);
	if (n == 0)
		return;
	html_section(h, "steps", "Steps");
	t = html_table(h, "SQL steps, as they were planned",
	    "step >rows >began_s >took_s >tries >worker result");
	for (size_t i = 0; i < f->n; i++) {
		const struct task *k = &f->tasks[i];
		bool counts = k->state == TASK_DONE &&
		              (k->done.rows || str_eqz(k->phase, "insert"));

		if (!is_step(k) || !html_row(&t))
			continue;
		html_cell(&t, k->name);
		html_cell(&t, str_z(counts ? table_thousands(h->arena, k->done.rows) : ""));
		html_cell(&t, str_z(html_seconds(h, k->first_began)));
		html_cell(&t, str_z(html_seconds(h, facts_took(f, k))));
		html_number(&t, k->attempts);
		html_number(&t, k->worker);
		html_marked(&t, html_mark_of(k), str_z(html_result(k)));
	}
	html_table_end(&t, "steps");
	html_section_end(h);
}

static const struct report_expect *expected(const struct html *h, struct str table)
{
	for (size_t i = 0; i < h->n_expect; i++)
		if (str_eqz(table, h->expect[i].table))
			return &h->expect[i];
	return NULL;
}

void html_counts(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;

	if (f->n_counts == 0)
		return;
	html_section(h, "counts", "Counts");
	t = html_table(h, "Rows of each table at the end of the run",
	    h->n_expect ? "table >rows >expected agreement" : "table >rows");
	for (size_t i = 0; i < f->n_counts && html_row(&t); i++) {
		const struct fold_count *c = &f->counts[i];
		const struct report_expect *x = expected(h, c->table);

		html_cell(&t, c->table);
		html_number(&t, c->rows);
		if (h->n_expect == 0)
			continue;
		html_cell(&t, str_z(x ? table_thousands(h->arena, x->rows) : ""));
		html_marked(&t,
		    !x                   ? HTML_PLAIN
		    : x->rows == c->rows ? HTML_GOOD
		                         : HTML_BAD,
		    str_z(!x                   ? ""
		          : x->rows == c->rows ? "as expected"
		                               : "NOT as expected"));
	}
	html_table_end(&t, "tables");
	html_section_end(h);
}

/* What it found, why that matters, and what it looks like. */
static void explain(struct html *h, const struct task *t)
{
	if (t->state != TASK_DONE || str_eqz(t->done.verdict, "pass"))
		return;
	html_raw(h, "<p class=\"note\"><strong>");
	html_text(h, t->stem);
	html_raw(h, "</strong>: ");
	html_text(h, t->title.n ? t->title : t->name);
	html_textf(h, ". But %s, such as ",
	    t->done.rows == 1 ? "1 row says otherwise"
	                      : arena_printf(h->arena, "%s rows say otherwise",
	                            table_thousands(h->arena, t->done.rows)));
	html_raw(h, "<code>");
	html_text(h, t->done.note);
	html_raw(h, "</code> ");
	html_text(h, t->description);
	html_raw(h, "</p>\n");
}

void html_checks(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += facts_is_check(&f->tasks[i]);
	if (n == 0)
		return;
	html_section(h, "checks", "Checks");
	t = html_table(h, "The checks of the model", "check result >rows >took_s what_it_says");
	for (size_t i = 0; i < f->n; i++) {
		const struct task *k = &f->tasks[i];
		bool judged = k->state == TASK_DONE && k->done.verdict.n;

		if (!facts_is_check(k) || !html_row(&t))
			continue;
		html_cell(&t, k->stem);
		html_marked(&t, html_mark_of(k), str_z(html_result(k)));
		html_cell(&t, str_z(judged ? table_thousands(h->arena, k->done.rows) : ""));
		html_cell(&t, str_z(html_seconds(h, facts_took(f, k))));
		html_cell(&t, k->title);
	}
	html_table_end(&t, "checks");
	for (size_t i = 0; i < f->n; i++)
		if (facts_is_check(&f->tasks[i]))
			explain(h, &f->tasks[i]);
	html_section_end(h);
}

/* ---- requests, and what was tried again ---- */

static void requests(struct html *h)
{
	const struct fold *f = h->f;
	struct facts_phase p[FACTS_PHASES];
	size_t n = facts_phases(f, p, FACTS_PHASES);
	int64_t all = 0;
	struct html_table t;

	for (size_t i = 0; i < f->n; i++)
		all += f->tasks[i].done.requests;
	if (all == 0)
		return;
	t = html_table(
	    h, "Requests of S3, of the tasks that are done", "phase >requests >of_them_sent_again");
	for (size_t k = 0; k < n; k++) {
		int64_t sent = 0, again = 0;

		for (size_t i = 0; i < f->n; i++) {
			const struct task *of = &f->tasks[i];

			if (strcmp(facts_phase_name(of), p[k].name) == 0) {
				sent += of->done.requests;
				again += of->done.retries;
			}
		}
		if (sent == 0 || !html_row(&t))
			continue;
		html_cell(&t, str_z(p[k].name));
		html_number(&t, sent);
		html_number(&t, again);
	}
	html_table_end(&t, "phases");
}

/* Tasks and requests apart: a request that was sent again need not have cost a task its attempt. */
static void causes(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;

	if (f->n_retries + f->n_again == 0) {
		html_note(h, "Nothing had to be tried again.");
		return;
	}
	t = html_table(h, "Tried again, and why", "cause of >times the_first_of_them");
	for (size_t i = 0; i < f->n_retries && html_row(&t); i++) {
		const struct fold_retry *r = &f->retries[i];

		html_cell(&t, str_z(r->err.code[0] ? r->err.code : err_kind_name(r->err.kind)));
		html_cell(&t, STR("tasks"));
		html_number(&t, r->times);
		html_cellf(&t, "%.*s: %s", STRF(r->name), r->err.msg);
	}
	for (size_t i = 0; i < f->n_again && html_row(&t); i++) {
		html_cell(&t, f->again[i].code);
		html_cell(&t, STR("requests"));
		html_number(&t, f->again[i].times);
		html_cell(&t, f->again[i].message);
	}
	html_table_end(&t, "causes");
}

void html_again(struct html *h)
{
	if (h->f->n_attempts == 0)
		return;
	html_section(h, "again", "Requests and retries");
	requests(h);
	causes(h);
	html_section_end(h);
}

/* ---- records, lanes, remarks ---- */

void html_rejected(struct html *h)
{
	const struct fold *f = h->f;
	struct facts_totals n = facts_totals(f);
	size_t shown = f->n_bad < HTML_ROWS ? f->n_bad : HTML_ROWS;
	struct html_table t;

	if (f->n_bad == 0 && n.replaced == 0 && n.quarantined == 0)
		return;
	html_section(h, "rejected", "Rejected records and quarantine");
	if (n.quarantined == 1)
		html_note(h, "1 object is held back: dwh quarantine list names it.");
	else if (n.quarantined)
		html_note(h, "%s objects are held back: dwh quarantine list names them.",
		    table_thousands(h->arena, n.quarantined));
	if (n.replaced)
		html_note(h, "%s row%s had invalid characters, which ACCEPTINVCHARS replaced.",
		    table_thousands(h->arena, n.replaced), n.replaced > 1 ? "s" : "");
	if (f->n_bad) {
		t = html_table(h, "Records that could not be loaded",
		    "object >line column value >code reason");
		for (size_t i = 0; i < shown && html_row(&t); i++) {
			const struct msg_bad *b = &f->bad[i];

			html_cell(&t, b->object);
			html_number(&t, b->line);
			html_cell(&t, b->column);
			html_cell(&t, b->value);
			html_cellf(&t, "%lld", (long long)b->code);
			html_cell(&t, b->reason);
		}
		html_table_end(&t, "records");
	}
	if (n.rejected > (int64_t)shown)
		html_note(h, "%zu of %s; all are in %s.", shown,
		    table_thousands(h->arena, n.rejected),
		    str_eqz(f->run.command, REPORT_VALIDATE) ? "dwh report --json"
		                                             : "dwh.load_errors");
	html_section_end(h);
}

static void wrong(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;

	if (f->n_wrong == 0)
		return;
	t = html_table(h, "What is not as it should be", "lane shard verdict what_and_the_remedy");
	for (size_t i = 0; i < f->n_wrong && html_row(&t); i++) {
		const struct msg_wrong *w = &f->wrong[i];

		html_cell(&t, w->lane.n ? w->lane : w->relation);
		html_cell(&t, w->shard);
		html_marked(&t, str_eqz(w->verdict, "MISMATCH") ? HTML_BAD : HTML_WARN, w->verdict);
		html_cell(&t, w->message);
	}
	html_table_end(&t, "things");
}

void html_lanes(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;

	if (f->n_lanes + f->n_wrong == 0)
		return;
	html_section(h, "lanes", "Lanes");
	t = html_table(h, "Staging tables against the ledger",
	    "lane >rows >by_the_ledger >shards >verified >mismatch >unverified verdict");
	for (size_t i = 0; i < f->n_lanes && html_row(&t); i++) {
		const struct msg_lane *l = &f->lanes[i];

		html_cell(&t, l->lane);
		html_number(&t, l->counted);
		html_number(&t, l->rows);
		html_number(&t, l->shards);
		html_number(&t, l->shards - l->mismatch - l->unverified);
		html_number(&t, l->mismatch);
		html_number(&t, l->unverified);
		html_marked(&t,
		    str_eqz(l->verdict, "VERIFIED")   ? HTML_GOOD
		    : str_eqz(l->verdict, "MISMATCH") ? HTML_BAD
		                                      : HTML_WARN,
		    l->verdict);
	}
	html_table_end(&t, "lanes");
	wrong(h);
	html_section_end(h);
}

static bool remarks(const struct task *t)
{
	return t->state == TASK_DONE && t->done.note.n && !facts_is_check(t) &&
	       !(str_eqz(t->done.verdict, "VERIFIED") && t->done.skipped);
}

/* Shards of one source mostly have the same to say: the first of a row says it. */
void html_remarks(struct html *h)
{
	const struct task *said = NULL;
	size_t n = 0, same = 0;

	for (size_t i = 0; i <= h->f->n; i++) {
		const struct task *t = i < h->f->n ? &h->f->tasks[i] : NULL;

		if (t && !remarks(t))
			continue;
		if (t && said && str_eq(t->done.note, said->done.note)) {
			same++;
			continue;
		}
		if (same)
			html_rawf(h, " <span class=\"soft\">and %zu more, the same</span>", same);
		if (said)
			html_raw(h, "</li>\n");
		if (!t)
			break;
		if (n++ == 0) {
			html_section(h, "remarks", "Remarks");
			html_raw(h, "<ul>\n");
		}
		html_raw(h, "<li><strong>");
		html_text(h, t->name);
		html_raw(h, "</strong>: ");
		html_text(h, t->done.note);
		said = t;
		same = 0;
	}
	if (n) {
		html_raw(h, "</ul>\n");
		html_section_end(h);
	}
}
