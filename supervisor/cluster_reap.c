/* cluster_reap.c - see cluster_reap.h. */
#include "supervisor/cluster_reap.h"

#include <stdio.h>
#include <time.h>

#include "shared/clock.h"
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

bool cluster_reap_find(struct site *s, struct reap_item **out, size_t *n, struct err *e)
{
	struct finder f = {.site = s};
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
		xml_walk(body, NULL, see, &f, &ignored);
		marker = site_text(s, body, "DescribeClustersResult/Marker");
	} while (marker);
	*out = f.items;
	*n = f.n;
	return true;
}

struct config cluster_reap_config(const struct config *c, const struct reap_item *i)
{
	struct config out = *c;

	out.dwh.cluster_identifier = i->identifier;
	if (i->role)
		out.dwh.iam_role_name = i->role + 1;
	out.dwh.role_arn = NULL;
	out.iam_role.arn = NULL;
	out.s3.manifests = NULL;
	return out;
}
