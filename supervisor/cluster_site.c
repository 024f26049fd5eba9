/* cluster_site.c - see cluster_site.h. */
#include "supervisor/cluster_site.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/clock.h"
#include "shared/cluster_found.h"
#include "shared/xml.h"
#include "supervisor/cluster_check.h"
#include "supervisor/cluster_wait.h"

/* ---- what a resource asks ---- */

bool site_send(struct site *s, struct aws_call *c, struct str *body, struct err *e)
{
	struct str ignored;
	bool ok = aws_send(s->aws, c, s->arena, body ? body : &ignored, e);

	aws_call_free(c);
	return ok;
}

bool site_is(const struct err *e, const char *code)
{
	return strcmp(e->code, code) == 0;
}

bool site_is_denied(const struct err *e)
{
	return e->kind == ERR_SETUP && (e->where == AT_AWS || e->where == AT_S3);
}

bool site_later(struct err *e)
{
	e->kind = ERR_RETRY;
	return false;
}

bool site_odd(struct err *e, const char *action, const char *lacks)
{
	return err_set(e, ERR_RETRY, AT_AWS, SITE_ODD, "%s answers without %s", action, lacks);
}

const char *site_text(struct site *s, struct str body, const char *path)
{
	struct str text = xml_leaf(body, path, s->arena);

	return text.n ? arena_cstr(s->arena, text) : NULL;
}

/* ---- tags ---- */

struct tags_seen {
	struct site *site;
	struct found *found;
	struct str at, key, value;
};

static void see_element(void *ctx, struct str path, struct str text)
{
	struct tags_seen *t = ctx;
	struct str rest;

	if (!str_starts(path, t->at))
		return;
	rest = str_from(path, t->at.n);
	if (str_ieq(rest, STR("/Key")))
		t->key = arena_str(t->site->arena, text);
	else if (str_ieq(rest, STR("/Value")))
		t->value = arena_str(t->site->arena, text);
	else if (rest.n == 0)
		site_see_tag(t->site, t->found, t->key, t->value);
}

void site_see_tags(struct site *s, struct found *f, struct str body, const char *path)
{
	struct tags_seen t = {.site = s, .found = f, .at = str_z(path)};
	struct err ignored; /* aws_send() gives only what can be read */

	xml_walk(body, NULL, see_element, &t, &ignored);
}

/* Of all that have been seen so far. */
static void judge_tags(struct site *s, struct found *f)
{
	bool here = f->in && str_eqz(s->region, f->in);

	f->tagged = false;
	f->other = NULL;
	if (!f->by_dwh || !f->of)
		return;
	if (strcmp(f->of, s->identifier) != 0 || !here)
		f->other = arena_printf(s->arena, "the cluster %s of dwh in %s", f->of,
		    f->in ? f->in : "a region that it does not tell");
	else if (s->run && (!f->run || strcmp(f->run, s->run) != 0))
		f->other = arena_printf(s->arena, "%s of %s",
		    f->run ? "another `dwh run --ephemeral`" : "`dwh cluster up`", f->of);
	else
		f->tagged = true;
}

void site_see_tag(struct site *s, struct found *f, struct str key, struct str value)
{
	if (str_eqz(key, SITE_TAG_BY))
		f->by_dwh = str_eqz(value, "dwh");
	else if (str_eqz(key, SITE_TAG_CLUSTER))
		f->of = arena_cstr(s->arena, value);
	else if (str_eqz(key, SITE_TAG_REGION))
		f->in = arena_cstr(s->arena, value);
	else if (str_eqz(key, SITE_TAG_RUN))
		f->run = arena_cstr(s->arena, value);
	else if (str_eqz(key, SITE_TAG_EXPIRES))
		f->expires = arena_cstr(s->arena, value);
	judge_tags(s, f);
}

bool site_expires_so(const struct site *s, const struct found *f)
{
	return !s->expires || (f->expires && strcmp(f->expires, s->expires) == 0);
}

void site_arg_tags(const struct site *s, struct aws_call *c, const char *prefix)
{
	for (size_t i = 0; i < s->n_tags; i++) {
		aws_argz(c, arena_printf(s->arena, "%s.%zu.Key", prefix, i + 1), s->tags[i].key);
		aws_argz(
		    c, arena_printf(s->arena, "%s.%zu.Value", prefix, i + 1), s->tags[i].value);
	}
}

