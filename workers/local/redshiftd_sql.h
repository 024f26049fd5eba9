/*
 * redshiftd_sql.h - a client's string of SQL as statements, each for whom it is: for PostgreSQL in
 * its words (dialect.h), or for ourselves.
 *
 *	COPY t FROM 's3://...'           ours
 *	BEGIN, COMMIT, ROLLBACK ...      passed on; a COPY's transaction must know of them
 *	TRUNCATE                         passed on, and commits
 *	CANCEL pid                       ours
 *	VACUUM, ANALYZE                  without the options that Redshift has
 *	SET query_group ...              a variable redshiftd.query_group
 *	version(), pg_last_copy_count()  answered with what we know, by functions of sql/redshiftd
 *	pg_stat_activity                 with the columns that it has there
 *
 * What Redshift does not have, though PostgreSQL does, is refused (0A000).
 */
#ifndef WORKERS_LOCAL_REDSHIFTD_SQL_H
#define WORKERS_LOCAL_REDSHIFTD_SQL_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum statement_kind {
	STATEMENT_PLAIN,
	STATEMENT_COPY,     /* text is as the client wrote it */
	STATEMENT_BEGIN,    /* BEGIN, START TRANSACTION */
	STATEMENT_END,      /* COMMIT, END, ROLLBACK, ABORT */
	STATEMENT_TRUNCATE, /* a COMMIT follows */
	STATEMENT_CANCEL,   /* pid */
};

struct statement {
	enum statement_kind kind;
	struct str text;   /* for PostgreSQL, without its semicolon */
	struct str source; /* as the client wrote it, with the comment before it */
	int64_t pid;
};

/* What a session knows of itself. */
struct session_facts {
	int64_t last_copy_count, last_copy_id, last_query_id;
};

/*
 * Everything lives in a, or in sql. An empty string has no statement. Errors have the SQLSTATE as
 * their code, and begin with "LINE:COL: ".
 */
bool redshiftd_sql(struct str sql, const struct session_facts *facts, struct arena *a,
    struct statement **out, size_t *n, struct err *e);

#endif
