/*
 * The generated data set: its counts, found again from its files by another route than the
 * generator's (jansson, lists of strings, sorting), and its life in a folder.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "supervisor/data.h"

static char base[64];

static int set_up(void **state)
{
	(void)state;
	/* In memory where it can be: it is a hundred thousand small files. */
	snprintf(base, sizeof base, "%s/dwh-data-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(base) ? 0 : -1;
}

static int tear_down(void **state)
{
	char *command;
	struct arena *a = arena_new();
	int rc;

	(void)state;
	command = arena_printf(a, "rm -rf '%s'", base);
	rc = system(command);
	arena_free(a);
	return rc;
}

static const char *in_base(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", base, name);
}

static void generate(const char *dir, int64_t scale, int64_t seed, struct data_expect *x)
{
	struct data_opts o = {.dir = dir, .scale = scale, .seed = seed};
	struct err e = {0};

	if (!data_generate(&o, x, &e))
		fail_msg("%s", e.msg);
}

/* Calls f for each file below dir; path is the whole one. */
static void each_file(
    const char *dir, void (*f)(const char *path, struct str bytes, void *arg), void *arg)
{
	DIR *d = opendir(dir);
	struct arena *a = arena_new();

	assert_non_null(d);
	for (struct dirent *it; (it = readdir(d));) {
		const char *path = arena_printf(a, "%s/%s", dir, it->d_name);
		struct stat st;
		struct buf b;
		FILE *in;

		if (it->d_name[0] == '.')
			continue;
		assert_int_equal(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			each_file(path, f, arg);
			continue;
		}
		buf_init(&b, 1u << 30);
		in = fopen(path, "r");
		assert_non_null(in);
		b.n = fread(buf_room(&b, (size_t)st.st_size + 1), 1, (size_t)st.st_size, in);
		assert_int_equal(b.n, st.st_size);
		fclose(in);
		f(path, buf_view(&b), arg);
		buf_free(&b);
	}
	closedir(d);
	arena_free(a);
}

/* The records again. */

struct list {
	char **items;
	size_t n, cap;
};

struct found {
	struct arena *a;
	struct list times, users, user_ids, songs, artists, artist_ids;
	struct list catalogue;    /* "title|artist", tab, "song id|artist id" */
	struct list exact, plays; /* the join compared as it is, and without final blanks */
	json_t **events;
	size_t n_events, cap_events, n_songs, files;
	int64_t bytes;
	size_t out, numbers, null_places, empty_places, wide;
	size_t longest_title, longest_name, longest_place;
};

static void list_add(struct found *x, struct list *l, const char *z)
{
	l->items = arena_grow(x->a, l->items, l->n, &l->cap, sizeof *l->items);
	l->items[l->n++] = arena_strz(x->a, z);
}

static int by_text(const void *p, const void *q)
{
	return strcmp(*(char *const *)p, *(char *const *)q);
}

static int64_t distinct(struct list *l)
{
	int64_t n = l->n > 0;

	qsort(l->items, l->n, sizeof *l->items, by_text);
	for (size_t i = 1; i < l->n; i++)
		n += strcmp(l->items[i - 1], l->items[i]) != 0;
	return n;
}

