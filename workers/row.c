/*
 * row.c - see row.h; the map is explained in rowmap.h. Records of text formats: rowtext.c.
 *
 * The walk goes down the record and the map's tree together; what the tree does not know is checked
 * and passed over. A walk leaves in slots[] one value for each column; then the columns are
 * written.
 */
#include <stdio.h>

#include "shared/utf8.h"
#include "workers/records.h"
#include "workers/rowmap.h"

/* ---- the walk ---- */

/* The columns of this node and of all below get no value, for the reason `type`. */
static void miss(struct rowmap *m, const struct rownode *node, uint32_t type)
{
	for (int32_t i = node->slot; i >= 0; i = m->fields[i].same)
		m->slots[i].type = type;
	for (const struct rownode *c = node->children; c; c = c->sibling)
		miss(m, c, type);
}

/* What a value that is an object, an array, or neither has no place for. */
static void miss_children(struct rowmap *m, const struct rownode *node, enum jsonscan_type type)
{
	for (const struct rownode *c = node->children; c; c = c->sibling) {
		if (!c->name.p)
			miss(m, c, SLOT_NO_ELEMENT);
		else
			miss(m, c,
			    type == JS_OBJECT || type == JS_NULL ? SLOT_ABSENT : SLOT_NO_OBJECT);
	}
}

static bool walk(struct rowmap *m, struct rownode *node, struct jsonscan *s);

static inline bool store(
    struct rowmap *m, const struct rownode *node, const struct jsonscan_value *v)
{
	for (int32_t i = node->slot; i >= 0; i = m->fields[i].same)
		m->slots[i] = *v;
	return true;
}

/* The value of a member or element, wanted by node or (NULL) by nobody. */
static inline bool value(struct rowmap *m, struct rownode *node, struct jsonscan *s)
{
	struct jsonscan_value v, *to = &v;

	if (node) {
		if (!node->leaf)
			return walk(m, node, s);
		to = &m->slots[node->slot]; /* a copy of what was just written would stall */
	}
	return jsonscan_short(s, to) || jsonscan_value(s, to);
}

static bool members(struct rowmap *m, struct rownode *node, struct jsonscan *s)
{
	struct jsonscan_value raw;
	struct rowkey *last = &node->keys.first;
	bool first = true;

	if (!jsonscan_open(s, '{'))
		return false;
	for (;;) {
		struct rowkey *key = last->next;
		const char *p = s->p;

		/* {"key":  and ,"key":  without blanks, as guessed. */
		if (!first && p < s->end && *p == ',')
			p++;
		else if (!first)
			p = s->end;
		if (key && rowkey_is(key, p, s->end)) {
			s->p = p + key->written.n;
			first = false;
		} else {
			if (!jsonscan_member(s, &raw, &first))
				return s->why == NULL;
			key = rowkey_find(m, &node->keys, &raw, last);
		}
		if (key)
			last = key;
		if (!value(m, key ? key->node : NULL, s))
			return false;
	}
}

static bool elements(struct rowmap *m, const struct rownode *node, struct jsonscan *s)
{
	bool first = true;
	uint32_t at = 0;

	if (!jsonscan_open(s, '['))
		return false;
	while (jsonscan_element(s, &first)) {
		struct rownode *c = node->children;

		while (c && (c->name.p || c->index != at))
			c = c->sibling;
		if (!value(m, c, s))
			return false;
		at += at < UINT32_MAX;
	}
	return s->why == NULL;
}

/* A value that paths go through. */
static bool walk(struct rowmap *m, struct rownode *node, struct jsonscan *s)
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
	v = (struct jsonscan_value){{start, (size_t)(s->p - start)}, type, 0};
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

