/* arena.c - see arena.h. Blocks double up to 1 MiB; a larger request gets a block of its own. */
#include "shared/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 4096, LARGEST = 1 << 20 };

struct block {
	struct block *next;
	size_t cap, used;
	_Alignas(max_align_t) char mem[];
};

struct arena {
	struct block *top; /* the block that is being filled; older ones behind it */
};

static _Noreturn void no_memory(void)
{
	static const char text[] = "dwh: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(ARENA_NO_MEMORY);
	_exit(ARENA_NO_MEMORY);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		no_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		no_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (!q)
		no_memory();
	return q;
}

char *xstrdup(const char *z)
{
	size_t n = strlen(z) + 1;

	return memcpy(xmalloc(n), z, n);
}

static struct block *add_block(struct arena *a, size_t need)
{
	size_t cap = a->top ? a->top->cap * 2 : FIRST;
	struct block *b;

	if (cap > LARGEST)
		cap = LARGEST;
	if (cap < need)
		cap = need;
	b = xmalloc(sizeof *b + cap);
	b->cap = cap;
	b->used = 0;
	b->next = a->top;
	a->top = b;
	return b;
}

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void arena_reset(struct arena *a)
{
	struct block *b = a->top;

	if (!b)
		return;
	while (b->next) {
		struct block *next = b->next;

		b->next = next->next;
		free(next);
	}
	b->used = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	free(a->top);
	free(a);
}

static void *take(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct block *b = a->top;
	void *p;

	if (size > SIZE_MAX - align)
		no_memory();
	size = (size + align - 1) / align * align;
	if (!b || b->cap - b->used < size)
		b = add_block(a, size);
	p = b->mem + b->used;
	b->used += size;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = take(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){arena_cstr(a, s), s.n};
}

char *arena_strz(struct arena *a, const char *z)
{
	return arena_cstr(a, str_z(z));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = take(a, (size_t)(n < 0 ? 0 : n) + 1);
	p[0] = '\0';
	if (n > 0)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

char *arena_i64(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t item_size)
{
	void *p;

	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	p = take(a, *cap * item_size);
	if (n)
		memcpy(p, items, n * item_size);
	return p;
}
