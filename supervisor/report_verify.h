/* report_verify.h - what `dwh verify` found: lanes and shards, and each thing that is wrong. */
#ifndef SUPERVISOR_REPORT_VERIFY_H
#define SUPERVISOR_REPORT_VERIFY_H

#include <jansson.h>
#include <stdio.h>

#include "supervisor/journal.h"

#define REPORT_VERIFY "verify"

/* Nothing for a run that verified nothing. */
void report_verify_print(const struct fold *f, struct arena *a, FILE *out);

/* The one line that says how it went. */
void report_verify_close(const struct fold *f, struct arena *a, FILE *out);

/* Adds "lanes" and "wrong" to the report of such a run. */
void report_verify_json(const struct fold *f, json_t *report);

/* Shards that were looked at. */
int64_t report_verify_shards(const struct fold *f);

#endif
