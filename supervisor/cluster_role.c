/*
 * cluster_role.c - the role by which the warehouse reads S3.
 *
 * It trusts Redshift alone, and has one policy: what [IAM_ROLE] POLICY names, else one of its own
 * that reads the buckets of [S3] and nothing else; each up takes what else is attached to it. A
 * role that the configuration names by its ARN is the user's: it is used as it is. IAM is
 * eventually consistent, so that a new role may not be found, and not be assumed, for a minute or
 * two: the walk asks again.
 */
#include "shared/policy.h"
#include "shared/xml.h"
#include "supervisor/cluster_check.h"
#include "supervisor/cluster_site.h"

#define POLICY_NAME "dwh-reads-s3"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"

static const char *given_arn(const struct site *s)
{
	return s->config->dwh.role_arn ? s->config->dwh.role_arn : s->config->iam_role.arn;
}

static const char *role_name(struct site *s)
{
	return given_arn(s) ? given_arn(s) : s->config->dwh.iam_role_name;
}

static bool check_role(struct site *s, struct err *e)
{
	const char *name = s->config->dwh.iam_role_name, *policy = s->config->iam_role.policy;
	const char *arn = given_arn(s);

	if (arn)
		return (str_starts(str_z(arn), STR("arn:")) && strstr(arn, ":role/")) ||
		       site_bad(s, s->config->dwh.role_arn ? "DWH" : "IAM_ROLE",
		           s->config->dwh.role_arn ? "ROLE_ARN" : "ARN", e,
		           "is \"%.100s\", must be arn:aws:iam::ACCOUNT:role/NAME", arn);
	if (!cluster_check_text(name, 1, 64, NAME_CHARS))
		return site_bad(s, "DWH", "IAM_ROLE_NAME", e,
		    "is \"%.80s\", must be 1 to 64 letters, digits and _+=,.@-", name);
	return !policy || (str_starts(str_z(policy), STR("arn:")) && strstr(policy, ":policy/")) ||
	       site_bad(s, "IAM_ROLE", "POLICY", e,
	           "is \"%.100s\", must be the ARN of a policy (arn:aws:iam::aws:policy/NAME)",
	           policy);
}

static void plan_role(struct site *s, struct buf *out)
{
	const char *policy = s->config->iam_role.policy;

	buf_printf(out, "Redshift may take it on; it has %s",
	    policy ? policy : "a policy of its own that reads what [S3] names, no more");
}

/* ---- look ---- */

static void call_init(struct site *s, struct aws_call *c, const char *action)
{
	aws_call_init(c, AWS_IAM, action);
	aws_argz(c, "RoleName", role_name(s));
}

static bool look_role(struct site *s, struct found *f, struct err *e)
{
	struct aws_call c;
	struct str body;

	if (given_arn(s)) {
		s->role_arn = given_arn(s);
		*f = (struct found){.is = FOUND_READY, .given = true, .id = s->role_arn};
		return true;
	}
	call_init(s, &c, "GetRole");
	if (!site_send(s, &c, &body, e))
		return site_is(e, "NoSuchEntity") || err_prefix(e, "role %s", role_name(s));
	f->id = s->role_arn = site_text(s, body, "GetRoleResult/Role/Arn");
	if (!f->id)
		return site_odd(e, "GetRole", "the role");
	f->is = FOUND_READY;
	site_see_tags(s, f, body, "GetRoleResult/Role/Tags/member");
	return true;
}

/* ---- what the configuration names ---- */

static bool given_exists(struct site *s, struct err *e)
{
	const char *key = s->config->dwh.role_arn ? "ROLE_ARN" : "ARN";
	const char *section = s->config->dwh.role_arn ? "DWH" : "IAM_ROLE";
	const char *arn = given_arn(s), *is;
	struct aws_call c;
	struct str body;

	/* One of another account can't be looked at. */
	if (!strstr(arn, arena_printf(s->arena, ":%s:role/", s->account)))
		return true;
	aws_call_init(&c, AWS_IAM, "GetRole");
	aws_argz(&c, "RoleName", strrchr(arn, '/') + 1);
	if (!site_send(s, &c, &body, e)) {
		if (site_is(e, "NoSuchEntity"))
			return site_bad(s, section, key, e,
			    "is %s, and there is no such role: make it, and let Redshift take it "
			    "on; or "
			    "leave the key empty, and dwh makes one",
			    arn);
		return site_is_denied(e) || err_prefix(e, "[%s] %s", section, key);
	}
	is = site_text(s, body, "GetRoleResult/Role/Arn");
	return !is || strcmp(is, arn) == 0 ||
	       site_bad(s, section, key, e, "is %s, but the role of that name is %s", arn, is);
}

