/*
 * credentials_chain.h - the inside of credentials.h, for its own files.
 *
 * A place that keys may come from is a pair of functions: is it meant (no network, no program), and
 * get them. credentials.c has the table of all and walks it; the others have what is an idea of its
 * own: credentials_sts.c (roles), credentials_process.c, credentials_container.c,
 * credentials_imds.c, and credentials_json.c, the document that the last three hand over;
 * credentials_where.c reads regions and endpoints from the same places.
 */
#ifndef SHARED_CREDENTIALS_CHAIN_H
#define SHARED_CREDENTIALS_CHAIN_H

#include "shared/awsfile.h"
#include "shared/credentials.h"

enum { CHAIN_DEPTH = 8 }; /* roles behind roles */

struct chain {
	const struct config *config;
	struct arena *a; /* of what is found, and of all that is read on the way: scratch */
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;

	struct str profile;
	const char *named_by; /* NULL: nobody, it is "default" */
	struct awsfiles files;
	bool readable; /* else why */
	struct err unreadable;

	struct str roles[CHAIN_DEPTH]; /* profiles whose roles are being assumed, outermost first */
	size_t n_roles;
};

/* Reads AWS's files. tick and tick_ctx are the caller's to set. */
void chain_open(struct chain *c, const struct config *config, struct arena *a);

/* The keys would come from the metadata service. */
bool chain_comes_to_imds(const struct chain *c);

/* Neither NULL nor empty. */
bool chain_is_set(const char *z);

/* The value of a profile's key. */
struct str chain_value(const struct chain *c, struct str profile, const char *key);

/* "profile NAME (FILE)", FILE being the one with that key. */
const char *chain_place(const struct chain *c, struct str profile, const char *key);

/* An environment variable; NULL where it is not set, or is empty. */
const char *chain_env(const char *name);

/* The keys of a profile that another one's role names as its source. */
bool chain_source_profile(
    struct chain *c, struct str profile, struct credentials *out, struct err *e);

/* A pair found at a place. False: one half is missing, or it cannot be a key. */
bool chain_take(struct chain *c, const struct sigv4_key *key, const char *place,
    const char *const names[2], struct credentials *out, struct err *e);

/* False, naming where they come from, where they are good for less than a second. */
bool chain_is_alive(const struct credentials *c, struct err *e);

/* A value that may stand in a header: printable, and no blank. */
bool chain_is_clean(struct str s);

/* What credential_source names. */
bool chain_get_environment(
    struct chain *c, struct str profile, struct credentials *out, struct err *e);
bool chain_get_container(
    struct chain *c, struct str profile, struct credentials *out, struct err *e);
bool chain_get_imds(struct chain *c, struct str profile, struct credentials *out, struct err *e);

bool chain_has_role(const struct chain *c, struct str profile);
bool chain_get_role(struct chain *c, struct str profile, struct credentials *out, struct err *e);
bool chain_has_web_identity(const struct chain *c, struct str profile);
bool chain_get_web_identity(
    struct chain *c, struct str profile, struct credentials *out, struct err *e);
bool chain_has_process(const struct chain *c, struct str profile);
bool chain_get_process(struct chain *c, struct str profile, struct credentials *out, struct err *e);
bool chain_has_container(const struct chain *c, struct str profile);
bool chain_has_imds(const struct chain *c, struct str profile);

/* The region of the instance, or an empty str; asked once in the life of a process. */
struct str chain_imds_region(struct chain *c);

/*
 * {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}, the session token under the name that
 * this place has for it. process: "Version" must be 1. An error says what is missing, and nothing
 * of what is there, but for "Code" and "Message" of a refusal.
 */
bool chain_take_json(struct chain *c, struct str text, const char *place, const char *token,
    bool process, struct credentials *out, struct err *e);

/* For each word of a command line as the SDKs split it (a POSIX shell's quotes, and nothing else of
 * it); false where a quote is not closed. words live in a, NULL behind the last. */
bool chain_split(struct str line, struct arena *a, char ***words, size_t *n);

/* May a URL be asked for keys without TLS? Loopback and AWS's own link-local addresses. */
bool chain_container_url_ok(struct str url);

#endif
