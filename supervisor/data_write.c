/*
 * data_write.c - the files of a data set, one record after the other; nothing is kept of what is
 * written but its counts.
 *
 * Songs are written folder by folder, each folder open while its files are made. (Where making
 * fifteen thousand small files takes seconds of system time, many were deleted just before: for
 * some minutes ext4 passes over the inodes of deleted files one by one, in whatever order and place
 * new ones are made.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/data_private.h"

enum { FLUSH_BYTES = 256 << 10, FOLDERS = 26 * 26 };

bool data_make_folder(int at, const char *name, struct err *e)
{
	if (mkdirat(at, name, 0777) != 0 && errno != EEXIST)
		return err_errno(e, ERR_SETUP, AT_USAGE, "cannot make the folder %s", name);
	return true;
}

int data_open_folder(int at, const char *name, struct err *e)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		err_errno(e, ERR_SETUP, AT_USAGE, "cannot open the folder %s", name);
	return fd;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

bool data_write_file(int at, const char *name, const struct buf *b, struct err *e)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool ok = fd >= 0 && write_all(fd, b->p, b->n);

	if (fd >= 0 && close(fd) != 0)
		ok = false;
	if (!ok)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot write %s", name);
	return true;
}

/* A file of records that is being written. */
struct file {
	int fd;         /* -1: none is open */
	char name[128]; /* below the data set's folder */
	struct buf out; /* not written yet */
	uint64_t line;  /* of the next byte, from 1 */
	uint32_t records;
	bool bad; /* the last one was bad: a new line must follow */
};

static void file_init(struct file *f)
{
	*f = (struct file){.fd = -1};
	buf_init(&f->out, DATA_BAD_RECORD + FLUSH_BYTES);
}

static bool file_fail(const struct file *f, struct err *e)
{
	return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot write %s", f->name);
}

