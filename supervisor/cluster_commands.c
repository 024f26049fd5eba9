/* cluster_commands.c - see cluster_commands.h. */
#include "supervisor/cluster_commands.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/cluster_found.h"
#include "shared/log.h"
#include "supervisor/cluster_reap.h"
#include "supervisor/cluster_record.h"
#include "supervisor/ephemeral.h"
#include "supervisor/exitcode.h"
#include "supervisor/table.h"

enum { LEFT_EXIT = 9, UNSEEN_EXIT = 4, HOURS_MAX = 24 * 366 };

/* ---- signals: a walk ends between two requests, or two looks ---- */

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled = sig;
}

static volatile sig_atomic_t only_of; /* a process, while it lives; 0: anybody */

/* What a whole group is sent, as by systemd, our parent has got, too: it decides. */
static void on_signal_of(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_pid == only_of || getppid() != only_of)
		signalled = sig;
}

static void catch_signals(bool removes)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction act = {.sa_handler = on_signal}; /* without SA_RESTART: waits end */
	struct sigaction was;
	sigset_t set;

	only_of = removes && ephemeral_within() && !ephemeral_is_gone() ? getppid() : 0;
	if (only_of)
		act = (struct sigaction){.sa_sigaction = on_signal_of, .sa_flags = SA_SIGINFO};
	sigemptyset(&set);
	/* What was ignored before, as by nohup, stays so. */
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (sigaction(all[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			sigaction(all[i], &act, NULL);
		sigaddset(&set, all[i]);
	}
	/* They have been blocked since before we were: ephemeral.c. */
	if (removes && ephemeral_within())
		sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static bool tick(void *ctx, struct err *e)
{
	(void)ctx;
	return !signalled ||
	       err_set(e, ERR_CANCELLED, AT_INTERNAL, NULL, "stopped by signal %d", (int)signalled);
}

/* ---- what they share ---- */

const char *cluster_command(struct call *c, const char *what)
{
	struct str words;
	struct buf b;

	buf_init(&b, 64 << 10);
	buf_word(&b, str_z(c->program));
	if (c->file) {
		buf_z(&b, " -c ");
		buf_word(&b, str_z(c->file));
	}
	for (size_t i = 0; i < c->n_sets; i++) {
		buf_z(&b, " --set ");
		buf_word(&b, str_z(arena_printf(c->arena, "%.*s=%.*s", STRF(c->sets[i].key),
		                 STRF(c->sets[i].value))));
	}
	buf_printf(&b, " cluster %s", what);
	words = arena_str(c->arena, buf_view(&b));
	buf_free(&b);
	return words.p;
}

bool cluster_max_hours(const struct call *c, int64_t fallback, int64_t *hours, struct err *e)
{
	*hours = fallback;
	if (!c->max_hours)
		return true;
	return (str_to_i64(str_z(c->max_hours), hours) && *hours >= 1 && *hours <= HOURS_MAX) ||
	       err_set(e, ERR_SETUP, AT_USAGE, NULL, "--max-hours is \"%.40s\", must be 1 to %d",
	           c->max_hours, HOURS_MAX);
}

static bool options_of(
    struct call *c, enum record_mode record, struct site_options *out, struct err *e)
{
	int64_t hours;

	if (!cluster_max_hours(c, 0, &hours, e))
		return false;
	*out = (struct site_options){.config = &c->config,
	    .arena = c->arena,
	    .ingress = c->ingress,
	    .expires_ms = hours ? clock_wall_ms() + hours * 3600000 : 0,
	    .record = record,
	    .patient = record == RECORD_TRY, /* who removes */
	    .tick = tick};
	return true;
}

static int fail(const struct err *e)
{
	log_error("%s", e->msg);
	return e->kind == ERR_CANCELLED ? 128 + (int)signalled : exit_code_of(e);
}

bool cluster_is_target(struct call *c, const char *what, struct err *e)
{
	const struct config *cfg = &c->config;
	const char *from = config_from(cfg, STR("DWH.DWH_ENDPOINT"));
	bool found = from && strcmp(from, cluster_record_path(cfg, c->arena)) == 0;

	if (cfg->cluster.host || (cfg->dwh.dwh_endpoint && !found))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s makes a warehouse of its own, but %s names one: leave it empty", what,
		    cfg->cluster.host ? "[CLUSTER] HOST" : "[DWH] DWH_ENDPOINT");
	return true;
}

bool cluster_is_new(struct call *c, struct err *e)
{
	struct cluster k = {.n = 0};
	struct site_options o;
	/* It is not written to; but whoever does, has the lock: it is another's, then. */
	bool ok = options_of(c, RECORD_WRITE, &o, e) && cluster_open(&k, &o, true, e) &&
	          cluster_look(&k, e);

	for (size_t i = k.n; ok && i-- > 0;) /* what costs is named first */
		if (k.items[i].f.is != FOUND_NOTHING && (k.items[i].r->costs || k.items[i].ours))
			ok = err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "%s %s is there already, and --ephemeral would remove it at the end: "
			    "`dwh run` alone loads into it, `%s` removes it",
			    k.items[i].r->kind, k.items[i].name, cluster_command(c, "down"));
	cluster_close(&k);
	return ok;
}

