/* table.c - see table.h. */
#include "supervisor/table.h"

#include <stdarg.h>
#include <wchar.h>

enum { MAX_COLUMNS = 64 };

struct table {
	struct arena *arena;
	const char *heads[MAX_COLUMNS];
	bool right[MAX_COLUMNS];
	size_t columns;
	const char **cells;
	size_t n, cap;
};

/* Characters, not bytes; good enough for what is printed here. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

struct table *table_new(struct arena *a, const char *heads)
{
	struct table *t = arena_alloc(a, sizeof *t);
	char *p = arena_strz(a, heads);

	t->arena = a;
	while (*p && t->columns < MAX_COLUMNS) {
		char *end = p;

		while (*end && *end != ' ')
			end++;
		bool more = *end != '\0';

		*end = '\0';
		t->right[t->columns] = *p == '>';
		t->heads[t->columns++] = *p == '>' ? p + 1 : p;
		for (; *p; p++)
			if (*p == '_')
				*p = ' ';
		p = more ? end + 1 : end;
	}
	return t;
}

static void add(struct table *t, const char *text)
{
	t->cells = arena_grow(t->arena, t->cells, t->n, &t->cap, sizeof *t->cells);
	t->cells[t->n++] = text;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add(t, arena_strz(t->arena, text));
}

void table_number(struct table *t, long long n)
{
	add(t, table_thousands(t->arena, n));
}

const char *table_thousands(struct arena *a, long long n)
{
	char digits[24], out[32];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%lld", n < 0 ? -n : n), k = 0;

	if (n < 0)
		out[k++] = '-';
	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = digits[i];
	}
	out[k] = '\0';
	return arena_strz(a, out);
}

const char *table_bytes(struct arena *a, long long n)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double v = (double)n;
	size_t u = 0;

	while (v >= 1000 && u + 1 < sizeof units / sizeof units[0]) {
		v /= 1000;
		u++;
	}
	return arena_printf(a, u ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static void print_cell(FILE *out, const char *text, int w, bool right, bool last)
{
	int pad = w - width(text);

	if (right)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *t, FILE *out)
{
	int w[MAX_COLUMNS] = {0};

	for (size_t c = 0; c < t->columns; c++) {
		w[c] = width(t->heads[c]);
		for (size_t i = c; i < t->n; i += t->columns)
			if (width(t->cells[i]) > w[c])
				w[c] = width(t->cells[i]);
	}
	fputs("  ", out);
	for (size_t c = 0; c < t->columns; c++)
		print_cell(out, t->heads[c], w[c], t->right[c], c + 1 == t->columns);
	for (size_t i = 0, c = 0; i < t->n; i++, c = c + 1 < t->columns ? c + 1 : 0) {
		if (c == 0)
			fputs("  ", out);
		print_cell(out, t->cells[i], w[c], t->right[c], c + 1 == t->columns);
	}
}
