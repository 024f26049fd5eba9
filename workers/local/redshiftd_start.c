/* redshiftd_start.c - the first packets of a client: TLS or not, who it is, its password. */
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include "workers/local/redshiftd_session.h"
#include "workers/local/redshiftd_tls.h"
#include "workers/local/s3d_digest.h"

enum {
	PROTOCOL_3 = 196608,
	SSL_REQUEST = 80877103,
	GSS_REQUEST = 80877104,
	CANCEL_REQUEST = 80877102,
	LOGIN_MS = 60000,
	AUTH_OK = 0,
	AUTH_MD5 = 5,
	AUTH_SHA256 = 13,
	SALT = 4,
};

void session_say(
    struct session *s, char type, const char *severity, const char *code, const char *text)
{
	struct buf b;

	buf_init(&b, 16 << 10);
	buf_printf(&b, "S%s%cV%s%cC%s%cM%s%c%c", severity, 0, severity, 0, code, 0, text, 0, 0);
	wire_put(&s->client, type, buf_view(&b));
	buf_free(&b);
}

static bool fatal(struct session *s, const char *code, const char *text)
{
	session_say(s, 'E', "FATAL", code, text);
	wire_flush(&s->client);
	return false;
}

bool session_connect(const struct session *s, const char *name, struct pg *out, struct err *e)
{
	const struct redshiftd *d = s->d;
	struct pg_target t = {.host = d->pg_host,
	    .port = d->pg_port,
	    .user = d->pg_user,
	    .password = d->pg_password,
	    .dbname = d->pg_database,
	    .sslmode = "disable",
	    .schema = "public",
	    .connect_timeout_s = 10,
	    .engine = ENGINE_POSTGRES,
	    .application_name = name};

	return pg_open(out, &t, e);
}

/* The other side of a CancelRequest: another process serves that session. */
static void cancel(const struct redshiftd *d, struct str body)
{
	uint32_t pid, key;

	if (d->cancel_by != REDSHIFTD_CANCEL_REQUEST || !wire_int32(&body, &pid) ||
	    !wire_int32(&body, &key))
		return;
	for (int i = 0; i < REDSHIFTD_PEERS; i++) {
		const struct redshiftd_peer *p = &d->peers[i];

		if (p->pid && (uint32_t)p->pid == pid && p->key == key)
			kill(p->serves, SIGUSR1);
	}
}

/* The body of the first packet that is no request for something before. */
static bool first_packet(struct session *s, struct str *out)
{
	for (;;) {
		struct str body;
		uint32_t code;
		enum wire_got got = wire_take_start(&s->client, &body);

		if (got == WIRE_NOTHING) {
			if (!wire_wait(&s->client, LOGIN_MS) || !wire_fill(&s->client))
				return false;
			continue;
		}
		if (got == WIRE_BROKEN || !wire_int32(&body, &code))
			return false;
		if (code == SSL_REQUEST || code == GSS_REQUEST) {
			bool tls = code == SSL_REQUEST && s->d->tls_dir && !s->client.tls;

			wire_raw(&s->client, tls ? STR("S") : STR("N"));
			if (!wire_flush(&s->client) || (tls && !tls_accept(s->d, &s->client)))
				return false;
		} else if (code == CANCEL_REQUEST) {
			cancel(s->d, body);
			return false;
		} else if (code != PROTOCOL_3) {
			return fatal(s, "0A000", "unsupported frontend protocol");
		} else {
			*out = body;
			return true;
		}
	}
}

static bool options_allowed(struct str options)
{
	static const char *const known[] = {"", "-c client_encoding=UTF8",
	    "-c client_encoding=utf8", "-cclient_encoding=UTF8", "-c client_encoding=UNICODE"};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_eqz(str_trim(options), known[i]))
			return true;
	return false;
}

static bool parameters(struct session *s, struct str body)
{
	struct arena *a = s->w.life;
	struct str name, value;

	while (wire_string(&body, &name) && name.n) {
		if (!wire_string(&body, &value))
			return false;
		if (str_eqz(name, "user"))
			s->user = arena_str(a, value);
		else if (str_eqz(name, "database"))
			s->database = arena_str(a, value);
		else if (str_eqz(name, "options") && !options_allowed(value))
			return fatal(s, "42704",
			    arena_printf(a,
			        "unrecognized configuration parameter in options \"%.*s\"",
			        STRF(value)));
		else if (str_eqz(name, "client_encoding") && !str_ieq(value, STR("UTF8")) &&
		         !str_ieq(value, STR("UTF-8")) && !str_ieq(value, STR("UNICODE")))
			return fatal(s, "0A000", "redshiftd speaks UTF8 only: set client_encoding");
		else if (!str_eqz(name, "options") && !str_eqz(name, "client_encoding") &&
		         !str_eqz(name, "application_name"))
			return fatal(s, "42704",
			    arena_printf(
			        a, "unrecognized configuration parameter \"%.*s\"", STRF(name)));
	}
	if (s->database.n == 0)
		s->database = s->user;
	return s->user.n > 0 || fatal(s, "28000", "no user name in the startup packet");
}

