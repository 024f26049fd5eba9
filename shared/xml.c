/*
 * xml.c - see xml.h. The only home of expat.
 *
 * expat calls for every start, piece of text and end; this keeps the path of where it is and the
 * text since the last tag, and hands both on at each end. With those, a reader of one kind of
 * document is a list of paths and what to do with their text.
 */
#include "shared/xml.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/buf.h"
#include "shared/utf8.h"

enum { PATH = 2048, PIECE = 1 << 20 };

struct walk {
	XML_Parser parser;
	xml_visit *fn;
	void *ctx;
	size_t depth;    /* open elements, the root included */
	struct str root; /* in root_name */
	char root_name[64];
	struct buf path;  /* of the open elements below the root */
	struct buf text;  /* since the last tag */
	const char *stop; /* why we refused it */
};

static void stop(struct walk *w, const char *why)
{
	w->stop = why;
	XML_StopParser(w->parser, XML_FALSE);
}

static struct str local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return str_z(colon ? colon + 1 : name);
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct walk *w = user;
	struct str local = local_name(name);

	(void)attributes;
	buf_reset(&w->text);
	if (w->depth == 0) {
		snprintf(w->root_name, sizeof w->root_name, "%.*s", STRF(local));
		w->root = str_z(w->root_name);
	} else {
		if (w->depth > 1)
			buf_c(&w->path, '/');
		buf_str(&w->path, local);
	}
	if (++w->depth > XML_DEPTH || w->path.over)
		stop(w, "nested too deep");
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
	struct walk *w = user;
	size_t n = local_name(name).n;

	/* The end of <a/> still comes after its start was refused. */
	if (w->stop || --w->depth == 0)
		return;
	w->fn(w->ctx, buf_view(&w->path), buf_view(&w->text));
	buf_reset(&w->text);
	/* Back to the parent: the name, and the slash unless it is a child of the root. */
	w->path.n -= n;
	if (w->depth > 1)
		w->path.n--;
}

static void XMLCALL on_text(void *user, const XML_Char *s, int n)
{
	struct walk *w = user;

	buf_add(&w->text, s, (size_t)n);
	if (w->text.over)
		stop(w, "too much text in one element");
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int internal)
{
	(void)name, (void)system_id, (void)public_id, (void)internal;
	stop(user, "a DOCTYPE, which S3 never sends");
}

/* Servers keep a slow answer alive by white space, even ahead of the XML declaration. */
static struct str without_leading_blanks(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
		s = str_from(s, 1);
	return s;
}

/* Any root, which is told in w->root ("" before it is known). */
static bool walk(struct walk *w, struct str body, xml_visit *fn, void *ctx, struct err *e)
{
	static const XML_Memory_Handling_Suite memory = {xmalloc, xrealloc, free};
	XML_Parser parser;
	XML_Index at;
	bool ok = body.n <= XML_BODY;

	*w = (struct walk){.fn = fn, .ctx = ctx};
	if (!ok)
		return err_set(e, ERR_RETRY, AT_S3, NULL, "an XML answer of %zu bytes", body.n);
	w->parser = parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	XML_SetUserData(parser, w);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	buf_init(&w->path, PATH);
	buf_init(&w->text, XML_TEXT);
	body = without_leading_blanks(body);
	do {
		size_t n = body.n < PIECE ? body.n : PIECE;

		ok = XML_Parse(parser, n ? body.p : "", (int)n, n == body.n) == XML_STATUS_OK;
		body = str_from(body, n);
	} while (ok && body.n);
	at = XML_GetCurrentByteIndex(parser);
	if (!ok)
		err_set(e, ERR_RETRY, AT_S3, NULL,
		    "the XML answer is cut or damaged at byte %lld: %s", at < 0 ? 0 : (long long)at,
		    w->stop ? w->stop : XML_ErrorString(XML_GetErrorCode(parser)));
	buf_free(&w->path);
	buf_free(&w->text);
	XML_ParserFree(parser);
	return ok;
}

