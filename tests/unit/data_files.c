/*
 * The generator's files: cut as they may be, they hold the same records; and of the bad ones the
 * loader says what expect.json says that it must: objects, lines, columns, codes.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/sqlfile.h"
#include "supervisor/data.h"
#include "workers/convert.h"
#include "workers/records.h"
#include "workers/row.h"

static char base[64];
static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	snprintf(base, sizeof base, "%s/dwh-data-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(base) ? 0 : -1;
}

static int tear_down(void **state)
{
	int rc = system(arena_printf(arena, "rm -rf '%s'", base));

	(void)state;
	arena_free(arena);
	return rc;
}

/* ---- a loader without a warehouse ---- */

struct loader {
	const char *dir;
	struct rowmap *songs, *events;
	struct buf row;
	int64_t files, bytes, good_songs, good_events;
	uint64_t sum; /* of all good records, in whatever order */
	char **bad;   /* "object line column code" */
	size_t n_bad, cap_bad;
};

static struct str bare(void *ctx, struct arena *a, struct str s)
{
	(void)ctx;
	(void)a;
	return s;
}

static struct str quoted(void *ctx, struct arena *a, struct str s)
{
	(void)ctx;
	return str_z(arena_printf(a, "'%.*s'", STRF(s)));
}

/* The columns of a create file: a line each, name and type. */
static size_t columns_of(const char *path, struct column *out)
{
	struct str left;
	size_t n = 0;

	assert_true(sqlfile_embedded(str_z(path), &left));
	while (left.n) {
		size_t end = str_find(left, '\n');
		const char *line = arena_printf(arena, "%.*s", (int)end, left.p);
		char name[64], type[64];
		int width = 0;
		struct column *c = &out[n];

		left = str_from(left, end < left.n ? end + 1 : end);
		if (strncmp(line, "    ", 4) != 0 || sscanf(line, "%63s %63[A-Z]", name, type) != 2)
			continue;
		sscanf(line, "%*s VARCHAR(%d)", &width);
		*c = (struct column){
		    .name = arena_str(arena, str_z(name)), .typmod = width ? width + 4 : -1};
		c->oid = strcmp(type, "VARCHAR") == 0     ? OID_VARCHAR
		         : strcmp(type, "INTEGER") == 0   ? OID_INT4
		         : strcmp(type, "DOUBLE") == 0    ? OID_FLOAT8
		         : strcmp(type, "TIMESTAMP") == 0 ? OID_TIMESTAMP
		                                          : 0;
		assert_true(c->oid != 0);
		n++;
	}
	return n;
}

static struct str read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	struct stat st;
	char *p;

	assert_non_null(in);
	assert_int_equal(fstat(fileno(in), &st), 0);
	p = xmalloc((size_t)st.st_size + 1);
	assert_int_equal(fread(p, 1, (size_t)st.st_size, in), st.st_size);
	fclose(in);
	return (struct str){p, (size_t)st.st_size};
}

static struct rowmap *map_of(const char *relation, const char *paths_file)
{
	static const struct sql_var vars[] = {{"lane", STR("t")}, {"manifest", STR("s3://b/m")},
	    {"role", STR("r")}, {"region", STR("r")}, {"LOG_JSONPATH", STR("s3://b/p")}};
	struct sql_quote quote = {bare, quoted, NULL};
	struct column *columns = arena_alloc(arena, 32 * sizeof *columns);
	const char *path = arena_printf(arena, "sql/sparkify/copy/%s.sql", relation);
	struct copystmt stmt;
	struct jsonpaths paths;
	struct sql_statement *s;
	struct str text;
	struct rowmap *map;
	struct err e = {0};
	size_t n;

	if (!sqlfile_embedded(str_z(path), &text) ||
	    !sqlfile_expand(path, text, vars, COUNT(vars), &quote, arena, &text, &e) ||
	    !sqlfile_split(path, text, arena, &s, &n, &e) ||
	    !copystmt_parse(s[0].text, arena, &stmt, &e))
		fail_msg("%s", e.msg);
	if (paths_file) {
		struct str file = read_file(paths_file);

		if (!jsonpaths_parse(arena_str(arena, file), arena, &paths, &e))
			fail_msg("%s", e.msg);
		free((void *)(uintptr_t)file.p);
	}
	n = columns_of(arena_printf(arena, "sql/sparkify/create/%s.sql", relation), columns);
	if (!rowmap_new(&stmt, paths_file ? &paths : NULL, columns, n, arena, &map, &e))
		fail_msg("%s", e.msg);
	return map;
}