bool row_fail(struct row_error *bad, const struct rowfield *f, struct str value, size_t at,
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

void row_bad_bytes(struct row_error *bad, struct str bytes, int code, const char *reason)
{
	row_fail(bad, NULL, bytes, 0, code, reason);
}

static bool fail_json(struct row_error *bad, struct str record, const struct jsonscan *s)
{
	char reason[100];

	snprintf(reason, sizeof reason, "Invalid JSON: %s", s->why);
	return row_fail(bad, NULL, record, (size_t)(s->p - record.p), 1216, reason);
}

/* Where a value begins in its record. One that was written anew lies elsewhere: 0. */
static inline size_t place(struct str record, struct str value)
{
	uintptr_t at = (uintptr_t)value.p - (uintptr_t)record.p;

	return at <= record.n ? (size_t)at : 0;
}

/* A value came for the column. */
static inline bool there(const struct jsonscan_value *v)
{
	return v->type != SLOT_ABSENT && v->type < SLOT_NO_ELEMENT;
}

/* Writes the field behind its length, to out. Returns the bytes of both, 0 where it is bad. */
static inline size_t put_field(
    struct rowmap *m, size_t i, struct str record, char *out, struct row_error *bad)
{
	const struct rowfield *f = &m->fields[i];
	const struct jsonscan_value *v = &m->slots[i];
	int32_t n = CONVERT_NULL;
	size_t at = 0;

	if (v->type == JS_STRING && v->flags == 0 && v->text.n < f->convert.as_is) {
		convert_put32(out, (uint32_t)v->text.n);
		if (v->text.n <= ROW_COPY && (uintptr_t)v->text.p + ROW_COPY <= (uintptr_t)m->end)
			memcpy(out + 4, v->text.p, ROW_COPY);
		else
			memcpy(out + 4, v->text.p, v->text.n);
		return 4 + v->text.n;
	}
	if (v->type == SLOT_NO_ELEMENT)
		return row_fail(bad, f, record, 0, 1216,
		    "Invalid JSONPath format: Not an array or index out of range.");
	if (v->type == SLOT_NO_OBJECT)
		return row_fail(
		    bad, f, record, 0, 1216, "Invalid JSONPath format: Member is not an object.");
	if (v->type != SLOT_ABSENT) {
		at = place(record, v->text);
		n = convert_value(&f->convert, v, out + 4, &m->why);
		if (n == CONVERT_BAD)
			return row_fail(bad, f, v->text, at,
			    f->column->identity == IDENTITY_NONE ? m->why.code : 1217,
			    m->why.reason);
	}
	if (n == CONVERT_NULL && f->column->not_null)
		return row_fail(bad, f, v->type == SLOT_ABSENT ? (struct str){0} : v->text, at,
		    1213, "Missing data for not-null field");
	convert_put32(out, (uint32_t)n);
	return 4 + (n > 0 ? (size_t)n : 0);
}

/* Redshift passes a row on as text between pipes: "|" counts twice in its size. Few come near. */
static bool too_large(const struct rowmap *m, size_t bytes)
{
	if (bytes <= RECORDS_MAX / 2)
		return false;
	for (size_t i = 0; i < m->n && bytes <= RECORDS_MAX; i++) {
		struct str text = m->slots[i].text;

		if (!there(&m->slots[i]))
			continue;
		for (size_t k = 0; k < text.n; k++)
			bytes += text.p[k] == '|';
	}
	return bytes > RECORDS_MAX;
}

/* Bytes of all values, where the record's are not a bound that tells enough. */
static size_t size_of(const struct rowmap *m, struct str record)
{
	size_t size = 0;

	if (m->disjoint && record.n <= RECORDS_MAX / 2)
		return record.n;
	for (size_t i = 0; i < m->n; i++)
		if (there(&m->slots[i]))
			size += m->slots[i].text.n;
	return size;
}

bool row_put(struct rowmap *m, struct str record, struct buf *out, struct row_error *bad)
{
	size_t size = size_of(m, record), room = m->room + size, n = 2;
	char *to;

	if (too_large(m, size))
		return row_fail(
		    bad, NULL, record, 0, 1216, "row larger than 4 MB, in which | counts twice");
	if (out->over || room > out->max - out->n)
		return row_fail(bad, NULL, record, 0, 1204, "The row is too large");
	to = buf_room(out, room);
	if (!to)
		return row_fail(bad, NULL, record, 0, 1204, "The row is too large");
	convert_put16(to, (uint16_t)m->n);
	m->replaced = false;
	for (size_t i = 0; i < m->n; i++) {
		size_t bytes = put_field(m, i, record, to + n, bad);

		if (bytes == 0)
			return false;
		n += bytes;
	}
	out->n += n;
	out->p[out->n] = '\0';
	m->n_replaced += m->replaced;
	return true;
}

/* Fills the slots from the record that comes next. */
static bool take_record(struct rowmap *m, struct jsonscan *s)
{
	for (size_t i = 0; i < m->n; i++)
		m->slots[i].type = SLOT_ABSENT;
	m->end = s->end;
	jsonscan_blanks(s);
	if (s->p == s->end || (*s->p != '{' && *s->p != '['))
		return jsonscan_fail(s, "object or array expected");
	/* What walk() would say of an object, the slots say already. */
	if (*s->p == '{' && m->root.members && !m->root.elements && m->root.slot < 0)
		return members(m, &m->root, s);
	return walk(m, &m->root, s);
}

bool row_encode(struct rowmap *m, struct str record, struct buf *out, struct row_error *bad)
{
	struct jsonscan s = jsonscan_init(record);

	if (!take_record(m, &s) || !jsonscan_end(&s))
		return fail_json(bad, record, &s);
	return row_put(m, record, out, bad);
}

size_t row_encode_first(struct rowmap *m, struct str text, struct buf *out, uint32_t *lines)
{
	struct jsonscan s = jsonscan_init(text);
	size_t n;

	if (!take_record(m, &s))
		return 0;
	n = (size_t)(s.p - text.p);
	*lines = s.lines;
	return n <= RECORDS_MAX && row_put(m, (struct str){text.p, n}, out, &m->unsaid) ? n : 0;
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
