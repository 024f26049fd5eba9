/*
 * credentials.h - where an AWS key comes from, and how it stays fresh.
 *
 * The order, as botocore has it; the first that is set is meant, and if it fails, that is the
 * error:
 *
 *   configuration       [AWS] KEY and SECRET
 *   environment         AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; they are
 *                       good until AWS_CREDENTIAL_EXPIRATION
 *   profile: role       role_arn with source_profile or credential_source (STS AssumeRole)
 *   web identity        AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's keys
 *   profile: SSO        (and `aws login`) refused, with the way around it
 *   profile: keys       of ~/.aws/credentials
 *   profile: process    credential_process
 *   profile: keys       of ~/.aws/config
 *   container           AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *   instance            the metadata service of EC2, version 2
 *
 * The profile is [AWS] PROFILE, AWS_PROFILE or AWS_DEFAULT_PROFILE, else "default". One that the
 * configuration itself names passes over the environment, one named by AWS_PROFILE does not. Both
 * halves of a pair come from one place. Every process finds them for itself: they cross no pipe.
 */
#ifndef SHARED_CREDENTIALS_H
#define SHARED_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/sigv4.h"

struct credentials_source;

struct credentials {
	bool anonymous;       /* requests are not signed at all */
	struct sigv4_key key; /* secret */
	/* "dwh.cfg [AWS]", "environment", "profile default (~/.aws/credentials)", ... */
	struct str origin;
	int64_t expires_ms;  /* wall clock; 0: never, as far as is known */
	unsigned generation; /* how often they were renewed */

	/* For credentials_refresh(): */
	struct credentials_source *source; /* how to find them again; NULL: they are fixed */
	int64_t look_ms;   /* clock_ms() before which expiry alone is no reason to look again */
	struct arena *own; /* of the strings; NULL: they are somebody else's */
};

/* Keys that live shorter cost a program or a question to a server every half of that. */
enum { CREDENTIALS_SHORT_MS = 60000 };

/*
 * Fails with ERR_SETUP, AT_CONFIG, naming every place it looked in and the remedy, when there is no
 * key and [AWS] ANONYMOUS is off, when a place holds half of a pair, or when the place that is
 * meant gives none, or such as have expired; with ERR_RETRY where STS may answer later. May start a
 * program, and ask servers for some seconds. Strings live in a; a and *c must live as long as *out
 * is refreshed. A copy of *out needs strings of its own, in an `own` of its own.
 */
bool credentials_find(
    const struct config *c, struct arena *a, struct credentials *out, struct err *e);

/* The same; tick is called several times a second while something is waited for, now and when they
 * are renewed: false gives up, with its error. */
bool credentials_find_ticking(const struct config *c, struct arena *a,
    bool (*tick)(void *ctx, struct err *e), void *tick_ctx, struct credentials *out, struct err *e);

/*
 * Before each signature: keys that expire within 15 minutes are looked for again, and *c is renewed
 * in place; what it pointed to before is gone then. That this fails is an error only when they
 * expire within 10 minutes, or are refused: the server said that they have expired. Where they are
 * refused, and the place still holds the same, the error's code is "unchanged".
 *
 * Each set of keys is looked for once, when half of its life is over, and where there are no others
 * by then, once a minute, or when they have expired.
 */
bool credentials_refresh(struct credentials *c, bool refused, struct err *e);

/* For messages: that they live shorter than CREDENTIALS_SHORT_MS from now, and what that means;
 * else NULL. In a. */
const char *credentials_short(const struct credentials *c, struct arena *a);

/* What is called from now on while they are renewed, instead of the tick that they were found with.
 */
void credentials_set_tick(
    struct credentials *c, bool (*tick)(void *ctx, struct err *e), void *tick_ctx);

/* Wipes and frees the strings, where they are its own; *c is of no use then. */
void credentials_free(struct credentials *c);

/*
 * The region: [AWS] REGION as written in the file, AWS_REGION, AWS_DEFAULT_REGION, the profile's
 * region, that of the instance whose metadata service gives the keys, else "us-west-2" (the default
 * of the key). Lives in a.
 */
struct str credentials_region(const struct config *c, struct arena *a);

/* What it was set by, for messages. Lives in a. */
const char *credentials_region_from(const struct config *c, struct arena *a);

/*
 * URL of a service that somebody has set, else NULL: that of AWS. service is its name in upper case
 * ("S3", "STS", "REDSHIFT_SERVERLESS"): AWS_ENDPOINT_URL_<service>, AWS_ENDPOINT_URL, the
 * endpoint_url that the profile's services say for it, the profile's endpoint_url; none of them
 * with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true. c may be NULL: no profile is looked at. *from says
 * what set it, for messages; NULL with NULL. Both live in a.
 */
const char *credentials_endpoint(
    const struct config *c, const char *service, struct arena *a, const char **from);

/* The same of S3, for which [AWS] ENDPOINT goes before them all. */
const char *credentials_s3_endpoint(const struct config *c, struct arena *a, const char **from);

/* For `dwh doctor`: the places in their order, up to the one that is meant, as one line without
 * secrets: "configuration no, environment no, keys of profile default yes". Asks no server. In a.
 */
struct str credentials_chain(const struct config *c, struct arena *a);

#endif
