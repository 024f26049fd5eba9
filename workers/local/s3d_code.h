/* s3d_code.h - what an operation ended with: S3's error codes, with their status and text. */
#ifndef WORKERS_LOCAL_S3D_CODE_H
#define WORKERS_LOCAL_S3D_CODE_H

enum s3d_code {
	S3D_OK,
	S3D_LATER, /* no error: the operation has more to do, call again */
	S3D_ACCESS_DENIED,
	S3D_AUTH_HEADER_MALFORMED,
	S3D_AUTH_QUERY_ERROR,
	S3D_BAD_DIGEST,
	S3D_BAD_REQUEST,
	S3D_BUCKET_EXISTS,
	S3D_BUCKET_NOT_EMPTY,
	S3D_ENTITY_TOO_LARGE,
	S3D_ENTITY_TOO_SMALL,
	S3D_HEAD_TOO_LARGE,
	S3D_ILLEGAL_LOCATION,
	S3D_INCOMPLETE_BODY,
	S3D_INTERNAL,
	S3D_INVALID_ACCESS_KEY,
	S3D_INVALID_ARGUMENT,
	S3D_INVALID_BUCKET_NAME,
	S3D_INVALID_DIGEST,
	S3D_INVALID_PART,
	S3D_INVALID_PART_ORDER,
	S3D_INVALID_RANGE,
	S3D_INVALID_REQUEST,
	S3D_INVALID_TOKEN,
	S3D_INVALID_URI,
	S3D_KEY_TOO_LONG,
	S3D_MALFORMED_XML,
	S3D_MESSAGE_TOO_LONG,
	S3D_METADATA_TOO_LARGE,
	S3D_METHOD_NOT_ALLOWED,
	S3D_MISSING_LENGTH,
	S3D_NO_SPACE,
	S3D_NO_SUCH_BUCKET,
	S3D_NO_SUCH_KEY,
	S3D_NO_SUCH_UPLOAD,
	S3D_NOT_IMPLEMENTED,
	S3D_NOT_MODIFIED,
	S3D_PRECONDITION_FAILED,
	S3D_REQUEST_TIMEOUT,
	S3D_SHA256_MISMATCH,
	S3D_SIGNATURE_MISMATCH,
	S3D_SKEWED,
	S3D_SLOW_DOWN,
	S3D_CODES,
};

struct s3d_code_info {
	int status;          /* of the HTTP answer */
	const char *name;    /* <Code> */
	const char *message; /* <Message>, unless the operation has a better one */
};

const struct s3d_code_info *s3d_code_info(enum s3d_code code);

/* "Not Found" of 404. */
const char *s3d_code_reason(int status);

#endif
