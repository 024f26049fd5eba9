/*
 * redshiftd_tls.h - TLS for a client's connection.
 *
 * --tls-dir holds ca.crt, server.crt and server.key, made at the first start: a CA of its own that
 * signs one certificate for localhost and 127.0.0.1. A client gives ca.crt as its sslrootcert.
 */
#ifndef WORKERS_LOCAL_REDSHIFTD_TLS_H
#define WORKERS_LOCAL_REDSHIFTD_TLS_H

#include "shared/err.h"
#include "workers/local/redshiftd.h"
#include "workers/local/redshiftd_wire.h"

/* Makes the three files where they are missing. */
bool tls_make(const char *dir, struct err *e);

/* From here on w is under TLS. */
bool tls_accept(const struct redshiftd *d, struct wire *w);

/* Says so to the other side; nothing where w is not under TLS. */
void tls_end(struct wire *w);

#endif
