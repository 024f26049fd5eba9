/* jsonitems.c - see jsonitems.h. */
#include "shared/jsonitems.h"

/* What is expected next, or what the piece boundary cut. */
enum state {
	ROOT, /* '{' of the document */
	FIRST_KEY,
	KEY,
	IN_KEY,
	COLON,
	VALUE,
	IN_CONTAINER, /* values that are passed over */
	IN_STRING,
	IN_WORD,
	AFTER_VALUE,
	FIRST_ITEM,
	ITEM,
	IN_ITEM,
	AFTER_ITEM,
	DONE, /* '}' of the document was seen */
};

void jsonitems_init(struct jsonitems *it, struct str name, size_t max)
{
	memset(it, 0, sizeof *it);
	jsoncut_init(&it->cut, max);
	it->name = name;
	it->line = 1;
	it->state = ROOT;
}

void jsonitems_free(struct jsonitems *it)
{
	jsoncut_free(&it->cut);
}

void jsonitems_feed(struct jsonitems *it, const char *p, size_t n)
{
	it->p = p;
	it->n = n;
}

void jsonitems_end(struct jsonitems *it)
{
	it->ended = true;
}

static enum jsonitems_what bad(struct jsonitems *it, const char *why)
{
	it->why = why;
	return ITEMS_BAD;
}

static void pass(struct jsonitems *it, size_t n)
{
	it->p += n;
	it->n -= n;
}

/* Passes a string byte by byte; true at its closing quote. Only keys are kept. */
static bool in_string(struct jsonitems *it, bool keep)
{
	while (it->n) {
		char c = *it->p;

		pass(it, 1);
		if (it->escaped) {
			it->escaped = false;
		} else if (c == '\\') {
			it->escaped = true;
		} else if (c == '"') {
			return true;
		} else if ((unsigned char)c < 0x20) {
			it->why = "control character in string";
			return false;
		}
		if (keep) {
			if (it->key_n < sizeof it->key)
				it->key[it->key_n] = c;
			it->key_n++;
		}
	}
	return false;
}

static bool wanted(const struct jsonitems *it)
{
	return it->key_n <= sizeof it->key && str_eq((struct str){it->key, it->key_n}, it->name);
}

/* The first byte of a member's value. */
static enum jsonitems_what value(struct jsonitems *it, char c)
{
	if (wanted(it)) {
		if (c != '[')
			return bad(it, "the list is no array");
		if (it->found)
			return bad(it, "the list is there twice");
		it->found = true;
		it->state = FIRST_ITEM;
		pass(it, 1);
	} else if (c == '{' || c == '[') {
		it->skip = (struct jsonscan_depth){.kind = c};
		it->state = IN_CONTAINER;
	} else if (c == '"') {
		it->state = IN_STRING;
		pass(it, 1);
	} else if (c == ',' || c == '}' || c == ']' || c == ':') {
		return bad(it, "value expected");
	} else {
		it->state = IN_WORD;
	}
	return ITEMS_MORE;
}

static enum jsonitems_what in_item(struct jsonitems *it, struct str *item)
{
	size_t used;
	enum jsoncut_state state = jsoncut_take(&it->cut, it->p, it->n, &used, item);

	pass(it, used);
	if (state == CUT_MORE)
		return ITEMS_MORE;
	it->line += it->cut.depth.lines;
	if (state == CUT_TOO_BIG)
		return bad(it, "an item of the list is too large");
	it->state = AFTER_ITEM;
	it->count++;
	return ITEMS_ITEM;
}

/* One byte (or one run of them) in a state between values. */
static enum jsonitems_what between(struct jsonitems *it, char c)
{
	int next = -1;

	switch ((enum state)it->state) {
	case ROOT: next = c == '{' ? FIRST_KEY : -1; break;
	case FIRST_KEY:
		if (c == '}') {
			next = DONE;
			break;
		}
		__attribute__((fallthrough));
	case KEY:
		next = c == '"' ? IN_KEY : -1;
		it->key_n = 0;
		break;
	case COLON: next = c == ':' ? VALUE : -1; break;
	case VALUE: return value(it, c);
	case AFTER_VALUE: next = c == ',' ? KEY : c == '}' ? DONE : -1; break;
	case FIRST_ITEM:
		if (c == ']') {
			next = AFTER_VALUE;
			break;
		}
		__attribute__((fallthrough));
	case ITEM:
		if (c != '{')
			return bad(it, "an item of the list is no object");
		it->state = IN_ITEM;
		return ITEMS_MORE;
	case AFTER_ITEM: next = c == ',' ? ITEM : c == ']' ? AFTER_VALUE : -1; break;
	case IN_KEY:
	case IN_CONTAINER:
	case IN_STRING:
	case IN_WORD:
	case IN_ITEM:
	case DONE: break;
	}
	if (next < 0)
		return bad(it, it->state == ROOT ? "'{' expected" : "not well-formed JSON");
	it->state = next;
	pass(it, 1);
	return ITEMS_MORE;
}

enum jsonitems_what jsonitems_next(struct jsonitems *it, struct str *item)
{
	enum jsonitems_what what = ITEMS_MORE;

	while (!it->why && it->n) {
		size_t used;

		switch ((enum state)it->state) {
		case IN_ITEM: what = in_item(it, item); break;
		case IN_KEY:
			if (in_string(it, true))
				it->state = COLON;
			break;
		case IN_STRING:
			if (in_string(it, false))
				it->state = AFTER_VALUE;
			break;
		case IN_WORD:
			while (it->n && !jsonscan_blank(*it->p) && *it->p != ',' && *it->p != '}')
				pass(it, 1);
			if (it->n)
				it->state = AFTER_VALUE;
			break;
		case IN_CONTAINER:
			used = jsonscan_close(&it->skip, it->p, it->n);
			pass(it, used ? used : it->n);
			if (used) {
				it->line += it->skip.lines;
				it->state = AFTER_VALUE;
			}
			break;
		case ROOT:
		case FIRST_KEY:
		case KEY:
		case COLON:
		case VALUE:
		case AFTER_VALUE:
		case FIRST_ITEM:
		case ITEM:
		case AFTER_ITEM:
		case DONE:
			if (jsonscan_blank(*it->p)) {
				it->line += *it->p == '\n';
				pass(it, 1);
			} else {
				what = between(it, *it->p);
			}
			break;
		}
		if (what != ITEMS_MORE)
			return what;
	}
	if (it->why)
		return ITEMS_BAD;
	if (!it->ended)
		return ITEMS_MORE;
	if (it->state != DONE)
		return bad(it, "the document is cut off");
	return it->found ? ITEMS_END : bad(it, "the list is missing");
}
