/* SPDX-License-Identifier: BSD-3-Clause */
/* The built-in reductions: two functions for each type and operation, made from one table.
 *
 * Minimum and maximum of floating point pass over "not a number" that comes in. */
#include <math.h>
#include <ramify/loop.h>

/* Wrapping is what unsigned arithmetic does; for int64_t through uint64_t and back. */
#define SUM(a, b) ((a) + (b))
#define PRODUCT(a, b) ((a) * (b))
#define MIN(a, b) ((b) < (a) ? (b) : (a))
#define MAX(a, b) ((b) > (a) ? (b) : (a))
#define AND(a, b) ((a) & (b))
#define OR(a, b) ((a) | (b))
#define XOR(a, b) ((a) ^ (b))

/* type, the type it is computed in, name, operation, value of nothing */
#define TABLE(X)                                                                                                       \
    X(int64_t, uint64_t, INT64, SUM, 0)                                                                                \
    X(int64_t, uint64_t, INT64, PRODUCT, 1)                                                                            \
    X(int64_t, int64_t, INT64, MIN, INT64_MAX)                                                                         \
    X(int64_t, int64_t, INT64, MAX, INT64_MIN)                                                                         \
    X(int64_t, int64_t, INT64, AND, -1)                                                                                \
    X(int64_t, int64_t, INT64, OR, 0)                                                                                  \
    X(int64_t, int64_t, INT64, XOR, 0)                                                                                 \
    X(uint64_t, uint64_t, UINT64, SUM, 0)                                                                              \
    X(uint64_t, uint64_t, UINT64, PRODUCT, 1)                                                                          \
    X(uint64_t, uint64_t, UINT64, MIN, UINT64_MAX)                                                                     \
    X(uint64_t, uint64_t, UINT64, MAX, 0)                                                                              \
    X(uint64_t, uint64_t, UINT64, AND, UINT64_MAX)                                                                     \
    X(uint64_t, uint64_t, UINT64, OR, 0)                                                                               \
    X(uint64_t, uint64_t, UINT64, XOR, 0)                                                                              \
    X(double, double, DOUBLE, SUM, 0.0)                                                                                \
    X(double, double, DOUBLE, PRODUCT, 1.0)                                                                            \
    X(double, double, DOUBLE, MIN, HUGE_VAL)                                                                           \
    X(double, double, DOUBLE, MAX, -HUGE_VAL)                                                                          \
    X(float, float, FLOAT, SUM, 0.0f)                                                                                  \
    X(float, float, FLOAT, PRODUCT, 1.0f)                                                                              \
    X(float, float, FLOAT, MIN, HUGE_VALF)                                                                             \
    X(float, float, FLOAT, MAX, -HUGE_VALF)

#define FUNCTIONS(type, wide, name, operation, nothing)                                                                \
    static void identity_##name##_##operation(void *self, void *partial)                                               \
    {                                                                                                                  \
        (void)self;                                                                                                    \
        *(type *)partial = (nothing);                                                                                  \
    }                                                                                                                  \
    static void combine_##name##_##operation(void *self, void *into, const void *from)                                 \
    {                                                                                                                  \
        (void)self;                                                                                                    \
        wide a = (wide) * (type *)into, b = (wide) * (const type *)from;                                               \
        *(type *)into = (type)operation(a, b);                                                                         \
    }
TABLE(FUNCTIONS)

enum { TYPES = RAMIFY_FLOAT + 1, OPERATIONS = RAMIFY_XOR + 1 };

const ramify_reduction *ramify_reduction_of(ramify_type type, ramify_operation operation)
{
    static const ramify_reduction table[TYPES][OPERATIONS] = {
#define ENTRY(ctype, wide, name, op, nothing)                                                                          \
    [RAMIFY_##name][RAMIFY_##op] = { sizeof(ctype), identity_##name##_##op, combine_##name##_##op, NULL },
        TABLE(ENTRY)
#undef ENTRY
    };
    if ((unsigned)type >= TYPES || (unsigned)operation >= OPERATIONS || !table[type][operation].size)
        return NULL;
    return &table[type][operation];
}
