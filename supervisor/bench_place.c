/* bench_place.c - see bench_place.h. */
#include "supervisor/bench_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/connect.h"
#include "shared/file.h"
#include "shared/log.h"
#include "supervisor/bench_run.h"
#include "supervisor/journal.h"
#include "supervisor/local.h"
#include "supervisor/sample.h"

#define STOP_MS 60000 /* a shutdown checkpoint writes what is dirty */

static void set(struct bench_place *p, const char *key, const char *value)
{
	p->sets.v[p->sets.n++] = str_z(arena_printf(p->arena, "%s=%s", key, value));
}

/* ---- the folder ---- */

/* Made, or left by a benchmark that was killed; any other is somebody's. */
static bool is_ours(const char *dir, const char *lock, struct err *e)
{
	if (mkdir(dir, 0777) == 0 || access(lock, F_OK) == 0)
		return true;
	if (errno == ENOENT && rmdir(dir) == 0 && mkdir(dir, 0777) == 0)
		return true;
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s was not made by a benchmark: give it another name, or set [LOCAL] DIR to "
		    "another folder",
		    dir);
	return err_errno(e, ERR_SETUP, AT_STATE, "cannot make the folder %s", dir);
}

/* The file that was locked is still the one of that name: its owner may just have removed it. */
static bool is_there(int fd, const char *path)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

/* Where the benchmark before, which was killed, had its manifests; NULL: none. */
static const char *what_was_left(const char *lock, struct arena *a)
{
	char text[2048];
	struct str line;

	if (file_head(lock, text, sizeof text) <= 0)
		return NULL;
	line = str_trim(str_z(text));
	return str_starts(line, STR("s3://")) ? arena_cstr(a, line) : NULL;
}

static bool take_folder(struct bench_place *p, const char *above, struct err *e)
{
	const char *dir = arena_printf(p->arena, "%s/bench", above);
	const char *lock = arena_printf(p->arena, "%s/bench.lock", dir);

	for (;;) {
		int fd;

		if (!is_ours(dir, lock, e))
			return false;
		fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return err_errno(e, ERR_SETUP, AT_STATE, "cannot open %s", lock);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			close(fd);
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "another benchmark is going on here (it holds %s): wait for it, or "
			    "stop it",
			    lock);
		}
		if (is_there(fd, lock)) {
			p->dir = dir;
			p->lock = fd;
			p->left = what_was_left(lock, p->arena);
			return true;
		}
		close(fd);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

/* But for the lock, and the two that every folder has. */
static bool is_all_gone(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	bool gone = true;

	while (d && (entry = readdir(d)) != NULL)
		gone = gone &&
		       (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		           strcmp(entry->d_name, "bench.lock") == 0);
	if (d)
		closedir(d);
	return gone;
}

/* By name, what is ours there; PostgreSQL's is its account's, and went with the services. The lock
 * goes last: it says whose the rest is. */
static bool give_up_folder(struct bench_place *p, struct err *e)
{
	static const char *const ours[] = {"runs", "local", "manifests", "run.log", "drop.log"};
	const char *lock = arena_printf(p->arena, "%s/bench.lock", p->dir);
	bool ok;

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		nftw(arena_printf(p->arena, "%s/%s", p->dir, ours[i]), remove_one, 16,
		    FTW_DEPTH | FTW_PHYS);
	ok = is_all_gone(p->dir) ||
	     err_set(e, ERR_SETUP, AT_STATE, NULL,
	         "something is left in %s: the next benchmark removes it", p->dir);
	if (ok) {
		unlink(lock);
		rmdir(p->dir);
	}
	close(p->lock);
	p->lock = -1;
	return ok;
}

/* ---- local: services of its own ---- */

static bool start_services(
    struct bench_place *p, const char *buckets, int64_t latency_ms, struct err *e)
{
	const struct local_manner manner = {
	    .s3_latency = latency_ms ? arena_printf(p->arena, "%lldms", (long long)latency_ms)
	                             : NULL,
	    .passing = true};
	bool ok;

	p->config.local.dir = p->dir;
	p->config.local.buckets = buckets;
	p->config.local.s3_port = 0;
	set(p, "LOCAL.BUCKETS", buckets);
	set(p, "LOCAL.S3_PORT", "0");
	if (bench_signalled())
		return err_set(e, ERR_CANCELLED, AT_STATE, NULL, "interrupted");
	/* A keeper that was left while it starts would outlive us, and work in our folder. */
	bench_hold_signals(true);
	ok = local_up_as(&p->config, &manner, p->arena, &p->services, e);
	bench_hold_signals(false);
	return ok;
}

