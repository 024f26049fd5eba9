/* jsontext.h - texts that are members of a parsed JSON document. */
#ifndef SHARED_JSONTEXT_H
#define SHARED_JSONTEXT_H

#include <jansson.h>

#include "shared/arena.h"

/* A member that is a string, as a view of it; NULL and 0 bytes where o (which may be NULL) is no
 * object, has no such member, or it is something else. Its bytes may hold a NUL. */
struct str jsontext_view(const json_t *o, const char *member);

/* The same as a copy in a, up to its first NUL; NULL where there is none. */
const char *jsontext(struct arena *a, const json_t *o, const char *member);

#endif
