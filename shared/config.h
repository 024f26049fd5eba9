/*
 * config.h - dwh.cfg: one table of keys (config.c) makes this struct, its help and its checks.
 *
 * An effective value comes from, first to last: --set SECTION.KEY=VALUE, the environment twin
 * DWH_<SECTION>_<KEY>, the file, the default. All strings live in the arena that config_load was
 * given; an unset string is NULL. Relative paths are relative to the folder of the file.
 *
 * The file: [SECTION] and KEY = VALUE lines, names in any case, a value bare or in '...' or "...",
 * comments on lines of their own behind # or ;. An empty value counts as not set. What inih would
 * silently misread (config.c) is an error.
 */
#ifndef SHARED_CONFIG_H
#define SHARED_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum config_engine { ENGINE_LOCAL, ENGINE_POSTGRES, ENGINE_REDSHIFT };
enum config_strategy { STRATEGY_DIRECT, STRATEGY_SHARDED, STRATEGY_MERGED };
enum config_changed { CHANGED_FAIL, CHANGED_SKIP, CHANGED_RELOAD };
enum config_iam_auth { IAM_AUTH_NO, IAM_AUTH_USER, IAM_AUTH_ROLE, IAM_AUTH_SERVERLESS };
enum config_compact { COMPACT_AUTO, COMPACT_ON, COMPACT_OFF };
enum config_kind { KIND_CLUSTER, KIND_SERVERLESS };

struct config {
	const char *file; /* path of the file, or NULL when the defaults alone are used */

	struct {
		enum config_engine engine; /* local */
		const char *schema;        /* public: where the model's tables live */
		const char *sslmode;       /* NULL: prefer, verify-full on redshift */
		const char *sslrootcert;   /* NULL: the system's, on redshift */
		int64_t connect_timeout_s; /* 10 */
	} warehouse;
	struct {
		const char *host; /* name, address or folder of a socket */
		const char *db_name;
		const char *db_user;
		const char *db_password;       /* secret */
		int64_t db_port;               /* unset: 5439 on redshift, else 5432 */
		enum config_iam_auth iam_auth; /* a password from AWS: dbpassword.h */
		const char *db_secret;         /* the secret of Secrets Manager that holds it */
	} cluster;
	struct {
		const char *key;    /* secret as a pair with: */
		const char *secret; /* secret */
		const char *token;  /* secret: session token */
		const char *region; /* NULL when not set anywhere */
		const char *profile;
		const char *endpoint; /* URL of an S3-compatible server, path style */
		bool anonymous;
		bool request_payer;
	} aws;
	struct {
		bool paused; /* cluster_found() says so, and there is no endpoint; no key */
		const char *dwh_endpoint, *cluster_type, *node_type, *iam_role_name, *role_arn,
		    *cluster_identifier, *db, *db_user;
		const char *db_password; /* secret */
		int64_t num_nodes, port;
		enum config_kind kind;
		int64_t base_capacity; /* of a serverless workgroup: RPUs */
		bool public;           /* has an address outside of its VPC */
		const char *ingress; /* who may connect, a CIDR; NULL: the caller's address alone */
	} dwh;
	struct {
		const char *policy, *arn;
	} iam_role;
	struct {
		const char *manifests; /* s3:// address of a folder for manifests; NULL: not set;
		                          "none": no bucket may be written (connect_manifests) */
	} s3;
	struct {
		const char *model; /* "sparkify": names or folders, separated by blanks; later
		                      overlay earlier */
		int64_t workers;   /* 0: by the engine (local: number of processors) */
		enum config_strategy strategy; /* unset: sharded on redshift, else direct */
		int64_t lanes;                 /* 0: the workers at creation; 1 with direct */
		int64_t shard_bytes;           /* 64 MiB */
		int64_t shard_objects;         /* 2000 */
		int64_t connections;           /* GETs in flight in one worker, at most: 256 */
		int64_t fetch_memory;          /* bytes of buffers for all of them, 16 MiB */
		int64_t attempts;              /* tries of one task, 5 */
		int64_t task_timeout_s;  /* no beat for so long: cancelled, then killed; 300; at
		                          * least 3: a beat comes every second or two */
		int64_t max_bad_objects; /* of a source, held back in quarantine; 0: no bound */
		int64_t max_bad_ratio;   /* millionths of its objects; 0: no bound. Both 0: none */
		bool allow_empty;        /* a source without objects is no error */
		enum config_changed changed; /* an object that was loaded before it changed */
		enum config_compact compact; /* small objects are joined for Redshift */
		int64_t part_bytes;          /* of what they are joined to, uncompressed; 16 MiB */
		bool keep_parts;             /* also when they are loaded and verified */
	} load;
	struct {
		const char *dir;     /* .dwh */
		const char *buckets; /* NULL: <dir>/buckets */
		int64_t s3_port;     /* 0: a free one */
		const char *pg_bin;  /* NULL: found */
		const char *account; /* unprivileged account for PostgreSQL when started as root;
		                        NULL: postgres, else nobody */
	} local;

	struct config_private *private; /* origins, [S3] addresses; config.c's own */
};

/* One --set, in the order given. */
struct config_set {
	struct str key; /* "LOAD.WORKERS" */
	struct str value;
};

/*
 * file may be NULL: then ./dwh.cfg if it is there, else the defaults alone. Every mistake is
 * ERR_SETUP/AT_CONFIG and names the file and line (or the --set, or the variable), what is wrong,
 * and the nearest known name.
 */
bool config_load(const char *file, const struct config_set *sets, size_t n_sets, struct arena *a,
    struct config *out, struct err *e);

/* The same over text that is at hand; name stands for the file in messages and origins. */
bool config_load_text(const char *name, struct str text, const struct config_set *sets,
    size_t n_sets, struct arena *a, struct config *out, struct err *e);

/* Sets a key that nobody has set, or only its default; from is where the value comes from, for
 * messages and config_print(). Both are copied. */
bool config_fill(struct config *c, const char *section, const char *key, const char *value,
    const char *from, struct err *e);

/* The s3:// address of a source, a key of [S3] ("LOG_DATA"), case ignored; NULL when not set. */
const char *config_s3(const struct config *c, struct str key);

/* The i-th source that is set, for messages that list them; NULL behind the last. */
const char *config_s3_name(const struct config *c, size_t i);

/* Where the value of a key came from: "dwh.cfg:12", "environment DWH_AWS_SECRET", "--set"; NULL
 * where it is not set, or the configuration was not read from anything. */
const char *config_from(const struct config *c, struct str section_dot_key);

/* One line a key, "SECTION.KEY = value   # origin", secrets masked; or a JSON array of objects. */
void config_print(const struct config *c, FILE *out, bool json);

/* The table of keys: names, defaults, what they mean. */
void config_help(FILE *out);

/* "local", "direct", "off", as [WAREHOUSE] ENGINE, [LOAD] STRATEGY and [LOAD] COMPACT name them. */
const char *config_engine_name(enum config_engine engine);
const char *config_strategy_name(enum config_strategy s);
const char *config_compact_name(enum config_compact how);

/* The reverse of the last two; false where the name is unknown. */
bool config_strategy_parse(struct str name, enum config_strategy *out);
bool config_compact_parse(struct str name, enum config_compact *out);

/* Something a person should know about a configuration that is otherwise fine (a file with secrets
 * that other users can read), or NULL. */
const char *config_warning(const struct config *c);

/* Absolute path of `path`, relative ones taken from the folder of the file. Lives in a. */
const char *config_path(const struct config *c, struct arena *a, const char *path);

#endif
