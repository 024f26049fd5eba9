/* redshiftd.c - the command: options, the listening socket, a process for each client. */
#include "workers/local/redshiftd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/file.h"
#include "shared/log.h"
#include "shared/title.h"
#include "workers/local/redshiftd_session.h"
#include "workers/local/redshiftd_tls.h"
#include "workers/local/s3d_auth.h"
#include "workers/local/s3d_fault.h"
#include "workers/local/serving.h"

#define NUMBER "a number from 0 to 65535"

struct options {
	const char *pg_password_file, *password_file, *s3_key_file;
	int ready_fd;
};

struct server {
	struct redshiftd d;
	struct event_base *base;
	int fd;
};

void redshiftd_help(FILE *out)
{
	fputs("  --pg DIR           the folder of PostgreSQL's socket\n"
	      "  --pg-port N        default: 5432\n"
	      "  --pg-user USER     its role, a superuser: it makes the system views\n"
	      "  --pg-database DB   the database that clients find\n"
	      "  --pg-password-file FILE   a line with that role's password\n"
	      "  --password-file FILE   who may come in: a line with the user, a line with the "
	      "password\n"
	      "  --s3-endpoint URL  where S3 is\n"
	      "  --s3-key-file FILE   the key that COPY reads it with: a line with the key id, a "
	      "line "
	      "with\n"
	      "                     the secret. All these files have mode 0600\n"
	      "  --s3-region R      default: us-west-2\n"
	      "  --port N           default: one that is free; the line \"redshiftd ready PORT\" "
	      "says "
	      "it\n"
	      "  --listen ADDR      default: 127.0.0.1; an address of this machine's loopback\n"
	      "  --ready-fd N       where that line goes (default: standard output)\n"
	      "  --tls-dir DIR      TLS for those who ask for it; DIR/ca.crt is made at the first "
	      "start\n"
	      "  --isolation LEVEL  snapshot (default) or serializable: how COPYs into one table "
	      "wait\n"
	      "  --object-latency TIME   how long each object of a COPY takes, such as 100ms\n"
	      "  --views-late TIME  how long after a COPY the load views show it\n"
	      "  --auth-method N    5 (default): MD5; 13: what users created with 'sha256|...' are "
	      "asked\n"
	      "  --cancel-by HOW    request (default), statement (CANCEL) or termination "
	      "(pg_terminate_backend):\n"
	      "                     what ends a statement; those before it in this list are not "
	      "heard\n",
	    out);
}

static bool read_cancel(const char *how, struct redshiftd *d, struct err *e)
{
	static const char *const names[] = {"request", "statement", "termination"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(how, names[i]) == 0) {
			d->cancel_by = (enum redshiftd_cancel)i;
			return true;
		}
	return serving_bad(e, "cancel-by", how, "request, statement or termination");
}

static bool read_option(int which, struct options *o, struct redshiftd *d, struct err *e)
{
	int64_t n;

	switch (which) {
	case 'h': d->pg_host = optarg; return true;
	case 'u': d->pg_user = optarg; return true;
	case 'b': d->pg_database = optarg; return true;
	case 'w': o->pg_password_file = optarg; return true;
	case 'W': o->password_file = optarg; return true;
	case 'e': d->s3_endpoint = optarg; return true;
	case 'k': o->s3_key_file = optarg; return true;
	case 'R': d->region = str_z(optarg); return true;
	case 'l': d->listen = optarg; return true;
	case 't': d->tls_dir = optarg; return true;
	case 'P': return serving_number("pg-port", optarg, NUMBER, &d->pg_port, e);
	case 'p': d->port = optarg; return serving_number("port", optarg, NUMBER, &n, e);
	case 'd':
		if (!serving_number("ready-fd", optarg, NUMBER, &n, e))
			return false;
		o->ready_fd = (int)n;
		return true;
	case 'i':
		d->serializable = strcmp(optarg, "serializable") == 0;
		return d->serializable || strcmp(optarg, "snapshot") == 0 ||
		       serving_bad(e, "isolation", optarg, "serializable or snapshot");
	case 'L':
		if (!s3d_fault_duration(str_z(optarg), &d->object_latency_ms))
			return serving_bad(e, "object-latency", optarg, "a time like 30ms or 1s");

		return true;
	case 'c': return read_cancel(optarg, d, e);
	case 'v':
		return s3d_fault_duration(str_z(optarg), &d->views_late_ms) ||
		       serving_bad(e, "views-late", optarg, "a time like 30ms or 1s");
	case 'a':
		d->sha256 = strcmp(optarg, "13") == 0;
		return d->sha256 || strcmp(optarg, "5") == 0 ||
		       serving_bad(e, "auth-method", optarg, "5 or 13");
	default: return err_set(e, ERR_SETUP, AT_USAGE, NULL, "see `dwh redshiftd --help`");
	}
}

