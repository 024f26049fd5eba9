/* status.h - a run as it stands now, from its journal; it may be alive in another process. */
#ifndef SUPERVISOR_STATUS_H
#define SUPERVISOR_STATUS_H

#include <stdio.h>

#include "supervisor/journal.h"

void status_print(const struct fold *f, struct arena *a, FILE *out);
void status_json(const struct fold *f, struct arena *a, FILE *out);

#endif