struct str site_json_tags(struct site *s)
{
	struct str out;
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < s->n_tags; i++) {
		buf_z(&b, i ? ", {\"key\": " : "[{\"key\": ");
		buf_json(&b, str_z(s->tags[i].key));
		buf_z(&b, ", \"value\": ");
		buf_json(&b, str_z(s->tags[i].value));
		buf_c(&b, '}');
	}
	buf_c(&b, ']');
	out = arena_str(s->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static void add_tag(struct site *s, const char *key, const char *value)
{
	s->tags[s->n_tags].key = key;
	s->tags[s->n_tags++].value = value;
}

static void make_tags(struct site *s, int64_t expires_ms)
{
	char at[25];

	add_tag(s, SITE_TAG_BY, "dwh");
	add_tag(s, SITE_TAG_CLUSTER, s->identifier);
	add_tag(s, SITE_TAG_REGION, arena_cstr(s->arena, s->region));
	if (s->run)
		add_tag(s, SITE_TAG_RUN, s->run);
	if (!expires_ms)
		return;
	clock_iso(expires_ms, at);
	memcpy(at + 19, "Z", 2); /* whole seconds */
	s->expires = arena_strz(s->arena, at);
	add_tag(s, SITE_TAG_EXPIRES, s->expires);
}

bool site_owns(
    const struct site *s, const struct resource *r, const struct found *f, const char *name)
{
	const char *last = record_last(s->record, r->kind, name);

	if (f->given || f->other || (last && strcmp(last, "adopted") == 0))
		return false;
	if (f->tagged)
		return true;
	return r->tagged_later && record_stands(s->record, r->kind, name);
}

const char *site_manifests(struct site *s)
{
	if (s->config->s3.manifests)
		return strcmp(s->config->s3.manifests, "none") == 0 ? NULL
		                                                    : s->config->s3.manifests;
	return s->bucket ? arena_printf(s->arena, "s3://%s/manifests", s->bucket) : NULL;
}

/* ---- errors of the configuration ---- */

bool site_bad(
    const struct site *s, const char *section, const char *key, struct err *e, const char *fmt, ...)
{
	const char *from = config_from(
	    s->config, str_z(arena_printf(s->arena, "%s.%s", section, key)));
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "[%s] %s %s%s%s%s", section, key, what,
	    from ? " (" : "", from ? from : "", from ? ")" : "");
}

/* ---- its beginning and its end ---- */

static bool ask_who(struct site *s, struct str *body, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_STS, "GetCallerIdentity");
	return site_send(s, &c, body, e) || err_prefix(e, "cannot ask AWS who we are");
}

/* Needs no permission at all, so it tells whether the keys are good. */
static bool who_are_we(struct site *s, bool patient, struct err *e)
{
	struct cluster_wait w = {.site = s, .what = "who we are"};
	struct str body;
	bool ok;

	while (!(ok = ask_who(s, &body, e)) && patient && e->kind == ERR_RETRY &&
	       w.ms < WAIT_PATIENCE_MS)
		if (!cluster_wait(&w, WAIT_POLL_MS, WAIT_NO_ANSWER, e))
			break;
	cluster_wait_end(&w);
	if (!ok)
		return false;
	s->account = site_text(s, body, "GetCallerIdentityResult/Account");
	return s->account ||
	       err_set(e, ERR_TASK, AT_AWS, NULL, "GetCallerIdentity answers without an account");
}

bool site_open(struct site *s, const struct site_options *o, struct err *e)
{
	const struct config *c = o->config;
	struct aws_options aws = {.config = c, .tick = o->tick};

	*s = (struct site){.config = c, .arena = o->arena, .identifier = c->dwh.cluster_identifier};
	s->tick = o->tick;
	s->ingress = o->ingress ? o->ingress : c->dwh.ingress;
	s->password = c->dwh.db_password;
	if (!cluster_check(s, o->ingress != NULL, e))
		return false;
	for (const struct resource *const *r = o->checks; r && *r; r++)
		if ((*r)->check && !(*r)->check(s, e))
			return false;
	s->region = credentials_region(c, s->arena);
	s->run = getenv(SITE_RUN_VARIABLE);
	make_tags(s, o->expires_ms);
	s->partition = aws_partition(s->region);
	s->credentials = arena_alloc(s->arena, sizeof *s->credentials);
	if (!credentials_find_ticking(c, s->arena, o->tick, NULL, s->credentials, e))
		return false;
	aws.region = s->region;
	aws.credentials = s->credentials;
	return aws_open(&aws, &s->aws, e) && who_are_we(s, o->patient, e) &&
	       record_open(cluster_record_path(c, s->arena), o->record, s->account, s->region,
	           s->arena, &s->record, e);
}

void site_close(struct site *s)
{
	record_close(s->record);
	aws_close(s->aws);
	if (s->credentials)
		credentials_free(s->credentials);
	s->record = NULL;
	s->aws = NULL;
}
