/* source.c - see source.h. */
#include "shared/source.h"

bool source_probe(struct s3 *s3, const struct config *c, const struct sqlfile *f,
    bool (*tick)(void *ctx, struct err *e), void *ctx, struct arena *a, struct err *e)
{
	const char *url = config_s3(c, f->source);
	struct s3_list req = {.max_keys = 2};
	struct s3_page page;

	if (!s3_url_parse(str_z(url), &req.bucket, &req.prefix, e))
		return err_prefix(e, "[S3] %.*s", STRF(f->source));
	do {
		if ((tick && !tick(ctx, e)) || !s3_list(s3, &req, &page, a, e))
			return err_prefix(e, "[S3] %.*s", STRF(f->source));
		req.token = page.next_token;
		req.max_keys = 0; /* two folder marks need not be all there is */
	} while (page.truncated && page.n_objects == 0);
	if (page.n_objects == 0 && !c->load.allow_empty)
		return err_set(e, ERR_SETUP, AT_S3, "EmptyPrefix",
		    "[S3] %.*s: there are no objects under %s: check the address, or say --set "
		    "LOAD.ALLOW_EMPTY=yes if that is meant",
		    STRF(f->source), url);
	return true;
}
