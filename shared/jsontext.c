/* jsontext.c - see jsontext.h. */
#include "shared/jsontext.h"

struct str jsontext_view(const json_t *o, const char *member)
{
	const json_t *v = json_object_get(o, member);

	return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
	                         : (struct str){0};
}

const char *jsontext(struct arena *a, const json_t *o, const char *member)
{
	const char *text = jsontext_view(o, member).p;

	return text ? arena_strz(a, text) : NULL;
}
