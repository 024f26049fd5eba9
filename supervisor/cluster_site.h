/*
 * cluster_site.h - a site: a warehouse at AWS with all that belongs to it, one resource after the
 * other. What a resource is, and what it may ask of the site.
 *
 * A resource knows its own requests and nothing else. cluster.c walks over them: forwards it looks
 * and makes, backwards it looks and removes. It alone waits, records each step before and after,
 * decides what is ours, and says what it does. A resource therefore never loops and never prints.
 *
 *   look    asks AWS what there is, fills *f, and notes in the site what others need (role_arn,
 *           group_id, host ...). It works alone and in any order: what it needs of others and does
 *           not find in the site, it asks for. Nothing there is no error; an answer that does
 *           not say is one (site_odd).
 *   make    makes what is missing, or mends what is incomplete (f->there, ours): a policy that is
 *           not attached, a port that is not open. Whatever a lost answer may have left behind it
 *           takes for its own: "exists already" is no error (what there is, the next look tells,
 *           and whose); but AT_STATE, where no tag will tell it and it is not of our making. It
 *           may return before the thing can be used.
 *   remove  begins to remove; what is gone is no error. It may return before it is gone.
 *
 * ERR_RETRY of make and remove means: something is in the way that will go (a role that can't be
 * assumed yet, InvalidClusterState, DependencyViolation, DeleteConflict); the walk waits a little
 * and calls again. Other errors end the walk forwards; the walk backwards goes on with what is
 * left.
 */
#ifndef SUPERVISOR_CLUSTER_SITE_H
#define SUPERVISOR_CLUSTER_SITE_H

#include "shared/aws.h"
#include "shared/buf.h"
#include "shared/config.h"
#include "supervisor/cluster_record.h"

enum found_state {
	FOUND_NOTHING,
	FOUND_CHANGING, /* there, not usable yet: creating, modifying, resuming */
	FOUND_READY,
	FOUND_PAUSED,
	FOUND_GOING,  /* deleting */
	FOUND_BROKEN, /* will not get ready by itself; state says why */
};

/* What look found. Strings live in the site's arena. */
struct found {
	enum found_state is;
	const char *state;   /* as AWS calls it ("creating"), or what is broken; may be NULL */
	const char *id;      /* as AWS names it: "sg-12", an ARN; may be NULL */
	bool given;          /* the configuration names it: it is used, never made nor removed */
	bool tagged;         /* dwh made it, for this site: site_see_tag() sees it */
	const char *other;   /* dwh made it, for another: "the cluster night of dwh in eu-west-1" */
	const char *expires; /* its dwh:expires; may be NULL */
	const char *run;     /* its dwh:run: a `dwh run --ephemeral` made it; may be NULL */
	const char *lacks;   /* why one that is not ours can't be used, with the remedy: only who
	                      * owns it can mend that; may be NULL */
	const char *note;    /* how up changes it, or what the configuration asks for in vain; may
	                      * be NULL */
	bool by_dwh;         /* site_see_tag()'s own: a part of what tagged needs */
	const char *of, *in; /* likewise */
};

enum { SITE_TAGS = 5 };
#define SITE_TAG_BY "dwh:made-by"
#define SITE_TAG_CLUSTER "dwh:cluster"
#define SITE_TAG_REGION "dwh:region" /* a role is in all of them, its cluster in one */
#define SITE_TAG_RUN "dwh:run"
#define SITE_TAG_EXPIRES "dwh:expires"

/* Of our roles: a list of roles shows it, and not their tags. */
#define SITE_ROLE_DESCRIPTION "lets a warehouse of dwh read S3"

/* In the environment of what `dwh run --ephemeral` starts: a word that no other run has. What is
 * made carries it, and what carries another one, or none, is not ours. Without it all runs are. */
#define SITE_RUN_VARIABLE "DWH_CLUSTER_RUN"
/* Beside it: the process of that command, which alone may stop what it has begun to remove. */
#define SITE_PARENT_VARIABLE "DWH_CLUSTER_RUN_BY"

struct site {
	const struct config *config;
	struct arena *arena; /* as long as the site */
	struct aws *aws;     /* of the region */
	struct credentials *credentials;
	struct cluster_record *record;          /* the walk's own */
	bool (*tick)(void *ctx, struct err *e); /* for clients of their own; ctx is NULL */

	const char *identifier; /* [DWH] CLUSTER_IDENTIFIER */
	const char *account;    /* "123456789012" */
	const char *partition;  /* "aws" */
	struct str region;
	struct {
		const char *key, *value;
	} tags[SITE_TAGS]; /* of all that we make */
	size_t n_tags;
	const char *run;     /* of SITE_RUN_VARIABLE; NULL: we are none's */
	const char *expires; /* the tag that will be set; NULL: none */

	const char *ingress;  /* --ingress or [DWH] INGRESS, a checked CIDR; NULL: the caller's own
	                       * address, which the security group finds out */
	const char *password; /* secret: [DWH] DB_PASSWORD; NULL: AWS makes and keeps one */

