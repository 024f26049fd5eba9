/* commands.c - see commands.h. Each prints its result on stdout and says on stderr what went wrong.
 */
#include "supervisor/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/connect.h"
#include "shared/lane.h"
#include "shared/log.h"
#include "shared/s3.h"
#include "supervisor/data.h"
#include "supervisor/ephemeral.h"
#include "supervisor/exitcode.h"
#include "supervisor/facts.h"
#include "supervisor/html.h"
#include "supervisor/load.h"
#include "supervisor/local.h"
#include "supervisor/plan.h"
#include "supervisor/pool.h"
#include "supervisor/psql.h"
#include "supervisor/quarantine.h"
#include "supervisor/query.h"
#include "supervisor/report.h"
#include "supervisor/report_verify.h"
#include "supervisor/rerun.h"
#include "supervisor/sample.h"
#include "supervisor/status.h"
#include "supervisor/table.h"

#define VERSION "0.1"

static const char *local_folder(struct call *c)
{
	return config_path(&c->config, c->arena, c->config.local.dir);
}

/* ---- run, rerun, load, transform, create, drop, check, verify ---- */

static const struct {
	const char *name;
	unsigned what;
	bool reads_s3;
} runs[] = {
    {"run", PLAN_CREATE | PLAN_LOAD | PLAN_TRANSFORM | PLAN_CHECK | PLAN_COUNT, true},
    {"rerun", 0, true}, /* see rerun.c */
    {"load", PLAN_CREATE | PLAN_LOAD, true},
    {"transform", PLAN_CREATE | PLAN_TRANSFORM | PLAN_COUNT, false},
    {"create", PLAN_CREATE, false},
    {"drop", PLAN_DROP, false},
    {"check", PLAN_CHECK, false},
    {"verify", PLAN_VERIFY, false},
};

/* By the engine where the configuration leaves it open: the workers must know the number, too. */
static void settle_workers(struct call *c)
{
	struct config *cfg = &c->config;
	long n = cfg->load.workers;
	char *text;

	if (n == 0)
		n = cfg->warehouse.engine == ENGINE_LOCAL ? sysconf(_SC_NPROCESSORS_ONLN) : 5;
	cfg->load.workers = n < 1 ? 1 : n > POOL_MAX_WORKERS ? POOL_MAX_WORKERS : n;
	text = arena_printf(c->arena, "LOAD.WORKERS=%lld", (long long)cfg->load.workers);
	c->set_texts.v[c->set_texts.n++] = str_z(text);
}

/* The expectation holds for what the generator wrote: not where objects came or went since. Objects
 * of other sources are not its business. */
static bool is_the_sample(const struct sample *sample, const struct model *m, const struct fold *f)
{
	int64_t objects = 0;

	if (!sample || f->n_counts == 0 || facts_totals(f).quarantined)
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].kind == TASK_LIST && sample_knows(m, f->tasks[i].stem))
			objects += f->tasks[i].done.objects;
	return objects == sample->expect.objects;
}

/* Prints the report; *agree is false when the tables do not hold what they should. */
static bool report(struct call *c, const struct fold *f, const struct sample *sample,
    const struct model *m, bool asks, bool *agree, struct err *e)
{
	struct report_expect expect[SAMPLE_TABLES];
	size_t n = is_the_sample(sample, m, f) ? sample_expect(sample, m, expect) : 0;

	*agree = report_agrees(f, expect, n);
	if (c->html && !html_write(f, expect, n, c->arena, c->html, e))
		return false;
	if (c->html && !c->json && !c->csv)
		return true;
	if (c->json || c->csv) {
		if (c->json)
			report_json(f, expect, n, c->arena, stdout);
		else
			report_csv(f, stdout);
		return true;
	}
	report_print(f, expect, n, c->arena, stdout);
	if (asks && !query_run(&c->config, m, 0, NULL, QUERY_TABLE, c->arena, stdout, e))
		return false;
	report_close(f, c->arena, stdout);
	return true;
}

/* A run whose shards were asked for, and which neither the ledger knows nor a journal here. */
static bool is_known(struct call *c, const struct load_opts *o, const struct fold *f)
{
	if (!o->of || report_verify_shards(f) || journal_exists(o->dir, o->of, c->arena))
		return true;
	log_error("the ledger has no shard of %s, and no journal of it is in %s/runs: `dwh verify` "
	          "without a name looks at all",
	    o->of, o->dir);
	return false;
}

