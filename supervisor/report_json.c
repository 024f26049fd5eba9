/* report_json.c - a run as one JSON object, and its tasks as CSV; see report.h. */
#include <jansson.h>

#include "supervisor/facts.h"
#include "supervisor/report.h"
#include "supervisor/report_verify.h"

static json_t *text(struct str s)
{
	return json_stringn_nocheck(s.n ? s.p : "", s.n);
}

static json_t *task_json(const struct fold *f, const struct task *t)
{
	const struct msg_done *d = &t->done;
	json_t *o = json_pack("{s:I, s:s, s:o, s:s, s:i, s:i, s:I, s:I, s:I}", "id",
	    (json_int_t)t->id, "kind", facts_phase_name(t), "name", text(t->name), "state",
	    task_state_name(t->state), "tries", t->attempts, "worker", t->worker, "began_ms",
	    (json_int_t)t->first_began, "ended_ms", (json_int_t)t->ended, "took_ms",
	    (json_int_t)facts_took(t));

	if (t->state == TASK_DONE) {
		json_object_update_new(
		    o, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "rows",
		           (json_int_t)d->rows, "rejected", (json_int_t)d->rejected, "requests",
		           (json_int_t)d->requests, "retries", (json_int_t)d->retries, "fetch_ms",
		           (json_int_t)d->fetch_ms, "copy_ms", (json_int_t)d->copy_ms, "commit_ms",
		           (json_int_t)d->commit_ms, "cpu_ms", (json_int_t)d->cpu_ms, "skipped",
		           d->skipped, "verdict", text(d->verdict), "note", text(d->note)));
		json_object_set_new(o, "list_ms",
		    json_integer(t->kind == TASK_COPY ? facts_list_ms(f, t) : d->list_ms));
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
	struct facts_totals n = facts_totals(f);
	struct facts_phase p[16];
	size_t n_phases = facts_phases(f, p, sizeof p / sizeof p[0]);
	json_t *shards = json_array(), *steps = json_array(), *phases = json_array(),
	       *counts = json_object(), *wanted = json_object(), *bad = json_array(), *root;

	(void)a;
	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(
		    f->tasks[i].kind == TASK_COPY ? shards : steps, task_json(f, &f->tasks[i]));
	for (size_t i = 0; i < n_phases; i++)
		json_array_append_new(
		    phases, json_pack("{s:s, s:I, s:I, s:I, s:f}", "phase", p[i].name, "tasks",
		                (json_int_t)p[i].tasks, "wall_ms",
		                (json_int_t)(p[i].last - p[i].first), "cumulative_ms",
		                (json_int_t)p[i].sum, "concurrency", facts_concurrency(&p[i])));
	for (size_t i = 0; i < f->n_counts; i++)
		json_object_set_new(counts, f->counts[i].table.p, json_integer(f->counts[i].rows));
	for (size_t i = 0; i < n_expect; i++)
		json_object_set_new(wanted, expect[i].table, json_integer(expect[i].rows));
	for (size_t i = 0; i < f->n_bad; i++)
		json_array_append_new(
		    bad, json_pack("{s:o, s:I, s:o, s:o, s:I, s:o}", "object",
		             text(f->bad[i].object), "line", (json_int_t)f->bad[i].line, "column",
		             text(f->bad[i].column), "value", text(f->bad[i].value), "code",
		             (json_int_t)f->bad[i].code, "reason", text(f->bad[i].reason)));
	root = json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o, s:b, s:I, s:I}", "run",
	    text(f->run.run), "command", text(f->run.command), "engine", text(f->run.engine),
	    "model", text(f->run.model), "strategy", text(f->run.strategy), "workers",
	    (json_int_t)f->run.workers, "fresh", f->run.fresh, "began", text(f->run.at), "ended",
	    f->ended, "exit", (json_int_t)(f->ended ? f->end.exit : -1), "ms",
	    (json_int_t)facts_duration(f));
	json_object_set_new(root, "totals",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "shards",
	        (json_int_t)n.shards, "loaded", (json_int_t)n.loaded, "objects",
	        (json_int_t)n.objects, "bytes", (json_int_t)n.bytes, "rows", (json_int_t)n.rows,
	        "rejected", (json_int_t)n.rejected, "replaced", (json_int_t)n.replaced, "failed",
	        (json_int_t)n.failed, "blocked", (json_int_t)n.blocked, "left", (json_int_t)n.left,
	        "retries", (json_int_t)n.retries, "quarantined", (json_int_t)n.quarantined));
	json_object_set_new(root, "counts", counts);
	if (n_expect)
		json_object_set_new(root, "expected", wanted);
	else
		json_decref(wanted);
	json_object_set_new(root, "phases", phases);
	json_object_set_new(root, "rejected", bad);
	report_verify_json(f, root);
	json_object_set_new(root, "shards", shards);
	json_object_set_new(root, "tasks", steps);
	json_dumpf(root, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(root);
}

/* Only names hold anything but letters and digits; a quote in one is doubled (RFC 4180). */
static void csv_text(struct str s, FILE *out)
{
	fputc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			fputc('"', out);
		fputc(s.p[i], out);
	}
	fputc('"', out);
}

void report_csv(const struct fold *f, FILE *out)
{
	fputs("id,kind,name,state,tries,worker,began_ms,took_ms,rows,rejected,objects,bytes,"
	      "requests,retries,list_ms,fetch_ms,copy_ms,commit_ms,cpu_ms,verdict\r\n",
	    out);
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];
		const struct msg_done *d = &t->done;
		const int64_t numbers[] = {t->attempts, t->worker, t->first_began, facts_took(t),
		    d->rows, d->rejected, t->kind == TASK_COPY ? t->objects : d->objects,
		    t->kind == TASK_COPY ? t->bytes : d->bytes, d->requests, d->retries,
		    t->kind == TASK_COPY ? facts_list_ms(f, t) : d->list_ms, d->fetch_ms,
		    d->copy_ms, d->commit_ms, d->cpu_ms};

		fprintf(out, "%lld,%s,", (long long)t->id, facts_phase_name(t));
		csv_text(t->name, out);
		fprintf(out, ",%s", task_state_name(t->state));
		for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
			fprintf(out, ",%lld", (long long)numbers[k]);
		fprintf(out, ",%.*s\r\n", STRF(d->verdict));
	}
}
