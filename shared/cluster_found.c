/* cluster_found.c - see cluster_found.h. */
#include "shared/cluster_found.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shared/cluster_lines.h"

const char *cluster_record_path(const struct config *c, struct arena *a)
{
	return config_path(
	    c, a, arena_printf(a, "%s/cluster/%s.jsonl", c->local.dir, c->dwh.cluster_identifier));
}

/* The last "up"; all is NULL where its "down" came after it, host alone where it was paused. */
struct up {
	struct arena *a;
	struct cluster_line line;
	bool paused;
};

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static const char *kept(struct arena *a, const char *text)
{
	return text ? arena_strz(a, text) : NULL;
}

/* A cluster of this name may have been made in another region, too. */
static void see(void *ctx, const struct cluster_line *l)
{
	struct up *up = ctx;
	bool other = up->line.account &&
	             (!same(l->account, up->line.account) || !same(l->region, up->line.region));

	if (same(l->what, "up")) {
		up->line = (struct cluster_line){.account = kept(up->a, l->account),
		    .region = kept(up->a, l->region),
		    .host = kept(up->a, l->host),
		    .port = kept(up->a, l->port),
		    .role = kept(up->a, l->role),
		    .manifests = kept(up->a, l->manifests),
		    .secret = kept(up->a, l->secret)};
		up->paused = false;
	} else if (same(l->what, "down") && !other) {
		up->line = (struct cluster_line){.host = NULL};
		up->paused = false;
	} else if (same(l->what, "paused") && !other) {
		up->line.account = kept(up->a, l->account);
		up->line.region = kept(up->a, l->region);
		up->line.host = NULL;
		up->paused = true;
	}
}

static bool fill(struct config *c, const struct cluster_line *up, const char *path, struct err *e)
{
	const struct {
		const char *section, *key, *value;
	} rows[] = {{"DWH", "DWH_ENDPOINT", up->host}, {"CLUSTER", "DB_PORT", up->port},
	    {"DWH", "ROLE_ARN", c->iam_role.arn ? NULL : up->role}, /* as the user says */
	    {"S3", "MANIFESTS", up->manifests}, {"CLUSTER", "DB_SECRET", up->secret}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].value &&
		    !config_fill(c, rows[i].section, rows[i].key, rows[i].value, path, e))
			return false;
	return true;
}

bool cluster_found(struct config *c, struct arena *a, struct err *e)
{
	const char *path = cluster_record_path(c, a);
	struct up up = {.a = a};
	bool torn, ok;
	int fd;

	if (c->warehouse.engine != ENGINE_REDSHIFT || c->cluster.host || c->dwh.dwh_endpoint ||
	    strchr(c->dwh.cluster_identifier, '/'))
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		       err_errno(e, ERR_SETUP, AT_STATE, "cannot read %s", path);
	ok = cluster_lines(fd, path, see, &up, &torn, e) && fill(c, &up.line, path, e);
	c->dwh.paused = ok && up.paused;
	close(fd);
	return ok;
}

bool cluster_is_ours(const struct config *c, struct arena *a)
{
	const char *from = config_from(c, STR("DWH.DWH_ENDPOINT"));

	return c->warehouse.engine == ENGINE_REDSHIFT && !c->cluster.host &&
	       (!c->dwh.dwh_endpoint || (from && strcmp(from, cluster_record_path(c, a)) == 0));
}
