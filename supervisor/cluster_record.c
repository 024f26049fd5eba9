/* cluster_record.c - see cluster_record.h. */
#include "supervisor/cluster_record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/file.h"

enum { RECORD_MAX = 16 << 20, LINE_MAX_BYTES = 64 << 10 };

struct cluster_record {
	const char *path, *account;
	struct str region;
	struct arena *arena;
	int fd; /* -1: nothing is there, and nothing will be written */
	bool up;
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

static void take_line(struct cluster_record *r, const json_t *j)
{
	const char *what = json_string_value(json_object_get(j, "what"));
	const char *kind = json_string_value(json_object_get(j, "kind"));
	const char *id = json_string_value(json_object_get(j, "id"));
	const char *account = json_string_value(json_object_get(j, "account"));
	const char *region = json_string_value(json_object_get(j, "region"));

	if (!what || !account || !region || strcmp(account, r->account) != 0)
		return;
	if (kind && id)
		note(r, what, kind, id, str_z(region));
	else if (str_eqz(r->region, region) &&
	         (strcmp(what, "up") == 0 || strcmp(what, "down") == 0))
		r->up = strcmp(what, "up") == 0;
}

/* A line that is torn, by a crash, is one that was not written: its step was not taken. */
static bool read_all(struct cluster_record *r, bool *torn, struct err *e)
{
	struct str left;
	struct buf b;
	bool ok;

	buf_init(&b, RECORD_MAX);
	ok = file_read(r->fd, &b) || err_errno(e, ERR_SETUP, AT_STATE, "cannot read %s", r->path);
	left = buf_view(&b);
	*torn = left.n && left.p[left.n - 1] != '\n';
	while (ok && left.n) {
		struct str line = {left.p, str_find(left, '\n')};
		json_t *j = json_loadb(line.p, line.n, 0, NULL);

		take_line(r, j);
		json_decref(j);
		left = str_from(left, line.n + 1);
	}
	buf_free(&b);
	return ok;
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
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "another `dwh cluster` is at work on it (it holds %s): wait for it, or stop it",
		    r->path);
	return settle_folder(folder, e);
}

bool record_open(const char *path, bool write, const char *account, struct str region,
    struct arena *a, struct cluster_record **out, struct err *e)
{
	struct cluster_record *r = arena_alloc(a, sizeof *r);
	bool torn = false, ok;

	*r = (struct cluster_record){.path = path,
	    .account = arena_strz(a, account),
	    .region = arena_str(a, region),
	    .arena = a,
	    .fd = -1};
	if (write) {
		ok = open_to_write(r, e);
	} else {
		r->fd = open(path, O_RDONLY | O_CLOEXEC);
		ok = r->fd >= 0 || errno == ENOENT || errno == ENOTDIR ||
		     err_errno(e, ERR_SETUP, AT_STATE, "cannot open %s", path);
	}
	ok = ok && (r->fd < 0 || read_all(r, &torn, e));
	if (ok && write && torn)
		ok = file_write(r->fd, STR("\n")) ||
		     err_errno(e, ERR_SETUP, AT_STATE, "cannot write to %s", path);
	if (!ok) {
		record_close(r);
		return false;
	}
	*out = r;
	return true;
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
	buf_init(&b, LINE_MAX_BYTES);
	buf_printf(&b, "{\"at\": \"%s\", \"account\": ", at);
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
	buf_free(&b);
	return ok || err_errno(e, ERR_SETUP, AT_STATE, "cannot write to %s", r->path);
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
	r->up = true;
	return true;
}

bool record_down(struct cluster_record *r, struct err *e)
{
	static const char *const line[][2] = {{"what", "down"}, {NULL, NULL}};

	if (r->up && !add_line(r, line, e))
		return false;
	r->up = false;
	return true;
}

const char *record_last(const struct cluster_record *r, const char *kind, const char *id)
{
	const struct record_entry *t = entry_of(r, kind, id, r->region);

	return t ? t->what : NULL;
}

static bool is_standing(const struct record_entry *t)
{
	return strcmp(t->what, "removed") != 0 && strcmp(t->what, "adopted") != 0;
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
