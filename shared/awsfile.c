/* awsfile.c - see awsfile.h. */
#include "shared/awsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/file.h"

enum { FILE_MAX = 8 << 20 };

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static void locate(struct awsfile *f, struct arena *a, const char *variable, const char *usual)
{
	const char *home = env("HOME"), *path = env(variable);

	if (!path)
		path = usual;
	if (path[0] != '~' || path[1] != '/')
		f->path = path;
	else if (home)
		f->path = arena_printf(a, "%s%s", home, path + 1);
	f->shown = f->path ? f->path : arena_printf(a, "%s (HOME is not set)", path);
}

/* A file that is not there is an empty one. */
static bool slurp(const char *path, struct buf *b, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (fd < 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "cannot open %s", path);
	ok = file_read(fd, b);
	if (!ok)
		err_errno(e, ERR_SETUP, AT_CONFIG, "cannot read %s", path);
	else if (b->over)
		ok = err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s is larger than %d MiB", path,
		    FILE_MAX >> 20);
	close(fd);
	return ok;
}

static struct str unquoted(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		s = (struct str){s.p + 1, s.n - 2};
	return s;
}

/* "WORD name", "WORD 'name'": the name; false on another word. */
static bool named(struct str section, struct str word, struct str *name)
{
	if (!str_starts(section, word) || section.n <= word.n ||
	    (section.p[word.n] != ' ' && section.p[word.n] != '\t'))
		return false;
	*name = unquoted(str_trim(str_from(section, word.n)));
	return true;
}

/* line begins with "[" and has a "]". */
static struct awsfile_section section_of(const struct awsfile *f, struct str line)
{
	struct str text = str_trim((struct str){line.p + 1, str_find(line, ']') - 1});
	struct awsfile_section s = {.kind = AWSFILE_PROFILE, .name = text};

	if (!f->is_config || named(text, STR("profile"), &s.name))
		return s;
	s.kind = named(text, STR("services"), &s.name) ? AWSFILE_SERVICES
	         : str_eq(text, STR("default"))        ? AWSFILE_PROFILE
	                                               : 0;
	return s;
}

static void add(struct awsfile *f, struct arena *a, const struct awsfile_value *v)
{
	f->values = arena_grow(a, f->values, f->n, &f->cap, sizeof *f->values);
	f->values[f->n++] = *v;
}

static void add_bad(
    struct awsfile *f, struct arena *a, struct awsfile_section section, size_t number)
{
	f->bad = arena_grow(a, f->bad, f->n_bad, &f->cap_bad, sizeof *f->bad);
	f->bad[f->n_bad++] = (struct awsfile_line){section, number};
}

void awsfile_parse(struct awsfile *f, struct str text, struct arena *a)
{
	struct awsfile_value v = {.section.kind = 0};
	size_t level = 0, number = 0;

	if (str_starts(text, STR("\xEF\xBB\xBF")))
		text = str_from(text, 3);
	while (text.n) {
		struct str raw = {text.p, str_find(text, '\n')}, line = str_trim(raw);
		size_t indent = line.n ? (size_t)(line.p - raw.p) : 0;
		size_t eq = str_find(line, '=');
		struct str name = str_trim((struct str){line.p, eq});
		struct str value = str_trim(str_from(line, eq + 1));

		text = str_from(text, raw.n + 1);
		number++;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (v.key.n && indent > level) {
			struct awsfile_value in = v;

			in.nested = name;
			in.value = value;
			if (v.section.kind && v.value.n == 0 && eq < line.n && name.n)
				add(f, a, &in);
			continue;
		}
		level = indent;
		if (line.p[0] == '[') {
			bool closed = str_find(line, ']') < line.n;

			v = (struct awsfile_value){.section.kind = 0};
			if (closed)
				v.section = section_of(f, line);
			else
				add_bad(f, a, v.section, number);
			if (v.section.kind)
				add(f, a, &v);
			continue;
		}
		if (v.section.kind && (eq == line.n || name.n == 0))
			add_bad(f, a, v.section, number);
		/* Also without a name, so that what is indented behind it stays its own. */
		v.key = name.n ? name : STR("=");
		v.value = value;
		if (v.section.kind)
			add(f, a, &v);
	}
}

bool awsfile_read(struct arena *a, struct awsfiles *out, struct err *e)
{
	bool ok = true;

	*out = (struct awsfiles){.file[1].is_config = true};
	locate(&out->file[0], a, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	locate(&out->file[1], a, "AWS_CONFIG_FILE", "~/.aws/config");
	for (size_t i = 0; i < 2; i++) {
		struct awsfile *f = &out->file[i];
		struct err second;
		struct buf b;

		if (!f->path)
			continue;
		buf_init(&b, FILE_MAX);
		if (slurp(f->path, &b, ok ? e : &second))
			awsfile_parse(f, arena_str(a, buf_view(&b)), a);
		else
			ok = false;
		buf_wipe(&b);
	}
	return ok;
}

static bool is(struct awsfile_section s, enum awsfile_kind kind, struct str name)
{
	return s.kind == kind && str_eq(s.name, name);
}

struct str awsfile_get_of(const struct awsfile *f, enum awsfile_kind kind, struct str name,
    const char *key, const char *nested)
{
	for (size_t i = f->n; i-- > 0;) {
		const struct awsfile_value *v = &f->values[i];

		if (is(v->section, kind, name) && v->key.n && str_ieq(v->key, str_z(key)) &&
		    str_ieq(v->nested, str_z(nested)))
			return v->value;
	}
	return (struct str){0};
}

struct str awsfile_get(const struct awsfiles *f, enum awsfile_kind kind, struct str name,
    const char *key, const char *nested, const struct awsfile **where)
{
	for (size_t i = 0; i < 2; i++) {
		struct str value = awsfile_get_of(&f->file[i], kind, name, key, nested);

		if (!value.n)
			continue;
		if (where)
			*where = &f->file[i];
		return value;
	}
	return (struct str){0};
}

bool awsfile_has_profile(const struct awsfiles *f, struct str name)
{
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < f->file[i].n; k++)
			if (is(f->file[i].values[k].section, AWSFILE_PROFILE, name))
				return true;
	return false;
}

bool awsfile_check(const struct awsfiles *f, struct str name, struct err *e)
{
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < f->file[i].n_bad; k++) {
			const struct awsfile_line *l = &f->file[i].bad[k];

			if (!l->section.kind || is(l->section, AWSFILE_PROFILE, name))
				return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
				    "%s, line %zu: neither \"[section]\" nor \"name = value\"",
				    f->file[i].shown, l->number);
		}
	return true;
}