/* at is the folder that f->name, already set, lies in. */
static bool file_open(struct data_job *j, struct file *f, int at, struct err *e)
{
	f->fd = openat(
	    at, strrchr(f->name, '/') + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	f->line = 1;
	f->records = 0;
	f->bad = false;
	j->objects++;
	return f->fd >= 0 || file_fail(f, e);
}

static bool file_flush(struct data_job *j, struct file *f, struct err *e)
{
	bool ok = write_all(f->fd, f->out.p, f->out.n);

	j->bytes += (int64_t)f->out.n;
	buf_reset(&f->out);
	return ok || file_fail(f, e);
}

static bool file_close(struct data_job *j, struct file *f, struct err *e)
{
	bool ok = file_flush(j, f, e);

	if (close(f->fd) != 0 && ok)
		ok = file_fail(f, e);
	f->fd = -1;
	return ok;
}

static void file_free(struct file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	buf_free(&f->out);
}

/* Adds j->record behind what is there; between two of them stands a new line, or nothing. */
static bool file_add(struct data_job *j, struct file *f, bool apart, struct err *e)
{
	if (f->records++ && apart) {
		buf_c(&f->out, '\n');
		f->line++;
	}
	for (size_t i = 0; i < j->record.n; i++)
		f->line += j->record.p[i] == '\n';
	buf_str(&f->out, buf_view(&j->record));
	return f->out.n < FLUSH_BYTES || file_flush(j, f, e);
}

/* The good record i, and the bad one behind it, if there is one. */
static bool add(struct data_job *j, struct file *f, bool event, uint32_t i, struct err *e)
{
	const struct data_bad_case *bad;
	bool apart = event || f->bad || f->records % 16 != 8;

	if (!file_add(j, f, apart, e))
		return false;
	bad = data_bad_behind(j->bad, event, i, &j->record);
	f->bad = bad != NULL;
	if (!bad)
		return true;
	if (!file_add(j, f, true, e))
		return false;
	f->records--;
	data_bad_note(j->bad, bad, f->name, f->line);
	return true;
}

/* ---- songs ---- */

static bool add_song(struct data_job *j, struct file *f, uint32_t i, struct err *e)
{
	struct data_song s;

	arena_reset(j->scratch);
	data_song(&j->w, i, j->scratch, &s);
	buf_reset(&j->record);
	data_json_song(&j->record, &s);
	data_count_song(j->count, i, &s);
	return add(j, f, false, i, e);
}

/* One record, which the file's end cuts. */
static bool add_cut(
    struct data_job *j, struct file *f, uint32_t i, const struct data_bad_case *bad, struct err *e)
{
	struct data_song s;

	arena_reset(j->scratch);
	data_song(&j->w, i, j->scratch, &s);
	buf_reset(&j->record);
	data_json_song(&j->record, &s);
	j->record.n = j->record.n * 2 / 3;
	data_bad_note(j->bad, bad, f->name, 1);
	return file_add(j, f, true, e);
}

/* How the songs are cut into files, and how many files are cut off. */
struct cut {
	uint32_t files, per_file, broken;
	const struct data_bad_case *broken_case;
};

/* The files of one folder: every 676th. at: the folder. */
static bool write_song_folder(struct data_job *j, const struct cut *c, int at, const char *folder,
    uint32_t first, struct file *f, struct err *e)
{
	for (uint32_t n = first; n < c->files + c->broken; n += FOLDERS) {
		char track[DATA_TRACK + 1];
		uint64_t i = (uint64_t)n * c->per_file, end = i + c->per_file;
		bool ok;

		data_track(&j->w, n, track);
		snprintf(f->name, sizeof f->name, "%s/%s.json", folder, track);
		if (!file_open(j, f, at, e))
			return false;
		ok = n < c->files || add_cut(j, f, n - c->files, c->broken_case, e);
		for (; ok && n < c->files && i < end && i < j->w.songs; i++)
			ok = add_song(j, f, (uint32_t)i, e);
		if (!ok || !file_close(j, f, e))
			return false;
	}
	return true;
}

bool data_write_songs(struct data_job *j, struct err *e)
{
	bool ok = data_make_folder(j->dir, "song_data", e) &&
	          data_make_folder(j->dir, "song_data/A", e);
	struct cut c = {.per_file = j->per_file ? j->per_file : 1};
	struct file f;

	c.files = (uint32_t)(((uint64_t)j->w.songs + c.per_file - 1) / c.per_file);
	c.broken = data_bad_cut_files(j->bad, &c.broken_case);
	file_init(&f);
	for (uint32_t n = 0; ok && n < FOLDERS && n < c.files + c.broken; n++) {
		char name[32];
		int fd = -1;

		snprintf(name, sizeof name, "song_data/A/%c", 'A' + (int)(n / 26));
		ok = n % 26 || data_make_folder(j->dir, name, e);
		snprintf(name, sizeof name, "song_data/A/%c/%c", 'A' + (int)(n / 26),
		    'A' + (int)(n % 26));
		ok = ok && data_make_folder(j->dir, name, e);
		if (ok)
			fd = data_open_folder(j->dir, name, e);
		ok = fd >= 0 && write_song_folder(j, &c, fd, name, n, &f, e);
		if (fd >= 0)
			close(fd);
	}
	file_free(&f);
	return ok;
}

/* ---- events ---- */

#define MONTH "log_data/2018/11"

/* Whether the next event begins a file: of a day, or of so many. */
static bool begins_file(
    const struct data_job *j, const struct file *f, const struct data_event *v, int day)
{
	return f->fd < 0 || (j->per_file ? f->records == j->per_file : v->day != day);
}

static void name_events(const struct data_job *j, struct file *f, int day, uint32_t files)
{
	if (j->per_file)
		snprintf(f->name, sizeof f->name, MONTH "/2018-11-%02d-%06u-events.json", day + 1,
		    files);
	else
		snprintf(f->name, sizeof f->name, MONTH "/2018-11-%02d-events.json", day + 1);
}

static bool write_month(struct data_job *j, int at, struct file *f, struct err *e)
{
	struct data_events *g = data_events_new(&j->w);
	uint32_t i = 0, files = 0;
	struct data_event v;
	int day = -1;
	bool ok = true;

	for (; ok; i++) {
		arena_reset(j->scratch);
		if (!data_events_next(g, j->scratch, &v))
			break;
		if (begins_file(j, f, &v, day)) {
			ok = f->fd < 0 || file_close(j, f, e);
			name_events(j, f, v.day, ++files);
			ok = ok && file_open(j, f, at, e);
			day = v.day;
		}
		buf_reset(&j->record);
		data_json_event(&j->record, &v);
		data_count_event(j->count, &v);
		ok = ok && add(j, f, true, i, e);
	}
	data_events_free(g);
	return ok && (f->fd < 0 || file_close(j, f, e));
}

bool data_write_events(struct data_job *j, struct err *e)
{
	bool ok = data_make_folder(j->dir, "log_data", e) &&
	          data_make_folder(j->dir, "log_data/2018", e) &&
	          data_make_folder(j->dir, MONTH, e);
	int at = ok ? data_open_folder(j->dir, MONTH, e) : -1;
	struct file f;

	if (at < 0)
		return false;
	file_init(&f);
	ok = write_month(j, at, &f, e);
	file_free(&f);
	close(at);
	return ok;
}
