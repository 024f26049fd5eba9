/* unit.h - what every unit test includes first: cmocka and the headers that it wants before it. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/str.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A str against a C string, with both shown when they differ. */
#define assert_str(got, want)                                                                      \
	do {                                                                                       \
		struct str got_ = (got);                                                           \
		char shown_[8192];                                                                 \
		size_t n_ = got_.n < sizeof shown_ - 1 ? got_.n : sizeof shown_ - 1;               \
		if (n_)                                                                            \
			memcpy(shown_, got_.p, n_);                                                \
		shown_[n_] = '\0';                                                                 \
		assert_string_equal(shown_, (want));                                               \
	} while (0)

#endif
