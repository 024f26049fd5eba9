/* model.c - a model from its files: which files, do they fit together, in what order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/file.h"
#include "shared/near.h"
#include "shared/sqlembed.h"
#include "shared/sqlfile.h"
#include "shared/sqlfile_private.h"

enum { FILE_MAX = 1 << 20 };

struct loading {
	const struct config *c;
	struct arena *a;
	struct err *e;
	struct model *m;
	size_t cap;
};

/* ---- gathering files ---- */

static bool same_place(const struct sqlfile *a, const struct sqlfile *b)
{
	return a->phase == b->phase && str_eq(a->stem, b->stem);
}

/* A file for another engine hides nothing. */
static bool add(
    struct loading *l, enum sql_phase phase, struct str stem, struct str text, const char *origin)
{
	struct sqlfile f = {.phase = phase, .stem = stem, .text = text, .origin = origin};
	struct model *m = l->m;
	size_t i = 0;

	if (!sqlfile_parse(&f, l->a, l->e))
		return false;
	if (!(f.engines & 1U << l->c->warehouse.engine))
		return true;
	while (i < m->n && !same_place(&m->files[i], &f))
		i++;
	if (i == m->n) {
		m->files = arena_grow(l->a, m->files, m->n, &l->cap, sizeof *m->files);
		m->n++;
	}
	m->files[i] = f;
	return true;
}

static bool find_phase(struct str name, enum sql_phase *phase)
{
	for (int i = 0; i < SQL_PHASES; i++)
		if (str_eqz(name, sql_phase_name((enum sql_phase)i))) {
			*phase = (enum sql_phase)i;
			return true;
		}
	return false;
}

/* Cuts s at its first "/": returns what is before, leaves what is behind. */
static struct str cut(struct str *s)
{
	size_t n = str_find(*s, '/');
	struct str head = {s->p, n};

	*s = str_from(*s, n + 1);
	return head;
}

struct embedded {
	struct str model, stem;
	enum sql_phase phase;
};

/* "sql/<model>/<phase>/<stem>.sql" */
static bool embedded_parts(const char *path, struct embedded *out)
{
	struct str s = str_z(path);
	struct str phase;

	if (!str_eqz(cut(&s), "sql"))
		return false;
	out->model = cut(&s);
	phase = cut(&s);
	if (!find_phase(phase, &out->phase) || !str_ends(s, STR(".sql")))
		return false;
	out->stem = (struct str){s.p, s.n - 4};
	return true;
}

/* sql/dwh is the program's own and no model of a warehouse. */
static bool is_own(struct str model)
{
	return str_eqz(model, "dwh");
}

static bool is_embedded(struct str name)
{
	struct embedded em;

	if (is_own(name))
		return false;
	for (const struct sql_embedded *s = sql_embedded; s->path; s++)
		if (embedded_parts(s->path, &em) && str_eq(em.model, name))
			return true;
	return false;
}

static bool add_embedded(struct loading *l, struct str name)
{
	struct embedded em;

	for (const struct sql_embedded *s = sql_embedded; s->path; s++)
		if (embedded_parts(s->path, &em) && str_eq(em.model, name) &&
		    !add(l, em.phase, em.stem, str_z(s->text), s->path))
			return false;
	return true;
}

static bool read_file(struct loading *l, const char *path, struct str *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf b;
	bool ok;

	if (fd < 0)
		return err_errno(l->e, ERR_SETUP, AT_CONFIG, "%s", path);
	buf_init(&b, FILE_MAX);
	if (!file_read(fd, &b))
		ok = err_errno(l->e, ERR_SETUP, AT_CONFIG, "%s", path);
	else
		ok = !b.over || sqlfile_fail(l->e, path, 0, "more than %d bytes", FILE_MAX);
	close(fd);
	*out = arena_str(l->a, buf_view(&b));
	buf_free(&b);
	return ok;
}

