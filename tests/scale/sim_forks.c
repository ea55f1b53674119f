/* SPDX-License-Identifier: BSD-3-Clause */
/* Fork and join: fib without a cut-off, an unbalanced tree, the shape of a merge sort, a flat row of forks. */
#include "sim_kernels.h"

#include "forks.h"

#include <stdlib.h>

/* A call of fib, written as ramify/fork.h has its fastest form. */
typedef struct fib_job {
    ramify_fork fork;
    long        n, value;
} fib_job;

static double call_ns;

static long        fib(ramify_context c, long n);
static inline void fib_run(ramify_context c, fib_job *job)
{
    job->value = fib(c, job->n);
}
RAMIFY_FORKED(fib_run, fib_job, fork)

static long fib(ramify_context c, long n)
{
    long right;
    sim_work(call_ns);
    if (n < 2)
        return n;
    {
        fib_job left = { .n = n - 1 };
        RAMIFY_FORK(c, fib_run, &left);
        right = fib(c, n - 2);
        if (!ramify_fork_join(&c, &left.fork))
            return left.value + right;
    }
    return right + fib(c, n - 1);
}

static void root(rmf_pool *pool, ramify_group *group, ramify_fork *fork, ramify_fork_fn run)
{
    fork->run = run;
    if (rmf_fork_call(pool, group, fork))
        abort();
}

static void call_fib(rmf_pool *pool, ramify_group *group, void *self)
{
    const sim_kernel *kernel = self;
    fib_job           job    = { .n = kernel->size };
    call_ns                  = kernel->unit_ns;
    root(pool, group, &job.fork, fib_run_forked);
    sim_kernel_done += (uint64_t)job.value;
}

static uint64_t fib_of(long n)
{
    uint64_t a = 0, b = 1;
    while (n-- > 0) {
        uint64_t next = a + b;
        a             = b;
        b             = next;
    }
    return a;
}

static uint64_t wanted_of_fib(const sim_kernel *kernel)
{
    return fib_of(kernel->size);
}

static void bounds_of_fib(const sim_kernel *kernel, double *work_ns, double *span_ns)
{
    *work_ns = kernel->unit_ns * (double)(2 * fib_of(kernel->size + 1) - 1);
    *span_ns = kernel->unit_ns * (double)kernel->size;
}

/* The binomial tree of UTS (Olivier et al., LCPC 2006) with the parameters of T3 but for the root's children: a node
 * has eight children with probability 0.124875. The hash is a cheap one, the finisher of SplitMix64 (Steele, Lea,
 * Flood, OOPSLA 2014), since its shape and not its cost is what counts here. */
enum { TREE_CHILDREN = 8 };
static const double   TREE_CHANCE = 0.124875;
static const uint64_t TREE_SEED   = 419707;

typedef struct node {
    uint64_t hash;
    bool     is_root;
} node;

typedef struct subtree {
    ramify_fork fork;
    node        node;
    uint64_t    nodes;
} subtree;

static double   node_ns;
static uint32_t root_children;

static uint32_t children_of(const node *n)
{
    if (n->is_root)
        return root_children;
    return (double)(n->hash >> 11) * 0x1p-53 < TREE_CHANCE ? TREE_CHILDREN : 0;
}

static node child_of(const node *parent, uint32_t number)
{
    uint64_t h = parent->hash + (number + 1) * 0x9E3779B97F4A7C15u;
    h          = (h ^ h >> 30) * 0xBF58476D1CE4E5B9u;
    h          = (h ^ h >> 27) * 0x94D049BB133111EBu;
    return (node){ .hash = h ^ h >> 31 };
}

static node tree_root(void)
{
    return (node){ .hash = TREE_SEED, .is_root = true };
}

static void visit(ramify_context c, subtree *tree);
RAMIFY_FORKED(visit, subtree, fork)

