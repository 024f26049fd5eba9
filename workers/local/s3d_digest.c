/* s3d_digest.c - see s3d_digest.h. The server's only use of OpenSSL beside sigv4.c. */
#include "workers/local/s3d_digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <zlib.h>

#include "shared/arena.h"

struct s3d_digest {
	EVP_MD_CTX *evp[3]; /* MD5, SHA-256, SHA-1; NULL where not wanted */
	unsigned kinds;
	uint32_t crc32, crc32c;
};

/* Looked up once: a fetch by name for every body would cost more than hashing a small one. */
static const EVP_MD *algorithm(int i)
{
	static EVP_MD *md[3];
	static const char *const names[3] = {"MD5", "SHA256", "SHA1"};

	if (!md[i])
		md[i] = EVP_MD_fetch(NULL, names[i], NULL);
	return md[i];
}

struct s3d_digest *s3d_digest_new(unsigned kinds)
{
	static const unsigned kind_of[3] = {S3D_MD5, S3D_SHA256, S3D_SHA1};
	struct s3d_digest *d;

	if (!kinds)
		return NULL;
	d = xcalloc(1, sizeof *d);
	d->kinds = kinds;
	d->crc32 = (uint32_t)crc32(0, NULL, 0);
	d->crc32c = 0xffffffff;
	for (int i = 0; i < 3; i++) {
		if (!(kinds & kind_of[i]))
			continue;
		d->evp[i] = EVP_MD_CTX_new();
		/* A machine without MD5 (FIPS) has no ETags; s3d_digest_end says 0. */
		if (d->evp[i] && !EVP_DigestInit_ex2(d->evp[i], algorithm(i), NULL)) {
			EVP_MD_CTX_free(d->evp[i]);
			d->evp[i] = NULL;
		}
	}
	return d;
}

/* Castagnoli's polynomial, reflected; a table of 16 for half bytes. */
static uint32_t crc32c(uint32_t crc, struct str s)
{
	static uint32_t table[16];

	if (!table[1])
		for (uint32_t i = 0; i < 16; i++) {
			uint32_t v = i;

			for (int k = 0; k < 4; k++)
				v = v & 1 ? v >> 1 ^ 0x82f63b78 : v >> 1;
			table[i] = v;
		}
	for (size_t i = 0; i < s.n; i++) {
		crc ^= (unsigned char)s.p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

void s3d_digest_add(struct s3d_digest *d, struct str bytes)
{
	if (!d || bytes.n == 0)
		return;
	for (int i = 0; i < 3; i++)
		if (d->evp[i])
			EVP_DigestUpdate(d->evp[i], bytes.p, bytes.n);
	if (d->kinds & S3D_CRC32)
		d->crc32 = (uint32_t)crc32_z(d->crc32, (const Bytef *)bytes.p, bytes.n);
	if (d->kinds & S3D_CRC32C)
		d->crc32c = crc32c(d->crc32c, bytes);
}

static size_t big_endian(uint32_t v, unsigned char *out)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(v >> (24 - 8 * i));
	return 4;
}

static size_t evp_end(EVP_MD_CTX *ctx, unsigned char *out)
{
	unsigned n = 0;

	return ctx && EVP_DigestFinal_ex(ctx, out, &n) ? n : 0;
}

size_t s3d_digest_end(
    struct s3d_digest *d, enum s3d_digest_kind kind, unsigned char out[S3D_DIGEST_MAX])
{
	if (!d || !(d->kinds & kind))
		return 0;
	switch (kind) {
	case S3D_MD5: return evp_end(d->evp[0], out);
	case S3D_SHA256: return evp_end(d->evp[1], out);
	case S3D_SHA1: return evp_end(d->evp[2], out);
	case S3D_CRC32: return big_endian(d->crc32, out);
	case S3D_CRC32C: return big_endian(d->crc32c ^ 0xffffffff, out);
	default: return 0;
	}
}

void s3d_digest_free(struct s3d_digest *d)
{
	if (!d)
		return;
	for (int i = 0; i < 3; i++)
		EVP_MD_CTX_free(d->evp[i]);
	free(d);
}