/* PostgreSQL's data go with their keeper. */
static void stop_services(struct bench_place *p)
{
	int64_t until = clock_ms() + STOP_MS;

	local_down(&p->services);
	while (local_keeper_lives(p->dir, p->arena) && clock_ms() < until)
		clock_sleep(10);
}

/* As for a run: where the default's bucket is empty there is something to try with. */
static bool prepare_data(struct call *c, struct err *e)
{
	struct sample sample;
	struct model *m;

	return model_load(c->config.load.model, &c->config, c->arena, &m, e) &&
	       sample_prepare(&c->config, m, c->arena, &sample, e);
}

/* ---- elsewhere: a database of its own ---- */

/* Nothing is there that a fresh load could drop, or take for its own. */
static bool is_empty(struct bench_place *p, struct err *e)
{
	const char *schema = p->config.warehouse.schema, *name = p->config.cluster.db_name;
	struct pg pg = {.conn = NULL};
	PGresult *res;
	bool ok;

	if (!connect_warehouse(&p->config, p->arena, "dwh bench", &pg, e))
		return err_prefix(e, "--database %s", name);
	ok = pg_query(&pg,
	    "SELECT n.nspname, c.relname FROM pg_class AS c"
	    " INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid"
	    " WHERE n.nspname = 'dwh' OR n.nspname = $1 ORDER BY n.nspname, c.relname LIMIT 1",
	    1, &schema, &res, e);
	if (ok) {
		if (PQntuples(res) != 0)
			ok = err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "the database %s is not empty, it holds %s.%s: a benchmark drops what "
			    "it loads, so make one for it alone (CREATE DATABASE dwh_bench), and "
			    "name it with --database",
			    name, PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1));
		PQclear(res);
	}
	pg_close(&pg);
	return ok;
}

/* The relations there are still those of our runs, whose journals are in our folder: nobody else
 * has loaded into them meanwhile. */
static bool is_still_ours(struct bench_place *p, struct err *e)
{
	struct pg pg = {.conn = NULL};
	PGresult *res;
	bool ok = connect_warehouse(&p->config, p->arena, "dwh bench", &pg, e) &&
	          pg_query(&pg, "SELECT DISTINCT run FROM dwh.target", 0, NULL, &res, e);

	if (ok) {
		for (int i = 0; ok && i < PQntuples(res); i++)
			if (!journal_exists(p->dir, PQgetvalue(res, i, 0), p->arena))
				ok = err_set(e, ERR_SETUP, AT_STATE, NULL,
				    "run %s has loaded into the database %s, which was the "
				    "benchmark's: "
				    "it is left as it is now",
				    PQgetvalue(res, i, 0), p->config.cluster.db_name);
		PQclear(res);
	}
	pg_close(&pg);
	return ok;
}

static bool drop_ledger(struct bench_place *p, struct err *e)
{
	struct pg pg = {.conn = NULL};
	bool ok = connect_warehouse(&p->config, p->arena, "dwh bench", &pg, e) &&
	          pg_exec(&pg, "DROP SCHEMA IF EXISTS dwh CASCADE", e);

	pg_close(&pg);
	return ok;
}

static bool empty_database(struct bench_place *p, struct err *e)
{
	if (!p->used)
		return true;
	/* There is no dwh.target where the first run did not come so far. */
	if (!is_still_ours(p, e))
		return strcmp(e->code, "42P01") == 0;
	return (bench_drop(p, p->arena, e) && drop_ledger(p, e)) ||
	       err_prefix(
	           e, "the database %s is not empty again; drop it", p->config.cluster.db_name);
}

/* ---- manifests ---- */

/* The lock file says where they are, should we be killed. */
static bool place_manifests(struct bench_place *p, struct err *e)
{
	const char *base = connect_manifests(&p->config);
	char id[24];

	if (!base)
		return true;
	journal_new_id(id);
	p->manifests = arena_printf(
	    p->arena, "%s%sbench-%s", base, str_ends(str_z(base), STR("/")) ? "" : "/", id);
	p->config.s3.manifests = p->manifests;
	set(p, "S3.MANIFESTS", p->manifests);
	return (ftruncate(p->lock, 0) == 0 && file_write(p->lock, str_z(p->manifests))) ||
	       err_errno(e, ERR_SETUP, AT_STATE, "cannot write %s/bench.lock", p->dir);
}

