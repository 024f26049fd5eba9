/*
 * s3d_about.c - documents about a bucket: its tags, and whether the public is kept out.
 *
 * They are kept as they came, in the bucket's folder (.s3d/tagging, .s3d/publicAccessBlock), and
 * mean nothing here: they are for those who make buckets, and tell theirs from others by the tags.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "shared/file.h"
#include "shared/xml.h"
#include "workers/local/s3d_call.h"
#include "workers/local/s3d_disk.h"
#include "workers/local/s3d_key.h"

enum { DOCUMENT_MAX = 256 * 1024 };

static const struct about {
	const char *param, *root;
	enum s3d_code absent;
} abouts[] = {
    {"tagging", "Tagging", S3D_NO_SUCH_TAG_SET},
    {"publicAccessBlock", "PublicAccessBlockConfiguration", S3D_NO_SUCH_ACCESS_BLOCK},
};

/* The one that the request is for, and its file below the bucket's folder. */
static const struct about *about_of(struct s3d_call *c, const char **path)
{
	const struct about *w = &abouts[s3d_call_param(c, abouts[0].param) ? 0 : 1];

	*path = arena_printf(c->arena, S3D_PRIVATE "/%s", w->param);
	return w;
}

static void ignore(void *ctx, struct str path, struct str text)
{
	(void)ctx;
	(void)path;
	(void)text;
}

/* Beside it, and then in its place: half a document is never seen. */
static enum s3d_code store(const struct s3d_bucket *b, const char *param, struct str document)
{
	int folder = s3d_disk_folder(b->fd, STR(S3D_PRIVATE)), fd, error;
	char draft[64];
	bool ok;

	if (folder < 0)
		return s3d_store_code(errno);
	snprintf(draft, sizeof draft, "%s.new", param);
	fd = openat(folder, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	ok = fd >= 0 && file_write(fd, document);
	error = errno;
	if (fd >= 0 && close(fd) != 0 && ok) {
		error = errno;
		ok = false;
	}
	if (ok && renameat(folder, draft, folder, param) != 0) {
		error = errno;
		ok = false;
	}
	close(folder);
	return ok ? S3D_OK : s3d_store_code(error);
}

enum s3d_code s3d_op_put_about(struct s3d_call *c)
{
	const char *path;
	const struct about *w = about_of(c, &path);
	struct str document = buf_view(&c->body.text);
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);
	struct err e;

	if (code != S3D_OK)
		return code;
	if (!s3d_has_checksum(c))
		return s3d_call_fail(c, S3D_INVALID_REQUEST,
		    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
	if (document.n > DOCUMENT_MAX || !xml_walk(document, w->root, ignore, NULL, &e))
		return S3D_MALFORMED_XML;
	code = store(b, w->param, document);
	if (code != S3D_OK)
		return code;
	s3d_reply_begin(c, 200);
	s3d_reply_end(c, 0);
	return S3D_OK;
}

enum s3d_code s3d_op_get_about(struct s3d_call *c)
{
	const char *path;
	const struct about *w = about_of(c, &path);
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);
	struct buf document;
	int fd;
	bool ok;

	if (code != S3D_OK)
		return code;
	fd = s3d_disk_open(b->fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? w->absent : s3d_store_code(errno);
	buf_init(&document, DOCUMENT_MAX);
	ok = file_read(fd, &document) && !document.over;
	close(fd);
	if (ok) {
		s3d_reply_begin(c, 200);
		s3d_reply_header(c, "Content-Type", STR("application/xml"));
		buf_str(&c->reply.body, buf_view(&document));
		s3d_reply_end(c, (int64_t)document.n);
	}
	buf_free(&document);
	return ok ? S3D_OK : S3D_INTERNAL;
}

enum s3d_code s3d_op_delete_about(struct s3d_call *c)
{
	const char *path;
	struct s3d_bucket *b;
	enum s3d_code code = s3d_call_bucket(c, &b);

	about_of(c, &path);
	if (code != S3D_OK)
		return code;
	if (!s3d_disk_remove(b->fd, str_z(path)) && errno != ENOENT)
		return s3d_store_code(errno);
	s3d_reply_begin(c, 204);
	s3d_reply_end(c, 0);
	return S3D_OK;
}
