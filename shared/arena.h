/*
 * arena.h - memory by lifespan: one for the run, one for the task, freed or reset in one stroke.
 *
 * Nothing here returns NULL: out of memory ends the process with ARENA_NO_MEMORY, and a worker's
 * death is an ordinary event for its supervisor.
 */
#ifndef SHARED_ARENA_H
#define SHARED_ARENA_H

#include <stddef.h>

#include "shared/str.h"

enum { ARENA_NO_MEMORY = 12 };

struct arena;

struct arena *arena_new(void);
void arena_reset(struct arena *a); /* everything in it is gone; keeps one block for reuse */
void arena_free(struct arena *a);  /* NULL is fine */

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);

/* Copies, NUL-terminated behind their last byte. */
struct str arena_str(struct arena *a, struct str s);
char *arena_strz(struct arena *a, const char *z);
char *arena_cstr(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_i64(struct arena *a, int64_t n); /* in decimal */

/*
 * A growing array in an arena: returns `items`, or a copy of it with room for at least one more
 * than `n`. cap is updated. Old copies stay in the arena until it is reset (at most as much again).
 */
void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t item_size);

/* malloc, realloc, strdup for the few things with a life of their own; they end the process on
 * failure. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *z);

#endif
