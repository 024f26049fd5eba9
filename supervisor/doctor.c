/*
 * doctor.c - see doctor.h.
 *
 * There is no run: no journal, no lock, nothing is made. So on the local engine services that were
 * never made are not made for it; those that were are held up while they are looked at.
 */
#include "supervisor/doctor.h"

#include <jansson.h>
#include <unistd.h>

#include "shared/pgbin.h"
#include "supervisor/exitcode.h"
#include "supervisor/local.h"
#include "supervisor/table.h"

static const char *const states[] = {[FINDING_OK] = "ok",
    [FINDING_UNKNOWN] = "unknown",
    [FINDING_WARN] = "warn",
    [FINDING_MISSING] = "missing"};
static const char *const engines[] = {
    [ENGINE_LOCAL] = "local", [ENGINE_POSTGRES] = "postgres", [ENGINE_REDSHIFT] = "redshift"};

static size_t count(const struct findings *f, enum finding_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].state == state;
	return n;
}

static int exit_of(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct err e = {.where = f->v[i].where};

		if (f->v[i].state == FINDING_MISSING)
			return exit_code_of(&e);
	}
	return 0;
}

/* In one column: another one would stand far right of the longest message. */
static struct str with_remedy(struct arena *a, const struct finding *v)
{
	struct buf b;
	struct str text;

	if (!v->remedy.n)
		return v->found;
	buf_init(&b, 1 << 16);
	buf_str(&b, v->found);
	buf_z(&b, ": ");
	buf_str(&b, v->remedy);
	text = arena_str(a, buf_view(&b));
	buf_free(&b);
	return text;
}

static void print_table(const struct findings *f, int status)
{
	struct table *t = table_new(f->arena, "state what found_and_remedy");

	for (size_t i = 0; i < f->n; i++) {
		table_text(
		    t, f->v[i].state == FINDING_UNKNOWN ? STR("-") : str_z(states[f->v[i].state]));
		table_text(t, f->v[i].what);
		table_text(t, with_remedy(f->arena, &f->v[i]));
	}
	table_print(t, stdout);
	if (status == 0)
		printf("Nothing that a load needs is missing; %zu warning(s), %zu not known.\n",
		    count(f, FINDING_WARN), count(f, FINDING_UNKNOWN));
	else
		printf("%zu thing(s) missing, %zu warning(s), %zu not known: exit code %d.\n",
		    count(f, FINDING_MISSING), count(f, FINDING_WARN), count(f, FINDING_UNKNOWN),
		    status);
}

static json_t *text(const struct findings *f, struct str s)
{
	return json_string(table_clean(f->arena, s));
}

static void print_json(const struct findings *f, int status)
{
	json_t *all = json_array(), *report;

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(
		    all, json_pack("{s:s, s:o, s:o, s:o}", "state", states[f->v[i].state], "what",
		             text(f, f->v[i].what), "found", text(f, f->v[i].found), "remedy",
		             text(f, f->v[i].remedy)));
	report = json_pack("{s:i, s:o}", "exit", status, "findings", all);
	json_dumpf(report, stdout, JSON_INDENT(2));
	fputc('\n', stdout);
	json_decref(report);
}

/* Whether there is something to look at; what is missing of the services is told. */
static bool services(struct call *c, struct local *l, struct findings *f)
{
	const char *dir = local_dir(&c->config, c->arena), *path;
	struct err e;

	if (c->config.warehouse.engine != ENGINE_LOCAL)
		return true;
	if (!pgbin_find(c->config.local.pg_bin
	                    ? config_path(&c->config, c->arena, c->config.local.pg_bin)
	                    : NULL,
	        "postgres", 0, c->arena, &path, &e)) {
		finding_error(f, FINDING_MISSING, "PostgreSQL", "apt install postgresql", &e);
		return false;
	}
	finding_ok(f, "PostgreSQL", "%s", path);
	if (access(local_path(c->arena, dir, "key"), F_OK) != 0) {
		finding_ok(
		    f, "services", "not made yet: the first `dwh run` makes them, in %s", dir);
		return false;
	}
	if (!local_up(&c->config, c->arena, l, &e)) {
		finding_error(
		    f, FINDING_MISSING, "services", "see the logs in its folder local", &e);
		return false;
	}
	finding_ok(f, "services", "PostgreSQL and the S3 server start, in %s", dir);
	return true;
}

int doctor_main(struct call *c, void (*look)(const struct config *c, struct findings *out))
{
	struct findings f = {.arena = c->arena};
	struct local l = {.held = false};
	int status;

	finding_ok(&f, "configuration", "%s, engine %s",
	    c->config.file ? c->config.file : "the defaults alone",
	    engines[c->config.warehouse.engine]);
	if (services(c, &l, &f))
		look(&c->config, &f);
	status = exit_of(&f);
	(c->json ? print_json : print_table)(&f, status);
	status = command_finish(status);
	local_down(&l);
	return status;
}
