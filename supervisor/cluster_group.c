/*
 * cluster_group.c - the security group: who may connect to the warehouse.
 *
 * One of our own in the default VPC, with one rule: the warehouse's port, for the caller's address
 * or for whom the configuration names. The rule carries our mark, so that another address takes
 * the place of the last one, and what others have added stays.
 */
#include "supervisor/cluster_group.h"

#include <stdio.h>

#include "shared/xml.h"
#include "supervisor/cluster_address.h"

#define MARK "dwh: who loads"

/* source: a block of addresses, IPv4 or IPv6; a prefix list, or another group, by its id. */
struct rule {
	struct str source, mark, protocol;
	int64_t from, to;
};

/* What an answer of DescribeSecurityGroups says of the one group. */
struct group {
	struct arena *a;
	const char *id;
	struct rule *rules;
	size_t n, cap;
	size_t begun; /* rules from here on are of the permission that is being read */
	struct rule next;
	bool answered;
};

/* The lists of a permission, and what they call a source. */
static const struct {
	const char *list, *source;
} sources[] = {{"ipRanges/item", "cidrIp"}, {"ipv6Ranges/item", "cidrIpv6"},
    {"prefixListIds/item", "prefixListId"}, {"groups/item", "groupId"}};

static void see_source(struct group *g, struct str path, struct str text)
{
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		struct str list = str_z(sources[i].list), member;

		if (!str_starts(path, list))
			continue;
		member = str_from(path, list.n + 1);
		if (path.n == list.n) {
			g->rules = arena_grow(g->a, g->rules, g->n, &g->cap, sizeof *g->rules);
			g->rules[g->n++] = g->next;
			g->next.source = g->next.mark = STR("");
		} else if (str_eqz(member, sources[i].source)) {
			g->next.source = arena_str(g->a, str_trim(text));
		} else if (str_eqz(member, "description")) {
			g->next.mark = arena_str(g->a, str_trim(text));
		}
	}
}

static void see(void *ctx, struct str path, struct str text)
{
	struct group *g = ctx;

	g->answered |= str_eqz(path, "securityGroupInfo");
	if (!str_starts(path, STR("securityGroupInfo/item/")))
		return;
	path = str_from(path, strlen("securityGroupInfo/item/"));
	if (str_eqz(path, "groupId")) {
		g->id = arena_cstr(g->a, str_trim(text));
	} else if (str_eqz(path, "ipPermissions/item/ipProtocol")) {
		g->next.protocol = arena_str(g->a, str_trim(text));
	} else if (str_eqz(path, "ipPermissions/item/fromPort")) {
		str_to_i64(str_trim(text), &g->next.from);
	} else if (str_eqz(path, "ipPermissions/item/toPort")) {
		str_to_i64(str_trim(text), &g->next.to);
	} else if (str_eqz(path, "ipPermissions/item")) {
		for (; g->begun < g->n; g->begun++) {
			g->rules[g->begun].protocol = g->next.protocol;
			g->rules[g->begun].from = g->next.from;
			g->rules[g->begun].to = g->next.to;
		}
		g->next = (struct rule){.from = -1, .to = -1};
	} else if (str_starts(path, STR("ipPermissions/item/"))) {
		see_source(g, str_from(path, strlen("ipPermissions/item/")), text);
	}
}

static const char *name(struct site *s)
{
	return arena_printf(s->arena, "dwh-%s", s->identifier);
}

bool group_page(struct site *s, const char *action, const char *const *filters, const char **token,
    struct str *body, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_EC2, action);
	for (int i = 1; *filters; filters += 2, i++) {
		aws_argz(&c, arena_printf(s->arena, "Filter.%d.Name", i), filters[0]);
		aws_argz(&c, arena_printf(s->arena, "Filter.%d.Value.1", i), filters[1]);
	}
	aws_argz(&c, "NextToken", *token);
	if (!site_send(s, &c, body, e))
		return false;
	*token = site_text(s, *body, "nextToken");
	return true;
}

static bool find_vpc(struct site *s, struct err *e)
{
	const char *const filters[] = {"is-default", "true", NULL};
	const char *token = NULL;
	struct str body;

	while (!s->vpc) {
		if (!group_page(s, "DescribeVpcs", filters, &token, &body, e))
			return false;
		s->vpc = site_text(s, body, "vpcSet/item/vpcId");
		if (!token)
			break;
	}
	return true;
}

