/*
 * credentials.c - see credentials.h.
 *
 * AWS's two files have a reader of their own here: their lines may be of any length (session tokens
 * are), and what looks like a comment inside of a value is part of it. The format, as the SDKs read
 * it: a line is "[section]", "name = value", empty, or a comment when its first character is # or
 * ;. A line that is indented deeper than the name before it belongs to that name ("s3 =" with its
 * nested values), and is of no interest here. The last of several equal names counts.
 *
 * No message holds more of a file than the names of profiles and keys.
 */
#include "shared/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/file.h"

enum { FILE_MAX = 8 << 20 };

/* What one of the files says about one profile. */
struct profile {
	bool found;
	struct str access, secret, token, region, endpoint;
	const char *delegates; /* the key by which it gets its credentials from elsewhere */
	bool assumes;          /* that is role_arn, which goes before keys of its own */
	size_t bad_line;       /* the first that is not understood and may concern it, or 0 */
};

/* One of the files. */
struct file {
	const char *path;  /* NULL: no home folder */
	const char *shown; /* for messages */
	bool is_config;
	struct profile profile;
};

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static bool is_set(const char *z)
{
	return z && *z;
}

static struct file file_of(struct arena *a, const char *variable, const char *usual, bool is_config)
{
	struct file f = {.is_config = is_config};
	const char *home = env("HOME"), *path = env(variable);

