/* SPDX-License-Identifier: BSD-3-Clause */
/* How much a stress test does: RAMIFY_TEST_SCALE multiplies it (10 for a night, 0.1 for a slow machine), and under
 * ThreadSanitizer, which slows threads down by about ten, it does a tenth. */
#ifndef RMF_TESTS_SCALE_H
#define RMF_TESTS_SCALE_H

#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_THREAD__)
#define TEST_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_UNDER_TSAN 1
#endif
#endif
#ifndef TEST_UNDER_TSAN
#define TEST_UNDER_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define TEST_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_UNDER_ASAN 1
#endif
#endif
#ifndef TEST_UNDER_ASAN
#define TEST_UNDER_ASAN 0
#endif

static inline uint64_t test_scaled(uint64_t count)
{
    const char *text  = getenv("RAMIFY_TEST_SCALE");
    double      scale = text ? strtod(text, NULL) : 1.0;
    double      n     = (double)count * (scale > 0.0 ? scale : 1.0) / (TEST_UNDER_TSAN ? 10.0 : 1.0);
    return n < 1.0 ? 1 : (uint64_t)n;
}

#endif