static bool policy_exists(struct site *s, struct err *e)
{
	const char *policy = s->config->iam_role.policy;
	struct aws_call c;

	aws_call_init(&c, AWS_IAM, "GetPolicy");
	aws_argz(&c, "PolicyArn", policy);
	if (site_send(s, &c, NULL, e) || site_is_denied(e))
		return true;
	if (site_is(e, "NoSuchEntity"))
		return site_bad(s, "IAM_ROLE", "POLICY", e,
		    "is %s, and there is no such policy: name one that is there; or leave the key "
		    "empty, and the role gets one that reads what [S3] names",
		    policy);
	return err_prefix(e, "[IAM_ROLE] POLICY");
}

static bool role_exists(struct site *s, struct err *e)
{
	if (given_arn(s))
		return given_exists(s, e);
	return !s->config->iam_role.policy || policy_exists(s, e);
}

/* ---- policies ---- */

struct names {
	struct arena *a;
	const char *path;
	const char **v;
	size_t n, cap;
};

static void take_name(void *ctx, struct str path, struct str text)
{
	struct names *l = ctx;

	if (!str_eqz(path, l->path))
		return;
	l->v = arena_grow(l->a, l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n++] = arena_cstr(l->a, str_trim(text));
}

/* All pages of a list of the role's. */
static bool list(
    struct site *s, const char *action, const char *member, struct names *l, struct err *e)
{
	const char *marker = NULL;
	struct err ignored;
	struct aws_call c;
	struct str body;

	*l = (struct names){
	    .a = s->arena, .path = arena_printf(s->arena, "%sResult/%s", action, member)};
	do {
		call_init(s, &c, action);
		aws_argz(&c, "Marker", marker);
		if (!site_send(s, &c, &body, e))
			return false;
		xml_walk(body, NULL, take_name, l, &ignored);
		marker = site_text(s, body, arena_printf(s->arena, "%sResult/Marker", action));
	} while (marker);
	return true;
}

/* Each but keep, which may be NULL, with its own request; what is gone already is fine. */
static bool drop_all(struct site *s, const struct names *l, const char *keep, const char *action,
    const char *arg, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct aws_call c;

		if (keep && strcmp(keep, l->v[i]) == 0)
			continue;
		call_init(s, &c, action);
		aws_argz(&c, arg, l->v[i]);
		if (!site_send(s, &c, NULL, e) && !site_is(e, "NoSuchEntity"))
			return false;
	}
	return true;
}

static bool list_attached(struct site *s, struct names *l, struct err *e)
{
	return list(s, "ListAttachedRolePolicies", "AttachedPolicies/member/PolicyArn", l, e);
}

static bool list_own(struct site *s, struct names *l, struct err *e)
{
	return list(s, "ListRolePolicies", "PolicyNames/member", l, e);
}

static bool give_policy(struct site *s, struct err *e)
{
	const char *policy = s->config->iam_role.policy;
	struct aws_call c;
	struct str own;

	if (!policy &&
	    !policy_of_role(s->config, s->partition, site_manifests(s), s->arena, &own, e))
		return false;
	call_init(s, &c, policy ? "AttachRolePolicy" : "PutRolePolicy");
	if (policy) {
		aws_argz(&c, "PolicyArn", policy);
	} else {
		aws_argz(&c, "PolicyName", POLICY_NAME);
		aws_arg(&c, "PolicyDocument", own);
	}
	return site_send(s, &c, NULL, e) ||
	       (site_is(e, "NoSuchEntity") && !policy ? site_later(e) : false);
}

/* What an earlier configuration gave it goes. Policies of its own under other names are not ours.
 */
