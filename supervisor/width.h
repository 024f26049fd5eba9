/*
 * width.h - columns of a terminal: a wide character takes two, a combining one none.
 *
 * What is shown may come from objects and warehouses: a control character would move the cursor, so
 * it is never printed as it is.
 */
#ifndef SUPERVISOR_WIDTH_H
#define SUPERVISOR_WIDTH_H

#include "shared/buf.h"

/* Columns that s takes; bytes that are no UTF-8 count as one each. */
size_t width_of(struct str s);

/* The longest beginning of s that takes at most `columns`, in whole characters. */
struct str width_cut(struct str s, size_t columns);

/* s with its control characters spelt out (\t, \n, \u001b), and U+FFFD for what is no UTF-8. */
void width_clean(struct buf *out, struct str s);

#endif