/* The SQL files of one phase; a folder that is not there has none. */
static bool add_folder_phase(struct loading *l, const char *folder, enum sql_phase phase, bool *any)
{
	const char *path = arena_printf(l->a, "%s/%s", folder, sql_phase_name(phase));
	DIR *d = opendir(path);
	const struct dirent *entry;
	bool ok = true;

	if (!d && errno == ENOENT)
		return true;
	if (!d)
		return err_errno(l->e, ERR_SETUP, AT_CONFIG, "%s", path);
	while (ok && (entry = readdir(d))) {
		struct str name = arena_str(l->a, str_z(entry->d_name)), text;
		const char *file = arena_printf(l->a, "%s/%s", path, name.p);

		if (name.p[0] == '.' || !str_ends(name, STR(".sql")))
			continue;
		*any = true;
		ok = read_file(l, file, &text) &&
		     add(l, phase, (struct str){name.p, name.n - 4}, text, file);
	}
	closedir(d);
	return ok;
}

/* A folder that is nearly a phase would be left out in silence. */
static bool check_names(struct loading *l, const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	enum sql_phase phase;
	bool ok = true;

	if (!d)
		return err_errno(l->e, ERR_SETUP, AT_CONFIG, "%s", folder);
	while (ok && (entry = readdir(d))) {
		struct near near = near_to(str_z(entry->d_name));

		for (int i = 0; i < SQL_PHASES; i++)
			near_try(&near, str_z(sql_phase_name((enum sql_phase)i)));
		if (near.best.n && !find_phase(near.written, &phase))
			ok = sqlfile_fail(l->e, folder, 0, "\"%.*s\" is no phase of a model%s",
			    STRF(near.written), near_hint(&near));
	}
	closedir(d);
	return ok;
}

static bool add_folder(struct loading *l, const char *folder)
{
	bool any = false;

	if (!check_names(l, folder))
		return false;
	for (int i = 0; i < SQL_PHASES; i++)
		if (!add_folder_phase(l, folder, (enum sql_phase)i, &any))
			return false;
	return any || sqlfile_fail(l->e, folder, 0,
	                  "no SQL file in its folders create, copy, insert, check, query");
}

static bool unknown_model(struct loading *l, struct str name)
{
	struct near near = near_to(name);
	struct str last = {0};
	struct embedded em;
	struct buf all;

	buf_init(&all, 512);
	for (const struct sql_embedded *s = sql_embedded; s->path; s++)
		if (embedded_parts(s->path, &em) && !is_own(em.model) && !str_eq(em.model, last)) {
			last = em.model;
			near_try(&near, last);
			buf_printf(&all, " %.*s", STRF(last));
		}
	err_set(l->e, ERR_SETUP, AT_CONFIG, "model",
	    "LOAD.MODEL: no model \"%.*s\", and no folder of this name%s Built in:%s", STRF(name),
	    near.best.n ? near_hint(&near) : ".", all.n ? all.p : " none");
	buf_free(&all);
	return false;
}

static bool add_model(struct loading *l, struct str name)
{
	const char *folder = config_path(l->c, l->a, arena_cstr(l->a, name));
	bool path = str_find(name, '/') < name.n;
	struct stat st;

	if (!path && is_embedded(name))
		return add_embedded(l, name);
	if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(l, folder);
	if (path)
		return err_set(l->e, ERR_SETUP, AT_CONFIG, "model", "%s: no such folder", folder);
	return unknown_model(l, name);
}

/* ---- does it fit together ---- */

/* The line of a key in the head of a file that has it. */
static int key_line(const struct sqlfile *f, const char *value)
{
	int line = 1;

	for (const char *p = f->text.p; p < value; p++)
		line += *p == '\n';
	return line;
}

static bool check_source(struct loading *l, const struct sqlfile *f)
{
	struct near near = near_to(f->source);
	struct buf all;
	const char *name;

	if (f->source.n == 0)
		return sqlfile_fail(l->e, f->origin, 0,
		    "no \"-- source: KEY\" in its head; KEY is a key of [S3] with the address to "
		    "load from");
	if (config_s3(l->c, f->source) && !str_ieq(f->source, STR("MANIFESTS")))
		return true;
	buf_init(&all, 512);
	for (size_t i = 0; (name = config_s3_name(l->c, i)); i++)
		if (strcmp(name, "MANIFESTS") != 0) {
			near_try(&near, str_z(name));
			buf_printf(&all, " %s", name);
		}
	sqlfile_fail(l->e, f->origin, key_line(f, f->source.p),
	    "source %.*s is not set in [S3]%s Set:%s", STRF(f->source),
	    near.best.n ? near_hint(&near) : ".", all.n ? all.p : " none");
	buf_free(&all);
	return false;
}

