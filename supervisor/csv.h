/* csv.h - one field of RFC 4180. Lines end in CR LF; an empty field without quotes is no value. */
#ifndef SUPERVISOR_CSV_H
#define SUPERVISOR_CSV_H

#include <stdio.h>

#include "shared/str.h"

/* In quotes where it needs them, or is empty. */
void csv_field(struct str s, FILE *out);

#endif
