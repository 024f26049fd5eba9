/* config_keys.c - every key that dwh.cfg may hold. See config_keys.h. */
#include "shared/config_keys.h"

#include <stddef.h>

#define AT(field) offsetof(struct config, field)

/* The positions are the values of enum config_engine, config_strategy ... */
static const char *const engines[] = {"local", "postgres", "redshift", NULL};
static const char *const strategies[] = {"direct", "sharded", "merged", NULL};
static const char *const changed[] = {"fail", "skip", "reload", NULL};
static const char *const compact[] = {"auto", "on", "off", NULL};
static const char *const iam_auth[] = {"no", "user", "role", "serverless", NULL};
static const char *const sslmodes[] = {
    "disable", "allow", "prefer", "require", "verify-ca", "verify-full", NULL};
static const char *const kinds[] = {"cluster", "serverless", NULL};
static const char *const cluster_types[] = {"single-node", "multi-node", NULL};

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define TIB (INT64_C(1) << 40)

const struct config_key config_keys[] = {
    {"WAREHOUSE", "ENGINE", KEY_ENUM, AT(warehouse.engine), "local", false, 0, 0, engines,
        "what loads: local (own PostgreSQL and S3), postgres, redshift"},
    {"WAREHOUSE", "SCHEMA", KEY_STRING, AT(warehouse.schema), "public", false, 0, 0, NULL,
        "schema that the tables live in"},
    {"WAREHOUSE", "SSLMODE", KEY_CHOICE, AT(warehouse.sslmode), NULL, false, 0, 0, sslmodes,
        "TLS as libpq names it; unset: prefer, verify-full on redshift"},
    {"WAREHOUSE", "SSLROOTCERT", KEY_STRING, AT(warehouse.sslrootcert), NULL, false, 0, 0, NULL,
        "file of certificates to trust; unset: the system's, on redshift"},
    {"WAREHOUSE", "CONNECT_TIMEOUT", KEY_INT, AT(warehouse.connect_timeout_s), "10", false, 1, 3600,
        NULL, "seconds to wait for a connection"},
    {"CLUSTER", "HOST", KEY_STRING, AT(cluster.host), NULL, false, 0, 0, NULL,
        "warehouse: name, address or folder of a socket"},
    {"CLUSTER", "DB_NAME", KEY_STRING, AT(cluster.db_name), NULL, false, 0, 0, NULL, "database"},
    {"CLUSTER", "DB_USER", KEY_STRING, AT(cluster.db_user), NULL, false, 0, 0, NULL, "user"},
    {"CLUSTER", "DB_PASSWORD", KEY_STRING, AT(cluster.db_password), NULL, true, 0, 0, NULL,
        "password"},
    {"CLUSTER", "DB_PORT", KEY_INT, AT(cluster.db_port), NULL, false, 1, 65535, NULL,
        "port; unset: 5439 on redshift, else 5432"},
    {"CLUSTER", "IAM_AUTH", KEY_ENUM, AT(cluster.iam_auth), "no", false, 0, 0, iam_auth,
        "redshift: a password for minutes from AWS, for [DWH] CLUSTER_IDENTIFIER: "
        "user: for DB_USER (GetClusterCredentials); role: for whom the AWS keys belong to "
        "(GetClusterCredentialsWithIAM); serverless: the same of a workgroup (GetCredentials)"},
    {"CLUSTER", "DB_SECRET", KEY_STRING, AT(cluster.db_secret), NULL, false, 0, 0, NULL,
        "redshift: name or ARN in Secrets Manager of a secret with username and password"},
    {"AWS", "KEY", KEY_STRING, AT(aws.key), NULL, true, 0, 0, NULL,
        "access key id; unset: as the AWS tools find keys (environment, profile, role, container, "
        "instance)"},
    {"AWS", "SECRET", KEY_STRING, AT(aws.secret), NULL, true, 0, 0, NULL, "secret access key"},
    {"AWS", "TOKEN", KEY_STRING, AT(aws.token), NULL, true, 0, 0, NULL,
        "session token of temporary keys"},
    {"AWS", "REGION", KEY_STRING, AT(aws.region), NULL, false, 0, 0, NULL,
        "region; unset: environment, profile, then us-west-2"},
    {"AWS", "PROFILE", KEY_STRING, AT(aws.profile), NULL, false, 0, 0, NULL, "profile of ~/.aws"},
    {"AWS", "ENDPOINT", KEY_URL, AT(aws.endpoint), NULL, false, 0, 0, NULL,
        "URL of an S3-compatible server, used path style"},
    {"AWS", "ANONYMOUS", KEY_BOOL, AT(aws.anonymous), "no", false, 0, 0, NULL,
        "read public buckets without keys"},
    {"AWS", "REQUEST_PAYER", KEY_BOOL, AT(aws.request_payer), "no", false, 0, 0, NULL,
        "pay for requests to requester-pays buckets"},
    {"S3", "LOG_DATA", KEY_S3, KEY_NO_FIELD, "s3://sparkify/log_data", false, 0, 0, NULL,
        "prefix of the event logs"},
    {"S3", "LOG_JSONPATH", KEY_S3, KEY_NO_FIELD, "s3://sparkify/log_json_path.json", false, 0, 0,
        NULL, "JSON paths of the event logs"},
    {"S3", "SONG_DATA", KEY_S3, KEY_NO_FIELD, "s3://sparkify/song_data", false, 0, 0, NULL,
        "prefix of the songs"},
    {"S3", "MANIFESTS", KEY_S3_NONE, AT(s3.manifests), NULL, false, 0, 0, NULL,
        "folder to write manifests to; unset: own bucket on local, a folder on postgres; none: no "
        "bucket may be written: redshift loads each prefix as a whole, once until --fresh, "
        "UNVERIFIED"},
    {"LOAD", "MODEL", KEY_STRING, AT(load.model), "sparkify", false, 0, 0, NULL,
        "models, by name or folder; later ones overlay earlier ones"},
    {"LOAD", "WORKERS", KEY_INT, AT(load.workers), "0", false, 0, 64, NULL,
        "worker processes; 0: as the engine allows"},
    {"LOAD", "STRATEGY", KEY_ENUM, AT(load.strategy), NULL, false, 0, 0, strategies,
        "direct: one staging table; sharded: several lanes; merged: one COPY a source; unset: "
        "sharded on redshift"},
    {"LOAD", "LANES", KEY_INT, AT(load.lanes), "0", false, 0, 15, NULL,
        "staging tables per source when sharded; 0: as many as workers"},
    {"LOAD", "SHARD_BYTES", KEY_SIZE, AT(load.shard_bytes), "64MiB", false, 1, TIB, NULL,
        "a shard ends at so many bytes; merged ones do not"},
    {"LOAD", "SHARD_OBJECTS", KEY_INT, AT(load.shard_objects), "2000", false, 1, 1000000, NULL,
        "... or at so many objects; where COMPACT joins them, the later ones of a listing at more"},
    {"LOAD", "CONNECTIONS", KEY_INT, AT(load.connections), "256", false, 1, 1024, NULL,
        "GETs in flight in one worker, at most; it takes as many as make it faster, from 32 on"},
    {"LOAD", "FETCH_MEMORY", KEY_SIZE, AT(load.fetch_memory), "16MiB", false, MIB, 64 * GIB, NULL,
        "memory of one worker for bodies in flight"},
    {"LOAD", "ATTEMPTS", KEY_INT, AT(load.attempts), "5", false, 1, 100, NULL, "tries of one task"},
    {"LOAD", "TASK_TIMEOUT", KEY_INT, AT(load.task_timeout_s), "300", false, 3, 86400, NULL,
        "seconds without a sign of life until a task is cancelled"},
    {"LOAD", "ALLOW_EMPTY", KEY_BOOL, AT(load.allow_empty), "no", false, 0, 0, NULL,
        "a source without objects is no error"},
    {"LOAD", "MAX_BAD_OBJECTS", KEY_INT, AT(load.max_bad_objects), "0", false, 0, 1000000000, NULL,
        "objects of a source that may go into quarantine; 0: none, or as the ratio says"},
    {"LOAD", "MAX_BAD_RATIO", KEY_RATIO, AT(load.max_bad_ratio), "0", false, 0, 1000000, NULL,
        "... and how large a part of its objects, such as 0.01 or 1%"},
    {"LOAD", "CHANGED", KEY_ENUM, AT(load.changed), "fail", false, 0, 0, changed,
        "objects that changed after they were loaded: an error, left, or all loaded again"},
    {"LOAD", "COMPACT", KEY_ENUM, AT(load.compact), "auto", false, 0, 0, compact,
        "redshift: join small objects to larger ones that COPY reads faster"},
    /* JSON packs to a fifth or less: with this, parts have the few MB that COPY likes best, and a
     * worker holds one in memory. */
    {"LOAD", "PART_BYTES", KEY_SIZE, AT(load.part_bytes), "16MiB", false, MIB, GIB, NULL,
        "... to about so many bytes each, before they are compressed"},
    {"LOAD", "KEEP_PARTS", KEY_BOOL, AT(load.keep_parts), "no", false, 0, 0, NULL,
        "leave them under MANIFESTS/parts, also when their load is verified"},
    {"LOCAL", "DIR", KEY_PATH, AT(local.dir), ".dwh", false, 0, 0, NULL,
        "folder of the local engine and of the run journals"},
    {"LOCAL", "BUCKETS", KEY_PATH, AT(local.buckets), NULL, false, 0, 0, NULL,
        "folder whose sub-folders are S3 buckets; unset: DIR/buckets"},
    {"LOCAL", "S3_PORT", KEY_INT, AT(local.s3_port), "0", false, 0, 65535, NULL,
        "port of the local S3 server; 0: a free one"},
    {"LOCAL", "PG_BIN", KEY_PATH, AT(local.pg_bin), NULL, false, 0, 0, NULL,
        "folder of initdb and postgres; unset: found"},
    {"LOCAL", "ACCOUNT", KEY_STRING, AT(local.account), NULL, false, 0, 0, NULL,
        "account for PostgreSQL when started as root; unset: postgres, else nobody"},
    {"DWH", "DWH_ENDPOINT", KEY_STRING, AT(dwh.dwh_endpoint), NULL, false, 0, 0, NULL,
        "address of the cluster, where it is known"},
    {"DWH", "KIND", KEY_ENUM, AT(dwh.kind), "cluster", false, 0, 0, kinds,
        "what dwh cluster up makes: cluster, serverless"},
    {"DWH", "CLUSTER_TYPE", KEY_CHOICE, AT(dwh.cluster_type), "multi-node", false, 0, 0,
        cluster_types, "of a new cluster"},
    {"DWH", "NUM_NODES", KEY_INT, AT(dwh.num_nodes), "2", false, 1, 100, NULL, "of a new cluster"},
    {"DWH", "NODE_TYPE", KEY_STRING, AT(dwh.node_type), "ra3.large", false, 0, 0, NULL,
        "of a new cluster"},
    {"DWH", "IAM_ROLE_NAME", KEY_STRING, AT(dwh.iam_role_name), "dwhRole", false, 0, 0, NULL,
        "role that lets the cluster read S3"},
    {"DWH", "ROLE_ARN", KEY_STRING, AT(dwh.role_arn), NULL, false, 0, 0, NULL,
        "its ARN, where it exists already"},
    {"DWH", "CLUSTER_IDENTIFIER", KEY_STRING, AT(dwh.cluster_identifier), "dwh-cluster", false, 0,
        0, NULL, "name of the cluster"},
    {"DWH", "DB", KEY_STRING, AT(dwh.db), "dwh", false, 0, 0, NULL,
        "first database of a new cluster"},
    {"DWH", "DB_USER", KEY_STRING, AT(dwh.db_user), "dwhuser", false, 0, 0, NULL,
        "admin user of a new cluster"},
    {"DWH", "DB_PASSWORD", KEY_STRING, AT(dwh.db_password), NULL, true, 0, 0, NULL,
        "its password; unset: AWS makes one and keeps it"},
    {"DWH", "PORT", KEY_INT, AT(dwh.port), "5439", false, 1, 65535, NULL, "port of a new cluster"},
    {"DWH", "BASE_CAPACITY", KEY_INT, AT(dwh.base_capacity), "8", false, 4, 1024, NULL,
        "of a new serverless workgroup, in RPUs"},
    {"DWH", "PUBLIC", KEY_BOOL, AT(dwh.public), "yes", false, 0, 0, NULL,
        "it can be reached from outside of its VPC, by those of INGRESS"},
    {"DWH", "INGRESS", KEY_STRING, AT(dwh.ingress), NULL, false, 0, 0, NULL,
        "who may connect to it, such as 203.0.113.0/24; unset: your own address alone"},
    {"IAM_ROLE", "POLICY", KEY_STRING, AT(iam_role.policy), NULL, false, 0, 0, NULL,
        "policy that a new role gets, an ARN; unset: one that reads the buckets of [S3] alone"},
    {"IAM_ROLE", "ARN", KEY_STRING, AT(iam_role.arn), NULL, false, 0, 0, NULL,
        "role that COPY names, where the cluster has one"},
};