bool group_vpc(struct site *s, struct err *e)
{
	return find_vpc(s, e) &&
	       (s->vpc || err_set(e, ERR_SETUP, AT_AWS, "vpc",
	                      "the account has no default VPC in %.*s: make one with \"aws ec2 "
	                      "create-default-vpc --region %.*s\", or use another region",
	                      STRF(s->region), STRF(s->region)));
}

/* The group and, where f is given, its tags. */
static bool describe(struct site *s, struct group *g, struct found *f, struct err *e)
{
	struct err ignored; /* aws_send() gives only what can be read */
	const char *token = NULL;
	struct str body;

	*g = (struct group){.a = s->arena, .next = {.from = -1, .to = -1}};
	if (!find_vpc(s, e))
		return false;
	if (!s->vpc)
		return true;
	do {
		const char *const filters[] = {"vpc-id", s->vpc, "group-name", name(s), NULL};

		if (!group_page(s, "DescribeSecurityGroups", filters, &token, &body, e))
			return false;
		g->answered = false;
		xml_walk(body, NULL, see, g, &ignored);
		if (!g->answered)
			return site_odd(
			    e, "DescribeSecurityGroups", "groups, or that there are none");
		if (f)
			site_see_tags(s, f, body, "securityGroupInfo/item/tagSet/item");
	} while (token);
	if (g->id)
		s->group_id = g->id;
	return true;
}

static bool is_marked(const struct rule *r)
{
	return str_eqz(r->mark, MARK);
}

static bool opens(const struct site *s, const struct rule *r, const char *cidr)
{
	int64_t port = s->config->dwh.port;

	return (str_eqz(r->protocol, "-1") ||
	           (str_eqz(r->protocol, "tcp") && r->from <= port && r->to >= port)) &&
	       (!cidr || str_eqz(r->source, cidr));
}

/* Before there is a group that nobody may use; and the plan names it. */
static bool check(struct site *s, struct err *e)
{
	return s->ingress || caller_address(s->tick, s->arena, &s->ingress, e);
}

/* A block that nobody owns whole: two halves of the world are all of it. */
static const char *warning(const char *cidr)
{
	enum { OF_ONE_OWNER = 8 }; /* bits of the mask */
	int64_t bits = OF_ONE_OWNER;

	str_to_i64(str_from(str_z(cidr), str_find(str_z(cidr), '/') + 1), &bits);
	return bits == 0             ? "THE WHOLE WORLD: "
	       : bits < OF_ONE_OWNER ? "A LARGE PART OF THE WORLD: "
	                             : "";
}

static void plan(struct site *s, struct buf *out)
{
	buf_printf(out, "port %lld open to %s%s", (long long)s->config->dwh.port,
	    warning(s->ingress), s->ingress);
}

static bool look(struct site *s, struct found *f, struct err *e)
{
	bool wanted = false;
	struct group g;
	struct buf b;

	if (!describe(s, &g, f, e))
		return false;
	if (!g.id)
		return true;
	buf_init(&b, 4096);
	buf_printf(&b, "port %lld is open to ", (long long)s->config->dwh.port);
	f->is = FOUND_CHANGING;
	for (size_t i = 0; i < g.n; i++)
		if (opens(s, &g.rules[i], NULL)) {
			buf_printf(&b, "%s%.*s", f->is == FOUND_READY ? ", " : "",
			    STRF(g.rules[i].source));
			f->is = FOUND_READY;
			wanted |= s->ingress && opens(s, &g.rules[i], s->ingress);
		}
	f->id = g.id;
	if (f->is != FOUND_READY)
		f->lacks = arena_printf(s->arena,
		    "its port %lld is open to nobody: `aws ec2 authorize-security-group-ingress "
		    "--region %.*s --group-id %s --protocol tcp --port %lld --cidr %s` opens it",
		    (long long)s->config->dwh.port, STRF(s->region), g.id,
		    (long long)s->config->dwh.port, s->ingress ? s->ingress : "CIDR");
	if (s->ingress && !wanted) {
		struct buf note;

		buf_init(&note, 4096);
		plan(s, &note);
		f->note = arena_printf(s->arena, "changes to %.*s", STRF(buf_view(&note)));
		buf_free(&note);
	}
	f->state = f->is == FOUND_READY ? arena_cstr(s->arena, buf_view(&b)) : "open to nobody yet";
	buf_free(&b);
	return true;
}

