/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs one kernel in one form between two markers, and writes a line of JSON: how many pieces, and how much work, each
 * worker finished, and a checksum.
 *
 *   counted-RUNTIME FORM KERNEL      such as: counted-libgomp tasks jacobi */
#include "counted.h"

#include "marker.h"

#include <stdio.h>
#include <string.h>

static const counted_kernel *const kernels[] = { &counted_jacobi, &counted_product, &counted_sort, &counted_worklist };
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

/* Two lines, so that no worker's counts share one with another's. */
typedef struct tally {
    _Alignas(128) uint64_t pieces;
    uint64_t work;
} tally;

static tally tallies[COUNTED_WORKERS];

void counted_run(const counted_piece *piece)
{
    tally *own = &tallies[form_worker()];
    piece->fn(piece);
    own->pieces++;
    own->work += piece->work;
}

void *counted_even_array(uint64_t part_bytes, long count)
{
    uint64_t start[COUNTED_PIECES + 1], work[COUNTED_PIECES];
    for (long p = 0; p < count; p++) {
        start[p] = (uint64_t)p * part_bytes;
        work[p]  = 1;
    }
    start[count] = (uint64_t)count * part_bytes;
    return form_array(start, work, count);
}

void counted_even_pieces(counted_piece *pieces, long count, void (*fn)(const counted_piece *), const void *data,
                         uint64_t part_bytes)
{
    for (long p = 0; p < count; p++)
        pieces[p] = (counted_piece){ fn, (const char *)data + (uint64_t)p * part_bytes, 1, p };
}

static void print_list(const char *name, bool of_work)
{
    unsigned last = COUNTED_WORKERS;
    while (last > 1 && tallies[last - 1].pieces == 0)
        last--;
    printf(", \"%s\": [", name);
    for (unsigned w = 0; w < last; w++)
        printf("%s%llu", w ? ", " : "", (unsigned long long)(of_work ? tallies[w].work : tallies[w].pieces));
    printf("]");
}

static void run(const counted_kernel *kernel, const char *form)
{
    MARK_PACE();
    kernel->prepare();
    memset(tallies, 0, sizeof tallies);
    MARK_BEGIN();
    kernel->run();
    MARK_END();
    printf("{\"kernel\": \"%s\", \"form\": \"%s\", \"check\": \"%016llx\"", kernel->name, form,
           (unsigned long long)kernel->check());
    print_list("tasks", false);
    print_list("work", true);
    printf("}\n");
}

int main(int argc, char **argv)
{
    const counted_kernel *kernel = NULL;
    for (int k = 0; argc == 3 && k < KERNELS; k++)
        if (strcmp(kernels[k]->name, argv[2]) == 0)
            kernel = kernels[k];
    if (!kernel || !form_start(argv[1])) {
        fputs("usage: counted-RUNTIME FORM jacobi|product|sort|worklist\n"
              "FORM: loops or tasks of OpenMP, plain or affinity of Ramify\n",
              stderr);
        return 2;
    }
    run(kernel, argv[1]);
    form_stop();
    return 0;
}
