/*
 * config.c - dwh.cfg, the environment and --set into struct config.
 *
 * Every value passes one door, apply(): the built-in defaults first, then the file, the
 * environment, --set, each over the one before; so every origin meets the same checks and messages.
 *
 * inih reads the file, a line at a time from read_line(), which refuses beforehand what inih would
 * misread without a word: a line over its buffer (199 bytes and the NUL; it is cut), a blank and
 * ";" (the rest is dropped as a comment), an indented line (it continues the value above), and a
 * line without "=". It also knows the line number, which inih does not tell its handler.
 */
#include "shared/config.h"

#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/config_keys.h"
#include "shared/file.h"
#include "shared/near.h"
#include "shared/utf8.h"

enum { FILE_MAX = 1 << 20 };

struct loader {
	struct arena *a;
	struct config *c;
	struct config_private *p;
	struct err *e;
	const char *file; /* as messages name it */
	struct str left;  /* not yet read */
	int line;         /* the last that was read; 0 outside the file */
	struct str section;
	bool failed; /* a line was refused: *e is set, the rest is not read */
};

static const char *here(struct loader *l)
{
	return arena_printf(l->a, "%s:%d", l->file, l->line);
}

static bool printable(struct loader *l, const struct config_setting *s)
{
	struct str v = str_z(s->value);

	if (utf8_bad(v) < v.n)
		return config_fail(
		    l->e, s->from, "the value of %s.%s is not UTF-8", s->section, s->name);
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' && v.p[i] != '\t')
			return config_fail(l->e, s->from,
			    "the value of %s.%s holds a control character", s->section, s->name);
	return true;
}

static bool twice(struct loader *l, const struct config_setting *s, int before)
{
	return config_fail(l->e, s->from, "%s.%s is set again; it already stands in line %d",
	    s->section, s->name, before);
}

static bool source_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		        (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			return false;
	return s.n > 0;
}

/* A key of [S3] that the table does not have: an address that some model of the user's names. */
static bool apply_source(struct loader *l, const struct config_setting *s)
{
	struct config_private *p = l->p;
	struct config_source *to = NULL;

	if (!source_name(str_z(s->name)) || !config_is_s3(str_z(s->value)))
		return config_unknown(s, l->e);
	for (size_t i = 0; i < p->n_sources; i++)
		if (str_ieq(str_z(p->sources[i].name), str_z(s->name)))
			to = &p->sources[i];
	if (to && l->line && to->line)
		return twice(l, s, to->line);
	if (!to) {
		p->sources = arena_grow(
		    l->a, p->sources, p->n_sources, &p->cap_sources, sizeof *p->sources);
		to = &p->sources[p->n_sources++];
		to->name = arena_strz(l->a, s->name);
	}
	to->address = arena_strz(l->a, s->value);
	to->from = s->from;
	to->line = l->line;
	return true;
}

/* The only door. An empty value counts as not set. */
static bool apply(struct loader *l, const struct config_setting *s)
{
	size_t i = config_key_find(str_z(s->section), str_z(s->name));
	const struct config_key *k = &config_keys[i];
	struct config_origin *o = &l->p->keys[i];

	if (i == config_keys_n && (!s->value[0] || !str_ieq(str_z(s->section), STR("S3"))))
		return config_unknown(s, l->e);
	if (!printable(l, s))
		return false;
	if (i == config_keys_n)
		return apply_source(l, s);
	if (l->line && o->line)
		return twice(l, s, o->line);
	o->line = l->line;
	if (!s->value[0])
		return true;
	o->from = s->from;
	if (l->line && k->secret)
		l->p->secret_from = s->from;
	return config_store(l->c, k, s, l->a, &o->value, l->e);
}

