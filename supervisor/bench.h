/*
 * bench.h - `dwh bench`: the same load again and again, with several numbers of workers, strategies
 * and ways of joining small objects, and what that says of how it scales.
 *
 *   bench.c        the command: what is compared; rounds; the result
 *   bench_place.c  a warehouse, services, manifests and folder of its own, and their end
 *   bench_run.c    one load: a process, its journal, and what the services used meanwhile
 *   bench_stats.c  order, spread, speed-up, efficiency, serial fraction
 *   bench_print.c  the tables, and JSON; bench_svg.c: the plot
 */
#ifndef SUPERVISOR_BENCH_H
#define SUPERVISOR_BENCH_H

#include <stdio.h>

#include "supervisor/command.h"
#include "supervisor/journal.h"

struct bench_combo {
	int64_t workers;
	enum config_strategy strategy;
	enum config_compact compact; /* what only Redshift has */
};

/* A run, and what it loaded and used. */
struct bench_run {
	size_t combo;    /* which of the combinations */
	int64_t round;   /* 1... of those that count; 0 and below: to warm up */
	int64_t ms;      /* from the start of its process to its end */
	int64_t load_ms; /* of these, by its journal: without the start and the report */
	int64_t objects, listed, quarantined, bytes, rejected;
	int64_t requests; /* of S3, that workers sent */
	int64_t supervisor_cpu_ms, workers_cpu_ms;
	int64_t warehouse_cpu_ms, s3_cpu_ms;  /* -1: not ours to know */
	int64_t supervisor_peak, worker_peak; /* bytes */
	struct fold_count *counts;
	size_t n_counts;
};

struct bench {
	const struct config *config;
	const struct bench_combo *combos; /* strategy by strategy, workers ascending */
	size_t n;
	int64_t rounds, warmup;
	int64_t latency_ms; /* of each answer of S3; 0: none */
	int64_t processors;
	bool compacts; /* the engine joins small objects: then the tables say how */
	struct bench_run *runs;
	size_t n_runs;
};

struct bench_spread {
	double median, least, most;
};

/* A combination; of its runs, where nothing else is said, the median. */
struct bench_line {
	struct bench_spread s; /* seconds */
	double speedup;        /* against the fewest workers of the same strategy and compact */
	double efficiency;     /* of the workers that came to those */
	double serial;         /* NaN of the fewest workers */
	double requests, bytes;
	double supervisor_cpu_s, workers_cpu_s;
	double warehouse_cpu_s, s3_cpu_s;    /* below 0: not known */
	double supervisor_peak, worker_peak; /* bytes, the most of all runs */
};

int cmd_bench(struct call *c);
void bench_help(FILE *out);

#endif
