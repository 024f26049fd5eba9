/* copyedit.c - see copyedit.h. Options stand behind FROM, in any order, each once. */
#include "workers/copyedit.h"

#include "shared/sqltok.h"

enum { MAXERROR_MOST = 100000 };

struct edit {
	struct worker *w;
	struct sqltok *t;
	size_t n;         /* without the semicolon */
	const char *from; /* what is before it is in `to` already */
	struct buf to;
};

static bool begin(struct edit *d, struct worker *w, struct str text, struct err *e)
{
	*d = (struct edit){.w = w, .from = text.p};
	if (!sqltok_all(text, w->task, &d->t, &d->n, e))
		return false;
	if (d->n && sqltok_is(&d->t[d->n - 1], ";"))
		d->n--;
	buf_init(&d->to, 1 << 24);
	return true;
}

/* All up to token i; what follows it comes next. */
static void take_until(struct edit *d, size_t i)
{
	buf_add(&d->to, d->from, (size_t)(d->t[i].text.p - d->from));
	d->from = d->t[i].text.p + d->t[i].text.n;
}

static void take_rest(struct edit *d)
{
	if (d->n)
		buf_add(&d->to, d->from,
		    (size_t)(d->t[d->n - 1].text.p + d->t[d->n - 1].text.n - d->from));
}

static bool end(struct edit *d, struct str *text, struct err *e)
{
	bool ok = !d->to.over ||
	          err_set(e, ERR_SETUP, AT_CONFIG, NULL, "a COPY of more than 16 MiB");

	if (ok)
		*text = arena_str(d->w->task, buf_view(&d->to));
	buf_free(&d->to);
	return ok;
}

/* MAXERROR [AS] N */
static bool is_bound(const struct edit *d, size_t i)
{
	if (i && sqltok_is(&d->t[i - 1], "AS"))
		i--;
	return i && sqltok_is(&d->t[i - 1], "MAXERROR");
}

bool copyedit_validate(
    struct worker *w, const struct copystmt *stmt, struct str *text, struct err *e)
{
	struct edit d;

	if (!begin(&d, w, *text, e))
		return false;
	for (size_t i = 0; i < d.n; i++) {
		if (d.t[i].kind != SQLTOK_NUMBER || !is_bound(&d, i))
			continue;
		take_until(&d, i);
		buf_printf(&d.to, "%d", MAXERROR_MOST);
	}
	take_rest(&d);
	if (!copystmt_has(stmt, COPY_NOLOAD))
		buf_z(&d.to, " NOLOAD");
	if (!copystmt_has(stmt, COPY_MAXERROR) && !copystmt_has(stmt, COPY_IGNOREALLERRORS))
		buf_printf(&d.to, " MAXERROR %d", MAXERROR_MOST);
	return end(&d, text, e);
}

bool copyedit_gzip(struct worker *w, struct str *text, struct err *e)
{
	struct edit d;

	if (!begin(&d, w, *text, e))
		return false;
	take_rest(&d);
	buf_z(&d.to, " GZIP");
	return end(&d, text, e);
}

bool copyedit_prefix(struct worker *w, struct str *text, struct err *e)
{
	struct copystmt stmt;
	struct edit d;
	size_t i = 0;

	if (!begin(&d, w, *text, e))
		return false;
	/* A column may have that name. */
	while (i < d.n && !sqltok_is(&d.t[i], "FROM"))
		i++;
	while (i < d.n && !sqltok_is(&d.t[i], "MANIFEST"))
		i++;
	if (i == d.n) {
		buf_free(&d.to);
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "a COPY without MANIFEST");
	}
	take_until(&d, i);
	take_rest(&d);
	if (!end(&d, text, e) || !copystmt_parse(*text, w->task, &stmt, e))
		return false;
	return !copystmt_has(&stmt, COPY_MANIFEST) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL, "COPY has MANIFEST twice");
}
