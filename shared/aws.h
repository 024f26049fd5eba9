/*
 * aws.h - a client of AWS's control plane: the query protocol (STS, IAM, EC2, Redshift) and the
 * JSON one (Redshift Serverless, Secrets Manager) behind one door.
 *
 * A call is built argument by argument and sent. It is signed, sent again after a random pause that
 * grows while it is throttled or fails in a way that may pass, signed anew with a corrected clock
 * where ours is wrong, and once more with fresh credentials where they have expired. What is left
 * is an error whose code is AWS's own ("ClusterAlreadyExists", behind its name space), or that of
 * http.h:
 *
 *   ERR_SETUP    AT_CONFIG  credentials, region or clock are wrong; AT_AWS: not permitted
 *   ERR_RETRY    AT_AWS     still throttled or failing after all attempts; err says which
 *   ERR_TASK     AT_AWS     refused: the caller branches on code
 *   tick's       the tick said stop
 *
 * A request whose answer was lost may have been carried out: a caller must be able to send it again
 * and to take "exists already" for its own work.
 */
#ifndef SHARED_AWS_H
#define SHARED_AWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/config.h"
#include "shared/credentials.h"
#include "shared/err.h"
#include "shared/str.h"

enum aws_service { AWS_STS, AWS_IAM, AWS_EC2, AWS_REDSHIFT, AWS_SERVERLESS, AWS_SECRETS };

struct aws;

struct aws_options {
	const struct config *config; /* for the profile's endpoints; may be NULL */
	struct str region;
	struct credentials *credentials; /* refreshed in place; must outlive the client. NULL: calls
	                                  * are not signed (AssumeRoleWithWebIdentity) */
	int attempts;                    /* tries of one call; 0: 8 */
	/* Called several times a second while AWS is waited for; false: give up, with its error.
	 * May be NULL. */
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;
};

bool aws_open(const struct aws_options *o, struct aws **out, struct err *e);
void aws_close(struct aws *w); /* NULL is fine */

/* One call. Query: names are paths ("Tags.Tag.1.Key"), EC2's and IAM's lists as their models name
 * them. JSON: names are top-level members, lists and objects are given as JSON text. */
struct aws_call {
	enum aws_service service;
	const char *action; /* "CreateCluster" */
	struct buf body;    /* form or JSON, complete after each argument */
	struct buf secret;  /* the value of aws_arg_secret() */
};

void aws_call_init(struct aws_call *c, enum aws_service service, const char *action);
void aws_call_free(struct aws_call *c);
void aws_arg(struct aws_call *c, const char *name, struct str value);
void aws_argz(struct aws_call *c, const char *name, const char *value); /* NULL: left out */
/* A password or token, one in a call: masked where AWS's answer quotes it. */
void aws_arg_secret(struct aws_call *c, const char *name, struct str value);
void aws_arg_int(struct aws_call *c, const char *name, int64_t value);
void aws_arg_bool(struct aws_call *c, const char *name, bool value);
/* JSON services only: a value that is JSON already ("[\"a\"]"). */
void aws_arg_json(struct aws_call *c, const char *name, struct str json);

/*
 * Sends it. The answer's body, XML or JSON that is complete (so xml_walk() with a root of NULL, and
 * json_loadb(), do not fail on it), is copied to a. The call can be sent again, by hand, too;
 * aws_call_free() ends it and wipes what it holds.
 */
bool aws_send(struct aws *w, struct aws_call *c, struct arena *a, struct str *body, struct err *e);

/*
 * Where a service of a region is reached, and how it is signed: endpoint_url of the environment
 * (AWS_ENDPOINT_URL_REDSHIFT, AWS_ENDPOINT_URL) or the profile (config may be NULL: none), else the
 * partition's own (aws, aws-cn, aws-us-gov; iam is global and signed for one region of its
 * partition). url and region live in a.
 */
struct aws_endpoint {
	const char *url;     /* "https://redshift.us-west-2.amazonaws.com/" */
	struct str region;   /* to sign with */
	const char *name;    /* to sign with: "redshift" */
	const char *version; /* "2012-12-01"; NULL: JSON */
	const char *target;  /* "RedshiftServerless"; NULL: query */
	const char *from;    /* what set url, for messages; NULL: it is AWS's own */
};

void aws_endpoint(const struct config *config, enum aws_service service, struct str region,
    struct arena *a, struct aws_endpoint *out);

/* "aws", "aws-cn", "aws-us-gov": the first part of an ARN. A literal. */
const char *aws_partition(struct str region);

struct aws_stats {
	uint64_t requests, retries;
};

struct aws_stats aws_stats(const struct aws *w);

#endif
