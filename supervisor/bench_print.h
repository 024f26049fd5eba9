/* bench_print.h - the result of a benchmark: tables, JSON, a plot. Ratios are of runs that loaded
 * the same: the caller has made sure. */
#ifndef SUPERVISOR_BENCH_PRINT_H
#define SUPERVISOR_BENCH_PRINT_H

#include "shared/buf.h"
#include "supervisor/bench.h"

/* "2 workers, direct", and how small objects are joined where that is a question. In a. */
const char *bench_combo_name(const struct bench *b, const struct bench_combo *c, struct arena *a);

void bench_print(const struct bench *b, struct arena *a, FILE *out);
void bench_json(const struct bench *b, struct arena *a, FILE *out);

/* Time against workers, a line for each strategy and compact, beside the ideal one: SVG 1.1, with
 * nothing outside itself. */
void bench_svg(const struct bench *b, struct arena *a, struct buf *out);

#endif
