/*
 * credentials.h - where an AWS key comes from.
 *
 * The order: [AWS] KEY and SECRET of the configuration, the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), then the profile of ~/.aws/credentials and
 * ~/.aws/config ([AWS] PROFILE or AWS_PROFILE, else "default"; AWS_SHARED_CREDENTIALS_FILE and
 * AWS_CONFIG_FILE move the files). As in botocore, a profile that the configuration itself names
 * passes over the environment, one named by AWS_PROFILE does not. Both halves of a pair come from
 * one place. Every process finds them for itself: they cross no pipe.
 */
#ifndef SHARED_CREDENTIALS_H
#define SHARED_CREDENTIALS_H

#include <stdbool.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/sigv4.h"

struct credentials {
	bool anonymous;       /* requests are not signed at all */
	struct sigv4_key key; /* secret */
	struct str
	    origin; /* "dwh.cfg [AWS]", "environment", "profile default (~/.aws/credentials)" */
};

/*
 * Fails with ERR_SETUP, AT_CONFIG, naming every place it looked in and the remedy, when there is no
 * key and [AWS] ANONYMOUS is off; or when a place holds half of a pair. Strings live in a.
 */
bool credentials_find(
    const struct config *c, struct arena *a, struct credentials *out, struct err *e);

/*
 * New keys into *c where they expire within minutes, or at once where they were refused. Called
 * before each signature, so it must be quick where nothing is to be done.
 */
bool credentials_refresh(struct credentials *c, bool refused, struct err *e);

/*
 * The region: [AWS] REGION as written in the file, AWS_REGION, AWS_DEFAULT_REGION, the profile's
 * region, else "us-west-2" (the default of the key). Lives in a.
 */
struct str credentials_region(const struct config *c, struct arena *a);

/*
 * URL of the S3 server: [AWS] ENDPOINT, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's
 * endpoint_url, else NULL: that of AWS. With AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true only the
 * first counts. Lives in a.
 */
const char *credentials_s3_endpoint(const struct config *c, struct arena *a);

/*
 * The same for another service ("REDSHIFT_SERVERLESS", as in AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS),
 * which [AWS] ENDPOINT is not for: the environment, then the profile. *from says what set it, as
 * below. c may be NULL: no profile is looked at. NULL: that of AWS. Lives in a.
 */
const char *credentials_endpoint(
    const struct config *c, const char *service, struct arena *a, const char **from);

/* Which of these it is, for messages; a literal. */
const char *credentials_s3_endpoint_from(const struct config *c);

#endif
