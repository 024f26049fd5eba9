/*
 * cluster_serverless.c - Redshift Serverless: a namespace, which holds the database and its admin,
 * and a workgroup, which computes and has the endpoint.
 *
 * The namespace comes first and goes last: a workgroup cannot be without one, and a namespace is
 * not deleted while it has one. A namespace costs its storage, a workgroup its RPUs while a query
 * runs; so there is nothing to pause. Each refuses every change with ConflictException while
 * another is under way.
 */
#include "shared/buf.h"
#include "shared/jsontext.h"
#include "shared/xml.h"
#include "supervisor/cluster_check.h"
#include "supervisor/cluster_group.h"
#include "supervisor/cluster_site.h"
#include "supervisor/price.h"

enum { LIST_MAX = 64 << 10 };

static const char *name(struct site *s)
{
	return s->identifier;
}

/* ---- what would be refused ---- */

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

static bool check_namespace(struct site *s, struct err *e)
{
	return (cluster_check_text(s->identifier, 3, 63, NAME_CHARS) ||
	           site_bad(s, "DWH", "CLUSTER_IDENTIFIER", e,
	               "is \"%.80s\", must have 3 characters at least with KIND = serverless",
	               s->identifier)) &&
	       cluster_check_login(s, e);
}

static bool check_workgroup(struct site *s, struct err *e)
{
	int64_t port = s->config->dwh.port, rpus = s->config->dwh.base_capacity;

	if (!(port >= 5431 && port <= 5455) && !(port >= 8191 && port <= 8215))
		return site_bad(s, "DWH", "PORT", e,
		    "is %lld, must be 5431 to 5455 or 8191 to 8215 with KIND = serverless",
		    (long long)port);
	return rpus == 4 || rpus % 8 == 0 ||
	       site_bad(s, "DWH", "BASE_CAPACITY", e, "is %lld, must be 4 or a multiple of 8",
	           (long long)rpus);
}

/* ---- answers ---- */

/* The member of an answer that describes the thing; NULL: it has none. Free *root. */
static const json_t *open_answer(struct str body, const char *member, json_t **root)
{
	*root = json_loadb(body.p, body.n, 0, NULL);
	return json_object_get(*root, member);
}

static enum found_state state_of(const char *status)
{
	if (status && strcmp(status, "AVAILABLE") == 0)
		return FOUND_READY;
	return status && strcmp(status, "DELETING") == 0 ? FOUND_GOING : FOUND_CHANGING;
}

static bool is_gone(const struct err *e)
{
	return site_is(e, "ResourceNotFoundException");
}

/* Another change is under way, or what it needs is not there yet. */
static bool later_if_busy(struct err *e)
{
	return site_is(e, "ConflictException") && site_later(e);
}

static void call_init(struct site *s, struct aws_call *c, const char *action, const char *key)
{
	aws_call_init(c, AWS_SERVERLESS, action);
	aws_argz(c, key, s->identifier);
}

static bool see_tags(struct site *s, struct found *f, struct err *e)
{
	struct aws_call c;
	struct str body;
	json_t *root;
	const json_t *tags;

	aws_call_init(&c, AWS_SERVERLESS, "ListTagsForResource");
	aws_argz(&c, "resourceArn", f->id);
	if (!site_send(s, &c, &body, e)) {
		if (!is_gone(e))
			return false;
		*f = (struct found){.is = FOUND_NOTHING};
		return true;
	}
	tags = open_answer(body, "tags", &root);
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);

		site_see_tag(s, f, str_z(json_string_value(json_object_get(tag, "key"))),
		    str_z(json_string_value(json_object_get(tag, "value"))));
	}
	json_decref(root);
	return true;
}

/* Both are looked at alike; see fills the site from what describes it. */
static bool look_at(struct site *s, const char *action, const char *member,
    void (*see)(struct site *s, struct found *f, const json_t *object), struct found *f,
    struct err *e)
{
	struct aws_call c;
	struct str body;
	const json_t *object;
	json_t *root;

	call_init(s, &c, action, arena_printf(s->arena, "%sName", member));
	if (!site_send(s, &c, &body, e))
		return is_gone(e);
	object = open_answer(body, member, &root);
	f->state = jsontext(s->arena, object, "status");
	f->is = state_of(f->state);
	f->id = jsontext(s->arena, object, arena_printf(s->arena, "%sArn", member));
	if (object)
		see(s, f, object);
	json_decref(root);
	return f->state && f->id ? see_tags(s, f, e) : site_odd(e, action, "what it was asked for");
}

/* Tags are the only thing of it that is not said when it is made anew. */
static bool set_expiry(struct site *s, const struct found *f, struct err *e)
{
	struct aws_call c;

	if (site_expires_so(s, f))
		return true;
	aws_call_init(&c, AWS_SERVERLESS, "TagResource");
	aws_argz(&c, "resourceArn", f->id);
	aws_arg_json(&c, "tags", site_json_tags(s));
	return site_send(s, &c, NULL, e);
}

