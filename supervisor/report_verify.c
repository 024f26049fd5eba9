/* report_verify.c - see report_verify.h. */
#include "supervisor/report_verify.h"

#include "supervisor/facts.h"
#include "supervisor/table.h"

static void print_lanes(const struct fold *f, struct arena *a, FILE *out)
{
	struct table *t = table_new(
	    a, "lane >rows >ledger >shards >verified >mismatch >unverified verdict");

	for (size_t i = 0; i < f->n_lanes; i++) {
		const struct msg_lane *l = &f->lanes[i];

		table_cell(t, "%.*s", STRF(l->lane));
		table_number(t, l->counted);
		table_number(t, l->rows);
		table_number(t, l->shards);
		table_number(t, l->shards - l->mismatch - l->unverified);
		table_number(t, l->mismatch);
		table_number(t, l->unverified);
		table_cell(t, "%.*s", STRF(l->verdict));
	}
	fputs("\nLanes\n", out);
	table_print(t, out);
}

void report_verify_print(const struct fold *f, struct arena *a, FILE *out)
{
	if (f->n_lanes)
		print_lanes(f, a, out);
	if (f->n_wrong)
		fputs("\nWrong\n", out);
	for (size_t i = 0; i < f->n_wrong; i++) {
		const struct msg_wrong *w = &f->wrong[i];

		fprintf(out, "  %.*s %.*s%s%.8s: %.*s\n", STRF(w->verdict),
		    STRF(w->lane.n ? w->lane : w->relation), w->shard.n ? " shard " : "",
		    w->shard.n ? w->shard.p : "", STRF(w->message));
	}
}

int64_t report_verify_shards(const struct fold *f)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->n_lanes; i++)
		n += f->lanes[i].shards;
	return n;
}

void report_verify_close(const struct fold *f, struct arena *a, FILE *out)
{
	double s = (double)facts_duration(f) / 1000;
	int64_t rows = 0, objects = 0;

	for (size_t i = 0; i < f->n; i++) {
		rows += f->tasks[i].done.rows;
		objects += f->tasks[i].done.objects;
	}
	if (f->end.exit == 0)
		fprintf(out, "%s: %s rows in %zu lanes; %s shards%s%.*s, %s objects; %.2f s.\n",
		    f->n_wrong ? "Nothing speaks against it, but not all is VERIFIED"
		               : "All VERIFIED",
		    table_thousands(a, rows), f->n_lanes,
		    table_thousands(a, report_verify_shards(f)), f->run.of.n ? " of run " : "",
		    STRF(f->run.of), table_thousands(a, objects), s);
	else if (f->n_wrong)
		fprintf(out, "NOT all verified, %zu thing(s) wrong: exit code %lld, %.2f s.\n",
		    f->n_wrong, (long long)f->end.exit, s);
	else
		fprintf(
		    out, "Not verified: exit code %lld after %.2f s.\n", (long long)f->end.exit, s);
}

static json_t *text(struct str s)
{
	return json_stringn_nocheck(s.n ? s.p : "", s.n);
}

void report_verify_json(const struct fold *f, json_t *report)
{
	json_t *lanes = json_array(), *wrong = json_array();

	if (!str_eqz(f->run.command, REPORT_VERIFY)) {
		json_decref(lanes);
		json_decref(wrong);
		return;
	}
	for (size_t i = 0; i < f->n_lanes; i++) {
		const struct msg_lane *l = &f->lanes[i];

		json_array_append_new(lanes,
		    json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "relation",
		        text(l->relation), "lane", text(l->lane), "rows", (json_int_t)l->counted,
		        "ledger", (json_int_t)l->rows, "shards", (json_int_t)l->shards, "verified",
		        (json_int_t)(l->shards - l->mismatch - l->unverified), "mismatch",
		        (json_int_t)l->mismatch, "unverified", (json_int_t)l->unverified, "verdict",
		        text(l->verdict)));
	}
	for (size_t i = 0; i < f->n_wrong; i++) {
		const struct msg_wrong *w = &f->wrong[i];

		json_array_append_new(
		    wrong, json_pack("{s:o, s:o, s:o, s:o, s:o}", "relation", text(w->relation),
		               "lane", text(w->lane), "shard", text(w->shard), "verdict",
		               text(w->verdict), "message", text(w->message)));
	}
	json_object_set_new(report, "lanes", lanes);
	json_object_set_new(report, "wrong", wrong);
}
