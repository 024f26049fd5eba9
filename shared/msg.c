/* msg.c - see msg.h. One table of fields a type; encoding and decoding only walk it. */
#include "shared/msg.h"

#include <jansson.h>
#include <stdio.h>

enum field_type { F_STR, F_INT, F_BOOL, F_STRS };

struct field {
	const char *name;
	enum field_type type;
	size_t offset; /* in struct msg */
};

/* clang-format off */
#define STRING(kind, member) {#member, F_STR, offsetof(struct msg, u.kind.member)}
#define INT(kind, member) {#member, F_INT, offsetof(struct msg, u.kind.member)}
#define BOOL(kind, member) {#member, F_BOOL, offsetof(struct msg, u.kind.member)}
#define STRINGS(kind, member) {#member, F_STRS, offsetof(struct msg, u.kind.member)}
#define END {NULL, F_STR, 0}
/* clang-format on */

static const struct field hello[] = {INT(hello, v), INT(hello, worker), STRING(hello, run),
    STRING(hello, config), STRINGS(hello, sets), END};
static const struct field step[] = {INT(step, id), INT(step, attempt), STRING(step, phase),
    STRING(step, name), STRING(step, digest), INT(step, shards), BOOL(step, fresh),
    BOOL(step, take_over), BOOL(step, whole), BOOL(step, validate), STRING(step, of), END};
static const struct field list[] = {INT(list, id), INT(list, attempt), STRING(list, source),
    STRING(list, prefix), STRING(list, after), STRING(list, upto), BOOL(list, fan),
    INT(list, pages), STRING(list, shard), STRING(list, manifest), INT(list, generation),
    BOOL(list, validate), END};
static const struct field copy[] = {INT(copy, id), INT(copy, attempt), STRING(copy, source),
    STRING(copy, lane), STRING(copy, shard), STRING(copy, manifest), INT(copy, generation),
    INT(copy, objects), INT(copy, bytes), INT(copy, again), BOOL(copy, validate), END};
static const struct field ready[] = {INT(ready, v), INT(ready, pid), END};
static const struct field warehouse[] = {INT(warehouse, id), STRING(warehouse, isolation), END};
static const struct field target[] = {INT(target, id), STRING(target, relation),
    STRING(target, since), INT(target, generation), INT(target, lanes), INT(target, shards), END};
static const struct field range[] = {
    INT(range, id), STRING(range, prefix), STRING(range, after), STRING(range, upto), END};
static const struct field shard[] = {INT(shard, id), STRING(shard, shard), STRING(shard, manifest),
    INT(shard, objects), INT(shard, bytes), END};
static const struct field count[] = {INT(count, id), STRING(count, table), INT(count, rows), END};
static const struct field lane[] = {INT(lane, id), STRING(lane, relation), STRING(lane, lane),
    INT(lane, counted), INT(lane, rows), INT(lane, shards), INT(lane, mismatch),
    INT(lane, unverified), STRING(lane, verdict), END};
static const struct field wrong[] = {INT(wrong, id), STRING(wrong, relation), STRING(wrong, lane),
    STRING(wrong, shard), STRING(wrong, verdict), STRING(wrong, message), END};
static const struct field bad[] = {INT(bad, id), STRING(bad, object), INT(bad, line),
    STRING(bad, column), STRING(bad, value), INT(bad, code), STRING(bad, reason), END};
static const struct field settled[] = {
    INT(settled, id), STRING(settled, shard), STRING(settled, verdict), END};
static const struct field beat[] = {
    INT(beat, id), INT(beat, rows), INT(beat, bytes), INT(beat, objects), INT(beat, requests), END};
static const struct field again[] = {
    INT(again, id), STRING(again, code), INT(again, times), STRING(again, message), END};
static const struct field done[] = {INT(done, id), INT(done, rows), INT(done, rejected),
    INT(done, bytes), INT(done, objects), INT(done, replaced), INT(done, objects_joined),
    INT(done, parts), INT(done, limit), INT(done, requests), INT(done, retries), INT(done, list_ms),
    INT(done, fetch_ms), INT(done, copy_ms), INT(done, commit_ms), INT(done, total_ms),
    INT(done, cpu_ms), INT(done, quarantined), INT(done, changed), BOOL(done, skipped),
    STRING(done, verdict), STRING(done, note), END};
