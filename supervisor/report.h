/*
 * report.h - a run's journal as tables for people, or as one JSON object for programs.
 */
#ifndef SUPERVISOR_REPORT_H
#define SUPERVISOR_REPORT_H

#include <stdio.h>

#include "supervisor/journal.h"

/* The command of a run that wrote nothing; its report says so. */
#define REPORT_VALIDATE "load --validate"

/* What the tables should hold, if somebody knows: then it stands beside what they do. */
struct report_expect {
	const char *table;
	int64_t rows;
};

/* Every count that somebody knows is what the tables hold. */
bool report_agrees(const struct fold *f, const struct report_expect *expect, size_t n_expect);

void report_print(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out);
/* The one line that says how it went; and with the one on what to do next. */
void report_outcome(const struct fold *f, struct arena *a, FILE *out);
void report_close(const struct fold *f, struct arena *a, FILE *out);

/* A line a task: id, kind, name, state, tries, worker, began_ms, took_ms, rows, objects, bytes, ...
 */
void report_csv(const struct fold *f, FILE *out);

void report_json(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, FILE *out);

#endif