/* As the person called the program, without what holds for one command only. */
static struct msg_strs call_words(struct call *c)
{
	struct msg_strs w = {.v = arena_alloc(c->arena, (2 * c->n_sets + 5) * sizeof *w.v)};

	w.v[w.n++] = str_z(c->program);
	if (c->file) {
		w.v[w.n++] = STR("-c");
		w.v[w.n++] = str_z(c->file);
	}
	if (ephemeral_within())
		w.v[w.n++] = STR("--ephemeral");
	if (c->allow_unverified)
		w.v[w.n++] = STR("--allow-unverified");
	for (size_t i = 0; i < c->n_sets; i++) {
		bool workers = str_eqz(c->sets[i].key, "LOAD.WORKERS");

		w.v[w.n++] = workers ? STR("-w") : STR("--set");
		w.v[w.n++] = workers ? c->sets[i].value
		                     : str_z(arena_printf(c->arena, "%.*s=%.*s",
		                           STRF(c->sets[i].key), STRF(c->sets[i].value)));
	}
	return w;
}

static int do_run(struct call *c, const struct model *m, unsigned what, const struct aim *aim,
    const struct sample *sample)
{
	struct load_opts o = {.command = c->validate ? REPORT_VALIDATE : c->command->name,
	    .what = c->validate ? PLAN_LOAD | PLAN_VALIDATE : what | (c->fresh ? PLAN_FRESH : 0),
	    .sets = c->set_texts,
	    .call = call_words(c),
	    .dir = local_folder(c),
	    .aim = aim,
	    .of = what & PLAN_VERIFY && c->argc ? c->argv[0] : NULL,
	    .take_over = c->take_over,
	    .allow_unverified = c->allow_unverified};
	bool asks = strcmp(c->command->name, "run") == 0, agree;
	struct load_result r;
	struct fold f;
	struct err e;

	if (!load_run(&c->config, m, &o, &r, &e))
		return exit_saying(&e);
	ephemeral_outlive();
	if (r.untold)
		return r.exit;
	if (!journal_fold(local_folder(c), r.run, c->arena, &f, &e) ||
	    !report(c, &f, sample, m, asks && r.exit == 0, &agree, &e))
		return exit_saying(&e);
	if (r.exit == 0 && !is_known(c, &o, &f))
		return 3;
	return r.exit == 0 && !agree ? 8 : r.exit;
}

/* Redshift's queues let few statements run at once; the others wait, and hold their locks. */
static void warn_of_workers(const struct call *c)
{
	if (c->config.warehouse.engine == ENGINE_REDSHIFT && c->config.load.workers > LANES_MAX)
		log_warn(
		    "%lld workers: a queue of Redshift's has 5 slots by default, and more than "
		    "%d COPYs at once are no faster",
		    (long long)c->config.load.workers, LANES_MAX);
}

/* With the services of the local engine up, where it is that. */
static int with_services(struct call *c, int (*what)(struct call *c))
{
	struct local services = {.held = false};
	struct err e;
	int status;

	if (c->config.warehouse.engine == ENGINE_LOCAL &&
	    !local_up(&c->config, c->arena, &services, &e))
		return exit_saying(&e);
	status = command_finish(what(c));
	local_down(&services);
	return status;
}

int cmd_run(struct call *c)
{
	struct sample sample = {.known = false};
	struct local services = {.held = false};
	bool rerun = strcmp(c->command->name, "rerun") == 0;
	struct rerun re = {.what = 0};
	struct model *m;
	struct err e;
	size_t i = 0;
	int status;

	while (strcmp(runs[i].name, c->command->name) != 0)
		i++;
	if (c->validate && c->fresh) {
		log_error("--validate writes nothing: it can not be used with --fresh");
		return 1;
	}
	if (!c->ephemeral && (c->max_hours || c->ingress)) {
		log_error("--max-hours and --ingress are of the cluster that --ephemeral makes");
		return 1;
	}
	if (c->ephemeral)
		return ephemeral_run(c);
	settle_workers(c);
	warn_of_workers(c);
	if (!model_load(c->config.load.model, &c->config, c->arena, &m, &e))
		return exit_saying(&e);
	if (rerun && !rerun_plan(c, local_folder(c), m, &re, &status))
		return status;
	if (c->config.warehouse.engine == ENGINE_LOCAL) {
		if ((runs[i].reads_s3 && !sample_prepare(&c->config, m, c->arena, &sample, &e)) ||
		    !local_up(&c->config, c->arena, &services, &e))
			return exit_saying(&e);
		if (services.note)
			log_info("%s", services.note);
	}
	status = do_run(c, m, rerun ? re.what : runs[i].what, rerun ? &re.aim : NULL,
	    sample.known ? &sample : NULL);
	if (command_finish(status) != status) {
		log_info("the run itself ended well: `dwh report` prints its report");
		status = 12;
	}
	local_down(&services);
	ephemeral_say_gone(c);
	return status;
}