static void note_bad(
    struct loader *l, const char *object, uint64_t line, const char *column, int code)
{
	l->bad = arena_grow(arena, l->bad, l->n_bad, &l->cap_bad, sizeof *l->bad);
	l->bad[l->n_bad++] = arena_printf(
	    arena, "%s %llu %s %d", object, (unsigned long long)line, column, code);
}

static void load_file(struct loader *l, const char *path)
{
	const char *object = path + strlen(l->dir) + 1;
	bool song = strncmp(object, "song_data/", 10) == 0;
	struct str bytes = read_file(path);
	struct row_error why;
	struct records r;
	struct record rec;
	enum records_what what;

	l->files++;
	l->bytes += (int64_t)bytes.n;
	assert_true(bytes.n > 0 && bytes.p[bytes.n - 1] != '\n');
	records_init(&r);
	records_feed(&r, bytes.p, bytes.n);
	records_end(&r);
	while ((what = records_next(&r, &rec)) != RECORDS_END) {
		uint64_t h = 0xcbf29ce484222325u;

		assert_int_not_equal(what, RECORDS_MORE);
		if (what == RECORDS_BAD) {
			note_bad(l, object, rec.line, "", 1216);
			continue;
		}
		buf_reset(&l->row);
		if (!row_encode(song ? l->songs : l->events, rec.text, &l->row, &why)) {
			note_bad(l, object, rec.line, why.column, why.code);
			continue;
		}
		for (size_t i = 0; i < rec.text.n; i++)
			h = (h ^ (unsigned char)rec.text.p[i]) * 0x100000001b3u;
		l->sum += h;
		*(song ? &l->good_songs : &l->good_events) += 1;
	}
	records_free(&r);
	free((void *)(uintptr_t)bytes.p);
}

static void load_folder(struct loader *l, const char *folder)
{
	DIR *d = opendir(folder);

	assert_non_null(d);
	for (struct dirent *it; (it = readdir(d));) {
		const char *path = arena_printf(arena, "%s/%s", folder, it->d_name);

		if (it->d_name[0] == '.')
			continue;
		if (it->d_type == DT_DIR)
			load_folder(l, path);
		else
			load_file(l, path);
	}
	closedir(d);
}

static int by_text(const void *p, const void *q)
{
	return strcmp(*(char *const *)p, *(char *const *)q);
}

static struct loader load(const char *dir)
{
	struct loader l = {.dir = dir};

	l.songs = map_of("staging_songs", NULL);
	l.events = map_of("staging_events", arena_printf(arena, "%s/log_json_path.json", dir));
	buf_init(&l.row, 1 << 20);
	load_folder(&l, arena_printf(arena, "%s/song_data", dir));
	load_folder(&l, arena_printf(arena, "%s/log_data", dir));
	buf_free(&l.row);
	if (l.n_bad)
		qsort(l.bad, l.n_bad, sizeof *l.bad, by_text);
	return l;
}

/* expect.json's list in the loader's words. */
static size_t listed(const char *dir, char ***out)
{
	json_t *root = json_load_file(arena_printf(arena, "%s/expect.json", dir), 0, NULL);
	json_t *list = json_object_get(root, "bad"), *one;
	size_t n = json_array_size(list), i;

	assert_true(json_is_array(list));
	*out = arena_alloc(arena, (n + 1) * sizeof **out);
	json_array_foreach(list, i, one)
	{
		const char *object, *column, *kind;
		int line, code;

		assert_int_equal(
		    json_unpack(one, "{s:s, s:s, s:i, s:s, s:i!}", "kind", &kind, "object", &object,
		        "line", &line, "column", &column, "code", &code),
		    0);
		(*out)[i] = arena_printf(arena, "%s %d %s %d", object, line, column, code);
	}
	json_decref(root);
	if (n)
		qsort(*out, n, sizeof **out, by_text);
	return n;
}

