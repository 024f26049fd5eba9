/* s3d_key.c - see s3d_key.h. */
#include "workers/local/s3d_key.h"

enum { SEGMENT_MAX = 255, ODD_DIGITS = 200 };

bool s3d_key_plain(struct str key)
{
	if (key.n == 0 || key.n > S3D_KEY_MAX)
		return false;
	for (;;) {
		size_t n = str_find(key, '/');

		if (n == 0 || n > SEGMENT_MAX || key.p[0] == '.')
			return false;
		if (n == key.n)
			return true;
		key = str_from(key, n + 1);
		if (key.n == 0)
			return false;
	}
}

void s3d_key_odd(struct buf *path, struct str key)
{
	static const char hex[] = "0123456789abcdef";

	buf_z(path, S3D_ODD "/");
	for (size_t i = 0; i < key.n; i++) {
		unsigned char c = (unsigned char)key.p[i];

		if (i && i % (ODD_DIGITS / 2) == 0)
			buf_z(path, "+/");
		buf_c(path, hex[c >> 4]);
		buf_c(path, hex[c & 15]);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool s3d_key_from_odd(struct buf *key, struct str path)
{
	size_t digits = 0;

	for (size_t i = 0; i < path.n;) {
		int hi, lo;

		if (digits == ODD_DIGITS) {
			if (!str_starts(str_from(path, i), STR("+/")))
				return false;
			digits = 0;
			i += 2;
			continue;
		}
		if (i + 1 >= path.n)
			return false;
		hi = hex_digit(path.p[i]);
		lo = hex_digit(path.p[i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		buf_c(key, (char)(hi * 16 + lo));
		digits += 2;
		i += 2;
	}
	return digits > 0 && !key->over;
}

bool s3d_bucket_name_ok(struct str name)
{
	if (name.n < 3 || name.n > 63)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool end = i == 0 || i == name.n - 1;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			continue;
		if (end || (c != '-' && c != '.') || (c == '.' && name.p[i - 1] == '.'))
			return false;
	}
	return true;
}