/* ---- query, quarantine ---- */

static enum query_format format(const struct call *c)
{
	return c->json ? QUERY_JSON : c->csv ? QUERY_CSV : QUERY_TABLE;
}

static int do_query(struct call *c)
{
	struct model *m;
	struct err e;

	if (!model_load(c->config.load.model, &c->config, c->arena, &m, &e) ||
	    !query_run(&c->config, m, c->argc, c->argv, format(c), c->arena, stdout, &e))
		return exit_saying(&e);
	return 0;
}

int cmd_query(struct call *c)
{
	struct model *m;
	struct err e;

	if (!c->list)
		return with_services(c, do_query);
	if (!model_load(c->config.load.model, &c->config, c->arena, &m, &e))
		return exit_saying(&e);
	query_list(m, format(c), c->arena, stdout);
	return command_finish(0);
}

static int do_quarantine(struct call *c)
{
	const char *what = c->argv[0];
	struct err e;
	int64_t n;

	if (strcmp(what, "list") == 0)
		return quarantine_list(c, format(c), &e) ? 0 : exit_saying(&e);
	if (!quarantine_change(c, strcmp(what, "drop") == 0, &n, &e))
		return exit_saying(&e);
	log_info("%lld object(s) %s", (long long)n,
	    strcmp(what, "drop") == 0 ? "given up" : "taken out of quarantine");
	return 0;
}

/* retry goes on as `dwh run` does, which finds them among what is new. */
int cmd_quarantine(struct call *c)
{
	static const char *const known[] = {"list", "retry", "drop"};
	const char *what = c->argc ? c->argv[0] : "nothing";
	int status;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(what, known[i]) != 0)
			continue;
		status = with_services(c, do_quarantine);
		if (status || strcmp(what, "retry") != 0)
			return status;
		c->command = command_find("run");
		return cmd_run(c);
	}
	log_error("dwh quarantine wants list, retry or drop, not %s", what);
	return 1;
}

/* ---- plan ---- */

/* What the last run's listing found: nothing is asked now. */
static void plan_shards(const struct fold *f, struct str stem, struct arena *a)
{
	int64_t shards = 0, objects = 0, bytes = 0, listed = 0, seen = 0;

	for (size_t i = 0; f && i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (!str_eq(t->stem, stem))
			continue;
		shards += t->kind == TASK_COPY;
		objects += t->kind == TASK_COPY ? t->objects : 0;
		bytes += t->kind == TASK_COPY ? t->bytes : 0;
		seen += t->kind == TASK_LIST ? t->done.objects : 0;
		listed += t->kind == TASK_LIST && t->state == TASK_DONE;
	}
	if (listed)
		printf(
		    "    run %.*s listed %lld objects and cut %lld new shards (%lld objects, %s)\n",
		    STRF(f->run.run), (long long)seen, (long long)shards, (long long)objects,
		    table_bytes(a, bytes));
	else
		printf("    not listed yet\n");
}

static void plan_steps(const struct model *m, const struct sqlfile **order, size_t n)
{
	size_t n_checks;
	const struct sqlfile *checks = model_phase(m, SQL_CHECK, &n_checks);

	printf("\nSteps, in order; those whose needs are done run side by side\n");
	for (size_t i = 0; i < n; i++) {
		printf("  insert %.*s", STRF(order[i]->stem));
		for (size_t k = 0; k < order[i]->n_depends; k++)
			printf("%s%.*s", k ? ", " : "  after ", STRF(order[i]->depends[k]));
		printf("\n");
	}
	for (size_t i = 0; i < n_checks; i++)
		printf(
		    "  check %.*s%s\n", STRF(checks[i].stem), checks[i].warn ? " (a warning)" : "");
}

