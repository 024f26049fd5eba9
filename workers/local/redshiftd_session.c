/*
 * redshiftd_session.c - a client's messages, one query after the other.
 *
 * libpq is idle between two statements of its own: then the messages of its socket are the client's
 * and the server's, passed on as they are. A string of SQL with a statement of ours is executed
 * piece by piece, in one transaction unless the string itself says otherwise, as PostgreSQL would.
 */
#include "workers/local/redshiftd_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workers/fetch.h"
#include "workers/local/redshiftd_extended.h"
#include "workers/local/redshiftd_tls.h"

static volatile sig_atomic_t cancelled;

static void on_cancel(int sig)
{
	(void)sig;
	cancelled = 1;
}

void session_forget_cancel(void)
{
	cancelled = 0;
}

/* ---- answers ---- */

void session_complete(struct session *s, const char *tag)
{
	wire_put(&s->client, 'C', (struct str){tag, strlen(tag) + 1});
}

static void ready(struct session *s)
{
	wire_put(&s->client, 'Z', (struct str){&s->status, 1});
}

/* Nobody's to cancel: it is short, and its end is what counts. */
static bool undisturbed(struct session *s, const char *sql, struct err *e)
{
	bool ok;

	s->w.pg.tick = NULL;
	ok = pg_exec(&s->w.pg, sql, e);
	s->w.pg.tick = worker_tick;
	return ok;
}

static void fail(struct session *s, const struct err *e)
{
	struct err ignored;

	/* So that the server, too, takes nothing but the end of the transaction. */
	if (s->status == 'T') {
		undisturbed(s, "SELECT 1/0", &ignored);
		s->status = 'E';
	}
	session_say(s, 'E', "ERROR", e->code[0] ? e->code : "XX000", e->msg);
}

/* ---- the server's part ---- */

static void cancel_on_server(struct session *s)
{
	PGcancel *c = PQgetCancel(s->w.pg.conn);
	char text[256];

	if (c)
		(void)!PQcancel(c, text, sizeof text);
	PQfreeCancel(c);
}