/* ---- the file ---- */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* What is wrong with a line, before inih sees it. room: bytes for it and its end of line. */
static bool check_line(struct loader *l, struct str s, size_t room)
{
	struct str text = str_trim(s);
	size_t eq;

	if (memchr(s.p, '\0', s.n))
		return config_fail(l->e, here(l), "holds a NUL byte; is it a text file?");
	if (text.n == 0 || ((text.p[0] == '#' || text.p[0] == ';') && s.n <= room))
		return true;
	for (eq = 0; eq < text.n && text.p[eq] != '=' && text.p[eq] != ':'; eq++)
		;
	if (s.n > room) {
		struct str name = str_trim((struct str){text.p, eq});
		size_t i = config_key_find(l->section, name);

		if (eq == text.n || i == config_keys_n)
			return config_fail(l->e, here(l),
			    "a line of %zu bytes, more than the %zu that can be read", s.n, room);
		return config_fail(l->e, here(l),
		    "a line of %zu bytes, more than the %zu that can be read; "
		    "give this value in the environment instead: %s",
		    s.n, room, config_key_twin(l->a, &config_keys[i]));
	}
	if (blank(s.p[0]))
		return config_fail(l->e, here(l),
		    "an indented line; begin it in the first column "
		    "(values do not go on in a second line)");
	if (text.p[0] == '[') {
		size_t end = str_find(text, ']');
		struct str rest = str_trim(str_from(text, end + 1));

		if (end == text.n)
			return config_fail(l->e, here(l), "a section without its \"]\"");
		if (rest.n && rest.p[0] != ';' && rest.p[0] != '#')
			return config_fail(
			    l->e, here(l), "put what follows \"]\" on a line of its own");
		l->section = str_trim((struct str){text.p + 1, end - 1});
		return true;
	}
	if (eq == text.n)
		return config_fail(l->e, here(l), "neither [SECTION] nor KEY = VALUE");
	for (size_t i = 1; i < text.n; i++)
		if (text.p[i] == ';' && blank(text.p[i - 1]))
			return config_fail(l->e, here(l),
			    "\" ;\" begins a comment and cuts the value; put a comment on a line "
			    "of its own, and such a value into the environment (DWH_SECTION_KEY)");
	return true;
}

/* An ini_reader: fgets over l->left. */
static char *read_line(char *to, int size, void *stream)
{
	struct loader *l = stream;
	size_t end = str_find(l->left, '\n');
	struct str s = {l->left.p, end};

	if (l->failed || l->left.n == 0 || size < 3)
		return NULL;
	l->line++;
	l->left = str_from(l->left, end + 1);
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	l->failed = !check_line(l, s, (size_t)size - 2);
	if (l->failed)
		return NULL;
	/* Blanks alone may be any number, and more than there is room for. */
	if (str_trim(s).n == 0)
		s.n = 0;
	if (s.n)
		memcpy(to, s.p, s.n);
	memcpy(to + s.n, "\n", 2);
	return to;
}

/* The value without its quotes. */
static bool unquote(struct loader *l, struct config_setting *s)
{
	size_t n = strlen(s->value);
	char q = s->value[0];

	if (q == '\'' || q == '"') {
		if (n < 2 || s->value[n - 1] != q)
			return config_fail(l->e, s->from,
			    "the value of %.60s begins with %c and does not end with it; "
			    "put all of it into quotes of the other kind",
			    s->name, q);
		s->value = arena_cstr(l->a, (struct str){s->value + 1, n - 2});
		return true;
	}
	for (size_t i = 1; i < n; i++)
		if (s->value[i] == '#' && blank(s->value[i - 1]))
			return config_fail(l->e, s->from,
			    "\" #\" in the value of %.60s: a comment? Put it on a line of its own, "
			    "or the value into quotes",
			    s->name);
	return true;
}

/* An ini_handler: 0 for failed. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct loader *l = user;
	struct config_setting s = {here(l), arena_cstr(l->a, l->section), name, value};

	(void)section; /* may have been cut */
	if (l->failed)
		return 0;
	if (l->section.n == 0)
		config_fail(l->e, s.from, "%.60s stands before the first [SECTION]", name);
	l->failed = l->section.n == 0 || !unquote(l, &s) || !apply(l, &s);
	return !l->failed;
}

static bool from_file(struct loader *l, struct str text)
{
	int bad;

	if (str_starts(text, STR("\xEF\xBB\xBF")))
		text = str_from(text, 3);
	l->left = text;
	bad = ini_parse_stream(read_line, l, handle, l);
	if (bad && !l->failed)
		return config_fail(
		    l->e, arena_printf(l->a, "%s:%d", l->file, bad), "cannot be read");
	l->line = 0;
	return !l->failed;
}

/* ---- the environment, --set, defaults ---- */

