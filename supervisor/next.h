/* next.h - what a person should do after a run that did not end well: in words, and as a command.
 */
#ifndef SUPERVISOR_NEXT_H
#define SUPERVISOR_NEXT_H

#include "supervisor/journal.h"

/* The command that does the rest, ready for a shell; NULL where all is done or the run is alive. */
const char *next_command(const struct fold *f, struct arena *a);

/* One or two sentences that end in that command; "" where there is none. In a. */
const char *next_advice(const struct fold *f, struct arena *a);

#endif