static struct data_expect generate(struct data_opts o)
{
	struct data_expect x;
	struct err e = {0};

	if (!data_generate(&o, &x, &e))
		fail_msg("%s", e.msg);
	return x;
}

/* ---- the tests ---- */

/* Of n cases that all run the same code; valgrind is slow. */
static size_t enough(size_t n)
{
	return getenv("UNIT_SHORT") ? 1 : n;
}

static void cut_anyhow(void **state)
{
	/* Files of songs and of events: so many songs, events a file. */
	static const struct {
		int64_t per_file, files;
	} cases[] = {{0, 14896 + 30}, {1, 14896 + 8056}, {7, 2128 + 1151}, {1000, 15 + 9},
	    {8056, 2 + 1}, {100000000, 2}};
	struct loader first = {.files = 0};

	(void)state;
	for (size_t i = 0; i < enough(COUNT(cases)); i++) {
		const char *dir = arena_printf(arena, "%s/cut", base);
		struct data_expect x = generate((struct data_opts){
		    .dir = dir, .scale = 1, .seed = 1, .objects_per_file = cases[i].per_file});
		struct loader l = load(dir);

		if (i == 0)
			first = l;
		assert_int_equal(l.files, cases[i].files);
		assert_int_equal(l.files, x.objects);
		assert_int_equal(l.bytes, x.bytes);
		assert_int_equal(x.objects_per_file, cases[i].per_file);
		assert_int_equal(l.good_songs, 14896);
		assert_int_equal(l.good_events, 8056);
		assert_int_equal(l.n_bad, 0);
		assert_true(l.sum == first.sum);
		assert_int_equal(x.songplays, 333);
		assert_int_equal(x.artists, 10025);
		assert_int_equal(x.time, 8023);
	}
}

static void bad_ones_are_found(void **state)
{
	static const struct {
		const char *kinds;
		int64_t scale, per_file, n;
	} cases[] = {{"all", 1, 0, 18}, {"all", 1, 1, 18}, {"all", 2, 3000, 36},
	    {"all", 1, 100000, 18}, {"type,long", 1, 0, 4}, {"truncated", 2, 50, 2},
	    {"garbage", 1, 2, 2}, {"array", 1, 0, 1}};
	struct loader good = load(arena_printf(arena, "%s/cut", base));

	(void)state;
	for (size_t i = 0; i < enough(COUNT(cases)); i++) {
		struct data_opts o = {.dir = arena_printf(arena, "%s/bad", base),
		    .scale = cases[i].scale,
		    .seed = 1,
		    .objects_per_file = cases[i].per_file};
		struct data_expect x, again;
		enum data_found found;
		struct loader l;
		struct err e = {0};
		char **want;
		size_t n;

		assert_true(data_bad_kinds(cases[i].kinds, &o.bad, &e));
		x = generate(o);
		assert_int_equal(x.bad, cases[i].n);
		assert_true(data_look(o.dir, &found, &again, &e));
		assert_int_equal(found, DATA_COMPLETE);
		assert_memory_equal(&x, &again, sizeof x);
		l = load(o.dir);
		n = listed(o.dir, &want);
		assert_int_equal(n, cases[i].n);
		for (size_t k = 0; k < n && k < l.n_bad; k++)
			assert_string_equal(l.bad[k], want[k]);
		assert_int_equal(l.n_bad, n);
		/* What is left is what there is without them. */
		assert_int_equal(l.good_songs, 14896 * cases[i].scale);
		assert_int_equal(l.good_events, 8056 * cases[i].scale);
		assert_int_equal(l.files, x.objects);
		assert_int_equal(l.bytes, x.bytes);
		if (cases[i].scale == 1)
			assert_true(l.sum == good.sum);
	}
}

