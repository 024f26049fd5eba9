/* csv.c - see csv.h. */
#include "supervisor/csv.h"

static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(",\"\r\n", s.p[i]))
			return true;
	return s.n == 0;
}

void csv_field(struct str s, FILE *out)
{
	bool quotes = needs_quotes(s);

	if (quotes)
		fputc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			fputc('"', out);
		fputc(s.p[i], out);
	}
	if (quotes)
		fputc('"', out);
}
