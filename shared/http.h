/*
 * http.h - one HTTP request and its answer, over kept-alive connections.
 *
 * The home of libcurl, with workers/fetch.c (which has many requests in flight and shares
 * http_curl.h). What this layer promises: the URL goes out byte for byte as it was given (it was
 * signed), redirects are not followed (a signature covers its host), nothing is decoded, and a
 * server that is silent for 60 s, or takes no connection within 10 s, is an error. The process
 * ignores SIGPIPE.
 *
 * An HTTP status is no error here: any complete answer is true. False means that there was none:
 *
 *   code       kind             what happened
 *   resolve    ERR_RETRY        no such host name
 *   connect    ERR_RETRY        refused or unreachable
 *   timeout    ERR_RETRY        no connection within 10 s, or silent for 60 s
 *   reset      ERR_RETRY        the connection broke, or the body was cut short
 *   tls        ERR_SETUP        the server's certificate does not verify, or AWS_CA_BUNDLE is bad
 *   url        ERR_SETUP        not a URL
 *   large      ERR_TASK         the body is larger than the caller's buffer may grow
 *   (tick's)   (tick's)         tick said stop
 */
#ifndef SHARED_HTTP_H
#define SHARED_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/err.h"
#include "shared/str.h"

struct http;

/* where is that of the errors. tick is called now and then while a server is waited for, once a
 * second at least; false ends the request with its error. May be NULL. */
struct http *http_new(enum err_where where, bool (*tick)(void *ctx, struct err *e), void *tick_ctx);
void http_free(struct http *h); /* NULL is fine */

struct http_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "name: value" */
	size_t n_headers;
	struct str body; /* sent with PUT and POST, its length in Content-Length */
	int timeout_ms;  /* for all of it; 0: only silence ends it */
	bool direct;     /* past any proxy: to an address that is this machine's own */
};

/* Strings are "" where the header is absent, cut where it is absurdly long. */
struct http_reply {
	int status;
	int retry_after_ms;     /* Retry-After, x-amz-retry-after; 0: no such header */
	int64_t content_length; /* of this body, -1: not said */
	char etag[136];         /* as sent, with its quotes */
	char date[40];
	char region[40]; /* x-amz-bucket-region */
	char content_type[64];
	char content_range[80];
	char error_type[96]; /* x-amzn-errortype */
	char request_id[80]; /* x-amzn-requestid */
};

/* The body is added to *body, which the caller has made with the bound it wants. */
bool http_do(struct http *h, const struct http_request *q, struct http_reply *r, struct buf *body,
    struct err *e);

/* A file of certificates to trust instead of the system's, for the whole process; NULL: the
 * system's. AWS_CA_BUNDLE goes before it. Copied. */
void http_trust(const char *file);

/* "bytes 7-99/100", end is 100 then; false on any other form. */
bool http_content_range(const char *text, uint64_t *first, uint64_t *end, uint64_t *size);

/* A date of HTTP in milliseconds since 1970; -1 where it is none. */
int64_t http_date_ms(const char *date);

#endif