/* A value as COPY would put it into a text column. */
static const char *text(struct found *x, json_t *record, const char *key)
{
	json_t *v = json_object_get(record, key);

	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		return arena_printf(x->a, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return arena_printf(x->a, "%.12g", json_real_value(v));
	assert_true(json_is_null(v)); /* there, at least */
	return "(null)";
}

static const char *trimmed(struct found *x, const char *z)
{
	size_t n = strlen(z);

	while (n && z[n - 1] == ' ')
		n--;
	return arena_printf(x->a, "%.*s", (int)n, z);
}

static void longest(size_t *most, const char *z)
{
	if (strlen(z) > *most)
		*most = strlen(z);
}

static void read_song(const char *path, struct str bytes, void *arg)
{
	static const char *const keys[2][10] = {
	    {"artist_id", "artist_latitude", "artist_location", "artist_longitude", "artist_name",
	        "duration", "num_songs", "song_id", "title", "year"},
	    {"num_songs", "artist_id", "artist_latitude", "artist_longitude", "artist_location",
	        "artist_name", "song_id", "title", "duration", "year"}};
	bool wide = memchr(bytes.p, ' ', 14) != NULL;
	struct found *x = arg;
	json_error_t error;
	json_t *r = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, &error);
	const char *at = path + strlen(path) - 30; /* ".../A/X/Y/TRAXY.....json" */
	const char *id, *artist, *title, *name;
	size_t i = 0;

	assert_non_null(r);
	assert_int_equal(bytes.p[bytes.n - 1], '}');
	assert_int_equal(json_object_size(r), 10);
	for (void *it = json_object_iter(r); it; it = json_object_iter_next(r, it))
		assert_string_equal(json_object_iter_key(it), keys[wide][i++]);
	x->wide += wide;
	for (i = 0; i < bytes.n; i++)
		assert_true(bytes.p[i] >= ' ' && bytes.p[i] < 0x7f);
	assert_memory_equal(at, "/A/", 3);
	assert_memory_equal(at + 6, "/", 1);
	assert_memory_equal(at + 7, "TRA", 3);
	assert_int_equal(at[10], at[3]);
	assert_int_equal(at[11], at[5]);

	id = text(x, r, "song_id");
	artist = text(x, r, "artist_id");
	title = text(x, r, "title");
	name = text(x, r, "artist_name");
	longest(&x->longest_title, title);
	longest(&x->longest_name, name);
	longest(&x->longest_place, text(x, r, "artist_location"));
	x->numbers += json_is_number(json_object_get(r, "title")) ||
	              json_is_number(json_object_get(r, "artist_name"));
	x->null_places += json_is_null(json_object_get(r, "artist_location"));
	x->empty_places += *text(x, r, "artist_location") == '\0';
	list_add(x, &x->artist_ids, artist);
	list_add(x, &x->artists,
	    arena_printf(x->a, "%s|%s|%s|%s|%s", artist, name, text(x, r, "artist_location"),
	        text(x, r, "artist_latitude"), text(x, r, "artist_longitude")));
	list_add(x, &x->songs,
	    arena_printf(x->a, "%s|%s|%s|%s|%s", id, title, artist, text(x, r, "year"),
	        text(x, r, "duration")));
	list_add(x, &x->catalogue, arena_printf(x->a, "%s|%s\t%s|%s", title, name, id, artist));
	x->n_songs++;
	x->files++;
	x->bytes += (int64_t)bytes.n;
	json_decref(r);
}

static void read_event(struct found *x, const char *path, const char *line, size_t n)
{
	json_error_t error;
	json_t *r = json_loadb(line, n, JSON_REJECT_DUPLICATES, &error);
	const char *user, *date = path + strlen(path) - strlen("2018-11-01-events.json");
	int64_t ts, day;

	assert_non_null(r);
	assert_int_equal(json_object_size(r), 18);
	user = json_string_value(json_object_get(r, "userId"));
	assert_non_null(user);
	ts = json_integer_value(json_object_get(r, "ts"));
	day = (ts - 1541030400000) / 86400000; /* since 2018-11-01 */
	assert_int_equal(day + 1, strtol(date + 8, NULL, 10));
	assert_int_equal(
	    json_is_null(json_object_get(r, "song")), strcmp(text(x, r, "page"), "NextSong") != 0);
	assert_int_equal(json_is_real(json_object_get(r, "registration")), *user != '\0');
	x->out += *user == '\0';
	list_add(x, &x->times, text(x, r, "ts"));
	if (*user) {
		list_add(x, &x->user_ids, user);
		list_add(x, &x->users,
		    arena_printf(x->a, "%s|%s|%s|%s|%s", user, text(x, r, "firstName"),
		        text(x, r, "lastName"), text(x, r, "gender"), text(x, r, "level")));
	}
	x->events = arena_grow(x->a, x->events, x->n_events, &x->cap_events, sizeof(json_t *));
	x->events[x->n_events++] = r;
}

