/* doctor.h - `dwh doctor`: prints what a load needs and what was found of it. */
#ifndef SUPERVISOR_DOCTOR_H
#define SUPERVISOR_DOCTOR_H

#include "shared/finding.h"
#include "supervisor/command.h"

/*
 * look does the looking, which is a worker's business (workers/doctor.h). Returns 0 where a load
 * lacks nothing, else the exit status of the first thing that is missing.
 */
int doctor_main(struct call *c, void (*look)(const struct config *c, struct findings *out));

#endif
