/*
 * rowmap.h - what the two halves of the row path share: rowmap.c makes the map, row.c walks it.
 *
 * The paths are one tree of nodes: the root is the record, a node's children are the members and
 * elements that some path goes through. Each column is a field, and has a slot for its value.
 *
 * Keys are the hot part. Every spelling of a key that was seen becomes a struct rowkey, and
 * remembers which key came behind it the last time. Records of one source are alike, so the guess
 * holds nearly always, and costs a compare of 16 bytes; else the spelling is looked up by hash.
 */
#ifndef WORKERS_ROWMAP_H
#define WORKERS_ROWMAP_H

#include "shared/jsonscan.h"
#include "workers/convert.h"
#include "workers/row.h"

/* Types of a slot besides enum jsonscan_type. */
enum { SLOT_ABSENT = 0, SLOT_NO_ELEMENT = 100, SLOT_NO_OBJECT };

/* A shorter text is copied as this many bytes where so many may be read: that is one store. */
enum { ROW_COPY = 32 };

struct rownode;

struct rowkey {
	struct str name;           /* raw: as between the quotes */
	struct str written;        /* "name": as in an object without blanks; nothing where the raw
	                            * text tells not enough */
	uint64_t head[2], mask[2]; /* its first 16 bytes, and which of them count */
	struct rownode *node;      /* NULL: nobody wants it */
	struct rowkey *next;       /* what came behind it last */
};

/* Open addressing, at most half full. */
struct rowkeys {
	struct rowkey **slots;
	size_t cap, n, most;
	struct rowkey first; /* .next: the first key of the last object */
};

struct rownode {
	struct rownode *children; /* of a member node: by name; of an element: by index */
	struct rownode *sibling;
	struct str name; /* .p is NULL for an element */
	uint32_t index;
	int32_t slot;           /* the first column that wants this value, or -1 */
	bool members, elements; /* what kinds of children there are */
	bool leaf;              /* no children, and one column wants it */
	struct rowkeys keys;    /* where there are members */
};

struct rowfield {
	const struct column *column;
	struct convert convert;
	int32_t same; /* the next column that wants the same value, or -1 */
};

struct rowmap {
	struct arena *arena;
	struct rownode root;
	struct rowfield *fields;
	struct jsonscan_value *slots;
	size_t n;
	size_t room;     /* what a row takes at most besides the bytes of its values */
	bool disjoint;   /* no two columns want the same bytes of a record */
	const char *end; /* of the text that the slots point into */
	bool ignore_case;
	bool replaced;            /* in the row that is being written: ACCEPTINVCHARS */
	int64_t n_replaced;       /* such rows */
	struct convert_error why; /* here, as clearing it on the stack would cost each field */
	struct row_error unsaid;  /* likewise, each record */
	char *scratch;            /* KEY_MAX bytes: a key unescaped, in lower case */
};

/*
 * The key behind `last`, and from now on the guess there; NULL where it is nobody's and too much
 * to remember.
 */
struct rowkey *rowkey_find(
    struct rowmap *m, struct rowkeys *k, const struct jsonscan_value *raw, struct rowkey *last);

/* Writes the row whose values stand in m->slots; bad as in row_encode. */
bool row_put(struct rowmap *m, struct str record, struct buf *out, struct row_error *bad);

/* Sets *bad and returns false. f: the column to blame, or NULL. at: byte of the record. */
bool row_fail(struct row_error *bad, const struct rowfield *f, struct str value, size_t at,
    int code, const char *reason);

/* The text from p on begins with the key, its quotes and a colon. */
static inline bool rowkey_is(const struct rowkey *key, const char *p, const char *end)
{
	const size_t left = (size_t)(end - p);
	uint64_t text[2];

	if (key->written.n - 1 < 16 && left >= 16) {
		memcpy(text, p, sizeof text);
		return (((text[0] ^ key->head[0]) & key->mask[0]) |
		           ((text[1] ^ key->head[1]) & key->mask[1])) == 0;
	}
	return key->written.n && left >= key->written.n &&
	       memcmp(p, key->written.p, key->written.n) == 0;
}

#endif
