/*
 * redshiftd.h - `dwh redshiftd`: Redshift's wire protocol and its COPY, in front of a PostgreSQL.
 *
 * A client finds what a cluster shows it: MD5 passwords, a server of version 8.0.2, SQL in
 * Redshift's words (dialect.h), COPY FROM 's3://...' that this process executes itself, with
 * engine 2, within the client's own transaction, and the system views that people read afterwards.
 * PostgreSQL does all the rest. One process serves one client.
 *
 *	redshiftd.c           options, the listening socket, a process for each client
 *	redshiftd_wire.c      messages on a connection
 *	redshiftd_tls.c       the same under TLS, with a certificate of its own
 *	redshiftd_start.c     until a client is let in
 *	redshiftd_session.c   a client's messages, the server's answers
 *	redshiftd_extended.c  prepared statements
 *	redshiftd_sql.c       what a statement is, and its words
 *	redshiftd_copy.c      COPY
 *	redshiftd_objects.c   what a COPY loads: a manifest or a prefix
 *	redshiftd_views.c     the system views
 *
 * When it listens it writes "redshiftd ready PORT" and a newline to the ready descriptor. SIGTERM
 * and SIGINT end it, and every session, with exit code 0; 1 is usage, 2 configuration.
 */
#ifndef WORKERS_LOCAL_REDSHIFTD_H
#define WORKERS_LOCAL_REDSHIFTD_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "shared/sigv4.h"
#include "shared/str.h"

/* argv[0] is the name of the command. */
int redshiftd_main(int argc, char **argv);

/* Its options, for a person. */
void redshiftd_help(FILE *out);

/* What ends a statement that runs; the one before it is not heard. */
enum redshiftd_cancel {
	REDSHIFTD_CANCEL_REQUEST,     /* a CancelRequest, or CANCEL */
	REDSHIFTD_CANCEL_STATEMENT,   /* CANCEL: a CancelRequest is not encrypted */
	REDSHIFTD_CANCEL_TERMINATION, /* pg_terminate_backend() alone */
};

struct redshiftd {
	const char *listen, *port;
	const char *pg_host, *pg_user, *pg_database, *pg_password;
	int64_t pg_port;
	struct str user, password; /* of clients; the second secret */
	const char *s3_endpoint;
	struct str region;
	struct sigv4_key s3_key; /* secret */
	const char *tls_dir;     /* NULL: no TLS */
	bool serializable;       /* isolation of the database; else snapshot */
	bool sha256;             /* asks for a password as for users created with 'sha256|...' */
	enum redshiftd_cancel cancel_by;
	int64_t object_latency_ms;
	int64_t views_late_ms; /* what a COPY leaves is to be seen in the load views so late */
	struct redshiftd_peer *peers; /* shared by all processes */
};

/* A session that can be cancelled: the server's process id, a key of ours, and who serves it. */
struct redshiftd_peer {
	int32_t pid; /* 0: free */
	uint32_t key;
	pid_t serves;
};

enum { REDSHIFTD_PEERS = 500 };

/* Serves one client, in a process of its own. peer: where to say who it is. */
void redshiftd_serve(const struct redshiftd *d, int fd, struct redshiftd_peer *peer);

#endif
