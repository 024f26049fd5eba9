/* doctor_private.h - what the parts of `dwh doctor` share: see doctor.h. */
#ifndef WORKERS_DOCTOR_PRIVATE_H
#define WORKERS_DOCTOR_PRIVATE_H

#include "shared/finding.h"
#include "workers/manifest.h"

/* What was seen of a source. */
struct doctor_source {
	const struct sqlfile *copy;
	struct manifest first; /* its first object; n is 0 where it could not be listed */
};

struct doctor {
	struct worker w; /* its two arenas are that of the findings */
	struct findings *out;
	bool redshift;
	bool ours;     /* the warehouse is that of `dwh cluster up`, or to be made by it */
	bool ledger;   /* dwh.target can be read */
	bool told;     /* that the role or MANIFESTS is missing: not once more for each COPY */
	bool usable;   /* the warehouse answers, and tables may be made in the schema */
	bool answers;  /* S3 does */
	bool writable; /* MANIFESTS can be written and read back, and is in the right region */
	struct doctor_source *sources;
	size_t n_sources;
};

/* doctor_warehouse.c: the connection, and what is asked over it. */
void doctor_warehouse(struct doctor *d);

/* doctor_s3.c: keys, sources, MANIFESTS, the clock of S3. */
void doctor_s3(struct doctor *d);

#endif
