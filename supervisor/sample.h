/*
 * sample.h - the data set of the first run: where the local engine's bucket is empty, it is
 * written, so that there is something to load; and what a load of it must give.
 */
#ifndef SUPERVISOR_SAMPLE_H
#define SUPERVISOR_SAMPLE_H

#include "shared/config.h"
#include "shared/sqlfile.h"
#include "supervisor/data.h"
#include "supervisor/report.h"

enum { SAMPLE_TABLES = 7 };

struct sample {
	bool known; /* the bucket holds a generated data set: expect is what it must give */
	struct data_expect expect;
};

/*
 * Makes the folder of the buckets with one for the manifests; writes the data set where
 * the bucket of [S3] LOG_DATA and SONG_DATA is empty or was left half-made and the model reads
 * one of them. Buckets with other data are not touched.
 */
bool sample_prepare(const struct config *c, const struct model *m, struct arena *a,
    struct sample *out, struct err *e);

/* The same, of what is there: nothing is written. */
void sample_find(
    const struct config *c, const struct model *m, struct arena *a, struct sample *out);

/* The model fills this table by rules that the generator knows. */
bool sample_knows(const struct model *m, struct str table);

/*
 * The counts, as the report wants them, of the tables that this model fills by rules which the
 * generator knows; returns how many (at most SAMPLE_TABLES).
 */
size_t sample_expect(const struct sample *s, const struct model *m, struct report_expect *out);

void sample_print(const struct data_expect *x, bool json, struct arena *a, FILE *out);

#endif
