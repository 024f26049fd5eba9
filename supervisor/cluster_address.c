/* cluster_address.c - see cluster_address.h. */
#include "supervisor/cluster_address.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "shared/http.h"

enum { ANSWER_MAX = 4096 };

#define REMEDY "say who may connect with --ingress or [DWH] INGRESS, such as 203.0.113.7/32"

static bool ask(
    struct http *h, const char *url, struct arena *a, const char **address, struct err *e)
{
	struct http_request q = {.method = "GET", .url = url};
	struct http_reply r;
	struct buf answer;
	struct in_addr in;
	bool ok;

	buf_init(&answer, ANSWER_MAX);
	ok = http_do(h, &q, &r, &answer, e);
	*address = arena_cstr(a, str_trim(buf_view(&answer)));
	buf_free(&answer);
	if (!ok)
		return e->kind != ERR_CANCELLED
		           ? err_set(e, ERR_SETUP, AT_AWS, e->code, "%s; " REMEDY, e->msg)
		           : false;
	return (r.status == 200 && inet_pton(AF_INET, *address, &in) == 1) ||
	       err_set(e, ERR_SETUP, AT_AWS, "address",
	           "%s does not answer with an IPv4 address (HTTP %d); " REMEDY, url, r.status);
}

bool caller_address(
    bool (*tick)(void *ctx, struct err *e), struct arena *a, const char **cidr, struct err *e)
{
	const char *url = getenv("DWH_CHECKIP_URL"), *address;
	struct http *h = http_new(AT_AWS, tick, NULL);
	bool ok = ask(h, url && *url ? url : "https://checkip.amazonaws.com/", a, &address, e);

	http_free(h);
	if (!ok)
		return err_prefix(e, "cannot find out which address you have");
	*cidr = arena_printf(a, "%s/32", address);
	return true;
}
