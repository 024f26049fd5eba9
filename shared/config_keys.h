/*
 * config_keys.h - the table of keys, private to config*.c: reading, checks, help and printing all
 * walk it, so that a key is described in one place.
 */
#ifndef SHARED_CONFIG_KEYS_H
#define SHARED_CONFIG_KEYS_H

#include "shared/config.h"

enum key_type {
	KEY_STRING,  /* const char * */
	KEY_PATH,    /* const char *, as written: config_path() makes it absolute */
	KEY_URL,     /* const char *, http:// or https:// */
	KEY_S3,      /* const char *, s3://bucket[/...] */
	KEY_S3_NONE, /* the same, or "none" */
	KEY_CHOICE,  /* const char *, one of choices */
	KEY_RATIO,   /* int64_t, millionths */
	KEY_ENUM,    /* an enum: the position in choices */
	KEY_INT,     /* int64_t, min to max */
	KEY_SIZE,    /* int64_t, bytes: 512, 64kB, 64 MiB; a unit is a power of 1024 */
	KEY_BOOL,    /* bool */
};

/* The offset of a key without a field of its own: an address of [S3], read with config_s3(). */
#define KEY_NO_FIELD ((size_t)-1)

struct config_key {
	const char *section, *name;
	enum key_type type;
	size_t offset;      /* in struct config, or KEY_NO_FIELD */
	const char *preset; /* the default as text, NULL for none */
	bool secret;
	int64_t min, max;           /* KEY_INT, KEY_SIZE */
	const char *const *choices; /* KEY_CHOICE, KEY_ENUM; a NULL ends them */
	const char *help;           /* one line */
};

enum { CONFIG_KEYS_MAX = 96 };

extern const struct config_key config_keys[]; /* in the order of the help; n of them */
extern const size_t config_keys_n;

/* Where the value of a key came from. */
struct config_origin {
	const char *value; /* as text, without quotes; NULL: not set */
	const char *from;  /* "dwh.cfg:12", "environment DWH_LOAD_WORKERS", "--set", "default" */
	int line;          /* in the file, 0 elsewhere */
};

/* An address of [S3] that is no key of the table: a source of the user's own model. */
struct config_source {
	const char *name, *address, *from;
	int line;
};

struct config_private {
	struct arena *arena;
	struct config_origin keys[CONFIG_KEYS_MAX]; /* as config_keys[] */
	struct config_source *sources;
	size_t n_sources, cap_sources;
	const char *folder;      /* of the file, absolute */
	const char *secret_from; /* where the file holds a secret, or NULL */
	const char *warning;     /* or NULL */
};

/* A value on its way in; from as in struct config_origin. */
struct config_setting {
	const char *from, *section, *name, *value;
};

/* Writes the value into its field; *shown is what config_print() will show. */
bool config_store(struct config *c, const struct config_key *k, const struct config_setting *s,
    struct arena *a, const char **shown, struct err *e);

/* The position of a name among names, which a NULL ends; case is ignored. -1: none of them. */
int config_choice(const char *const *names, struct str name);

/* "s3://bucket" or "s3://bucket/key": letters, digits, ".", "-", "_" in the bucket's name. */
bool config_is_s3(struct str s);

/* Errors, ERR_SETUP/AT_CONFIG: "FROM: text"; and the one for a name that is not in the table. */
bool config_fail(struct err *e, const char *from, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool config_unknown(const struct config_setting *s, struct err *e);

/* Position in config_keys, or config_keys_n. Case is ignored; [DWH] takes its keys with the prefix
 * DWH_ too. */
size_t config_key_find(struct str section, struct str name);

/* "DWH_LOAD_WORKERS". Lives in a. */
const char *config_key_twin(struct arena *a, const struct config_key *k);

#endif
