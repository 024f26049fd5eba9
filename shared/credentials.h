/*
 * credentials.h - where an AWS key comes from.
 *
 * The order: [AWS] KEY and SECRET of the configuration, the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), then the profile of ~/.aws/credentials and
 * ~/.aws/config (AWS_PROFILE or [AWS] PROFILE, else "default"; AWS_SHARED_CREDENTIALS_FILE and
 * AWS_CONFIG_FILE move the files). Every process finds them for itself: they cross no pipe.
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
 * The region: [AWS] REGION as written in the file, AWS_REGION, AWS_DEFAULT_REGION, the profile's
 * region, else "us-west-2" (the default of the key). Lives in a.
 */
struct str credentials_region(const struct config *c, struct arena *a);

#endif