	/* What look and make have found; NULL or 0: not (yet). */
	const char *bucket; /* for manifests and parts; by name, without s3:// */
	const char *role_arn;
	bool role_attached; /* the warehouse has it */
	const char *vpc, *group_id;
	const char *host;
	int64_t port;
	const char *secret_arn; /* where AWS keeps the password */
	const char *namespace_arn;
};

struct resource {
	const char *kind;  /* "security group": in messages and the record */
	int usual_s;       /* how long it usually takes until it is ready; 0: at once */
	bool costs;        /* by the hour, while it is there */
	bool holds_data;   /* a part of what is loaded into; the rest only serves it */
	bool warehouse;    /* the one that is connected to: up ends with its being ready */
	bool tagged_later; /* its tags need a request of their own: until then the record alone
	                    * knows that it is ours */

	/* Its name at AWS, before it is made: "dwh-cluster". Lives in the site's arena. */
	const char *(*name)(struct site *s);
	/* What of the configuration concerns it, before the first call; the key's name is in the
	 * message. AT_CONFIG. May be NULL. */
	bool (*check)(struct site *s, struct err *e);
	/* What is to be made and what it costs, for a person: "2 ra3.large, 1.09 $/h". May be NULL.
	 */
	void (*plan)(struct site *s, struct buf *out);

	/* Whether what the configuration names, and is used as it is, is at AWS: asked by up before
	 * anything is made; AT_CONFIG, with the key's name. Who may not look takes it for there.
	 * May be NULL. */
	bool (*exists)(struct site *s, struct err *e);
	bool (*look)(struct site *s, struct found *f, struct err *e);
	bool (*make)(struct site *s, const struct found *f, struct err *e);
	bool (*remove)(struct site *s, const struct found *f, struct err *e);
	/* Stops and starts what costs; NULL: it cannot. */
	bool (*pause)(struct site *s, struct err *e);
	bool (*resume)(struct site *s, struct err *e);
	/* What removes it by hand, for a shell: "aws redshift delete-cluster ..."; it may take more
	 * than one command. Lives in the site's arena. */
	const char *(*by_hand)(struct site *s);
};

/* In the order in which they are made. */
extern const struct resource resource_group, resource_bucket, resource_role, resource_cluster,
    resource_namespace, resource_workgroup;

/* Sends the call and frees it; the answer lives in the site's arena. body may be NULL. */
bool site_send(struct site *s, struct aws_call *c, struct str *body, struct err *e);

/* Whether it is AWS's error of that code ("ClusterNotFound"). */
bool site_is(const struct err *e, const char *code);

/* Whether AWS, or its S3, has answered and refuses, and would again. */
bool site_is_denied(const struct err *e);

/* The same error as one that passes (ERR_RETRY); returns false, to end make and remove with. */
bool site_later(struct err *e);

/* An answer of AWS without what was asked for: ERR_RETRY, and the walk looks again, though AWS has
 * not failed. Returns false. */
#define SITE_ODD "odd answer"
bool site_odd(struct err *e, const char *action, const char *lacks);

/* The text of the first leaf at path, from below the root ("GetRoleResult/Role/Arn"), or NULL. */
const char *site_text(struct site *s, struct str body, const char *path);

/* Tags of an answer, each an element at path ("GetRoleResult/Role/Tags/member") with a Key and a
 * Value of either case: site_see_tag() for each. */
void site_see_tags(struct site *s, struct found *f, struct str body, const char *path);

/* Adds PREFIX.1.Key, PREFIX.1.Value ... to a query; the JSON list [{"key": .., "value": ..}]. */
void site_arg_tags(const struct site *s, struct aws_call *c, const char *prefix);
struct str site_json_tags(struct site *s);

/* Whether it has the expiry that it shall have, or shall have none. */
bool site_expires_so(const struct site *s, const struct found *f);

/* A tag that look has seen: those of ours are told apart by it. */
void site_see_tag(struct site *s, struct found *f, struct str key, struct str value);

/* Where manifests and parts go: [S3] MANIFESTS, else the folder in the site's bucket, once that is
 * known; NULL: nowhere. */
const char *site_manifests(struct site *s);

/* AT_CONFIG: "[DWH] KEY: text (where it came from)". */
bool site_bad(const struct site *s, const char *section, const char *key, struct err *e,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* ---- for those who walk over the resources: cluster*.c ---- */

struct site_options {
	const struct config *config;
	struct arena *arena;
	const char *ingress;                  /* --ingress; NULL: not given */
	int64_t expires_ms;                   /* wall clock, for the tag; 0: never */
	const struct resource *const *checks; /* their check; NULL behind the last; NULL: none */
	enum record_mode record;              /* steps will be recorded: takes its lock */
	bool patient;                         /* an AWS that does not answer is waited for */
	/* Several times a second while AWS is waited for; false ends it with *e. */
	bool (*tick)(void *ctx, struct err *e);
};

/* Looks at the configuration, finds credentials, asks who we are, opens the record. It must stay
 * where it is until site_close(), which an all-zero site does not mind. */
bool site_open(struct site *s, const struct site_options *o, struct err *e);
void site_close(struct site *s);

/* Whether a thing that was found is ours to mend and to remove. */
bool site_owns(
    const struct site *s, const struct resource *r, const struct found *f, const char *name);

#endif
