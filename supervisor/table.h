/* table.h - rows and columns for people, aligned when all of them are known. */
#ifndef SUPERVISOR_TABLE_H
#define SUPERVISOR_TABLE_H

#include <stdio.h>

#include "shared/arena.h"
#include "shared/str.h"

struct table;

/* heads: the titles, separated by blanks; one that begins with ">" is a column of numbers, aligned
 * right. "_" stands for a blank within a title. "": columns are added one by one. */
struct table *table_new(struct arena *a, const char *heads);

/* One more column, before the first cell. */
void table_column(struct table *t, struct str head, bool right);

/* The next cell, row by row: any text, of any length. */
void table_text(struct table *t, struct str text);

/* The same, of up to 2 KiB. */
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A number with its thousands apart: 14,896. */
void table_number(struct table *t, long long n);

void table_print(const struct table *t, FILE *out);

/* Text without control characters, as table cells have it: see width.h. In a. */
const char *table_clean(struct arena *a, struct str s);

/* "14,896", in a. */
const char *table_thousands(struct arena *a, long long n);

/* "4.6 MB", in a. */
const char *table_bytes(struct arena *a, long long n);

#endif
