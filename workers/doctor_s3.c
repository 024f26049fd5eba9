/* doctor_s3.c - what `dwh doctor` looks at in S3: keys, the sources, MANIFESTS, regions, the clock.
 */
#include <stdlib.h>
#include <unistd.h>

#include "shared/aws.h"
#include "shared/clock.h"
#include "shared/connect.h"
#include "shared/credentials.h"
#include "workers/doctor_private.h"
#include "workers/prefix.h"

/* A request that is signed so much before or after S3's time is refused. (S3, RequestTimeTooSkewed:
 * 15 minutes; other services: 5.) */
enum { CLOCK_MS = 5 * 60000 };

#define SAY(...) arena_printf(d->w.task, __VA_ARGS__)

static struct str region_of_copy(struct doctor *d)
{
	return credentials_region(&d->w.config, d->w.task);
}

/* The last four characters of an id tell people which key it is. */
static struct str end_of_id(const struct credentials *key)
{
	size_t n = key->key.access.n;

	return str_from(key->key.access, n > 8 ? n - 4 : n);
}

/* False: there are none. */
static bool look_at_keys(struct doctor *d)
{
	const struct config *c = &d->w.config;
	const char *from, *endpoint = credentials_s3_endpoint(c, d->w.task, &from);
	struct str region = region_of_copy(d), chain = credentials_chain(c, d->w.task);
	struct credentials key;
	char until[25] = "";
	struct err e;

	if (c->warehouse.engine == ENGINE_LOCAL) {
		finding_ok(d->out, "S3", "the server of this machine, with a key of its own");
		return true;
	}
	finding_ok(d->out, "S3", "%s%s%s%s, region %.*s (%s)", endpoint ? endpoint : "of Amazon",
	    endpoint ? " (" : "", endpoint ? from : "", endpoint ? ")" : "", STRF(region),
	    credentials_region_from(c, d->w.task));
	if (str_ieq(str_z(getenv("AWS_USE_FIPS_ENDPOINT")), STR("true")))
		finding_warn(d->out, "AWS_USE_FIPS_ENDPOINT",
		    "name those addresses, as AWS_ENDPOINT_URL_S3 = "
		    "https://s3-fips.REGION.amazonaws.com",
		    "dwh does not know AWS's FIPS addresses, and uses the usual ones");
	if (!c->aws.anonymous)
		finding_ok(d->out, "AWS key, looked for", "%.*s", STRF(chain));
	if (!credentials_find(c, d->w.life, &key, &e)) {
		finding_error(d->out, FINDING_MISSING, "AWS key",
		    "set [AWS] KEY and SECRET, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", &e);
		return false;
	}
	if (key.anonymous) {
		finding_ok(d->out, "AWS key", "none: [AWS] ANONYMOUS, for public buckets");
		return true;
	}
	if (key.expires_ms)
		clock_iso(key.expires_ms, until);
	if (credentials_short(&key, d->w.task))
		finding_warn(d->out, "AWS key", "have them given for an hour", "%s",
		    credentials_short(&key, d->w.task));
	finding_ok(d->out, "AWS key", "****%.*s%s, from %.*s%s%s", STRF(end_of_id(&key)),
	    key.key.token.n ? " with a session token" : "", STRF(key.origin),
	    until[0] ? ", good until " : "", until);
	return true;
}

/* ---- sources ---- */

/* The statement that is missing of the policy of our keys; below: what follows the bucket's name.
 */
static void say_permission(struct doctor *d, const struct err *e, const char *actions,
    struct str bucket, const char *below)
{
	if (strcmp(e->code, "AccessDenied") == 0 && !strstr(e->msg, "kms:"))
		finding_also(d->out,
		    "{\"Effect\":\"Allow\",\"Action\":[%s],\"Resource\":\"arn:%s:s3:::%.*s%s\"}",
		    actions, aws_partition(region_of_copy(d)), STRF(bucket), below);
}

/* The cluster reads it by its role: that we may not is no loss there. */
static enum finding_state of_reading(const struct doctor *d, const struct err *e)
{
	return d->redshift && strcmp(e->code, "AccessDenied") == 0 ? FINDING_WARN : FINDING_MISSING;
}

/* A load makes the bucket where it is a folder of this machine. */
static bool is_to_come(const struct doctor *d, const struct err *e)
{
	return d->w.config.warehouse.engine == ENGINE_LOCAL && strcmp(e->code, "NoSuchBucket") == 0;
}

/* As COPY needs it: one REGION holds for data, manifests and JSON paths. (COPY, "REGION".) */
static bool region_fits(struct doctor *d, const char *what, struct str bucket)
{
	struct str is = s3_bucket_region(d->w.s3, bucket), copy = region_of_copy(d);

	if (!d->redshift || str_eq(is, copy))
		return true;
	finding_missing(d->out, AT_CONFIG, what,
	    SAY("set [AWS] REGION = %.*s: data, MANIFESTS and JSON paths must be in that one "
	        "region",
	        STRF(is)),
	    "bucket %.*s is in %.*s, and COPY is told REGION %.*s", STRF(bucket), STRF(is),
	    STRF(copy));
	return false;
}

