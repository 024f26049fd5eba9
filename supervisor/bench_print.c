/* bench_print.c - the tables and the JSON of a benchmark; see bench_print.h. */
#include "supervisor/bench_print.h"

#include <jansson.h>
#include <math.h>

#include "supervisor/bench_stats.h"
#include "supervisor/table.h"

const char *bench_combo_name(const struct bench *b, const struct bench_combo *c, struct arena *a)
{
	return arena_printf(a, "%lld %s, %s%s%s", (long long)c->workers,
	    c->workers == 1 ? "worker" : "workers", config_strategy_name(c->strategy),
	    b->compacts ? ", compact " : "", b->compacts ? config_compact_name(c->compact) : "");
}

/* ---- for people ---- */

static void print_head(const struct bench *b, struct arena *a, FILE *out)
{
	const struct bench_run *r = &b->runs[0];

	fprintf(out, "Benchmark: engine %s, model %s, %lld processors here",
	    config_engine_name(b->config->warehouse.engine), b->config->load.model,
	    (long long)b->processors);
	if (b->latency_ms)
		fprintf(out, ", S3 answers after %lld ms", (long long)b->latency_ms);
	fprintf(out, "\nEach run a fresh load of %s objects, %s; %lld of each that count%s\n",
	    table_thousands(a, r->objects), table_bytes(a, r->bytes), (long long)b->rounds,
	    b->warmup ? arena_printf(a, ", after %lld to warm up", (long long)b->warmup) : "");
}

static struct table *new_table(const struct bench *b, struct arena *a, const char *heads)
{
	struct table *t = table_new(a, b->compacts ? "strategy compact" : "strategy");
	struct str left = str_z(heads);

	while (left.n) {
		size_t n = str_find(left, ',');

		table_column(t, (struct str){left.p, n}, true);
		left = str_from(left, n + 1);
	}
	return t;
}

static void combo_cells(struct table *t, const struct bench *b, size_t i)
{
	const struct bench_combo *c = &b->combos[i];

	table_cell(t, "%s", config_strategy_name(c->strategy));
	if (b->compacts)
		table_cell(t, "%s", config_compact_name(c->compact));
	table_number(t, c->workers);
}

static void print_times(const struct bench *b, struct arena *a, FILE *out)
{
	struct table *t = new_table(
	    b, a, "workers,median s,least s,most s,speed-up,efficiency,serial fraction");

	for (size_t i = 0; i < b->n; i++) {
		struct bench_line l;

		bench_summary(b, i, &l);
		combo_cells(t, b, i);
		table_cell(t, "%.3f", l.s.median);
		table_cell(t, "%.3f", l.s.least);
		table_cell(t, "%.3f", l.s.most);
		table_cell(t, "%.2f", l.speedup);
		table_cell(t, "%.0f%%", 100 * l.efficiency);
		if (isnan(l.serial))
			table_cell(t, "-");
		else
			table_cell(t, "%.3f", l.serial);
	}
	fputs("\nTime, and how it scales\n", out);
	table_print(t, out);
}

