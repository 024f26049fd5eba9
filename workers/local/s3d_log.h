/*
 * s3d_log.h - a line of JSON for each request that was answered, or whose answer was cut short:
 *
 *   at       when it came, milliseconds since 1970
 *   ms       until the end of its answer
 *   method, path, query     as they were sent; no header, so no signature
 *   from     of "Range: bytes=FROM-", else 0
 *   match    whether there was an If-Match
 *   status, bytes           of the answer; of its body, as many as were sent
 *   fault    the one that it met, or ""
 */
#ifndef WORKERS_LOCAL_S3D_LOG_H
#define WORKERS_LOCAL_S3D_LOG_H

#include "workers/local/s3d_call.h"

/* Nothing where there is no log (s->log is -1), or c has no answer. */
void s3d_log(const struct s3d_call *c);

#endif
