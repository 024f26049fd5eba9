/* markup.h - text inside HTML and SVG. */
#ifndef SUPERVISOR_MARKUP_H
#define SUPERVISOR_MARKUP_H

#include "shared/buf.h"

/* As the text of an element or the value of an attribute in double quotes: what would be markup is
 * escaped; what is no character of XML 1.0 (2.2), or no UTF-8, becomes U+FFFD. */
void markup_text(struct buf *b, struct str s);

#endif
