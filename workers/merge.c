/* merge.c - see merge.h. */
#include "workers/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/file.h"
#include "workers/crash.h"
#include "workers/cut.h"
#include "workers/tasks.h"

/* As a manifest's: two million entries of a long key each. */
enum { PIECE_MAX = 1 << 30 };

bool merge_is_on(const struct worker *w, bool validate)
{
	return w->config.load.strategy == STRATEGY_MERGED && !validate;
}

/* ---- pieces ---- */

static const char *folder(struct worker *w, struct str relation)
{
	return arena_printf(w->task, "%s/runs/%.*s/pieces.%.*s",
	    config_path(&w->config, w->task, w->config.local.dir), STRF(w->run), STRF(relation));
}

static const char *path_of(struct worker *w, struct str relation, int64_t id)
{
	return arena_printf(w->task, "%s/%lld", folder(w, relation), (long long)id);
}

bool merge_keep(
    struct worker *w, int64_t id, struct str relation, const struct manifest *m, struct err *e)
{
	const char *path = path_of(w, relation, id);
	struct msg fact = {.type = MSG_SHARD, .u.shard = {.id = id, .objects = (int64_t)m->n}};
	struct buf b;
	bool ok;

	if (!file_folder(folder(w, relation), 0777, AT_CONFIG, e))
		return false;
	buf_init(&b, PIECE_MAX);
	manifest_print(m, &b);
	ok = !b.over && file_replace(path, buf_view(&b));
	if (b.over)
		err_set(e, ERR_TASK, AT_S3, "Manifest",
		    "%zu objects are too many for one manifest: load them with another [LOAD] "
		    "STRATEGY",
		    m->n);
	else if (!ok)
		err_errno(e, ERR_SETUP, AT_CONFIG, "cannot write what was listed to %s", path);
	buf_free(&b);
	if (!ok)
		return false;
	crash_here("list:after-manifest");
	fact.u.shard.manifest = str_z(path);
	for (size_t i = 0; i < m->n; i++)
		fact.u.shard.bytes += (int64_t)m->objects[i].size;
	worker_send(&fact);
	return true;
}

bool merge_forget(struct worker *w, struct str relation, int64_t id, struct err *e)
{
	const char *path = path_of(w, relation, id);

	return unlink(path) == 0 || errno == ENOENT ||
	       err_errno(e, ERR_SETUP, AT_CONFIG, "cannot take away %s", path);
}

void merge_forget_all(struct worker *w, struct str relation)
{
	const char *dir = folder(w, relation);
	DIR *d = opendir(dir);
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		unlinkat(dirfd(d), ent->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

/* ---- joining them ---- */

struct merge {
	struct worker *w;
	struct manifest all;
	size_t cap;
	int64_t pieces;
};

static bool read_piece(struct merge *k, const char *path, struct err *e)
{
	struct arena *a = k->w->task;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct manifest m = {.n = 0};
	struct buf b;
	bool ok;

	buf_init(&b, PIECE_MAX);
	ok = fd >= 0 && file_read(fd, &b);
	if (!ok)
		err_errno(e, ERR_SETUP, AT_STATE, "cannot read what was listed, %s", path);
	if (fd >= 0)
		close(fd);
	ok = ok && manifest_parse(buf_view(&b), a, &m, e);
	buf_free(&b);
	for (size_t i = 0; ok && i < m.n; i++) {
		k->all.objects = arena_grow(
		    a, k->all.objects, k->all.n, &k->cap, sizeof *k->all.objects);
		k->all.objects[k->all.n++] = m.objects[i];
	}
	if (m.n)
		k->all.bucket = m.bucket;
	k->pieces++;
	return ok;
}

static bool read_pieces(struct merge *k, struct str relation, struct err *e)
{
	const char *dir = folder(k->w, relation);
	DIR *d = opendir(dir);
	struct dirent *ent;
	bool ok = true;

	while (ok && d && (ent = readdir(d)))
		if (ent->d_name[0] != '.')
			ok = worker_tick(k->w, e) &&
			     read_piece(k, arena_printf(k->w->task, "%s/%s", dir, ent->d_name), e);
	if (d)
		closedir(d);
	return ok;
}

/* Parts do not overlap: an object that is in two would be loaded twice. */
static bool check_once(const struct manifest *m, struct err *e)
{
	for (size_t i = 1; i < m->n; i++)
		if (str_eq(m->objects[i - 1].key, m->objects[i].key))
			return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "%.*s was listed twice",
			    STRF(m->objects[i].key));
	return true;
}

bool task_merge(
    struct worker *w, const struct sqlfile *f, int64_t pieces, struct msg_done *done, struct err *e)
{
	struct str relation = target_relation(w, w->task, f->stem);
	struct merge k = {.w = w};

	if (!read_pieces(&k, relation, e))
		return false;
	if (k.pieces != pieces)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "of what was listed of %.*s there are %lld of %lld pieces in %s: somebody "
		    "else wrote there; `dwh run` lists again",
		    STRF(f->stem), (long long)k.pieces, (long long)pieces, folder(w, relation));
	if (k.all.n)
		qsort(k.all.objects, k.all.n, sizeof *k.all.objects, manifest_by_key);
	if (!check_once(&k.all, e))
		return false;
	crash_here("merge:before-manifest");
	done->objects = (int64_t)k.all.n;
	done->skipped = k.all.n == 0;
	if (k.all.n && !cut_send(w, w->task_id, relation, &k.all, false, e))
		return false;
	crash_here("merge:before-answer");
	return true;
}