static bool all_given(const struct options *o, const struct redshiftd *d, struct err *e)
{
	const struct {
		const char *name, *value;
	} needed[] = {{"pg", d->pg_host}, {"pg-user", d->pg_user}, {"pg-database", d->pg_database},
	    {"password-file", o->password_file}, {"s3-endpoint", d->s3_endpoint},
	    {"s3-key-file", o->s3_key_file}};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (!needed[i].value)
			return err_set(e, ERR_SETUP, AT_USAGE, NULL,
			    "--%s is needed: see `dwh redshiftd --help`", needed[i].name);
	return true;
}

static bool read_options(
    int argc, char **argv, struct options *o, struct redshiftd *d, struct err *e)
{
	static const struct option names[] = {
	    {"pg", required_argument, NULL, 'h'},
	    {"pg-port", required_argument, NULL, 'P'},
	    {"pg-user", required_argument, NULL, 'u'},
	    {"pg-database", required_argument, NULL, 'b'},
	    {"pg-password-file", required_argument, NULL, 'w'},
	    {"password-file", required_argument, NULL, 'W'},
	    {"s3-endpoint", required_argument, NULL, 'e'},
	    {"s3-key-file", required_argument, NULL, 'k'},
	    {"s3-region", required_argument, NULL, 'R'},
	    {"port", required_argument, NULL, 'p'},
	    {"listen", required_argument, NULL, 'l'},
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"tls-dir", required_argument, NULL, 't'},
	    {"isolation", required_argument, NULL, 'i'},
	    {"object-latency", required_argument, NULL, 'L'},
	    {"views-late", required_argument, NULL, 'v'},
	    {"auth-method", required_argument, NULL, 'a'},
	    {"cancel-by", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	int which;

	optind = 1;
	while ((which = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!read_option(which, o, d, e))
			return false;
	if (optind < argc)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL, "%s: not expected here", argv[optind]);
	return all_given(o, d, e);
}

/* A file with a name and a secret has the form of s3d's key file. */
static bool read_pair(const char *file, struct arena *a, struct sigv4_key *out, struct err *e)
{
	struct s3d_keys keys = {.n = 0};

	if (!s3d_keys_read(file, a, &keys, e))
		return false;
	*out = keys.v[0];
	return true;
}

static bool read_line(const char *file, struct arena *a, const char **out, struct err *e)
{
	struct buf b;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "password file %s", file);
	buf_init(&b, 4096);
	ok = file_read(fd, &b) || err_errno(e, ERR_SETUP, AT_CONFIG, "password file %s", file);
	close(fd);
	*out = arena_cstr(a, (struct str){b.p, str_find(buf_view(&b), '\n')});
	buf_free(&b);
	return ok;
}

static bool read_secrets(
    const struct options *o, struct redshiftd *d, struct arena *a, struct err *e)
{
	struct sigv4_key client;

	if (!read_pair(o->password_file, a, &client, e) ||
	    !read_pair(o->s3_key_file, a, &d->s3_key, e) ||
	    (o->pg_password_file && !read_line(o->pg_password_file, a, &d->pg_password, e)))
		return false;
	d->user = client.access;
	d->password = client.secret;
	return true;
}

/* ---- the socket ---- */

/* Passwords of tests, a key that reads S3 for whoever comes in: for this machine alone. */
static bool check_loopback(const char *address, struct err *e)
{
	struct in_addr at;

	return (inet_pton(AF_INET, address, &at) == 1 && ntohl(at.s_addr) >> 24 == 127) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	           "--listen %s: an address of this machine's loopback is needed, such as "
	           "127.0.0.1",
	           address);
}

