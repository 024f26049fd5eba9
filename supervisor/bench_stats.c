/* bench_stats.c - see bench_stats.h. */
#include "supervisor/bench_stats.h"

#include <math.h>
#include <stdlib.h>

void bench_order(size_t n, int64_t round, size_t *out)
{
	size_t first = (size_t)(round / 2) % n;
	bool backwards = round % 2 != 0;

	for (size_t i = 0; i < n; i++)
		out[backwards ? n - 1 - i : i] = (first + i) % n;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct bench_spread bench_spread(double *v, size_t n)
{
	qsort(v, n, sizeof *v, ascending);
	return (struct bench_spread){
	    .median = (v[(n - 1) / 2] + v[n / 2]) / 2, .least = v[0], .most = v[n - 1]};
}

double bench_serial(double speedup, double p)
{
	return p == 1 ? (double)NAN : (1 / speedup - 1 / p) / (1 - 1 / p);
}

static int64_t number_at(const struct bench_run *r, size_t offset)
{
	int64_t n;

	memcpy(&n, (const char *)r + offset, sizeof n);
	return n;
}

/* ---- of one combination ---- */

/* One figure of each of its runs, by its place in struct bench_run. */
static struct bench_spread of(const struct bench *b, size_t combo, size_t offset)
{
	double *v = xcalloc(b->n_runs + 1, sizeof *v);
	struct bench_spread s = {.median = -1};
	size_t n = 0;

	for (size_t i = 0; i < b->n_runs; i++) {
		const struct bench_run *r = &b->runs[i];

		if (r->combo == combo && r->round > 0)
			v[n++] = (double)number_at(r, offset);
	}
	if (n)
		s = bench_spread(v, n);
	free(v);
	return s;
}
#define OF(combo, field) of(b, combo, offsetof(struct bench_run, field))

/* Of the same strategy and compact, the one with the fewest workers. */
static size_t base_of(const struct bench *b, size_t i)
{
	const struct bench_combo *c = &b->combos[i];
	size_t base = i;

	for (size_t k = 0; k < b->n; k++)
		if (b->combos[k].strategy == c->strategy && b->combos[k].compact == c->compact &&
		    b->combos[k].workers < b->combos[base].workers)
			base = k;
	return base;
}

void bench_summary(const struct bench *b, size_t i, struct bench_line *out)
{
	struct bench_spread ms = OF(i, ms);
	size_t base = base_of(b, i);
	double p = (double)b->combos[i].workers / (double)b->combos[base].workers;

	*out = (struct bench_line){.s = {ms.median / 1000, ms.least / 1000, ms.most / 1000},
	    .speedup = OF(base, ms).median / ms.median,
	    .requests = OF(i, requests).median,
	    .bytes = OF(i, bytes).median,
	    .supervisor_cpu_s = OF(i, supervisor_cpu_ms).median / 1000,
	    .workers_cpu_s = OF(i, workers_cpu_ms).median / 1000,
	    .warehouse_cpu_s = OF(i, warehouse_cpu_ms).median / 1000,
	    .s3_cpu_s = OF(i, s3_cpu_ms).median / 1000,
	    .supervisor_peak = OF(i, supervisor_peak).most,
	    .worker_peak = OF(i, worker_peak).most};
	out->efficiency = out->speedup / p;
	out->serial = bench_serial(out->speedup, p);
}

/* ---- whether they did the same ---- */

static const char *rows_differ(
    const struct bench_run *x, const struct bench_run *y, struct arena *a)
{
	for (size_t i = 0; i < x->n_counts; i++) {
		const struct fold_count *f = &x->counts[i], *o = NULL;

		for (size_t k = 0; k < y->n_counts && !o; k++)
			if (str_eq(y->counts[k].table, f->table))
				o = &y->counts[k];
		if (!o)
			return arena_printf(a, "did not count %.*s", STRF(f->table));
		if (o->rows != f->rows)
			return arena_printf(a, "gave %lld rows of %.*s instead of %lld",
			    (long long)o->rows, STRF(f->table), (long long)f->rows);
	}
	return NULL;
}

const char *bench_difference(
    const struct bench_run *first, const struct bench_run *other, struct arena *a)
{
	static const struct {
		const char *did, *what;
		size_t at;
	} same[] = {
	    {"found", "objects", offsetof(struct bench_run, listed)},
	    {"loaded", "objects", offsetof(struct bench_run, objects)},
	    {"loaded", "bytes", offsetof(struct bench_run, bytes)},
	    {"rejected", "records", offsetof(struct bench_run, rejected)},
	    {"held back", "objects", offsetof(struct bench_run, quarantined)},
	};

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		int64_t x = number_at(first, same[i].at), y = number_at(other, same[i].at);

		if (x != y)
			return arena_printf(a, "%s %lld %s instead of %lld", same[i].did,
			    (long long)y, same[i].what, (long long)x);
	}
	return rows_differ(first, other, a);
}
