/* table.c - see table.h. */
#include "supervisor/table.h"

#include <stdarg.h>

#include "supervisor/width.h"

enum { CELL_MAX = 64 << 20 };

struct column {
	const char *head;
	bool right;
	size_t width;
};

struct table {
	struct arena *arena;
	struct column *columns;
	size_t n_columns, cap_columns;
	const char **cells;
	size_t n, cap;
};

void table_column(struct table *t, struct str head, bool right)
{
	t->columns = arena_grow(
	    t->arena, t->columns, t->n_columns, &t->cap_columns, sizeof *t->columns);
	t->columns[t->n_columns++] = (struct column){
	    .head = table_clean(t->arena, head), .right = right};
}

struct table *table_new(struct arena *a, const char *heads)
{
	struct table *t = arena_alloc(a, sizeof *t);
	struct str left = str_z(heads);

	t->arena = a;
	while (left.n) {
		size_t n = str_find(left, ' ');
		bool right = left.p[0] == '>';
		char *head = arena_strz(a, arena_cstr(a, (struct str){left.p + right, n - right}));

		for (char *p = head; *p; p++)
			if (*p == '_')
				*p = ' ';
		table_column(t, str_z(head), right);
		left = str_from(left, n < left.n ? n + 1 : n);
	}
	return t;
}

const char *table_clean(struct arena *a, struct str s)
{
	struct buf b;
	const char *text;

	buf_init(&b, CELL_MAX);
	width_clean(&b, s);
	text = arena_cstr(a, buf_view(&b));
	buf_free(&b);
	return text;
}

static void add(struct table *t, const char *text)
{
	t->cells = arena_grow(t->arena, t->cells, t->n, &t->cap, sizeof *t->cells);
	t->cells[t->n++] = text;
}

void table_text(struct table *t, struct str text)
{
	add(t, table_clean(t->arena, text));
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	table_text(t, str_z(text));
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

static void print_cell(FILE *out, const char *text, const struct column *c, bool last)
{
	int pad = (int)(c->width - width_of(str_z(text)));

	if (c->right)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", out);
}

static void widen(struct column *c, const char *text)
{
	size_t n = width_of(str_z(text));

	if (n > c->width)
		c->width = n;
}

void table_print(const struct table *t, FILE *out)
{
	size_t n = t->n_columns;

	if (n == 0)
		return;
	for (size_t c = 0; c < n; c++)
		widen(&t->columns[c], t->columns[c].head);
	for (size_t i = 0; i < t->n; i++)
		widen(&t->columns[i % n], t->cells[i]);
	fputs("  ", out);
	for (size_t c = 0; c < n; c++)
		print_cell(out, t->columns[c].head, &t->columns[c], c + 1 == n);
	for (size_t i = 0; i < t->n; i++) {
		if (i % n == 0)
			fputs("  ", out);
		print_cell(out, t->cells[i], &t->columns[i % n], (i + 1) % n == 0);
	}
}