static const struct field fail[] = {INT(fail, id), STRING(fail, kind), STRING(fail, where),
    STRING(fail, code), STRING(fail, message), INT(fail, retry_after_ms), INT(fail, total_ms), END};
static const struct field run[] = {INT(run, v), STRING(run, run), STRING(run, command),
    STRING(run, at), STRING(run, engine), STRING(run, model), STRING(run, strategy),
    STRING(run, warehouse), STRING(run, of), INT(run, workers), BOOL(run, fresh), END};
static const struct field call[] = {STRINGS(call, words), END};
static const struct field task[] = {INT(task, id), INT(task, parent), STRING(task, kind),
    STRING(task, phase), STRING(task, stem), STRING(task, name), STRING(task, digest),
    STRING(task, prefix), STRING(task, after), STRING(task, upto), BOOL(task, fan),
    STRING(task, lane), STRING(task, shard), STRING(task, manifest), INT(task, objects),
    INT(task, bytes), END};
static const struct field about[] = {
    INT(about, id), STRING(about, title), STRING(about, description), END};
static const struct field move[] = {INT(move, id), STRING(move, from), STRING(move, to),
    STRING(move, at), INT(move, ms), INT(move, attempt), INT(move, worker), END};
static const struct field usage[] = {INT(usage, supervisor_cpu_ms), INT(usage, supervisor_peak),
    INT(usage, workers_cpu_ms), INT(usage, worker_peak), END};
static const struct field end[] = {STRING(end, at), INT(end, ms), INT(end, exit), END};

static const struct {
	const char *name;
	const struct field *fields;
} types[MSG_TYPES] = {
    [MSG_HELLO] = {"hello", hello},
    [MSG_STEP] = {"step", step},
    [MSG_LIST] = {"list", list},
    [MSG_COPY] = {"copy", copy},
    [MSG_READY] = {"ready", ready},
    [MSG_WAREHOUSE] = {"warehouse", warehouse},
    [MSG_TARGET] = {"target", target},
    [MSG_RANGE] = {"range", range},
    [MSG_SHARD] = {"shard", shard},
    [MSG_COUNT] = {"count", count},
    [MSG_LANE] = {"lane", lane},
    [MSG_WRONG] = {"wrong", wrong},
    [MSG_BAD] = {"bad", bad},
    [MSG_SETTLED] = {"settled", settled},
    [MSG_BEAT] = {"beat", beat},
    [MSG_AGAIN] = {"again", again},
    [MSG_DONE] = {"done", done},
    [MSG_FAIL] = {"fail", fail},
    [MSG_RUN] = {"run", run},
    [MSG_CALL] = {"call", call},
    [MSG_TASK] = {"task", task},
    [MSG_ABOUT] = {"about", about},
    [MSG_MOVE] = {"move", move},
    [MSG_USAGE] = {"usage", usage},
    [MSG_END] = {"end", end},
};

const char *msg_name(enum msg_type type)
{
	return types[type].name;
}

static void *at(struct msg *m, const struct field *f)
{
	return (char *)m + f->offset;
}

static const void *at_const(const struct msg *m, const struct field *f)
{
	return (const char *)m + f->offset;
}

void msg_encode(const struct msg *m, struct buf *out)
{
	buf_printf(out, "{\"t\":\"%s\"", types[m->type].name);
	for (const struct field *f = types[m->type].fields; f->name; f++) {
		buf_printf(out, ",\"%s\":", f->name);
		switch (f->type) {
		case F_STR: buf_json(out, *(const struct str *)at_const(m, f)); break;
		case F_INT:
			buf_printf(out, "%lld", (long long)*(const int64_t *)at_const(m, f));
			break;
		case F_BOOL: buf_z(out, *(const bool *)at_const(m, f) ? "true" : "false"); break;
		case F_STRS: {
			const struct msg_strs *s = at_const(m, f);

			for (size_t i = 0; i < s->n; i++) {
				buf_c(out, i ? ',' : '[');
				buf_json(out, s->v[i]);
			}
			buf_z(out, s->n ? "]" : "[]");
		}
		}
	}
	buf_z(out, "}\n");
}

static struct str copy_string(const json_t *v, struct arena *a)
{
	return arena_str(a, (struct str){json_string_value(v), json_string_length(v)});
}

