/* next.c - see next.h. The commands are called as this run was: same program, same options. */
#include "supervisor/next.h"

#include "supervisor/facts.h"
#include "supervisor/report_verify.h"

static void add_word(struct buf *b, struct str word)
{
	if (b->n)
		buf_c(b, ' ');
	buf_word(b, word);
}

static const char *kept(struct buf *b, struct arena *a)
{
	const char *text = arena_cstr(a, buf_view(b));

	buf_free(b);
	return text;
}

static bool failed_with(const struct fold *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->tasks[i].state == TASK_FAILED && f->tasks[i].has_err &&
		    strcmp(f->tasks[i].err.code, code) == 0)
			return true;
	return false;
}

/* What is there cannot be loaded into as the run is set up. (workers/: target.c, create.c,
 * prefix.c) */
static bool needs_fresh(const struct fold *f)
{
	return failed_with(f, "Fresh") || failed_with(f, "LoadedBefore");
}

/* The configuration is at fault, and names the key of that --set: to give it again is to fail
 * again. Where --fresh is the remedy, it may be what is wanted. */
static bool is_at_fault(const struct fold *f, struct str set, struct arena *a)
{
	size_t eq = str_find(set, '='), dot = str_find(set, '.');
	const char *key;

	if (eq == set.n || dot > eq || needs_fresh(f))
		return false;
	key = arena_printf(a, "[%.*s] %.*s", (int)dot, set.p, (int)(eq - dot - 1), set.p + dot + 1);
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->state == TASK_FAILED && t->has_err && t->err.where == AT_CONFIG &&
		    strcasestr(t->err.msg, key))
			return true;
	}
	return false;
}

static bool leaves_out(const struct fold *f, struct arena *a)
{
	for (size_t i = 1; i + 1 < f->call.n; i++)
		if (str_eqz(f->call.v[i], "--set") && is_at_fault(f, f->call.v[i + 1], a))
			return true;
	return false;
}

/* Its warehouse goes with it: nothing is left to go on with. */
static bool is_ephemeral(const struct fold *f)
{
	for (size_t i = 1; i < f->call.n; i++)
		if (str_eqz(f->call.v[i], "--ephemeral"))
			return true;
	return false;
}

/* "build/dwh run -c my.cfg --fresh" */
static const char *command(const struct fold *f, const char *words, struct arena *a)
{
	static const char allow[] = "--allow-unverified";
	struct buf b;

	buf_init(&b, 64 << 10);
	add_word(&b, f->call.n ? f->call.v[0] : STR("dwh"));
	buf_printf(&b, " %s", words);
	for (size_t i = 1; i < f->call.n; i++) {
		if (str_eqz(f->call.v[i], "--ephemeral"))
			continue; /* likewise */
		if (str_eqz(f->call.v[i], allow) &&
		    (strstr(words, allow) || strcmp(words, "check") == 0))
			continue; /* said already, or not for that command */
		if (i + 1 < f->call.n && str_eqz(f->call.v[i], "--set") &&
		    is_at_fault(f, f->call.v[i + 1], a))
			i++;
		else
			add_word(&b, f->call.v[i]);
	}
	return kept(&b, a);
}

/* psql takes what stands behind its name for itself. */
static const char *show_errors(const struct fold *f, struct arena *a)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	add_word(&b, f->call.n ? f->call.v[0] : STR("dwh"));
	for (size_t i = 1; i + 1 < f->call.n; i++)
		if (str_eqz(f->call.v[i], "-c")) {
			add_word(&b, STR("-c"));
			add_word(&b, f->call.v[i + 1]);
		}
	buf_printf(
	    &b, " psql -c \"SELECT * FROM dwh.load_errors WHERE run = '%.*s'\"", STRF(f->run.run));
	return kept(&b, a);
}

/* It was to drop what is there, and has not come to it. */
static bool still_fresh(const struct fold *f)
{
	const struct task *create = facts_step(f, "create");

	return f->run.fresh && !(create && create->state == TASK_DONE);
}

/* Rows that cannot stay: nothing less than a new generation helps. */
static bool must_be_fresh(const struct fold *f)
{
	return failed_with(f, "MISMATCH") || failed_with(f, "MAXERROR");
}

/* Nothing speaks against what is loaded, but evidence is missing. */
static bool is_unverified(const struct fold *f)
{
	bool found = false;

	for (size_t i = 0; i < f->n; i++) {
		if (f->tasks[i].state == TASK_FAILED || str_eqz(f->tasks[i].done.verdict, "fail"))
			return false;
		found |= str_eqz(f->tasks[i].done.verdict, "UNVERIFIED");
	}
	return found;
}

/* By its remark (workers/prefix.h): the journal does not keep the configuration. */
static bool is_by_prefix(const struct fold *f)
{
	static const char none[] = "MANIFESTS is none";

	for (size_t i = 0; i < f->n; i++)
		if (str_eqz(f->tasks[i].done.verdict, "UNVERIFIED") &&
		    memmem(f->tasks[i].done.note.p, f->tasks[i].done.note.n, none, sizeof none - 1))
			return true;
	return false;
}

