/* cluster_reap.c - see cluster_reap.h. */
#include "supervisor/cluster_reap.h"

#include <stdio.h>

#include "shared/clock.h"
#include "shared/jsontext.h"
#include "shared/log.h"
#include "shared/s3_bucket.h"
#include "shared/xml.h"
#include "supervisor/cluster_group.h"

#define AT "DescribeClustersResult/Clusters/Cluster"

struct finder {
	struct site *site;
	struct reap_item *items;
	size_t n, cap;
	bool blind; /* not all warehouses could be listed */
	bool left;
	/* Of the element that is being read: */
	struct reap_item now;
	struct found tags;
	struct str key, value;
};

static bool is_time(const char *at)
{
	int64_t ignored;

	return clock_from_iso(str_z(at), &ignored);
}

/* A time that we cannot read has not come. */
static bool is_past(const char *at)
{
	int64_t ms;

	return clock_from_iso(str_z(at), &ms) && ms <= clock_wall_ms();
}

/* What that of the cluster would be called. */
static const char *bucket_of(const struct site *s, const char *identifier)
{
	struct config *c = arena_alloc(s->arena, sizeof *c);
	struct site *as = arena_alloc(s->arena, sizeof *as);

	*c = *s->config;
	c->s3.manifests = NULL;
	*as = *s;
	as->config = c;
	as->identifier = identifier;
	return resource_bucket.name(as);
}

static bool is_named_so(const struct site *s, const struct reap_item *i, const char *of)
{
	if (strcmp(i->what, "role") == 0) /* whatever [DWH] IAM_ROLE_NAME said */
		return true;
	if (strcmp(i->what, "bucket") == 0)
		return strcmp(i->name, bucket_of(s, of)) == 0;
	if (strcmp(i->what, "security group") == 0)
		return str_starts(str_z(i->name), STR("dwh-")) && strcmp(i->name + 4, of) == 0;
	return strcmp(i->name, of) == 0;
}

/* Tags go with a snapshot, into another cluster and another region. */
static const char *why_left(
    const struct site *s, const struct reap_item *i, const struct found *tags)
{
	if (!is_named_so(s, i, tags->of) || !tags->in || !str_eqz(s->region, tags->in))
		return arena_printf(s->arena, "its tags are those of %s in %s", tags->of,
		    tags->in ? tags->in : "no region");
	return is_time(tags->expires) ? NULL : "that is no time";
}

static void end_of_one(struct finder *f, const char *what)
{
	if (f->now.name && f->tags.by_dwh && f->tags.of && f->tags.expires) {
		f->now.what = what;
		f->now.identifier = f->tags.of;
		f->now.expires = f->tags.expires;
		f->now.stays = why_left(f->site, &f->now, &f->tags);
		f->now.due = !f->now.stays && is_past(f->tags.expires);
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
	aws_argz(&c, "resourceArn", jsontext(s->arena, namespace, "namespaceArn"));
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
	f->now.name = jsontext(s->arena, namespace, "namespaceName");
	f->now.state = jsontext(s->arena, namespace, "status");
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
		token = jsontext(s->arena, root, "nextToken");
		all = json_object_get(root, "namespaces");
		for (size_t i = 0; ok && i < json_array_size(all); i++)
			ok = see_namespace(f, json_array_get(all, i), e);
		json_decref(root);
	} while (ok && token);
	return ok;
}

/* ---- what has neither, as the cluster was never made ---- */

#define GROUP "securityGroupInfo/item"

static struct reap_item *item_of(const struct finder *f, const char *identifier)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].identifier, identifier) == 0 &&
		    is_named_so(f->site, &f->items[i], identifier))
			return &f->items[i];
	return NULL;
}

