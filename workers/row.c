/*
 * row.c - see row.h.
 *
 * The paths are one tree of nodes: the root is the record, a node's children are the members and
 * elements that some path goes through. The walk goes down the record and the tree together; what
 * the tree does not know is checked and passed over. A walk leaves in slots[] one value for each
 * column; then the columns are written.
 *
 * Keys are the hot part. Every spelling of a key that was seen becomes a struct key, and remembers
 * which key came behind it the last time. Records of one source are alike, so the guess holds
 * nearly always, and costs a compare of 16 bytes; else the spelling is looked up by hash.
 */
#include "workers/row.h"

#include <stdio.h>

#include "shared/jsonscan.h"
#include "shared/utf8.h"
#include "workers/convert.h"

/* Types of a slot besides enum jsonscan_type. */
enum { ABSENT = 0, NO_ELEMENT = 100, NO_OBJECT };

struct node;

struct key {
	uint64_t head[2], mask[2]; /* the first 16 bytes with the closing quote, and which count */
	struct str name;           /* raw: as between the quotes */
	struct node *node;         /* NULL: nobody wants it */
	struct key *next;          /* what came behind it last */
	bool plain;                /* may be compared with the raw text */
};

/* Open addressing, at most half full. */
struct keys {
	struct key **slots;
	size_t cap, n, most;
	struct key first; /* .next: the first key of the last object */
};

struct node {
	struct node *children; /* of a member node: by name; of an element: by index */
	struct node *sibling;
	struct str name; /* .p is NULL for an element */
	uint32_t index;
	int32_t slot;           /* the first column that wants this value, or -1 */
	bool members, elements; /* what kinds of children there are */
	struct keys keys;       /* where there are members */
};

struct field {
	const struct column *column;
	struct convert convert;
	int32_t same; /* the next column that wants the same value, or -1 */
};

struct rowmap {
	struct arena *arena;
	struct node root;
	struct field *fields;
	struct jsonscan_value *slots;
	size_t n;
	bool ignore_case;
	struct convert_error why; /* here, as clearing it on the stack would cost each field */
	char *scratch;            /* KEY_MAX bytes: a key unescaped, in lower case */
};

enum {
	KEY_MAX = 1024,    /* a longer key is nobody's column, and not remembered */
	KEYS_UNKNOWN = 64, /* spellings remembered beyond the wanted ones */
};

/* ---- keys ---- */

static uint64_t hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
	return h ^ h >> 29;
}

static struct key **find_slot(const struct keys *k, struct str name)
{
	size_t i = (size_t)hash(name) & (k->cap - 1);

	while (k->slots[i] && !str_eq(k->slots[i]->name, name))
		i = (i + 1) & (k->cap - 1);
	return &k->slots[i];
}

static struct key *add_key(struct rowmap *m, struct keys *k, struct str name, struct node *node)
{
	struct key *key = arena_alloc(m->arena, sizeof *key);
	char head[16] = {0}, mask[16] = {0};
	size_t n = name.n < 16 ? name.n : 16;

	key->name = arena_str(m->arena, name);
	key->node = node;
	key->plain = true;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '"' || name.p[i] == '\\' || (unsigned char)name.p[i] < 0x20)
			key->plain = false;
	memcpy(head, name.p, n);
	memset(mask, 0xFF, n);
	if (n < 16) {
		head[n] = '"';
		mask[n] = (char)0xFF;
	}
	memcpy(key->head, head, sizeof head);
	memcpy(key->mask, mask, sizeof mask);
	*find_slot(k, key->name) = key;
	k->n++;
	return key;
}

/* The raw text from p on begins with the key and its closing quote. */
static inline bool is_key(const struct key *key, const char *p, const char *end)
{
	uint64_t text[2];

	if (!key || !key->plain || (size_t)(end - p) <= key->name.n)
		return false;
	if (key->name.n < 16 && end - p >= 16) {
		memcpy(text, p, sizeof text);
		return (((text[0] ^ key->head[0]) & key->mask[0]) |
		           ((text[1] ^ key->head[1]) & key->mask[1])) == 0;
	}
	return p[key->name.n] == '"' && memcmp(p, key->name.p, key->name.n) == 0;
}

/* The key behind `last`, raw; NULL where it is too much to remember, and nobody's. */
static struct key *find_key(
    struct rowmap *m, struct keys *k, const struct jsonscan_value *raw, struct key *last)
{
	struct str name = raw->text;
	struct key *key;

