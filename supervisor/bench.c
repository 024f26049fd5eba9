/*
 * bench.c - `dwh bench`; see bench.h.
 *
 *   options -> combinations -> a place of its own -> rounds of runs -> tables, JSON, plot
 *
 * All that can be refused is refused before anything starts. The first run that loads other than
 * the ones before it ends the benchmark: there is nothing to compare then.
 */
#include "supervisor/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/connect.h"
#include "shared/file.h"
#include "shared/log.h"
#include "supervisor/bench_place.h"
#include "supervisor/bench_print.h"
#include "supervisor/bench_run.h"
#include "supervisor/bench_stats.h"
#include "supervisor/exitcode.h"
#include "supervisor/pool.h"

enum { LIST_MOST = 16, RUNS_MOST = 1000, SVG_MAX = 4 << 20 };

#define LATENCY_MOST_MS 60000

/* ---- what is asked for ---- */

/* What the lists say, in their order; of strategies and compacts as numbers. */
struct list {
	int64_t v[LIST_MOST];
	size_t n;
};

static bool bad(const char *option, struct str word, const char *wanted, struct err *e)
{
	return err_set(
	    e, ERR_SETUP, AT_USAGE, NULL, "%s: \"%.*s\" is not %s", option, STRF(word), wanted);
}

static bool parse_workers(struct str word, int64_t *out)
{
	return str_to_i64(word, out) && *out >= 1 && *out <= POOL_MAX_WORKERS;
}

static bool parse_strategy(struct str word, int64_t *out)
{
	enum config_strategy s;
	bool ok = config_strategy_parse(word, &s);

	*out = s;
	return ok;
}

static bool parse_compact(struct str word, int64_t *out)
{
	enum config_compact how;
	bool ok = config_compact_parse(word, &how);

	*out = how;
	return ok;
}

/* "A,B,C"; text NULL: what stands in *out already. Each once: twice would be compared with itself.
 */
static bool take_list(const char *option, const char *text,
    bool (*parse)(struct str word, int64_t *out), const char *wanted, struct list *out,
    struct err *e)
{
	struct str left = str_z(text);

	if (!text)
		return true;
	out->n = 0;
	for (bool more = true; more;) {
		size_t end = str_find(left, ',');
		struct str word = str_trim((struct str){left.p, end});
		int64_t v;

		if (!parse(word, &v))
			return bad(option, word, wanted, e);
		for (size_t i = 0; i < out->n; i++)
			if (out->v[i] == v)
				return err_set(e, ERR_SETUP, AT_USAGE, NULL, "%s names %.*s twice",
				    option, STRF(word));
		if (out->n == LIST_MOST)
			return err_set(e, ERR_SETUP, AT_USAGE, NULL, "%s compares at most %d",
			    option, LIST_MOST);
		out->v[out->n++] = v;
		more = end < left.n;
		left = str_from(left, end + 1);
	}
	return true;
}

static bool take_number(
    const char *option, const char *text, int64_t least, int64_t *out, struct err *e)
{
	if (!text || (str_to_i64(str_z(text), out) && *out >= least && *out <= RUNS_MOST))
		return true;
	return bad(
	    option, str_z(text), least ? "a number from 1 to 1000" : "a number from 0 to 1000", e);
}

