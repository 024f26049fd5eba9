/* sigv4.h - the shape of a signing vector: a request, and what its signer must arrive at. */
#ifndef TESTS_VECTORS_SIGV4_H
#define TESTS_VECTORS_SIGV4_H

#include "shared/sigv4.h"

struct sigv4_vector {
	const char *name;
	enum sigv4_path rule;
	const char *method, *path, *query;
	const char *headers; /* "Name: value" lines; one that begins with a blank goes on */
	const char *body;    /* NULL: none */
	const char *payload; /* payload hash; NULL: the SHA-256 of body */
	const char *region, *service, *time;
	const char *canonical, *to_sign; /* NULL where only the end is known */
	const char *authorization;
};

#endif