/* Of what belongs to one that is known already, no second item is made. */
static void end_of_rest(struct finder *f, const char *what)
{
	size_t n = f->n;
	struct reap_item *i;

	if (f->tags.of && item_of(f, f->tags.of))
		f->now.name = NULL;
	end_of_one(f, what);
	i = f->n > n ? &f->items[n] : NULL;
	if (!i || i->stays || !f->blind)
		return;
	f->left |= i->due;
	i->due = false;
	i->stays = "whether it has a warehouse could not be asked";
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
	else if (str_eqz(path, GROUP))
		end_of_rest(f, "security group");
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

static bool open_s3(struct site *s, const char *owner, struct s3 **out, struct err *e)
{
	struct s3_options o = {.region = s->region,
	    .credentials = s->credentials,
	    .bucket_owner = owner,
	    .tick = s->tick};

	o.endpoint = credentials_s3_endpoint(s->config, s->arena, &o.endpoint_from);
	return s3_open(&o, out, e);
}

static bool see_bucket(struct finder *f, struct s3 *s3, struct str name, struct err *e)
{
	struct site *s = f->site;
	struct s3_tag *tags;
	size_t n;

	if (!s3_bucket_tags(s3, name, s->arena, &tags, &n, e))
		return site_is(e, "NoSuchBucket");
	for (size_t i = 0; i < n; i++)
		site_see_tag(s, &f->tags, tags[i].key, tags[i].value);
	f->now.name = arena_cstr(s->arena, name);
	end_of_rest(f, "bucket");
	return true;
}

/* Of those whose name is one of ours, in this account and region. */
static bool find_buckets(struct finder *f, struct err *e)
{
	struct site *s = f->site;
	const char *prefix = arena_printf(s->arena, "dwh-%s-%.*s-", s->account, STRF(s->region));
	struct s3 *all, *own;
	struct str *names;
	size_t n;
	bool ok;

	if (!open_s3(s, NULL, &all, e))
		return false;
	ok = s3_bucket_list(all, str_z(prefix), s->arena, &names, &n, e) &&
	     (n == 0 || open_s3(s, s->account, &own, e));
	s3_close(all);
	if (ok && n) {
		for (size_t i = 0; ok && i < n; i++)
			ok = see_bucket(f, own, names[i], e);
		s3_close(own);
	}
	return ok || err_prefix(e, "looking for buckets");
}

/* ---- roles, which are in all regions ---- */

#define ROLE "ListRolesResult/Roles/member"

struct role_names {
	struct arena *a;
	const char *next;
	bool ours;
	const char **v;
	size_t n, cap;
};

static void see_role(void *ctx, struct str path, struct str text)
{
	struct role_names *l = ctx;

	if (str_eqz(path, ROLE "/RoleName")) {
		l->next = arena_cstr(l->a, str_trim(text));
	} else if (str_eqz(path, ROLE "/Description")) {
		l->ours = str_eqz(str_trim(text), SITE_ROLE_DESCRIPTION);
	} else if (str_eqz(path, ROLE)) {
		if (l->ours) {
			l->v = arena_grow(l->a, l->v, l->n, &l->cap, sizeof *l->v);
			l->v[l->n++] = l->next;
		}
		l->ours = false;
	}
}

/* The list has no tags. */
static bool see_role_tags(struct finder *f, const char *name, struct err *e)
{
	struct site *s = f->site;
	struct reap_item *known;
	struct aws_call c;
	struct str body;

	aws_call_init(&c, AWS_IAM, "GetRole");
	aws_argz(&c, "RoleName", name);
	if (!site_send(s, &c, &body, e))
		return site_is(e, "NoSuchEntity");
	site_see_tags(s, &f->tags, body, "GetRoleResult/Role/Tags/member");
	known = f->tags.of ? item_of(f, f->tags.of) : NULL;
	if (f->tags.in && str_eqz(s->region, f->tags.in)) {
		f->now.name = name;
		f->now.role = arena_printf(s->arena, "/%s", name);
		if (known && !known->role)
			known->role = f->now.role;
	}
	end_of_rest(f, "role");
	return true;
}

static bool find_roles(struct finder *f, struct err *e)
{
	struct site *s = f->site;
	struct role_names l = {.a = s->arena};
	const char *marker = NULL;
	struct err ignored;
	struct aws_call c;
	struct str body;
	bool ok = true;

	do {
		aws_call_init(&c, AWS_IAM, "ListRoles");
		aws_argz(&c, "Marker", marker);
		if (!site_send(s, &c, &body, e))
			return err_prefix(e, "looking for roles");
		xml_walk(body, NULL, see_role, &l, &ignored);
		marker = site_text(s, body, "ListRolesResult/Marker");
	} while (marker);
	for (size_t i = 0; ok && i < l.n; i++)
		ok = see_role_tags(f, l.v[i], e);
	return ok || err_prefix(e, "looking for roles");
}

/* Not each region has Serverless; that there is a network, the clusters have shown. */
static bool is_not_offered(const struct err *why)
{
	return site_is(why, "resolve");
}

bool cluster_reap_find(struct site *s, struct reap_found *out, struct err *e)
{
	static bool (*const lists[])(struct finder * f, struct err * e) = {
	    find_clusters, find_namespaces, find_groups, find_buckets, find_roles};
	struct finder f = {.site = s};

	*out = (struct reap_found){.all = true};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (lists[i](&f, e))
			continue;
		if (e->kind == ERR_CANCELLED || (lists[i] == find_clusters && !site_is_denied(e)))
			return false;
		log_warn("%s", e->msg);
		if (lists[i] == find_namespaces && is_not_offered(e))
			continue;
		out->all = false;
		f.blind |= lists[i] == find_clusters || lists[i] == find_namespaces;
	}
	out->items = f.items;
	out->n = f.n;
	out->left = f.left;
	return true;
}

bool cluster_reap_is_due(struct cluster *k, const char **stays, struct err *e)
{
	bool warehouse = false, any = false;

	if (!cluster_look(k, e))
		return false;
	*stays = NULL;
	for (size_t i = 0; i < k->n; i++)
		warehouse |= k->items[i].ours && k->items[i].r->holds_data;
	for (size_t i = 0; i < k->n; i++) {
		const struct cluster_item *c = &k->items[i];

		if (!c->ours || c->r->holds_data != warehouse)
			continue;
		any = true;
		if (!*stays && !(c->f.expires && is_past(c->f.expires)))
			*stays = arena_printf(k->site.arena, "%s %s expires %s", c->r->kind,
			    c->name, c->f.expires ? c->f.expires : "never");
	}
	if (!any)
		*stays = "nothing of it is there any more";
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
