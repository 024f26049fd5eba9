/* cluster_lines.c - see cluster_lines.h. */
#include "shared/cluster_lines.h"

#include <jansson.h>

#include "shared/buf.h"
#include "shared/file.h"

enum { RECORD_MAX = 16 << 20 };

static const char *member(const json_t *line, const char *name)
{
	return json_string_value(json_object_get(line, name));
}

static struct cluster_line line_of(const json_t *j)
{
	return (struct cluster_line){.what = member(j, "what"),
	    .account = member(j, "account"),
	    .region = member(j, "region"),
	    .kind = member(j, "kind"),
	    .id = member(j, "id"),
	    .host = member(j, "host"),
	    .port = member(j, "port"),
	    .role = member(j, "role"),
	    .manifests = member(j, "manifests"),
	    .secret = member(j, "secret")};
}

bool cluster_lines(int fd, const char *path, void (*see)(void *ctx, const struct cluster_line *l),
    void *ctx, bool *torn, struct err *e)
{
	struct str left;
	struct buf b;
	bool ok;

	buf_init(&b, RECORD_MAX);
	ok = file_read(fd, &b) || err_errno(e, ERR_SETUP, AT_STATE, "cannot read %s", path);
	if (ok && b.over)
		ok = err_set(e, ERR_SETUP, AT_STATE, "large",
		    "%s is larger than %d MiB, and what its end says would be missed: move it "
		    "away; what it knows stands in the tags at AWS, too",
		    path, RECORD_MAX >> 20);
	left = buf_view(&b);
	*torn = left.n && left.p[left.n - 1] != '\n';
	while (ok && left.n) {
		struct str line = {left.p, str_find(left, '\n')};
		json_t *j = json_loadb(line.p, line.n, 0, NULL);
		struct cluster_line l = line_of(j);

		if (j)
			see(ctx, &l);
		json_decref(j);
		left = str_from(left, line.n + 1);
	}
	buf_free(&b);
	return ok;
}
