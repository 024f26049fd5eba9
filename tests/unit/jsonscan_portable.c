/* The same where there is no SSE2. */
#define BYTEMASK_PORTABLE
#include "shared/jsonscan.c"
#include "tests/unit/jsonscan.c"
