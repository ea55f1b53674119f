/* SPDX-License-Identifier: BSD-3-Clause */
/* Measuring what an empty task costs here, on a pool of its own beside the runtime's, so that nothing is counted there.
 * The least of some trials is taken: whatever disturbs a trial makes it longer. */
#include "clock.h"
#include "runtime_handle.h"

#include <ramify/fork.h>

/* A tree of 4095 forks takes some 10 us and 1024 submissions some 50 us, long beside a time stamp of 20 ns; 20 trials
 * of each find one without an interruption, of which there are some hundred a second. */
enum { TREE_DEPTH = 12, FORKS = (1 << TREE_DEPTH) - 1, SUBMISSIONS = 1024, TRIALS = 20 };

typedef struct trial {
    ramify_fork     fork; /* the root, that it all runs in */
    ramify_runtime *twin;
    double          fork_ns, submit_ns;
    ramify_status   status;
} trial;

static void do_nothing(void *unused)
{
    (void)unused;
}

static double since(uint64_t start_ns, int tasks)
{
    return (double)(rmf_clock_ns() - start_ns) / tasks;
}

typedef struct branch {
    ramify_fork fork;
    long        depth;
} branch;

static void grow(ramify_context context, long depth);

static void grow_stolen(ramify_context context, ramify_fork *fork)
{
    grow(context, ((branch *)fork)->depth);
}

/* A tree of tasks that do nothing but fork, as in a recursion without a cut-off. */
static void grow(ramify_context context, long depth)
{
    if (depth == 0)
        return;
    branch left = { .depth = depth - 1 };
    context     = ramify_fork_push(context, &left.fork, grow_stolen);
    grow(context, depth - 1);
    if (ramify_fork_join(&context, &left.fork))
        grow(context, left.depth);
}

static double forks(ramify_context context)
{
    uint64_t start = rmf_clock_ns();
    grow(context, TREE_DEPTH);
    return since(start, FORKS);
}

static ramify_status submissions(ramify_group *group, double *each_ns)
{
    uint64_t      start  = rmf_clock_ns();
    ramify_status status = RAMIFY_OK;
    for (int i = 0; i < SUBMISSIONS && !status; i++)
        status = ramify_submit(group, do_nothing, NULL, NULL);
    ramify_status waited = ramify_wait(group);
    *each_ns             = since(start, SUBMISSIONS);
    return status ? status : waited;
}

static void lower(double *least, double value)
{
    *least = *least > 0.0 && *least < value ? *least : value;
}

static void try_all(ramify_context context, ramify_fork *root)
{
    trial        *t = (trial *)root;
    ramify_group *group;
    t->status = ramify_group_create(t->twin, NULL, &group);
    for (int i = 0; i < TRIALS && !t->status; i++) {
        double each_ns;
        lower(&t->fork_ns, forks(context));
        t->status = submissions(group, &each_ns);
        lower(&t->submit_ns, each_ns);
    }
}

/* A pool like the runtime's, but for its policy: a task stays where it is made. */
static ramify_status start_twin(const ramify_runtime *rt, ramify_runtime *twin)
{
    const rmf_pool_options how = { .owner         = twin,
                                   .tree          = rt->tree,
                                   .plan          = twin->plan,
                                   .spin_us       = 1,
                                   .latency_every = rt->pool->latency_every,
                                   .bind          = rt->pool->bind,
                                   .stack_bytes   = rt->pool->stack_bytes };
    return rmf_pool_start(&how, &twin->pool);
}

ramify_status ramify_break_even_measure(ramify_runtime *rt, ramify_break_even *cost)
{
    if (!rt)
        return RAMIFY_ERR_INVALID;
    ramify_runtime twin   = { .tree = rt->tree };
    trial          t      = { .twin = &twin };
    ramify_status  status = rmf_plan_create(rt->tree, "work-stealing", NULL, 0, NULL, &twin.plan);
    if (!status)
        status = start_twin(rt, &twin);
    if (!status) {
        status = ramify_fork_call(&twin, &t.fork, try_all);
        rmf_pool_stop(twin.pool);
    }
    rmf_plan_free(twin.plan);
    if (!status)
        status = t.status;
    if (status)
        return status;
    rmf_store_relaxed(&rt->cost.fork_ps, (uint64_t)(t.fork_ns * 1e3) + 1); /* 0 would mean that it is not measured */
    rmf_store_relaxed(&rt->cost.submit_ps, (uint64_t)(t.submit_ns * 1e3) + 1);
    if (cost)
        *cost = (ramify_break_even){ t.fork_ns, t.submit_ns };
    return RAMIFY_OK;
}