static bool drop(struct site *s, const char *action, const char *key, struct err *e)
{
	struct aws_call c;

	call_init(s, &c, action, key);
	return site_send(s, &c, NULL, e) || is_gone(e) || later_if_busy(e);
}

static struct str list_of(struct site *s, const char *const *items, size_t n)
{
	struct str out;
	struct buf b;

	buf_init(&b, LIST_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_z(&b, i ? ", " : "[");
		buf_json(&b, str_z(items[i]));
	}
	buf_c(&b, ']');
	out = arena_str(s->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* ---- the namespace ---- */

static void plan_namespace(struct site *s, struct buf *out)
{
	buf_printf(out, "database %s; costs its storage", s->config->dwh.db);
}

static void see_namespace(struct site *s, struct found *f, const json_t *object)
{
	const json_t *roles = json_object_get(object, "iamRoles");

	(void)f;
	s->secret_arn = jsontext(s->arena, object, "adminPasswordSecretArn");
	s->namespace_arn = jsontext(s->arena, object, "namespaceArn");
	s->role_attached = false;
	for (size_t i = 0; i < json_array_size(roles); i++) {
		/* "IamRole(applyStatus=in-sync, iamRoleArn=arn:...)" */
		struct str shown = str_z(json_string_value(json_array_get(roles, i)));

		s->role_attached |= s->role_arn && (str_eqz(shown, s->role_arn) ||
		                                       str_ends(shown, str_z(arena_printf(s->arena,
		                                                           "=%s)", s->role_arn))));
	}
}

static bool look_namespace(struct site *s, struct found *f, struct err *e)
{
	return look_at(s, "GetNamespace", "namespace", see_namespace, f, e);
}

static void arg_role(struct site *s, struct aws_call *c)
{
	if (!s->role_arn)
		return;
	aws_arg_json(c, "iamRoles", list_of(s, &s->role_arn, 1));
	aws_argz(c, "defaultIamRoleArn", s->role_arn);
}

/* A role that is seconds old is not known everywhere. */
static bool later_if_new_role(struct err *e)
{
	return strstr(e->msg, "IAM role") && strstr(e->msg, "not valid") && site_later(e);
}

static bool create_namespace(struct site *s, struct err *e)
{
	struct aws_call c;

	call_init(s, &c, "CreateNamespace", "namespaceName");
	aws_argz(&c, "adminUsername", s->config->dwh.db_user);
	if (s->password)
		aws_arg_secret(&c, "adminUserPassword", str_z(s->password));
	else
		aws_arg_bool(&c, "manageAdminPassword", true);
	aws_argz(&c, "dbName", s->config->dwh.db);
	arg_role(s, &c);
	aws_arg_json(&c, "tags", site_json_tags(s));
	/* A conflict: it is there already; whose it is, the next look tells. */
	return site_send(s, &c, NULL, e) || site_is(e, "ConflictException") || later_if_new_role(e);
}

static bool make_namespace(struct site *s, const struct found *f, struct err *e)
{
	struct aws_call c;

	if (f->is == FOUND_NOTHING)
		return create_namespace(s, e);
	if (!set_expiry(s, f, e))
		return false;
	if (f->is != FOUND_READY || s->role_attached || !s->role_arn)
		return true;
	call_init(s, &c, "UpdateNamespace", "namespaceName");
	arg_role(s, &c);
	return site_send(s, &c, NULL, e) || later_if_busy(e) || later_if_new_role(e);
}

static bool drop_namespace(struct site *s, const struct found *f, struct err *e)
{
	(void)f;
	return drop(s, "DeleteNamespace", "namespaceName", e);
}

static const char *namespace_by_hand(struct site *s)
{
	return arena_printf(s->arena,
	    "aws redshift-serverless delete-namespace --region %.*s --namespace-name %s",
	    STRF(s->region), s->identifier);
}

const struct resource resource_namespace = {
    .kind = "namespace",
    .usual_s = 20,
    .holds_data = true,
    .name = name,
    .check = check_namespace,
    .plan = plan_namespace,
    .look = look_namespace,
    .make = make_namespace,
    .remove = drop_namespace,
    .by_hand = namespace_by_hand,
};

/* ---- the workgroup ---- */

static void plan_workgroup(struct site *s, struct buf *out)
{
	buf_printf(out, "port %lld, %s; %s", (long long)s->config->dwh.port,
	    s->config->dwh.public ? "public" : "within its VPC",
	    price_of_rpus_text(s->arena, s->config->dwh.base_capacity, s->region));
}

static void see_workgroup(struct site *s, struct found *f, const json_t *object)
{
	const json_t *endpoint = json_object_get(object, "endpoint");
	int64_t rpus = json_integer_value(json_object_get(object, "baseCapacity"));
	int64_t wanted = s->config->dwh.base_capacity;

	s->host = jsontext(s->arena, endpoint, "address");
	s->port = json_integer_value(json_object_get(endpoint, "port"));
	if (rpus && rpus != wanted)
		f->note = arena_printf(s->arena,
		    "it stays as it is, %lld RPUs, and is not what [DWH] says, %lld",
		    (long long)rpus, (long long)wanted);
}

static bool look_workgroup(struct site *s, struct found *f, struct err *e)
{
	if (!look_at(s, "GetWorkgroup", "workgroup", see_workgroup, f, e))
		return false;
	if (f->is == FOUND_READY && !s->host) {
		f->is = FOUND_CHANGING;
		f->state = "AVAILABLE, no endpoint yet";
	}
	return true;
}

/* One subnet of each zone. */
struct subnets {
	struct arena *a;
	const char *ids[32], *zones[32];
	size_t n;
	const char *id, *zone; /* of the one that is being read */
};

static void see_subnet(void *ctx, struct str path, struct str value)
{
	struct subnets *l = ctx;

	if (str_eqz(path, "subnetSet/item/subnetId")) {
		l->id = arena_cstr(l->a, str_trim(value));
	} else if (str_eqz(path, "subnetSet/item/availabilityZone")) {
		l->zone = arena_cstr(l->a, str_trim(value));
	} else if (str_eqz(path, "subnetSet/item")) {
		for (size_t i = 0; i < l->n; i++)
			if (strcmp(l->zones[i], l->zone) == 0)
				return;
		if (l->n < sizeof l->ids / sizeof l->ids[0]) {
			l->ids[l->n] = l->id;
			l->zones[l->n++] = l->zone;
		}
	}
}

/* As JSON: AWS wants three zones, two where a region has no more to give. */
static bool find_subnets(struct site *s, struct str *out, struct err *e)
{
	size_t least = str_eqz(s->region, "us-west-1") ? 2 : 3;
	struct subnets l = {.a = s->arena, .zone = ""};
	const char *token = NULL;
	struct err ignored;
	struct str body;

	if (!group_vpc(s, e))
		return false;
	do {
		const char *const filters[] = {"vpc-id", s->vpc, NULL};

		if (!group_page(s, "DescribeSubnets", filters, &token, &body, e))
			return false;
		xml_walk(body, NULL, see_subnet, &l, &ignored);
	} while (token);
	if (l.n < least)
		return err_set(e, ERR_SETUP, AT_AWS, "subnets",
		    "the default VPC %s has subnets in %zu availability zones, a workgroup needs "
		    "%zu: add default subnets with \"aws ec2 create-default-subnet "
		    "--availability-zone ZONE\", or set [DWH] KIND = cluster",
		    s->vpc, l.n, least);
	*out = list_of(s, l.ids, l.n < 3 ? l.n : 3);
	return true;
}

static bool is_there(struct site *s)
{
	struct found f = {.is = FOUND_NOTHING};
	struct err ignored;

	return look_workgroup(s, &f, &ignored) && f.is != FOUND_NOTHING;
}

static bool create_workgroup(struct site *s, struct err *e)
{
	struct str subnets;
	struct aws_call c;

	if (!find_subnets(s, &subnets, e))
		return false;
	call_init(s, &c, "CreateWorkgroup", "workgroupName");
	aws_argz(&c, "namespaceName", s->identifier);
	aws_arg_int(&c, "baseCapacity", s->config->dwh.base_capacity);
	aws_arg_bool(&c, "publiclyAccessible", s->config->dwh.public);
	aws_arg_int(&c, "port", s->config->dwh.port);
	aws_arg_json(&c, "subnetIds", subnets);
	if (s->group_id)
		aws_arg_json(&c, "securityGroupIds", list_of(s, &s->group_id, 1));
	aws_arg_json(&c, "tags", site_json_tags(s));
	/* A conflict: it is there already, or the namespace has something else to do. */
	return site_send(s, &c, NULL, e) ||
	       (site_is(e, "ConflictException") && (is_there(s) || site_later(e)));
}

static bool make_workgroup(struct site *s, const struct found *f, struct err *e)
{
	return f->is == FOUND_NOTHING ? create_workgroup(s, e) : set_expiry(s, f, e);
}

static bool drop_workgroup(struct site *s, const struct found *f, struct err *e)
{
	(void)f;
	return drop(s, "DeleteWorkgroup", "workgroupName", e);
}

static const char *workgroup_by_hand(struct site *s)
{
	return arena_printf(s->arena,
	    "aws redshift-serverless delete-workgroup --region %.*s --workgroup-name %s",
	    STRF(s->region), s->identifier);
}

const struct resource resource_workgroup = {
    .kind = "workgroup",
    .usual_s = 180,
    .costs = true,
    .warehouse = true,
    .holds_data = true,
    .name = name,
    .check = check_workgroup,
    .plan = plan_workgroup,
    .look = look_workgroup,
    .make = make_workgroup,
    .remove = drop_workgroup,
    .by_hand = workgroup_by_hand,
};
