/*
 * awsfile.h - the two files of the AWS tools: ~/.aws/credentials and ~/.aws/config.
 *
 * AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE move them. A profile is "[name]" in the first
 * file; in the second it is "[profile name]" (or "[default]"), and "[services name]" holds
 * endpoints. What both say of a profile counts as the first says it.
 *
 * They have a reader of their own because their lines may be of any length (session tokens are),
 * and what looks like a comment inside of a value is part of it. The format, as the SDKs read it: a
 * line is "[section]", "name = value", empty, or a comment when its first character is # or ;. A
 * line that is indented deeper than the name before it belongs to that name: "s3 =" with its nested
 * "name = value" lines. The last of several equal names counts, names are in any case.
 *
 * No message holds more of a file than the names of sections and keys.
 */
#ifndef SHARED_AWSFILE_H
#define SHARED_AWSFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum awsfile_kind { AWSFILE_PROFILE = 1, AWSFILE_SERVICES };

struct awsfile_section {
	enum awsfile_kind kind; /* 0: another one */
	struct str name;
};

/* One line. */
struct awsfile_value {
	struct awsfile_section section;
	struct str key;    /* empty: the head of the section */
	struct str nested; /* empty: the value is the key's own */
	struct str value;
};

struct awsfile {
	const char *path;  /* NULL: no home folder */
	const char *shown; /* for messages */
	bool is_config;
	struct awsfile_value *values;
	size_t n, cap;
	struct awsfile_line {
		struct awsfile_section section;
		size_t number;
	} * bad; /* lines that are neither; behind an unclosed "[" could be anybody's keys */
	size_t n_bad, cap_bad;
};

struct awsfiles {
	struct awsfile file[2]; /* credentials, config */
};

/*
 * Reads both; a file that is not there is an empty one. False (ERR_SETUP, AT_CONFIG) where one
 * cannot be read: *out has what could. Everything lives in a.
 */
bool awsfile_read(struct arena *a, struct awsfiles *out, struct err *e);

/* The text of one file, for itself: adds to *f, whose is_config is set. text must outlive it. */
void awsfile_parse(struct awsfile *f, struct str text, struct arena *a);

/* The value of a key of a section, or of one that is nested in it (nested may be NULL); empty where
 * there is none. where, which may be NULL, becomes the file that says so. */
struct str awsfile_get(const struct awsfiles *f, enum awsfile_kind kind, struct str name,
    const char *key, const char *nested, const struct awsfile **where);

/* The same of one file alone. */
struct str awsfile_get_of(const struct awsfile *f, enum awsfile_kind kind, struct str name,
    const char *key, const char *nested);

bool awsfile_has_profile(const struct awsfiles *f, struct str name);

/* False (ERR_SETUP, AT_CONFIG) where a line that may concern the profile is not understood. */
bool awsfile_check(const struct awsfiles *f, struct str name, struct err *e);

#endif
