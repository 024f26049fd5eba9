/* clock.h - two clocks that must not be mixed: one to measure with, one to write down. */
#ifndef SHARED_CLOCK_H
#define SHARED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/str.h"

/* Milliseconds on the monotonic clock: only differences mean something. */
int64_t clock_ms(void);

/* Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

/* A wall clock time as "2026-08-01T12:00:00.123Z"; out holds 25 bytes. */
void clock_iso(int64_t wall_ms, char out[25]);

/* The reverse, as AWS writes it, too: the fraction may be missing, "Z" may be "+00:00" or another
 * offset. False on anything else. */
bool clock_from_iso(struct str s, int64_t *wall_ms);

/* Blocks; a signal may end it early. */
void clock_sleep(int64_t ms);

#endif
