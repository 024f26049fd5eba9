/*
 * s3d_fault.h - what S3 does on a bad day, on request.
 *
 * A fault is [OPERATION:]KIND:PERCENT%[:PARAMETER]
 *
 *   OPERATION   get head put delete list post; without it any (post: DeleteObjects and multipart)
 *   503         SlowDown, nothing is done
 *   500         InternalError, nothing is done
 *   403         AccessDenied, nothing is done
 *   retryafter  503 with "Retry-After: PARAMETER" (seconds, default 1)
 *   error200    the operation is not done, the answer is 200 with an <Error> document
 *   reset       the connection is reset, before the answer or in its middle
 *   cut         the connection is closed in the middle of the body of the answer
 *   slow        the body of the answer stalls in its middle for PARAMETER (default 3s)
 *
 * "get:503:5%", "slow:1%:500ms". Requests that are not signed rightly meet none. The seed makes the
 * sequence of decisions the same again; which request meets which depends on their order.
 */
#ifndef WORKERS_LOCAL_S3D_FAULT_H
#define WORKERS_LOCAL_S3D_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/str.h"

enum s3d_class { S3D_ANY, S3D_GET, S3D_HEAD, S3D_PUT, S3D_DELETE, S3D_LIST, S3D_POST };

enum s3d_fault_kind {
	S3D_FAULT_NONE,
	S3D_FAULT_503,
	S3D_FAULT_500,
	S3D_FAULT_403,
	S3D_FAULT_RETRY_AFTER,
	S3D_FAULT_ERROR200,
	S3D_FAULT_RESET,
	S3D_FAULT_CUT,
	S3D_FAULT_SLOW,
};

struct s3d_fault {
	enum s3d_class on;
	enum s3d_fault_kind kind;
	uint32_t of_million; /* how often */
	int64_t param;       /* milliseconds; seconds for retryafter */
};

enum { S3D_FAULTS_MAX = 32 };

struct s3d_faults {
	struct s3d_fault v[S3D_FAULTS_MAX];
	size_t n;
	uint64_t state; /* of the generator: the seed at first */
	int log;        /* descriptor for a line per fault, -1: none */
};

/* Adds one; an error names the part that is wrong and what may stand there. */
bool s3d_fault_add(struct s3d_faults *f, struct str spec, struct err *e);

/* The fault that this request meets, or NULL; method and path are for the log. */
const struct s3d_fault *s3d_fault_pick(
    struct s3d_faults *f, enum s3d_class on, struct str method, struct str path);

/* "503" */
const char *s3d_fault_name(enum s3d_fault_kind kind);

/* The next number of the generator. */
uint64_t s3d_fault_random(struct s3d_faults *f);

/* "30ms", "2s"; in milliseconds. */
bool s3d_fault_duration(struct str s, int64_t *ms);

#endif