/* A name that may be depended on: a staging relation or a table that is filled. */
static const struct sqlfile *filled(const struct model *m, struct str name)
{
	const struct sqlfile *f = model_find(m, SQL_COPY, name);

	return f ? f : model_find(m, SQL_INSERT, name);
}

static bool check_depends(struct loading *l, const struct sqlfile *f, struct str name)
{
	struct near near = near_to(name);

	if (filled(l->m, name))
		return true;
	for (size_t i = 0; i < l->m->n; i++)
		if (l->m->files[i].phase == SQL_COPY || l->m->files[i].phase == SQL_INSERT)
			near_try(&near, l->m->files[i].stem);
	return sqlfile_fail(l->e, f->origin, key_line(f, name.p),
	    "depends on \"%.*s\", which no copy and no insert file fills%s", STRF(name),
	    near_hint(&near));
}

static bool check_file(struct loading *l, const struct sqlfile *f)
{
	bool fills = f->phase == SQL_COPY || f->phase == SQL_INSERT;
	const struct sqlfile *copy;

	if (fills && !model_find(l->m, SQL_CREATE, f->stem))
		return sqlfile_fail(l->e, f->origin, 0,
		    "no create/%.*s.sql makes the table that it fills", STRF(f->stem));
	copy = f->phase == SQL_INSERT ? model_find(l->m, SQL_COPY, f->stem) : NULL;
	if (copy)
		return sqlfile_fail(
		    l->e, f->origin, 0, "the same table is loaded by %s", copy->origin);
	if (f->phase == SQL_COPY && !check_source(l, f))
		return false;
	for (size_t i = 0; i < f->n_depends; i++)
		if (!check_depends(l, f, f->depends[i]))
			return false;
	return true;
}

/*
 * A staging relation of another's shape: the same create file once more, under its name. A file
 * that does not take the name from the variable would make the other one twice.
 */
static bool add_shape(struct loading *l, const struct sqlfile *copy)
{
	const struct sqlfile *like = model_find(l->m, SQL_CREATE, copy->shape);
	const struct sqlfile *own = model_find(l->m, SQL_CREATE, copy->stem);
	int line = key_line(copy, copy->shape.p);
	struct near near = near_to(copy->shape);
	struct sqlfile f;

	if (own)
		return sqlfile_fail(l->e, copy->origin, line,
		    "%s makes its staging relation: it needs no other shape", own->origin);
	for (size_t i = 0; i < l->m->n; i++)
		if (l->m->files[i].phase == SQL_CREATE)
			near_try(&near, l->m->files[i].stem);
	if (!like)
		return sqlfile_fail(l->e, copy->origin, line, "there is no create/%.*s.sql%s",
		    STRF(copy->shape), near_hint(&near));
	if (!memmem(like->text.p, like->text.n, ":\"relation\"", 11))
		return sqlfile_fail(l->e, like->origin, 0,
		    "gives %s its shape, so the table must be named :\"relation\" in it",
		    copy->origin);
	f = *like;
	f.stem = copy->stem;
	l->m->files = arena_grow(l->a, l->m->files, l->m->n, &l->cap, sizeof *l->m->files);
	l->m->files[l->m->n++] = f;
	return true;
}

static int by_phase_and_stem(const void *va, const void *vb)
{
	const struct sqlfile *a = va, *b = vb;

	if (a->phase != b->phase)
		return a->phase < b->phase ? -1 : 1;
	return str_cmp(a->stem, b->stem);
}

static bool finish(struct loading *l, struct model **out)
{
	struct model *m = l->m;

	for (size_t i = 0, n = m->n; i < n; i++)
		if (m->files[i].phase == SQL_COPY && m->files[i].shape.n &&
		    !add_shape(l, &m->files[i]))
			return false;
	if (m->n)
		qsort(m->files, m->n, sizeof *m->files, by_phase_and_stem);
	for (size_t i = 0; i < m->n; i++)
		if (!check_file(l, &m->files[i]))
			return false;
	*out = m;
	return true;
}

