/* dwh.cfg, its environment twins and --set: what is understood, what is refused, and how. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/config.h"
#include "shared/config_keys.h"

static struct arena *a;
static struct config c;
static struct err e;

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static bool load(const char *text)
{
	return config_load_text("t.cfg", str_z(text), NULL, 0, a, &c, &e);
}

static bool load_set(const char *text, const char *key, const char *value)
{
	struct config_set set = {str_z(key), str_z(value)};

	return config_load_text("t.cfg", str_z(text), &set, 1, a, &c, &e);
}

static void check(bool ok)
{
	if (!ok)
		fail_msg("%s", e.msg);
}

static void assert_setup_error(void)
{
	assert_int_equal(e.kind, ERR_SETUP);
	assert_int_equal(e.where, AT_CONFIG);
}

static void defaults(void **state)
{
	(void)state;
	check(load(""));
	assert_int_equal(c.warehouse.engine, ENGINE_LOCAL);
	assert_string_equal(c.warehouse.schema, "public");
	assert_null(c.warehouse.sslmode);
	assert_int_equal(c.cluster.db_port, 5432);
	assert_null(c.cluster.host);
	assert_null(c.aws.region);
	assert_false(c.aws.anonymous);
	assert_int_equal(c.load.strategy, STRATEGY_DIRECT);
	assert_int_equal(c.load.lanes, 1);
	assert_int_equal(c.load.shard_bytes, 64 << 20);
	assert_int_equal(c.load.shard_objects, 2000);
	assert_int_equal(c.load.fetch_memory, 16 << 20);
	assert_int_equal(c.load.task_timeout_s, 300);
	assert_string_equal(c.load.model, "sparkify");
	assert_string_equal(config_s3(&c, STR("log_data")), "s3://sparkify/log_data");
	assert_string_equal(config_s3(&c, STR("LOG_JSONPATH")), "s3://sparkify/log_json_path.json");
	assert_null(config_s3(&c, STR("MANIFESTS")));
	assert_null(config_s3(&c, STR("OTHER")));
}

/* The file as users of the original have it: its sections, keys and order. */
static void the_original(void **state)
{
	(void)state;
	check(load("[AWS]\nKEY=\nSECRET=\nREGION=us-west-2\n\n"
	           "[DWH] \nDWH_ENDPOINT=\nCLUSTER_TYPE=multi-node\nNUM_NODES=2\n"
	           "NODE_TYPE=dc2.large\nIAM_ROLE_NAME=dwhRole\nROLE_ARN=\n"
	           "CLUSTER_IDENTIFIER=dwhCluster\nDB=dwh\nDB_USER=dwhuser\n"
	           "DB_PASSWORD=Passw0rd\nPORT=5439\n\n"
	           "[CLUSTER]\nHOST=\nDB_NAME=\nDB_USER=\nDB_PASSWORD=\nDB_PORT=\n\n"
	           "[IAM_ROLE]\nPOLICY=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\n\n"
	           "[S3]\nLOG_DATA=s3://udacity-dend/log_data\n"
	           "LOG_JSONPATH='s3://udacity-dend/log_json_path.json'\n"
	           "SONG_DATA=\"s3://udacity-dend/song_data\"\n"));
	assert_string_equal(c.aws.region, "us-west-2");
	assert_null(c.aws.key);
	assert_null(c.dwh.dwh_endpoint);
	assert_string_equal(c.dwh.node_type, "dc2.large");
	assert_string_equal(c.dwh.cluster_identifier, "dwhCluster");
	assert_string_equal(c.dwh.db_password, "Passw0rd");
	assert_int_equal(c.dwh.num_nodes, 2);
	assert_string_equal(c.iam_role.policy, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");
	assert_string_equal(
	    config_s3(&c, STR("LOG_JSONPATH")), "s3://udacity-dend/log_json_path.json");
	assert_string_equal(config_s3(&c, STR("SONG_DATA")), "s3://udacity-dend/song_data");
}

static void a_value(void **state)
{
	/* What stands behind the sign, and what arrives as [CLUSTER] DB_PASSWORD. */
	static const struct {
		const char *line, *want;
	} cases[] = {
	    {"[CLUSTER]\nDB_PASSWORD=x", "x"},
	    {"[cluster]\ndb_password = x", "x"},
	    {"[ Cluster ]\nDb_Password : x", "x"},
	    {"\xEF\xBB\xBF[CLUSTER]\r\nDB_PASSWORD = x y \r\n", "x y"},
	    {"[CLUSTER] ; comment\nDB_PASSWORD = 'x'", "x"},
	    {"[CLUSTER]\nDB_PASSWORD = \" x'\"", " x'"},
	    {"[CLUSTER]\nDB_PASSWORD = '\"'", "\""},
	    {"[CLUSTER]\nDB_PASSWORD = a=b:c", "a=b:c"},
	    {"[CLUSTER]\nDB_PASSWORD = a;b#c", "a;b#c"},
	    {"[CLUSTER]\nDB_PASSWORD = 'a #b'", "a #b"},
	    {"[CLUSTER]\nDB_PASSWORD = %41$(id)`", "%41$(id)`"},
	    {"[CLUSTER]\n  # indented comment\n\n   \nDB_PASSWORD = x\n[AWS]", "x"},
	    {"[CLUSTER]\nDB_PASSWORD =", NULL},
	    {"[CLUSTER]\nDB_PASSWORD = ''", NULL},
	    {"[CLUSTER]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check(load(cases[i].line));
		if (cases[i].want) {
			assert_non_null(c.cluster.db_password);
			assert_string_equal(c.cluster.db_password, cases[i].want);
		} else {
			assert_null(c.cluster.db_password);
		}
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *value;
		int64_t want; /* 0: refused */
	} cases[] = {
	    {"1", 1},
	    {"4096", 4096},
	    {"512B", 512},
	    {"64kB", 64 << 10},
	    {"64 KiB", 64 << 10},
	    {"64MB", 64 << 20},
	    {"64 MiB", 64 << 20},
	    {"64m", 64 << 20},
	    {"2G", INT64_C(2) << 30},
	    {"1TiB", INT64_C(1) << 40},
	    {"2TiB", 0},
	    {"99999999T", 0},
	    {"0", 0},
	    {"-1", 0},
	    {"MiB", 0},
	    {"64 parsecs", 0},
	    {"64MiBs", 0},
	    {"6.4M", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = arena_printf(a, "[LOAD]\nSHARD_BYTES = %s\n", cases[i].value);

		assert_int_equal(load(text), cases[i].want != 0);
		if (cases[i].want)
			assert_true(c.load.shard_bytes == cases[i].want);
		else
			assert_setup_error();
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"[LOAD]\nWORKER = 4\n",
	        "t.cfg:2: unknown key WORKER in [LOAD]; did you mean \"WORKERS\"?"},
	    {"[LOAD]\nHOST = x\n",
	        "t.cfg:2: unknown key HOST in [LOAD]; it belongs into [CLUSTER]"},
	    {"[LAOD]\nWORKERS = 4\n",
	        "t.cfg:2: unknown section [LAOD]; did you mean \"LOAD\"? Known: [WAREHOUSE] "
	        "[CLUSTER] [AWS] [S3] [LOAD] [LOCAL] [DWH] [IAM_ROLE]"},
	    {"[AWS]\nBLUBBER = 4\n",
	        "t.cfg:2: unknown key BLUBBER in [AWS]. Known: KEY SECRET TOKEN REGION PROFILE "
	        "ENDPOINT ANONYMOUS REQUEST_PAYER"},
	    {"\nWORKERS = 4\n", "t.cfg:2: WORKERS stands before the first [SECTION]"},
	    {"[S3]\nLOG_DATA = s3://jb/log_data\n",
	        "t.cfg:2: S3.LOG_DATA is \"s3://jb/log_data\", must be an address such as "
	        "s3://bucket/folder (a bucket's name has 3 characters or more)"},
	    {"[LOAD]\nWORKERS = four\n",
	        "t.cfg:2: LOAD.WORKERS is \"four\", must be a whole number from 0 to 64"},
	    {"[LOAD]\nWORKERS = 65\n",
	        "t.cfg:2: LOAD.WORKERS is \"65\", must be a whole number from 0 to 64"},
	    {"[LOAD]\nALLOW_EMPTY = maybe\n",
	        "t.cfg:2: LOAD.ALLOW_EMPTY is \"maybe\", must be yes or no"},
	    {"[WAREHOUSE]\nENGINE = postgre\n", "t.cfg:2: WAREHOUSE.ENGINE is \"postgre\", must be "
	                                        "one of: local, postgres, redshift; "
	                                        "did you mean \"postgres\"?"},
	    {"[WAREHOUSE]\nSSLMODE = on\n",
	        "t.cfg:2: WAREHOUSE.SSLMODE is \"on\", must be one of: disable, allow, prefer, "
	        "require, verify-ca, verify-full"},
	    {"[S3]\nLOG_DATA = /data/logs\n",
	        "t.cfg:2: S3.LOG_DATA is \"/data/logs\", must be an address such as "
	        "s3://bucket/folder"},
	    {"[S3]\nLOGDATA = s3://b-b/x\n",
	        "t.cfg:2: unknown key LOGDATA in [S3]; did you mean \"LOG_DATA\"?"},
	    {"[S3]\nCLICKS = /tmp/x\n", "t.cfg:2: unknown key CLICKS in [S3], and no source: that "
	                                "is a name of letters, digits "
	                                "and _ with an address such as s3://bucket/folder"},
	    {"[AWS]\nENDPOINT = localhost:9000\n",
	        "t.cfg:2: AWS.ENDPOINT is \"localhost:9000\", must be an http:// or https:// URL"},
	    {"[AWS]\nENDPOINT = http://me:pw@h/\n",
	        "t.cfg:2: AWS.ENDPOINT must not hold a user or password"},
	    {"[LOAD]\nWORKERS = 1\nATTEMPTS = 2\nworkers =\n",
	        "t.cfg:4: LOAD.workers is set again; it already stands in line 2"},
	    {"[DWH]\nDWH_PORT = 5439\nPORT = 5440\n",
	        "t.cfg:3: DWH.PORT is set again; it already stands in line 2"},
	    {"[S3]\nCLICKS = s3://aaa/1\n[S3]\nclicks = s3://aaa/2\n",
	        "t.cfg:4: S3.clicks is set again; it already stands in line 2"},
	    {"[LOAD]\nSTRATEGY = direct\nLANES = 4\n",
	        "t.cfg:3: LOAD.LANES is 4, which needs LOAD.STRATEGY = sharded"},
	    /* What inih would misread. */
	    {"[CLUSTER]\nDB_PASSWORD = ab ;cd\n",
	        "t.cfg:2: \" ;\" begins a comment and cuts the value; put a comment on a line of "
	        "its "
	        "own, and such a value into the environment (DWH_SECTION_KEY)"},
	    {"[CLUSTER]\nDB_PASSWORD = 'ab ;cd'\n", "t.cfg:2: \" ;\" begins a comment"},
	    {"[CLUSTER]\nHOST = a\n b\n", "t.cfg:3: an indented line"},
	    {"[CLUSTER]\n HOST = a\n", "t.cfg:2: an indented line"},
	    {"[CLUSTER]\nHOST\n", "t.cfg:2: neither [SECTION] nor KEY = VALUE"},
	    {"[CLUSTER\nHOST = a\n", "t.cfg:1: a section without its \"]\""},
	    {"[CLUSTER] HOST = a\n", "t.cfg:1: put what follows \"]\" on a line of its own"},
	    {"[AWS]\nREGION = eu-west-1 # Ireland\n", "t.cfg:2: \" #\" in the value of REGION"},
	    {"[CLUSTER]\nDB_PASSWORD = 'ab\n",
	        "t.cfg:2: the value of DB_PASSWORD begins with ' and does not end with it"},
	    {"[CLUSTER]\nHOST = a\x01"
	     "b\n",
	        "t.cfg:2: the value of CLUSTER.HOST holds a control "},
	    {"[CLUSTER]\nHOST = \xff\n", "t.cfg:2: the value of CLUSTER.HOST is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (load(cases[i].text))
			fail_msg("accepted: %s", cases[i].text);
		assert_setup_error();
		if (!str_starts(str_z(e.msg), str_z(cases[i].want)))
			assert_string_equal(e.msg, cases[i].want);
	}
	assert_false(
	    config_load_text("t.cfg", (struct str){"[AWS]\nKEY = a\0b\n", 16}, NULL, 0, a, &c, &e));
	assert_string_equal(e.msg, "t.cfg:2: holds a NUL byte; is it a text file?");
}

/* inih's own line buffer is 200 bytes: what fits arrives whole, one byte more is said. */
static void long_lines(void **state)
{
	char x[1000];
	const char *head = "[AWS]\nTOKEN=";
	const size_t room = 198 - strlen("TOKEN=");

	(void)state;
	memset(x, 'x', sizeof x);
	check(load(arena_printf(a, "%s%.*s\n", head, (int)room, x)));
	assert_int_equal(strlen(c.aws.token), room);
	check(load(arena_printf(a, "%s%.*s", head, (int)room, x)));
	assert_int_equal(strlen(c.aws.token), room);
	assert_false(load(arena_printf(a, "%s%.*s\n", head, (int)room + 1, x)));
	assert_string_equal(e.msg,
	    "t.cfg:2: a line of 199 bytes, more than the 198 that can be read; "
	    "give this value in the environment instead: DWH_AWS_TOKEN");
	assert_false(load(arena_printf(a, "# %.*s\n", 300, x)));
	assert_string_equal(
	    e.msg, "t.cfg:1: a line of 302 bytes, more than the 198 that can be read");
	check(load(arena_printf(a, "[AWS]\n%5000s\nTOKEN=t\n", "")));
	assert_string_equal(c.aws.token, "t");
}

static void the_environment_wins_over_the_file(void **state)
{
	(void)state;
	setenv("DWH_LOAD_WORKERS", "7", 1);
	setenv("DWH_AWS_SECRET", "a ;b 'c", 1);
	setenv("DWH_CLUSTER_HOST", "", 1);
	setenv("DWH_S3_CLICKS", "s3://mine/clicks", 1);
	setenv("DWH_SOMETHING_ELSE", "x", 1);
	setenv("DWH_S3_ENDPOINTS_OF_ANOTHER_PROGRAM", "x", 1);
	check(load("[LOAD]\nWORKERS = 3\n[CLUSTER]\nHOST = h\n[S3]\nCLICKS = s3://old/clicks\n"));
	assert_int_equal(c.load.workers, 7);
	assert_string_equal(c.aws.secret, "a ;b 'c");
	assert_string_equal(c.cluster.host, "h");
	assert_string_equal(config_s3(&c, STR("CLICKS")), "s3://mine/clicks");
	check(load_set("[LOAD]\nWORKERS = 3\n", "load.workers", "9"));
	assert_int_equal(c.load.workers, 9);

	setenv("DWH_LOAD_WORKERS", "many", 1);
	assert_false(load(""));
	assert_setup_error();
	assert_string_equal(e.msg,
	    "environment DWH_LOAD_WORKERS: LOAD.WORKERS is \"many\", must be a "
	    "whole number from 0 to 64");
	unsetenv("DWH_LOAD_WORKERS");
	setenv("DWH_LOAD_WORKER", "7", 1);
	assert_false(load(""));
	assert_string_equal(e.msg,
	    "environment DWH_LOAD_WORKER: no key has this name; did you mean "
	    "\"DWH_LOAD_WORKERS\"?");
	unsetenv("DWH_LOAD_WORKER");
	unsetenv("DWH_AWS_SECRET");
	unsetenv("DWH_CLUSTER_HOST");
	unsetenv("DWH_S3_CLICKS");
	unsetenv("DWH_SOMETHING_ELSE");
	unsetenv("DWH_S3_ENDPOINTS_OF_ANOTHER_PROGRAM");
}

static void flags(void **state)
{
	static const struct {
		const char *key, *value, *want;
	} cases[] = {
	    {"LOAD.WORKER", "4",
	        "--set LOAD.WORKER: unknown key WORKER in [LOAD]; did you mean \"WORKERS\"?"},
	    {"WORKERS", "4", "--set WORKERS: must be SECTION.KEY=VALUE, such as LOAD.WORKERS=4"},
	    {"LOAD.WORKERS", "x",
	        "--set LOAD.WORKERS: LOAD.WORKERS is \"x\", must be a whole number from 0 to 64"},
	    {"cluster.db_password", "hunter2",
	        "--set cluster.db_password: a command line can be read by every user of this "
	        "machine; "
	        "give a secret in the environment, as DWH_CLUSTER_DB_PASSWORD"},
	    {"DWH.DWH_DB_PASSWORD", "hunter2",
	        "--set DWH.DWH_DB_PASSWORD: a command line can be read by every user of this "
	        "machine; "
	        "give a secret in the environment, as DWH_DWH_DB_PASSWORD"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(load_set("", cases[i].key, cases[i].value));
		assert_setup_error();
		assert_string_equal(e.msg, cases[i].want);
	}
	check(load_set("[S3]\nLOG_DATA = s3://aaa\n", "S3.LOG_DATA", "s3://bbb/x y"));
	assert_string_equal(config_s3(&c, STR("LOG_DATA")), "s3://bbb/x y");
}

static void what_depends_on_the_engine(void **state)
{
	(void)state;
	check(load("[WAREHOUSE]\nENGINE = Redshift\n"));
	assert_int_equal(c.warehouse.engine, ENGINE_REDSHIFT);
	assert_int_equal(c.load.strategy, STRATEGY_SHARDED);
	assert_int_equal(c.load.lanes, 0);
	assert_int_equal(c.cluster.db_port, 5439);
	check(load("[WAREHOUSE]\nENGINE = redshift\n[LOAD]\nSTRATEGY = direct\n"
	           "[CLUSTER]\nDB_PORT = 5440\n"));
	assert_int_equal(c.load.strategy, STRATEGY_DIRECT);
	assert_int_equal(c.load.lanes, 1);
	assert_int_equal(c.cluster.db_port, 5440);
	check(load("[WAREHOUSE]\nENGINE = redshift\n[LOAD]\nSTRATEGY = merged\n"));
	assert_int_equal(c.load.strategy, STRATEGY_MERGED);
	assert_string_equal(config_strategy_name(c.load.strategy), "merged");
	assert_int_equal(c.load.lanes, 1);
}

static void sources_of_ones_own(void **state)
{
	(void)state;
	/* Near a known key that the file does set: another source, no slip. */
	check(load("[S3]\nLOG_DATA = s3://aaa/1\nLOG_DATA2 = s3://aaa/2\nCLICKS = s3://aaa/3\n"));
	assert_string_equal(config_s3(&c, STR("log_data2")), "s3://aaa/2");
	assert_string_equal(config_s3(&c, STR("CLICKS")), "s3://aaa/3");
	assert_string_equal(config_s3_name(&c, 0), "LOG_DATA");
	assert_string_equal(config_s3_name(&c, 3), "LOG_DATA2");
	assert_string_equal(config_s3_name(&c, 4), "CLICKS");
	assert_null(config_s3_name(&c, 5));
}

static struct str printed(bool json)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct str s;

	config_print(&c, out, json);
	fclose(out);
	s = arena_str(a, (struct str){text, n});
	free(text);
	return s;
}

static void printing_masks_secrets_and_names_origins(void **state)
{
	struct str s;
	json_t *all, *o;
	size_t i, seen = 0;

	(void)state;
	setenv("DWH_AWS_REGION", "eu-west-1", 1);
	check(load_set("[AWS]\nKEY = AKIDEXAMPLE\nSECRET = topsecret\n[S3]\nCLICKS = s3://aaa/3\n",
	    "LOAD.WORKERS", "4"));
	unsetenv("DWH_AWS_REGION");
	s = printed(false);
	assert_null(strstr(s.p, "topsecret"));
	assert_null(strstr(s.p, "AKIDEXAMPLE"));
	assert_non_null(
	    strstr(s.p, "AWS.SECRET = ****                                  # t.cfg:3\n"));
	assert_non_null(strstr(s.p, "AWS.REGION = eu-west-1"));
	assert_non_null(strstr(s.p, "# environment DWH_AWS_REGION\n"));
	assert_non_null(strstr(s.p, "LOAD.WORKERS = 4"));
	assert_non_null(strstr(s.p, "# --set LOAD.WORKERS\n"));
	assert_non_null(strstr(s.p, "# default\n"));
	assert_non_null(strstr(s.p, "# not set\n"));

	s = printed(true);
	all = json_loadb(s.p, s.n, 0, NULL);
	assert_non_null(all);
	assert_int_equal(json_array_size(all), config_keys_n + 1);
	json_array_foreach(all, i, o)
	{
		const char *key = json_string_value(json_object_get(o, "key"));
		const char *value = json_string_value(json_object_get(o, "value"));

		if (strcmp(key, "SECRET") == 0) {
			assert_string_equal(value, "****");
			assert_true(json_is_true(json_object_get(o, "secret")));
			seen++;
		}
		if (strcmp(key, "CLICKS") == 0) {
			assert_string_equal(value, "s3://aaa/3");
			assert_string_equal(
			    json_string_value(json_object_get(o, "origin")), "t.cfg:5");
			seen++;
		}
		if (strcmp(key, "TOKEN") == 0) {
			assert_true(json_is_null(json_object_get(o, "value")));
			seen++;
		}
	}
	assert_int_equal(seen, 3);
	json_decref(all);
}

static void help_names_every_key(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	config_help(out);
	fclose(out);
	for (size_t i = 0; i < config_keys_n; i++) {
		assert_non_null(strstr(text, config_keys[i].name));
		assert_non_null(strstr(text, config_keys[i].help));
	}
	free(text);
}

static void files(void **state)
{
	char folder[] = "/tmp/dwh-unit-XXXXXX";
	const char *path;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = arena_printf(a, "%s/x.cfg", folder);
	assert_false(config_load(path, NULL, 0, a, &c, &e));
	assert_setup_error();
	assert_string_equal(e.code, "ENOENT");
	assert_false(config_load(folder, NULL, 0, a, &c, &e));
	assert_string_equal(e.msg, arena_printf(a, "%s: not a regular file", folder));

	f = fopen(path, "w");
	assert_non_null(f);
	fputs("[CLUSTER]\nDB_PASSWORD = x\n", f);
	fclose(f);
	chmod(path, 0644);
	check(config_load(path, NULL, 0, a, &c, &e));
	assert_string_equal(c.file, path);
	assert_string_equal(config_path(&c, a, "d/e"), arena_printf(a, "%s/d/e", folder));
	assert_string_equal(config_path(&c, a, "/d/e"), "/d/e");
	assert_string_equal(config_warning(&c),
	    arena_printf(a,
	        "%s:2: a secret in a file that other users can read (mode 0644); chmod 600 %s",
	        path, path));
	chmod(path, 0600);
	check(config_load(path, NULL, 0, a, &c, &e));
	assert_null(config_warning(&c));
	unlink(path);
	rmdir(folder);
}

/* The file in the tree: the local engine, no secret in it, and only defaults. */
static void the_shipped_file(void **state)
{
	struct config by_default;

	(void)state;
	check(config_load("dwh.cfg", NULL, 0, a, &c, &e));
	assert_null(config_warning(&c));
	check(config_load_text("none", STR(""), NULL, 0, a, &by_default, &e));
	for (size_t i = 0; i < config_keys_n; i++) {
		const char *got = c.private->keys[i].value;
		const char *want = by_default.private->keys[i].value;

		if (config_keys[i].type == KEY_SIZE)
			continue;
		if (!got || !want)
			assert_ptr_equal(got, want);
		else
			assert_string_equal(got, want);
	}
	assert_int_equal(c.load.shard_bytes, by_default.load.shard_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(defaults, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_original, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_value, setup, teardown),
	    cmocka_unit_test_setup_teardown(sizes, setup, teardown),
	    cmocka_unit_test_setup_teardown(refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(long_lines, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_environment_wins_over_the_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(flags, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_depends_on_the_engine, setup, teardown),
	    cmocka_unit_test_setup_teardown(sources_of_ones_own, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        printing_masks_secrets_and_names_origins, setup, teardown),
	    cmocka_unit_test_setup_teardown(help_names_every_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(files, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_shipped_file, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
