/* SPDX-License-Identifier: BSD-3-Clause */
/* What every test file includes: cmocka with what it needs before it. cmocka asserts only on the main thread; code on
 * other threads records what it saw and the main thread asserts. */
#ifndef RAMIFY_TESTS_CHECK_H
#define RAMIFY_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Exit status ctest counts as a skip; print the reason before. */
#define SKIP_TEST_FILE 77

#endif
