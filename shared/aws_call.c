/*
 * aws_call.c - what a call says: a form, or a JSON object.
 *
 * Forms are encoded as botocore does it, a blank as "+"; its JSON has a blank behind each comma and
 * colon. The bytes are only hashed, but so they are held against its recorded requests.
 */
#include <stdio.h>

#include "shared/aws_wire.h"

/* A role's policy has 10 KiB at most. ROOM is there from the start: a body that moves would leave
 * copies of what it holds behind. */
enum { ROOM = 32 << 10, BODY_MAX = 1 << 20 };

static void add_form(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		unsigned char u = (unsigned char)c;
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		             (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';

		if (plain || c == ' ')
			buf_c(b, plain ? c : '+');
		else
			buf_add(b, (char[]){'%', digits[u >> 4], digits[u & 15]}, 3);
	}
}

void aws_call_init(struct aws_call *c, enum aws_service service, const char *action)
{
	const char *version = aws_version(service);

	*c = (struct aws_call){.service = service, .action = action};
	buf_init(&c->body, BODY_MAX);
	buf_init(&c->secret, BODY_MAX);
	buf_room(&c->body, ROOM);
	if (version)
		buf_printf(&c->body, "Action=%s&Version=%s", action, version);
	else
		buf_z(&c->body, "{}");
}

void aws_call_free(struct aws_call *c)
{
	buf_wipe(&c->body);
	buf_wipe(&c->secret);
}

/* Opens the object again, up to the place of a value. */
static void add_name(struct aws_call *c, const char *name)
{
	struct buf *b = &c->body;

	if (aws_version(c->service)) {
		buf_c(b, '&');
		add_form(b, str_z(name));
		buf_c(b, '=');
		return;
	}
	b->n--;
	if (b->n > 1)
		buf_z(b, ", ");
	buf_json(b, str_z(name));
	buf_z(b, ": ");
}

static void end_value(struct aws_call *c)
{
	if (!aws_version(c->service))
		buf_c(&c->body, '}');
}

void aws_arg(struct aws_call *c, const char *name, struct str value)
{
	add_name(c, name);
	if (aws_version(c->service))
		add_form(&c->body, value);
	else
		buf_json(&c->body, value);
	end_value(c);
}

void aws_argz(struct aws_call *c, const char *name, const char *value)
{
	if (value)
		aws_arg(c, name, str_z(value));
}

void aws_arg_secret(struct aws_call *c, const char *name, struct str value)
{
	aws_arg(c, name, value);
	buf_wipe(&c->secret);
	buf_room(&c->secret, value.n);
	buf_str(&c->secret, value);
}

/* A value that is the same in forms and in JSON. */
static void add_word(struct aws_call *c, const char *name, struct str word)
{
	add_name(c, name);
	buf_str(&c->body, word);
	end_value(c);
}

void aws_arg_int(struct aws_call *c, const char *name, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%lld", (long long)value);
	add_word(c, name, str_z(digits));
}

void aws_arg_bool(struct aws_call *c, const char *name, bool value)
{
	add_word(c, name, value ? STR("true") : STR("false"));
}

void aws_arg_json(struct aws_call *c, const char *name, struct str json)
{
	add_word(c, name, json);
}
