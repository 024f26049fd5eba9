/* estimate.c - see estimate.h. */
#include "supervisor/estimate.h"

void estimate_learn(struct estimate *e, int64_t objects, int64_t bytes, int64_t ms)
{
	double o = (double)objects, b = (double)bytes, m = (double)ms;

	e->oo += o * o;
	e->ob += o * b;
	e->bb += b * b;
	e->om += o * m;
	e->bm += b * m;
	e->objects += o;
	e->bytes += b;
	e->ms += m;
	e->n++;
}

bool estimate_cost(const struct estimate *e, int64_t objects, int64_t bytes, double *ms)
{
	double o = (double)objects, b = (double)bytes;
	double det = e->oo * e->bb - e->ob * e->ob;

	if (e->n == 0)
		return false;
	/* Two shards of one shape cannot tell objects from bytes. */
	if (e->n >= 3 && det > 1e-6 * e->oo * e->bb) {
		double per_object = (e->om * e->bb - e->bm * e->ob) / det;
		double per_byte = (e->bm * e->oo - e->om * e->ob) / det;

		if (per_object >= 0 && per_byte >= 0) {
			*ms = per_object * o + per_byte * b;
			return true;
		}
	}
	/* One of the two explains it all: the larger share counts. */
	double by_objects = e->objects > 0 ? e->ms * o / e->objects : 0;
	double by_bytes = e->bytes > 0 ? e->ms * b / e->bytes : 0;

	*ms = by_objects > by_bytes ? by_objects : by_bytes;
	return true;
}

bool estimate_running(double cost_ms, double ran_ms, double part, double *rest_ms)
{
	enum { PACE_PERCENT = 5 };
	double own = part > 0 ? ran_ms * (1 - part) / part : ran_ms;

	if (part * 100 >= PACE_PERCENT) {
		*rest_ms = part < 1 ? own : 0;
		return true;
	}
	if (cost_ms < 0)
		return false;
	/* One that is later than was thought will take as long again, at least. */
	*rest_ms = cost_ms * (1 - part);
	if (ran_ms > cost_ms && own > *rest_ms)
		*rest_ms = own;
	return true;
}

int64_t estimate_rest(double sum_ms, double longest_ms, int workers)
{
	double shared = sum_ms / (workers > 0 ? workers : 1);

	return (int64_t)(shared > longest_ms ? shared : longest_ms);
}
