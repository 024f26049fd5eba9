/*
 * rowmap.c - the map of a COPY: which column wants the value at which place of a record, and the
 * keys by which such places are found. See row.h and rowmap.h.
 */
#include "workers/rowmap.h"

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

static struct rowkey **find_slot(const struct rowkeys *k, struct str name)
{
	size_t i = (size_t)hash(name) & (k->cap - 1);

	while (k->slots[i] && !str_eq(k->slots[i]->name, name))
		i = (i + 1) & (k->cap - 1);
	return &k->slots[i];
}

static struct rowkey *add_key(
    struct rowmap *m, struct rowkeys *k, struct str name, struct rownode *node)
{
	struct rowkey *key = arena_alloc(m->arena, sizeof *key);
	char head[16] = {0}, mask[16] = {0};
	bool plain = true;

	key->name = arena_str(m->arena, name);
	key->node = node;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '"' || name.p[i] == '\\' || (unsigned char)name.p[i] < 0x20)
			plain = false;
	if (plain) {
		size_t n = name.n + 3 < 16 ? name.n + 3 : 16;

		key->written = str_z(arena_printf(m->arena, "\"%.*s\":", STRF(name)));
		memcpy(head, key->written.p, n);
		memset(mask, 0xFF, n);
	}
	memcpy(key->head, head, sizeof head);
	memcpy(key->mask, mask, sizeof mask);
	*find_slot(k, key->name) = key;
	k->n++;
	return key;
}

struct rowkey *rowkey_find(
    struct rowmap *m, struct rowkeys *k, const struct jsonscan_value *raw, struct rowkey *last)
{
	struct str name = raw->text;
	struct rowkey *key;

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

static void make_keys(struct rowmap *m, struct rownode *node)
{
	size_t wanted = 0;

	node->leaf = node->slot >= 0 && m->fields[node->slot].same < 0 && !node->children;
	for (struct rownode *c = node->children; c; c = c->sibling) {
		make_keys(m, c);
		wanted += c->name.p != NULL;
	}
	node->keys.most = wanted + KEYS_UNKNOWN;
	for (node->keys.cap = 16; node->keys.cap < 2 * node->keys.most;)
		node->keys.cap *= 2;
	node->keys.slots = arena_alloc(m->arena, node->keys.cap * sizeof *node->keys.slots);
	for (struct rownode *c = node->children; c; c = c->sibling)
		if (c->name.p)
			add_key(m, &node->keys, c->name, c);
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

int64_t rowmap_replaced(const struct rowmap *m)
{
	return m->n_replaced;
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
	struct rowfield *f = &m->fields[m->n++];

	f->column = column;
	f->same = -1;
	if (!convert_init(&f->convert, column->oid, column->typmod, stmt, e))
		return err_prefix(e, "COPY: column %.*s", STRF(column->name));
	f->convert.replaced = &m->replaced;
	return true;
}

static bool fail_identity(struct err *e, struct str name, const char *what)
{
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "COPY: column %.*s is an identity: %s",
	    STRF(name), what);
}

/* Without a column list: all columns but those that number themselves. */
static bool add_all(struct rowmap *m, const struct copystmt *stmt, const struct column *columns,
    size_t n, struct err *e)
{
	bool ids = copystmt_has(stmt, COPY_EXPLICIT_IDS);

	for (size_t i = 0; i < n; i++)
		if ((ids || columns[i].identity == IDENTITY_NONE) &&
		    !add_field(m, stmt, &columns[i], e))
			return false;
	return m->n > 0 || err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	                       "COPY: the table has no column that could be loaded");
}

static bool listed(const struct copystmt *stmt, struct str name)
{
	for (size_t i = 0; i < stmt->n_columns; i++)
		if (str_eq(stmt->columns[i], name))
			return true;
	return false;
}

static bool add_fields(struct rowmap *m, const struct copystmt *stmt, const struct column *columns,
    size_t n, struct err *e)
{
	bool ids = copystmt_has(stmt, COPY_EXPLICIT_IDS);

	if (stmt->n_columns == 0)
		return add_all(m, stmt, columns, n, e);
	for (size_t i = 0; i < stmt->n_columns; i++) {
		struct str name = stmt->columns[i];
		size_t at = 0;

		while (at < n && !str_eq(columns[at].name, name))
			at++;
		if (at == n)
			return unknown_column(name, columns, n, e);
		if (columns[at].identity == IDENTITY_ALWAYS && !ids)
			return fail_identity(
			    e, name, "without EXPLICIT_IDS it can not be in the column list");
		if (!add_field(m, stmt, &columns[at], e))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &columns[i];

		if (listed(stmt, c->name))
			continue;
		if (ids && c->identity == IDENTITY_ALWAYS)
			return fail_identity(
			    e, c->name, "with EXPLICIT_IDS it must be in the column list");
		/* Every record would fail, and for the same reason. */
		if (c->not_null && !c->has_default && c->identity == IDENTITY_NONE)
			return err_set(e, ERR_SETUP, AT_CONFIG, "1213",
			    "COPY: column %.*s is NOT NULL and has no DEFAULT: it must be in the "
			    "column list (error 1213)",
			    STRF(c->name));
	}
	return true;
}

/* The child of node for one step, made where it is not there. */
static struct rownode *step_down(
    struct rowmap *m, struct rownode *node, struct str name, uint32_t index)
{
	struct rownode **c = &node->children;

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
static void want(struct rowmap *m, struct rownode *node, size_t i)
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
		struct rownode *node = &m->root;

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

/* No value that is wanted from here on is wanted twice, or part of another. */
static bool disjoint(const struct rowmap *m, const struct rownode *node)
{
	bool ok = node->slot < 0 || node->leaf;

	for (const struct rownode *c = node->children; ok && c; c = c->sibling)
		ok = disjoint(m, c);
	return ok;
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
	m->room = 2 + ROW_COPY;
	for (size_t i = 0; i < m->n; i++)
		m->room += 4 + convert_room(&m->fields[i].convert, 0);
	m->disjoint = true;
	if (stmt->json == COPY_JSON_NONE) {
		*out = m;
		return true; /* fields have no names */
	}
	if (stmt->json != COPY_JSON_PATHS || (paths && paths->fallback))
		by_names(m);
	else if (!paths)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "COPY: the jsonpaths are missing");
	else if (!by_paths(m, paths, e))
		return false;
	make_keys(m, &m->root);
	m->disjoint = disjoint(m, &m->root);
	*out = m;
	return true;
}