	if (!path)
		path = usual;
	if (path[0] != '~' || path[1] != '/')
		f.path = path;
	else if (home)
		f.path = arena_printf(a, "%s%s", home, path + 1);
	f.shown = f.path ? f.path : arena_printf(a, "%s (HOME is not set)", path);
	return f;
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

/* Is this the section of the profile? line begins with "[" and has a "]". */
static bool is_section_of(struct str line, bool is_config, struct str name)
{
	static const struct str word = {"profile", 7};
	struct str section = str_trim((struct str){line.p + 1, str_find(line, ']') - 1});

	if (!is_config)
		return str_eq(section, name);
	if (str_starts(section, word) && section.n > word.n &&
	    (section.p[word.n] == ' ' || section.p[word.n] == '\t'))
		return str_eq(unquoted(str_trim(str_from(section, word.n))), name);
	return str_eq(section, STR("default")) && str_eq(section, name);
}

static void keep(struct profile *p, struct str key, struct str value)
{
	const struct {
		const char *key;
		struct str *to;
	} values[] = {
	    {"aws_access_key_id", &p->access},
	    {"aws_secret_access_key", &p->secret},
	    {"aws_session_token", &p->token},
	    {"aws_security_token", &p->token},
	    {"region", &p->region},
	    {"endpoint_url", &p->endpoint},
	};
	static const char *const delegating[] = {"role_arn", "web_identity_token_file",
	    "sso_session", "sso_start_url", "credential_process"};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (str_ieq(key, str_z(values[i].key)))
			*values[i].to = value;
	for (size_t i = 0; value.n && i < sizeof delegating / sizeof delegating[0]; i++) {
		if (!str_ieq(key, str_z(delegating[i])))
			continue;
		if (!p->assumes)
			p->delegates = delegating[i];
		p->assumes = p->assumes || i == 0;
	}
}

/* text must outlive *p, which points into it. */
static void parse(struct str text, bool is_config, struct str name, struct profile *p)
{
	bool ours = false, after_key = false;
	size_t level = 0, number = 0;

	if (str_starts(text, STR("\xEF\xBB\xBF")))
		text = str_from(text, 3);
	while (text.n) {
		struct str raw = {text.p, str_find(text, '\n')}, line = str_trim(raw);
		size_t indent = line.n ? (size_t)(line.p - raw.p) : 0;
		size_t eq = str_find(line, '=');

		text = str_from(text, raw.n + 1);
		number++;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (after_key && indent > level)
			continue;
		level = indent;
		if (line.p[0] == '[') {
			bool closed = str_find(line, ']') < line.n;

			/* What follows an unclosed one could be anybody's keys. */
			if (!closed && !p->bad_line)
				p->bad_line = number;
			ours = closed && is_section_of(line, is_config, name);
			p->found = p->found || ours;
			after_key = false;
			continue;
		}
		after_key = true;
		if (!ours)
			continue;
		if (eq == line.n && !p->bad_line)
			p->bad_line = number;
		keep(p, str_trim((struct str){line.p, eq}), str_trim(str_from(line, eq + 1)));
	}
}

static bool read_profile(struct file *f, struct str name, struct arena *a, struct err *e)
{
	struct buf b;
	bool ok;

	f->profile = (struct profile){0};
	if (!f->path)
		return true;
	buf_init(&b, FILE_MAX);
	ok = slurp(f->path, &b, e);
	if (ok)
		parse(arena_str(a, buf_view(&b)), f->is_config, name, &f->profile);
	if (b.p)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	return ok;
}

/* Both files, the one that goes first in front; and the name of the profile. */
struct files {
	struct str name;
	const char *named_by; /* NULL: nobody, it is "default" */
	struct file file[2];
};

static bool read_files(const struct config *c, struct arena *a, struct files *out, struct err *e)
{
	static const char *const variables[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
	struct err second;
	bool ok;

	*out = (struct files){.name = STR("default")};
	if (is_set(c->aws.profile)) {
		out->name = str_z(c->aws.profile);
		out->named_by = "[AWS] PROFILE";
	}
	for (size_t i = 0; i < 2 && !out->named_by; i++) {
		if (env(variables[i])) {
			out->name = str_z(env(variables[i]));
			out->named_by = variables[i];
		}
	}
	out->file[0] = file_of(a, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", false);
	out->file[1] = file_of(a, "AWS_CONFIG_FILE", "~/.aws/config", true);
	/* Both in any case: who only wants a region takes what can be read. */
	ok = read_profile(&out->file[0], out->name, a, e);
	return read_profile(&out->file[1], out->name, a, ok ? e : &second) && ok;
}

/* A line feed in a key would be a header of its own; a blank is a slip of the hand. */
static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* A pair found at a place. *done: there is one; false: there is half of one, or a broken one. */
static bool take(struct str access, struct str secret, struct str token, const char *place,
    const char *const names[2], struct arena *a, struct credentials *out, bool *done, struct err *e)
{
	*done = access.n && secret.n;
	if (access.n && !secret.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: %s is set, but %s is not; set both or neither", place, names[0], names[1]);
	if (!access.n && secret.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: %s is set, but %s is not; set both or neither", place, names[1], names[0]);
	if (!*done)
		return true;
	if (!is_clean(access) || !is_clean(secret) || !is_clean(token))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: %s, %s or the session token holds a blank or a character that no key has;"
		    " copy it again",
		    place, names[0], names[1]);
	out->key = (struct sigv4_key){
	    .access = arena_str(a, access),
	    .secret = arena_str(a, secret),
	    .token = arena_str(a, token),
	};
	out->origin = str_z(place);
	return true;
}

static bool take_from_file(const struct file *f, struct str name, struct arena *a,
    struct credentials *out, bool *done, struct err *e)
{
	static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key"};
	const struct profile *p = &f->profile;
	const char *place = arena_printf(a, "profile %.*s (%s)", STRF(name), f->shown);

	if (p->bad_line)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s, line %zu: neither \"[section]\" nor \"name = value\"", f->shown,
		    p->bad_line);
	return take(p->access, p->secret, p->token, place, names, a, out, done, e);
}

/* How somebody with the AWS CLI gets plain keys from such a profile. */
static bool refuse_delegation(const struct files *files, const struct file *f, struct err *e)
{
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "profile %.*s (%s) gets its keys by %s, which dwh does not do; put them into the "
	    "environment: eval \"$(aws configure export-credentials --profile %.*s --format env)\"",
	    STRF(files->name), f->shown, f->profile.delegates, STRF(files->name));
}

static bool from_profile(const struct config *c, const char *cfg, struct arena *a,
    struct credentials *out, struct err *e)
{
	struct files files;
	bool done = false;

	if (!read_files(c, a, &files, e))
		return false;
	for (size_t i = 0; i < 2; i++)
		if (files.file[i].profile.assumes)
			return refuse_delegation(&files, &files.file[i], e);
	for (size_t i = 0; i < 2 && !done; i++)
		if (!take_from_file(&files.file[i], files.name, a, out, &done, e))
			return false;
	if (done)
		return true;
	for (size_t i = 0; i < 2; i++)
		if (files.file[i].profile.delegates)
			return refuse_delegation(&files, &files.file[i], e);
	if (files.named_by && !files.file[0].profile.found && !files.file[1].profile.found)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "no AWS key: the profile %.*s, named by %s, is neither in %s nor in %s; write "
		    "it "
		    "there or name another",
		    STRF(files.name), files.named_by, files.file[0].shown, files.file[1].shown);
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "no AWS key: not in %s (KEY, SECRET), not in the environment (AWS_ACCESS_KEY_ID, "
	    "AWS_SECRET_ACCESS_KEY)%s, not in profile %.*s of %s or %s; set one of them, or "
	    "ANONYMOUS = true under [AWS] if the bucket is public",
	    cfg, is_set(c->aws.profile) ? ", which PROFILE passes over" : "", STRF(files.name),
	    files.file[0].shown, files.file[1].shown);
}

