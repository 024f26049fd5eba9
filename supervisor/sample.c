/* sample.c - see sample.h. */
#include "supervisor/sample.h"

#include "shared/connect.h"
#include "shared/file.h"
#include "shared/log.h"
#include "shared/s3.h"
#include "supervisor/table.h"

static bool make_folder(const char *path, struct err *e)
{
	return file_folder(path, 0777, AT_CONFIG, e);
}

static const char *buckets_folder(const struct config *c, struct arena *a)
{
	if (c->local.buckets)
		return config_path(c, a, c->local.buckets);
	return arena_printf(a, "%s/buckets", config_path(c, a, c->local.dir));
}

/* The bucket, where the three addresses are those that the generator writes to; else empty. */
static struct str bucket_of(const struct config *c)
{
	static const struct {
		const char *source, *key;
	} wanted[] = {{"LOG_DATA", "log_data"}, {"SONG_DATA", "song_data"},
	    {"LOG_JSONPATH", "log_json_path.json"}};
	struct str first = STR(""), bucket, key;
	struct err ignored;

	for (size_t i = 0; i < 3; i++) {
		const char *url = config_s3(c, str_z(wanted[i].source));

		if (!url || !s3_url_parse(str_z(url), &bucket, &key, &ignored))
			return STR("");
		while (str_ends(key, STR("/")))
			key.n--;
		if (!str_eqz(key, wanted[i].key) || (i && !str_eq(bucket, first)))
			return STR("");
		first = bucket;
	}
	return first;
}

bool sample_prepare(const struct config *c, struct arena *a, struct sample *out, struct err *e)
{
	const char *buckets = buckets_folder(c, a), *manifests = connect_manifests(c);
	struct str bucket = bucket_of(c), manifest_bucket, key;
	struct data_opts o = {.scale = 1, .seed = 1};
	enum data_found found;

	*out = (struct sample){.known = false};
	if (!make_folder(config_path(c, a, c->local.dir), e) || !make_folder(buckets, e) ||
	    !s3_url_parse(str_z(manifests), &manifest_bucket, &key, e) ||
	    !make_folder(arena_printf(a, "%s/%.*s", buckets, STRF(manifest_bucket)), e))
		return false;
	if (bucket.n == 0)
		return true;
	o.dir = arena_printf(a, "%s/%.*s", buckets, STRF(bucket));
	if (!data_look(o.dir, &found, &out->expect, e))
		return false;
	if (found == DATA_EMPTY || found == DATA_PARTIAL) {
		log_info("%s is empty: writing a data set to load", o.dir);
		if (!data_generate(&o, &out->expect, e))
			return false;
		found = DATA_COMPLETE;
	}
	out->known = found == DATA_COMPLETE;
	return true;
}

size_t sample_expect(const struct sample *s, struct report_expect *out)
{
	const struct data_expect *x = &s->expect;
	const struct report_expect all[SAMPLE_TABLES] = {
	    {"staging_events", x->staging_events},
	    {"staging_songs", x->staging_songs},
	    {"songplays", x->songplays},
	    {"users", x->users},
	    {"songs", x->songs},
	    {"artists", x->artists},
	    {"time", x->time},
	};

	memcpy(out, all, sizeof all);
	return SAMPLE_TABLES;
}

void sample_print(const struct data_expect *x, bool json, struct arena *a, FILE *out)
{
	struct report_expect rows[SAMPLE_TABLES];
	struct sample s = {.known = true, .expect = *x};
	size_t n = sample_expect(&s, rows);
	struct table *t = table_new(a, "table >expected");

	if (json) {
		fprintf(out, "{\"objects\": %lld, \"bytes\": %lld", (long long)x->objects,
		    (long long)x->bytes);
		for (size_t i = 0; i < n; i++)
			fprintf(out, ", \"%s\": %lld", rows[i].table, (long long)rows[i].rows);
		fprintf(out, "}\n");
		return;
	}
	fprintf(out, "%s objects, %s; a correct load gives\n", table_thousands(a, x->objects),
	    table_bytes(a, x->bytes));
	for (size_t i = 0; i < n; i++) {
		table_cell(t, "%s", rows[i].table);
		table_number(t, rows[i].rows);
	}
	table_print(t, out);
}
