/* Keys that are renewed in the middle of a fetch, by a program or a server that takes its time:
 * what is in flight comes in meanwhile. */
#include <sys/stat.h>

#include "shared/arena.h"
#include "shared/credentials.h"
#include "tests/unit/fetch_world.h"

#define KEYS(id)                                                                                   \
	"{\"Version\":1,\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"s3cr3t\","                \
	"\"SessionToken\":\"t\",\"Token\":\"t\",\"Expiration\":\"2123-01-01T00:00:00Z\"}"

enum { LARGE = 400 << 10, A_MS = 512 }; /* some 0.8 s */

/* Where both write: "asked", that there is somebody who waits for the second keys; "go", that the
 * large object has come. */
static char dir[] = "/tmp/dwh-unit-XXXXXX";

static const char *in_dir(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", dir, name);
}

static bool is_there(const char *name)
{
	struct arena *a = arena_new();
	bool there = access(in_dir(a, name), F_OK) == 0;

	arena_free(a);
	return there;
}

static void write_to(const char *name, const char *text)
{
	struct arena *a = arena_new();
	FILE *f = fopen(in_dir(a, name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	arena_free(a);
}

/* ---- the world of fetch_world.h, with keys that are looked for ---- */

struct keys {
	struct arena *a;
	struct config config;
	struct world *w;
	int came_before; /* the large object was there before somebody waited: nothing is proven */
	int fd;
	pthread_t server;
	_Atomic bool over;
};

static struct keys k;

static bool on_piece(
    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e)
{
	if (i == 0 && last) {
		k.came_before += !is_there("asked");
		write_to("go", "");
	}
	return on_bytes(ctx, i, p, n, last, held, e);
}

static void open_world(void)
{
	struct credentials c;
	struct s3_options o = {
	    .region = STR("us-west-2"), .credentials = &c, .attempts = 3, .tick = on_tick};
	struct err e;

	k.w = world_new(20, 1000);
	set_size(k.w, 0, LARGE);
	k.w->server->script[0][0] = (struct action){DRIP, A_MS, NULL};
	k.w->server->script[1][0] = (struct action){
	    RAW, 0, HTTP_ERROR("400 Bad Request", "", "ExpiredToken")};
	fetch_free(k.w->fetch);
	s3_close(k.w->s3);
	o.tick_ctx = k.w;
	o.endpoint = arena_printf(k.a, "http://127.0.0.1:%d", k.w->server->port);
	if (!credentials_find_ticking(&k.config, k.a, on_tick, k.w, &c, &e) ||
	    !s3_open(&o, &k.w->s3, &e))
		fail_msg("%s", e.msg);
	k.w->fetch = fetch_new(k.w->s3);
}

static bool fetch(void)
{
	struct fetch_sink sink = {k.w, on_piece};

	return fetch_all(k.w->fetch, k.w->objects, k.w->n, &k.w->opts, &sink, &k.w->stats,
	    &k.w->failed, &k.w->e);
}

static void all_came(void)
{
	if (!fetch())
		fail_msg("%s", k.w->e.msg);
	assert_int_equal(k.w->broken, 0);
	assert_int_equal(k.came_before, 0);
	assert_int_equal(k.w->stats.bytes, LARGE + 19 * 1000);
	/* None in flight was given up, and only the one whose keys were refused was sent again. */
	assert_int_equal(k.w->stats.requests, 21);
	assert_int_equal(s3_credentials(k.w->s3)->generation, 1);
	assert_str(s3_credentials(k.w->s3)->key.access, "AK2");
}

static int set_up(void **state)
{
	static const char *const unset[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	    "AWS_CONTAINER_CREDENTIALS_FULL_URI"};

	(void)state;
	for (size_t i = 0; i < COUNT(unset); i++)
		unsetenv(unset[i]);
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	k = (struct keys){.a = arena_new(), .fd = -1};
	assert_int_equal(mkdir(in_dir(k.a, ".aws"), 0700), 0);
	setenv("HOME", dir, 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("DWH_AWS_SPEED", "15", 1); /* a program has 4 s */
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = {"asked", "go", "first", "job", ".aws/config", ".aws"};

	(void)state;
	k.over = true;
	if (k.fd >= 0) {
		shutdown(k.fd, SHUT_RDWR);
		pthread_join(k.server, NULL);
		close(k.fd);
	}
	if (k.w)
		world_free(k.w);
	for (size_t i = 0; i < COUNT(files); i++)
		if (unlink(in_dir(k.a, files[i])) != 0)
			rmdir(in_dir(k.a, files[i]));
	rmdir(dir);
	arena_free(k.a);
	return 0;
}

/* ---- a program ---- */

static void use_program(void)
{
	write_to("job", arena_printf(k.a,
	                    "cd %s; if test ! -e first; then touch first; echo '%s'; exit; fi\n"
	                    "touch asked; while test ! -e go; do sleep 0.01; done; echo '%s'\n",
	                    dir, KEYS("AK1"), KEYS("AK2")));
	write_to(
	    ".aws/config", arena_printf(k.a, "[default]\ncredential_process = sh %s/job\n", dir));
}

static void a_program_that_takes_its_time(void **state)
{
	(void)state;
	use_program();
	open_world();
	all_came();
}

/* The tick says stop while the program is waited for: that is the error, nothing about keys. */
static void a_stop_while_keys_are_looked_for(void **state)
{
	(void)state;
	use_program();
	open_world();
	set_size(k.w, 0, (uint64_t)100 << 20); /* it will not come to its end */
	k.w->objects[0].size = (uint64_t)100 << 20;
	k.w->ticks = 0;
	k.w->stop_after = 4;
	assert_false(fetch());
	assert_true(is_there("asked"));
	assert_int_equal(k.w->e.kind, ERR_CANCELLED);
	assert_string_equal(k.w->e.msg, "enough");
}

/* What is wrong with an object that comes in meanwhile is the error, too. */
static void a_sink_that_fails_while_keys_are_looked_for(void **state)
{
	(void)state;
	use_program();
	open_world();
	k.w->server->script[0][0] = (struct action){DRIP, 4, NULL};
	k.w->opts.connections = 2;
	k.w->fails_at = 0;
	assert_false(fetch());
	assert_int_equal(k.w->e.kind, ERR_DATA);
	assert_int_equal(k.w->failed, 0);
}

/* ---- a server ---- */

static void *serve(void *arg)
{
	int fd, seen = 0;

	(void)arg;
	while (fd = accept(k.fd, NULL, NULL), fd >= 0) {
		static const char head[] =
		    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
		const char *keys = seen++ ? KEYS("AK2") : KEYS("AK1");
		char in[4096];

		if (faulty_read(fd, in, sizeof in)) {
			if (seen > 1)
				write_to("asked", "");
			while (seen > 1 && !is_there("go") && !k.over)
				usleep(10000);
			faulty_send(fd, head, sizeof head - 1);
			faulty_send(fd, keys, strlen(keys));
		}
		shutdown(fd, SHUT_WR);
		close(fd);
	}
	return NULL;
}

static void a_server_that_takes_its_time(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	(void)state;
	k.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(k.fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(k.fd, 4), 0);
	assert_int_equal(getsockname(k.fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(pthread_create(&k.server, NULL, serve, NULL), 0);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
	    arena_printf(k.a, "http://127.0.0.1:%d/", ntohs(at.sin_port)), 1);
	open_world();
	all_came();
}

#define WITH_KEYS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_KEYS(a_program_that_takes_its_time),
	    WITH_KEYS(a_stop_while_keys_are_looked_for),
	    WITH_KEYS(a_sink_that_fails_while_keys_are_looked_for),
	    WITH_KEYS(a_server_that_takes_its_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
