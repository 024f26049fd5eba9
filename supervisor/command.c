/* command.c - see command.h. */
#include "supervisor/command.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/cluster_found.h"
#include "shared/log.h"
#include "supervisor/exitcode.h"

static const struct option_row {
	const char *shortname, *name, *arg;
	unsigned bit; /* 0: everybody's */
	const char *help;
} options[] = {
    {"-c", "--config", "FILE", 0, "configuration (default: dwh.cfg here, else built-in defaults)"},
    {"", "--set", "SECTION.KEY=VALUE", 0, "one key, over file and environment; may be repeated"},
    {"-q", "--quiet", NULL, 0, "only errors on stderr"},
    {"-h", "--help", NULL, 0, "this text"},
    {"-w", "--workers", "N", OPT_WORKERS, "worker processes ([LOAD] WORKERS)"},
    {"", "--fresh", NULL, OPT_FRESH, "drop what dwh made, and load all again"},
    {"", "--validate", NULL, OPT_VALIDATE, "read all objects, say what is bad, write nothing"},
    {"", "--changed", "fail|skip|reload", OPT_CHANGED,
        "objects that changed after they were loaded ([LOAD] CHANGED)"},
    {"", "--only", "TABLE|SHARD|PREFIX", OPT_RERUN,
        "one table, one shard by its id, or the keys under an s3:// address"},
    {"", "--from", "TABLE", OPT_RERUN, "fill this table again, and those that depend on it"},
    {"", "--allow-unverified", NULL, OPT_UNVERIFIED,
        "where evidence is missing, but nothing speaks against a shard, it is no failure"},
    {"", "--take-over", NULL, OPT_TAKE_OVER, "from a run that is alive elsewhere, ending it"},
    {"", "--strategy", "NAME[,NAME]", OPT_BENCH, "direct, sharded, merged ([LOAD] STRATEGY)"},
    {"", "--compact", "HOW[,HOW]", OPT_BENCH, "redshift: on, off, auto ([LOAD] COMPACT)"},
    {"", "--runs", "N", OPT_BENCH, "so many loads of each that count (3)"},
    {"", "--warmup", "N", OPT_BENCH, "and so many before them that do not (1)"},
    {"", "--latency", "TIME", OPT_BENCH,
        "local: S3 waits so long before each answer, such as 30ms"},
    {"", "--database", "NAME", OPT_BENCH, "postgres, redshift: an empty one, for this alone"},
    {"", "--svg", "FILE", OPT_BENCH, "writes a plot of time against workers, too"},
    {"", "--adopt", NULL, OPT_CLUSTER,
        "up: use what is there under our names, and never remove it"},
    {"", "--dry-run", NULL, OPT_CLUSTER, "reap: only say what would be removed"},
    {"", "--max-hours", "N", OPT_CLUSTER | OPT_EPHEMERAL,
        "a new cluster may be reaped after so many hours"},
    {"", "--ingress", "CIDR", OPT_CLUSTER | OPT_EPHEMERAL,
        "who may connect ([DWH] INGRESS); default: your own address alone"},
    {"", "--ephemeral", NULL, OPT_EPHEMERAL,
        "makes the cluster first, answers the queries, and removes it, whatever the end is"},
    {"", "--all", NULL, OPT_ALL, "every object in quarantine"},
    {"", "--list", NULL, OPT_LIST, "only the names of the queries, and what they tell"},
    {"", "--json", NULL, OPT_JSON, "the result as JSON"},
    {"", "--csv", NULL, OPT_CSV, "the result as CSV"},
    {"", "--html", "FILE", OPT_HTML,
        "a page with charts, into FILE (-: stdout); with --json or --csv both"},
    {"", "--out", "DIR", OPT_DATA, "where to write the data set"},
    {"", "--scale", "N", OPT_DATA, "so many times the original's size (1)"},
    {"", "--seed", "S", OPT_DATA, "another one, of the same shape (1)"},
    {"", "--objects-per-file", "N", OPT_DATA, "JSON objects a file (a song; a day's events)"},
    {"", "--bad", "KIND[,KIND]", OPT_DATA, "bad records of these kinds, or all, beside the good"},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void print_options(unsigned bits, FILE *out)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option_row *o = &options[i];
		char left[64];

		if (o->bit && !(o->bit & bits))
			continue;
		snprintf(left, sizeof left, "%s%s%s%s%s", o->shortname,
		    o->shortname[0] ? ", " : "    ", o->name, o->arg ? " " : "",
		    o->arg ? o->arg : "");
		fprintf(out, "  %-31s %s\n", left, o->help);
	}
}