/* A child's hash is computed by its parent, as in the published program. */
static void visit(ramify_context c, subtree *tree)
{
    uint32_t children = children_of(&tree->node);
    tree->nodes       = 1;
    if (!children)
        return;
    subtree *child = __builtin_alloca(children * sizeof *child);
    for (uint32_t i = 0; i < children; i++) {
        sim_work(node_ns);
        child[i].node = child_of(&tree->node, i);
        RAMIFY_FORK(c, visit, &child[i]);
    }
    for (uint32_t i = children; i-- > 0;) {
        RAMIFY_JOIN(c, visit, &child[i]);
        tree->nodes += child[i].nodes;
    }
}

static void call_tree(rmf_pool *pool, ramify_group *group, void *self)
{
    const sim_kernel *kernel = self;
    subtree           all    = { .node = tree_root() };
    node_ns                  = kernel->unit_ns;
    root_children            = (uint32_t)kernel->size;
    root(pool, group, &all.fork, visit_forked);
    sim_kernel_done += all.nodes;
}

/* Serially: nodes, and the longest chain of work. Children are made one after the other by their parent. */
static uint64_t count_tree(const node *n, uint64_t *span)
{
    uint64_t nodes = 1, longest = 0;
    uint32_t children = children_of(n);
    for (uint32_t i = 0; i < children; i++) {
        uint64_t below;
        node     child = child_of(n, i);
        nodes += count_tree(&child, &below);
        longest = i + 1 + below > longest ? i + 1 + below : longest;
    }
    *span = longest;
    return nodes;
}

static uint64_t wanted_of_tree(const sim_kernel *kernel)
{
    uint64_t span;
    node     n    = tree_root();
    root_children = (uint32_t)kernel->size;
    return count_tree(&n, &span);
}

static void bounds_of_tree(const sim_kernel *kernel, double *work_ns, double *span_ns)
{
    uint64_t span;
    node     n    = tree_root();
    root_children = (uint32_t)kernel->size;
    *work_ns      = kernel->unit_ns * (double)(count_tree(&n, &span) - 1);
    *span_ns      = kernel->unit_ns * (double)span;
}

/* The shape of a merge sort of bench/kernels: halves sorted by two forks, merged by cutting in two until so many keys
 * are left. unit_ns: a key in a merge; a key of a serial sort costs that for each doubling. The copy back that the
 * kernel does by one thread is done in the merge here. */
enum { SORT_KEYS = 4096, SORT_DOUBLINGS = 12 };

typedef struct sort_job {
    ramify_fork fork;
    long        keys;
} sort_job;

static double key_ns;

static void merge(ramify_context c, sort_job *job);
RAMIFY_FORKED(merge, sort_job, fork)

static void merge(ramify_context c, sort_job *job)
{
    if (job->keys <= SORT_KEYS) {
        sim_work(key_ns * (double)job->keys);
        return;
    }
    sort_job low = { .keys = job->keys / 2 }, high = { .keys = job->keys - job->keys / 2 };
    RAMIFY_FORK(c, merge, &high);
    merge(c, &low);
    RAMIFY_JOIN(c, merge, &high);
}

static void sort(ramify_context c, sort_job *job);
RAMIFY_FORKED(sort, sort_job, fork)

static void sort(ramify_context c, sort_job *job)
{
    if (job->keys <= SORT_KEYS) {
        sim_work(key_ns * SORT_DOUBLINGS * (double)job->keys);
        return;
    }
    sort_job low = { .keys = job->keys / 2 }, high = { .keys = job->keys - job->keys / 2 };
    RAMIFY_FORK(c, sort, &high);
    sort(c, &low);
    RAMIFY_JOIN(c, sort, &high);
    merge(c, job);
}

static void call_sort(rmf_pool *pool, ramify_group *group, void *self)
{
    const sim_kernel *kernel = self;
    sort_job          all    = { .keys = kernel->size };
    key_ns                   = kernel->unit_ns;
    root(pool, group, &all.fork, sort_forked);
    sim_kernel_done++;
}

