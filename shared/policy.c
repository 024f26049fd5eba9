/* policy.c - see policy.h. */
#include "shared/policy.h"

#include "shared/buf.h"
#include "shared/s3.h"

/* What keys begin with. */
struct place {
	struct str bucket, prefix;
};

struct places {
	struct arena *a;
	struct place *all;
	size_t n, cap;
};

static bool covers(const struct place *outer, const struct place *inner)
{
	return str_eq(outer->bucket, inner->bucket) && str_starts(inner->prefix, outer->prefix);
}

/* Without what others cover. */
static void add(struct places *p, struct place new)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (covers(&p->all[i], &new))
			return;
	for (size_t i = 0; i < p->n; i++)
		if (!covers(&new, &p->all[i]))
			p->all[kept++] = p->all[i];
	p->n = kept;
	p->all = arena_grow(p->a, p->all, p->n, &p->cap, sizeof *p->all);
	p->all[p->n++] = new;
}

static bool add_url(struct places *p, struct str url, bool folder, struct err *e)
{
	struct place new;

	if (!s3_url_parse(url, &new.bucket, &new.prefix, e))
		return false;
	if (folder && new.prefix.n && !str_ends(new.prefix, STR("/")))
		new.prefix = str_z(arena_printf(p->a, "%.*s/", STRF(new.prefix)));
	add(p, new);
	return true;
}

static bool find_places(
    struct places *p, const struct config *c, const char *manifests, struct err *e)
{
	const char *name;

	for (size_t i = 0; (name = config_s3_name(c, i)) != NULL; i++)
		if (!str_ieq(str_z(name), STR("MANIFESTS")) &&
		    !add_url(p, str_z(config_s3(c, str_z(name))), false, e))
			return false;
	if (!manifests)
		manifests = c->s3.manifests;
	return !manifests || str_ieq(str_z(manifests), STR("none")) ||
	       add_url(p, str_z(manifests), true, e);
}

/* What IAM would take for a pattern is written as a variable of its own. */
static struct str literal(struct arena *a, struct str s)
{
	struct buf b;
	struct str out;

	buf_init(&b, 8 * (s.n + 1));
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '$')
			buf_printf(&b, "${%c}", s.p[i]);
		else
			buf_c(&b, s.p[i]);
	out = arena_str(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static void add_arn(
    struct buf *b, struct arena *a, const char *partition, struct str bucket, const char *rest)
{
	buf_json(b, str_z(arena_printf(a, "arn:%s:s3:::%.*s%s", partition, STRF(bucket), rest)));
}

static bool first_of_its_bucket(const struct places *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(p->all[k].bucket, p->all[i].bucket))
			return false;
	return true;
}

/* A listing must name one of the prefixes of its bucket, or go on below it. */
static void add_listing(
    struct buf *b, const struct places *p, size_t of, const char *partition, struct arena *a)
{
	const char *comma = "";
	bool whole = false;

	buf_z(b, "{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":");
	add_arn(b, a, partition, p->all[of].bucket, "");
	for (size_t i = of; i < p->n; i++)
		whole |= p->all[i].prefix.n == 0 && str_eq(p->all[i].bucket, p->all[of].bucket);
	if (!whole) {
		buf_z(b, ",\"Condition\":{\"StringLike\":{\"s3:prefix\":[");
		for (size_t i = of; i < p->n; i++) {
			if (!str_eq(p->all[i].bucket, p->all[of].bucket))
				continue;
			buf_z(b, comma);
			buf_json(
			    b, str_z(arena_printf(a, "%.*s*", STRF(literal(a, p->all[i].prefix)))));
			comma = ",";
		}
		buf_z(b, "]}}");
	}
	buf_z(b, "},");
}

static void add_statements(
    struct buf *b, const struct places *p, const char *partition, struct arena *a)
{
	const char *comma = "";

	buf_z(b, "{\"Version\":\"2012-10-17\",\"Statement\":[");
	buf_z(b, "{\"Effect\":\"Allow\",\"Action\":\"s3:GetBucketLocation\",\"Resource\":[");
	for (size_t i = 0; i < p->n; i++)
		if (first_of_its_bucket(p, i)) {
			buf_z(b, comma);
			add_arn(b, a, partition, p->all[i].bucket, "");
			comma = ",";
		}
	buf_z(b, "]},");
	for (size_t i = 0; i < p->n; i++)
		if (first_of_its_bucket(p, i))
			add_listing(b, p, i, partition, a);
	buf_z(b, "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":[");
	for (size_t i = 0; i < p->n; i++) {
		struct str prefix = literal(a, p->all[i].prefix);

		buf_z(b, i ? "," : "");
		add_arn(b, a, partition, p->all[i].bucket, arena_printf(a, "/%.*s*", STRF(prefix)));
	}
	buf_z(b, "]}]}");
}

bool policy_of_role(const struct config *c, const char *partition, const char *manifests,
    struct arena *a, struct str *out, struct err *e)
{
	struct places p = {.a = a};
	struct buf b;
	bool ok;

	if (!find_places(&p, c, manifests, e))
		return false;
	buf_init(&b, POLICY_MAX);
	add_statements(&b, &p, partition, a);
	*out = arena_str(a, buf_view(&b));
	ok = !b.over;
	buf_free(&b);
	if (!ok)
		return err_set(e, ERR_SETUP, AT_CONFIG, "policy",
		    "[S3] names more places than the policy of a role can hold (%d bytes): set "
		    "[IAM_ROLE] POLICY to one that you have made, or bring sources under common "
		    "prefixes",
		    POLICY_MAX);
	return true;
}

struct str policy_of_trust(void)
{
	return STR(
	    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":"
	    "{\"Service\":[\"redshift.amazonaws.com\",\"redshift-serverless.amazonaws.com\"]},"
	    "\"Action\":\"sts:AssumeRole\"}]}");
}