void command_usage(const struct command *c, FILE *out)
{
	if (c) {
		fprintf(out, "usage: dwh %s%s%s%s\n\n%s\n\n", c->raw ? "[-c FILE] " : "", c->name,
		    c->args[0] ? " " : "", c->args, c->help);
		if (!c->raw)
			print_options(c->options, out);
		if (c->more_help)
			c->more_help(out);
		return;
	}
	fprintf(out,
	    "usage: dwh COMMAND [OPTIONS]\n\n"
	    "Loads JSON objects from S3 into a star schema, in parallel, exactly once.\n\n");
	for (c = commands; c->name; c++)
		if (!c->hidden)
			fprintf(out, "  %-11s %s\n", c->name, c->help);
	fprintf(out, "\n`dwh COMMAND --help` shows the options of one.\n");
}

static void say_unknown(const char *what, const char *given, const char *nearest, size_t distance)
{
	if (nearest && distance <= 2)
		log_error("unknown %s %s: did you mean %s?", what, given, nearest);
	else
		log_error("unknown %s %s: see `dwh --help`", what, given);
}

const struct command *command_find(const char *name)
{
	const char *nearest = NULL;
	size_t least = 99;

	for (const struct command *c = commands; c->name; c++) {
		size_t d = str_distance(str_z(name), str_z(c->name));

		if (strcmp(c->name, name) == 0)
			return c;
		if (!c->hidden && d < least) {
			least = d;
			nearest = c->name;
		}
	}
	say_unknown("command", name, nearest, least);
	return NULL;
}

static bool unknown_option(const struct call *c, const char *given)
{
	/* Its name alone: the value may be a secret. */
	const char *name = arena_cstr(c->arena, (struct str){given, str_find(str_z(given), '=')});
	const char *nearest = NULL;
	size_t least = 99;

	for (size_t i = 0; i < COUNT(options); i++) {
		size_t d = str_distance(str_z(name), str_z(options[i].name));

		if (c->command && options[i].bit && !(options[i].bit & c->command->options))
			continue;
		if (d < least) {
			least = d;
			nearest = options[i].name;
		}
	}
	say_unknown("option", name, nearest, least);
	return false;
}

static bool add_set(struct call *c, const char *text)
{
	struct str s = str_z(text);
	size_t eq = str_find(s, '=');

	if (eq == s.n || eq == 0) {
		log_error("--set wants SECTION.KEY=VALUE, not %s", text);
		return false;
	}
	c->sets[c->n_sets++] = (struct config_set){{s.p, eq}, str_from(s, eq + 1)};
	c->set_texts.v[c->set_texts.n++] = s;
	return true;
}