/* "30ms", "1s"; as s3d takes it. */
static bool take_latency(const char *text, int64_t *ms, struct err *e)
{
	struct str s = str_z(text);
	bool in_ms = str_ends(s, STR("ms"));
	int64_t unit = in_ms ? 1 : 1000;

	if (!text)
		return true;
	if (s.n)
		s.n -= in_ms ? 2 : 1;
	if ((in_ms || str_ends(str_z(text), STR("s"))) && str_to_i64(s, ms) && *ms >= 0 &&
	    *ms <= LATENCY_MOST_MS / unit) {
		*ms *= unit;
		return true;
	}
	return bad("--latency", str_z(text), "a time like 30ms or 1s, at most a minute", e);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Strategy by strategy, as they are named; workers ascending, whatever their order. */
static void combine(struct bench *b, const struct list *strategies, const struct list *compacts,
    struct list *workers, struct arena *a)
{
	struct bench_combo *out = arena_alloc(
	    a, strategies->n * compacts->n * workers->n * sizeof *out);

	qsort(workers->v, workers->n, sizeof workers->v[0], by_number);
	for (size_t s = 0; s < strategies->n; s++)
		for (size_t k = 0; k < compacts->n; k++)
			for (size_t w = 0; w < workers->n; w++)
				out[b->n++] = (struct bench_combo){.workers = workers->v[w],
				    .strategy = (enum config_strategy)strategies->v[s],
				    .compact = (enum config_compact)compacts->v[k]};
	b->combos = out;
}

/* What this engine cannot do, or has no place for. */
static bool is_possible(const struct call *c, const struct bench *b, struct err *e)
{
	const char *engine = config_engine_name(c->config.warehouse.engine);
	bool local = c->config.warehouse.engine == ENGINE_LOCAL;

	if (c->compact && !b->compacts)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--compact: the engine %s joins no small objects, only redshift does", engine);
	if ((c->strategy || c->compact) && connect_by_prefix(&c->config))
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--%s: with [S3] MANIFESTS = none every prefix is loaded as a whole, in one "
		    "way",
		    c->strategy ? "strategy" : "compact");
	if (c->latency && !local)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--latency: on the engine %s the S3 server is not ours, so its answers come "
		    "when they come",
		    engine);
	if (c->database && local)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--database: on the engine local a benchmark has a PostgreSQL of its own");
	if (!c->database && !local)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "a benchmark drops what it loads: make an empty database for it alone (CREATE "
		    "DATABASE dwh_bench), and name it with --database");
	return true;
}

/* Now, not after half an hour. */
static bool is_writable(const char *file, struct arena *a, struct err *e)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	const char *folder = slash ? arena_cstr(a, (struct str){file, (size_t)(slash - file) + 1})
	                           : ".";
	struct stat st;

	if (!file)
		return true;
	if (!file[0])
		return err_set(e, ERR_SETUP, AT_USAGE, NULL, "--svg needs the name of a file");
	if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return err_errno(e, ERR_SETUP, AT_USAGE, "--svg %s", file);
	}
	return access(folder, W_OK | X_OK) == 0 ||
	       err_errno(e, ERR_SETUP, AT_USAGE, "--svg %s", file);
}

static bool understand(struct call *c, struct bench *b, struct err *e)
{
	struct list workers = {{1, 2, 4}, 3};
	struct list strategies = {{c->config.load.strategy}, 1};
	struct list compacts = {{c->config.load.compact}, 1};

	*b = (struct bench){.config = &c->config,
	    .rounds = 3,
	    .warmup = 1,
	    .processors = sysconf(_SC_NPROCESSORS_ONLN),
	    .compacts = c->config.warehouse.engine == ENGINE_REDSHIFT &&
	                !connect_by_prefix(&c->config)};
	if (!take_list(
	        "--workers", c->workers, parse_workers, "a number from 1 to 64", &workers, e) ||
	    !take_list("--strategy", c->strategy, parse_strategy, "direct, sharded or merged",
	        &strategies, e) ||
	    !take_list("--compact", c->compact, parse_compact, "on, off or auto", &compacts, e) ||
	    !take_number("--runs", c->runs, 1, &b->rounds, e) ||
	    !take_number("--warmup", c->warmup, 0, &b->warmup, e) ||
	    !take_latency(c->latency, &b->latency_ms, e) || !is_possible(c, b, e) ||
	    !is_writable(c->svg, c->arena, e))
		return false;
	combine(b, &strategies, &compacts, &workers, c->arena);
	b->runs = arena_alloc(c->arena, (size_t)(b->rounds + b->warmup) * b->n * sizeof *b->runs);
	return true;
}

/* ---- the runs ---- */

