/* copyfile.c - see copyfile.h. */
#include "workers/copyfile.h"

/*
 * It must name what it is given: a shard's manifest is all that is loaded, and its lane where to.
 * Redshift would go elsewhere without a word.
 */
static bool check_names(
    const struct worker *w, const struct sql_vars *vars, const struct copystmt *stmt, struct err *e)
{
	const char *schema = w->config.warehouse.schema;

	if (!str_eq(stmt->from, vars->manifest) || !copystmt_has(stmt, COPY_MANIFEST))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "COPY must load FROM :'manifest', with MANIFEST; the address of the data is "
		    "the key of [S3] that -- source: names");
	if (!str_eq(stmt->table, vars->lane) || (stmt->schema.n && !str_eqz(stmt->schema, schema)))
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "COPY must load into :\"lane\", not %.*s: the file's name is the relation's",
		    STRF(stmt->table));
	return true;
}

/* A prefix is of keys, not of folders: s3://b/log has s3://b/log_json_path.json under it. */
static bool check_jsonpaths(
    const struct worker *w, const struct sqlfile *f, const struct copystmt *stmt, struct err *e)
{
	const char *data = config_s3(&w->config, f->source);

	return stmt->json != COPY_JSON_PATHS || !str_starts(stmt->jsonpaths, str_z(data)) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	           "the jsonpaths file %.*s lies under the prefix of the data, %s, and would be "
	           "loaded as data: move it, or end the prefix with /",
	           STRF(stmt->jsonpaths), data);
}

bool copyfile_read(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct copystmt *out, struct str *text, struct err *e)
{
	struct str *statements;
	size_t n;

	if (!sql_prepare(w, f, vars, &statements, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: one COPY is wanted, not %zu statements", f->origin, n);
	*text = statements[0];
	if (!copystmt_parse(*text, w->task, out, e) || !check_names(w, vars, out, e) ||
	    !check_jsonpaths(w, f, out, e))
		return err_prefix(e, "%s", f->origin);
	return true;
}

struct sql_vars copyfile_any(const struct sqlfile *f)
{
	return (struct sql_vars){
	    .relation = f->stem, .lane = f->stem, .manifest = STR("s3://bucket/manifest")};
}