static bool still_waits(void *ctx, struct err *e)
{
	(void)ctx;
	return !bench_signalled_again() ||
	       err_set(e, ERR_CANCELLED, AT_STATE, NULL, "interrupted again");
}

static bool remove_all(
    struct s3 *s3, struct arena *a, struct str bucket, struct str folder, struct err *e)
{
	struct s3_list req = {.bucket = bucket, .prefix = folder};
	struct s3_page page;

	do {
		if (!s3_list(s3, &req, &page, a, e))
			return false;
		for (size_t i = 0; i < page.n_objects; i++)
			if (!s3_delete(s3, bucket, page.objects[i].key, e))
				return false;
	} while (page.truncated);
	return true;
}

/* Our S3 server may be slow on purpose, or gone already; its objects are the files of a folder. */
static bool remove_files(struct bench_place *p, struct str bucket, struct str folder)
{
	const char *dir = arena_printf(
	    p->arena, "%s/%.*s/%.*s", p->config.local.buckets, STRF(bucket), STRF(folder));

	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

/* Of ours, or of one that was killed; NULL: there are none. */
static bool remove_manifests(struct bench_place *p, const char *manifests, struct err *e)
{
	struct str bucket, key;
	struct s3 *s3 = NULL;
	bool ok;

	if (!manifests)
		return true;
	if (!s3_url_parse(str_z(arena_printf(p->arena, "%s/", manifests)), &bucket, &key, e))
		return false;
	if (p->config.warehouse.engine == ENGINE_LOCAL)
		ok = remove_files(p, bucket, key) ||
		     err_errno(e, ERR_SETUP, AT_STATE, "cannot remove them");
	else
		ok = connect_s3(&p->config, p->arena, still_waits, NULL, &s3, e) &&
		     remove_all(s3, p->arena, bucket, key, e);
	s3_close(s3);
	return ok || err_prefix(e, "manifests are left in %s; delete them", manifests);
}

/* ---- all of it ---- */

bool bench_place_make(
    struct call *c, const char *database, int64_t latency_ms, struct bench_place *p, struct err *e)
{
	bool local = c->config.warehouse.engine == ENGINE_LOCAL;
	const char *above = local_dir(&c->config, c->arena), *buckets = NULL;

	*p = (struct bench_place){
	    .config = c->config, .call = c, .arena = c->arena, .lock = -1, .services.held = false};
	p->sets.v = arena_alloc(c->arena, 8 * sizeof *p->sets.v);
	if (local ? !prepare_data(c, e) || !local_folders(&c->config, c->arena, &above, &buckets, e)
	          : !file_folder(above, 0777, AT_CONFIG, e))
		return false;
	if (!take_folder(p, above, e))
		return false;
	p->config.local.dir = p->dir;
	set(p, "LOCAL.DIR", p->dir);
	p->config.local.buckets = buckets ? buckets : p->config.local.buckets;
	if (!remove_manifests(p, p->left, e))
		return false;
	p->left = NULL;
	if (!place_manifests(p, e))
		return false;
	if (local)
		return start_services(p, buckets, latency_ms, e);
	p->config.cluster.db_name = database;
	set(p, "CLUSTER.DB_NAME", database);
	return is_empty(p, e);
}

bool bench_place_check(struct bench_place *p, struct err *e)
{
	return !p->used || p->config.warehouse.engine == ENGINE_LOCAL || is_still_ours(p, e);
}

/* Each of them is tried, whatever becomes of the others; *e is the first that failed. */
bool bench_place_end(struct bench_place *p, struct err *e)
{
	bool ok = true, local = p->config.warehouse.engine == ENGINE_LOCAL;
	struct err other;

	if (p->lock < 0)
		return true;
	if (!local)
		ok = empty_database(p, e);
	stop_services(p); /* first: our S3 server may still be writing what a load sent it */
	if (p->used && !remove_manifests(p, p->manifests, ok ? e : &other))
		ok = false;
	if (p->left) { /* what the lock file tells of is still there */
		close(p->lock);
		return ok;
	}
	return give_up_folder(p, ok ? e : &other) && ok;
}
