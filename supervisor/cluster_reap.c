/* cluster_reap.c - see cluster_reap.h. */
#include "supervisor/cluster_reap.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/xml.h"
#include "supervisor/cluster_group.h"

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

/* Tags go with a snapshot, into another cluster and another region. */
static const char *belied(const struct site *s, const struct reap_item *i, const struct found *tags)
{
	const char *of = i->name;

	if (strcmp(i->what, "security group") == 0)
		of = str_starts(str_z(of), STR("dwh-")) ? of + 4 : "";
	if (strcmp(of, tags->of) == 0 && tags->in && str_eqz(s->region, tags->in))
		return NULL;
	return arena_printf(s->arena, "its tags are those of %s in %s", tags->of,
	    tags->in ? tags->in : "no region");
}

static void end_of_one(struct finder *f, const char *what)
{
	if (f->now.name && f->tags.by_dwh && f->tags.of && f->tags.expires) {
		f->now.what = what;
		f->now.identifier = f->tags.of;
		f->now.expires = f->tags.expires;
		f->now.belies = belied(f->site, &f->now, &f->tags);
		f->now.due = !f->now.belies && is_past(f->tags.expires);
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
		end_of_one(f, "cluster");
	else if (str_eqz(path, AT "/ClusterIdentifier"))
		f->now.name = arena_cstr(a, text);
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
	f->now.name = text_of(s, namespace, "namespaceName");
	f->now.state = text_of(s, namespace, "status");
	f->now.role = role_of(s, namespace);
	end_of_one(f, "namespace");
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

/* ---- what has neither, as the cluster was never made ---- */

#define GROUP "securityGroupInfo/item"

static bool is_known(const struct finder *f, const char *identifier)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].identifier, identifier) == 0)
			return true;
	return false;
}

static void see_group(void *ctx, struct str path, struct str text)
{
	struct finder *f = ctx;
	struct arena *a = f->site->arena;

	text = str_trim(text);
	if (str_eqz(path, GROUP "/tagSet/item/key"))
		f->key = arena_str(a, text);
	else if (str_eqz(path, GROUP "/tagSet/item/value"))
		f->value = arena_str(a, text);
	else if (str_eqz(path, GROUP "/tagSet/item"))
		site_see_tag(f->site, &f->tags, f->key, f->value);
	else if (str_eqz(path, GROUP "/groupName"))
		f->now.name = arena_cstr(a, text);
	else if (str_eqz(path, GROUP)) {
		if (f->tags.of && is_known(f, f->tags.of))
			f->now.name = NULL;
		end_of_one(f, "security group");
	}
}

static bool find_groups(struct finder *f, struct err *e)
{
	const char *const filters[] = {"tag-key", SITE_TAG_EXPIRES, NULL};
	const char *token = NULL;
	struct err ignored;
	struct str body;

	do {
		if (!group_page(f->site, "DescribeSecurityGroups", filters, &token, &body, e))
			return err_prefix(e, "looking for security groups");
		xml_walk(body, NULL, see_group, f, &ignored);
	} while (token);
	return true;
}

/* Who has never used it may well not be allowed to. */
static bool only_denied(const struct err *why, struct err *e)
{
	if (why->kind != ERR_SETUP || why->where != AT_AWS) {
		*e = *why;
		return false;
	}
	log_warn("%s", why->msg);
	return true;
}

bool cluster_reap_find(struct site *s, struct reap_item **out, size_t *n, struct err *e)
{
	struct finder f = {.site = s};
	struct err why;

	if (!find_clusters(&f, e) || (!find_namespaces(&f, &why) && !only_denied(&why, e)) ||
	    (!find_groups(&f, &why) && !only_denied(&why, e)))
		return false;
	*out = f.items;
	*n = f.n;
	return true;
}

bool cluster_reap_is_due(struct cluster *k, bool *due, struct err *e)
{
	bool warehouse = false, goes = true, any = false;

	if (!cluster_look(k, e))
		return false;
	for (size_t i = 0; i < k->n; i++)
		warehouse |= k->items[i].ours && k->items[i].r->holds_data;
	for (size_t i = 0; i < k->n; i++) {
		const struct cluster_item *c = &k->items[i];

		if (!c->ours || c->r->holds_data != warehouse)
			continue;
		any = true;
		goes = goes && c->f.expires && is_past(c->f.expires);
	}
	*due = any && goes;
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
