/* sample.c - see sample.h. */
#include "supervisor/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "shared/connect.h"
#include "shared/file.h"
#include "shared/log.h"
#include "shared/s3.h"
#include "supervisor/local.h"
#include "supervisor/table.h"

/*
 * One command at a time looks at the data set and writes it; the others wait and find it whole. A
 * file system that has no locks does without. Returns the descriptor to close.
 */
static int lock_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

/* The bucket, where the three addresses are those that the generator writes to; else empty. */
static struct str bucket_of(const struct config *c)
{
	static const struct {
		const char *source, *key;
	} wanted[] = {{"LOG_DATA", "log_data"}, {"SONG_DATA", "song_data"},
	    {"LOG_JSONPATH", "log_json_path.json"}};
	struct str first = STR(""), bucket, key;
	struct err ignored;

	for (size_t i = 0; i < 3; i++) {
		const char *url = config_s3(c, str_z(wanted[i].source));

		if (!url || !s3_url_parse(str_z(url), &bucket, &key, &ignored))
			return STR("");
		while (str_ends(key, STR("/")))
			key.n--;
		if (!str_eqz(key, wanted[i].key) || (i && !str_eq(bucket, first)))
			return STR("");
		first = bucket;
	}
	return first;
}

/* Whether the model loads what the generator makes. */
static bool reads_it(const struct model *m)
{
	size_t n;
	const struct sqlfile *f = model_phase(m, SQL_COPY, &n);

	for (size_t i = 0; i < n; i++)
		if (str_ieq(f[i].source, STR("LOG_DATA")) || str_ieq(f[i].source, STR("SONG_DATA")))
			return true;
	return false;
}

/* The data set in o->dir, where it is whole; written where there is nothing. */
static bool find_or_write(const struct data_opts *o, struct sample *out, struct err *e)
{
	enum data_found found;

	if (!data_look(o->dir, &found, &out->expect, e))
		return false;
	if (found == DATA_EMPTY || found == DATA_PARTIAL)
		log_info("%s is empty: writing a data set to load", o->dir);
	if (!data_generate_if_empty(o, &found, &out->expect, e))
		return false;
	out->known = found != DATA_FOREIGN;
	return true;
}

bool sample_prepare(const struct config *c, const struct model *m, struct arena *a,
    struct sample *out, struct err *e)
{
	const char *dir, *buckets;
	struct str bucket = bucket_of(c), manifests, key;
	struct data_opts o = {.scale = 1, .seed = 1};
	bool ok;
	int fd;

	*out = (struct sample){.known = false};
	if (!local_folders(c, a, &dir, &buckets, e) ||
	    !s3_url_parse(str_z(connect_manifests(c)), &manifests, &key, e) ||
	    !file_folder(arena_printf(a, "%s/%.*s", buckets, STRF(manifests)), 0777, AT_CONFIG, e))
		return false;
	if (bucket.n == 0 || !reads_it(m))
		return true;
	o.dir = arena_printf(a, "%s/%.*s", buckets, STRF(bucket));
	fd = lock_folder(buckets);
	ok = find_or_write(&o, out, e);
	if (fd >= 0)
		close(fd);
	return ok;
}

void sample_find(const struct config *c, const struct model *m, struct arena *a, struct sample *out)
{
	const char *dir, *buckets;
	struct str bucket = bucket_of(c);
	enum data_found found;
	struct err ignored;

	*out = (struct sample){.known = false};
	if (bucket.n == 0 || !reads_it(m) || !local_folders(c, a, &dir, &buckets, &ignored))
		return;
	dir = arena_printf(a, "%s/%.*s", buckets, STRF(bucket));
	out->known = data_look(dir, &found, &out->expect, &ignored) && found == DATA_COMPLETE;
}

/*
 * What the generator knows: the rows of a table as long as this very file fills it. An overlay with
 * a file of its own there has rules of its own.
 */
static const struct {
	const char *table, *filled_by;
	size_t at;
} counts[] = {
#define ROWS(field) offsetof(struct data_expect, field)
    {"staging_events", "sql/sparkify/copy/staging_events.sql", ROWS(staging_events)},
    {"staging_songs", "sql/sparkify/copy/staging_songs.sql", ROWS(staging_songs)},
    {"songplays", "sql/sparkify/insert/songplays.sql", ROWS(songplays)},
    {"users", "sql/sparkify/insert/users.sql", ROWS(users)},
    {"users", "sql/sparkify_keyed/insert/users.sql", ROWS(user_ids)},
    {"songs", "sql/sparkify/insert/songs.sql", ROWS(songs)},
    {"artists", "sql/sparkify/insert/artists.sql", ROWS(artists)},
    {"artists", "sql/sparkify_keyed/insert/artists.sql", ROWS(artist_ids)},
    {"time", "sql/sparkify/insert/time.sql", ROWS(time)},
#undef ROWS
};

enum { COUNTS = sizeof counts / sizeof counts[0] };

static int64_t count_at(const struct data_expect *x, size_t i)
{
	int64_t n;

	memcpy(&n, (const char *)x + counts[i].at, sizeof n);
	return n;
}

/* Filled as the generator counts, and so is all that it is filled from. */
static bool is_known(const struct model *m, size_t i)
{
	struct str table = str_z(counts[i].table);
	const struct sqlfile *f = model_find(m, SQL_COPY, table);

	if (!f)
		f = model_find(m, SQL_INSERT, table);
	if (!f || strcmp(f->origin, counts[i].filled_by) != 0)
		return false;
	for (size_t d = 0; d < f->n_depends; d++) {
		size_t k = 0;

		while (k < COUNTS && !str_eqz(f->depends[d], counts[k].table))
			k++;
		if (k == COUNTS || !is_known(m, k))
			return false;
	}
	return true;
}

bool sample_knows(const struct model *m, struct str table)
{
	for (size_t i = 0; i < COUNTS; i++)
		if (str_eqz(table, counts[i].table) && is_known(m, i))
			return true;
	return false;
}

size_t sample_expect(const struct sample *s, const struct model *m, struct report_expect *out)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNTS; i++)
		if (is_known(m, i))
			out[n++] = (struct report_expect){counts[i].table, count_at(&s->expect, i)};
	return n;
}

void sample_print(const struct data_expect *x, bool json, struct arena *a, FILE *out)
{
	struct table *t = table_new(a, "table >expected");

	if (json)
		fprintf(out, "{\"objects\": %lld, \"bytes\": %lld", (long long)x->objects,
		    (long long)x->bytes);
	for (size_t i = 0; i < COUNTS; i++) {
		if (!str_starts(str_z(counts[i].filled_by), STR("sql/sparkify/")))
			continue;
		table_cell(t, "%s", counts[i].table);
		table_number(t, count_at(x, i));
		if (json)
			fprintf(out, ", \"%s\": %lld", counts[i].table, (long long)count_at(x, i));
	}
	if (json) {
		fprintf(out, ", \"bad\": %lld}\n", (long long)x->bad);
		return;
	}
	fprintf(out, "%s objects, %s; a correct load gives\n", table_thousands(a, x->objects),
	    table_bytes(a, x->bytes));
	table_print(t, out);
	if (x->bad)
		fprintf(out, "and rejects %s bad records, which expect.json lists\n",
		    table_thousands(a, x->bad));
}
