/*
 * data.c - the folder of a data set: what is in it, having it written, knowing that it is whole.
 *
 * The folder's life, as the two files at its top tell it:
 *   neither            empty, or somebody else's: never touched
 *   expect.json.part   being written, or interrupted: ours to write again
 *   expect.json        complete
 * Each is there before the other goes, so at no instant do our files lie there unclaimed.
 * One process at a time writes: it holds a lock on the folder.
 */
#include "supervisor/data.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/file.h"
#include "shared/str.h"
#include "supervisor/data_private.h"

#define EXPECT "expect.json"
#define PART "expect.json.part"
#define PATHS "log_json_path.json"

static const char *const tops[] = {"log_data", "song_data"};

/* The numbers of expect.json; the same table writes and reads it. */
static const struct {
	const char *group, *name;
	size_t at;
} expect_fields[] = {
    {NULL, "scale", offsetof(struct data_expect, scale)},
    {NULL, "seed", offsetof(struct data_expect, seed)},
    {NULL, "objects_per_file", offsetof(struct data_expect, objects_per_file)},
    {NULL, "objects", offsetof(struct data_expect, objects)},
    {NULL, "bytes", offsetof(struct data_expect, bytes)},
    {"rows", "staging_events", offsetof(struct data_expect, staging_events)},
    {"rows", "staging_songs", offsetof(struct data_expect, staging_songs)},
    {"rows", "songplays", offsetof(struct data_expect, songplays)},
    {"rows", "users", offsetof(struct data_expect, users)},
    {"rows", "songs", offsetof(struct data_expect, songs)},
    {"rows", "artists", offsetof(struct data_expect, artists)},
    {"rows", "time", offsetof(struct data_expect, time)},
    {"distinct", "user_id", offsetof(struct data_expect, user_ids)},
    {"distinct", "artist_id", offsetof(struct data_expect, artist_ids)},
};

enum { FIELDS = sizeof expect_fields / sizeof expect_fields[0] };

static int64_t *field(struct data_expect *x, size_t i)
{
	return (int64_t *)(void *)((char *)x + expect_fields[i].at);
}

/* Data sets of older versions lack it. */
static bool may_lack(size_t i)
{
	return expect_fields[i].at == offsetof(struct data_expect, objects_per_file);
}

static bool expect_parse(json_t *root, struct data_expect *out)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const char *group = expect_fields[i].group;
		json_t *in = group ? json_object_get(root, group) : root;
		json_t *v = json_object_get(in, expect_fields[i].name);

		if (!json_is_integer(v) && (v || !may_lack(i)))
			return false;
		*field(out, i) = json_integer_value(v);
	}
	out->bad = (int64_t)json_array_size(json_object_get(root, "bad"));
	return true;
}

/* bad: the entries of the list, each on a line of its own. */
static bool expect_text(const struct data_expect *x, struct str bad, struct buf *b)
{
	struct data_expect copy = *x;
	const char *group = NULL;

	buf_z(b, "{");
	for (size_t i = 0; i < FIELDS; i++) {
		const char *g = expect_fields[i].group;
		bool opens = g && g != group;

		if (opens)
			buf_printf(b, "%s,\n  \"%s\": {", group ? "}" : "", g);
		buf_printf(b, "%s\"%s\": %lld",
		    opens ? ""
		    : i   ? ", "
		          : "\n  ",
		    expect_fields[i].name, (long long)*field(&copy, i));
		group = g;
	}
	buf_printf(b, "},\n  \"bad\": [%.*s%s]\n}\n", STRF(bad), bad.n ? "\n  " : "");
	return !b->over;
}

/* A name that we give to a file or folder below log_data/ or song_data/. */
static bool is_our_name(const char *name, bool folder)
{
	struct str s = str_z(name);

	if (folder)
		return str_eqz(s, "2018") || str_eqz(s, "11") ||
		       (s.n == 1 && s.p[0] >= 'A' && s.p[0] <= 'Z');
	return (s.n == DATA_TRACK + 5 && str_starts(s, STR("TRA")) && str_ends(s, STR(".json"))) ||
	       (str_starts(s, STR("2018-11-")) && str_ends(s, STR("-events.json")));
}

