/* config_print.c - the configuration for people's eyes: what holds and why, and what there is. */
#include <jansson.h>

#include "shared/config_keys.h"

static const char *const types[] = {
    [KEY_STRING] = "text",
    [KEY_PATH] = "path",
    [KEY_URL] = "URL",
    [KEY_S3] = "s3://",
    [KEY_S3_NONE] = "s3://",
    [KEY_CHOICE] = "choice",
    [KEY_ENUM] = "choice",
    [KEY_RATIO] = "ratio",
    [KEY_INT] = "number",
    [KEY_SIZE] = "size",
    [KEY_BOOL] = "yes/no",
};

static const char *shown(const struct config_key *k, const struct config_origin *o)
{
	return o->value && k->secret ? "****" : o->value;
}

static void print_line(
    FILE *out, const char *section, const char *name, const char *value, const char *from)
{
	int n = fprintf(out, "%s.%s = %s", section, name, value ? value : "");

	fprintf(out, "%*s # %s\n", n < 50 ? 50 - n : 0, "", from);
}

static void add_object(json_t *all, const char *section, const char *name, const char *value,
    const char *from, bool secret)
{
	json_array_append_new(
	    all, json_pack("{s:s, s:s, s:s?, s:s, s:b}", "section", section, "key", name, "value",
	             value, "origin", from, "secret", secret));
}

void config_print(const struct config *c, FILE *out, bool json)
{
	const struct config_private *p = c->private;
	json_t *all = json ? json_array() : NULL;

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];
		const char *value = shown(k, &p->keys[i]);
		const char *from = value ? p->keys[i].from : "not set";

		if (json)
			add_object(all, k->section, k->name, value, from, k->secret);
		else
			print_line(out, k->section, k->name, value, from);
	}
	for (size_t i = 0; i < p->n_sources; i++) {
		const struct config_source *s = &p->sources[i];

		if (json)
			add_object(all, "S3", s->name, s->address, s->from, false);
		else
			print_line(out, "S3", s->name, s->address, s->from);
	}
	if (json) {
		json_dumpf(all, out, JSON_INDENT(2));
		fputc('\n', out);
		json_decref(all);
	}
}

void config_help(FILE *out)
{
	fputs("\nKeys\n", out);
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];

		if (i == 0 || strcmp(k->section, config_keys[i - 1].section) != 0)
			fprintf(out, "%s[%s]\n", i ? "\n" : "", k->section);
		fprintf(out, "  %-18s %-7s %s", k->name, types[k->type], k->help);
		if (k->preset)
			fprintf(out, " (default %s)", k->preset);
		fputc('\n', out);
		if (strcmp(k->section, "S3") == 0 && strcmp(k->name, "MANIFESTS") == 0)
			fprintf(out, "  %-18s %-7s %s\n", "(any name)", "s3://",
			    "a source that a model of yours names");
	}
	fputs("\nEvery key also has a variable, DWH_SECTION_KEY (DWH_LOAD_WORKERS), and a flag,\n"
	      "--set SECTION.KEY=VALUE; the flag wins over the variable, the variable over the "
	      "file.\n",
	    out);
}