static bool one_run(struct call *c, struct bench *b, struct bench_place *p, size_t combo,
    int64_t round, int *status, struct err *e)
{
	struct bench_run *r = &b->runs[b->n_runs];
	const char *name = bench_combo_name(b, &b->combos[combo], c->arena), *what;
	size_t all = (size_t)(b->rounds + b->warmup) * b->n;

	if (bench_signalled()) {
		*status = 128 + bench_signalled();
		return err_set(e, ERR_CANCELLED, AT_STATE, NULL, "interrupted");
	}
	if (!bench_place_check(p, e)) {
		*status = exit_code_of(e);
		return false;
	}
	if (!bench_load(p, &b->combos[combo], c->allow_unverified, c->arena, r, status, e))
		return err_prefix(e, "run %zu of %zu (%s)", b->n_runs + 1, all, name);
	r->combo = combo;
	r->round = round;
	b->n_runs++;
	log_info("run %zu of %zu: %s: %.3f s%s", b->n_runs, all, name, (double)r->ms / 1000,
	    round <= 0 ? ", to warm up" : "");
	what = bench_difference(&b->runs[0], r, c->arena);
	if (what)
		return err_set(e, ERR_SETUP, AT_CHECK, NULL,
		    "run %zu (%s) %s, as run 1 (%s) did: they did not load the same, so their "
		    "times "
		    "cannot be compared; did the data change meanwhile?",
		    b->n_runs, name, what,
		    bench_combo_name(b, &b->combos[b->runs[0].combo], c->arena));
	return true;
}

/* Each round all of them once. */
static bool all_runs(
    struct call *c, struct bench *b, struct bench_place *p, int *status, struct err *e)
{
	size_t *order = arena_alloc(c->arena, b->n * sizeof *order);

	for (int64_t round = 0; round < b->warmup + b->rounds; round++) {
		bench_order(b->n, round, order);
		for (size_t i = 0; i < b->n; i++)
			if (!one_run(c, b, p, order[i], round + 1 - b->warmup, status, e))
				return false;
	}
	return true;
}

/* ---- the result ---- */

static bool write_svg(struct call *c, const struct bench *b, struct err *e)
{
	struct buf svg;
	bool ok;

	buf_init(&svg, SVG_MAX);
	bench_svg(b, c->arena, &svg);
	ok = svg.over ? err_set(e, ERR_SETUP, AT_INTERNAL, NULL, "the plot is too large")
	              : file_put(c->svg, buf_view(&svg)) ||
	                    err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot write %s", c->svg);
	buf_free(&svg);
	return ok;
}

static int show(struct call *c, const struct bench *b)
{
	struct err e;
	int status = 0;

	(c->json ? bench_json : bench_print)(b, c->arena, stdout);
	if (c->svg && !write_svg(c, b, &e))
		status = exit_saying(&e);
	return command_finish(status);
}

int cmd_bench(struct call *c)
{
	struct bench b;
	struct bench_place place = {.lock = -1};
	struct err e, left;
	int status = 0;
	bool ok;

	if (!understand(c, &b, &e))
		return exit_saying(&e);
	bench_catch_signals();
	ok = bench_place_make(c, c->database, b.latency_ms, &place, &e);
	if (!ok)
		status = bench_signalled() ? 128 + bench_signalled() : exit_code_of(&e);
	else
		ok = all_runs(c, &b, &place, &status, &e);
	if (!ok)
		log_error("%s", bench_signalled() ? "interrupted" : e.msg);
	else
		status = show(c, &b);
	if (!bench_place_end(&place, &left)) {
		log_error("%s", left.msg);
		status = status ? status : exit_code_of(&left);
	}
	return status;
}

void bench_help(FILE *out)
{
	fputs("\nEach combination of workers, strategy and compact is loaded afresh in each round, "
	      "in\n"
	      "an order that changes; then come medians with least and most, speed-up, efficiency "
	      "and\n"
	      "serial fraction (Karp-Flatt), S3 requests and bytes, processor seconds, memory. -w "
	      "takes\n"
	      "a list here: --workers 1,2,4 is the default. Where nothing else is asked for, "
	      "strategy\n"
	      "and compact are those of the configuration, and 3 runs count, after 1 to warm up.\n"
	      "\n"
	      "Nothing that is loaded is touched. The local engine gets a PostgreSQL and an S3 "
	      "server\n"
	      "of the benchmark's own over the same buckets, and only there can S3 be slow on "
	      "purpose\n"
	      "(--latency 30ms). Elsewhere --database names a database that must be empty, and is "
	      "so\n"
	      "again at the end.\n"
	      "\n"
	      "Exit code 8: two runs did not load the same, and nothing is compared. A load that "
	      "fails\n"
	      "ends it with that load's exit code.\n",
	    out);
}
