/* SPDX-License-Identifier: BSD-3-Clause */
/* Reductions by value: every operation of every type, of no iterations too, and one of the program's own. */
#include "runtime/started.h"

#include <math.h>

enum { COUNT = 1000 };

static int64_t  whole[COUNT];
static uint64_t natural[COUNT];
static double   real[COUNT];
static float    single[COUNT];

/* Bodies that reduce an array with the operation that `self` points to; C's operators, the same for every type. */
#define BODY(type, values)                                                                                             \
    static type fold_##values(type a, type b, int operation)                                                           \
    {                                                                                                                  \
        switch (operation) {                                                                                           \
        case RAMIFY_SUM: return (type)(a + b);                                                                         \
        case RAMIFY_PRODUCT: return (type)(a * b);                                                                     \
        case RAMIFY_MIN: return a < b ? a : b;                                                                         \
        default: return a > b ? a : b;                                                                                 \
        }                                                                                                              \
    }                                                                                                                  \
    static void reduce_##values(void *self, const ramify_chunk *c)                                                     \
    {                                                                                                                  \
        type *partial = c->partial;                                                                                    \
        for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)                                                  \
            *partial = fold_##values(*partial, values[i], *(const int *)self);                                         \
    }                                                                                                                  \
    static type expected_##values(int operation)                                                                       \
    {                                                                                                                  \
        type all = values[0];                                                                                          \
        for (int i = 1; i < COUNT; i++)                                                                                \
            all = fold_##values(all, values[i], operation);                                                            \
        return all;                                                                                                    \
    }

BODY(int64_t, whole)
BODY(uint64_t, natural)
BODY(double, real)
BODY(float, single)

/* Values whose sums and products are exact in any order: products of a few twos, all else ones. */
static void fill(int operation)
{
    for (int i = 0; i < COUNT; i++) {
        bool two   = i % 100 == 7;
        int  value = operation == RAMIFY_PRODUCT ? (two ? 2 : 1) : (i * 37) % 1009 - 500;
        whole[i]   = value;
        natural[i] = operation == RAMIFY_PRODUCT ? (uint64_t)value : (uint64_t)(value + 500);
        real[i]    = value * 0.5;
        single[i]  = (float)value;
        if (operation == RAMIFY_PRODUCT)
            real[i] = value;
    }
}

static void run(ramify_runtime *rt, int64_t count, ramify_for_fn body, void *self, const ramify_reduction *reduction,
                void *result, bool deterministic)
{
    ramify_range       all = { 0, count, 1 };
    ramify_for_options how = {
        .schedule = { RAMIFY_RULE_DYNAMIC, 7 }, .reduction = reduction, .result = result, .deterministic = deterministic
    };
    assert_non_null(reduction);
    assert_int_equal(ramify_for(rt, &all, 1, body, self, &how), RAMIFY_OK);
}