bool xml_walk(struct str body, const char *root, xml_visit *fn, void *ctx, struct err *e)
{
	struct xml_error said;
	struct walk w;

	if (!walk(&w, body, fn, ctx, e))
		return false;
	if (!root || str_eqz(w.root, root))
		return true;
	if (xml_error(body, &said))
		return err_set(e, ERR_RETRY, AT_S3, said.code, "%s%s%s", said.code,
		    said.message[0] ? ": " : "", said.message);
	return err_set(e, ERR_RETRY, AT_S3, NULL,
	    "the XML answer is a <%s> where a <%s> was expected", w.root_name, root);
}

/* What encoding-type=url did to s, undone: %XX is a byte, "+" a blank; anything else stays. */
static struct str unquote_plus(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool pair = s.p[i] == '%' && s.n - i > 2 && str_hex_digit(s.p[i + 1]) >= 0 &&
		            str_hex_digit(s.p[i + 2]) >= 0;

		if (pair) {
			p[n++] = (char)(str_hex_digit(s.p[i + 1]) << 4 | str_hex_digit(s.p[i + 2]));
			i += 2;
		} else {
			p[n++] = s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	p[n] = '\0';
	return (struct str){p, n};
}

/* A listing while it is read. EncodingType may come behind the keys, so they are decoded last. */
struct listing {
	struct arena *a;
	struct xml_list *out;
	size_t cap_objects, cap_prefixes;
	struct xml_object now; /* the Contents that is open */
	struct str prefix;     /* of the CommonPrefixes that is open */
	bool sized, url, complete;
	const char *bad;
};

static bool to_size(struct str text, int64_t *out)
{
	return str_to_i64(str_trim(text), out) && *out >= 0;
}

static void end_of_object(struct listing *l)
{
	struct xml_list *out = l->out;

	if (l->now.key.n == 0)
		l->bad = "an object without Key";
	if (!l->sized)
		l->bad = "an object without Size";
	out->objects = arena_grow(
	    l->a, out->objects, out->n_objects, &l->cap_objects, sizeof *out->objects);
	out->objects[out->n_objects++] = l->now;
	l->now = (struct xml_object){0};
	l->sized = false;
}

static void end_of_prefix(struct listing *l)
{
	struct xml_list *out = l->out;

	if (l->prefix.n == 0)
		l->bad = "CommonPrefixes without Prefix";
	out->prefixes = arena_grow(
	    l->a, out->prefixes, out->n_prefixes, &l->cap_prefixes, sizeof *out->prefixes);
	out->prefixes[out->n_prefixes++] = l->prefix;
	l->prefix = (struct str){0};
}

static void on_listing(void *ctx, struct str path, struct str text)
{
	struct listing *l = ctx;

	if (str_eqz(path, "Contents/Key"))
		l->now.key = arena_str(l->a, text);
	else if (str_eqz(path, "Contents/ETag"))
		l->now.etag = arena_str(l->a, text);
	else if (str_eqz(path, "Contents/StorageClass"))
		l->now.storage_class = arena_str(l->a, text);
	else if (str_eqz(path, "Contents/Size"))
		l->sized = to_size(text, &l->now.size);
	else if (str_eqz(path, "Contents"))
		end_of_object(l);
	else if (str_eqz(path, "CommonPrefixes/Prefix"))
		l->prefix = arena_str(l->a, text);
	else if (str_eqz(path, "CommonPrefixes"))
		end_of_prefix(l);
	else if (str_eqz(path, "EncodingType"))
		l->url = str_eqz(str_trim(text), "url");
	else if (str_eqz(path, "NextContinuationToken"))
		l->out->next_token = arena_str(l->a, text);
	else if (str_eqz(path, "KeyCount") && !to_size(text, &l->out->key_count))
		l->bad = "KeyCount is no number";
	else if (str_eqz(path, "IsTruncated")) {
		l->complete = str_eqz(str_trim(text), "false");
		l->out->is_truncated = str_eqz(str_trim(text), "true");
	}
}

bool xml_list_result(struct str body, struct arena *a, struct xml_list *out, struct err *e)
{
	struct listing l = {.a = a, .out = out};

	*out = (struct xml_list){.key_count = -1};
	if (!xml_walk(body, "ListBucketResult", on_listing, &l, e))
		return false;
	/* Taken for the last page by mistake, one would silently lose objects. */
	if (!l.bad && !out->is_truncated && !l.complete)
		l.bad = "IsTruncated is neither true nor false";
	if (!l.bad && out->is_truncated && out->next_token.n == 0)
		l.bad = "truncated, but without NextContinuationToken (ListObjectsV2 is needed)";
	if (l.bad)
		return err_set(
		    e, ERR_RETRY, AT_S3, NULL, "a listing that makes no sense: %s", l.bad);
	for (size_t i = 0; l.url && i < out->n_objects; i++)
		out->objects[i].key = unquote_plus(a, out->objects[i].key);
	for (size_t i = 0; l.url && i < out->n_prefixes; i++)
		out->prefixes[i] = unquote_plus(a, out->prefixes[i]);
	return true;
}

/* One leaf of a document. */
struct leaf {
	struct arena *a;
	const char *path;
	struct str text;
};

static void on_leaf(void *ctx, struct str path, struct str text)
{
	struct leaf *l = ctx;

	if (str_eqz(path, l->path))
		l->text = arena_str(l->a, str_trim(text));
}

static void on_first_leaf(void *ctx, struct str path, struct str text)
{
	struct leaf *l = ctx;

	if (!l->text.p)
		on_leaf(ctx, path, text);
}

struct str xml_leaf(struct str body, const char *path, struct arena *a)
{
	struct leaf l = {.a = a, .path = path};
	struct err e;

	return xml_walk(body, NULL, on_first_leaf, &l, &e) && l.text.p ? l.text : STR("");
}

static bool one_leaf(struct str body, const char *root, const char *path, struct arena *a,
    struct str *out, struct err *e)
{
	struct leaf l = {.a = a, .path = path};

	if (!xml_walk(body, root, on_leaf, &l, e))
		return false;
	if (l.text.n == 0)
		return err_set(e, ERR_RETRY, AT_S3, NULL, "a <%s> without %s", root, path);
	*out = l.text;
	return true;
}

bool xml_upload_id(struct str body, struct arena *a, struct str *out, struct err *e)
{
	return one_leaf(body, "InitiateMultipartUploadResult", "UploadId", a, out, e);
}

bool xml_completed(struct str body, struct arena *a, struct str *etag, struct err *e)
{
	return one_leaf(body, "CompleteMultipartUploadResult", "ETag", a, etag, e);
}

struct error_doc {
	const struct walk *w;
	struct xml_error *out;
};

static void on_error(void *ctx, struct str path, struct str text)
{
	static const struct {
		const char *root, *path;
	} inside[] = {{"ErrorResponse", "Error/"}, {"ErrorResponse", "Errors/Error/"},
	    {"Response", "Errors/Error/"}};
	struct error_doc *doc = ctx;
	struct xml_error *out = doc->out;
	struct str root = doc->w->root;
	bool is_error = str_eqz(root, "Error");

	text = str_trim(text);
	if (text.n == 0)
		return;
	/* There the request id stands outside of the error. */
	if (str_eqz(path, "RequestId") || str_eqz(path, "RequestID"))
		utf8_fill(out->request_id, sizeof out->request_id, text);
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		if (str_eqz(root, inside[i].root) && str_starts(path, str_z(inside[i].path))) {
			path = str_from(path, strlen(inside[i].path));
			is_error = true;
		}
	}
	if (!is_error)
		return;
	if (str_eqz(path, "Code"))
		utf8_fill(out->code, sizeof out->code, text);
	else if (str_eqz(path, "Message"))
		utf8_fill(out->message, sizeof out->message, text);
	else if (str_eqz(path, "Region"))
		utf8_fill(out->region, sizeof out->region, text);
	else if (str_eqz(path, "Endpoint"))
		utf8_fill(out->endpoint, sizeof out->endpoint, text);
}

bool xml_error(struct str body, struct xml_error *out)
{
	struct walk w;
	struct error_doc doc = {.w = &w, .out = out};
	struct err cut;

	*out = (struct xml_error){0};
	walk(&w, body, on_error, &doc, &cut); /* a cut one is as good as what it says */
	return out->code[0] != '\0';
}
