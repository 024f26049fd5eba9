/* cluster_reap.c - see cluster_reap.h. */
#include "supervisor/cluster_reap.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/xml.h"

#define AT "DescribeClustersResult/Clusters/Cluster"

struct finder {
	struct site *site;
	struct reap_item *items;
	size_t n, cap;
	/* Of the element that is being read: */
	struct reap_item now;
	struct found tags;
	struct str key, value;
};

/* "2026-08-01T12:00:00Z"; a time that we cannot read has not come. */
static bool is_past(const char *at)
{
	struct tm tm = {0};
	const char *end = strptime(at, "%Y-%m-%dT%H:%M:%S", &tm);

	return end && strcmp(end, "Z") == 0 && (int64_t)timegm(&tm) * 1000 <= clock_wall_ms();
}

static void end_of_one(struct finder *f)
{
	if (f->tags.by_dwh && f->tags.of && f->tags.expires) {
		f->now.identifier = f->tags.of;
		f->now.expires = f->tags.expires;
		f->now.due = is_past(f->tags.expires);
		f->items = arena_grow(f->site->arena, f->items, f->n, &f->cap, sizeof *f->items);
		f->items[f->n++] = f->now;
	}
	f->now = (struct reap_item){.due = false};
	f->tags = (struct found){.is = FOUND_READY};
}

static void see(void *ctx, struct str path, struct str text)
{
	struct finder *f = ctx;
	struct arena *a = f->site->arena;

	text = str_trim(text);
	if (str_eqz(path, AT "/Tags/Tag/Key"))
		f->key = arena_str(a, text);
	else if (str_eqz(path, AT "/Tags/Tag/Value"))
		f->value = arena_str(a, text);
	else if (str_eqz(path, AT "/Tags/Tag"))
		site_see_tag(f->site, &f->tags, f->key, f->value);
	else if (str_eqz(path, AT "/ClusterStatus"))
		f->now.state = arena_cstr(a, text);
	else if (str_eqz(path, AT "/IamRoles/ClusterIamRole/IamRoleArn") && !f->now.role)
		f->now.role = strrchr(arena_cstr(a, text), '/');
	else if (str_eqz(path, AT))
		end_of_one(f);
}

static bool find_clusters(struct finder *f, struct err *e)
{
	struct site *s = f->site;
	const char *marker = NULL;
	struct err ignored;
	struct aws_call c;
	struct str body;

	do {
		aws_call_init(&c, AWS_REDSHIFT, "DescribeClusters");
		aws_argz(&c, "Marker", marker);
		aws_argz(&c, "TagKeys.TagKey.1", SITE_TAG_EXPIRES);
		if (!site_send(s, &c, &body, e))
			return err_prefix(e, "looking for clusters");
		xml_walk(body, NULL, see, f, &ignored);
		marker = site_text(s, body, "DescribeClustersResult/Marker");
	} while (marker);
	return true;
}

/* ---- serverless: a namespace, with or without its workgroup ---- */

static const char *text_of(struct site *s, const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? arena_strz(s->arena, text) : NULL;
}

/* "IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::123456789012:role/NAME)": from "/" on. */
static const char *role_of(struct site *s, const json_t *namespace)
{
	const json_t *first = json_array_get(json_object_get(namespace, "iamRoles"), 0);
	const char *slash = json_is_string(first) ? strrchr(json_string_value(first), '/') : NULL;

	return slash ? arena_cstr(s->arena, (struct str){slash, strcspn(slash, ")")}) : NULL;
}

static bool see_namespace(struct finder *f, const json_t *namespace, struct err *e)
{
	struct site *s = f->site;
	struct aws_call c;
	struct str body;
	const json_t *tags;
	json_t *root;

	aws_call_init(&c, AWS_SERVERLESS, "ListTagsForResource");
	aws_argz(&c, "resourceArn", text_of(s, namespace, "namespaceArn"));
	if (!site_send(s, &c, &body, e))
		return site_is(e, "ResourceNotFoundException");
	root = json_loadb(body.p, body.n, 0, NULL);
	tags = json_object_get(root, "tags");
	for (size_t i = 0; i < json_array_size(tags); i++)
		site_see_tag(s, &f->tags,
		    str_z(json_string_value(json_object_get(json_array_get(tags, i), "key"))),
		    str_z(json_string_value(json_object_get(json_array_get(tags, i), "value"))));
	json_decref(root);
	f->now.kind = KIND_SERVERLESS;
	f->now.state = text_of(s, namespace, "status");
	f->now.role = role_of(s, namespace);
	end_of_one(f);
	return true;
}

static bool find_namespaces(struct finder *f, struct err *e)
{
	struct site *s = f->site;
	const char *token = NULL;
	struct aws_call c;
	struct str body;
	bool ok = true;

	do {
		const json_t *all;
		json_t *root;

		aws_call_init(&c, AWS_SERVERLESS, "ListNamespaces");
		aws_argz(&c, "nextToken", token);
		if (!site_send(s, &c, &body, e))
			return err_prefix(e, "looking for serverless namespaces");
		root = json_loadb(body.p, body.n, 0, NULL);
		token = text_of(s, root, "nextToken");
		all = json_object_get(root, "namespaces");
		for (size_t i = 0; ok && i < json_array_size(all); i++)
			ok = see_namespace(f, json_array_get(all, i), e);
		json_decref(root);
	} while (ok && token);
	return ok;
}

bool cluster_reap_find(struct site *s, struct reap_item **out, size_t *n, struct err *e)
{
	struct finder f = {.site = s};
	struct err why;

	if (!find_clusters(&f, e))
		return false;
	/* Who has never used it may well not be allowed to. */
	if (!find_namespaces(&f, &why)) {
		if (why.kind != ERR_SETUP || why.where != AT_AWS) {
			*e = why;
			return false;
		}
		log_warn("%s", why.msg);
	}
	*out = f.items;
	*n = f.n;
	return true;
}

struct config cluster_reap_config(const struct config *c, const struct reap_item *i)
{
	struct config out = *c;

	out.dwh.kind = i->kind;
	out.dwh.cluster_identifier = i->identifier;
	if (i->role)
		out.dwh.iam_role_name = i->role + 1;
	out.dwh.role_arn = NULL;
	out.iam_role.arn = NULL;
	out.s3.manifests = NULL;
	return out;
}
