/* credentials_json.c - the document in which programs and metadata services hand over keys. */
#include "shared/clock.h"
#include "shared/credentials_chain.h"
#include "shared/jsontext.h"

static bool fail(struct err *e, const char *place, const char *what)
{
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s: %s", place, what);
}

static bool take(struct chain *c, const json_t *o, const char *place, const char *token,
    struct credentials *out, struct err *e)
{
	static const char *const names[] = {"AccessKeyId", "SecretAccessKey"};
	struct sigv4_key key = {
	    jsontext_view(o, names[0]), jsontext_view(o, names[1]), jsontext_view(o, token)};
	struct str code = jsontext_view(o, "Code"), said = jsontext_view(o, "Message");
	struct str expiration = jsontext_view(o, "Expiration");

	if (!key.access.n && !key.secret.n && code.n)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s gives no keys: %.100s%s%.300s",
		    place, arena_cstr(c->a, code), said.n ? ": " : "", arena_cstr(c->a, said));
	if (!key.access.n && !key.secret.n)
		return fail(e, place, "neither AccessKeyId nor SecretAccessKey in the answer");
	if (!chain_take(c, &key, place, names, out, e))
		return false;
	if (expiration.n && !clock_from_iso(expiration, &out->expires_ms))
		return fail(e, place, "Expiration is no time like 2026-08-01T12:00:00Z");
	return true;
}

bool chain_take_json(struct chain *c, struct str text, const char *place, const char *token,
    bool process, struct credentials *out, struct err *e)
{
	json_error_t where;
	json_t *o = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &where);
	const json_t *version = json_object_get(o, "Version");
	bool ok;

	if (!json_is_object(o))
		ok = fail(e, place, "the answer is no JSON object");
	else if (process && (!json_is_integer(version) || json_integer_value(version) != 1))
		ok = fail(e, place, "\"Version\" is not 1");
	else
		ok = take(c, o, place, token, out, e);
	json_decref(o);
	return ok;
}
