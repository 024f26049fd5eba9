/*
 * endpoint.h - where servers of AWS are: partitions, regions, and addresses that people give
 * instead.
 */
#ifndef SHARED_ENDPOINT_H
#define SHARED_ENDPOINT_H

#include <stdbool.h>

#include "shared/err.h"
#include "shared/str.h"

/* A part of AWS with names, accounts and a domain of its own. IAM is there once for all regions,
 * and signed for one of them. */
struct partition {
	const char *name;       /* "aws", "aws-cn", "aws-us-gov": the first part of an ARN */
	const char *prefix;     /* of its regions; "" for the usual one */
	const char *suffix;     /* of its hosts: "amazonaws.com" */
	const char *iam_host;   /* "iam.amazonaws.com" */
	const char *iam_region; /* "us-east-1" */
};

/* That of a region; never NULL. */
const struct partition *endpoint_partition(struct str region);

enum { REGION_MAX = 40 };

/* Whether it can be the name of a region (and so part of a host name), of less than REGION_MAX
 * bytes. */
bool endpoint_region_ok(struct str region);

/* Views of the URL. */
struct endpoint {
	struct str base; /* "http://127.0.0.1:9000/path", without a "/" at its end */
	struct str host; /* as in the Host header: with the port where it is not the default */
	struct str path; /* "/path", or empty */
};

/* False where url is not the http:// or https:// address of a server; a user's name, a query or a
 * blank are not for signed requests. */
bool endpoint_parse(struct str url, struct endpoint *out);

/* The error about one: ERR_SETUP, AT_CONFIG. from: what set it. */
bool endpoint_refuse(const char *from, struct err *e);

#endif
