/* backoff.h - how long to wait before a request is tried again, and the waiting. */
#ifndef SHARED_BACKOFF_H
#define SHARED_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

/*
 * Full jitter, in milliseconds: anywhere between nothing and a bound, so that many clients do not
 * come back together. The bound is first_ms after the first failure (failed is 1) and twice as long
 * after each further one, at most most_ms.
 */
int64_t backoff_ms(int failed, int64_t first_ms, int64_t most_ms);

/* Blocks for ms; tick (may be NULL) is called several times a second, and false with its error ends
 * the waiting at once. */
bool backoff_wait(int64_t ms, bool (*tick)(void *ctx, struct err *e), void *ctx, struct err *e);

#endif