int cmd_plan(struct call *c)
{
	const struct sqlfile **order, *f;
	struct fold last;
	struct model *m;
	struct err e, none;
	size_t n, n_sources;
	bool known;

	settle_workers(c);
	if (!model_load(c->config.load.model, &c->config, c->arena, &m, &e) ||
	    !model_order(m, c->arena, &order, &n, &e))
		return exit_saying(&e);
	known = journal_fold(local_folder(c), NULL, c->arena, &last, &none);
	f = model_phase(m, SQL_COPY, &n_sources);
	printf("Model %s, %lld workers, strategy %s%s\n\nSources\n", m->names,
	    (long long)c->config.load.workers, config_strategy_name(c->config.load.strategy),
	    c->config.load.strategy == STRATEGY_MERGED
	        ? " (one shard of what is new, one COPY, a source)"
	        : "");
	for (size_t i = 0; i < n_sources; i++) {
		printf("  %.*s  from %s ([S3] %.*s)\n", STRF(f[i].stem),
		    config_s3(&c->config, f[i].source), STRF(f[i].source));
		plan_shards(known ? &last : NULL, f[i].stem, c->arena);
	}
	plan_steps(m, order, n);
	return command_finish(0);
}

/* ---- the small ones ---- */

/* What the run's tables should hold, if it is known still: of the same model, on this machine. */
static bool find_sample(
    struct call *c, const struct fold *f, struct sample *sample, struct model **m)
{
	struct err ignored;

	*sample = (struct sample){.known = false};
	if (c->config.warehouse.engine == ENGINE_LOCAL && str_eqz(f->run.engine, "local") &&
	    str_eqz(f->run.model, c->config.load.model) &&
	    model_load(c->config.load.model, &c->config, c->arena, m, &ignored))
		sample_find(&c->config, *m, c->arena, sample);
	return sample->known;
}

int cmd_report(struct call *c)
{
	struct sample sample;
	struct model *m = NULL;
	struct fold f;
	struct err e;
	bool agree, known;

	if (!journal_fold(local_folder(c), c->argc ? c->argv[0] : NULL, c->arena, &f, &e))
		return exit_saying(&e);
	known = c->html && find_sample(c, &f, &sample, &m);
	if (!report(c, &f, known ? &sample : NULL, m, false, &agree, &e))
		return exit_saying(&e);
	return command_finish(0);
}

/* What the newest run is doing, read from its journal: from another shell, too. */
int cmd_status(struct call *c)
{
	struct fold f;
	struct err e;

	if (!journal_fold(local_folder(c), c->argc ? c->argv[0] : NULL, c->arena, &f, &e))
		return exit_saying(&e);
	(c->json ? status_json : status_print)(&f, c->arena, stdout);
	return command_finish(0);
}

int cmd_config(struct call *c)
{
	config_print(&c->config, stdout, c->json);
	return command_finish(0);
}

int cmd_psql(struct call *c)
{
	return psql_main(&c->config, c->argc, c->argv);
}

static bool number(const char *option, const char *text, int64_t fallback, int64_t *out)
{
	*out = fallback;
	if (!text || (str_to_i64(str_z(text), out) && *out >= 0))
		return true;
	log_error("%s wants a whole number, not %s", option, text);
	return false;
}

int cmd_data(struct call *c)
{
	struct data_opts o = {.dir = c->out};
	struct data_expect x;
	struct err e;

	if (!c->out) {
		log_error("dwh data wants --out DIR");
		return 1;
	}
	if (!number("--scale", c->scale, 1, &o.scale) || !number("--seed", c->seed, 1, &o.seed) ||
	    !number("--objects-per-file", c->objects_per_file, 0, &o.objects_per_file))
		return 1;
	if (c->bad && !data_bad_kinds(c->bad, &o.bad, &e))
		return exit_saying(&e);
	if (!data_generate(&o, &x, &e))
		return exit_saying(&e);
	sample_print(&x, c->json, c->arena, stdout);
	return command_finish(0);
}

int cmd_states(struct call *c)
{
	(void)c;
	task_states_print(stdout);
	return command_finish(0);
}

int cmd_help(struct call *c)
{
	const struct command *about = c->argc ? command_find(c->argv[0]) : NULL;

	if (c->argc && !about)
		return 1;
	command_usage(about, stdout);
	return command_finish(0);
}

int cmd_version(struct call *c)
{
	(void)c;
	printf("dwh " VERSION "\n");
	return command_finish(0);
}
