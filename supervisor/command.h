/*
 * command.h - the commands of dwh: one table of names, options and help, from which the usage text
 * prints.
 */
#ifndef SUPERVISOR_COMMAND_H
#define SUPERVISOR_COMMAND_H

#include <stdio.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/msg.h"

enum option {
	OPT_WORKERS = 1, /* -w N */
	OPT_FRESH = 2,
	OPT_JSON = 4,
	OPT_DATA = 8, /* --out, --scale, --seed, --objects-per-file, --bad */
	OPT_CSV = 16,
	OPT_VALIDATE = 32,
	OPT_CHANGED = 64,
	OPT_TAKE_OVER = 128,
	OPT_RERUN = 256, /* --only, --from */
	OPT_ALL = 512,
	OPT_LIST = 1024,
	OPT_UNVERIFIED = 2048,
	OPT_BENCH = 4096,      /* --strategy ... --svg; --workers is a list */
	OPT_HTML = 8192,       /* --html FILE */
	OPT_CLUSTER = 16384,   /* --adopt, --dry-run, --max-hours, --ingress */
	OPT_EPHEMERAL = 32768, /* --ephemeral, and the last two */
};

/* A command line, understood. */
struct call {
	const struct command *command;
	struct arena *arena; /* as long as the process */
	struct config config;
	const char *program; /* as it was called */
	const char *file;    /* -c */
	struct config_set *sets;
	size_t n_sets;
	struct msg_strs set_texts; /* the same, for the workers */
	uint64_t given;            /* bits of rows of the table of options */
	bool fresh, json, csv, help, validate, take_over, all, list, allow_unverified;
	bool adopt, dry_run, ephemeral;
	const char *max_hours, *ingress;
	const char *only, *from, *html;
	const char *workers, *strategy, *compact, *runs, *warmup, *latency, *database, *svg;
	const char *out, *scale, *seed, *objects_per_file, *bad;
	int argc; /* what is left */
	char **argv;
};

struct command {
	const char *name, *args, *help;
	unsigned options;             /* enum option; -c, --set, -q, -h are everybody's */
	bool needs_config;            /* loaded before run is called */
	bool makes_cluster;           /* and so does not look for one (shared/cluster_found.h) */
	bool raw;                     /* everything behind the name is the command's own: psql */
	const char *raw_behind;       /* the same behind this word, its first: local psql */
	bool own_help;                /* and --help, too */
	bool hidden;                  /* for processes, not for people */
	int (*run)(struct call *c);   /* returns the exit status */
	void (*more_help)(FILE *out); /* behind the options; may be NULL */
};

/* The table; ends with a NULL name. Defined in main.c, which alone knows every room. */
extern const struct command commands[];

/* Understands argv. False: *status is the exit status (usage was printed, or an error said). */
bool command_parse(int argc, char **argv, struct call *out, int *status);

/* The command of that name; NULL was logged, with the nearest. */
const struct command *command_find(const char *name);

/* c NULL: the list of all. */
void command_usage(const struct command *c, FILE *out);

/*
 * stdout is the result: one that could not be written is no success. Returns the exit status; a
 * reader that has seen enough is no failure.
 */
int command_finish(int status);

#endif