const size_t config_keys_n = sizeof config_keys / sizeof config_keys[0];

_Static_assert(sizeof config_keys / sizeof config_keys[0] <= CONFIG_KEYS_MAX, "table of keys");
_Static_assert(sizeof(enum config_engine) == sizeof(unsigned) &&
                   sizeof(enum config_strategy) == sizeof(unsigned) &&
                   sizeof(enum config_changed) == sizeof(unsigned) &&
                   sizeof(enum config_compact) == sizeof(unsigned) &&
                   sizeof(enum config_kind) == sizeof(unsigned) &&
                   sizeof(enum config_iam_auth) == sizeof(unsigned),
    "KEY_ENUM fields are written as unsigned");

const char *config_engine_name(enum config_engine engine)
{
	return engines[engine];
}

const char *config_strategy_name(enum config_strategy s)
{
	return strategies[s];
}

const char *config_compact_name(enum config_compact how)
{
	return compact[how];
}

int config_choice(const char *const *names, struct str name)
{
	for (int i = 0; names[i]; i++)
		if (str_ieq(name, str_z(names[i])))
			return i;
	return -1;
}

bool config_strategy_parse(struct str name, enum config_strategy *out)
{
	int i = config_choice(strategies, name);

	*out = (enum config_strategy)i;
	return i >= 0;
}

bool config_compact_parse(struct str name, enum config_compact *out)
{
	int i = config_choice(compact, name);

	*out = (enum config_compact)i;
	return i >= 0;
}

static size_t find(struct str section, struct str name)
{
	for (size_t i = 0; i < config_keys_n; i++)
		if (str_ieq(section, str_z(config_keys[i].section)) &&
		    str_ieq(name, str_z(config_keys[i].name)))
			return i;
	return config_keys_n;
}

size_t config_key_find(struct str section, struct str name)
{
	size_t i = find(section, name);

	if (i == config_keys_n && str_ieq(section, STR("DWH")) && name.n > 4 &&
	    str_ieq((struct str){name.p, 4}, STR("DWH_")))
		i = find(section, str_from(name, 4));
	return i;
}

const char *config_key_twin(struct arena *a, const struct config_key *k)
{
	return arena_printf(a, "DWH_%s_%s", k->section, k->name);
}
