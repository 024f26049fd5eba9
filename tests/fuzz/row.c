/*
 * Any bytes as a record, judged by jansson: read by both or by neither, with the same values.
 *
 * Where we differ, and mean to: the characters of strings matter to us only in values that are
 * loaded (so bytes that are no UTF-8 and halves of surrogate pairs are not bad JSON), numbers have
 * no range before they have a type, a NUL may stand in a name. jansson names all of these in its
 * error code. Of a name that comes twice both take the last value.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers/convert.h"
#include "workers/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static bool reads(struct str text)
{
	struct jsonscan s = jsonscan_init(text);
	struct jsonscan_value v;

	return jsonscan_value(&s, &v) && jsonscan_end(&s);
}

static void same_value(const char *field, int32_t n, json_t *want)
{
	struct str got = {field, n > 0 ? (size_t)n : 0};

	if (!want || json_is_null(want)) {
		check(n < 0);
	} else if (json_is_string(want)) {
		check(n >= 0 &&
		      str_eq(got, (struct str){json_string_value(want), json_string_length(want)}));
	} else if (json_is_boolean(want)) {
		check(str_eqz(got, json_is_true(want) ? "true" : "false"));
	} else {
		json_t *back = json_loadb(
		    field, got.n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

		check(n > 0 && json_equal(back, want));
		json_decref(back);
	}
}

/* $.a, $.b.c, $.l[1]; false where the path itself fails. */
static bool by_path(json_t *root, json_t *want[3])
{
	json_t *b = json_object_get(root, "b"), *l = json_object_get(root, "l");

	want[0] = json_object_get(root, "a");
	want[1] = json_object_get(b, "c");
	want[2] = json_array_get(l, 1);
	return (!b || json_is_object(b) || json_is_null(b)) && (!l || want[2]);
}

static bool has_nul(json_t *v)
{
	return json_is_string(v) && memchr(json_string_value(v), 0, json_string_length(v));
}

static void compare(struct rowmap *m, struct str record, json_t *root, bool paths)
{
	json_t *want[3] = {
	    json_object_get(root, "a"), json_object_get(root, "b"), json_object_get(root, "l")};
	bool ok = json_is_object(root) && (!paths || by_path(root, want));
	struct row_error bad = {0};
	struct buf out;

	buf_init(&out, 1 << 24);
	for (int i = 0; i < 3; i++)
		ok = ok && !has_nul(want[i]);
	check(row_encode(m, record, &out, &bad) == ok);
	if (ok) {
		const char *p = out.p + 2;

		for (int i = 0; i < 3; i++) {
			uint32_t n;

			memcpy(&n, p, sizeof n);
			n = be32toh(n);
			same_value(p + 4, (int32_t)n, want[i]);
			p += 4 + ((int32_t)n > 0 ? n : 0);
		}
		check(p == out.p + out.n);
	} else {
		check(bad.code && bad.reason[0] && out.n == 0);
	}
	buf_free(&out);
}

#define COLUMN(name, oid, typmod)                                                                  \
	{                                                                                          \
		{name, sizeof name - 1}, oid, typmod, false, false, IDENTITY_NONE                  \
	}

static struct rowmap *map(
    const char *options, const char *paths, const struct column *columns, size_t n, struct arena *a)
{
	struct copystmt stmt;
	struct jsonpaths jp;
	struct rowmap *m;
	struct err e;

	check(copystmt_parse(
	    str_z(arena_printf(a, "copy t from 's3://b' %s", options)), a, &stmt, &e));
	check(!paths || jsonpaths_parse(str_z(paths), a, &jp, &e));
	check(rowmap_new(&stmt, paths ? &jp : NULL, columns, n, a, &m, &e));
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct column texts[] = {
	    COLUMN("a", OID_TEXT, -1), COLUMN("b", OID_TEXT, -1), COLUMN("l", OID_TEXT, -1)};
	static const struct column typed[] = {COLUMN("a", OID_INT4, -1),
	    COLUMN("b", OID_FLOAT8, -1), COLUMN("c", OID_TIMESTAMP, -1), COLUMN("d", OID_DATE, -1),
	    COLUMN("e", OID_BOOL, -1), COLUMN("f", OID_NUMERIC, (10 << 16 | 2) + 4),
	    COLUMN("g", OID_NUMERIC, -1), COLUMN("h", OID_BPCHAR, 9), COLUMN("i", OID_VARCHAR, 9),
	    COLUMN("j", OID_FLOAT4, -1), COLUMN("l", OID_TIMESTAMPTZ, -1)};
	static const char *const options[] = {"json 'auto'", "json 'auto ignorecase' roundec",
	    "json 'auto' truncatecolumns acceptinvchars trimblanks",
	    "json 'auto' timeformat 'epochmillisecs' emptyasnull blanksasnull"};
	struct str record = {(const char *)data, size};
	struct arena *a = arena_new();
	json_error_t e;
	json_t *root = json_loadb(record.p ? record.p : "", record.n,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &e);

	if (size && memchr(data, 0, size)) {
		check(!reads(record)); /* jansson overlooks a NUL byte behind a number */
	} else if (root) {
		check(reads(record));
		compare(map(options[0], NULL, texts, 3, a), record, root, false);
		compare(map("json 's3://p'", "{\"jsonpaths\":[\"$.a\",\"$.b.c\",\"$.l[1]\"]}",
		            texts, 3, a),
		    record, root, true);
	} else {
		bool ours = json_error_code(&e) == json_error_invalid_utf8 ||
		            json_error_code(&e) == json_error_numeric_overflow ||
		            json_error_code(&e) == json_error_null_byte_in_key ||
		            strstr(e.text, "invalid Unicode");

		check(ours || !reads(record));
	}
	json_decref(root);
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		struct rowmap *m = map(options[i], NULL, typed, 11, a);
		struct row_error bad;
		struct buf out;

		buf_init(&out, 1 << 24);
		for (int twice = 0; twice < 2; twice++)
			if (!row_encode(m, record, &out, &bad))
				check(bad.code && bad.reason[0]);
		buf_free(&out);
	}
	arena_free(a);
	return 0;
}