/* Whether the file has :'NAME' or :"NAME" in it. */
static bool names(const struct sqlfile *f, const char *key)
{
	for (size_t i = 0; i + 2 < f->text.n; i++) {
		struct str rest = str_from(f->text, i + 2);

		if (f->text.p[i] == ':' && rest.n > strlen(key) &&
		    str_ieq((struct str){rest.p, strlen(key)}, str_z(key)) &&
		    rest.p[strlen(key)] == f->text.p[i + 1])
			return true;
	}
	return false;
}

static void not_looked_at(struct doctor *d, const char *what)
{
	finding_unknown(d->out, what, "not looked at: S3 can not be asked, see above");
}

/* Objects that the COPY names beside its data: JSON paths. */
static void look_at_paths(struct doctor *d, const struct sqlfile *f)
{
	const char *key;

	for (size_t i = 0; (key = config_s3_name(&d->w.config, i)); i++) {
		const char *what = SAY("[S3] %s", key), *url = config_s3(&d->w.config, str_z(key));
		struct str bucket, name;
		struct err e;

		if (!names(f, key) || str_ieq(str_z(key), f->source))
			continue;
		if (!d->answers)
			not_looked_at(d, what);
		else if (!s3_url_parse(str_z(url), &bucket, &name, &e) ||
		         !s3_head(d->w.s3, bucket, name, NULL, &e)) {
			finding_error(d->out, of_reading(d, &e), what, "check the address", &e);
			say_permission(d, &e, "\"s3:GetObject\"", bucket, SAY("/%.*s", STRF(name)));
		} else if (region_fits(d, what, bucket))
			finding_ok(d->out, what, "%s: may be read", url);
	}
}

static bool list_first(
    struct doctor *d, struct str bucket, struct str prefix, struct manifest *out, struct err *e)
{
	struct s3_list req = {.bucket = bucket, .prefix = prefix};
	struct s3_page page;

	do {
		if (!s3_list(d->w.s3, &req, &page, d->w.life, e))
			return false;
		req.token = page.next_token;
	} while (page.truncated && page.n_objects == 0);
	if (page.n_objects == 0)
		return true;
	*out = (struct manifest){
	    .bucket = bucket, .objects = arena_alloc(d->w.life, sizeof *out->objects), .n = 1};
	out->objects[0] = (struct object){
	    .key = page.objects[0].key, .etag = page.objects[0].etag, .size = page.objects[0].size};
	return true;
}

/* Nobody is there: what else is to be asked would wait as long, to hear the same. */
static bool is_silence(const struct err *e)
{
	return strcmp(e->code, "connect") == 0 || strcmp(e->code, "resolve") == 0 ||
	       strcmp(e->code, "timeout") == 0;
}

static void look_at_source(struct doctor *d, struct doctor_source *s)
{
	const struct config *c = &d->w.config;
	const char *url = config_s3(c, s->copy->source);
	const char *what = SAY("[S3] %.*s", STRF(s->copy->source));
	struct str bucket, prefix;
	struct err e;

	if (!d->answers) {
		not_looked_at(d, what);
		return;
	}
	if (!s3_url_parse(str_z(url), &bucket, &prefix, &e) ||
	    !list_first(d, bucket, prefix, &s->first, &e)) {
		d->answers = !is_silence(&e);
		/* The first run writes a sample where there is nothing (supervisor/sample.h). */
		finding_error(d->out, is_to_come(d, &e) ? FINDING_WARN : FINDING_MISSING, what,
		    "check [AWS] ENDPOINT, the network, and the address", &e);
		say_permission(d, &e, "\"s3:ListBucket\"", bucket, "");
		return;
	}
	if (!region_fits(d, what, bucket))
		return;
	if (s->first.n == 0 && !c->load.allow_empty)
		finding_missing(d->out, AT_S3, what,
		    "check the address, or say --set LOAD.ALLOW_EMPTY=yes if that is meant",
		    "there are no objects under %s", url);
	else if (s->first.n == 0)
		finding_ok(d->out, what, "%s: may be listed, and is empty", url);
	else if (!s3_head(d->w.s3, bucket, s->first.objects[0].key, NULL, &e)) {
		finding_error(d->out, of_reading(d, &e), what, "", &e);
		say_permission(d, &e, "\"s3:GetObject\"", bucket, SAY("/%.*s*", STRF(prefix)));
	} else
		finding_ok(d->out, what, "%s: may be listed and read, bucket in %.*s", url,
		    STRF(s3_bucket_region(d->w.s3, bucket)));
}

