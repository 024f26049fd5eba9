/*
 * s3d_auth.h - is this request signed by someone we know? (AWS Signature Version 4)
 *
 * Both forms: the Authorization header, and the presigned query (X-Amz-Signature). The canonical
 * request is made from the decoded path and query, encoded again, as S3 makes it; the header form
 * signs the payload by x-amz-content-sha256, which s3d_body.h holds against the body.
 */
#ifndef WORKERS_LOCAL_S3D_AUTH_H
#define WORKERS_LOCAL_S3D_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/sigv4.h"
#include "workers/local/s3d_code.h"
#include "workers/local/s3d_http.h"
#include "workers/local/s3d_value.h"

struct s3d_keys {
	struct sigv4_key *v; /* secret */
	size_t n;
	bool *expired; /* of each of them; NULL: none has */
};

/*
 * Lines: key id, secret, optionally "token " and a session token that requests must carry, and
 * "expired" where they are refused for that; empty lines are skipped, any number of such groups
 * follow each other. The file must be closed to group and others (0600). Strings live in a. Errors
 * name file and line, never what stands there.
 */
bool s3d_keys_read(const char *file, struct arena *a, struct s3d_keys *keys, struct err *e);

/* Adds the key of S3D_ACCESS_KEY, S3D_SECRET_KEY, S3D_SESSION_TOKEN when the first two are set. */
void s3d_keys_env(struct arena *a, struct s3d_keys *keys);

enum s3d_payload {
	S3D_PAYLOAD_UNSIGNED,
	S3D_PAYLOAD_HASH,        /* auth.sha256 is the hash of the body */
	S3D_PAYLOAD_AWS_CHUNKED, /* STREAMING-...: the body is framed once more, see s3d_chunks */
};

struct s3d_auth_in {
	const struct s3d_keys *keys;
	struct str region;
	bool anonymous; /* unsigned requests are let in; signed ones are verified all the same */
	int64_t now_s;
	const struct s3d_http *http;
	struct str path; /* decoded */
	const struct s3d_param *params;
	size_t n_params;
};

struct s3d_auth {
	enum s3d_payload payload;
	struct str sha256;   /* 64 hex digits */
	const char *message; /* better than that of the code, or NULL */
	bool wrong_region;   /* the answer names ours: clients follow it */
	struct str canonical,
	    to_sign; /* what we signed, to find the difference; empty with a token */
};

enum s3d_code s3d_auth_check(const struct s3d_auth_in *in, struct arena *a, struct s3d_auth *out);

#endif
