/*
 * sigv4.h - AWS Signature Version 4, header form.
 *
 * The three intermediate strings are given out, so that each step can be held against published
 * vectors, and so that a server can verify with the same code that a client signs with.
 *
 * One encoding serves the wire and the signature: the path and the query are taken as they are sent
 * (RFC 3986, every byte but A-Z a-z 0-9 - . _ ~ as %XX, "/" kept in the path only).
 */
#ifndef SHARED_SIGV4_H
#define SHARED_SIGV4_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/arena.h"
#include "shared/str.h"

/* Secret. Never printed; struct credentials (credentials.h) holds one. */
struct sigv4_key {
	struct str access; /* key id: not secret */
	struct str secret;
	struct str token; /* session token, or empty */
};

struct sigv4_header {
	struct str name;  /* any case */
	struct str value; /* raw: trimmed and folded by the signer */
};

enum sigv4_path {
	SIGV4_PATH_AS_IS,     /* S3: the wire path, encoded once, nothing normalised */
	SIGV4_PATH_NORMALISE, /* the other services: dot segments removed, then encoded again */
	SIGV4_PATH_ENCODE,    /* the other services without normalisation: encoded again */
};

struct sigv4_request {
	struct str method;
	struct str path;  /* on the wire; empty counts as "/" */
	struct str query; /* on the wire, without "?"; any order, "k" and "k=" mean the same */
	const struct sigv4_header
	    *headers; /* all that are to be signed: host, x-amz-*, range, ... */
	size_t n_headers;
	struct str payload_hash; /* hex SHA-256 of the body, or "UNSIGNED-PAYLOAD" */
	enum sigv4_path path_rule;
	struct str region, service;
	struct str time; /* "20150830T123600Z", equal to the x-amz-date header */
};

struct sigv4_result {
	struct str canonical;      /* canonical request */
	struct str to_sign;        /* string to sign */
	struct str signed_headers; /* "host;x-amz-date" */
	char signature[65];        /* hex, NUL-terminated */
	struct str authorization;  /* value of the Authorization header */
};

/* Cannot fail. Strings of *out live in a. The day's signing key is cached per (secret, date,
 * region, service), one entry. */
void sigv4_sign(const struct sigv4_request *r, const struct sigv4_key *key, struct arena *a,
    struct sigv4_result *out);

/* RFC 3986 encoding of s into a; keep_slash for paths. */
struct str sigv4_encode(struct arena *a, struct str s, bool keep_slash);

/* Hex SHA-256 of bytes; out holds 65 bytes. */
void sigv4_sha256_hex(struct str bytes, char out[65]);

/* "20150830T123600Z" of a wall clock time in milliseconds; out holds 17 bytes. */
void sigv4_time(long long wall_ms, char out[17]);

/* Equal in constant time, for a server that compares signatures. */
bool sigv4_equal(struct str a, struct str b);

#endif
