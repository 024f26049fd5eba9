/* report_json.c - a run as one JSON object, and its tasks as CSV; see report.h. */
#include <jansson.h>

#include "supervisor/csv.h"
#include "supervisor/facts.h"
#include "supervisor/next.h"
#include "supervisor/report.h"
#include "supervisor/report_verify.h"

static json_t *text(struct str s)
{
	return json_stringn_nocheck(s.n ? s.p : "", s.n);
}

static json_t *error_json(const struct err *e)
{
	return json_pack("{s:s, s:s, s:o, s:o}", "kind", err_kind_name(e->kind), "where",
	    err_where_name(e->where), "code", text(str_z(e->code)), "message", text(str_z(e->msg)));
}

static json_t *task_json(const struct fold *f, const struct task *t)
{
	const struct msg_done *d = &t->done;
	json_t *o = json_pack("{s:I, s:s, s:o, s:s, s:i, s:i, s:I, s:I, s:I}", "id",
	    (json_int_t)t->id, "kind", facts_phase_name(t), "name", text(t->name), "state",
	    task_state_name(t->state), "tries", t->attempts, "worker", t->worker, "began_ms",
	    (json_int_t)t->first_began, "ended_ms", (json_int_t)t->ended, "took_ms",
	    (json_int_t)facts_took(f, t));

	if (t->state == TASK_DONE) {
		json_object_update_new(
		    o, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "rows",
		           (json_int_t)d->rows, "rejected", (json_int_t)d->rejected, "requests",
		           (json_int_t)d->requests, "retries", (json_int_t)d->retries, "fetch_ms",
		           (json_int_t)d->fetch_ms, "copy_ms", (json_int_t)d->copy_ms, "commit_ms",
		           (json_int_t)d->commit_ms, "cpu_ms", (json_int_t)d->cpu_ms, "skipped",
		           d->skipped, "verdict", text(d->verdict), "note", text(d->note)));
		if (t->kind != TASK_COPY)
			json_object_set_new(o, "list_ms", json_integer(d->list_ms));
		else
			json_object_update_new(
			    o, json_pack("{s:I, s:I}", "objects_joined",
			           (json_int_t)d->objects_joined, "parts", (json_int_t)d->parts));
	}
	if (t->kind == TASK_COPY)
		json_object_update_new(
		    o, json_pack("{s:o, s:o, s:o, s:I, s:I, s:I}", "shard", text(t->shard), "lane",
		           text(t->lane), "manifest", text(t->manifest), "objects",
		           (json_int_t)t->objects, "bytes", (json_int_t)t->bytes, "list_ms",
		           (json_int_t)facts_list_ms(f, t)));
	if (t->has_err && t->state != TASK_DONE)
		json_object_set_new(o, "error", error_json(&t->err));
	if (t->title.n)
		json_object_set_new(o, "title", text(t->title));
	if (t->description.n)
		json_object_set_new(o, "description", text(t->description));
	return o;
}

static json_t *phase_json(const struct fold *f, const struct facts_phase *p)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f}", "phase", p->name, "tasks",
	    (json_int_t)p->tasks, "wall_ms", (json_int_t)(p->last - p->first), "cumulative_ms",
	    (json_int_t)p->sum, "concurrency", facts_concurrency(p), "efficiency",
	    facts_efficiency(f, p));
}

static json_t *phases_json(const struct fold *f)
{
	struct facts_phase p[FACTS_PHASES], all = facts_whole(f);
	size_t n = facts_phases(f, p, FACTS_PHASES);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, phase_json(f, &p[i]));
	json_array_append_new(list, phase_json(f, &all));
	return list;
}

static json_t *path_json(const struct fold *f)
{
	const struct task *path[FACTS_PATH];
	size_t n = facts_path(f, path, FACTS_PATH);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    list, json_pack("{s:I, s:o, s:I, s:I}", "id", (json_int_t)path[i]->id, "name",
		              text(path[i]->name), "waited_ms",
		              (json_int_t)(path[i]->first_began - path[i]->first_ready), "took_ms",
		              (json_int_t)(path[i]->ended - path[i]->first_began)));
	return list;
}

/* What was tried again: tasks, and requests of S3. */
static json_t *retries_json(const struct fold *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_retries; i++) {
		const struct fold_retry *r = &f->retries[i];

		json_array_append_new(list,
		    json_pack("{s:s, s:I, s:o, s:o}", "of", "task", "times", (json_int_t)r->times,
		        "first", text(r->name), "error", error_json(&r->err)));
	}
	for (size_t i = 0; i < f->n_again; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:I, s:{s:s, s:o, s:o}}", "of", "request", "times",
		        (json_int_t)f->again[i].times, "error", "where", err_where_name(AT_S3),
		        "code", text(f->again[i].code), "message", text(f->again[i].message)));
	return list;
}

