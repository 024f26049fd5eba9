/*
 * s3d_http.h - HTTP/1.1 as bytes: the head of a request, and chunked bodies. No sockets, no state
 * beyond the structs, so that it can be tested and fuzzed by itself (RFC 9112).
 */
#ifndef WORKERS_LOCAL_S3D_HTTP_H
#define WORKERS_LOCAL_S3D_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/sigv4.h"
#include "shared/str.h"

enum { S3D_HEAD_MAX = 16 * 1024, S3D_HEADERS_MAX = 100 };

/* Views into the bytes that were parsed. */
struct s3d_http {
	struct str method;
	struct str path;  /* as sent, percent-encoded; begins with "/" */
	struct str query; /* as sent, without "?" */
	struct str host;
	struct sigv4_header headers[S3D_HEADERS_MAX]; /* in arrival order, values trimmed */
	size_t n_headers;
	int64_t length;  /* Content-Length; -1 without */
	bool chunked;    /* Transfer-Encoding: chunked */
	bool keep_alive; /* the connection may serve another request; never in 1.0 */
	bool expect;     /* Expect: 100-continue */
};

enum s3d_http_result {
	S3D_HTTP_MORE, /* no end of head yet; needs more bytes */
	S3D_HTTP_DONE,
	S3D_HTTP_BAD,      /* not HTTP/1.x, or ambiguous about its length: answer 400 and close */
	S3D_HTTP_TOO_LONG, /* over S3D_HEAD_MAX or S3D_HEADERS_MAX: answer 400 and close */
};

/* On DONE, *used is the length of the head with its empty line. */
enum s3d_http_result s3d_http_parse(struct str in, struct s3d_http *out, size_t *used);

/* Value of the first header of that name (any case), or NULL. */
const struct str *s3d_http_header(const struct s3d_http *h, const char *name);

/*
 * One decoder for two framings: HTTP's "chunked" and S3's "aws-chunked" have the same grammar, the
 * latter with its signatures as chunk extensions (";chunk-signature=..."), which are not verified:
 * sigv4.h has no door to the signing key. Trailers are collected, lines ended by '\n'.
 */
struct s3d_chunks {
	enum {
		S3D_CHUNK_SIZE,
		S3D_CHUNK_DATA,
		S3D_CHUNK_END,
		S3D_CHUNK_TRAILER,
		S3D_CHUNK_DONE,
		S3D_CHUNK_BAD
	} state;
	uint64_t left; /* bytes of data to come in this chunk */
	size_t n;      /* bytes in line */
	char line[512];
	size_t n_trailers;
	char trailers[1024];
};

/*
 * Takes bytes off the front of *in. True: *data is the next run of content (a view into in), call
 * again. False: *in is used up, or state is S3D_CHUNK_DONE or S3D_CHUNK_BAD. A struct of zeroes is
 * a decoder at its beginning.
 */
bool s3d_chunks_next(struct s3d_chunks *c, struct str *in, struct str *data);

/* Value of a trailer, or an empty str. */
struct str s3d_chunks_trailer(const struct s3d_chunks *c, struct str name);

#endif
