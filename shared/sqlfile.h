/*
 * sqlfile.h - a model: the folder of SQL files that says what is loaded and what is made of it.
 *
 *	sql/<model>/create/<stem>.sql   makes the relation <stem>
 *	sql/<model>/copy/<stem>.sql     the COPY into the staging relation <stem>
 *	sql/<model>/insert/<stem>.sql   fills the table <stem>
 *	sql/<model>/check/<stem>.sql    a promise about the result
 *	sql/<model>/query/<stem>.sql    a question to ask it
 *
 * The comments before the first statement may hold the file's contract, one "-- key: value" a line
 * (any case; other comments are prose, as long as no single word and a colon begin them):
 *
 *	depends: NAMES     insert, check: staging relations and tables that must be filled before
 *	source: KEY        copy, required: the key of [S3] with the address to load from
 *	shape: NAME        copy: create/NAME.sql makes its staging relation, too (by :"relation");
 *	                   unset: create/<stem>.sql
 *	severity: error    check: error (the default) or warn
 *	engine: NAMES      any: only for these engines; postgres includes local
 *	title: TEXT        any: for people
 *	description: TEXT  any: for people
 *
 * A text is Redshift SQL with psql's variables: :'name' a literal, :"name" an identifier, :name a
 * number. Every error is ERR_SETUP/AT_CONFIG and begins with "FILE:LINE: " or the file's name.
 */
#ifndef SHARED_SQLFILE_H
#define SHARED_SQLFILE_H

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/str.h"

enum sql_phase { SQL_CREATE, SQL_COPY, SQL_INSERT, SQL_CHECK, SQL_QUERY, SQL_PHASES };

struct sqlfile {
	enum sql_phase phase;
	struct str
	    stem; /* "users": lower case letters, digits, _; no digit first in copy and insert */
	struct str text;     /* the whole file */
	const char *origin;  /* "sql/sparkify/insert/users.sql", or its path on disk */
	char digest[65];     /* SHA-256 of text, hex */
	struct str *depends; /* n_depends of them, each a stem */
	size_t n_depends;
	struct str source, shape; /* empty but in copy files */
	bool warn;                /* severity: warn */
	unsigned engines;         /* bit 1 << ENGINE_* each */
	struct str title, description;
};

/* Only what is for the configured engine, sorted by phase, then stem, bytewise. */
struct model {
	const char *names; /* as configured */
	struct sqlfile *files;
	size_t n;
};

const char *sql_phase_name(enum sql_phase phase); /* "create" */

/*
 * names: one or more, separated by blanks; each an embedded model ("sparkify") or, with a "/" in it
 * or where no embedded model has the name, a folder (config_path). A file replaces that of the same
 * phase and stem from an earlier name. Checked: every copy and insert has its create, every copy a
 * source that is set in [S3], every name in depends exists. All in a.
 */
bool model_load(
    const char *names, const struct config *c, struct arena *a, struct model **out, struct err *e);

/* sql/dwh, the program's own tables (ledger, targets): embedded, for this engine, in order. */
bool model_own(const struct config *c, struct arena *a, struct model **out, struct err *e);

/* NULL where there is none. */
const struct sqlfile *model_find(const struct model *m, enum sql_phase phase, struct str stem);

/* The files of a phase: the first, and how many follow one another in m->files. */
const struct sqlfile *model_phase(const struct model *m, enum sql_phase phase, size_t *n);

/*
 * The insert files so that every file stands behind those it depends on, else by stem. A cycle is
 * an error that names it: "songplays -> users -> songplays" (each depends on the next).
 */
bool model_order(
    const struct model *m, struct arena *a, const struct sqlfile ***out, size_t *n, struct err *e);

/* Any embedded file by its path, "sql/dwh/ledger.sql"; false where there is none. */
bool sqlfile_embedded(struct str path, struct str *text);

struct sql_statement {
	struct str text; /* view, from its first to its last token, without the ";" */
	int line;        /* where it begins */
};

/* At the ";" outside of parentheses, strings and comments. origin is for messages. */
bool sqlfile_split(const char *origin, struct str text, struct arena *a, struct sql_statement **out,
    size_t *n, struct err *e);

struct sql_var {
	const char *name;
	struct str value;
};

/* How the live connection quotes; pg_ident() and pg_literal() behind it, or a stand-in in tests. */
struct sql_quote {
	struct str (*ident)(void *ctx, struct arena *a, struct str name);
	struct str (*literal)(void *ctx, struct arena *a, struct str value);
	void *ctx;
};

/*
 * Puts the variables in. A bare :name takes only a number (digits, a sign, a point), since nothing
 * quotes it; an unknown name is an error that lists the known ones. The rest stays byte for byte.
 * Lines keep their numbers, so do it before splitting.
 */
bool sqlfile_expand(const char *origin, struct str text, const struct sql_var *vars, size_t n_vars,
    const struct sql_quote *quote, struct arena *a, struct str *out, struct err *e);

#endif
