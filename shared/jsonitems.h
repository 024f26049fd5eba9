/*
 * jsonitems.h - the objects of one top-level array of a JSON document, one by one, from pieces.
 *
 * For documents that are one object around a long list: {"entries": [{...}, {...}]}, a manifest of
 * a million entries. No tree is made and nothing but an entry that a piece boundary cuts is kept.
 * The frame around the items is checked; the values of other members are passed over unread, and an
 * item is checked by who reads it (jsonscan.h).
 *
 *     jsonitems_init(&it, STR("entries"), 64 << 10);
 *     for each piece:    jsonitems_feed(&it, p, n);  while (jsonitems_next(&it, &item) ==
 * ITEMS_ITEM) ... jsonitems_end(&it);  jsonitems_next(&it, &item) is ITEMS_END, or ITEMS_BAD
 */
#ifndef SHARED_JSONITEMS_H
#define SHARED_JSONITEMS_H

#include "shared/jsoncut.h"

enum jsonitems_what {
	ITEMS_ITEM = 1,
	ITEMS_MORE, /* feed the next piece */
	ITEMS_BAD,  /* it->why says what is wrong in it->line; nothing more will come */
	ITEMS_END,  /* after jsonitems_end: the document was whole */
};

struct jsonitems {
	struct jsoncut cut;
	struct jsonscan_depth skip;
	struct str name;
	const char *p;
	size_t n;
	uint64_t line;  /* from 1 */
	uint64_t count; /* items so far */
	const char *why;
	int state;
	bool ended, escaped, found; /* found: the array was there */
	size_t key_n;
	char key[64]; /* raw; a longer one is not the one looked for */
};

/* max: bytes of one item. name (at most 64 bytes, plain) must live as long as *it. */
void jsonitems_init(struct jsonitems *it, struct str name, size_t max);
void jsonitems_free(struct jsonitems *it);
void jsonitems_feed(struct jsonitems *it, const char *p, size_t n);
void jsonitems_end(struct jsonitems *it);

/* *item is good until the next call. A document without the array ends with ITEMS_BAD. */
enum jsonitems_what jsonitems_next(struct jsonitems *it, struct str *item);

#endif