/* ---- up ---- */

/* After a failure: whether what is there for a warehouse that is not up may cost money. A run
 * removes it at once, unless it was killed. */
static bool say_made(struct call *c, const struct cluster *k)
{
	bool removed = k->site.run && !ephemeral_is_gone(), any = false;

	for (size_t i = 0; k->begun && !removed && i < k->n; i++)
		any |= record_stands(k->site.record, k->items[i].r->kind, k->items[i].name);
	if (any)
		log_info("what was made stays, and may cost money: `%s` goes on, `%s` removes it",
		    cluster_command(c, "up"), cluster_command(c, "down"));
	return any && !record_is_up(k->site.record);
}

static int up(struct call *c, struct cluster *k, struct err *e)
{
	if (!cluster_up(k, c->adopt, e)) {
		int status = fail(e);

		return say_made(c, k) ? LEFT_EXIT : status;
	}
	printf("is up    %s:%lld\n", k->site.host, (long long)k->site.port);
	if (c->config.warehouse.engine != ENGINE_REDSHIFT)
		log_warn("[WAREHOUSE] ENGINE is %s: set it to redshift, then `dwh run` loads into "
		         "it; `%s` removes it",
		    config_engine_name(c->config.warehouse.engine), cluster_command(c, "down"));
	else
		log_info("`dwh run` loads into it; `%s` removes it", cluster_command(c, "down"));
	return 0;
}

/* ---- down ---- */

static int say_left(struct call *c, struct cluster *k, const struct err *e)
{
	size_t n = 0;

	log_error("%s", e->msg);
	while (cluster_left(k, n))
		n++;
	while (n-- > 0) { /* in the order in which it can be done by hand */
		const struct cluster_item *i = cluster_left(k, n);

		log_error("%s: %s %s; by hand: %s",
		    i->r->costs  ? "may still cost money"
		    : i->unknown ? "may be left"
		                 : "is left",
		    i->r->kind, i->name,
		    i->r->by_hand ? i->r->by_hand(i->site) : "see the console of AWS");
	}
	log_error("`%s` removes what is left", cluster_command(c, "down"));
	return LEFT_EXIT;
}

/* All that has a tag of ours is gone, but the record does not say so. A run is judged by its load:
 * that was warned of. */
static int unrecorded(struct call *c, const struct cluster *k)
{
	bool unread;
	const struct err *why = record_failure(k->site.record, &unread);

	if (!why || (!unread && (k->site.run || !k->unrecorded)))
		return 0;
	log_error("%s: %s; mend that, and call `%s` again", why->msg,
	    unread ? "what it alone knows, such as a bucket that has no tags yet, may be left"
	           : "it still says that the warehouse is there",
	    cluster_command(c, "down"));
	return unread ? LEFT_EXIT : exit_code_of(why);
}

/* Ended before AWS was asked for anything of it. */
static int say_untouched(struct call *c, const struct err *e)
{
	log_error("%s: nothing was removed; `%s` does it", e->msg, cluster_command(c, "down"));
	return LEFT_EXIT;
}

static int down(struct call *c, struct cluster *k, struct err *e)
{
	if (!cluster_down(k, e))
		return say_left(c, k, e);
	printf("nothing is left of %s in %.*s: AWS was asked for each of its %zu parts\n",
	    k->site.identifier, STRF(k->site.region), k->n);
	return unrecorded(c, k);
}

/* ---- wait, pause, resume ---- */

static int say_ready(struct cluster *k, bool ok, const struct err *e)
{
	if (!ok)
		return fail(e);
	printf("is up    %s:%lld\n", k->site.host, (long long)k->site.port);
	return 0;
}

static int wait_ready(struct call *c, struct cluster *k, struct err *e)
{
	(void)c;
	return say_ready(k, cluster_wait_ready(k, e), e);
}

static int resume(struct call *c, struct cluster *k, struct err *e)
{
	(void)c;
	return say_ready(k, cluster_pause(k, true, e), e);
}

static int pause_it(struct call *c, struct cluster *k, struct err *e)
{
	if (!cluster_pause(k, false, e))
		return fail(e);
	printf("is paused: its storage is still billed; `%s` starts it again\n",
	    cluster_command(c, "resume"));
	return 0;
}

/* ---- status ---- */

