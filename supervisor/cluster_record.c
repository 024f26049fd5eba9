/* cluster_record.c - see cluster_record.h. */
#include "supervisor/cluster_record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/cluster_lines.h"
#include "shared/file.h"

enum { LINE_MAX_BYTES = 64 << 10 };

#define BUSY "busy"

struct cluster_record {
	const char *path, *account;
	struct str region;
	struct arena *arena;
	int fd; /* -1: nothing is there, or nothing can be written */
	enum { RECORD_DOWN, RECORD_UP, RECORD_PAUSED } warehouse;
	bool torn; /* the last line has no end */
	bool failed, unread;
	struct err why; /* it failed */
	struct record_entry *entries;
	size_t n, cap;
};

static struct record_entry *entry_of(
    const struct cluster_record *r, const char *kind, const char *id, struct str region)
{
	for (size_t i = 0; i < r->n; i++) {
		struct record_entry *t = &r->entries[i];

		if (strcmp(t->kind, kind) == 0 && strcmp(t->id, id) == 0 &&
		    str_eqz(region, t->region))
			return t;
	}
	return NULL;
}

static void note(
    struct cluster_record *r, const char *what, const char *kind, const char *id, struct str region)
{
	struct record_entry *t = entry_of(r, kind, id, region);

	if (!t) {
		r->entries = arena_grow(r->arena, r->entries, r->n, &r->cap, sizeof *r->entries);
		t = &r->entries[r->n++];
		*t = (struct record_entry){.kind = arena_strz(r->arena, kind),
		    .id = arena_strz(r->arena, id),
		    .region = arena_cstr(r->arena, region)};
	}
	t->what = arena_strz(r->arena, what);
}

static void see(void *ctx, const struct cluster_line *l)
{
	struct cluster_record *r = ctx;

	if (!l->what || !l->account || !l->region || strcmp(l->account, r->account) != 0)
		return;
	if (l->kind && l->id)
		note(r, l->what, l->kind, l->id, str_z(l->region));
	else if (!str_eqz(r->region, l->region))
		return;
	else if (strcmp(l->what, "up") == 0)
		r->warehouse = RECORD_UP;
	else if (strcmp(l->what, "paused") == 0)
		r->warehouse = RECORD_PAUSED;
	else if (strcmp(l->what, "down") == 0)
		r->warehouse = RECORD_DOWN;
}