/* ---- MANIFESTS ---- */

static bool write_and_read(struct doctor *d, struct str bucket, struct str key, struct err *e)
{
	struct buf b;
	bool ok;

	buf_init(&b, 64);
	ok = s3_put(d->w.s3, bucket, key, STR("{}\n"), "application/json", NULL, e) &&
	     s3_get(d->w.s3, bucket, key, STR(""), &b, NULL, e);
	if (ok && !str_eq(buf_view(&b), STR("{}\n")))
		ok = err_set(e, ERR_SETUP, AT_S3, "Differs",
		    "s3://%.*s/%.*s is not read back as it was written", STRF(bucket), STRF(key));
	buf_free(&b);
	return ok;
}

/* The folder of the object at key, in which all of them will lie. */
static void say_folder(struct doctor *d, const struct err *e, struct str bucket, struct str key)
{
	while (key.n && key.p[key.n - 1] != '/')
		key.n--;
	say_permission(d, e, "\"s3:PutObject\",\"s3:GetObject\",\"s3:DeleteObject\"", bucket,
	    SAY("/%.*s*", STRF(key)));
}

static void look_at_manifests(struct doctor *d)
{
	static const char what[] = "[S3] MANIFESTS";
	const char *base = connect_manifests(&d->w.config);
	struct str bucket, key;
	struct err e, late;
	bool gone;

	if (connect_by_prefix(&d->w.config)) {
		if (!prefix_probe(&d->w, &e)) {
			finding_error(d->out, FINDING_MISSING, what, "", &e);
			d->told = true;
			return;
		}
		finding_warn(d->out, what, "set it to a folder of a bucket that we may write to",
		    "none: each prefix is loaded as a whole, once until --fresh, and stays "
		    "UNVERIFIED");
		return;
	}
	if (!base && d->redshift) {
		d->told = true;
		finding_missing(d->out, AT_CONFIG, what,
		    SAY("%sset it to a folder (s3://BUCKET/FOLDER) in the region of the data that "
		        "we may write to, and the cluster's role may read",
		        d->ours ? "`dwh cluster up` makes a bucket for them; or " : ""),
		    "not set");
		return;
	}
	if (!base) {
		finding_warn(d->out, what, "set it to a folder of a bucket that we may write to",
		    "not set: manifests lie in %s/manifests, and another machine can not tell what "
		    "is loaded",
		    config_path(&d->w.config, d->w.task, d->w.config.local.dir));
		return;
	}
	if (!d->answers) {
		not_looked_at(d, what);
		return;
	}
	if (!manifest_place(
	        &d->w, base, SAY("doctor-%lld", (long long)getpid()), &bucket, &key, &e) ||
	    !write_and_read(d, bucket, key, &e)) {
		if (is_to_come(d, &e))
			finding_ok(d->out, what, "%s: the first load makes it", base);
		else {
			finding_error(d->out, FINDING_MISSING, what,
			    "the key needs s3:PutObject, s3:GetObject and s3:DeleteObject there",
			    &e);
			say_folder(d, &e, bucket, key);
		}
		if (e.where == AT_S3)
			s3_delete(d->w.s3, bucket, key, &late);
		return;
	}
	gone = s3_delete(d->w.s3, bucket, key, &late);
	d->writable = region_fits(d, what, bucket);
	if (!d->writable)
		return;
	if (!gone) {
		finding_error(
		    d->out, FINDING_WARN, what, "the key should have s3:DeleteObject there", &late);
		say_folder(d, &late, bucket, key);
	} else
		finding_ok(d->out, what, "%s: may be written, read and deleted, bucket in %.*s",
		    base, STRF(s3_bucket_region(d->w.s3, bucket)));
}

/* ---- the clock ---- */

static void look_at_clock(struct doctor *d)
{
	int64_t ahead;

	if (!d->w.s3 || !s3_clock(d->w.s3, &ahead))
		finding_unknown(d->out, "clock of S3", "not told");
	else if (llabs(ahead) > CLOCK_MS)
		finding_warn(d->out, "clock of S3",
		    "set the clock of this machine (timedatectl set-ntp true)",
		    "%lld s %s of ours: what we sign by our own is refused", llabs(ahead) / 1000,
		    ahead > 0 ? "ahead" : "behind");
	else
		finding_ok(d->out, "clock of S3", "less than five minutes from ours");
}

void doctor_s3(struct doctor *d)
{
	struct err e;

	d->answers = look_at_keys(d);
	if (d->answers && !worker_s3(&d->w, &e)) {
		finding_error(d->out, FINDING_MISSING, "S3", "check [AWS]", &e);
		d->answers = false;
	}
	for (size_t i = 0; i < d->n_sources; i++) {
		look_at_source(d, &d->sources[i]);
		look_at_paths(d, d->sources[i].copy);
	}
	look_at_manifests(d);
	look_at_clock(d);
}