	if (!(raw->flags & JS_ESCAPED)) {
		key = *find_slot(k, name);
		if (key)
			return last->next = key;
	}
	if (name.n > KEY_MAX)
		return NULL;
	if (raw->flags & JS_ESCAPED || m->ignore_case) {
		char *to = m->scratch;

		if (raw->flags & JS_ESCAPED) {
			name = (struct str){to, jsonscan_unescape(name, to, NULL)};
		} else {
			memcpy(to, name.p, name.n);
			name.p = to;
		}
		for (size_t i = 0; m->ignore_case && i < name.n; i++)
			if (to[i] >= 'A' && to[i] <= 'Z')
				to[i] = (char)(to[i] | 0x20);
	}
	key = *find_slot(k, name);
	/* An escaped spelling is not remembered: it could not be told from a plain one. */
	if (raw->flags & JS_ESCAPED)
		return key;
	if (k->n < k->most)
		return last->next = add_key(m, k, raw->text, key ? key->node : NULL);
	return key;
}

static void make_keys(struct rowmap *m, struct node *node)
{
	size_t wanted = 0;

	for (struct node *c = node->children; c; c = c->sibling) {
		make_keys(m, c);
		wanted += c->name.p != NULL;
	}
	node->keys.most = wanted + KEYS_UNKNOWN;
	for (node->keys.cap = 16; node->keys.cap < 2 * node->keys.most;)
		node->keys.cap *= 2;
	node->keys.slots = arena_alloc(m->arena, node->keys.cap * sizeof *node->keys.slots);
	for (struct node *c = node->children; c; c = c->sibling)
		if (c->name.p)
			add_key(m, &node->keys, c->name, c);
}

/* ---- the walk ---- */

/* The columns of this node and of all below get no value, for the reason `type`. */
static void miss(struct rowmap *m, const struct node *node, uint8_t type)
{
	for (int32_t i = node->slot; i >= 0; i = m->fields[i].same)
		m->slots[i].type = type;
	for (const struct node *c = node->children; c; c = c->sibling)
		miss(m, c, type);
}

/* What a value that is an object, an array, or neither has no place for. */
static void miss_children(struct rowmap *m, const struct node *node, enum jsonscan_type type)
{
	for (const struct node *c = node->children; c; c = c->sibling) {
		if (!c->name.p)
			miss(m, c, NO_ELEMENT);
		else
			miss(m, c, type == JS_OBJECT || type == JS_NULL ? ABSENT : NO_OBJECT);
	}
}

static bool walk(struct rowmap *m, struct node *node, struct jsonscan *s);

static inline bool store(struct rowmap *m, const struct node *node, const struct jsonscan_value *v)
{
	for (int32_t i = node->slot; i >= 0; i = m->fields[i].same)
		m->slots[i] = *v;
	return true;
}

/* The value of a member or element, wanted by node or (NULL) by nobody. */
static inline bool value(struct rowmap *m, struct node *node, struct jsonscan *s)
{
	struct jsonscan_value v;

	if (node && node->children)
		return walk(m, node, s);
	return jsonscan_value(s, &v) && (!node || store(m, node, &v));
}

static bool members(struct rowmap *m, struct node *node, struct jsonscan *s)
{
	struct jsonscan_value raw;
	struct key *last = &node->keys.first;
	bool first = true;

	if (!jsonscan_open(s, '{'))
		return false;
	for (;;) {
		struct key *key = last->next;
		const char *p = s->p;

		/* {"key":  and ,"key":  without blanks, as guessed. */
		if (!first && p < s->end && *p == ',')
			p++;
		else if (!first)
			p = s->end;
		if (p < s->end && *p == '"' && is_key(key, p + 1, s->end) &&
		    p + key->name.n + 2 < s->end && p[key->name.n + 2] == ':') {
			s->p = p + key->name.n + 3;
			first = false;
		} else {
			if (!jsonscan_member(s, &raw, &first))
				return s->why == NULL;
			key = find_key(m, &node->keys, &raw, last);
		}
		if (key)
			last = key;
		if (!value(m, key ? key->node : NULL, s))
			return false;
	}
}

static bool elements(struct rowmap *m, const struct node *node, struct jsonscan *s)
{
	bool first = true;
	uint32_t at = 0;

	if (!jsonscan_open(s, '['))
		return false;
	while (jsonscan_element(s, &first)) {
		struct node *c = node->children;

		while (c && (c->name.p || c->index != at))
			c = c->sibling;
		if (!value(m, c, s))
			return false;
		at += at < UINT32_MAX;
	}
	return s->why == NULL;
}

/* A value that paths go through. */
static bool walk(struct rowmap *m, struct node *node, struct jsonscan *s)
{
	enum jsonscan_type type = jsonscan_peek(s);
	struct jsonscan_value v;
	const char *start = s->p;
	bool ok;

	miss_children(m, node, type);
	if (type == JS_OBJECT && node->members)
		ok = members(m, node, s);
	else if (type == JS_ARRAY && node->elements)
		ok = elements(m, node, s);
	else
		return jsonscan_value(s, &v) && store(m, node, &v);
	v = (struct jsonscan_value){{start, (size_t)(s->p - start)}, (uint8_t)type, 0};
	return ok && store(m, node, &v);
}