static bool set_strings(struct msg_strs *out, const json_t *v, struct arena *a)
{
	if (!json_is_array(v))
		return false;
	out->n = json_array_size(v);
	out->v = arena_alloc(a, out->n * sizeof *out->v);
	for (size_t i = 0; i < out->n; i++) {
		const json_t *s = json_array_get(v, i);

		if (!json_is_string(s))
			return false;
		out->v[i] = copy_string(s, a);
	}
	return true;
}

static bool set_field(struct msg *m, const struct field *f, const json_t *v, struct arena *a)
{
	switch (f->type) {
	case F_STR:
		if (!json_is_string(v))
			return false;
		*(struct str *)at(m, f) = copy_string(v, a);
		return true;
	case F_INT:
		if (!json_is_integer(v))
			return false;
		*(int64_t *)at(m, f) = json_integer_value(v);
		return true;
	case F_BOOL:
		if (!json_is_boolean(v))
			return false;
		*(bool *)at(m, f) = json_is_true(v);
		return true;
	case F_STRS: return set_strings(at(m, f), v, a);
	}
	return false;
}

static bool decode_fields(const json_t *o, struct arena *a, struct msg *out, struct err *e)
{
	size_t n = 1;

	for (const struct field *f = types[out->type].fields; f->name; f++, n++) {
		const json_t *v = json_object_get(o, f->name);

		if (!v || !set_field(out, f, v, a))
			return err_set(e, ERR_CRASH, AT_INTERNAL, NULL,
			    "message \"%s\": field \"%s\" is %s", types[out->type].name, f->name,
			    v ? "of the wrong type" : "missing");
	}
	if (json_object_size(o) != n)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL,
		    "message \"%s\" has a field that does not belong there", types[out->type].name);
	return true;
}

bool msg_decode(struct str line, struct arena *a, struct msg *out, struct err *e)
{
	json_error_t why;
	json_t *o = json_loadb(line.p ? line.p : "", line.n, JSON_REJECT_DUPLICATES, &why);
	const char *t = json_string_value(json_object_get(o, "t"));
	bool ok = false;
	int type = -1;

	for (int i = 0; t && i < MSG_TYPES; i++)
		if (strcmp(types[i].name, t) == 0)
			type = i;
	if (!o)
		err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "a message is not JSON: %s", why.text);
	else if (type < 0)
		err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "unknown message \"%.40s\"", t ? t : "");
	else {
		memset(out, 0, sizeof *out);
		out->type = (enum msg_type)type;
		ok = decode_fields(o, a, out, e);
	}
	json_decref(o);
	return ok;
}

struct msg msg_keep(const struct msg *m, struct arena *a)
{
	struct msg kept = *m;

	for (const struct field *f = types[m->type].fields; f->name; f++) {
		if (f->type == F_STR) {
			struct str *s = at(&kept, f);

			*s = arena_str(a, *s);
		} else if (f->type == F_STRS) {
			struct msg_strs *s = at(&kept, f);
			struct str *v = arena_alloc(a, s->n * sizeof *v);

			for (size_t i = 0; i < s->n; i++)
				v[i] = arena_str(a, s->v[i]);
			s->v = v;
		}
	}
	return kept;
}

int64_t msg_task_id(const struct msg *m)
{
	const struct field *f = types[m->type].fields;

	return strcmp(f->name, "id") == 0 ? *(const int64_t *)at_const(m, f) : 0;
}

struct msg msg_of_err(int64_t id, const struct err *e)
{
	return (struct msg){.type = MSG_FAIL,
	    .u.fail = {.id = id,
	        .kind = str_z(err_kind_name(e->kind)),
	        .where = str_z(err_where_name(e->where)),
	        .code = str_z(e->code),
	        .message = str_z(e->msg),
	        .retry_after_ms = e->retry_after_ms}};
}

void msg_to_err(const struct msg_fail *f, struct err *e)
{
	enum err_kind kind = ERR_CRASH;
	enum err_where where = AT_INTERNAL;
	char name[sizeof e->code];

	snprintf(name, sizeof name, "%.*s", STRF(f->kind));
	err_kind_parse(name, &kind);
	snprintf(name, sizeof name, "%.*s", STRF(f->where));
	err_where_parse(name, &where);
	snprintf(name, sizeof name, "%.*s", STRF(f->code));
	err_set(e, kind, where, name, "%.*s", STRF(f->message));
	e->retry_after_ms = (int)f->retry_after_ms;
}
