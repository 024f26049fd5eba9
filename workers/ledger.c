/* ledger.c - see ledger.h. */
#include "workers/ledger.h"

bool ledger_sum(struct worker *w, const char *relation, int64_t generation, const char *lane,
    int64_t *rows, int64_t *shards, struct err *e)
{
	const char *params[] = {relation, arena_i64(w->task, generation), lane};
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT coalesce(sum(row_count), 0), count(*) FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER) AND ($3 = '' OR lane = $3)",
	        3, params, &res, e))
		return false;
	*rows = pg_i64(res, 0, 0);
	*shards = pg_i64(res, 0, 1);
	PQclear(res);
	return true;
}

bool ledger_has_evidence(struct worker *w, bool *out, struct err *e)
{
	PGresult *res;

	if (!pg_query(&w->pg,
	        "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'dwh'"
	        " AND table_name = 'ledger' AND column_name = 'evidence'",
	        0, NULL, &res, e))
		return false;
	*out = pg_i64(res, 0, 0) > 0;
	PQclear(res);
	return true;
}