static void read_day(const char *path, struct str bytes, void *arg)
{
	struct found *x = arg;

	assert_int_equal(bytes.p[bytes.n - 1], '}');
	x->files++;
	x->bytes += (int64_t)bytes.n;
	for (;;) {
		size_t n = str_find(bytes, '\n');

		read_event(x, path, bytes.p, n);
		if (n == bytes.n)
			break;
		bytes = str_from(bytes, n + 1);
	}
}

/* Events against the catalogue: trim says whether final blanks count. */
static void join(struct found *x, bool trim, struct list *out)
{
	struct list keys = {0};

	for (size_t i = 0; i < x->catalogue.n; i++) {
		const char *z = x->catalogue.items[i], *tab = strrchr(z, '\t');
		const char *bar = NULL;
		const char *title, *artist;

		/* The last bar before the tab: no title or name has one. */
		for (const char *p = z; p < tab; p++)
			if (*p == '|')
				bar = p;
		assert_non_null(bar);
		title = arena_printf(x->a, "%.*s", (int)(bar - z), z);
		artist = arena_printf(x->a, "%.*s", (int)(tab - bar - 1), bar + 1);
		if (trim) {
			title = trimmed(x, title);
			artist = trimmed(x, artist);
		}
		list_add(x, &keys, arena_printf(x->a, "%s|%s%s", title, artist, tab));
	}
	qsort(keys.items, keys.n, sizeof *keys.items, by_text);
	for (size_t i = 0; i < x->n_events; i++) {
		json_t *r = x->events[i];
		const char *song = text(x, r, "song"), *artist = text(x, r, "artist");
		size_t lo = 0, hi = keys.n, n;
		const char *key;

		if (strcmp(text(x, r, "page"), "NextSong") != 0)
			continue;
		if (trim) {
			song = trimmed(x, song);
			artist = trimmed(x, artist);
		}
		key = arena_printf(x->a, "%s|%s\t", song, artist);
		n = strlen(key);
		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (strcmp(keys.items[mid], key) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < keys.n && strncmp(keys.items[lo], key, n) == 0; lo++)
			list_add(x, out,
			    arena_printf(x->a, "%s|%s|%s|%s|%s|%s|%s", text(x, r, "ts"),
			        text(x, r, "userId"), text(x, r, "level"), keys.items[lo] + n,
			        text(x, r, "sessionId"), text(x, r, "location"),
			        text(x, r, "userAgent")));
	}
}

static void check_counts(const char *dir, const struct data_expect *want)
{
	struct found x = {.a = arena_new()};

	each_file(arena_printf(x.a, "%s/song_data", dir), read_song, &x);
	each_file(arena_printf(x.a, "%s/log_data", dir), read_day, &x);
	join(&x, true, &x.plays);
	join(&x, false, &x.exact);
	assert_int_equal(x.n_events, want->staging_events);
	assert_int_equal(x.n_songs, want->staging_songs);
	assert_int_equal(distinct(&x.plays), want->songplays);
	assert_int_equal(distinct(&x.exact), want->songplays);
	assert_int_equal(distinct(&x.users), want->users);
	assert_int_equal(distinct(&x.user_ids), want->user_ids);
	assert_int_equal(distinct(&x.songs), want->songs);
	assert_int_equal(distinct(&x.artists), want->artists);
	assert_int_equal(distinct(&x.artist_ids), want->artist_ids);
	assert_int_equal(distinct(&x.times), want->time);
	assert_int_equal(x.files, want->objects);
	assert_int_equal(x.bytes, want->bytes);
	assert_int_equal(x.out, 286 * want->scale);
	assert_true((int64_t)x.null_places >= want->scale);
	assert_true(x.numbers >= 40 && x.empty_places > 4000);
	assert_int_equal(x.wide / (size_t)want->scale, 71);
	/* The longest of the real data, in bytes. */
	assert_int_equal(x.longest_title, 173);
	assert_int_equal(x.longest_name, 177);
	assert_int_equal(x.longest_place, 176);
	for (size_t i = 0; i < x.n_events; i++)
		json_decref(x.events[i]);
	arena_free(x.a);
}