/* The oddities of the real files, as they are spelt in them, and how often they stand here. */
static void oddities(void **state)
{
	static const struct {
		const char *text;
		size_t least, most;
	} cases[] = {
	    {"\"num_songs\": 1, \"artist_id\": \"", 71, 71},
	    {"\"artist_location\":null", 1, 1},
	    {"\"artist_location\":\"\"", 4000, 8000},
	    {"\"title\":4.6,", 1, 1},
	    {"\"artist_name\":1", 5, 40},
	    {" \",\"year\"", 5, 15},
	    {"\"title\":\" ", 5, 15},
	    {"\\u0019", 29, 100},
	    {"\\ufffd", 48, 60},
	    {"\\u5c71\\u96e8", 2, 4},
	    {"\\ud83c\\udfb5", 1, 2},
	    {" \\t", 2, 4},
	    {"<a href=\\\"http:\\/\\/", 5, 20},
	    {"onmousedown='return", 5, 20},
	    {"\"artist_name\":\"Odd ", 4, 8},
	    {"\\u00c3\\u0083\\u00c2", 300, 1000},
	    {"\\u00a0\",\"status\":", 1, 1},
	    {"\"song\":\" ", 1, 4},
	    {" \",\"status\":", 1, 20},
	    {"\"userAgent\":\"\\\"Mozilla\\/5.0 ", 5000, 7000},
	    {"\"userAgent\":null,\"userId\":\"\"", 286, 286},
	    {"\"registration\":null", 286, 286},
	    {"\"song\":null,\"status\":", 1236, 1236},
	    {"796,\"userAgent\":", 8056, 8056},
	};
	const char *dir = arena_printf(arena, "%s/odd", base);
	size_t found[COUNT(cases)] = {0};
	DIR *d;

	(void)state;
	generate((struct data_opts){.dir = dir, .scale = 1, .seed = 1, .objects_per_file = 100000});
	for (int events = 0; events < 2; events++) {
		const char *folder = arena_printf(
		    arena, "%s/%s", dir, events ? "log_data/2018/11" : "song_data/A/A/A");

		d = opendir(folder);
		assert_non_null(d);
		for (struct dirent *it; (it = readdir(d));) {
			struct str bytes;

			if (it->d_name[0] == '.')
				continue;
			bytes = read_file(arena_printf(arena, "%s/%s", folder, it->d_name));
			for (size_t i = 0; i < COUNT(cases); i++) {
				struct str left = bytes, z = str_z(cases[i].text);
				const char *at;

				while ((at = memmem(left.p, left.n, z.p, z.n))) {
					found[i]++;
					left = str_from(left, (size_t)(at - left.p) + z.n);
				}
			}
			free((void *)(uintptr_t)bytes.p);
		}
		closedir(d);
	}
	for (size_t i = 0; i < COUNT(cases); i++)
		if (found[i] < cases[i].least || found[i] > cases[i].most)
			fail_msg("%s: %zu times", cases[i].text, found[i]);
}

static void unknown_kinds(void **state)
{
	static const char *const cases[] = {
	    "", "tipe", "type,", "type,,long", ",type", "ALL", "type long"};
	unsigned bits, all;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (data_bad_kinds(cases[i], &bits, &e))
			fail_msg("accepted: \"%s\"", cases[i]);
		assert_int_equal(e.where, AT_USAGE);
		assert_non_null(strstr(e.msg, "malformed, truncated"));
	}
	assert_true(data_bad_kinds("all", &all, &e));
	assert_true(data_bad_kinds("malformed,truncated,type,overflow,float,timestamp,long,utf8,"
	                           "garbage,array,large",
	    &bits, &e));
	assert_int_equal(bits, all);
}

static void bad_numbers(void **state)
{
	static const int64_t cases[] = {-1, DATA_PER_FILE_MAX + INT64_C(1)};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct data_opts o = {.dir = arena_printf(arena, "%s/none", base),
		    .scale = 1,
		    .seed = 1,
		    .objects_per_file = cases[i]};
		struct data_expect x;
		struct err e = {0};

		assert_false(data_generate(&o, &x, &e));
		assert_int_equal(e.where, AT_USAGE);
		assert_int_equal(access(o.dir, F_OK), -1);
	}
}

int main(void)
{
	/* In this order: the second looks at what the first has made. */
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cut_anyhow),
	    cmocka_unit_test(bad_ones_are_found),
	    cmocka_unit_test(oddities),
	    cmocka_unit_test(unknown_kinds),
	    cmocka_unit_test(bad_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