/* "dwh.cfg [AWS]", or what the secret was set by instead. */
static const char *place_of_config(const struct config *c, struct arena *a)
{
	const char *from = config_from(c, STR("AWS.SECRET"));

	if (from && strncmp(from, "environment ", 12) == 0)
		return from;
	return arena_printf(a, "%s [AWS]", c->file ? c->file : "configuration");
}

bool credentials_find(
    const struct config *c, struct arena *a, struct credentials *out, struct err *e)
{
	static const char *const cfg_names[] = {"KEY", "SECRET"};
	static const char *const env_names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};
	const char *cfg = place_of_config(c, a);
	const char *token = env("AWS_SESSION_TOKEN");
	bool done;

	*out = (struct credentials){0};
	if (c->aws.anonymous) {
		out->anonymous = true;
		out->origin = STR("anonymous");
		return true;
	}
	if (!take(str_z(c->aws.key), str_z(c->aws.secret), str_z(c->aws.token), cfg, cfg_names, a,
	        out, &done, e))
		return false;
	if (done)
		return true;
	/* A profile that the configuration names is meant; the environment is just there. */
	if (!is_set(c->aws.profile)) {
		if (!token)
			token = env("AWS_SECURITY_TOKEN");
		if (!take(str_z(env(env_names[0])), str_z(env(env_names[1])), str_z(token),
		        "environment", env_names, a, out, &done, e))
			return false;
		if (done)
			return true;
	}
	return from_profile(c, cfg, a, out, e);
}

/* A value of the profile that may be missing; the file of credentials goes first. */
static struct str profile_value(const struct config *c, struct arena *a, bool endpoint)
{
	struct files files;
	struct err unread;

	read_files(c, a, &files, &unread);
	for (size_t i = 0; i < 2; i++) {
		const struct profile *p = &files.file[i].profile;
		struct str value = endpoint ? p->endpoint : p->region;

		if (value.n)
			return value;
	}
	return (struct str){0};
}

struct str credentials_region(const struct config *c, struct arena *a)
{
	const char *said = is_set(c->aws.region) ? c->aws.region : env("AWS_REGION");
	struct str region;

	if (!said)
		said = env("AWS_DEFAULT_REGION");
	if (said)
		return arena_str(a, str_z(said));
	region = profile_value(c, a, false);
	return region.n ? region : STR("us-west-2");
}

const char *credentials_s3_endpoint_from(const struct config *c)
{
	static const char *const variables[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"};

	if (is_set(c->aws.endpoint))
		return "[AWS] ENDPOINT";
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		if (env(variables[i]))
			return variables[i];
	return "endpoint_url of the AWS profile";
}

const char *credentials_s3_endpoint(const struct config *c, struct arena *a)
{
	const char *from = credentials_s3_endpoint_from(c);
	struct str url;

	if (is_set(c->aws.endpoint))
		return arena_strz(a, c->aws.endpoint);
	if (str_ieq(str_z(env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")), STR("true")))
		return NULL;
	if (env(from))
		return arena_strz(a, env(from));
	url = profile_value(c, a, true);
	return url.n ? arena_cstr(a, url) : NULL;
}

const char *credentials_endpoint(
    const struct config *c, const char *service, struct arena *a, const char **from)
{
	const char *own = arena_printf(a, "AWS_ENDPOINT_URL_%s", service);
	struct str url;

	*from = NULL;
	if (str_ieq(str_z(env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")), STR("true")))
		return NULL;
	*from = env(own) ? own : "AWS_ENDPOINT_URL";
	if (env(*from))
		return arena_strz(a, env(*from));
	*from = "endpoint_url of the AWS profile";
	url = c ? profile_value(c, a, true) : STR("");
	if (url.n == 0)
		*from = NULL;
	return url.n ? arena_cstr(a, url) : NULL;
}

__attribute__((weak)) bool credentials_refresh(struct credentials *c, bool refused, struct err *e)
{
	(void)c, (void)refused, (void)e;
	return true;
}