static bool client_left(const struct session *s)
{
	struct pollfd fd = {.fd = s->client.fd, .events = POLLRDHUP};

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* The server is gone: nothing can be said any more but that. */
static _Noreturn void lost(struct session *s)
{
	session_say(s, 'E', "FATAL", "57P01", "terminating connection: the server is gone");
	wire_flush(&s->client);
	_exit(1);
}

struct wire_msg session_next(struct session *s)
{
	for (;;) {
		struct wire_msg m;
		enum wire_got got = wire_take(&s->server, &m);

		if (got == WIRE_BROKEN)
			lost(s);
		if (got == WIRE_MESSAGE)
			return m;
		s->gone = !wire_flush(&s->client) || s->gone || client_left(s);
		/* A transaction is nobody's without its client; what stands for itself ends. */
		if (s->gone && s->status != 'I')
			_exit(0);
		if (cancelled) {
			cancelled = 0;
			cancel_on_server(s);
		}
		if (wire_wait(&s->server, WIRE_TICK_MS) && !wire_fill(&s->server))
			lost(s);
	}
}

bool session_relay(struct session *s, bool tell)
{
	bool ok = true;

	for (;;) {
		struct wire_msg m = session_next(s);

		if (m.type == 'Z' && m.body.n == 1) {
			s->status = m.body.p[0];
			if (tell)
				ready(s);
			return ok;
		}
		ok = ok && m.type != 'E';
		wire_put(&s->client, m.type, m.body);
	}
}

void session_send(struct session *s, char type, struct str body)
{
	wire_put(&s->server, type, body);
	if (!wire_flush(&s->server))
		lost(s);
}

static void send_query(struct session *s, struct str sql)
{
	struct buf b;

	buf_init(&b, WIRE_MESSAGE_MAX);
	buf_str(&b, sql);
	buf_c(&b, '\0');
	session_send(s, 'Q', buf_view(&b));
	buf_free(&b);
}

/* ---- statements ---- */

/* A statement of our own on the client's session. */
static bool own(struct session *s, const char *sql, char then)
{
	struct err e;

	if (!undisturbed(s, sql, &e)) {
		if (!pg_alive(&s->w.pg))
			lost(s);
		session_say(s, 'E', "ERROR", e.code, e.msg);
		s->status = s->status == 'I' ? 'I' : 'E';
		return false;
	}
	s->status = then;
	return true;
}

static bool cancel_other(struct session *s, const struct statement *st, struct err *e)
{
	bool found = false;

	for (int i = 0; i < REDSHIFTD_PEERS; i++)
		if (s->d->cancel_by != REDSHIFTD_CANCEL_TERMINATION && s->d->peers[i].pid &&
		    s->d->peers[i].pid == st->pid)
			found = kill(s->d->peers[i].serves, SIGUSR1) == 0;
	if (!found)
		return err_set(e, ERR_TASK, AT_WAREHOUSE, "42704",
		    "Process Id %lld is not a session", (long long)st->pid);
	session_complete(s, "CANCEL");
	return true;
}

static bool statement(struct session *s, const struct statement *st)
{
	struct err e;

	if (st->kind != STATEMENT_COPY && st->kind != STATEMENT_CANCEL) {
		bool ok;

		send_query(s, st->text);
		ok = session_relay(s, false);
		if (ok && st->kind == STATEMENT_TRUNCATE && s->status == 'T')
			ok = own(s, "COMMIT", 'I');
		return ok;
	}
	if (s->status == 'E') {
		session_say(s, 'E', "ERROR", "25P02",
		    "current transaction is aborted, commands ignored until end of transaction "
		    "block");
		return false;
	}
	if (st->kind == STATEMENT_COPY ? session_copy(s, st, &e) : cancel_other(s, st, &e))
		return true;
	if (!pg_alive(&s->w.pg))
		lost(s);
	fail(s, &e);
	return false;
}

/* Behind a COPY of the same string: the facts of the session have changed since it was read. */
static bool again(struct session *s, struct statement *st)
{
	struct statement *read;
	struct err e;
	size_t n;

	if (redshiftd_sql(st->source, &s->facts, s->a, &read, &n, &e)) {
		*st = *read;
		return true;
	}
	fail(s, &e);
	return false;
}

bool session_pieces(struct session *s, const struct statement *st, size_t n)
{
	bool ours = false, ok = true, copied = false;
	struct statement now;

	s->explicit = s->status != 'I';
	for (size_t i = 0; ok && i < n; i++) {
		if (s->status == 'I' && st[i].kind != STATEMENT_BEGIN &&
		    st[i].kind != STATEMENT_END) {
			ours = own(s, "BEGIN", 'T');
			ok = ours;
			s->explicit = false;
		}
		if (!ok)
			break;
		if (st[i].kind == STATEMENT_BEGIN && ours) {
			ours = false;
			session_complete(s, "BEGIN");
			s->explicit = true;
			continue;
		}
		if (st[i].kind == STATEMENT_BEGIN)
			s->explicit = true;
		now = st[i];
		ok = (!copied || again(s, &now)) && statement(s, &now);
		copied = copied || st[i].kind == STATEMENT_COPY;
		ours = ours && s->status != 'I';
	}
	if (ours)
		ok = own(s, ok ? "COMMIT" : "ROLLBACK", 'I') && ok;
	return ok;
}

static bool all_for_server(const struct statement *st, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (st[i].kind == STATEMENT_COPY || st[i].kind == STATEMENT_CANCEL ||
		    st[i].kind == STATEMENT_TRUNCATE)
			return false;
	return true;
}

static struct str join(struct arena *a, const struct statement *st, size_t n)
{
	struct buf b;
	struct str out;

	if (n == 1)
		return st->text;
	buf_init(&b, WIRE_MESSAGE_MAX);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%.*s", i ? ";\n" : "", STRF(st[i].text));
	out = arena_str(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static void query(struct session *s, struct str sql)
{
	struct statement *st;
	struct err e;
	size_t n;

	cancelled = 0;
	arena_reset(s->a);
	if (!redshiftd_sql(sql, &s->facts, s->a, &st, &n, &e)) {
		fail(s, &e);
		ready(s);
		return;
	}
	if (all_for_server(st, n)) {
		send_query(s, join(s->a, st, n));
		session_relay(s, true);
		return;
	}
	session_pieces(s, st, n);
	ready(s);
}

/* ---- a session ---- */

static bool take(struct session *s, const struct wire_msg *m)
{
	struct str body = m->body, sql;

	switch (m->type) {
	case 'Q':
		if (!wire_string(&body, &sql))
			return false;
		query(s, sql);
		return true;
	case 'X': return false;
	case 'P':
	case 'B':
	case 'D':
	case 'E':
	case 'C':
	case 'H':
	case 'S': return extended_take(s, s->extended, m);
	default:
		session_say(s, 'E', "FATAL", "08P01", "redshiftd does not know this message");
		wire_flush(&s->client);
		return false;
	}
}

static void talk(struct session *s)
{
	for (;;) {
		struct wire_msg m;
		enum wire_got got = wire_take(&s->client, &m);

		if (got == WIRE_BROKEN || (got == WIRE_MESSAGE && !take(s, &m)))
			return;
		if (got == WIRE_MESSAGE)
			continue;
		if (!wire_flush(&s->client))
			return;
		while (!wire_wait(&s->client, -1))
			;
		if (!wire_fill(&s->client))
			return;
	}
}

/* In a COPY: whether it goes on. */
static bool tick(struct worker *w, struct err *e)
{
	struct session *s = (struct session *)w;

	if (cancelled)
		return err_set(e, ERR_CANCELLED, AT_WAREHOUSE, "57014",
		    "Query (%lld) cancelled on user's request", (long long)s->facts.last_query_id);
	/* What stands for itself goes on without its client, as Redshift says of COPY. */
	if (s->explicit && client_left(s))
		return err_set(e, ERR_CANCELLED, AT_WAREHOUSE, "08006", "the client is gone");
	return true;
}

static bool open_s3(struct session *s, struct err *e)
{
	struct credentials key = {.key = s->d->s3_key};
	struct s3_options o = {.endpoint = s->d->s3_endpoint,
	    .region = s->d->region,
	    .credentials = &key,
	    .tick = worker_tick,
	    .tick_ctx = &s->w};

	return s3_open(&o, &s->w.s3, e);
}

void redshiftd_serve(const struct redshiftd *d, int fd, struct redshiftd_peer *peer)
{
	struct sigaction act = {.sa_handler = on_cancel};
	struct session s = {.d = d,
	    .peer = peer,
	    .status = 'I',
	    .facts = {.last_copy_id = -1, .last_query_id = -1}};
	struct err e;

	sigaction(SIGUSR1, &act, NULL);
	s.w.life = arena_new();
	s.w.task = arena_new();
	s.a = arena_new();
	s.extended = extended_new(s.w.life);
	s.w.tick = tick;
	s.w.pg.tick = worker_tick;
	s.w.pg.tick_ctx = &s.w;
	s.w.config.load.connections = 32;
	s.w.config.load.fetch_memory = 16 << 20;
	s.w.config.load.attempts = 5;
	s.w.config.warehouse.schema = "public";
	wire_init(&s.client, fd);
	if (session_start(&s)) {
		wire_init(&s.server, PQsocket(s.w.pg.conn));
		if (open_s3(&s, &e)) {
			ready(&s);
			talk(&s);
		} else {
			session_say(&s, 'E', "FATAL", "58000", e.msg);
		}
		wire_flush(&s.client);
		wire_free(&s.server);
	}
	peer->pid = 0;
	tls_end(&s.client);
	wire_free(&s.client);
	pg_close(&s.w.pg);
	pg_close(&s.log);
	fetch_free(s.w.fetch);
	s3_close(s.w.s3);
	arena_free(s.a);
	arena_free(s.w.task);
	arena_free(s.w.life);
}
