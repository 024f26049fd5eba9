/*
 * copystmt.h - one Redshift COPY statement, read.
 *
 * The COPY statement is the only description of a load: engine 1 sends it, engine 2 does what it
 * says. copystmt_parse() knows every option of Redshift's COPY from S3 (reference: Amazon Redshift,
 * COPY; "copy-parameters-*"); copystmt_check_engine2() says what of it we do not execute yet.
 *
 * Words are case-insensitive, options come in any order, text stands in '' quotes (E'' where the
 * server's quoting made it so), comments are -- and nested / * * /, one final ';' may follow.
 * Variables are already replaced. Nothing of what stands in the authorization clause is ever put
 * into a message.
 */
#ifndef SHARED_COPYSTMT_H
#define SHARED_COPYSTMT_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum copystmt_option {
	COPY_IAM_ROLE,
	COPY_CREDENTIALS,
	COPY_ACCESS_KEY_ID,
	COPY_SECRET_ACCESS_KEY,
	COPY_SESSION_TOKEN,
	COPY_MANIFEST,
	COPY_REGION,
	COPY_ENCRYPTED,
	COPY_MASTER_SYMMETRIC_KEY,
	COPY_SSH,
	COPY_READRATIO,
	COPY_JSON,
	COPY_CSV,
	COPY_QUOTE,
	COPY_DELIMITER,
	COPY_FIXEDWIDTH,
	COPY_SHAPEFILE,
	COPY_SIMPLIFY,
	COPY_AVRO,
	COPY_PARQUET,
	COPY_ORC,
	COPY_SERIALIZETOJSON,
	COPY_GZIP,
	COPY_BZIP2,
	COPY_LZOP,
	COPY_ZSTD,
	COPY_ACCEPTANYDATE,
	COPY_ACCEPTINVCHARS,
	COPY_BLANKSASNULL,
	COPY_DATEFORMAT,
	COPY_EMPTYASNULL,
	COPY_ENCODING,
	COPY_ESCAPE,
	COPY_EXPLICIT_IDS,
	COPY_FILLRECORD,
	COPY_IGNOREBLANKLINES,
	COPY_IGNOREHEADER,
	COPY_NULL,
	COPY_REMOVEQUOTES,
	COPY_ROUNDEC,
	COPY_TIMEFORMAT,
	COPY_TRIMBLANKS,
	COPY_TRUNCATECOLUMNS,
	COPY_COMPROWS,
	COPY_COMPUPDATE,
	COPY_IGNOREALLERRORS,
	COPY_MAXERROR,
	COPY_NOLOAD,
	COPY_STATUPDATE,
	COPY_OPTIONS, /* how many there are */
};

enum copystmt_auth { COPY_AUTH_NONE, COPY_AUTH_ROLE, COPY_AUTH_CREDENTIALS, COPY_AUTH_KEYS };

enum copystmt_json {
	COPY_JSON_NONE, /* the format is another one */
	COPY_JSON_AUTO,
	COPY_JSON_AUTO_IGNORECASE,
	COPY_JSON_NOSHRED,
	COPY_JSON_PATHS,
};

enum copystmt_time {
	COPY_TIME_DEFAULT, /* YYYY-MM-DD HH:MI:SS, fractions to microseconds */
	COPY_TIME_AUTO,
	COPY_TIME_EPOCHSECS,
	COPY_TIME_EPOCHMILLISECS,
	COPY_TIME_PATTERN,
};

enum copystmt_encoding { COPY_UTF8, COPY_UTF16, COPY_UTF16LE, COPY_UTF16BE };

struct copystmt {
	struct str schema; /* empty where none was given */
	struct str table;
	struct str *columns; /* the list in brackets; bare names in lower case */
	size_t n_columns;    /* 0: no list */
	struct str from;     /* "s3://bucket/key or prefix" */

	enum copystmt_auth auth;
	enum copystmt_json json;
	struct str jsonpaths; /* address of the file with COPY_JSON_PATHS */
	enum copystmt_time timeformat;
	enum copystmt_encoding encoding; /* of the data, nothing else */
	char replacement;                /* of ACCEPTINVCHARS, '?' */

	uint64_t given; /* a bit for each option that was written */
	/* The arguments as written, of options that have one; secret for the authorization. */
	struct str text[COPY_OPTIONS];
	int64_t number[COPY_OPTIONS];
};

static inline bool copystmt_has(const struct copystmt *c, enum copystmt_option o)
{
	return c->given >> o & 1;
}

/*
 * Everything lives in a, or in sql. Mistakes are ERR_SETUP/AT_CONFIG: "line:column: what", with
 * the nearest known option where a word is unknown.
 */
bool copystmt_parse(struct str sql, struct arena *a, struct copystmt *out, struct err *e);

/* ERR_SETUP/AT_CONFIG naming the first thing that engine 2 does not execute. */
bool copystmt_check_engine2(const struct copystmt *c, struct err *e);

/* "TIMEFORMAT" */
const char *copystmt_option_name(enum copystmt_option o);

#endif