/* Whether the folder at/name holds anything; false where there is no such folder. */
static bool holds_something(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	bool found = false;

	if (!d)
		return false;
	for (struct dirent *it; !found && (it = readdir(d));)
		found = strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0;
	closedir(d);
	return found;
}

/*
 * Walks over an older data set of ours. With clear, removes it; without, only looks whether all in
 * it is ours.
 */
static bool walk(int at, const char *name, bool clear, struct err *e)
{
	int fd = data_open_folder(at, name, e);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	bool ok = d != NULL;

	if (!d)
		return false;
	for (struct dirent *it; ok && (it = readdir(d));) {
		const char *z = it->d_name;
		struct stat st;

		if (strcmp(z, ".") == 0 || strcmp(z, "..") == 0)
			continue;
		if (fstatat(fd, z, &st, AT_SYMLINK_NOFOLLOW) != 0)
			ok = err_errno(e, ERR_SETUP, AT_USAGE, "%s", z);
		else if (!is_our_name(z, S_ISDIR(st.st_mode)) ||
		         (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
			ok = err_set(e, ERR_SETUP, AT_USAGE, NULL,
			    "%s is not of this data set: move it away, or choose another folder",
			    z);
		else if (S_ISDIR(st.st_mode))
			ok = walk(fd, z, clear, e);
		else if (clear && unlinkat(fd, z, 0) != 0)
			ok = err_errno(e, ERR_SETUP, AT_USAGE, "cannot remove %s", z);
	}
	closedir(d);
	if (ok && clear && unlinkat(at, name, AT_REMOVEDIR) != 0)
		ok = err_errno(e, ERR_SETUP, AT_USAGE, "cannot remove the folder %s", name);
	return ok;
}

static bool walk_tops(int dir, bool clear, struct err *e)
{
	for (size_t i = 0; i < 2; i++)
		if (faccessat(dir, tops[i], F_OK, 0) == 0 && !walk(dir, tops[i], clear, e))
			return err_prefix(e, "%s", tops[i]);
	return true;
}

static enum data_found look(int dir, struct data_expect *out)
{
	bool ours = false;
	int fd;
	json_t *root;

	if (faccessat(dir, PART, F_OK, 0) == 0)
		return DATA_PARTIAL;
	fd = openat(dir, EXPECT, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		root = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
		ours = expect_parse(root, out);
		json_decref(root);
		close(fd);
		if (ours)
			return DATA_COMPLETE;
	}
	if (fd >= 0 || holds_something(dir, tops[0]) || holds_something(dir, tops[1]) ||
	    faccessat(dir, PATHS, F_OK, 0) == 0)
		return DATA_FOREIGN;
	return DATA_EMPTY;
}

bool data_look(const char *dir, enum data_found *found, struct data_expect *out, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct data_expect x = {0};

	*out = x;
	if (fd < 0 && errno == ENOENT) {
		*found = DATA_EMPTY;
		return true;
	}
	if (fd < 0)
		return err_errno(e, ERR_SETUP, AT_USAGE, "%s", dir);
	*found = look(fd, &x);
	if (*found == DATA_COMPLETE)
		*out = x;
	close(fd);
	return true;
}

/* Writing. */

static bool write_paths(struct data_job *j, struct err *e)
{
	static const char *const names[] = {"artist", "auth", "firstName", "gender",
	    "itemInSession", "lastName", "length", "level", "location", "method", "page",
	    "registration", "sessionId", "song", "status", "ts", "userAgent", "userId"};
	size_t n = sizeof names / sizeof names[0];

	buf_reset(&j->record);
	buf_z(&j->record, "{\n    \"jsonpaths\": [\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(&j->record, "        \"$['%s']\"%s\n", names[i], i + 1 < n ? "," : "");
	buf_z(&j->record, "    ]\n}\n");
	return data_write_file(j->dir, PATHS, &j->record, e);
}

static bool write_expect(
    struct data_job *j, const struct data_opts *o, struct data_expect *out, struct err *e)
{
	struct str bad = data_bad_list(j->bad);
	struct data_expect x = {.scale = o->scale,
	    .seed = o->seed,
	    .objects_per_file = o->objects_per_file,
	    .objects = j->objects,
	    .bytes = j->bytes,
	    .bad = data_bad_count(j->bad)};
	struct buf b;
	bool ok;

	data_count_get(j->count, &x);
	buf_init(&b, bad.n + DATA_RECORD);
	ok = expect_text(&x, bad, &b) ||
	     err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "%s would be too long", EXPECT);
	ok = ok && data_write_file(j->dir, PART, &b, e);
	buf_free(&b);
	if (!ok)
		return false;
	if (renameat(j->dir, PART, j->dir, EXPECT) != 0)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot rename %s", PART);
	*out = x;
	return true;
}

/* Ours from here on, and empty. */
static bool claim(struct data_job *j, struct err *e)
{
	struct data_expect ignored;

	if (look(j->dir, &ignored) == DATA_FOREIGN)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "holds data that was not made here: choose an empty folder");
	if (!walk_tops(j->dir, false, e))
		return false;
	buf_reset(&j->record);
	buf_z(&j->record, "{}\n");
	if (!data_write_file(j->dir, PART, &j->record, e))
		return false;
	if (unlinkat(j->dir, EXPECT, 0) != 0 && errno != ENOENT)
		return err_errno(e, ERR_SETUP, AT_USAGE, "cannot remove %s", EXPECT);
	return walk_tops(j->dir, true, e);
}