/* ---- clients ---- */

static struct redshiftd_peer *free_peer(struct redshiftd *d)
{
	for (int i = 0; i < REDSHIFTD_PEERS; i++)
		if (!d->peers[i].serves)
			return &d->peers[i];
	return NULL;
}

static _Noreturn void serve(
    const struct server *v, int fd, struct redshiftd_peer *peer, pid_t parent)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The parent may have died before it was set. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(1);
	close(v->fd);
	title_set("dwh: redshiftd session");
	redshiftd_serve(&v->d, fd, peer);
	_exit(0);
}

static void on_client(evutil_socket_t listening, short what, void *ctx)
{
	struct server *v = ctx;
	int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct redshiftd_peer *peer;
	pid_t pid, parent = getpid();

	(void)what;
	if (fd < 0)
		return;
	peer = free_peer(&v->d);
	pid = peer ? fork() : -1;
	if (pid == 0)
		serve(v, fd, peer, parent);
	if (pid > 0)
		peer->serves = pid;
	else
		log_warn("a client was sent away: %s", peer ? "fork failed" : "too many of them");
	close(fd);
}

static void on_child(evutil_socket_t signal_no, short what, void *ctx)
{
	struct server *v = ctx;
	pid_t pid;
	int status;

	(void)signal_no;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < REDSHIFTD_PEERS; i++)
			if (v->d.peers[i].serves == pid)
				v->d.peers[i] = (struct redshiftd_peer){0};
		if (WIFSIGNALED(status))
			log_warn("a session was killed by signal %d", WTERMSIG(status));
	}
}

static void on_signal(evutil_socket_t signal_no, short what, void *ctx)
{
	struct server *v = ctx;

	(void)signal_no;
	(void)what;
	event_base_loopbreak(v->base);
}

static void dispatch(struct server *v)
{
	struct event *events[] = {evsignal_new(v->base, SIGTERM, on_signal, v),
	    evsignal_new(v->base, SIGINT, on_signal, v),
	    evsignal_new(v->base, SIGCHLD, on_child, v),
	    event_new(v->base, v->fd, EV_READ | EV_PERSIST, on_client, v)};

	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		event_add(events[i], NULL);
	event_base_dispatch(v->base);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		event_free(events[i]);
	for (int i = 0; i < REDSHIFTD_PEERS; i++)
		if (v->d.peers[i].serves)
			kill(v->d.peers[i].serves, SIGTERM);
}

static bool run(int argc, char **argv, struct arena *a, struct err *e)
{
	struct options o = {.ready_fd = STDOUT_FILENO};
	struct server v = {.fd = -1,
	    .d = {.listen = "127.0.0.1", .port = "0", .pg_port = 5432, .region = STR("us-west-2")}};
	size_t peers = REDSHIFTD_PEERS * sizeof *v.d.peers;
	int port = 0;
	bool ok;

	if (!read_options(argc, argv, &o, &v.d, e) || !read_secrets(&o, &v.d, a, e) ||
	    (v.d.tls_dir && !tls_make(v.d.tls_dir, e)) || !views_make(&v.d, e))
		return false;
	v.d.peers = mmap(NULL, peers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (v.d.peers == MAP_FAILED)
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "mmap");
	v.base = event_base_new();
	ok = v.base || err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "no event loop");
	ok = ok && check_loopback(v.d.listen, e) &&
	     serving_listen(v.d.listen, v.d.port, &v.fd, &port, e) &&
	     serving_say_ready("redshiftd", o.ready_fd, port, e);
	if (ok) {
		log_info("a Redshift over the database %s of %s, on %s port %d", v.d.pg_database,
		    v.d.pg_host, v.d.listen, port);
		dispatch(&v);
	}
	if (v.fd >= 0)
		close(v.fd);
	if (v.base)
		event_base_free(v.base);
	munmap(v.d.peers, peers);
	return ok;
}

int redshiftd_main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e;
	bool ok;

	log_name("dwh: redshiftd");
	signal(SIGPIPE, SIG_IGN);
	ok = run(argc, argv, a, &e);
	if (!ok)
		log_error("%s", e.msg);
	arena_free(a);
	return serving_status(ok, &e);
}
