/*
 * http_curl.h - what the two users of libcurl share: http.c, one request at a time, and
 * workers/fetch.c, many.
 */
#ifndef SHARED_HTTP_CURL_H
#define SHARED_HTTP_CURL_H

#include <curl/curl.h>

#include "shared/err.h"
#include "shared/http.h"

/* Everything that is the same for each request; detail holds CURL_ERROR_SIZE bytes and lives as
 * long as the handle. Afterwards only the method, the URL, the headers and the callbacks are left
 * to set. */
void http_easy_setup(CURL *easy, char *detail);

/* A CURLOPT_HEADERFUNCTION whose data is a struct http_reply. Begins it anew at every status line.
 */
size_t http_easy_header(char *p, size_t size, size_t n, void *reply);

/* Chains lines in nodes[n] for CURLOPT_HTTPHEADER: nothing is copied, nothing to free. */
struct curl_slist *http_easy_lines(const char *const *lines, size_t n, struct curl_slist *nodes);

/* Sets *e from a code other than CURLE_OK, as http.h says; returns false. */
bool http_easy_error(
    CURLcode code, const char *detail, const char *url, enum err_where where, struct err *e);

#endif
