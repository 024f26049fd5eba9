/*
 * dialect.h - Redshift's SQL for a PostgreSQL: one set of SQL files is what runs everywhere.
 *
 * Only what PostgreSQL does not know, or what Redshift accepts without enforcing it, is rewritten,
 * token by token; everything else stays byte for byte, and lines keep their numbers:
 *
 *	DISTSTYLE, DISTKEY, SORTKEY, ENCODE, BACKUP      dropped, of tables and of columns
 *	PRIMARY KEY, UNIQUE, FOREIGN KEY, REFERENCES     dropped; key columns become NOT NULL, which
 *	                                                 Redshift does enforce
 *	IDENTITY(s, i)                                   GENERATED ALWAYS AS IDENTITY (...)
 *	column types VARCHAR, TEXT, DECIMAL, VARCHAR(MAX)   with the size that Redshift gives them:
 *	                                                 VARCHAR(256), NUMERIC(18,0), 65535
 *	CREATE VIEW ... WITH NO SCHEMA BINDING           dropped
 *	GETDATE(), SYSDATE, NVL, LEN, MINUS              their equals
 *	EXTRACT(weekday ...), DATE_PART(weekday, ...)    dow, 'dow'
 *	'back\\slash'                                    E'back\\slash'
 *
 * What has no exact equal is refused by name (the tables in dialect.c), never guessed. The meaning
 * of what is the same syntax on both (trailing blanks, EXTRACT's type) is not looked at.
 */
#ifndef SHARED_DIALECT_H
#define SHARED_DIALECT_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

/*
 * sql: one statement or several. *out lives in a, or is sql itself. Errors: ERR_SETUP/AT_CONFIG,
 * "LINE:COL: ...", code 0A000 for what is refused and 42601 for what cannot be read.
 */
bool dialect_postgres(struct str sql, struct arena *a, struct str *out, struct err *e);

#endif
