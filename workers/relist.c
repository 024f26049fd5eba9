/* relist.c - see relist.h. Two sequences in key order are compared: the manifest and the pages. */
#include "workers/relist.h"

#include "shared/utf8.h"

static bool differs(const struct manifest *m, const struct object *o, bool gone, struct err *e)
{
	return err_set(e, ERR_CHANGED, AT_S3, gone ? "NoSuchKey" : "PreconditionFailed",
	    "s3://%.*s/%.*s %s since it was listed (its COPY is rolled back): run again, and it is "
	    "listed anew",
	    STRF(m->bucket), STRF(o->key), gone ? "is gone" : "has changed");
}

/* Compares a page with the objects of m from *at on, as far as the page goes. */
static bool check_page(
    const struct manifest *m, const struct s3_page *page, size_t *at, struct err *e)
{
	for (size_t i = 0; i < page->n_objects && *at < m->n; i++) {
		const struct s3_object *is = &page->objects[i];
		const struct object *was = &m->objects[*at];
		int order = str_cmp(is->key, was->key);

		if (order < 0)
			continue;
		if (order > 0)
			return differs(m, was, true, e);
		if (is->size != was->size || !str_eq(is->etag, was->etag))
			return differs(m, was, false, e);
		++*at;
	}
	return true;
}

bool relist_check(struct worker *w, const struct manifest *m, struct err *e)
{
	struct s3_list req = {.bucket = m->bucket};
	struct s3_page page;
	size_t at = 0;

	if (m->n == 0) /* all were joined */
		return true;
	if (!worker_s3(w, e))
		return false;
	manifest_range(m, &req.prefix, &req.start_after);
	while (at < m->n) {
		struct str next;

		if (!worker_tick(w, e) || !s3_list(w->s3, &req, &page, w->task, e) ||
		    !check_page(m, &page, &at, e))
			return false;
		if (at == m->n)
			return true;
		if (!page.truncated)
			return differs(m, &m->objects[at], true, e);
		/* On behind this page, or where the next object is, if that is further. */
		req.token = page.n_objects ? STR("") : page.next_token;
		if (page.n_objects)
			req.start_after = page.objects[page.n_objects - 1].key;
		next = utf8_before(m->objects[at].key);
		if (str_cmp(next, req.start_after) > 0) {
			req.start_after = next;
			req.token = STR("");
		}
	}
	return true;
}

static bool same_object(
    const struct manifest *m, size_t at, const struct s3_object *is, struct err *e)
{
	const struct object *was = at < m->n ? &m->objects[at] : NULL;
	int order = was ? str_cmp(is->key, was->key) : -1;

	if (order > 0)
		return differs(m, was, true, e);
	if (order < 0)
		return err_set(e, ERR_CHANGED, AT_S3, "NewObject",
		    "s3://%.*s/%.*s has come since the prefix was listed (its COPY is rolled "
		    "back): "
		    "run again, and it is listed anew",
		    STRF(m->bucket), STRF(is->key));
	return (is->size == was->size && str_eq(is->etag, was->etag)) || differs(m, was, false, e);
}

bool relist_prefix(struct worker *w, struct str address, const struct manifest *m, struct err *e)
{
	struct s3_list req = {.max_keys = 0};
	struct s3_page page;
	size_t at = 0;

	if (!s3_url_parse(address, &req.bucket, &req.prefix, e) || !worker_s3(w, e))
		return false;
	do {
		if (!worker_tick(w, e) || !s3_list(w->s3, &req, &page, w->task, e))
			return false;
		for (size_t i = 0; i < page.n_objects; i++)
			if (!same_object(m, at++, &page.objects[i], e))
				return false;
		req.token = page.next_token;
	} while (page.truncated);
	return at == m->n || differs(m, &m->objects[at], true, e);
}
