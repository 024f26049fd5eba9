/* sqlembed.h - the files of sql/ as they were at build time, made by sql/embed.awk. */
#ifndef SHARED_SQLEMBED_H
#define SHARED_SQLEMBED_H

struct sql_embedded {
	const char *path; /* "sql/sparkify/insert/users.sql" */
	const char *text;
};

extern const struct sql_embedded sql_embedded[]; /* sorted by path; a NULL entry ends it */
extern const unsigned long sql_embedded_n;

#endif