/* ---- the row ---- */

/* As much of s as fits, what can not be printed as '?'. */
static void show(struct str s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		size_t len = utf8_len(str_from(s, i));
		bool odd = len == 0 || (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F;

		if (odd)
			len = 1;
		if (n + len >= size)
			break;
		if (odd)
			out[n] = '?';
		else
			memcpy(out + n, s.p + i, len);
		n += len;
		i += len;
	}
	out[n] = '\0';
}

/* f: the column to blame, or NULL. at: of the record. */
static bool fail(struct row_error *bad, const struct field *f, struct str value, size_t at,
    int code, const char *reason)
{
	bad->code = code;
	bad->position = at;
	show(f ? f->column->name : (struct str){0}, bad->column, sizeof bad->column);
	snprintf(bad->type, sizeof bad->type, "%s", f ? f->convert.type : "");
	show(value, bad->value, sizeof bad->value);
	snprintf(bad->reason, sizeof bad->reason, "%s", reason);
	return false;
}

static bool fail_json(struct row_error *bad, struct str record, const struct jsonscan *s)
{
	char reason[100];

	snprintf(reason, sizeof reason, "Invalid JSON: %s", s->why);
	return fail(bad, NULL, record, (size_t)(s->p - record.p), 1216, reason);
}

/* Writes the field behind its length, to out. Returns the bytes of both, 0 where it is bad. */
static size_t put_field(
    struct rowmap *m, size_t i, struct str record, char *out, struct row_error *bad)
{
	const struct field *f = &m->fields[i];
	const struct jsonscan_value *v = &m->slots[i];
	int32_t n = CONVERT_NULL;
	size_t at = 0;

	if (v->type == NO_ELEMENT)
		return fail(bad, f, record, 0, 1216,
		    "Invalid JSONPath format: Not an array or index out of range.");
	if (v->type == NO_OBJECT)
		return fail(
		    bad, f, record, 0, 1216, "Invalid JSONPath format: Member is not an object.");
	if (v->type != ABSENT) {
		at = (size_t)(v->text.p - record.p);
		n = convert_value(&f->convert, v, out + 4, &m->why);
		if (n == CONVERT_BAD)
			return fail(bad, f, v->text, at, m->why.code, m->why.reason);
	}
	if (n == CONVERT_NULL && f->column->not_null)
		return fail(bad, f, v->type == ABSENT ? (struct str){0} : v->text, at, 1213,
		    "Missing data for not-null field");
	convert_put32(out, (uint32_t)n);
	return 4 + (n > 0 ? (size_t)n : 0);
}

bool row_encode(struct rowmap *m, struct str record, struct buf *out, struct row_error *bad)
{
	struct jsonscan s = jsonscan_init(record);
	size_t room = 2, n = 2;
	char *to;

	for (size_t i = 0; i < m->n; i++)
		m->slots[i].type = ABSENT;
	jsonscan_blanks(&s);
	if (s.p == s.end || (*s.p != '{' && *s.p != '['))
		jsonscan_fail(&s, "object or array expected");
	if (s.why || !walk(m, &m->root, &s) || !jsonscan_end(&s))
		return fail_json(bad, record, &s);

	for (size_t i = 0; i < m->n; i++) {
		const struct jsonscan_value *v = &m->slots[i];
		bool there = v->type != ABSENT && v->type < NO_ELEMENT;

		room += 4 + (there ? convert_room(&m->fields[i].convert, v->text.n) : 0);
	}
	if (out->over || room > out->max - out->n)
		return fail(bad, NULL, record, 0, 1204, "The row is too large");
	to = buf_room(out, room);
	if (!to)
		return fail(bad, NULL, record, 0, 1204, "The row is too large");
	convert_put16(to, (uint16_t)m->n);
	for (size_t i = 0; i < m->n; i++) {
		size_t bytes = put_field(m, i, record, to + n, bad);

		if (bytes == 0)
			return false;
		n += bytes;
	}
	out->n += n;
	out->p[out->n] = '\0';
	return true;
}

void row_header(struct buf *out)
{
	static const char header[19] = "PGCOPY\n\377\r\n"; /* and a NUL, no flags, no extension */

	buf_add(out, header, sizeof header);
}

void row_trailer(struct buf *out)
{
	buf_add(out, "\377\377", 2);
}

/* ---- the map ---- */

size_t rowmap_count(const struct rowmap *m)
{
	return m->n;
}

struct str rowmap_column(const struct rowmap *m, size_t i)
{
	return m->fields[i].column->name;
}

