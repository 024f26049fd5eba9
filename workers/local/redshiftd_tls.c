/* redshiftd_tls.c - see redshiftd_tls.h. */
#include "workers/local/redshiftd_tls.h"

bool tls_make(const char *dir, struct err *e)
{
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "--tls-dir %s: not there yet", dir);
}

bool tls_accept(const struct redshiftd *d, struct wire *w)
{
	(void)d;
	(void)w;
	return false;
}