static void counts_of_the_usual_set(void **state)
{
	struct arena *a = arena_new();
	const char *dir = in_base(a, "usual");
	struct data_expect x, again;
	enum data_found found;
	struct err e;

	(void)state;
	generate(dir, 1, 1, &x);
	check_counts(dir, &x);
	assert_int_equal(x.staging_events, 8056);
	assert_int_equal(x.staging_songs, 14896);
	assert_int_equal(x.songplays, 333);
	assert_int_equal(x.users, 105);
	assert_int_equal(x.user_ids, 97);
	assert_int_equal(x.songs, 14896);
	assert_int_equal(x.artists, 10025);
	assert_int_equal(x.artist_ids, 9553);
	assert_int_equal(x.time, 8023);
	assert_int_equal(x.objects, 14926);
	assert_true(data_look(dir, &found, &again, &e));
	assert_int_equal(found, DATA_COMPLETE);
	assert_memory_equal(&x, &again, sizeof x);
	arena_free(a);
}

static void counts_of_a_larger_set(void **state)
{
	struct arena *a = arena_new();
	const char *dir = in_base(a, "larger");
	struct data_expect x;

	(void)state;
	generate(dir, 2, 77, &x);
	assert_int_equal(x.staging_events, 2 * 8056);
	assert_int_equal(x.staging_songs, 2 * 14896);
	check_counts(dir, &x);
	arena_free(a);
}

/* The same for the same names and bytes, in whatever order they are read. */
static void digest_file(const char *path, struct str bytes, void *arg)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (path = strstr(path, "_data/"); *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3u;
	for (size_t i = 0; i < bytes.n; i++)
		h = (h ^ (unsigned char)bytes.p[i]) * 0x100000001b3u;
	*(uint64_t *)arg += h;
}

static uint64_t digest(const char *dir)
{
	struct arena *a = arena_new();
	uint64_t h = 0;

	each_file(arena_printf(a, "%s/log_data", dir), digest_file, &h);
	each_file(arena_printf(a, "%s/song_data", dir), digest_file, &h);
	arena_free(a);
	return h;
}

static void the_seed_is_everything(void **state)
{
	struct arena *a = arena_new();
	const char *one = in_base(a, "usual"), *two = in_base(a, "again");
	struct data_expect x;
	uint64_t first = digest(one);

	(void)state;
	generate(two, 1, 1, &x);
	assert_true(digest(two) == first);
	/* In place of the older set, of which nothing may remain. */
	generate(two, 1, 2, &x);
	assert_true(digest(two) != first);
	assert_int_equal(x.seed, 2);
	check_counts(two, &x);
	generate(two, 1, 1, &x);
	assert_true(digest(two) == first);
	arena_free(a);
}

/* A limit of the size of files stops the generator in the events, after the songs. */
static void limited(const char *dir, bool dies)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit limit = {60000, 60000}, no_core = {0, 0};
		struct data_opts o = {.dir = dir, .scale = 1, .seed = 1};
		struct data_expect x;
		struct err e;

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGXFSZ, dies ? SIG_DFL : SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(data_generate(&o, &x, &e) ? 1 : strstr(e.msg, "cannot write") ? 2 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (dies)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	else
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
}

