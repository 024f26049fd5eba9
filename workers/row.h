/*
 * row.h - a JSON record as a row of PostgreSQL's binary COPY.
 *
 * rowmap_new() turns the COPY statement, its jsonpaths and the table's columns into a map;
 * row_encode() walks a record once, byte by byte, with the map beside it, remembers where the
 * wanted values lie, and then writes the row. It allocates nothing per record (the map itself grows
 * in its arena by the first few dozen unknown keys that it meets).
 *
 * Which value goes where (Redshift, "COPY from JSON format"):
 *   'auto': a key of the record's first level that equals the column's name, case counting; with
 *   'auto ignorecase' it does not. Unknown keys are passed over. A record that is an array fails.
 *   jsonpaths: the i-th path fills the i-th column of the column list, or of the table without its
 *   identity columns. A member that is not there is NULL; an array element that is not there is an
 *   error.
 *   A key that comes twice: the last one counts. A column that no value came for is NULL; that is
 *   an error where it is NOT NULL. Columns outside the list are left to the table's DEFAULT.
 */
#ifndef WORKERS_ROW_H
#define WORKERS_ROW_H

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/copystmt.h"
#include "shared/err.h"
#include "shared/jsonpaths.h"

/* A column of the table, as pg_attribute has it. */
struct column {
	struct str name;
	uint32_t oid;   /* of its type */
	int32_t typmod; /* atttypmod */
	bool not_null;
	bool identity;
};

/* What is wrong with a record. Texts are printable; where no column is to blame they are empty. */
struct row_error {
	int code; /* Redshift's: 1207 ... */
	char column[128];
	char type[32];
	char value[1025]; /* the value as written, or the record's first bytes; cut */
	size_t position;  /* byte of the record, from 0, where the value (or the fault) is */
	char reason[200];
};

struct rowmap;

/*
 * columns: all of the table, in its order; they and the names in them must live as long as the
 * map. paths: with JSON 's3://...', else NULL. A map that can not be made is ERR_SETUP/AT_CONFIG:
 * an unknown column, as many paths as columns not there, a type that can not be loaded.
 */
bool rowmap_new(const struct copystmt *stmt, const struct jsonpaths *paths,
    const struct column *columns, size_t n, struct arena *a, struct rowmap **out, struct err *e);

/* The columns that a row has, in their order: for COPY table (...) FROM STDIN (FORMAT binary). */
size_t rowmap_count(const struct rowmap *m);
struct str rowmap_column(const struct rowmap *m, size_t i);

/*
 * Adds one row to out. A bad record is false with *bad set and out as it was; so is a row that
 * does not fit out's maximum. bad is not touched otherwise.
 */
bool row_encode(struct rowmap *m, struct str record, struct buf *out, struct row_error *bad);

/* What stands before the first and behind the last row of a COPY. */
void row_header(struct buf *out);
void row_trailer(struct buf *out);

#endif