/* Its name in the folder must outlive a crash as its lines do. */
static bool settle_folder(const char *folder, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (!ok)
		err_errno(e, ERR_SETUP, AT_STATE, "cannot write to %s", folder);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool open_to_write(struct cluster_record *r, struct err *e)
{
	const char *slash = strrchr(r->path, '/');
	const char *folder = arena_cstr(
	    r->arena, (struct str){r->path, slash ? (size_t)(slash - r->path) : 0});

	if (!file_folder(folder, 0777, AT_STATE, e))
		return false;
	r->fd = open(r->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (r->fd < 0)
		return err_errno(e, ERR_SETUP, AT_STATE, "cannot open %s", r->path);
	if (flock(r->fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_SETUP, AT_STATE, BUSY,
		    "another `dwh cluster` is at work on it (it holds %s): wait for it, or stop it",
		    r->path);
	return settle_folder(folder, e);
}

static bool open_to_read(struct cluster_record *r, struct err *e)
{
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	return r->fd >= 0 || errno == ENOENT || errno == ENOTDIR ||
	       err_errno(e, ERR_SETUP, AT_STATE, "cannot open %s", r->path);
}

static bool read_all(struct cluster_record *r, struct err *e)
{
	return r->fd < 0 || cluster_lines(r->fd, r->path, see, r, &r->torn, e);
}

/* It cannot be written; what it says counts, nevertheless, as far as it can be read. */
static void read_only(struct cluster_record *r, const struct err *why)
{
	struct err e;

	r->failed = true;
	r->why = *why;
	record_close(r);
	r->n = 0;
	r->unread = !open_to_read(r, &e) || !read_all(r, &e);
	if (r->unread)
		r->why = e;
	record_close(r);
}

bool record_open(const char *path, enum record_mode mode, const char *account, struct str region,
    struct arena *a, struct cluster_record **out, struct err *e)
{
	struct cluster_record *r = arena_alloc(a, sizeof *r);

	*r = (struct cluster_record){.path = path,
	    .account = arena_strz(a, account),
	    .region = arena_str(a, region),
	    .arena = a,
	    .fd = -1};
	*out = r;
	if ((mode == RECORD_READ ? open_to_read(r, e) : open_to_write(r, e)) && read_all(r, e))
		return true;
	if (mode == RECORD_TRY && strcmp(e->code, BUSY) != 0) {
		read_only(r, e);
		return true;
	}
	record_close(r);
	return false;
}

const struct err *record_failure(const struct cluster_record *r, bool *unread)
{
	*unread = r->unread;
	return r->failed ? &r->why : NULL;
}

void record_close(struct cluster_record *r)
{
	if (r && r->fd >= 0)
		close(r->fd);
	if (r)
		r->fd = -1;
}

/* members: NULL-terminated pairs; a NULL value is left out. */
static bool add_line(struct cluster_record *r, const char *const (*members)[2], struct err *e)
{
	char at[25];
	struct buf b;
	bool ok;

	clock_iso(clock_wall_ms(), at);
	if (r->fd < 0 && r->failed) {
		*e = r->why;
		return false;
	}
	buf_init(&b, LINE_MAX_BYTES);
	buf_printf(&b, "%s{\"at\": \"%s\", \"account\": ", r->torn ? "\n" : "", at);
	buf_json(&b, str_z(r->account));
	buf_z(&b, ", \"region\": ");
	buf_json(&b, r->region);
	for (; (*members)[0]; members++) {
		if (!(*members)[1])
			continue;
		buf_printf(&b, ", \"%s\": ", (*members)[0]);
		buf_json(&b, str_z((*members)[1]));
	}
	buf_z(&b, "}\n");
	ok = file_write(r->fd, buf_view(&b)) && fdatasync(r->fd) == 0;
	if (!ok)
		err_errno(e, ERR_SETUP, AT_STATE, "cannot write to %s", r->path);
	buf_free(&b);
	r->torn = !ok; /* some of it may be there */
	if (!ok && !r->failed)
		r->why = *e;
	r->failed |= !ok;
	return ok;
}

bool record_step(
    struct cluster_record *r, const char *what, const char *kind, const char *id, struct err *e)
{
	const char *const line[][2] = {{"what", what}, {"kind", kind}, {"id", id}, {NULL, NULL}};

	if (!add_line(r, line, e))
		return false;
	note(r, what, kind, id, r->region);
	return true;
}

bool record_up(struct cluster_record *r, const char *host, int64_t port, const char *role,
    const char *manifests, const char *secret, struct err *e)
{
	const char *const line[][2] = {{"what", "up"}, {"host", host},
	    {"port", arena_i64(r->arena, port)}, {"role", role}, {"manifests", manifests},
	    {"secret", secret}, {NULL, NULL}};

	if (!add_line(r, line, e))
		return false;
	r->warehouse = RECORD_UP;
	return true;
}

bool record_paused(struct cluster_record *r, struct err *e)
{
	static const char *const line[][2] = {{"what", "paused"}, {NULL, NULL}};

	if (r->warehouse != RECORD_PAUSED && !add_line(r, line, e))
		return false;
	r->warehouse = RECORD_PAUSED;
	return true;
}

bool record_down(struct cluster_record *r, struct err *e)
{
	static const char *const line[][2] = {{"what", "down"}, {NULL, NULL}};

	if (r->warehouse != RECORD_DOWN && !add_line(r, line, e))
		return false;
	r->warehouse = RECORD_DOWN;
	return true;
}

bool record_is_up(const struct cluster_record *r)
{
	return r->warehouse == RECORD_UP;
}

const char *record_last(const struct cluster_record *r, const char *kind, const char *id)
{
	const struct record_entry *t = entry_of(r, kind, id, r->region);

	return t ? t->what : NULL;
}

static bool is_standing(const struct record_entry *t)
{
	return strcmp(t->what, "removed") != 0 && strcmp(t->what, "refused") != 0 &&
	       strcmp(t->what, "adopted") != 0;
}

bool record_stands(const struct cluster_record *r, const char *kind, const char *id)
{
	const struct record_entry *t = entry_of(r, kind, id, r->region);

	return t && is_standing(t);
}

const struct record_entry *record_standing(const struct cluster_record *r, size_t n)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_standing(&r->entries[i]) && n-- == 0)
			return &r->entries[i];
	return NULL;
}