static void interrupted_is_not_complete(void **state)
{
	struct arena *a = arena_new();
	const char *dir = in_base(a, "again");
	struct data_opts o = {.dir = dir, .scale = 1, .seed = 1};
	struct data_expect x;
	enum data_found found;
	struct err e;
	uint64_t whole = digest(dir);

	(void)state;
	for (int dies = 0; dies < 2; dies++) {
		limited(dir, dies);
		assert_true(data_look(dir, &found, &x, &e));
		assert_int_equal(found, DATA_PARTIAL);
	}
	assert_true(data_generate_if_empty(&o, &found, &x, &e));
	assert_int_equal(found, DATA_PARTIAL);
	assert_true(digest(dir) == whole);
	check_counts(dir, &x);

	/* Complete: left as it is, whatever is asked for. */
	o.scale = 3;
	assert_true(data_generate_if_empty(&o, &found, &x, &e));
	assert_int_equal(found, DATA_COMPLETE);
	assert_int_equal(x.scale, 1);
	assert_true(digest(dir) == whole);
	arena_free(a);
}

static void put(const char *path, const char *z)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(z, f);
	assert_int_equal(fclose(f), 0);
}

static void what_is_not_ours_stays(void **state)
{
	struct arena *a = arena_new();
	const char *dir = in_base(a, "foreign"), *ours = in_base(a, "again");
	struct data_opts o = {.dir = dir, .scale = 1, .seed = 1};
	struct data_expect x;
	enum data_found found;
	struct err e;
	uint64_t before;

	(void)state;
	assert_true(data_look(dir, &found, &x, &e));
	assert_int_equal(found, DATA_EMPTY);
	assert_int_equal(mkdir(dir, 0777), 0);
	assert_int_equal(mkdir(arena_printf(a, "%s/song_data", dir), 0777), 0);
	assert_true(data_look(dir, &found, &x, &e));
	assert_int_equal(found, DATA_EMPTY);
	put(arena_printf(a, "%s/song_data/mine.json", dir), "{}");
	assert_true(data_look(dir, &found, &x, &e));
	assert_int_equal(found, DATA_FOREIGN);
	assert_true(data_generate_if_empty(&o, &found, &x, &e));
	assert_int_equal(found, DATA_FOREIGN);
	assert_int_equal(x.staging_events, 0);
	assert_false(data_generate(&o, &x, &e));
	assert_int_equal(e.where, AT_USAGE);
	assert_int_equal(access(arena_printf(a, "%s/expect.json.part", dir), F_OK), -1);

	/* A file of somebody's among ours: nothing is changed, and it is named. */
	put(arena_printf(a, "%s/song_data/A/C/mine.json", ours), "{}");
	before = digest(ours);
	o.dir = ours;
	assert_false(data_generate(&o, &x, &e));
	assert_non_null(strstr(e.msg, "mine.json"));
	assert_true(data_look(ours, &found, &x, &e));
	assert_int_equal(found, DATA_COMPLETE);
	assert_true(digest(ours) == before);
	arena_free(a);
}

static void bad_options(void **state)
{
	static const struct {
		int64_t scale, seed;
	} cases[] = {{0, 1}, {-1, 1}, {DATA_SCALE_MAX + 1, 1}, {1, -1}};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct data_opts o = {
		    .dir = in_base(a, "none"), .scale = cases[i].scale, .seed = cases[i].seed};
		struct data_expect x;
		struct err e;

		assert_false(data_generate(&o, &x, &e));
		assert_int_equal(e.where, AT_USAGE);
		assert_int_equal(access(o.dir, F_OK), -1);
	}
	arena_free(a);
}

int main(void)
{
	/* In this order: later ones look at what earlier ones have made. */
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_options),
	    cmocka_unit_test(counts_of_the_usual_set),
	    cmocka_unit_test(counts_of_a_larger_set),
	    cmocka_unit_test(the_seed_is_everything),
	    cmocka_unit_test(interrupted_is_not_complete),
	    cmocka_unit_test(what_is_not_ours_stays),
	};

	/* The others take long under valgrind, and run no code that these do not run. */
	static const struct CMUnitTest few[] = {
	    cmocka_unit_test(bad_options),
	    cmocka_unit_test(counts_of_the_usual_set),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (getenv("UNIT_SHORT"))
		return cmocka_run_group_tests(few, set_up, tear_down);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
