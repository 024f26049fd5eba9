/* s3d_value.h - the small grammars inside headers and query strings. Pure. */
#ifndef WORKERS_LOCAL_S3D_VALUE_H
#define WORKERS_LOCAL_S3D_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/str.h"

/* %XX becomes its byte, with `plus` also "+" a space. False on a broken escape or a NUL byte. */
bool s3d_url_decode(struct arena *a, struct str in, bool plus, struct str *out);

/*
 * As S3 writes keys in a listing with encoding-type=url: Java's form encoding (A-Z a-z 0-9 . - * _
 * stay, a space is "+"), except that "/" stays. A reader undoes it with xml.c's unquote_plus.
 */
void s3d_url_encode(struct buf *out, struct str s);

/* One "k=v" or "k" of a query string, decoded. */
struct s3d_param {
	struct str name, value;
};

/* False when an escape is broken. The array lives in a. */
bool s3d_params(struct arena *a, struct str query, struct s3d_param **params, size_t *n);

/* Value of the first parameter of that name; NULL where it is absent, empty for "k". */
const struct str *s3d_param_get(const struct s3d_param *params, size_t n, const char *name);

enum s3d_range { S3D_RANGE_ALL, S3D_RANGE_PART, S3D_RANGE_BAD };

/*
 * A Range header against an object of `size` bytes: one of a-b, a-, -n. Several ranges, other units
 * and bad syntax count as no header (RFC 9110, 14.2); BAD is "416 InvalidRange".
 */
enum s3d_range s3d_range(struct str value, int64_t size, int64_t *first, int64_t *n);

/* If-Match and If-None-Match: "*", or a list of entity tags, with or without quotes or W/. */
bool s3d_etag_listed(struct str list, struct str etag);

/* "Sat, 01 Aug 2026 12:00:00 GMT"; out holds 30 bytes. */
void s3d_date_http(int64_t unix_s, char out[30]);
bool s3d_date_parse(struct str http_date, int64_t *unix_s);

/* "20260801T120000Z" */
bool s3d_date_parse_basic(struct str iso, int64_t *unix_s);

void s3d_base64(struct buf *out, const unsigned char *bytes, size_t n);

/* Returns the number of bytes in out, or -1: not base64, or more than max bytes. */
int s3d_base64_decode(struct str in, unsigned char *out, size_t max);

#endif