bool model_load(
    const char *names, const struct config *c, struct arena *a, struct model **out, struct err *e)
{
	struct loading l = {.c = c, .a = a, .e = e, .m = arena_alloc(a, sizeof *l.m)};
	struct str left = str_trim(arena_str(a, str_z(names)));

	l.m->names = arena_cstr(a, left);
	if (left.n == 0)
		return err_set(e, ERR_SETUP, AT_CONFIG, "model", "LOAD.MODEL names no model");
	while (left.n) {
		size_t n = 0;

		while (n < left.n && left.p[n] != ' ' && left.p[n] != '\t')
			n++;
		if (!add_model(&l, (struct str){left.p, n}))
			return false;
		left = str_trim(str_from(left, n));
	}
	return finish(&l, out);
}

bool model_own(const struct config *c, struct arena *a, struct model **out, struct err *e)
{
	struct loading l = {.c = c, .a = a, .e = e, .m = arena_alloc(a, sizeof *l.m)};

	l.m->names = "dwh";
	return add_embedded(&l, STR("dwh")) && finish(&l, out);
}

/* ---- questions ---- */

const struct sqlfile *model_find(const struct model *m, enum sql_phase phase, struct str stem)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->files[i].phase == phase && str_eq(m->files[i].stem, stem))
			return &m->files[i];
	return NULL;
}

const struct sqlfile *model_phase(const struct model *m, enum sql_phase phase, size_t *n)
{
	size_t first = 0;

	while (first < m->n && m->files[first].phase < phase)
		first++;
	for (*n = 0; first + *n < m->n && m->files[first + *n].phase == phase;)
		++*n;
	return *n ? &m->files[first] : NULL;
}

/* The first of f's dependencies that is an insert not yet placed. */
static const struct sqlfile *waits_for(const struct sqlfile *inserts, const bool *placed,
    const struct model *m, const struct sqlfile *f)
{
	for (size_t i = 0; i < f->n_depends; i++) {
		const struct sqlfile *d = model_find(m, SQL_INSERT, f->depends[i]);

		if (d && !placed[d - inserts])
			return d;
	}
	return NULL;
}

/* From f, which waits, along what each waits for: n steps end inside a circle. It is told from its
 * first stem on, so that the message does not depend on where it was found. */
static bool cycle(const struct sqlfile *inserts, const bool *placed, const struct model *m,
    size_t n, const struct sqlfile *f, struct err *e)
{
	const struct sqlfile *first;
	struct buf b;

	for (size_t i = 0; i < n; i++)
		f = waits_for(inserts, placed, m, f);
	first = f;
	for (size_t i = 0; i < n; i++) {
		f = waits_for(inserts, placed, m, f);
		if (f < first)
			first = f;
	}
	f = first;
	buf_init(&b, 900);
	do {
		buf_printf(&b, "%.*s -> ", STRF(f->stem));
		f = waits_for(inserts, placed, m, f);
	} while (f != first);
	sqlfile_fail(e, first->origin, 0, "the inserts depend on each other in a circle: %.*s%.*s",
	    STRF(buf_view(&b)), STRF(first->stem));
	buf_free(&b);
	return false;
}

bool model_order(
    const struct model *m, struct arena *a, const struct sqlfile ***out, size_t *n, struct err *e)
{
	const struct sqlfile *inserts = model_phase(m, SQL_INSERT, n);
	bool *placed = arena_alloc(a, *n * sizeof *placed);

	*out = arena_alloc(a, *n * sizeof **out);
	for (size_t k = 0; k < *n; k++) {
		size_t i = 0, waiting = *n;

		for (; i < *n; i++) {
			if (!placed[i] && !waits_for(inserts, placed, m, &inserts[i]))
				break;
			if (!placed[i] && waiting == *n)
				waiting = i;
		}
		if (i == *n)
			return cycle(inserts, placed, m, *n, &inserts[waiting], e);
		(*out)[k] = &inserts[i];
		placed[i] = true;
	}
	return true;
}
