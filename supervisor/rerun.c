/* rerun.c - see rerun.h. */
#include "supervisor/rerun.h"

#include "shared/log.h"
#include "shared/near.h"
#include "shared/s3.h"
#include "supervisor/exitcode.h"
#include "supervisor/facts.h"

enum { SHARD_LEAST = 4 }; /* digits of a shard's id that name one */

/* ---- which run ---- */

/* Its journal tells all that it was to do: the first move comes behind that. */
static bool is_told(const struct fold *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].state != TASK_WAITING)
			return true;
	return false;
}

/* It loads; or it ended before it told, and might have. */
static bool may_load(const struct fold *f)
{
	return facts_loads(f) || f->run.command.n == 0 ||
	       (str_eqz(f->run.command, "rerun") && !is_told(f));
}

/* Until create is done a rerun's own listings are not in its journal. */
static bool is_planned(const struct fold *f)
{
	const struct task *create = facts_step(f, "create");

	return create && create->state == TASK_DONE;
}

static bool unknown_run(struct call *c, const char *dir, const char *run, struct err *e)
{
	struct fold ignored;

	if (!journal_is_id(run))
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s is no run: their names are those in %s/runs, like 20181115T063000-1a2b",
		    run, dir);
	/* With the nearest; where there are no runs at all this is another machine. */
	return !journal_newest(dir, NULL, c->arena) ||
	       journal_fold(dir, run, c->arena, &ignored, e);
}

/*
 * The run that is named, or the last one that loaded; a rerun that ended before it knew what to do
 * is passed over for the one that it was about. *known is false where no journal tells what is
 * left: then everything is listed. *command: what the first of them was, "run" or "load".
 */
static bool find(struct call *c, const char *dir, struct fold *out, bool *known,
    struct str *command, struct err *e)
{
	const char *run = c->argc ? c->argv[0] : journal_newest(dir, may_load, c->arena);

	*known = false;
	*command = STR("run");
	if (c->argc && !journal_exists(dir, run, c->arena))
		return unknown_run(c, dir, run, e);
	for (bool of = false; run && journal_exists(dir, run, c->arena); of = true) {
		struct fold f;

		if (!journal_fold(dir, run, c->arena, &f, e)) {
			log_warn("%s", e->msg);
			return true;
		}
		if (!of && !may_load(&f))
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "run %s was dwh %.*s: there is nothing to load of it", run,
			    STRF(f.run.command));
		if (!*known && is_told(&f) && (f.run.of.n == 0 || is_planned(&f))) {
			*out = f;
			*known = true;
		}
		if (f.run.of.n == 0) {
			*command = f.run.command;
			return true;
		}
		run = arena_cstr(c->arena, f.run.of);
	}
	return true;
}

/* What it loaded must still be there to be loaded. */
static bool fits(const struct fold *f, const struct model *m, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->kind != TASK_STEP && !model_find(m, SQL_COPY, t->stem))
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "run %.*s loads %.*s, which the model %s does not have: run it with "
			    "[LOAD] MODEL = %.*s",
			    STRF(f->run.run), STRF(t->stem), m->names, STRF(f->run.model));
	}
	return true;
}

/* ---- what of it ---- */

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.n > 0;
}

static bool has_shard(const struct fold *f, struct str id)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (f->tasks[i].shard.n && str_starts(f->tasks[i].shard, id))
			return true;
	return false;
}

/* An address under that of a source: its keys that begin so. */
static bool aim_at_prefix(struct call *c, const struct model *m, struct aim *a, struct err *e)
{
	struct str only = str_z(c->only);
	size_t n, longest = 0;
	const struct sqlfile *f = model_phase(m, SQL_COPY, &n);
	struct str bucket;

	for (size_t i = 0; i < n; i++) {
		struct str all = str_z(config_s3(&c->config, f[i].source));

		if (!str_starts(only, all) || all.n <= longest)
			continue;
		longest = all.n;
		a->in = f[i].stem;
	}
	if (longest)
		return s3_url_parse(only, &bucket, &a->prefix, e);
	return err_set(e, ERR_SETUP, AT_USAGE, NULL,
	    "--only %s is not under the address of any source: `dwh plan` shows them", c->only);
}

static bool unknown_name(const struct model *m, const char *option, enum sql_phase first,
    const char *name, const char *what, struct err *e)
{
	struct near near = near_to(str_z(name));

	for (unsigned phase = first; phase <= SQL_INSERT; phase++) {
		size_t n;
		const struct sqlfile *f = model_phase(m, (enum sql_phase)phase, &n);

		for (size_t i = 0; i < n; i++)
			near_try(&near, f[i].stem);
	}
	return err_set(
	    e, ERR_SETUP, AT_USAGE, NULL, "%s %s is %s%s", option, name, what, near_hint(&near));
}

static bool aim(struct call *c, const struct model *m, struct rerun *r, struct err *e)
{
	struct str only = str_z(c->only ? c->only : ""), from = str_z(c->from ? c->from : "");
	const unsigned steps = PLAN_CREATE | PLAN_TRANSFORM | PLAN_CHECK | PLAN_COUNT;

	if (c->only && c->from)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL, "--only and --from: give one of them");
	if (c->from) {
		r->what = steps;
		r->aim.from = from;
		return model_find(m, SQL_INSERT, from) ||
		       unknown_name(m, "--from", SQL_INSERT, c->from, "no insert of the model", e);
	}
	if (!c->only)
		return true;
	if (str_starts(only, STR("s3://")))
		return aim_at_prefix(c, m, &r->aim, e);
	if (model_find(m, SQL_COPY, only)) {
		r->aim.relation = only;
		return true;
	}
	if (model_find(m, SQL_INSERT, only)) {
		r->what = steps;
		r->aim.step = only;
		return true;
	}
	r->aim.shard = only;
	if (is_hex(only) && only.n >= SHARD_LEAST && has_shard(r->aim.rest, only))
		return true;
	return unknown_name(m, "--only", SQL_COPY, c->only,
	    "no table of the model, no s3:// address, and no shard of the run", e);
}

bool rerun_plan(
    struct call *c, const char *dir, const struct model *m, struct rerun *out, int *status)
{
	struct str command;
	struct err e;
	bool found;

	*out = (struct rerun){
	    .what = PLAN_CREATE | PLAN_LOAD | PLAN_TRANSFORM | PLAN_CHECK | PLAN_COUNT};
	if (find(c, dir, &out->rest, &found, &command, &e) && (!found || fits(&out->rest, m, &e))) {
		if (found)
			out->aim.rest = &out->rest;
		if (str_eqz(command, "load"))
			out->what = PLAN_CREATE | PLAN_LOAD; /* as `dwh load` did */
		if (aim(c, m, out, &e)) {
			if (!found)
				log_warn("no journal here tells what %s has left: all is listed "
				         "again, and what the ledger has is not loaded again",
				    c->argc ? c->argv[0] : "the last run");
			return true;
		}
	}
	log_error("%s", e.msg);
	*status = exit_code_of(&e);
	return false;
}
