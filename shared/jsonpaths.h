/*
 * jsonpaths.h - the jsonpaths file of COPY ... JSON 's3://...', read.
 *
 * Redshift's rules ("COPY from JSON format"): one object {"jsonpaths": ["$.a", ...]}; the i-th path
 * fills the i-th column of the table, or of the column list. Steps are in bracket style,
 * $['a']['b'][0], or dot style, $.a.b[0], one style in a file; array indexes, from 0, stand in
 * brackets in both. An object with another member name makes COPY fall back to 'auto' without a
 * word; anything else that is not of this form is an error.
 */
#ifndef SHARED_JSONPATHS_H
#define SHARED_JSONPATHS_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

struct jsonpath_step {
	struct str name; /* a member; .p is NULL where the step is an index */
	uint32_t index;
};

struct jsonpath {
	struct str text; /* as written */
	struct jsonpath_step *steps;
	size_t n; /* 0: "$", the whole record */
};

struct jsonpaths {
	struct jsonpath *paths;
	size_t n;
	bool fallback; /* the file has no "jsonpaths" member: COPY does as with 'auto' */
};

/* The deepest path. */
enum { JSONPATH_STEPS = 64 };

/*
 * file: the bytes of the file. All lives in a. Mistakes are ERR_SETUP/AT_CONFIG and name the path
 * and what is wrong in it; the caller prefixes the file's address.
 */
bool jsonpaths_parse(struct str file, struct arena *a, struct jsonpaths *out, struct err *e);

#endif