/* null: a run that was killed, or of a version that did not ask. */
static json_t *usage_json(const struct fold *f)
{
	const struct msg_usage *u = &f->usage;

	if (!f->has_usage)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I}", "supervisor_cpu_ms",
	    (json_int_t)u->supervisor_cpu_ms, "workers_cpu_ms", (json_int_t)u->workers_cpu_ms,
	    "supervisor_peak_bytes", (json_int_t)u->supervisor_peak, "worker_peak_bytes",
	    (json_int_t)u->worker_peak);
}

void report_json(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out)
{
	struct facts_totals n = facts_totals(f);
	json_t *shards = json_array(), *steps = json_array(), *counts = json_object(),
	       *wanted = json_object(), *bad = json_array(), *root;
	const char *next = next_command(f, a);

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(
		    f->tasks[i].kind == TASK_COPY ? shards : steps, task_json(f, &f->tasks[i]));
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
	root = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o, s:b, s:I, s:I}", "run",
	    text(f->run.run), "command", text(f->run.command), "of", text(f->run.of), "engine",
	    text(f->run.engine), "model", text(f->run.model), "strategy", text(f->run.strategy),
	    "workers", (json_int_t)f->run.workers, "fresh", f->run.fresh, "began", text(f->run.at),
	    "ended", f->ended, "exit", (json_int_t)(f->ended ? f->end.exit : -1), "ms",
	    (json_int_t)facts_duration(f));
	json_object_set_new(root, "isolation", f->isolation.n ? text(f->isolation) : json_null());
	json_object_set_new(root, "totals",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	        "shards", (json_int_t)n.shards, "loaded", (json_int_t)n.loaded, "objects",
	        (json_int_t)n.objects, "bytes", (json_int_t)n.bytes, "rows", (json_int_t)n.rows,
	        "rejected", (json_int_t)n.rejected, "replaced", (json_int_t)n.replaced, "failed",
	        (json_int_t)n.failed, "blocked", (json_int_t)n.blocked, "left", (json_int_t)n.left,
	        "retries", (json_int_t)n.retries, "requests_again", (json_int_t)n.requests_again,
	        "quarantined", (json_int_t)n.quarantined, "objects_joined",
	        (json_int_t)n.objects_joined, "parts", (json_int_t)n.parts));
	json_object_set_new(root, "counts", counts);
	if (n_expect)
		json_object_set_new(root, "expected", wanted);
	else
		json_decref(wanted);
	json_object_set_new(root, "alive", json_boolean(f->alive));
	json_object_set_new(root, "next", next ? text(str_z(next)) : json_null());
	json_object_set_new(root, "phases", phases_json(f));
	json_object_set_new(root, "usage", usage_json(f));
	json_object_set_new(root, "critical_path", path_json(f));
	json_object_set_new(root, "retries", retries_json(f));
	json_object_set_new(root, "rejected", bad);
	report_verify_json(f, root);
	json_object_set_new(root, "shards", shards);
	json_object_set_new(root, "tasks", steps);
	json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	fputc('\n', out);
	json_decref(root);
}

void report_csv(const struct fold *f, FILE *out)
{
	fputs("id,kind,name,state,tries,worker,began_ms,took_ms,rows,rejected,objects,bytes,"
	      "requests,retries,list_ms,fetch_ms,copy_ms,commit_ms,cpu_ms,verdict,note,"
	      "error_code,error\r\n",
	    out);
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];
		const struct msg_done *d = &t->done;
		bool failed = t->has_err && t->state != TASK_DONE;
		const int64_t numbers[] = {t->attempts, t->worker, t->first_began, facts_took(f, t),
		    d->rows, d->rejected, t->kind == TASK_COPY ? t->objects : d->objects,
		    t->kind == TASK_COPY ? t->bytes : d->bytes, d->requests, d->retries,
		    t->kind == TASK_COPY ? facts_list_ms(f, t) : d->list_ms, d->fetch_ms,
		    d->copy_ms, d->commit_ms, d->cpu_ms};

		fprintf(out, "%lld,%s,", (long long)t->id, facts_phase_name(t));
		csv_field(t->name, out);
		fprintf(out, ",%s", task_state_name(t->state));
		for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
			fprintf(out, ",%lld", (long long)numbers[k]);
		fprintf(out, ",%.*s,", STRF(d->verdict));
		if (d->note.n)
			csv_field(d->note, out);
		fputc(',', out);
		if (failed)
			csv_field(str_z(t->err.code), out);
		fputc(',', out);
		if (failed)
			csv_field(str_z(t->err.msg), out);
		fputs("\r\n", out);
	}
}