static void bounds_of_sort(const sim_kernel *kernel, double *work_ns, double *span_ns)
{
    double keys = (double)kernel->size, leaf = SORT_KEYS;
    long   levels = 0;
    while (kernel->size >> levels > SORT_KEYS)
        levels++;
    *work_ns = kernel->unit_ns * keys * (double)(SORT_DOUBLINGS + levels);
    *span_ns = kernel->unit_ns * leaf * (double)(SORT_DOUBLINGS + levels);
}

static uint64_t wanted_once(const sim_kernel *kernel)
{
    (void)kernel;
    return 1;
}

/* A row of forks in one frame, joined in the opposite order. */
enum { ROW_MAX = 32768 };

typedef struct row {
    ramify_fork fork;
    long        jobs;
} row;

static ramify_fork row_forks[ROW_MAX];
static double      job_ns;
static uint64_t    jobs_done;

static void do_job(ramify_context c, ramify_fork *fork)
{
    (void)c;
    (void)fork;
    sim_work(job_ns);
    jobs_done++;
}

static void run_row(ramify_context c, row *r)
{
    for (long i = 0; i < r->jobs; i++)
        c = ramify_fork_push(c, &row_forks[i], do_job);
    for (long i = r->jobs; i-- > 0;)
        if (ramify_fork_join(&c, &row_forks[i]))
            do_job(c, &row_forks[i]);
}
RAMIFY_FORKED(run_row, row, fork)

static void call_row(rmf_pool *pool, ramify_group *group, void *self)
{
    const sim_kernel *kernel = self;
    row               r      = { .jobs = kernel->size };
    job_ns                   = kernel->unit_ns;
    root(pool, group, &r.fork, run_row_forked);
    sim_kernel_done += jobs_done;
    jobs_done = 0;
}

static uint64_t wanted_of_row(const sim_kernel *kernel)
{
    return (uint64_t)kernel->size;
}

static void bounds_of_row(const sim_kernel *kernel, double *work_ns, double *span_ns)
{
    *work_ns = kernel->unit_ns * (double)kernel->size;
    *span_ns = kernel->unit_ns;
}

#define FIB(n, ns, text)                                                                                               \
    {                                                                                                                  \
        .name = "fib" #n, .meaning = (text), .call = call_fib, .size = (n), .unit_ns = (ns), .bounds = bounds_of_fib,  \
        .wanted = wanted_of_fib                                                                                        \
    }

const sim_kernel sim_fork_kernels[] = {
    FIB(22, 1.0, "fib(22) without a cut-off, 1 ns a call"),
    FIB(27, 1.0, "fib(27) without a cut-off, 1 ns a call"),
    FIB(32, 1.0, "fib(32) without a cut-off, 1 ns a call"),
    { .name    = "uts-small",
      .meaning = "the binomial tree, 20 children of the root, 100 ns a node",
      .call    = call_tree,
      .size    = 20,
      .unit_ns = 100.0,
      .bounds  = bounds_of_tree,
      .wanted  = wanted_of_tree },
    { .name    = "uts",
      .meaning = "the binomial tree, 200 children of the root, 100 ns a node",
      .call    = call_tree,
      .size    = 200,
      .unit_ns = 100.0,
      .bounds  = bounds_of_tree,
      .wanted  = wanted_of_tree },
    { .name    = "msort",
      .meaning = "merge sort of 2^22 keys with a parallel merge, down to 4096 keys, 1 ns a key",
      .call    = call_sort,
      .size    = 1 << 22,
      .unit_ns = 1.0,
      .bounds  = bounds_of_sort,
      .wanted  = wanted_once },
    { .name    = "row100",
      .meaning = "a row of 20000 forks of 100 ns",
      .call    = call_row,
      .size    = 20000,
      .unit_ns = 100.0,
      .bounds  = bounds_of_row,
      .wanted  = wanted_of_row },
    { .name    = "row1000",
      .meaning = "a row of 20000 forks of 1 us",
      .call    = call_row,
      .size    = 20000,
      .unit_ns = 1000.0,
      .bounds  = bounds_of_row,
      .wanted  = wanted_of_row },
};
const uint32_t sim_fork_kernel_count = sizeof sim_fork_kernels / sizeof sim_fork_kernels[0];