static bool apply(struct call *c, const struct option_row *o, const char *value)
{
	if (strcmp(o->name, "--config") == 0)
		c->file = value;
	else if (strcmp(o->name, "--set") == 0)
		return add_set(c, value);
	else if (strcmp(o->name, "--workers") == 0)
		return (c->workers = value) &&
		       add_set(c, arena_printf(c->arena, "LOAD.WORKERS=%s", value));
	else if (strcmp(o->name, "--changed") == 0)
		return add_set(c, arena_printf(c->arena, "LOAD.CHANGED=%s", value));
	else if (strcmp(o->name, "--strategy") == 0)
		c->strategy = value;
	else if (strcmp(o->name, "--compact") == 0)
		c->compact = value;
	else if (strcmp(o->name, "--runs") == 0)
		c->runs = value;
	else if (strcmp(o->name, "--warmup") == 0)
		c->warmup = value;
	else if (strcmp(o->name, "--latency") == 0)
		c->latency = value;
	else if (strcmp(o->name, "--database") == 0)
		c->database = value;
	else if (strcmp(o->name, "--svg") == 0)
		c->svg = value;
	else if (strcmp(o->name, "--adopt") == 0)
		c->adopt = true;
	else if (strcmp(o->name, "--dry-run") == 0)
		c->dry_run = true;
	else if (strcmp(o->name, "--max-hours") == 0)
		c->max_hours = value;
	else if (strcmp(o->name, "--ingress") == 0)
		c->ingress = value;
	else if (strcmp(o->name, "--ephemeral") == 0)
		c->ephemeral = true;
	else if (strcmp(o->name, "--only") == 0)
		c->only = value;
	else if (strcmp(o->name, "--from") == 0)
		c->from = value;
	else if (strcmp(o->name, "--all") == 0)
		c->all = true;
	else if (strcmp(o->name, "--allow-unverified") == 0)
		c->allow_unverified = true;
	else if (strcmp(o->name, "--take-over") == 0)
		c->take_over = true;
	else if (strcmp(o->name, "--quiet") == 0)
		log_quiet(1);
	else if (strcmp(o->name, "--help") == 0)
		c->help = true;
	else if (strcmp(o->name, "--fresh") == 0)
		c->fresh = true;
	else if (strcmp(o->name, "--validate") == 0)
		c->validate = true;
	else if (strcmp(o->name, "--list") == 0)
		c->list = true;
	else if (strcmp(o->name, "--json") == 0)
		c->json = true;
	else if (strcmp(o->name, "--csv") == 0)
		c->csv = true;
	else if (strcmp(o->name, "--html") == 0)
		c->html = value;
	else if (strcmp(o->name, "--out") == 0)
		c->out = value;
	else if (strcmp(o->name, "--scale") == 0)
		c->scale = value;
	else if (strcmp(o->name, "--seed") == 0)
		c->seed = value;
	else if (strcmp(o->name, "--objects-per-file") == 0)
		c->objects_per_file = value;
	else if (strcmp(o->name, "--bad") == 0)
		c->bad = value;
	return true;
}

/* argv[*i] is an option: itself, and its value in the next argument or behind "=" (-w4, too). */
static bool take_option(struct call *c, char **argv, int argc, int *i)
{
	const char *given = argv[*i], *value = NULL;
	const struct option_row *hit = NULL;

	for (size_t k = 0; k < COUNT(options) && !hit; k++) {
		const struct option_row *o = &options[k];
		size_t n = strlen(o->name);

		if (strncmp(given, o->name, n) == 0 &&
		    (given[n] == '\0' || (given[n] == '=' && o->arg))) {
			hit = o;
			value = given[n] ? given + n + 1 : NULL;
		} else if (o->shortname[0] && strncmp(given, o->shortname, 2) == 0 &&
		           (given[2] == '\0' || o->arg)) {
			hit = o;
			value = given[2] ? given + 2 : NULL;
		}
	}
	if (!hit)
		return unknown_option(c, given);
	if (hit->arg && !value) {
		if (++*i >= argc) {
			log_error("%s wants %s", given, hit->arg);
			return false;
		}
		value = argv[*i];
	}
	c->given |= UINT64_C(1) << (hit - options);
	return apply(c, hit, value);
}

/* Options may stand before the command, so which it takes is asked when all are read. */
static bool all_apply(const struct call *c)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (c->given >> i & 1 && options[i].bit &&
		    !(options[i].bit & c->command->options)) {
			log_error("dwh %s takes no %s: see `dwh %s --help`", c->command->name,
			    options[i].name, c->command->name);
			return false;
		}
	return true;
}

static bool asks_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* "[RUN]" is one, "[NAME...]" any number. */
static int most_words(const struct command *c)
{
	return strstr(c->args, "...") ? INT_MAX : c->args[0] != '\0';
}

