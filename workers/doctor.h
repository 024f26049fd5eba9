/*
 * doctor.h - `dwh doctor`: looks at everything that a load needs, and changes nothing.
 *
 * It takes no lock, needs no table of dwh's and makes none. What it writes are small objects named
 * doctor-... under [S3] MANIFESTS, which it removes again. It goes on after whatever it has found
 * missing.
 */
#ifndef WORKERS_DOCTOR_H
#define WORKERS_DOCTOR_H

#include "shared/config.h"
#include "shared/finding.h"

/* On the local engine its services must be up. */
void doctor_look(const struct config *c, struct findings *out);

#endif
