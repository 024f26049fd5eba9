/*
 * cluster_bucket.c - the bucket for manifests and parts: where [S3] MANIFESTS names no other, one
 * of our own, in the region of the sources, because one COPY reads both and has one REGION.
 *
 * Its name says whose it is and for what, "dwh-ACCOUNT-REGION-IDENTIFIER": names of buckets are
 * shared by all accounts. It cannot be tagged as it is made; until it is, the record alone knows.
 */
#include <stdio.h>

#include "shared/s3_bucket.h"
#include "shared/sigv4.h"
#include "supervisor/cluster_site.h"

enum { NAME_MAX_BYTES = 63, DIGEST = 8 };

#define NONE "none ([S3] MANIFESTS says so)"

static const char *our_name(struct site *s)
{
	char *name = arena_printf(
	    s->arena, "dwh-%s-%.*s-%s", s->account, STRF(s->region), s->identifier);
	char hex[65];

	if (strlen(name) > NAME_MAX_BYTES) {
		/* Still one name for one cluster. */
		sigv4_sha256_hex(str_z(name), hex);
		snprintf(name + NAME_MAX_BYTES - DIGEST - 1, DIGEST + 2, "-%.*s", DIGEST, hex);
	}
	return name;
}

static bool parse(struct site *s, const char *url, const char **bucket)
{
	struct str b, key;
	struct err ignored;

	if (!s3_url_parse(str_z(url), &b, &key, &ignored))
		return false;
	*bucket = arena_cstr(s->arena, b);
	return true;
}

/* The bucket that the configuration names. A record of what we have made may have put our own
 * there; that one is ours still. */
static const char *given_name(struct site *s)
{
	const char *manifests = s->config->s3.manifests, *bucket;

	if (!manifests)
		return NULL;
	if (!parse(s, manifests, &bucket))
		return NONE;
	return strcmp(bucket, our_name(s)) == 0 ? NULL : bucket;
}

static const char *name(struct site *s)
{
	const char *given = given_name(s);

	return given ? given : our_name(s);
}

/* owner: NULL for buckets that may be anybody's. */
static bool open_s3(
    struct site *s, struct str region, const char *owner, struct s3 **out, struct err *e)
{
	struct s3_options o = {.region = region,
	    .credentials = s->credentials,
	    .bucket_owner = owner,
	    .tick = s->tick};

	o.endpoint = credentials_s3_endpoint(s->config, s->arena, &o.endpoint_from);
	return s3_open(&o, out, e);
}

/* A client that knows where our bucket is. Its name can be guessed, and its tags be copied: one of
 * another account's is not ours. */
static bool open_bucket(
    struct site *s, struct str bucket, struct s3 **out, bool *there, struct err *e)
{
	if (!open_s3(s, s->region, s->account, out, e))
		return false;
	if (s3_bucket_find(*out, bucket, there, e))
		return true;
	s3_close(*out);
	return false;
}

/* Of the first source; the site's own where that does not tell. */
static bool region_of_sources(struct site *s, struct str *out, struct err *e)
{
	const char *key = config_s3_name(s->config, 0), *bucket;
	struct s3 *s3;
	bool there, ok;

	*out = s->region;
	if (!key || !parse(s, config_s3(s->config, str_z(key)), &bucket))
		return true;
	if (!open_s3(s, s->region, NULL, &s3, e))
		return false;
	/* Who may not list it is told where it is, nevertheless. */
	ok = s3_bucket_find(s3, str_z(bucket), &there, e) || site_is(e, "AccessDenied");
	if (ok)
		*out = arena_str(s->arena, s3_bucket_region(s3, str_z(bucket)));
	s3_close(s3);
	return ok;
}

static void plan(struct site *s, struct buf *out)
{
	(void)s;
	buf_z(out, "for manifests and parts, in the region of the sources; costs what lies in it");
}

static bool look(struct site *s, struct found *f, struct err *e)
{
	const char *bucket = name(s);
	struct s3_tag *tags = NULL;
	struct s3 *s3;
	size_t n = 0;
	bool there, ok;

	f->given = given_name(s) != NULL;
	if (f->given) {
		f->is = FOUND_READY;
		f->id = bucket;
		s->bucket = strcmp(bucket, NONE) == 0 ? NULL : bucket;
		return true;
	}
	if (!open_bucket(s, str_z(bucket), &s3, &there, e))
		return false;
	ok = !there || s3_bucket_tags(s3, str_z(bucket), s->arena, &tags, &n, e);
	if (ok && there) {
		f->is = FOUND_READY;
		f->id = s->bucket = bucket;
		f->state = arena_printf(
		    s->arena, "in %.*s", STRF(s3_bucket_region(s3, str_z(bucket))));
	}
	for (size_t i = 0; ok && i < n; i++)
		site_see_tag(s, f, tags[i].key, tags[i].value);
	s3_close(s3);
	return ok;
}

static bool tag(struct site *s, struct s3 *s3, struct str bucket, struct err *e)
{
	struct s3_tag tags[SITE_TAGS];

	for (size_t i = 0; i < s->n_tags; i++)
		tags[i] = (struct s3_tag){str_z(s->tags[i].key), str_z(s->tags[i].value)};
	return s3_bucket_tag(s3, bucket, tags, s->n_tags, e);
}

/* Whether its tags say what they should: whose it is, and until when. */
static bool is_tagged(const struct site *s, const struct found *f)
{
	return f->tagged && site_expires_so(s, f);
}

static bool create(struct site *s, struct str bucket, struct err *e)
{
	struct str region;
	struct s3 *s3;
	bool made, ok;

	if (!region_of_sources(s, &region, e) || !open_s3(s, region, NULL, &s3, e))
		return false;
	ok = s3_bucket_create(s3, bucket, &made, e);
	if (ok && !made)
		ok = err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "bucket %.*s was made by somebody else at this moment: call it again, and its "
		    "tags "
		    "tell whose it is",
		    STRF(bucket));
	ok = ok && tag(s, s3, bucket, e);
	s3_close(s3);
	return ok;
}

static bool make(struct site *s, const struct found *f, struct err *e)
{
	struct str bucket = str_z(our_name(s));
	struct s3 *s3;
	bool there, ok;

	if (f->is == FOUND_NOTHING)
		return create(s, bucket, e);
	if (!open_bucket(s, bucket, &s3, &there, e))
		return false;
	ok = (is_tagged(s, f) || tag(s, s3, bucket, e)) && s3_bucket_block_public(s3, bucket, e);
	s3_close(s3);
	return ok;
}

static bool drop(struct site *s, const struct found *f, struct err *e)
{
	struct str bucket = str_z(our_name(s));
	struct s3 *s3;
	bool there, ok;

	(void)f;
	if (!open_bucket(s, bucket, &s3, &there, e))
		return false;
	ok = !there || (s3_bucket_empty(s3, bucket, NULL, e) && s3_bucket_delete(s3, bucket, e));
	s3_close(s3);
	/* Something was written meanwhile. */
	return ok || (site_is(e, "BucketNotEmpty") && site_later(e));
}

static const char *by_hand(struct site *s)
{
	return arena_printf(s->arena, "aws s3 rb --force s3://%s", name(s));
}

const struct resource resource_bucket = {
    .kind = "bucket",
    .tagged_later = true,
    .name = name,
    .plan = plan,
    .look = look,
    .make = make,
    .remove = drop,
    .by_hand = by_hand,
};