/* From here on all is the command's own. */
static void take_rest(struct call *c, char **argv, int argc, int *i)
{
	for (; *i < argc; ++*i) {
		c->help |= !c->command->own_help && asks_help(argv[*i]);
		c->argv[c->argc++] = argv[*i];
	}
}

static bool parse(int argc, char **argv, struct call *c)
{
	bool literal = false;

	c->argv = arena_alloc(c->arena, ((size_t)argc + 1) * sizeof *c->argv);
	for (int i = 1; i < argc; i++) {
		if (!literal && strcmp(argv[i], "--") == 0) {
			literal = true;
		} else if (!literal && argv[i][0] == '-' && argv[i][1]) {
			if (!c->command && strcmp(argv[i], "--version") == 0)
				argv[i--] += 2; /* the command of that name */
			else if (!take_option(c, argv, argc, &i))
				return false;
		} else if (!c->command) {
			c->command = command_find(argv[i]);
			if (!c->command)
				return false;
			if (c->command->raw)
				take_rest(c, argv, argc, &i);
		} else if (c->argc == 0 && c->command->raw_behind &&
		           strcmp(argv[i], c->command->raw_behind) == 0) {
			take_rest(c, argv, argc, &i);
		} else {
			c->argv[c->argc++] = argv[i];
		}
	}
	if (c->command && !c->help && !all_apply(c))
		return false;
	if (c->command && !c->command->raw && c->argc > most_words(c->command)) {
		log_error("dwh %s takes no %s: see `dwh %s --help`", c->command->name,
		    c->argv[most_words(c->command)], c->command->name);
		return false;
	}
	return true;
}

/* Whether nobody reads our output any more: `dwh report | head`. */
static bool reader_left(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && p.revents & POLLERR;
}

int command_finish(int status)
{
	struct err e;

	if (fflush(stdout) != EOF && !ferror(stdout))
		return status;
	if (reader_left())
		return status;
	if (errno == EBADF)
		err_set(
		    &e, ERR_SETUP, AT_INTERNAL, NULL, "cannot write the result: stdout is closed");
	else
		err_errno(&e, ERR_SETUP, AT_INTERNAL, "cannot write the result");
	log_error("%s", e.msg);
	return status ? status : exit_code_of(&e);
}

/* Where numbers of workers are compared, none of them is the configuration's. */
static void drop_workers(struct call *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_sets; i++) {
		if (str_ieq(c->sets[i].key, STR("LOAD.WORKERS")))
			continue;
		c->sets[n] = c->sets[i];
		c->set_texts.v[n++] = c->set_texts.v[i];
	}
	c->n_sets = c->set_texts.n = n;
}

bool command_parse(int argc, char **argv, struct call *out, int *status)
{
	struct err e;

	*out = (struct call){.arena = arena_new()};
	out->program = arena_strz(out->arena, argc ? argv[0] : "dwh");
	out->sets = arena_alloc(out->arena, ((size_t)argc + 2) * sizeof *out->sets);
	out->set_texts.v = arena_alloc(out->arena, ((size_t)argc + 2) * sizeof *out->set_texts.v);
	*status = 1;
	if (!parse(argc, argv, out))
		return false;
	if (out->help || !out->command) {
		*status = out->help ? 0 : 1;
		command_usage(out->command, out->help ? stdout : stderr);
		*status = command_finish(*status);
		return false;
	}
	if (out->command->options & OPT_BENCH)
		drop_workers(out);
	if (!out->command->needs_config)
		return true;
	if (!config_load(out->file, out->sets, out->n_sets, out->arena, &out->config, &e)) {
		log_error("%s", e.msg);
		*status = exit_code_of(&e);
		return false;
	}
	if (!out->command->makes_cluster && !cluster_found(&out->config, out->arena, &e)) {
		log_error("%s", e.msg);
		*status = exit_code_of(&e);
		return false;
	}
	if (config_warning(&out->config))
		log_warn("%s", config_warning(&out->config));
	return true;
}