static bool generate(
    struct data_job *j, const struct data_opts *o, struct data_expect *out, struct err *e)
{
	if (flock(j->dir, LOCK_EX | LOCK_NB) != 0)
		return err_errno(
		    e, ERR_SETUP, AT_STATE, "another process is writing data into this folder");
	return claim(j, e) && write_paths(j, e) && data_write_songs(j, e) &&
	       data_write_events(j, e) && write_expect(j, o, out, e);
}

static struct data_world world_of(const struct data_opts *o)
{
	uint32_t n = (uint32_t)o->scale;

	/* What the real data set has, n times. */
	return (struct data_world){
	    .seed = (uint64_t)o->seed,
	    .scale = n,
	    .songs = 14896 * n,
	    .artists = 9553 * n,
	    .variants = {426 * n, 40 * n, 6 * n},
	    .twins = 5 * n,
	    .hits = 217 * n,
	    .users = 97 * n,
	    .changers = 8 * n,
	    .events = 8056 * n,
	    .events_out = 286 * n,
	    .events_play = 6820 * n,
	    .events_hit = 333 * n,
	    .events_hit_garbled = 8 * n,
	    .events_hit_length = 14 * n,
	    .events_odd = n,
	    .events_same_ts = 33 * n,
	};
}

bool data_generate(const struct data_opts *o, struct data_expect *out, struct err *e)
{
	struct data_job j = {0};
	bool ok;

	if (o->scale < 1 || o->scale > DATA_SCALE_MAX)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "the scale is %lld: it must be 1 to %d", (long long)o->scale, DATA_SCALE_MAX);
	if (o->seed < 0)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "the seed is %lld: it must not be negative", (long long)o->seed);
	if (o->objects_per_file < 0 || o->objects_per_file > DATA_PER_FILE_MAX)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "objects per file are %lld: they must be 1 to %d, or 0 for files like the "
		    "original's",
		    (long long)o->objects_per_file, DATA_PER_FILE_MAX);
	if (!data_make_folder(AT_FDCWD, o->dir, e))
		return false;
	j.dir = data_open_folder(AT_FDCWD, o->dir, e);
	if (j.dir < 0)
		return false;
	j.w = world_of(o);
	j.scratch = arena_new();
	j.per_file = (uint32_t)o->objects_per_file;
	j.count = data_count_new(&j.w);
	j.bad = data_bad_new(&j.w, o->bad);
	buf_init(&j.record, DATA_RECORD);
	ok = generate(&j, o, out, e) || err_prefix(e, "%s", o->dir);
	buf_free(&j.record);
	data_bad_free(j.bad);
	data_count_free(j.count);
	arena_free(j.scratch);
	close(j.dir);
	return ok;
}

bool data_generate_if_empty(
    const struct data_opts *o, enum data_found *found, struct data_expect *out, struct err *e)
{
	if (!data_look(o->dir, found, out, e))
		return false;
	if (*found == DATA_COMPLETE || *found == DATA_FOREIGN)
		return true;
	return data_generate(o, out, e);
}