static bool take_others(struct site *s, struct err *e)
{
	const char *policy = s->config->iam_role.policy;
	struct names attached, own;
	const char *ours = POLICY_NAME;
	struct names drop = {.v = &ours};

	if (!list_attached(s, &attached, e) || !list_own(s, &own, e))
		return site_is(e, "NoSuchEntity") ? site_later(e) : false;
	if (!drop_all(s, &attached, policy, "DetachRolePolicy", "PolicyArn", e))
		return false;
	for (size_t i = 0; i < own.n; i++)
		if (policy && strcmp(own.v[i], ours) == 0)
			drop.n = 1;
	return drop_all(s, &drop, NULL, "DeleteRolePolicy", "PolicyName", e);
}

/* ---- make ---- */

static bool create_role(struct site *s, struct err *e)
{
	struct aws_call c;
	struct str body;

	call_init(s, &c, "CreateRole");
	aws_argz(&c, "Path", "/");
	aws_argz(&c, "Description", SITE_ROLE_DESCRIPTION);
	aws_arg(&c, "AssumeRolePolicyDocument", policy_of_trust());
	site_arg_tags(s, &c, "Tags.member");
	if (!site_send(s, &c, &body, e))
		return site_is(e, "EntityAlreadyExists");
	s->role_arn = site_text(s, body, "CreateRoleResult/Role/Arn");
	return true;
}

static bool set_expiry(struct site *s, struct err *e)
{
	struct aws_call c;

	call_init(s, &c, "TagRole");
	site_arg_tags(s, &c, "Tags.member");
	return site_send(s, &c, NULL, e) || (site_is(e, "NoSuchEntity") && site_later(e));
}

static bool make_role(struct site *s, const struct found *f, struct err *e)
{
	return f->is == FOUND_NOTHING ? create_role(s, e)
	                              : (site_expires_so(s, f) || set_expiry(s, e)) &&
	                                    give_policy(s, e) && take_others(s, e);
}

/* ---- remove ---- */

static bool remove_role(struct site *s, const struct found *f, struct err *e)
{
	struct names attached, own;
	struct aws_call c;

	(void)f;
	if (!list_attached(s, &attached, e) || !list_own(s, &own, e))
		return site_is(e, "NoSuchEntity");
	if (!drop_all(s, &attached, NULL, "DetachRolePolicy", "PolicyArn", e) ||
	    !drop_all(s, &own, NULL, "DeleteRolePolicy", "PolicyName", e))
		return false;
	call_init(s, &c, "DeleteRole");
	if (site_send(s, &c, NULL, e) || site_is(e, "NoSuchEntity"))
		return true;
	return site_is(e, "DeleteConflict") ? site_later(e) : false;
}

static void add_by_hand(
    struct site *s, struct buf *b, const char *verb, const char *option, const char *value)
{
	buf_printf(b, "aws iam %s --role-name ", verb);
	buf_word(b, str_z(role_name(s)));
	if (option) {
		buf_printf(b, " %s ", option);
		buf_word(b, str_z(value));
		buf_z(b, "; ");
	}
}

/* Its policies first, as AWS keeps a role that has any: those that it has, or, where AWS does not
 * tell, the one that up gives it. */
static const char *by_hand(struct site *s)
{
	const char *policy = s->config->iam_role.policy, *ours = POLICY_NAME, *out;
	struct names attached = {.v = &policy, .n = policy ? 1 : 0};
	struct names own = {.v = &ours, .n = policy ? 0 : 1}, seen;
	struct err ignored;
	struct buf b;

	if (list_attached(s, &seen, &ignored))
		attached = seen;
	if (list_own(s, &seen, &ignored))
		own = seen;
	buf_init(&b, 64 << 10);
	for (size_t i = 0; i < attached.n; i++)
		add_by_hand(s, &b, "detach-role-policy", "--policy-arn", attached.v[i]);
	for (size_t i = 0; i < own.n; i++)
		add_by_hand(s, &b, "delete-role-policy", "--policy-name", own.v[i]);
	add_by_hand(s, &b, "delete-role", NULL, NULL);
	out = arena_cstr(s->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

const struct resource resource_role = {.kind = "role",
    .name = role_name,
    .check = check_role,
    .plan = plan_role,
    .exists = role_exists,
    .look = look_role,
    .make = make_role,
    .remove = remove_role,
    .by_hand = by_hand};
