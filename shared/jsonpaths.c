/* jsonpaths.c - see jsonpaths.h. */
#include "shared/jsonpaths.h"

#include <jansson.h>

#include "shared/buf.h"

enum style { ANY, DOT, BRACKET };

struct reader {
	struct arena *arena;
	struct err *err;
	size_t number; /* of the path, from 1 */
	struct str text;
	size_t at;
	enum style style; /* of the file, once a member step was seen */
};

static bool fail(struct reader *r, const char *what)
{
	struct buf shown;

	buf_init(&shown, 1024);
	buf_json(&shown, (struct str){r->text.p, r->text.n < 128 ? r->text.n : 128});
	err_set(r->err, ERR_SETUP, AT_CONFIG, NULL, "path %zu, %.*s, byte %zu: %s", r->number,
	    STRF(buf_view(&shown)), r->at + 1, what);
	buf_free(&shown);
	return false;
}

static char peek(const struct reader *r)
{
	return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool styled(struct reader *r, enum style style)
{
	if (r->style != ANY && r->style != style)
		return fail(r, "dot and bracket style can not be mixed in one file");
	r->style = style;
	return true;
}

/* Behind "[": an index. */
static bool index_step(struct reader *r, struct jsonpath_step *step)
{
	uint64_t v = 0;

	while (digit(peek(r))) {
		v = v * 10 + (uint64_t)(peek(r) - '0');
		if (v > INT32_MAX)
			return fail(r, "array index too large");
		r->at++;
	}
	step->name = (struct str){0};
	step->index = (uint32_t)v;
	return true;
}

/* Behind "['" or "[\"": a name up to the same quote. */
static bool quoted_step(struct reader *r, struct jsonpath_step *step)
{
	char quote = peek(r);
	size_t start = ++r->at;

	while (r->at < r->text.n && peek(r) != quote)
		r->at++;
	if (r->at == r->text.n)
		return fail(r, "name without closing quote");
	step->name = (struct str){r->text.p + start, r->at - start};
	r->at++;
	return step->name.n > 0 || fail(r, "empty name");
}

static bool bracket(struct reader *r, struct jsonpath_step *step)
{
	char c;

	r->at++;
	c = peek(r);
	if (digit(c)) {
		if (!index_step(r, step))
			return false;
	} else if (c == '\'' || c == '"') {
		if (!styled(r, BRACKET) || !quoted_step(r, step))
			return false;
	} else if (c == '-') {
		return fail(r, "array index below 0");
	} else if (c == '*' || c == '?' || c == '(') {
		return fail(r, "wildcards and filters are not known to COPY");
	} else {
		return fail(r, "an index or a name in quotes must follow '['");
	}
	if (peek(r) != ']')
		return fail(r, "']' expected");
	r->at++;
	return true;
}

static bool dot(struct reader *r, struct jsonpath_step *step)
{
	size_t start = ++r->at;

	if (!styled(r, DOT))
		return false;
	if (peek(r) == '.')
		return fail(r, "'..' is not known to COPY");
	if (peek(r) == '*')
		return fail(r, "wildcards and filters are not known to COPY");
	while (r->at < r->text.n && peek(r) != '.' && peek(r) != '[') {
		if (peek(r) == '\'' || peek(r) == '"' || peek(r) == ']')
			return fail(r, "quotes and brackets in a name need bracket style");
		r->at++;
	}
	step->name = (struct str){r->text.p + start, r->at - start};
	return step->name.n > 0 || fail(r, "empty name");
}

static bool path(struct reader *r, struct jsonpath *out)
{
	struct jsonpath_step *steps = NULL;
	size_t n = 0, cap = 0;

	r->at = 0;
	if (peek(r) != '$')
		return fail(r, "a path begins with $");
	r->at++;
	while (r->at < r->text.n) {
		bool ok;

		if (n == JSONPATH_STEPS)
			return fail(r, "too many steps");
		steps = arena_grow(r->arena, steps, n, &cap, sizeof *steps);
		if (peek(r) == '.')
			ok = dot(r, &steps[n]);
		else if (peek(r) == '[')
			ok = bracket(r, &steps[n]);
		else
			ok = fail(r, "'.' or '[' expected");
		if (!ok)
			return false;
		n++;
	}
	*out = (struct jsonpath){.text = r->text, .steps = steps, .n = n};
	return true;
}

static bool paths(struct reader *r, json_t *list, struct jsonpaths *out)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n == 0)
		return err_set(r->err, ERR_SETUP, AT_CONFIG, NULL,
		    "\"jsonpaths\" must be an array with at least one path");
	out->paths = arena_alloc(r->arena, n * sizeof *out->paths);
	for (size_t i = 0; i < n; i++) {
		json_t *item = json_array_get(list, i);

		r->number = i + 1;
		if (!json_is_string(item) || json_string_length(item) == 0)
			return err_set(r->err, ERR_SETUP, AT_CONFIG, NULL,
			    "path %zu is %s, not a path", i + 1,
			    json_is_string(item) ? "empty" : "no string");
		r->text = arena_str(
		    r->arena, (struct str){json_string_value(item), json_string_length(item)});
		if (!path(r, &out->paths[i]))
			return false;
	}
	out->n = n;
	return true;
}

bool jsonpaths_parse(struct str file, struct arena *a, struct jsonpaths *out, struct err *e)
{
	struct reader r = {.arena = a, .err = e};
	struct jsonpaths result = {0};
	json_error_t why;
	json_t *root = json_loadb(file.n ? file.p : "", file.n, JSON_REJECT_DUPLICATES, &why);
	json_t *list;
	bool ok;

	if (!root)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "not one JSON object: line %d, column %d: %s", why.line, why.column, why.text);
	list = json_object_get(root, "jsonpaths");
	if (!json_is_object(root)) {
		ok = err_set(e, ERR_SETUP, AT_CONFIG, NULL, "not one JSON object");
	} else if (!list) {
		result.fallback = true;
		ok = true;
	} else if (json_object_size(root) != 1) {
		ok = err_set(
		    e, ERR_SETUP, AT_CONFIG, NULL, "more members than \"jsonpaths\" in the object");
	} else {
		ok = paths(&r, list, &result);
	}
	json_decref(root);
	if (ok)
		*out = result;
	return ok;
}
