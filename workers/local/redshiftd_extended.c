/*
 * redshiftd_extended.c - prepared statements: Parse, Bind, Describe, Execute, Close, up to Sync.
 *
 * They are passed on with the text of the Parse rewritten, and their answers come back as they
 * come. What is ours (COPY, CANCEL, TRUNCATE) the server does not see: its answers are made here,
 * behind those that are still on their way. After an error everything is passed over until Sync,
 * and where the error is ours the server is given one of its own, so that its transaction ends
 * likewise.
 */
#include "workers/local/redshiftd_extended.h"

/* Answers that may be on their way before they are read: who only sends would block both. */
enum { PENDING_MAX = 64, NAMES_MAX = 10000 };

struct name {
	struct str name;
	struct statement st; /* of a statement or portal of ours */
};

struct names {
	struct name *v;
	size_t n, cap;
};

struct extended {
	struct arena *a; /* as long as the session */
	struct names statements, portals;
	size_t pending; /* answers that the server still owes */
	bool unsynced;  /* it has messages since its last ReadyForQuery */
	bool skip;      /* to Sync */
};

struct extended *extended_new(struct arena *a)
{
	struct extended *x = arena_alloc(a, sizeof *x);

	x->a = a;
	return x;
}

static struct name *find(struct names *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

static void forget(struct names *l, struct str name)
{
	struct name *it = find(l, name);

	if (it)
		*it = l->v[--l->n];
}

static bool keep(struct extended *x, struct names *l, struct str name, const struct statement *st)
{
	forget(l, name);
	if (l->n == NAMES_MAX)
		return false;
	l->v = arena_grow(x->a, l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n] = (struct name){arena_str(x->a, name), *st};
	l->v[l->n].st.source = arena_str(x->a, st->source);
	l->v[l->n++].st.text = arena_str(x->a, st->text);
	return true;
}

static void pass(struct session *s, struct extended *x, char type, struct str body)
{
	wire_put(&s->server, type, body);
	x->unsynced = true;
	x->pending++;
}

/* Until the server owes nothing. An error among it is one for the client. */
static void settle(struct session *s, struct extended *x, bool tell)
{
	if (x->pending)
		session_send(s, 'H', STR(""));
	while (x->pending) {
		struct wire_msg m = session_next(s);

		if (tell || m.type != 'E')
			wire_put(&s->client, m.type, m.body);
		if (m.type == 'E') {
			x->skip = true;
			x->pending = 0;
		} else if (m.type && strchr("123nTCIs", m.type)) {
			x->pending--;
		}
	}
}

static void fail(struct session *s, struct extended *x, const struct err *e)
{
	settle(s, x, true);
	if (x->skip)
		return;
	pass(s, x, 'P', STR("\0this is no SQL\0\0\0"));
	settle(s, x, false);
	session_say(s, 'E', "ERROR", e->code[0] ? e->code : "XX000", e->msg);
}

/* An answer of ours, behind the server's. */
static void answer(struct session *s, struct extended *x, char type, struct str body)
{
	settle(s, x, true);
	if (!x->skip)
		wire_put(&s->client, type, body);
}

static bool ours(const struct statement *st)
{
	return st->kind == STATEMENT_COPY || st->kind == STATEMENT_CANCEL ||
	       st->kind == STATEMENT_TRUNCATE;
}

static bool parse(struct session *s, struct extended *x, struct str body)
{
	struct str name, sql, text = STR("");
	struct statement *st;
	struct err e;
	struct buf b;
	size_t n;

	if (!wire_string(&body, &name) || !wire_string(&body, &sql))
		return false;
	if (!redshiftd_sql(sql, &s->facts, s->a, &st, &n, &e)) {
		fail(s, x, &e);
		return true;
	}
	if (n > 1) {
		err_set(&e, ERR_TASK, AT_WAREHOUSE, "42601",
		    "cannot insert multiple commands into a prepared statement");
		fail(s, x, &e);
		return true;
	}
	if (n == 1 && ours(st)) {
		if (!keep(x, &x->statements, name, st))
			return false;
		answer(s, x, '1', STR(""));
		return true;
	}
	if (n == 1)
		text = st->text;
	forget(&x->statements, name);
	buf_init(&b, WIRE_MESSAGE_MAX);
	buf_str(&b, name);
	buf_c(&b, '\0');
	buf_str(&b, text);
	buf_c(&b, '\0');
	buf_str(&b, body);
	pass(s, x, 'P', buf_view(&b));
	buf_free(&b);
	return true;
}

static bool bind(struct session *s, struct extended *x, struct str body)
{
	struct str all = body, portal, name;
	struct name *st;

	if (!wire_string(&body, &portal) || !wire_string(&body, &name))
		return false;
	st = find(&x->statements, name);
	if (!st) {
		forget(&x->portals, portal);
		pass(s, x, 'B', all);
		return true;
	}
	if (!keep(x, &x->portals, portal, &st->st))
		return false;
	answer(s, x, '2', STR(""));
	return true;
}

/* Describe and Close: 'S' or 'P', and a name. */
static bool about(struct session *s, struct extended *x, char type, struct str body)
{
	struct str all = body, name;
	struct names *l;
	bool statement;

	if (body.n < 2)
		return false;
	statement = body.p[0] == 'S';
	l = statement ? &x->statements : &x->portals;
	body = str_from(body, 1);
	if (!wire_string(&body, &name))
		return false;
	if (!find(l, name)) {
		pass(s, x, type, all);
	} else if (type == 'C') {
		forget(l, name);
		answer(s, x, '3', STR(""));
	} else {
		if (statement)
			answer(s, x, 't', STR("\0\0"));
		answer(s, x, 'n', STR(""));
	}
	return true;
}

/* The server takes simple queries only between two Syncs. */
static void sync_server(struct session *s, struct extended *x)
{
	settle(s, x, true);
	if (!x->unsynced || x->skip)
		return;
	session_send(s, 'S', STR(""));
	session_relay(s, false);
	x->unsynced = false;
}

static bool execute(struct session *s, struct extended *x, struct str body)
{
	struct str all = body, portal;
	struct name *p;

	if (!wire_string(&body, &portal))
		return false;
	p = find(&x->portals, portal);
	if (!p) {
		pass(s, x, 'E', all);
		return true;
	}
	sync_server(s, x);
	if (!x->skip)
		x->skip = !session_pieces(s, &p->st, 1);
	return true;
}

bool extended_take(struct session *s, struct extended *x, const struct wire_msg *m)
{
	if (!x->unsynced && !x->pending && !x->skip)
		session_forget_cancel();
	if (m->type == 'S') {
		session_send(s, 'S', STR(""));
		session_relay(s, true);
		x->pending = 0;
		x->unsynced = x->skip = false;
		arena_reset(s->a);
		return true;
	}
	if (x->skip)
		return true;
	if (x->pending >= PENDING_MAX)
		settle(s, x, true);
	switch (m->type) {
	case 'P': return parse(s, x, m->body);
	case 'B': return bind(s, x, m->body);
	case 'D':
	case 'C': return about(s, x, m->type, m->body);
	case 'E': return execute(s, x, m->body);
	case 'H': settle(s, x, true); return true;
	default: return false;
	}
}