const char *next_command(const struct fold *f, struct arena *a)
{
	if (f->alive || (f->ended && f->end.exit == 0))
		return NULL;
	if (is_ephemeral(f))
		return command(f,
		    f->ended && f->end.exit == 8 && is_unverified(f)
		        ? "run --ephemeral --allow-unverified"
		        : "run --ephemeral",
		    a);
	if (must_be_fresh(f) || needs_fresh(f))
		return command(f, "run --fresh", a);
	if (str_eqz(f->run.command, REPORT_VERIFY))
		return command(
		    f, arena_printf(a, "verify%s%.*s", f->run.of.n ? " " : "", STRF(f->run.of)), a);
	if (failed_with(f, "MAX_BAD_OBJECTS") || failed_with(f, "MAX_BAD_RATIO"))
		return command(f, "quarantine list", a);
	if (failed_with(f, "ObjectChanged"))
		return command(f, "run --changed reload", a);
	if (f->ended && f->end.exit == 8)
		return command(f, is_unverified(f) ? "verify --allow-unverified" : "check", a);
	if (facts_loads(f) && !still_fresh(f))
		return command(f, arena_printf(a, "rerun %.*s", STRF(f->run.run)), a);
	if (str_eqz(f->run.command, "rerun"))
		return command(f, "run", a); /* steps alone: their aim is not kept */
	return command(f,
	    arena_printf(a, "%.*s%s", STRF(f->run.command), still_fresh(f) ? " --fresh" : ""), a);
}

/* Nothing stays to be completed. */
static const char *anew(const struct fold *f, const char *go_on, struct arena *a)
{
	const char *first = "Load all again";
	bool fault = f->ended && f->end.exit >= 2 && f->end.exit <= 8 && f->end.exit != 6;

	if (fault && f->end.exit == 8 && is_unverified(f))
		first = "Evidence is missing, and no more; to allow that";
	else if (fault && leaves_out(f, a))
		first = "Give the --set that the error names another value, or none, and then";
	else if (fault)
		first = "Mend that, and then";
	return arena_printf(
	    a, "A warehouse of --ephemeral goes with its run. %s: %s", first, go_on);
}

const char *next_advice(const struct fold *f, struct arena *a)
{
	const char *go_on = next_command(f, a);
	int64_t loaded = facts_totals(f).loaded;
	const char *stays = facts_loads(f) && loaded ? "What is committed stays. " : "";

	if (!go_on)
		return "";
	if (is_ephemeral(f))
		return anew(f, go_on, a);
	if (!f->ended)
		return arena_printf(a, "%sLoad the rest: %s", stays, go_on);
	if (failed_with(f, "MAX_BAD_OBJECTS") || failed_with(f, "MAX_BAD_RATIO"))
		return arena_printf(a,
		    "%sMend the objects and `dwh quarantine retry`, give them up with "
		    "`dwh quarantine drop`, or allow more; they are: %s",
		    stays, go_on);
	if (failed_with(f, "ObjectChanged"))
		return arena_printf(a,
		    "%sPut the object back, keep its old rows with --changed skip, or load its "
		    "relation again: %s",
		    stays, go_on);
	switch (f->end.exit) {
	case 2:
	case 3:
	case 4:
	case 5:
		if (needs_fresh(f))
			return arena_printf(
			    a, "%sPut back what was, or load all again: %s", stays, go_on);
		if (leaves_out(f, a))
			return arena_printf(a,
			    "%sThat is the --set of a key that the error names: give another "
			    "value, "
			    "or none (`dwh doctor` says what else is missing), and then: %s",
			    facts_loads(f) && !loaded ? "Nothing was loaded. " : stays, go_on);
		if (f->end.exit == 2)
			return arena_printf(a,
			    "%sMend that (`dwh doctor` says what else is missing), and then: %s",
			    facts_loads(f) && !loaded ? "Nothing was loaded. " : stays, go_on);
		return arena_printf(a, "%sMend that, and then: %s",
		    facts_loads(f) && !loaded ? "Nothing was loaded. " : stays, go_on);
	case 7:
		if (str_starts(f->run.command, STR("load --")))
			return arena_printf(
			    a, "Mend the objects, or the COPY, and then: %s", go_on);
		return arena_printf(a,
		    "%sThe bad records are in dwh.load_errors: %s\n"
		    "Mend the objects, or the COPY, and then: %s",
		    stays, show_errors(f, a), go_on);
	case 8:
		if (must_be_fresh(f))
			return arena_printf(a, "Load all again: %s", go_on);
		if (str_eqz(f->run.command, REPORT_VERIFY))
			return arena_printf(a,
			    "Nothing was changed. Mend what is wrong, then look again: %s", go_on);
		if (is_unverified(f) && is_by_prefix(f))
			return arena_printf(a,
			    "Nothing was rolled back: evidence is missing, and no more, as always "
			    "without manifests. Set [S3] MANIFESTS to a folder of a bucket and "
			    "load "
			    "all again with --fresh, or see that nothing else is wrong, and allow "
			    "it: "
			    "%s",
			    go_on);
		if (is_unverified(f))
			return arena_printf(a,
			    "Nothing was rolled back: evidence is missing, and no more. Load all "
			    "again with --fresh, or see that nothing else is wrong, and allow it: "
			    "%s",
			    go_on);
		return arena_printf(a,
		    "Nothing was rolled back. Mend what the checks found, then look again: %s",
		    go_on);
	default:
		return arena_printf(
		    a, "%s%s: %s", stays, facts_loads(f) ? "Load the rest" : "Go on with", go_on);
	}
}