static bool unknown_column(struct str name, const struct column *columns, size_t n, struct err *e)
{
	struct str nearest = {0};
	size_t least = 4;

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(name, columns[i].name);

		if (d < least && d < name.n) {
			least = d;
			nearest = columns[i].name;
		}
	}
	if (nearest.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "COPY: the table has no column %.*s; did you mean %.*s?", STRF(name),
		    STRF(nearest));
	return err_set(
	    e, ERR_SETUP, AT_CONFIG, NULL, "COPY: the table has no column %.*s", STRF(name));
}

static bool add_field(
    struct rowmap *m, const struct copystmt *stmt, const struct column *column, struct err *e)
{
	struct field *f = &m->fields[m->n++];

	f->column = column;
	f->same = -1;
	if (convert_init(&f->convert, column->oid, column->typmod, stmt, e))
		return true;
	return err_prefix(e, "COPY: column %.*s", STRF(column->name));
}

static bool add_fields(struct rowmap *m, const struct copystmt *stmt, const struct column *columns,
    size_t n, struct err *e)
{
	bool ids = copystmt_has(stmt, COPY_EXPLICIT_IDS);

	for (size_t i = 0; i < n && stmt->n_columns == 0; i++)
		if (!columns[i].identity && !add_field(m, stmt, &columns[i], e))
			return false;
	for (size_t i = 0; i < stmt->n_columns; i++) {
		struct str name = stmt->columns[i];
		size_t at = 0;

		while (at < n && !str_eq(columns[at].name, name))
			at++;
		if (at == n)
			return unknown_column(name, columns, n, e);
		if (columns[at].identity && !ids)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "COPY: column %.*s is an identity: without EXPLICIT_IDS it can not be "
			    "in the column list",
			    STRF(name));
		if (!add_field(m, stmt, &columns[at], e))
			return false;
	}
	return m->n > 0 || err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	                       "COPY: the table has no column that could be loaded");
}

/* The child of node for one step, made where it is not there. */
static struct node *step_down(struct rowmap *m, struct node *node, struct str name, uint32_t index)
{
	struct node **c = &node->children;

	for (; *c; c = &(*c)->sibling)
		if (name.p ? (*c)->name.p && str_eq((*c)->name, name)
		           : !(*c)->name.p && (*c)->index == index)
			return *c;
	*c = arena_alloc(m->arena, sizeof **c);
	(*c)->name = name;
	(*c)->index = index;
	(*c)->slot = -1;
	if (name.p)
		node->members = true;
	else
		node->elements = true;
	return *c;
}

/* Field i wants the value of this node. */
static void want(struct rowmap *m, struct node *node, size_t i)
{
	m->fields[i].same = node->slot;
	node->slot = (int32_t)i;
}

static struct str lower(struct arena *a, struct str s)
{
	char *low = arena_cstr(a, s);

	for (size_t i = 0; i < s.n; i++)
		if (low[i] >= 'A' && low[i] <= 'Z')
			low[i] = (char)(low[i] | 0x20);
	return (struct str){low, s.n};
}

static bool by_paths(struct rowmap *m, const struct jsonpaths *paths, struct err *e)
{
	if (paths->n != m->n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "Number of jsonpaths and the number of columns should match. JSONPath size: "
		    "%zu, Number of columns in table or column list: %zu",
		    paths->n, m->n);
	for (size_t i = 0; i < m->n; i++) {
		struct node *node = &m->root;

		for (size_t k = 0; k < paths->paths[i].n; k++) {
			const struct jsonpath_step *step = &paths->paths[i].steps[k];

			node = step_down(m, node, step->name, step->index);
		}
		want(m, node, i);
	}
	return true;
}

static void by_names(struct rowmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct str name = m->fields[i].column->name;

		if (m->ignore_case)
			name = lower(m->arena, name);
		want(m, step_down(m, &m->root, name, 0), i);
	}
}

bool rowmap_new(const struct copystmt *stmt, const struct jsonpaths *paths,
    const struct column *columns, size_t n, struct arena *a, struct rowmap **out, struct err *e)
{
	size_t most = stmt->n_columns ? stmt->n_columns : n;
	struct rowmap *m = arena_alloc(a, sizeof *m);

	if (most > INT16_MAX)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "COPY: too many columns");
	m->arena = a;
	m->root.slot = -1;
	m->ignore_case = stmt->json == COPY_JSON_AUTO_IGNORECASE;
	m->scratch = arena_alloc(a, KEY_MAX);
	m->fields = arena_alloc(a, most * sizeof *m->fields);
	m->slots = arena_alloc(a, most * sizeof *m->slots);
	if (!add_fields(m, stmt, columns, n, e))
		return false;
	if (stmt->json != COPY_JSON_PATHS || (paths && paths->fallback))
		by_names(m);
	else if (!paths)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "COPY: the jsonpaths are missing");
	else if (!by_paths(m, paths, e))
		return false;
	make_keys(m, &m->root);
	*out = m;
	return true;
}
