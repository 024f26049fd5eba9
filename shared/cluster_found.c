/* cluster_found.c - see cluster_found.h. */
#include "shared/cluster_found.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "shared/file.h"

enum { RECORD_MAX = 16 << 20 };

const char *cluster_record_path(const struct config *c, struct arena *a)
{
	return config_path(
	    c, a, arena_printf(a, "%s/cluster/%s.jsonl", c->local.dir, c->dwh.cluster_identifier));
}

static const char *member(const json_t *j, const char *name)
{
	const char *value = json_string_value(json_object_get(j, name));

	return value ? value : "";
}

/* A cluster of this name may have been made in another region, too. */
static bool same_place(const json_t *a, const json_t *b)
{
	return strcmp(member(a, "account"), member(b, "account")) == 0 &&
	       strcmp(member(a, "region"), member(b, "region")) == 0;
}

/* The last "up" of the lines; NULL where its "down" came after it. The caller's to json_decref. */
static json_t *last_up(struct str text)
{
	json_t *up = NULL;

	while (text.n) {
		struct str line = {text.p, str_find(text, '\n')};
		json_t *j = json_loadb(line.p, line.n, 0, NULL); /* a torn one is skipped */
		bool begins = strcmp(member(j, "what"), "up") == 0;

		if (begins || (up && strcmp(member(j, "what"), "down") == 0 && same_place(up, j))) {
			json_decref(up);
			up = begins ? json_incref(j) : NULL;
		}
		json_decref(j);
		text = str_from(text, line.n + 1);
	}
	return up;
}

static bool read_record(const char *path, struct buf *b, bool *there, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok;

	*there = fd >= 0;
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		       err_errno(e, ERR_SETUP, AT_STATE, "cannot read %s", path);
	ok = file_read(fd, b) || err_errno(e, ERR_SETUP, AT_STATE, "cannot read %s", path);
	close(fd);
	return ok;
}

static bool fill(struct config *c, const json_t *up, const char *path, struct err *e)
{
	static const struct {
		const char *section, *key, *member;
	} rows[] = {{"DWH", "DWH_ENDPOINT", "host"}, {"CLUSTER", "DB_PORT", "port"},
	    {"DWH", "ROLE_ARN", "role"}, {"S3", "MANIFESTS", "manifests"},
	    {"CLUSTER", "DB_SECRET", "secret"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *value = json_string_value(json_object_get(up, rows[i].member));

		if (!value || (strcmp(rows[i].member, "role") == 0 && c->iam_role.arn))
			continue; /* as the user says */
		if (!config_fill(c, rows[i].section, rows[i].key, value, path, e))
			return false;
	}
	return true;
}

bool cluster_found(struct config *c, struct arena *a, struct err *e)
{
	const char *path = cluster_record_path(c, a);
	struct buf b;
	bool there, ok;

	if (c->warehouse.engine != ENGINE_REDSHIFT || c->cluster.host || c->dwh.dwh_endpoint ||
	    strchr(c->dwh.cluster_identifier, '/'))
		return true;
	buf_init(&b, RECORD_MAX);
	ok = read_record(path, &b, &there, e);
	if (ok && there) {
		json_t *up = last_up(buf_view(&b));

		ok = !up || fill(c, up, path, e);
		json_decref(up);
	}
	buf_free(&b);
	return ok;
}