static bool create(struct site *s, struct err *e)
{
	struct aws_call c;
	struct str body;

	aws_call_init(&c, AWS_EC2, "CreateSecurityGroup");
	aws_argz(&c, "GroupName", name(s));
	aws_argz(&c, "GroupDescription",
	    arena_printf(s->arena, "made by dwh for %s: who may connect to it", s->identifier));
	aws_argz(&c, "VpcId", s->vpc);
	aws_argz(&c, "TagSpecification.1.ResourceType", "security-group");
	site_arg_tags(s, &c, "TagSpecification.1.Tag");
	if (!site_send(s, &c, &body, e))
		/* Whose it is, the next look tells. */
		return site_is(e, "InvalidGroup.Duplicate");
	s->group_id = site_text(s, body, "groupId");
	return true;
}

/* A call about one rule; ok: the code that means that nothing was left to do. */
static bool change(struct site *s, const char *action, const char *ok, const struct rule *r,
    bool marked, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_EC2, action);
	aws_argz(&c, "GroupId", s->group_id);
	aws_arg(&c, "IpPermissions.1.IpProtocol", r->protocol);
	aws_arg_int(&c, "IpPermissions.1.FromPort", r->from);
	aws_arg_int(&c, "IpPermissions.1.ToPort", r->to);
	aws_arg(&c, "IpPermissions.1.IpRanges.1.CidrIp", r->source);
	if (marked)
		aws_argz(&c, "IpPermissions.1.IpRanges.1.Description", MARK);
	return site_send(s, &c, NULL, e) || site_is(e, ok);
}

/* The new rule first: whoever is connected from the old address stays so no longer than that. */
static bool set_rules(struct site *s, const struct group *g, const char *cidr, struct err *e)
{
	int64_t port = s->config->dwh.port;
	struct rule wanted = {str_z(cidr), STR(""), STR("tcp"), port, port};
	bool there = false;

	for (size_t i = 0; i < g->n; i++)
		there |= opens(s, &g->rules[i], cidr);
	if (!there && !change(s, "AuthorizeSecurityGroupIngress", "InvalidPermission.Duplicate",
	                  &wanted, true, e))
		return false;
	for (size_t i = 0; i < g->n; i++)
		if (is_marked(&g->rules[i]) && !opens(s, &g->rules[i], cidr) &&
		    !change(s, "RevokeSecurityGroupIngress", "InvalidPermission.NotFound",
		        &g->rules[i], false, e))
			return false;
	return true;
}

static bool set_expiry(struct site *s, const struct found *f, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_EC2, "CreateTags");
	aws_argz(&c, "ResourceId.1", f->id);
	site_arg_tags(s, &c, "Tag");
	return site_send(s, &c, NULL, e);
}

static bool make(struct site *s, const struct found *f, struct err *e)
{
	struct group g;

	if (f->is == FOUND_NOTHING)
		return group_vpc(s, e) && create(s, e);
	if (!site_expires_so(s, f) && !set_expiry(s, f, e))
		return false;
	return describe(s, &g, NULL, e) &&
	       (g.id ? set_rules(s, &g, s->ingress, e)
	             : err_set(e, ERR_RETRY, AT_AWS, "group", "the security group %s is not shown",
	                   name(s)));
}

static bool drop(struct site *s, const struct found *f, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_EC2, "DeleteSecurityGroup");
	aws_argz(&c, "GroupId", f->id);
	if (site_send(s, &c, NULL, e) || site_is(e, "InvalidGroup.NotFound"))
		return true;
	/* The warehouse's network interface goes minutes after it. */
	return site_is(e, "DependencyViolation") && site_later(e);
}

static const char *by_hand(struct site *s)
{
	/* By its name EC2 finds one of the default VPC alone, which is where it is made. */
	return arena_printf(s->arena, "aws ec2 delete-security-group --region %.*s --group-%s %s",
	    STRF(s->region), s->group_id ? "id" : "name", s->group_id ? s->group_id : name(s));
}

const struct resource resource_group = {
    .kind = "security group",
    .name = name,
    .check = check,
    .plan = plan,
    .look = look,
    .make = make,
    .remove = drop,
    .by_hand = by_hand,
};
