/* status.c - see status.h. */
#include "supervisor/status.h"

#include <jansson.h>
#include <time.h>

#include "shared/clock.h"
#include "supervisor/facts.h"
#include "supervisor/next.h"
#include "supervisor/table.h"

/* "2026-11-23T04:30:00.123Z" as milliseconds since 1970; 0 where it is none. */
static int64_t parse_iso(struct str s)
{
	struct tm tm = {0};
	char text[32];
	const char *rest;

	snprintf(text, sizeof text, "%.*s", STRF(s));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	return rest ? (int64_t)timegm(&tm) * 1000 : 0;
}

/* Of a live run up to now, of another one to its last line. */
static int64_t elapsed(const struct fold *f)
{
	int64_t began = parse_iso(f->run.at);

	return f->alive && !f->ended && began ? clock_wall_ms() - began : facts_duration(f);
}

static bool is_running(const struct fold *f)
{
	return f->alive && !f->ended;
}

static void count_states(const struct fold *f, size_t out[TASK_STATES])
{
	memset(out, 0, TASK_STATES * sizeof *out);
	for (size_t i = 0; i < f->n; i++)
		out[f->tasks[i].state]++;
}

void status_print(const struct fold *f, struct arena *a, FILE *out)
{
	struct facts_totals n = facts_totals(f);
	size_t states[TASK_STATES], shown = 0;
	int64_t now = elapsed(f);
	struct table *t = table_new(a, "worker task >for_s >try");
	const char *advice = next_advice(f, a);

	count_states(f, states);
	fprintf(out, "Run %.*s: %s, %.1f s, %lld workers%s%.*s\n", STRF(f->run.run), facts_word(f),
	    (double)now / 1000, (long long)f->run.workers, f->isolation.n ? ", isolation " : "",
	    STRF(f->isolation));
	fprintf(out, "  %lld of %lld shards, %s objects, %s rows, %s\n",
	    (long long)(n.loaded + n.already), (long long)n.shards, table_thousands(a, n.objects),
	    table_thousands(a, n.rows), table_bytes(a, n.bytes));
	if (n.retries + n.requests_again)
		fprintf(out, "  tried again: %s tasks, %s requests\n",
		    table_thousands(a, n.retries), table_thousands(a, n.requests_again));
	fprintf(out, "  tasks:");
	for (int s = 0; s < TASK_STATES; s++)
		if (states[s])
			fprintf(out, " %zu %s", states[s], task_state_name((enum task_state)s));
	fputc('\n', out);
	for (size_t i = 0; is_running(f) && i < f->n; i++) {
		const struct task *k = &f->tasks[i];

		if (k->state != TASK_RUNNING)
			continue;
		table_cell(t, "worker %d", k->worker);
		table_cell(t, "%.*s", STRF(k->name));
		table_cell(t, "%.1f", (double)(now - k->began) / 1000);
		table_number(t, k->attempts);
		shown++;
	}
	if (shown)
		table_print(t, out);
	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].state == TASK_FAILED)
			fprintf(out, "  failed: %.*s: %s\n", STRF(f->tasks[i].name),
			    table_clean(a, str_z(f->tasks[i].err.msg)));
	if (advice[0])
		fprintf(out, "%s\n", advice);
}

void status_json(const struct fold *f, struct arena *a, FILE *out)
{
	struct facts_totals n = facts_totals(f);
	size_t states[TASK_STATES];
	int64_t now = elapsed(f);
	json_t *counts = json_object(), *running = json_array(), *root;
	const char *next = next_command(f, a);

	count_states(f, states);
	for (int s = 0; s < TASK_STATES; s++)
		json_object_set_new(counts, task_state_name((enum task_state)s),
		    json_integer((json_int_t)states[s]));
	for (size_t i = 0; is_running(f) && i < f->n; i++) {
		const struct task *k = &f->tasks[i];

		if (k->state == TASK_RUNNING)
			json_array_append_new(
			    running, json_pack("{s:i, s:s#, s:I, s:i}", "worker", k->worker, "task",
			                 k->name.p, (int)k->name.n, "ms",
			                 (json_int_t)(now - k->began), "try", k->attempts));
	}
	root = json_pack(
	    "{s:s#, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:s?}", "run",
	    f->run.run.p, (int)f->run.run.n, "state", facts_word(f), "alive", is_running(f), "ms",
	    (json_int_t)now, "exit", (json_int_t)(f->ended ? f->end.exit : -1), "shards",
	    (json_int_t)n.shards, "loaded", (json_int_t)(n.loaded + n.already), "objects",
	    (json_int_t)n.objects, "bytes", (json_int_t)n.bytes, "rows", (json_int_t)n.rows,
	    "retries", (json_int_t)n.retries, "requests_again", (json_int_t)n.requests_again,
	    "tasks", counts, "running", running, "next", next);
	json_object_set_new(root, "isolation",
	    f->isolation.n ? json_stringn_nocheck(f->isolation.p, f->isolation.n) : json_null());
	json_dumpf(root, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(root);
}
