/*
 * convert.h - one JSON value -> one typed field in the binary form of PostgreSQL's COPY.
 *
 * The rules are those of Redshift's COPY from JSON, its error codes those of the "load error
 * reference":
 *   JSON null is NULL. An empty or blank string is NULL for every type but CHAR and VARCHAR, where
 *   only EMPTYASNULL and BLANKSASNULL make it so.
 *   CHAR and VARCHAR take strings, numbers and booleans as their text, objects and arrays as the
 *   JSON they are. Their width counts bytes. TRIMBLANKS cuts the white space at a VARCHAR's end
 *   first.
 *   Every other type reads the value's text, whether it stood in quotes or not; blanks around it
 *   do not count.
 *   NUMERIC cuts what is behind its scale, with ROUNDEC it rounds.
 *   Dates and times are read by DATEFORMAT and TIMEFORMAT; a time behind a date is ignored, and so
 *   is a zone in a TIMESTAMP. With ACCEPTANYDATE what can not be read is NULL.
 * PostgreSQL can not store NUL, so \u0000 is an error where Redshift would take it.
 *
 * Out is big endian; timestamps are microseconds and dates days since 2000-01-01.
 */
#ifndef WORKERS_CONVERT_H
#define WORKERS_CONVERT_H

#include <endian.h>

#include "shared/copystmt.h"
#include "shared/err.h"
#include "shared/jsonscan.h"
#include "shared/timeformat.h"

/* PostgreSQL's type oids. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_DATE = 1082,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_NUMERIC = 1700,
};

enum convert_date { CONVERT_DATE_DEFAULT, CONVERT_DATE_AUTO, CONVERT_DATE_PATTERN };

struct convert {
	uint32_t oid;
	uint32_t width;           /* CHAR, VARCHAR: bytes; 0: no limit */
	int32_t precision, scale; /* NUMERIC; precision 0: no limit */
	enum copystmt_time time;  /* TIMESTAMP, TIMESTAMPTZ */
	bool plain;               /* text without any of the options below */
	size_t as_is;             /* ASCII strings of fewer bytes are the field */
	bool truncate, blanks_null, empty_null, trim, accept_invalid, round, any_date;
	char replacement;
	bool *replaced;           /* where not NULL: set as soon as a character is replaced */
	char type[32];            /* "varchar(256)", for reports */
	enum convert_date date;   /* DATE */
	struct timeformat format; /* of dates or times, with a pattern; .n is 0 with 'auto' */
	char time_name[48];       /* the format, for reports */
};

/* What is wrong with a value. */
struct convert_error {
	int code; /* 1207 ... */
	char reason[200];
};

enum { CONVERT_NULL = -1, CONVERT_BAD = -2 };

/* typmod is pg_attribute.atttypmod. A type that can not be loaded is ERR_SETUP/AT_CONFIG. */
bool convert_init(
    struct convert *c, uint32_t oid, int32_t typmod, const struct copystmt *stmt, struct err *e);

/* Room that convert_value wants in out for a value whose text has n bytes. */
size_t convert_room(const struct convert *c, size_t n);

/*
 * Writes the field to out and returns its bytes (0 is an empty text); or CONVERT_NULL; or
 * CONVERT_BAD with *bad set.
 */
int32_t convert_value(
    const struct convert *c, const struct jsonscan_value *v, char *out, struct convert_error *bad);

/* ---- between the parts of convert ---- */

/* A value's text, unescaped, without blanks around it. The longest that is not text by itself. */
enum { CONVERT_TEXT_MAX = 1023 };

int32_t convert_bad(struct convert_error *bad, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int32_t convert_bad_digit(
    struct convert_error *bad, int code, struct str s, size_t at, const char *type);

int32_t convert_int(struct str s, int bytes, char *out, struct convert_error *bad);
int32_t convert_float(struct str s, int bytes, char *out, struct convert_error *bad);
int32_t convert_numeric(
    const struct convert *c, struct str s, char *out, struct convert_error *bad);
int32_t convert_date(const struct convert *c, struct str s, char *out, struct convert_error *bad);
int32_t convert_timestamp(
    const struct convert *c, struct str s, char *out, struct convert_error *bad);
int32_t convert_text(
    const struct convert *c, const struct jsonscan_value *v, char *out, struct convert_error *bad);

/* Big endian. */
static inline void convert_put16(char *out, uint16_t v)
{
	v = htobe16(v);
	memcpy(out, &v, sizeof v);
}

static inline void convert_put32(char *out, uint32_t v)
{
	v = htobe32(v);
	memcpy(out, &v, sizeof v);
}

static inline void convert_put64(char *out, uint64_t v)
{
	v = htobe64(v);
	memcpy(out, &v, sizeof v);
}

#endif