static const char *whose(const struct cluster_item *i)
{
	if (i->f.is == FOUND_NOTHING)
		return "";
	return i->ours ? "ours" : i->f.given ? "configured" : i->f.other ? "another's" : "foreign";
}

/* Spare ones, only where they are. */
static bool is_shown(const struct cluster_item *i)
{
	return !i->spare || i->f.is != FOUND_NOTHING;
}

static void status_json(struct cluster *k)
{
	const char *comma = "";
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_z(&b, "{\"identifier\": ");
	buf_json(&b, str_z(k->site.identifier));
	buf_z(&b, ", \"account\": ");
	buf_json(&b, str_z(k->site.account));
	buf_z(&b, ", \"region\": ");
	buf_json(&b, k->site.region);
	buf_z(&b, ", \"host\": ");
	if (k->site.host)
		buf_json(&b, str_z(k->site.host));
	else
		buf_z(&b, "null");
	buf_printf(&b, ", \"port\": %lld, \"resources\": [", (long long)k->site.port);
	for (size_t n = 0; n < k->n; n++) {
		const struct cluster_item *i = &k->items[n];

		if (!is_shown(i))
			continue;
		buf_printf(&b, "%s{\"kind\": \"%s\", \"name\": ", comma, i->r->kind);
		comma = ", ";
		buf_json(&b, str_z(i->name));
		buf_z(&b, ", \"state\": ");
		buf_json(&b, str_z(cluster_state(i)));
		buf_printf(&b, ", \"there\": %s, \"ours\": %s, \"expires\": ",
		    i->f.is == FOUND_NOTHING ? "false" : "true", i->ours ? "true" : "false");
		if (i->f.expires)
			buf_json(&b, str_z(i->f.expires));
		else
			buf_z(&b, "null");
		buf_c(&b, '}');
	}
	buf_z(&b, "]}\n");
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static int status(struct call *c, struct cluster *k, struct err *e)
{
	struct table *t;

	if (!cluster_look(k, e))
		return fail(e);
	if (c->json) {
		status_json(k);
		return 0;
	}
	printf("%s in %.*s, account %s\n\n", k->site.identifier, STRF(k->site.region),
	    k->site.account);
	t = table_new(c->arena, "resource name state whose expires");
	for (size_t i = 0; i < k->n; i++) {
		if (!is_shown(&k->items[i]))
			continue;
		table_cell(t, "%s", k->items[i].r->kind);
		table_cell(t, "%s", k->items[i].name);
		table_cell(t, "%s", cluster_state(&k->items[i]));
		table_cell(t, "%s", whose(&k->items[i]));
		table_cell(t, "%s", k->items[i].f.expires ? k->items[i].f.expires : "");
	}
	table_print(t, stdout);
	if (k->site.host)
		printf("\nat %s:%lld\n", k->site.host, (long long)k->site.port);
	return 0;
}

/* ---- reap ---- */

static void say_item(const struct reap_item *i, const char *goes, const char *stays)
{
	printf("%s  %s %s (%s), expires %s%s%s\n", goes, i->what, i->name,
	    i->state ? i->state : "there", i->expires, stays ? ", but is left: " : "",
	    stays ? stays : "");
	fflush(stdout);
}

/* One that is due by its own date; whether it goes, all that belongs to it tells, just before. */
static int reap_one(struct call *c, const struct reap_item *i, size_t *goes)
{
	struct call as = *c;
	struct cluster k = {.n = 0};
	struct site_options o;
	const char *stays;
	struct err e;
	int rc = 0;

	as.config = cluster_reap_config(&c->config, i);
	as.n_sets = 0;
	as.sets = arena_alloc(c->arena, (c->n_sets + 2) * sizeof *as.sets);
	for (size_t n = 0; n < c->n_sets; n++)
		as.sets[as.n_sets++] = c->sets[n];
	as.sets[as.n_sets++] = (struct config_set){
	    STR("DWH.CLUSTER_IDENTIFIER"), str_z(i->identifier)};
	as.sets[as.n_sets++] = (struct config_set){
	    STR("DWH.KIND"), i->kind == KIND_SERVERLESS ? STR("serverless") : STR("cluster")};
	if (!options_of(&as, c->dry_run ? RECORD_READ : RECORD_TRY, &o, &e) ||
	    !cluster_open(&k, &o, false, &e) || !cluster_reap_is_due(&k, &stays, &e)) {
		say_item(i, "due", NULL);
		*goes += 1;
		rc = fail(&e);
		if (!c->dry_run && (e.where == AT_AWS || e.where == AT_S3))
			rc = LEFT_EXIT; /* it may be there still */
	} else if (stays) {
		say_item(i, "stays", stays);
	} else {
		say_item(i, c->dry_run ? "due" : "goes", NULL);
		*goes += 1;
		rc = c->dry_run ? 0 : down(&as, &k, &e);
	}
	cluster_close(&k);
	return rc;
}

static int reap(struct call *c, struct cluster *k, struct err *e)
{
	struct reap_found f;
	size_t goes = 0;
	int rc = 0;

	if (!cluster_reap_find(&k->site, &f, e))
		return fail(e);
	for (size_t i = 0; i < f.n && !signalled; i++) {
		int one = 0;

		if (f.items[i].due)
			one = reap_one(c, &f.items[i], &goes);
		else
			say_item(&f.items[i], "stays", f.items[i].stays);
		rc = rc ? rc : one;
	}
	if (f.left || (!f.all && !rc))
		rc = f.left ? LEFT_EXIT : UNSEEN_EXIT;
	if (signalled && !rc)
		rc = 128 + (int)signalled;
	if (goes == 0 && !signalled)
		printf("%sno cluster of dwh in %.*s has outlived its time\n",
		    f.all ? "" : "of what could be looked at, ", STRF(k->site.region));
	return rc;
}

/* ---- the command ---- */

static const struct verb {
	const char *name;
	bool makes;
	enum record_mode record;
	unsigned takes; /* 1: --adopt, 2: --max-hours and --ingress, 4: --dry-run, 8: --json */
	int (*run)(struct call *c, struct cluster *k, struct err *e);
	const char *help;
} verbs[] = {
    {"up", true, RECORD_WRITE, 3, up,
        "makes what is missing, after it has said what that costs; waits; proves it"},
    {"status", false, RECORD_READ, 8, status, "what is there, and whose; changes nothing"},
    {"wait", false, RECORD_WRITE, 0, wait_ready, "until it can be used"},
    {"pause", false, RECORD_WRITE, 0, pause_it,
        "stops the cluster: only its storage is billed then"},
    {"resume", false, RECORD_WRITE, 0, resume, "starts it again"},
    {"down", false, RECORD_TRY, 0, down,
        "removes what dwh made, all of it, and asks whether it is gone"},
    {"reap", false, RECORD_READ, 4, reap,
        "removes the clusters of dwh in this region that have outlived --max-hours"},
};

void cluster_help(FILE *out)
{
	fprintf(out, "\n");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	fprintf(out,
	    "\nWhat it is made of stands in [DWH], [IAM_ROLE] and [S3]. Everything is tagged; "
	    "what\n"
	    "is not tagged as ours is neither used (but with --adopt) nor removed. Each step is\n"
	    "written to [LOCAL] DIR/cluster before and after: any command may be called again.\n"
	    "It ends with 9 where something is left that may cost money: down could not remove\n"
	    "it, or up made it, and has failed. Where nothing was made, or all of it is gone, the\n"
	    "exit code is that of the cause.\n");
}

static bool takes_options(const struct call *c, const struct verb *v)
{
	const struct {
		bool given;
		unsigned bit;
		const char *name;
	} rows[] = {{c->adopt, 1, "--adopt"}, {c->max_hours != NULL, 2, "--max-hours"},
	    {c->ingress != NULL, 2, "--ingress"}, {c->dry_run, 4, "--dry-run"},
	    {c->json, 8, "--json"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].given && !(v->takes & rows[i].bit)) {
			log_error("dwh cluster %s takes no %s: see `dwh cluster --help`", v->name,
			    rows[i].name);
			return false;
		}
	return true;
}

/* Results and talk go to the same place, as --ephemeral calls us. */
static bool is_all_talk(void)
{
	struct stat out, err;

	return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

static int run(struct call *c, const struct verb *v)
{
	struct cluster k = {.n = 0};
	struct site_options o;
	struct err e;
	int rc;

	catch_signals(v->run == down);
	if (options_of(c, v->record, &o, &e) &&
	    (!v->makes || cluster_is_target(c, "`dwh cluster up`", &e)) &&
	    cluster_open(&k, &o, v->makes, &e))
		rc = v->run(c, &k, &e);
	else
		rc = v->run == down && (e.kind == ERR_CANCELLED || e.where == AT_AWS)
		         ? say_untouched(c, &e)
		         : fail(&e);
	cluster_close(&k);
	/* What AWS did counts, then, not whether it could be told. */
	return v->record != RECORD_READ && is_all_talk() ? rc : command_finish(rc);
}

int cmd_cluster(struct call *c)
{
	const char *what = c->argc ? c->argv[0] : "nothing";

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(what, verbs[i].name) == 0)
			return takes_options(c, &verbs[i]) ? run(c, &verbs[i]) : 1;
	log_error("dwh cluster wants up, status, wait, pause, resume, down or reap, not %s", what);
	return 1;
}