/* Other programs may own variables with our prefix; a slip in one of ours is worth an error. */
static bool from_variable(struct loader *l, const char *name, const char *value)
{
	struct config_setting s = {
	    .from = arena_printf(l->a, "environment %s", name), .value = value};
	struct near near = near_to(str_z(name));

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];
		const char *twin = config_key_twin(l->a, k);

		if (strcmp(twin, name) == 0) {
			s.section = k->section;
			s.name = k->name;
			return apply(l, &s);
		}
		near_try(&near, str_z(twin));
	}
	if (str_starts(str_z(name), STR("DWH_S3_")) && str_starts(str_z(value), STR("s3://"))) {
		s.section = "S3";
		s.name = name + strlen("DWH_S3_");
		return apply(l, &s);
	}
	if (near.best.n && near.distance <= 2)
		return config_fail(l->e, s.from, "no key has this name%s", near_hint(&near));
	return true;
}

static bool from_environment(struct loader *l)
{
	/* NULL where it is empty: clearenv. */
	for (char **v = environ; v && *v; v++) {
		const char *eq = strchr(*v, '=');

		if (strncmp(*v, "DWH_", 4) != 0 || !eq || !eq[1])
			continue;
		if (!from_variable(
		        l, arena_cstr(l->a, (struct str){*v, (size_t)(eq - *v)}), eq + 1))
			return false;
	}
	return true;
}

static bool from_set(struct loader *l, const struct config_set *set)
{
	size_t dot = str_find(set->key, '.');
	struct str section = {set->key.p, dot}, name = str_from(set->key, dot + 1);
	struct config_setting s = {arena_printf(l->a, "--set %.*s", STRF(set->key)),
	    arena_cstr(l->a, section), arena_cstr(l->a, name), arena_cstr(l->a, set->value)};
	size_t i = config_key_find(section, name);

	if (dot == set->key.n || name.n == 0)
		return config_fail(
		    l->e, s.from, "must be SECTION.KEY=VALUE, such as LOAD.WORKERS=4");
	if (i < config_keys_n && config_keys[i].secret)
		return config_fail(l->e, s.from,
		    "a command line can be read by every user of this machine; "
		    "give a secret in the environment, as %s",
		    config_key_twin(l->a, &config_keys[i]));
	return apply(l, &s);
}

static bool by_default(struct loader *l, const char *section, const char *name, const char *value)
{
	struct config_origin *o = &l->p->keys[config_key_find(str_z(section), str_z(name))];
	struct config_setting s = {"default", section, name, value};

	return o->value || apply(l, &s);
}

/* Where a source is nearly a key that is not set, the default would be loaded in silence. */
static bool near_sources(struct loader *l)
{
	for (size_t i = 0; i < l->p->n_sources; i++)
		for (size_t k = 0; k < config_keys_n; k++) {
			const struct config_source *s = &l->p->sources[i];

			if (strcmp(config_keys[k].section, "S3") == 0 &&
			    (!l->p->keys[k].value || strcmp(l->p->keys[k].from, "default") == 0) &&
			    str_distance(str_z(s->name), str_z(config_keys[k].name)) <= 2)
				return config_fail(l->e, s->from,
				    "unknown key %.60s in [S3]; did you mean \"%s\"?", s->name,
				    config_keys[k].name);
		}
	return true;
}

static bool settle(struct loader *l)
{
	struct config *c = l->c;
	bool redshift = c->warehouse.engine == ENGINE_REDSHIFT;
	const struct config_origin *lanes = &l->p->keys[config_key_find(STR("LOAD"), STR("LANES"))];

	if (!by_default(l, "LOAD", "STRATEGY", redshift ? "sharded" : "direct") ||
	    !by_default(l, "CLUSTER", "DB_PORT", redshift ? "5439" : "5432") ||
	    (redshift && !by_default(l, "WAREHOUSE", "SSLMODE", "verify-full")) || !near_sources(l))
		return false;
	if (c->load.strategy != STRATEGY_SHARDED) {
		if (c->load.lanes > 1)
			return config_fail(l->e, lanes->from,
			    "LOAD.LANES is %s, which needs LOAD.STRATEGY = sharded", lanes->value);
		c->load.lanes = 1;
	}
	return true;
}

static bool load(const char *name, const char *folder, struct str text,
    const struct config_set *sets, size_t n_sets, struct arena *a, struct config *out,
    struct err *e)
{
	struct loader l = {.a = a, .c = out, .e = e, .file = name};

	*out = (struct config){.file = name};
	out->private = l.p = arena_alloc(a, sizeof *l.p);
	l.p->arena = a;
	l.p->folder = folder;
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];

		if (k->preset && !by_default(&l, k->section, k->name, k->preset))
			return false;
	}
	if (!from_file(&l, text) || !from_environment(&l))
		return false;
	for (size_t i = 0; i < n_sets; i++)
		if (!from_set(&l, &sets[i]))
			return false;
	return settle(&l);
}

