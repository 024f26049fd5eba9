/*
 * cluster_check.c - see cluster_check.h.
 *
 * The rules are those of CreateCluster (Redshift's API, 2012-12-01). A cluster that is refused
 * after a role, a bucket and a security group were made for it would be a nuisance.
 */
#include "supervisor/cluster_check.h"

#include <arpa/inet.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool cluster_check_text(const char *text, size_t least, size_t most, const char *chars)
{
	size_t n = strlen(text);

	return n >= least && n <= most && strspn(text, chars) == n;
}

static bool begins_with(const char *text, const char *chars)
{
	return text[0] && strchr(chars, text[0]);
}

static bool check_identifier(const struct site *s, struct err *e)
{
	const char *id = s->identifier;
	size_t n = strlen(id);

	return (cluster_check_text(id, 1, 63, LOWER DIGITS "-") && begins_with(id, LOWER) &&
	           !strstr(id, "--") && id[n - 1] != '-') ||
	       site_bad(s, "DWH", "CLUSTER_IDENTIFIER", e,
	           "is \"%.80s\", must be 1 to 63 lower-case letters, digits and single hyphens, "
	           "a letter first, no hyphen last",
	           id);
}

/* "203.0.113.0/24", the bits behind the mask zero, as EC2 wants it; and in the one spelling in
 * which EC2 shows it again: by any other our own rule would not be known. */
static bool is_cidr(const char *text)
{
	size_t n = str_find(str_z(text), '/');
	char address[INET_ADDRSTRLEN], again[INET_ADDRSTRLEN];
	struct in_addr in;
	int64_t bits;

	if (!text[n] || n >= sizeof address || !str_to_i64(str_z(text + n + 1), &bits) ||
	    !begins_with(text + n + 1, DIGITS) || bits > 32 || (text[n + 1] == '0' && text[n + 2]))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	return inet_pton(AF_INET, address, &in) == 1 &&
	       inet_ntop(AF_INET, &in, again, sizeof again) && strcmp(again, address) == 0 &&
	       (bits == 32 || (ntohl(in.s_addr) & (UINT32_MAX >> bits)) == 0);
}

bool cluster_check(const struct site *s, bool option, struct err *e)
{
	static const char form[] =
	    "must be a block of addresses such as 203.0.113.7/32, with zeros "
	    "behind the mask; 0.0.0.0/0 is the whole world";

	if (!check_identifier(s, e))
		return false;
	if (!s->ingress || is_cidr(s->ingress))
		return true;
	if (option)
		return err_set(
		    e, ERR_SETUP, AT_USAGE, NULL, "--ingress is \"%.60s\", %s", s->ingress, form);
	return site_bad(s, "DWH", "INGRESS", e, "is \"%.60s\", %s", s->ingress, form);
}

static bool is_reserved(const char *name)
{
	static const char *const words[] = {"public", "all", "and", "any", "as", "create",
	    "default", "from", "grant", "group", "in", "into", "not", "null", "on", "or", "order",
	    "select", "table", "to", "user", "where", "with"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	return false;
}

/* Never shows it. */
static bool check_password(const struct site *s, struct err *e)
{
	const char *p = s->password;
	bool upper = false, lower = false, digit = false;

	for (; *p; p++) {
		if (*p < '!' || *p > '~' || strchr("'\"\\/@", *p))
			return site_bad(s, "DWH", "DB_PASSWORD", e,
			    "holds what Redshift allows in no password: a blank, a quote, \\, /, @ "
			    "or a character that is not ASCII");
		upper |= *p >= 'A' && *p <= 'Z';
		lower |= *p >= 'a' && *p <= 'z';
		digit |= *p >= '0' && *p <= '9';
	}
	if (p - s->password < 8 || p - s->password > 64)
		return site_bad(s, "DWH", "DB_PASSWORD", e, "must have 8 to 64 characters");
	return (upper && lower && digit) ||
	       site_bad(s, "DWH", "DB_PASSWORD", e,
	           "must have an upper-case letter, a lower-case letter and a digit");
}

bool cluster_check_login(const struct site *s, struct err *e)
{
	const char *db = s->config->dwh.db, *user = s->config->dwh.db_user;

	if (!cluster_check_text(db, 1, 64, LOWER DIGITS "_$") || !begins_with(db, LOWER "_"))
		return site_bad(s, "DWH", "DB", e,
		    "is \"%.80s\", must be 1 to 64 lower-case letters, digits and _, a letter "
		    "first",
		    db);
	if (!cluster_check_text(user, 1, 128, LOWER DIGITS "_+.@-") || !begins_with(user, LOWER))
		return site_bad(s, "DWH", "DB_USER", e,
		    "is \"%.80s\", must be 1 to 128 lower-case letters, digits and _+.@-, a letter "
		    "first",
		    user);
	if (is_reserved(db))
		return site_bad(s, "DWH", "DB", e, "is \"%s\", a reserved word", db);
	if (is_reserved(user))
		return site_bad(s, "DWH", "DB_USER", e, "is \"%s\", a reserved word", user);
	return !s->password || check_password(s, e);
}
