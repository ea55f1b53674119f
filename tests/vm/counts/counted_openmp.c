/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpenMP forms, for gcc's libgomp and clang's libomp alike. `loops`: a `parallel for` with the static schedule over
 * the pieces. `tasks`: a task per piece from a `single`, told by the affinity clause where its data are. Threads are
 * bound by OMP_PLACES=cores and OMP_PROC_BIND=close. */
#include "counted.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bool has_tasks;

bool form_start(const char *form)
{
    has_tasks = strcmp(form, "tasks") == 0;
    return has_tasks || strcmp(form, "loops") == 0;
}

void form_stop(void)
{
}

void *form_array(const uint64_t *start, const uint64_t *work, long count)
{
    (void)work;
    char *memory = mmap(NULL, start[count], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, start[count], MADV_NOHUGEPAGE)) {
        perror("counted: no memory");
        exit(2);
    }
#pragma omp parallel for schedule(static)
    for (long p = 0; p < count; p++)
        memset(memory + start[p], 0, start[p + 1] - start[p]);
    return memory;
}

static void loop_over(const counted_piece *pieces, long count)
{
#pragma omp parallel for schedule(static)
    for (long p = 0; p < count; p++)
        counted_run(&pieces[p]);
}

static void tasks_over(const counted_piece *pieces, long count)
{
#pragma omp parallel
#pragma omp single
    for (long p = 0; p < count; p++) {
        const counted_piece *piece = &pieces[p];
        const char          *data  = piece->data;
        (void)data;
#pragma omp task default(none) firstprivate(piece, data) affinity(data[0 : 1])
        counted_run(piece);
    }
}

void form_each(const counted_piece *pieces, long count)
{
    if (has_tasks)
        tasks_over(pieces, count);
    else
        loop_over(pieces, count);
}

unsigned form_worker(void)
{
    return (unsigned)omp_get_thread_num();
}
