/* SPDX-License-Identifier: BSD-3-Clause */
/* Parallel regions of LLVM's OpenMP appear among a runtime's regions, by the place that opens them. */
#include "check.h"

#include <ramify/metrics.h>
#include <ramify/ompt.h>
#include <ramify/region.h>
#include <ramify/trace.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noinline)) void open_here(int *sum);
__attribute__((noinline)) void open_there(int *sum);

void open_here(int *sum)
{
#pragma omp parallel num_threads(2) reduction(+ : sum[0])
    sum[0]++;
}

void open_there(int *sum)
{
#pragma omp parallel num_threads(2) reduction(+ : sum[0])
    sum[0]++;
}

/* Times a row of a region was counted whose name begins so. */
static double count_of(const ramify_snapshot *s, const char *begin, const char *metric)
{
    uint32_t             rows;
    const ramify_metric *row = ramify_snapshot_metrics(s, &rows);
    double               sum = 0;
    for (uint32_t i = 0; i < rows; i++)
        if (row[i].scope == RAMIFY_SCOPE_RUNTIME && row[i].region && strcmp(row[i].name, metric) == 0 &&
            strncmp(row[i].region, begin, strlen(begin)) == 0)
            sum += row[i].value;
    return sum;
}

static void regions_are_counted_by_place(void **state)
{
    (void)state;
    const ramify_options how = { .workers = 1 };
    ramify_runtime      *rt;
    ramify_snapshot     *s;
    int                  sum = 0;
    open_here(&sum); /* OpenMP starts, and finds the tool */
    assert_int_equal(ramify_start(&how, &rt), RAMIFY_OK);
    assert_int_equal(ramify_ompt_observe(rt), RAMIFY_OK);
    for (int i = 0; i < 10; i++)
        open_here(&sum);
    for (int i = 0; i < 5; i++)
        open_there(&sum);
    assert_int_equal(ramify_ompt_observe(NULL), RAMIFY_OK);
    open_there(&sum);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_int_equal((int)count_of(s, "omp ", "region_count"), 15);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(sum, 17 * 2);
}

/* How often a slice of a trace has a name that begins so: only begins have one. Ownership: text is freed. */
static int slices_in(char *text, const char *name)
{
    char begin[64];
    int  count = 0;
    snprintf(begin, sizeof begin, "\"name\":\"%s", name);
    for (const char *at = text; (at = strstr(at, begin)); at++)
        count++;
    free(text);
    return count;
}

static char *content_of(const char *path)
{
    enum { BYTES = 1 << 20 };
    char *text = calloc(1, BYTES);
    FILE *file = fopen(path, "r");
    assert_true(text && file);
    assert_true(fread(text, 1, BYTES - 1, file) > 0);
    fclose(file);
    return text;
}

static void regions_are_in_traces(void **state)
{
    (void)state;
    char                 path[] = "/tmp/ramify-ompt-XXXXXX";
    const ramify_options how    = { .workers = 1 };
    ramify_runtime      *rt;
    int                  sum = 0, file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    assert_int_equal(ramify_start(&how, &rt), RAMIFY_OK);
    assert_int_equal(ramify_trace_start(rt, NULL, NULL), RAMIFY_OK);
    assert_int_equal(ramify_ompt_observe(rt), RAMIFY_OK);
    for (int i = 0; i < 10; i++)
        open_here(&sum);
    assert_int_equal(ramify_ompt_observe(NULL), RAMIFY_OK);
    assert_int_equal(ramify_trace_write(rt, path, RAMIFY_TRACE_JSON, NULL), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(slices_in(content_of(path), "omp "), 10);
    assert_int_equal(sum, 10 * 2);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_counted_by_place),
        cmocka_unit_test(regions_are_in_traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
