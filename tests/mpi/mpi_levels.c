/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of several MPI ranks on one node, at each thread level of MPI: where the level lets tasks communicate they
 * do. Prints nothing when all is right. argv: the level, 0 (single) to 3 (multiple). */
#include <mpi.h>
#include <ramify/ramify.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { TASKS = 64 };

typedef struct exchange {
    int             level, rank, ranks;
    long            sent[TASKS], got[TASKS];
    MPI_Request     requests[2 * TASKS];
    pthread_mutex_t turn; /* one call at a time: MPI_THREAD_SERIALIZED */
} exchange;

typedef struct job {
    exchange *x;
    int       number;
} job;

static void communicate(exchange *x, int i)
{
    int to = (x->rank + 1) % x->ranks, from = (x->rank + x->ranks - 1) % x->ranks;
    MPI_Irecv(&x->got[i], 1, MPI_LONG, from, i, MPI_COMM_WORLD, &x->requests[2 * i]);
    MPI_Isend(&x->sent[i], 1, MPI_LONG, to, i, MPI_COMM_WORLD, &x->requests[2 * i + 1]);
}

static void compute(void *argument)
{
    job      *j = argument;
    exchange *x = j->x;
    x->sent[j->number] = 1000L * x->rank + j->number;
    if (x->level == MPI_THREAD_MULTIPLE)
        communicate(x, j->number);
    if (x->level == MPI_THREAD_SERIALIZED) {
        pthread_mutex_lock(&x->turn);
        communicate(x, j->number);
        pthread_mutex_unlock(&x->turn);
    }
}

static int run(ramify_runtime *rt, exchange *x)
{
    job           jobs[TASKS];
    ramify_group *group;
    if (ramify_group_create(rt, NULL, &group))
        return 1;
    for (int i = 0; i < TASKS; i++) {
        jobs[i] = (job){ x, i };
        if (ramify_submit(group, compute, &jobs[i], NULL))
            return 1;
    }
    if (ramify_wait(group))
        return 1;
    for (int i = 0; i < TASKS && x->level < MPI_THREAD_SERIALIZED; i++)
        communicate(x, i); /* on the thread that initialised MPI */
    return MPI_Waitall(2 * TASKS, x->requests, MPI_STATUSES_IGNORE) != MPI_SUCCESS;
}

/* Every core has one rank's worker. */
static int check_parts(const ramify_runtime *rt, const exchange *x)
{
    const ramify_domain *root = ramify_tree_domains(ramify_runtime_tree(rt), NULL);
    unsigned long        mine = root->cpus.words[0], all = 0;
    long                 workers = ramify_runtime_workers(rt), sum = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_UNSIGNED_LONG, MPI_BOR, MPI_COMM_WORLD);
    MPI_Allreduce(&workers, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    long cores = __builtin_popcountl(all);
    if (sum == (cores > x->ranks ? cores : x->ranks))
        return 0;
    fprintf(stderr, "%ld workers on %ld cores of %d ranks\n", sum, cores, x->ranks);
    return 1;
}

int main(int argc, char **argv)
{
    exchange x = { .level = argc > 1 ? atoi(argv[1]) : 0, .turn = PTHREAD_MUTEX_INITIALIZER };
    int      got;
    MPI_Init_thread(&argc, &argv, x.level, &got);
    MPI_Comm_rank(MPI_COMM_WORLD, &x.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &x.ranks);
    ramify_runtime *rt;
    int             wrong = ramify_start(NULL, &rt) != RAMIFY_OK;
    if (wrong || got < x.level) {
        fprintf(stderr, "rank %d: no runtime, or MPI grants level %d of %d\n", x.rank, got, x.level);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    wrong |= check_parts(rt, &x) | run(rt, &x);
    for (int i = 0; i < TASKS; i++)
        wrong |= x.got[i] != 1000L * ((x.rank + x.ranks - 1) % x.ranks) + i;
    if (ramify_stop(rt) || wrong)
        fprintf(stderr, "rank %d of %d, level %d: wrong\n", x.rank, x.ranks, x.level);
    MPI_Finalize();
    return wrong;
}