/* "-" where it is not known. */
static void cpu_cell(struct table *t, double seconds)
{
	if (seconds < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%.2f", seconds);
}

static void print_used(const struct bench *b, struct arena *a, FILE *out)
{
	struct table *t = new_table(b, a,
	    "workers,S3 requests,S3 bytes,supervisor s,workers s,warehouse s,S3 s,"
	    "supervisor mem,worker mem");

	for (size_t i = 0; i < b->n; i++) {
		struct bench_line l;

		bench_summary(b, i, &l);
		combo_cells(t, b, i);
		table_number(t, (long long)l.requests);
		table_cell(t, "%s", table_bytes(a, (long long)l.bytes));
		cpu_cell(t, l.supervisor_cpu_s);
		cpu_cell(t, l.workers_cpu_s);
		cpu_cell(t, l.warehouse_cpu_s);
		cpu_cell(t, l.s3_cpu_s);
		table_cell(t, "%s", table_bytes(a, (long long)l.supervisor_peak));
		table_cell(t, "%s", table_bytes(a, (long long)l.worker_peak));
	}
	fputs(
	    "\nRequests of the workers, processor seconds of all processes, and the most memory of "
	    "one\n",
	    out);
	table_print(t, out);
}

void bench_print(const struct bench *b, struct arena *a, FILE *out)
{
	print_head(b, a, out);
	print_times(b, a, out);
	print_used(b, a, out);
	fprintf(out,
	    "\n  speed-up is against the fewest workers of the same line; the serial fraction is "
	    "that of\n"
	    "  Karp and Flatt: 0 is ideal, and where it grows with the workers, so does what they "
	    "share\n");
	if (b->config->warehouse.engine != ENGINE_LOCAL)
		fprintf(out, "  - : what a server elsewhere uses is not known here\n");
}

/* ---- for programs ---- */

/* Seconds that are known, or null. */
static json_t *known(double seconds)
{
	return seconds < 0 ? json_null() : json_real(seconds);
}

static json_t *combo_json(const struct bench *b, size_t i)
{
	const struct bench_combo *c = &b->combos[i];
	json_t *o = json_pack("{s:I, s:s}", "workers", (json_int_t)c->workers, "strategy",
	    config_strategy_name(c->strategy));

	json_object_set_new(
	    o, "compact", b->compacts ? json_string(config_compact_name(c->compact)) : json_null());
	return o;
}

static json_t *line_json(const struct bench *b, size_t i)
{
	json_t *o = combo_json(b, i);
	struct bench_line l;

	bench_summary(b, i, &l);
	json_object_update_new(o,
	    json_pack("{s:f, s:f, s:f, s:f, s:f, s:o, s:I, s:I}", "median_s", l.s.median, "least_s",
	        l.s.least, "most_s", l.s.most, "speedup", l.speedup, "efficiency", l.efficiency,
	        "serial_fraction", isnan(l.serial) ? json_null() : json_real(l.serial),
	        "s3_requests", (json_int_t)l.requests, "s3_bytes", (json_int_t)l.bytes));
	json_object_set_new(o, "cpu_s",
	    json_pack("{s:f, s:f, s:o, s:o}", "supervisor", l.supervisor_cpu_s, "workers",
	        l.workers_cpu_s, "warehouse", known(l.warehouse_cpu_s), "s3", known(l.s3_cpu_s)));
	json_object_set_new(o, "peak_bytes",
	    json_pack("{s:I, s:I}", "supervisor", (json_int_t)l.supervisor_peak, "worker",
	        (json_int_t)l.worker_peak));
	return o;
}

/* As it was: in the order in which they ran, those to warm up, too. */
static json_t *run_json(const struct bench *b, const struct bench_run *r)
{
	json_t *o = combo_json(b, r->combo);

	json_object_update_new(
	    o, json_pack("{s:I, s:b, s:f, s:f, s:I, s:I}", "round", (json_int_t)r->round, "warmup",
	           r->round <= 0, "s", (double)r->ms / 1000, "load_s", (double)r->load_ms / 1000,
	           "s3_requests", (json_int_t)r->requests, "s3_bytes", (json_int_t)r->bytes));
	json_object_set_new(o, "cpu_s",
	    json_pack("{s:f, s:f, s:o, s:o}", "supervisor", (double)r->supervisor_cpu_ms / 1000,
	        "workers", (double)r->workers_cpu_ms / 1000, "warehouse",
	        known((double)r->warehouse_cpu_ms / 1000), "s3",
	        known((double)r->s3_cpu_ms / 1000)));
	json_object_set_new(o, "peak_bytes",
	    json_pack("{s:I, s:I}", "supervisor", (json_int_t)r->supervisor_peak, "worker",
	        (json_int_t)r->worker_peak));
	return o;
}

void bench_json(const struct bench *b, struct arena *a, FILE *out)
{
	const struct bench_run *first = &b->runs[0];
	json_t *lines = json_array(), *runs = json_array(), *counts = json_object(), *root;

	(void)a;
	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(lines, line_json(b, i));
	for (size_t i = 0; i < b->n_runs; i++)
		json_array_append_new(runs, run_json(b, &b->runs[i]));
	for (size_t i = 0; i < first->n_counts; i++)
		json_object_set_new(
		    counts, first->counts[i].table.p, json_integer(first->counts[i].rows));
	root = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "engine",
	    config_engine_name(b->config->warehouse.engine), "model", b->config->load.model,
	    "processors", (json_int_t)b->processors, "s3_latency_ms", (json_int_t)b->latency_ms,
	    "rounds", (json_int_t)b->rounds, "warmup", (json_int_t)b->warmup, "objects",
	    (json_int_t)first->objects, "bytes", (json_int_t)first->bytes, "counts", counts,
	    "combinations", lines, "runs", runs);
	json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	fputc('\n', out);
	json_decref(root);
}