static const char *working_folder(struct arena *a)
{
	char here_[PATH_MAX];

	return getcwd(here_, sizeof here_) ? arena_strz(a, here_) : ".";
}

bool config_load_text(const char *name, struct str text, const struct config_set *sets,
    size_t n_sets, struct arena *a, struct config *out, struct err *e)
{
	return load(arena_strz(a, name), working_folder(a), text, sets, n_sets, a, out, e);
}

/* Reads the whole file; *mode is its permissions. */
static bool read_all(const char *file, struct buf *b, mode_t *mode, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	bool ok;

	if (fd < 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "the configuration %s", file);
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	*mode = st.st_mode;
	if (!ok)
		err_set(e, ERR_SETUP, AT_CONFIG, "config", "%s: not a regular file", file);
	else if (!(ok = file_read(fd, b)))
		err_errno(e, ERR_SETUP, AT_CONFIG, "the configuration %s", file);
	else if (b->over)
		ok = err_set(e, ERR_SETUP, AT_CONFIG, "config",
		    "%s: more than %d bytes; is it a configuration?", file, FILE_MAX);
	close(fd);
	return ok;
}

bool config_load(const char *file, const struct config_set *sets, size_t n_sets, struct arena *a,
    struct config *out, struct err *e)
{
	const char *slash;
	char *folder;
	char real[PATH_MAX];
	struct buf b;
	mode_t mode = 0;
	bool ok;

	if (!file && access("dwh.cfg", F_OK) == 0)
		file = "dwh.cfg";
	if (!file) {
		ok = load("dwh.cfg", working_folder(a), STR(""), sets, n_sets, a, out, e);
		out->file = NULL;
		return ok;
	}
	slash = strrchr(file, '/');
	folder = slash ? arena_cstr(a, (struct str){file, (size_t)(slash - file) + 1}) : NULL;
	if (folder && realpath(folder, real))
		folder = arena_strz(a, real);
	buf_init(&b, FILE_MAX);
	ok = read_all(file, &b, &mode, e) &&
	     load(arena_strz(a, file), folder ? folder : working_folder(a), buf_view(&b), sets,
	         n_sets, a, out, e);
	buf_free(&b);
	if (ok && out->private->secret_from && (mode & (S_IRGRP | S_IROTH)))
		out->private->warning = arena_printf(a,
		    "%s: a secret in a file that other users can read (mode %04o); chmod 600 %s",
		    out->private->secret_from, (unsigned)(mode & 07777), file);
	return ok;
}

bool config_fill(struct config *c, const char *section, const char *key, const char *value,
    const char *from, struct err *e)
{
	struct arena *a = c->private->arena;
	struct loader l = {.a = a, .c = c, .p = c->private, .e = e};
	const struct config_origin *o =
	    &c->private->keys[config_key_find(str_z(section), str_z(key))];
	struct config_setting s = {arena_strz(a, from), section, key, arena_strz(a, value)};

	return (o->value && strcmp(o->from, "default") != 0) || apply(&l, &s);
}

/* ---- questions ---- */

const char *config_s3(const struct config *c, struct str key)
{
	const struct config_private *p = c->private;
	size_t i = config_key_find(STR("S3"), key);

	if (i < config_keys_n)
		return p->keys[i].value;
	for (i = 0; i < p->n_sources; i++)
		if (str_ieq(str_z(p->sources[i].name), key))
			return p->sources[i].address;
	return NULL;
}

const char *config_s3_name(const struct config *c, size_t i)
{
	const struct config_private *p = c->private;

	for (size_t k = 0; k < config_keys_n; k++)
		if (strcmp(config_keys[k].section, "S3") == 0 && p->keys[k].value && i-- == 0)
			return config_keys[k].name;
	return i < p->n_sources ? p->sources[i].name : NULL;
}

const char *config_from(const struct config *c, struct str key)
{
	size_t dot = str_find(key, '.');
	size_t i = config_key_find((struct str){key.p, dot}, str_from(key, dot + 1));

	if (!c->private || i >= config_keys_n || !c->private->keys[i].value)
		return NULL;
	return c->private->keys[i].from;
}

const char *config_warning(const struct config *c)
{
	return c->private->warning;
}

const char *config_path(const struct config *c, struct arena *a, const char *path)
{
	if (path[0] == '/')
		return arena_strz(a, path);
	return arena_printf(a, "%s/%s", c->private->folder, path);
}
