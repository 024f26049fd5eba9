/* markup.c - see markup.h. */
#include "supervisor/markup.h"

#include "shared/utf8.h"

static const char *escaped(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	default: return NULL;
	}
}

static bool is_character(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];

	if (c < ' ')
		return c == '\t' || c == '\n' || c == '\r';
	/* U+FFFE and U+FFFF, the only others that are well formed and yet none. */
	return !str_eq(s, STR("\xEF\xBF\xBE")) && !str_eq(s, STR("\xEF\xBF\xBF"));
}

void markup_text(struct buf *b, struct str s)
{
	size_t len;

	for (size_t i = 0; i < s.n; i += len ? len : 1) {
		const char *entity = escaped(s.p[i]);

		len = utf8_len(str_from(s, i));
		if (entity)
			buf_z(b, entity);
		else if (len && is_character((struct str){s.p + i, len}))
			buf_add(b, s.p + i, len);
		else
			buf_z(b, "\xEF\xBF\xBD");
	}
}
