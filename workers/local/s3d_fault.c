/* s3d_fault.c - see s3d_fault.h. */
#include "workers/local/s3d_fault.h"

#include <stdio.h>
#include <unistd.h>

static const struct {
	const char *name;
	enum s3d_class on;
} classes[] = {
    {"get", S3D_GET},
    {"head", S3D_HEAD},
    {"put", S3D_PUT},
    {"delete", S3D_DELETE},
    {"list", S3D_LIST},
    {"post", S3D_POST},
};

static const struct {
	const char *name;
	enum s3d_fault_kind kind;
	int64_t param; /* default; 0: takes none */
} kinds[] = {
    {"503", S3D_FAULT_503, 0},
    {"500", S3D_FAULT_500, 0},
    {"403", S3D_FAULT_403, 0},
    {"retryafter", S3D_FAULT_RETRY_AFTER, 1},
    {"error200", S3D_FAULT_ERROR200, 0},
    {"reset", S3D_FAULT_RESET, 0},
    {"cut", S3D_FAULT_CUT, 0},
    {"slow", S3D_FAULT_SLOW, 3000},
};

bool s3d_fault_duration(struct str s, int64_t *ms)
{
	int64_t unit;

	if (str_ends(s, STR("ms"))) {
		unit = 1;
		s.n -= 2;
	} else if (str_ends(s, STR("s"))) {
		unit = 1000;
		s.n -= 1;
	} else {
		return false;
	}
	if (!str_to_i64(s, ms) || *ms < 0 || *ms > 3600 * 1000)
		return false;
	*ms *= unit;
	return true;
}

/* "5%", "0.5%", "100%" */
static bool percent(struct str s, uint32_t *of_million)
{
	int64_t whole, part = 0;
	size_t dot;

	if (!str_ends(s, STR("%")))
		return false;
	s.n--;
	dot = str_find(s, '.');
	if (dot < s.n) {
		struct str digits = str_from(s, dot + 1);

		if (digits.n > 4 || !str_to_i64(digits, &part) || part < 0)
			return false;
		for (size_t i = digits.n; i < 4; i++)
			part *= 10;
	}
	if (!str_to_i64((struct str){s.p, dot}, &whole) || whole < 0 || whole > 100)
		return false;
	*of_million = (uint32_t)(whole * 10000 + part);
	return *of_million <= 1000000;
}

static struct str next_part(struct str *s)
{
	struct str part = {s->p, str_find(*s, ':')};

	*s = str_from(*s, part.n + 1);
	return part;
}

bool s3d_fault_add(struct s3d_faults *f, struct str spec, struct err *e)
{
	struct str rest = spec, part = next_part(&rest);
	struct s3d_fault one = {0};

	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (str_eqz(part, classes[i].name)) {
			one.on = classes[i].on;
			part = next_part(&rest);
			break;
		}
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (str_eqz(part, kinds[i].name)) {
			one.kind = kinds[i].kind;
			one.param = kinds[i].param;
		}
	}
	if (one.kind == S3D_FAULT_NONE)
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--fault %.*s: \"%.*s\" is no fault; there are 503, 500, 403, retryafter, "
		    "error200, reset, cut, slow, each after get:, head:, put:, delete:, list:, "
		    "post: or "
		    "alone",
		    STRF(spec), STRF(part));
	part = next_part(&rest);
	if (!percent(part, &one.of_million))
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--fault %.*s: how often is written like 5%% or 0.5%%, not \"%.*s\"",
		    STRF(spec), STRF(part));
	if (rest.n && (one.kind == S3D_FAULT_RETRY_AFTER ? !str_to_i64(rest, &one.param)
	                  : one.kind == S3D_FAULT_SLOW   ? !s3d_fault_duration(rest, &one.param)
	                                                 : true))
		return err_set(e, ERR_SETUP, AT_USAGE, NULL,
		    "--fault %.*s: \"%.*s\" cannot stand there; retryafter takes seconds (2), slow "
		    "a "
		    "time (500ms, 3s), the others nothing",
		    STRF(spec), STRF(rest));
	if (f->n == S3D_FAULTS_MAX)
		return err_set(
		    e, ERR_SETUP, AT_USAGE, NULL, "more than %d --fault", S3D_FAULTS_MAX);
	f->v[f->n++] = one;
	return true;
}

uint64_t s3d_fault_random(struct s3d_faults *f)
{
	uint64_t x = f->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

const char *s3d_fault_name(enum s3d_fault_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "";
}

static void note(
    const struct s3d_faults *f, enum s3d_fault_kind kind, struct str method, struct str path)
{
	char line[2048];
	int n = snprintf(line, sizeof line, "%s %.*s %.*s\n", s3d_fault_name(kind), STRF(method),
	    (int)(path.n < 1900 ? path.n : 1900), path.p);

	if (n >= (int)sizeof line)
		n = sizeof line - 1;
	/* A full disk must not turn one fault into another. */
	if (write(f->log, line, (size_t)n) < 0)
		return;
}

const struct s3d_fault *s3d_fault_pick(
    struct s3d_faults *f, enum s3d_class on, struct str method, struct str path)
{
	const struct s3d_fault *hit = NULL;

	/* One number for each that applies, hit or not, so that one fault does not shift the
	 * others. */
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].on != S3D_ANY && f->v[i].on != on)
			continue;
		if (s3d_fault_random(f) % 1000000 < f->v[i].of_million && !hit)
			hit = &f->v[i];
	}
	if (hit && f->log >= 0)
		note(f, hit->kind, method, path);
	return hit;
}
