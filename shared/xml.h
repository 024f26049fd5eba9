/*
 * xml.h - the XML answers of S3 and of AWS's query services, read in one pass.
 *
 * A 200 whose body is cut, is no XML, has another root or carries an <Error> counts as a 500 (as
 * botocore treats it): ERR_RETRY, AT_S3; for an <Error>, code is its code. Nothing is taken from
 * such a body. Documents with a DOCTYPE, nested deeper than XML_DEPTH, with more than XML_TEXT
 * bytes in one element, or larger than XML_BODY are refused in the same way.
 */
#ifndef SHARED_XML_H
#define SHARED_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"

enum { XML_DEPTH = 24, XML_TEXT = 1 << 18, XML_BODY = 1 << 28 };

/*
 * Called at the end of each element below the root, children before parents. path: the names from
 * below the root, without namespace prefixes ("Contents/Key"); text: what a leaf holds, entities
 * resolved, white space kept (for an element with children it means nothing). Both live until the
 * call returns.
 */
typedef void xml_visit(void *ctx, struct str path, struct str text);

/* Reads body, one document with this root (NULL: any). fn may have been called before a failure. */
bool xml_walk(struct str body, const char *root, xml_visit *fn, void *ctx, struct err *e);

/*
 * What the first element with this path holds, trimmed; "" where there is none. In a. For answers
 * of the query services, whose root is not looked at: "CreateRoleResult/Role/Arn".
 */
struct str xml_leaf(struct str body, const char *path, struct arena *a);

struct xml_object {
	struct str key;           /* decoded */
	struct str etag;          /* as sent, with its quotes; empty when there is none */
	struct str storage_class; /* empty when there is none */
	int64_t size;             /* bytes */
};

/* One page of ListObjectsV2. Strings and arrays live in the arena; order is the server's. */
struct xml_list {
	struct xml_object *objects;
	size_t n_objects;
	struct str *prefixes; /* CommonPrefixes, decoded */
	size_t n_prefixes;
	bool is_truncated;     /* then next_token is not empty */
	struct str next_token; /* opaque, never decoded */
	int64_t key_count;     /* as the server says, prefixes included; -1 when it does not */
};

/* Keys and prefixes are decoded when the document says <EncodingType>url. */
bool xml_list_result(struct str body, struct arena *a, struct xml_list *out, struct err *e);

/* The UploadId of an InitiateMultipartUploadResult. */
bool xml_upload_id(struct str body, struct arena *a, struct str *out, struct err *e);

/* The answer to CompleteMultipartUpload, a 200 that may carry an <Error>. *etag with its quotes. */
bool xml_completed(struct str body, struct arena *a, struct str *etag, struct err *e);

/* Texts that are longer are cut between two characters; what is not there is "". */
struct xml_error {
	char code[64]; /* "NoSuchBucket"; never empty */
	char message[512];
	char region[40];    /* where the bucket is, with AuthorizationHeaderMalformed and others */
	char endpoint[256]; /* with PermanentRedirect, TemporaryRedirect */
	char request_id[80];
};

/*
 * True when body is an error document: S3's <Error>, IAM's, STS's and Redshift's <ErrorResponse>,
 * EC2's <Response><Errors>, moto's <ErrorResponse><Errors>. One that is cut behind its code still
 * counts.
 */
bool xml_error(struct str body, struct xml_error *out);

#endif