static void arithmetic_of_every_type(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(4);
    for (int operation = RAMIFY_SUM; operation <= RAMIFY_MAX; operation++)
        for (int fixed = 0; fixed < 2; fixed++) {
            int64_t  i = -1;
            uint64_t u = 1;
            double   d = -1.0;
            float    f = -1.0f;
            fill(operation);
            run(rt, COUNT, reduce_whole, &operation, ramify_reduction_of(RAMIFY_INT64, operation), &i, fixed);
            run(rt, COUNT, reduce_natural, &operation, ramify_reduction_of(RAMIFY_UINT64, operation), &u, fixed);
            run(rt, COUNT, reduce_real, &operation, ramify_reduction_of(RAMIFY_DOUBLE, operation), &d, fixed);
            run(rt, COUNT, reduce_single, &operation, ramify_reduction_of(RAMIFY_FLOAT, operation), &f, fixed);
            assert_true(i == expected_whole(operation));
            assert_true(u == expected_natural(operation));
            assert_true(d == expected_real(operation));
            assert_true(f == expected_single(operation));
        }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void reduce_bits(void *self, const ramify_chunk *c)
{
    uint64_t *partial = c->partial;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        switch (*(const int *)self) {
        case RAMIFY_AND: *partial &= natural[i]; break;
        case RAMIFY_OR: *partial |= natural[i]; break;
        default: *partial ^= natural[i];
        }
}

static void bitwise_of_integers(void **state)
{
    (void)state;
    ramify_runtime *rt  = started_with(4);
    uint64_t        all = ~0ull, any = 0, odd = 0, random = 5;
    for (int i = 0; i < COUNT; i++) {
        natural[i] = ramify_random(&random) | 0x8001; /* so that `and` leaves something */
        all &= natural[i];
        any |= natural[i];
        odd ^= natural[i];
    }
    for (int type = RAMIFY_INT64; type <= RAMIFY_UINT64; type++)
        for (int operation = RAMIFY_AND; operation <= RAMIFY_XOR; operation++) {
            uint64_t got = 77;
            run(rt, COUNT, reduce_bits, &operation, ramify_reduction_of(type, operation), &got, false);
            assert_true(got == (operation == RAMIFY_AND ? all : operation == RAMIFY_OR ? any : odd));
        }
    for (int operation = RAMIFY_AND; operation <= RAMIFY_XOR; operation++) {
        assert_null(ramify_reduction_of(RAMIFY_DOUBLE, operation));
        assert_null(ramify_reduction_of(RAMIFY_FLOAT, operation));
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void no_iterations_give_the_identity(void **state)
{
    (void)state;
    ramify_runtime *rt  = started_with(2);
    int             sum = RAMIFY_SUM;
    int64_t         i   = 5;
    double          d   = 5.0;
    run(rt, 0, reduce_whole, &sum, ramify_reduction_of(RAMIFY_INT64, RAMIFY_PRODUCT), &i, false);
    assert_int_equal(i, 1);
    run(rt, 0, reduce_whole, &sum, ramify_reduction_of(RAMIFY_INT64, RAMIFY_MIN), &i, true);
    assert_true(i == INT64_MAX);
    run(rt, 0, reduce_real, &sum, ramify_reduction_of(RAMIFY_DOUBLE, RAMIFY_MAX), &d, false);
    assert_true(isinf(d) && d < 0.0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* The program's own: the first place of the smallest value, in 4096 bytes, the most there may be. */
typedef struct place {
    double  value;
    int64_t index;
    char    more[RAMIFY_PARTIAL_BYTES_MAX - 16];
} place;

static void nowhere(void *self, void *partial)
{
    ((place *)partial)->value = HUGE_VAL;
    ((place *)partial)->index = *(const int64_t *)self;
}

static void nearer(void *self, void *into, const void *from)
{
    (void)self;
    place       *a = into;
    const place *b = from;
    if (b->value < a->value || (b->value == a->value && b->index < a->index))
        *a = *b;
}

static void find_least(void *self, const ramify_chunk *c)
{
    (void)self;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++) {
        place here = { .value = real[i], .index = i };
        nearer(NULL, c->partial, &here);
    }
}

static void a_reduction_of_the_programs_own(void **state)
{
    (void)state;
    static place     found;
    int64_t          none  = INT64_MAX;
    ramify_reduction least = { sizeof found, nowhere, nearer, &none };
    ramify_runtime  *rt    = started_with(4);
    for (int i = 0; i < COUNT; i++)
        real[i] = (i * 37) % 101;
    for (int fixed = 0; fixed < 2; fixed++) {
        run(rt, COUNT, find_least, NULL, &least, &found, fixed);
        assert_true(found.value == 0.0);
        assert_int_equal(found.index, 0);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_of_every_type),
        cmocka_unit_test(bitwise_of_integers),
        cmocka_unit_test(no_iterations_give_the_identity),
        cmocka_unit_test(a_reduction_of_the_programs_own),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
