/*
 * task.c - the states of a task and the only door between them; see task.h.
 *
 * Invariants: WAITING has n_waits > 0; READY is in exactly one heap; RUNNING belongs to exactly one
 * worker; BACKOFF has a due time; the other four are final and never left.
 */
#include "supervisor/task.h"

#include <stdlib.h>

#include "shared/log.h"

static const char *const kinds[] = {
    [TASK_STEP] = "step", [TASK_LIST] = "list", [TASK_COPY] = "copy"};

static const char *const states[TASK_STATES] = {
    [TASK_WAITING] = "waiting",
    [TASK_READY] = "ready",
    [TASK_RUNNING] = "running",
    [TASK_BACKOFF] = "backoff",
    [TASK_DONE] = "done",
    [TASK_FAILED] = "failed",
    [TASK_BLOCKED] = "blocked",
    [TASK_LEFT] = "left",
};

static const struct {
	enum task_state from, to;
	const char *why;
} moves[] = {
    {TASK_WAITING, TASK_READY, "all that it needs is done"},
    {TASK_WAITING, TASK_BLOCKED, "something it needs failed"},
    {TASK_WAITING, TASK_LEFT, "the run ends early, or was not asked for it"},
    {TASK_READY, TASK_RUNNING, "a worker took it"},
    {TASK_READY, TASK_LEFT, "the run ends early"},
    {TASK_RUNNING, TASK_DONE, "committed"},
    {TASK_RUNNING, TASK_BACKOFF, "it may pass if tried again"},
    {TASK_RUNNING, TASK_FAILED, "it cannot pass, or was tried too often"},
    {TASK_RUNNING, TASK_LEFT, "cancelled and rolled back"},
    {TASK_BACKOFF, TASK_READY, "its pause is over"},
    {TASK_BACKOFF, TASK_LEFT, "the run ends early"},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const char *task_kind_name(enum task_kind k)
{
	return kinds[k];
}

const char *task_state_name(enum task_state s)
{
	return states[s];
}

bool task_kind_parse(struct str name, enum task_kind *out)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_eqz(name, kinds[i])) {
			*out = (enum task_kind)i;
			return true;
		}
	return false;
}

bool task_state_parse(struct str name, enum task_state *out)
{
	for (size_t i = 0; i < COUNT(states); i++)
		if (str_eqz(name, states[i])) {
			*out = (enum task_state)i;
			return true;
		}
	return false;
}

bool task_is_final(enum task_state s)
{
	return s == TASK_DONE || s == TASK_FAILED || s == TASK_BLOCKED || s == TASK_LEFT;
}

bool task_may_move(enum task_state from, enum task_state to)
{
	for (size_t i = 0; i < COUNT(moves); i++)
		if (moves[i].from == from && moves[i].to == to)
			return true;
	return false;
}

bool task_is_committed(const struct task *t)
{
	return t->kind == TASK_COPY && t->state == TASK_DONE && !t->done.skipped &&
	       t->done.rows > 0;
}

void task_settle(struct task *t, const struct task *step, const struct msg_settled *m)
{
	if (t->kind == TASK_COPY && str_eq(t->stem, step->stem) && str_eq(t->shard, m->shard))
		t->done.verdict = str_eqz(m->verdict, "VERIFIED") ? STR("VERIFIED")
		                                                  : STR("MISMATCH");
}

void task_move(struct task *t, enum task_state to, int64_t now)
{
	if (!task_may_move(t->state, to)) {
		log_error("task %lld (%.*s) cannot go from %s to %s", (long long)t->id,
		    STRF(t->name), states[t->state], states[to]);
		abort();
	}
	if (t->state == TASK_RUNNING)
		t->worked_ms += now - t->began;
	if (t->state == TASK_WAITING)
		t->first_ready = now;
	t->state = to;
	if (to == TASK_RUNNING) {
		t->began = now;
		if (t->attempts++ == 0)
			t->first_began = now;
	}
	if (task_is_final(to))
		t->ended = now;
}

void task_states_print(FILE *out)
{
	for (size_t i = 0; i < COUNT(moves); i++)
		fprintf(out, "%-8s -> %-8s : %s\n", states[moves[i].from], states[moves[i].to],
		    moves[i].why);
}
