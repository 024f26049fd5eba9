/*
 * cluster_open.c - which resources a cluster has: those that the configuration names, and, spare,
 * those that are there beside them and would be in the way, or be forgotten.
 *
 * The order is that in which they are made: the role's policy names the bucket, the cluster has the
 * role and stands in the security group. The group comes first, and goes last, because AWS makes
 * one of its name with its tags in one step, or says that there is one: of two runs that begin at
 * the same moment only one comes as far as the bucket, which has no tags for a moment. Down goes
 * the other way, so that what an earlier configuration has left goes after all that may need it.
 */
#include "supervisor/cluster.h"
#include "supervisor/cluster_record.h"

static const struct resource *const of_cluster[] = {
    &resource_group, &resource_bucket, &resource_role, &resource_cluster, NULL};
static const struct resource *const of_serverless[] = {&resource_group, &resource_bucket,
    &resource_role, &resource_namespace, &resource_workgroup, NULL};
static const struct resource *const shared_by_both[] = {
    &resource_group, &resource_bucket, &resource_role, NULL};

static void add(struct cluster *c, struct cluster_item i)
{
	c->items = arena_grow(c->site.arena, c->items, c->n, &c->cap, sizeof *c->items);
	i.name = i.r->name(i.site);
	c->items[c->n++] = i;
}

static void add_spare(struct cluster *c, const struct resource *r, const struct config *as)
{
	struct site *own = arena_alloc(c->site.arena, sizeof *own);

	*own = c->site;
	own->config = as;
	add(c, (struct cluster_item){
	           .r = r, .site = own, .spare = true, .other_kind = as == c->site.config});
}

static bool has(const struct resource *const *list, const struct resource *r)
{
	while (*list && *list != r)
		list++;
	return *list;
}

/* Roles and buckets that the record knows and the configuration names no more: another name, or
 * one of the user's in their place. The rest is named by the identifier alone. */
static void add_earlier(struct cluster *c)
{
	const struct record_entry *t;

	for (size_t n = 0; (t = record_standing(c->site.record, n)) != NULL; n++) {
		const struct resource *r = strcmp(t->kind, resource_role.kind) == 0 ? &resource_role
		                           : strcmp(t->kind, resource_bucket.kind) == 0
		                               ? &resource_bucket
		                               : NULL;
		struct config *as;

		if (!r || !str_eqz(c->site.region, t->region) ||
		    strcmp(r->name(&c->site), t->id) == 0)
			continue;
		as = arena_alloc(c->site.arena, sizeof *as);
		*as = *c->site.config;
		as->dwh.iam_role_name = t->id;
		as->dwh.role_arn = as->iam_role.arn = as->s3.manifests = NULL;
		add_spare(c, r, as);
	}
}

bool cluster_open(struct cluster *c, const struct site_options *o, bool makes, struct err *e)
{
	bool serverless = o->config->dwh.kind == KIND_SERVERLESS;
	const struct resource *const *r = serverless ? of_serverless : of_cluster;
	const struct resource *const *other = serverless ? of_cluster : of_serverless;
	struct site_options opts = *o;

	*c = (struct cluster){.n = 0};
	opts.checks = makes ? r : NULL;
	if (!site_open(&c->site, &opts, e))
		return false;
	add_earlier(c);
	for (; *r; r++)
		add(c, (struct cluster_item){.r = *r, .site = &c->site});
	for (; *other; other++)
		if (!has(shared_by_both, *other))
			add_spare(c, *other, c->site.config);
	return true;
}

void cluster_close(struct cluster *c)
{
	site_close(&c->site);
}