static void md5_hex(struct str x, struct str y, char out[33])
{
	struct s3d_digest *d = s3d_digest_new(S3D_MD5);
	unsigned char md[S3D_DIGEST_MAX];

	s3d_digest_add(d, x);
	s3d_digest_add(d, y);
	str_hex(md, s3d_digest_end(d, S3D_MD5, md), out);
	s3d_digest_free(d);
}

static bool same(struct str x, struct str y)
{
	unsigned char odd = x.n != y.n;

	for (size_t i = 0; i < x.n && i < y.n; i++)
		odd |= (unsigned char)(x.p[i] ^ y.p[i]);
	return !odd;
}

/* "md5" + md5(md5(password user) salt). */
static bool password_right(const struct session *s, struct str answer, struct str salt)
{
	char inner[33], outer[36] = "md5";

	md5_hex(s->d->password, s->user, inner);
	md5_hex(str_z(inner), salt, outer + 3);
	return str_eq(s->user, s->d->user) && same(answer, str_z(outer));
}

static void ask(struct session *s, uint32_t method, struct str more)
{
	struct buf b;

	buf_init(&b, 256);
	wire_put32(&b, method);
	buf_str(&b, more);
	wire_put(&s->client, 'R', buf_view(&b));
	buf_free(&b);
}

static bool authenticate(struct session *s)
{
	char salt[SALT];
	struct wire_msg m;
	struct str answer;
	enum wire_got got;

	if (getrandom(salt, sizeof salt, 0) != SALT)
		return fatal(s, "58000", "no random numbers");
	/* As aws/amazon-redshift-python-driver reads it: iterations and two salts follow. */
	if (s->d->sha256)
		ask(s, AUTH_SHA256, STR("\0\0\0\4saltsalt\0\0\20\0"));
	else
		ask(s, AUTH_MD5, (struct str){salt, sizeof salt});
	if (!wire_flush(&s->client))
		return false;
	while ((got = wire_take(&s->client, &m)) == WIRE_NOTHING)
		if (!wire_wait(&s->client, LOGIN_MS) || !wire_fill(&s->client))
			return false;
	if (got == WIRE_BROKEN || m.type != 'p' || !wire_string(&m.body, &answer))
		return false;
	if (!s->d->sha256 && password_right(s, answer, (struct str){salt, sizeof salt}))
		return true;
	return fatal(s, "28000",
	    arena_printf(
	        s->w.life, "password authentication failed for user \"%.*s\"", STRF(s->user)));
}

static void parameter(struct session *s, const char *name, const char *value)
{
	struct buf b;

	buf_init(&b, 1024);
	buf_printf(&b, "%s%c%s%c", name, 0, value ? value : "", 0);
	wire_put(&s->client, 'S', buf_view(&b));
	buf_free(&b);
}

static void let_in(struct session *s)
{
	uint32_t key = 0;
	struct buf b;

	if (getrandom(&key, sizeof key, 0) != sizeof key)
		key = (uint32_t)getpid();
	ask(s, AUTH_OK, STR(""));
	parameter(s, "server_version", "8.0.2");
	parameter(s, "server_encoding", "UNICODE");
	parameter(s, "client_encoding", "UNICODE");
	parameter(s, "DateStyle", "ISO, MDY");
	parameter(s, "TimeZone", "UTC");
	parameter(s, "integer_datetimes", "on");
	parameter(s, "standard_conforming_strings",
	    PQparameterStatus(s->w.pg.conn, "standard_conforming_strings"));
	parameter(s, "is_superuser", "off");
	parameter(s, "session_authorization", arena_cstr(s->w.life, s->user));
	buf_init(&b, 64);
	wire_put32(&b, (uint32_t)PQbackendPID(s->w.pg.conn));
	wire_put32(&b, key);
	wire_put(&s->client, 'K', buf_view(&b));
	buf_free(&b);
	s->peer->key = key;
	s->peer->serves = getpid();
	s->peer->pid = PQbackendPID(s->w.pg.conn);
}

/* As a cluster's session begins; what pg_open sets for a worker is not the client's wish. */
static bool like_a_cluster(struct pg *pg, struct err *e)
{
	return pg_exec(pg,
	    "SET search_path TO \"$user\", public; SET lock_timeout TO 0;"
	    " SET redshiftd.query_group TO 'default'",
	    e);
}

bool session_start(struct session *s)
{
	struct str body;
	struct err e;

	if (!first_packet(s, &body) || !parameters(s, body) || !authenticate(s))
		return false;
	if (!str_eqz(s->database, s->d->pg_database))
		return fatal(s, "3D000",
		    arena_printf(s->w.life, "database \"%.*s\" does not exist", STRF(s->database)));
	if (!session_connect(s, "redshiftd", &s->w.pg, &e) || !like_a_cluster(&s->w.pg, &e))
		return fatal(s, "08006", e.msg);
	let_in(s);
	return true;
}
