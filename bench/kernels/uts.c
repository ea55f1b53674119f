/* SPDX-License-Identifier: BSD-3-Clause */
/* Unbalanced tree search (Olivier et al., LCPC 2006): count the nodes of a tree that exists only as a hash chain.
 *
 * A node's SHA-1 state says how many children it has, and the state and number of a child give the child's state, so
 * nobody knows the shape before it is searched. T1 is the published geometric tree at depth 10 (4,130,071 nodes), T3
 * the published binomial tree with 2000 children of the root (4,112,897 nodes); other sizes are checked against the
 * serial form. A task per node, no cut-off: forked, with the children in an array of the parent's frame as the
 * Barcelona suite has them, and detached, where a task carries its node and adds to its worker's count. */
#include "kernel.h"
#include "sha1_block.h"

#include <math.h>

enum {
    T1_SEED      = 19, /* the published parameter sets: T1 is -t 1 -a 3 -d 10 -b 4 -r 19 */
    T1_DEPTH     = 10,
    T3_SEED      = 42, /* T3 is -t 0 -b 2000 -q 0.124875 -m 8 -r 42 */
    T3_ROOT      = 2000,
    T3_CHILDREN  = 8,
    CHILDREN_MAX = 100, /* of a geometric node, as published */
    T1L_SEED     = 29,  /* T1L is -t 1 -a 3 -d 13 -b 4 -r 29 */
    T1L_DEPTH    = 13,
    T3L_SEED     = 7, /* T3L is -t 0 -b 2000 -q 0.200014 -m 5 -r 7 */
    T3L_CHILDREN = 5,
    T1L_NODES    = 102181082,
    T3L_NODES    = 111345631,
    T1_NODES     = 4130071,
    T3_NODES     = 4112897,
    SEED_WORD    = 4, /* the seed is the fifth word hashed, the others are 0 */
};
static const double T1_BRANCHING = 4.0, T3_PROBABILITY = 0.124875, T3L_PROBABILITY = 0.200014;

typedef struct tree_node {
    uint32_t state[5];
    uint32_t depth;
} tree_node;

/* A subtree to be counted. */
typedef struct subtree {
    BENCH_HEAD
    tree_node node;
    uint64_t  nodes; /* out */
} subtree;

typedef struct search {
    uint64_t     forked_nodes;
    bench_tally *nodes;    /* per worker, of the detached style */
    double       log_miss; /* log(1 - p) of the geometric distribution */
    uint32_t     depth_max;
    uint32_t     root_children; /* 0: geometric tree */
    uint32_t     children;      /* of a binomial node that has any, with this probability */
    double       probability;
    uint32_t     seed;
} search;

static search the_search; /* one tree per process, so that a task carries its node alone */

/* The node's random number in [0, 1): the last word without its sign bit, as published. */
static double node_chance(const tree_node *node)
{
    return (double)(node->state[4] & 0x7FFFFFFF) / 2147483648.0;
}

static uint32_t node_children(const tree_node *node)
{
    const search *s = &the_search;

    if (s->root_children) {
        if (node->depth == 0)
            return s->root_children;
        return node_chance(node) < s->probability ? s->children : 0;
    }
    if (node->depth >= s->depth_max)
        return 0;
    double drawn = floor(log(1.0 - node_chance(node)) / s->log_miss);
    return drawn > (double)CHILDREN_MAX ? (uint32_t)CHILDREN_MAX : (uint32_t)drawn;
}

static tree_node node_child(const tree_node *parent, uint32_t number)
{
    uint32_t  message[6];
    tree_node child;

    memcpy(message, parent->state, sizeof parent->state);
    message[5] = number;
    sha1_block(message, 6, child.state);
    child.depth = parent->depth + 1;
    return child;
}

static void visit_children(BENCH_AT subtree *parent, uint32_t children);

/* Small and inline, so that the many nodes without children cost no frame. */
static inline void visit(BENCH_AT subtree *tree)
{
    uint32_t children = node_children(&tree->node);

    tree->nodes = 1;
    if (children)
        visit_children(BENCH_HERE tree, children);
}
BENCH_FORKED(visit, subtree)

/* The array has its real length, because the binomial tree is more than a thousand levels deep; alloca, because C++ has
 * no arrays of variable length. */
static void visit_children(BENCH_AT subtree *parent, uint32_t children)
{
    subtree *child = (subtree *)__builtin_alloca(children * sizeof *child);

    BENCH_SCOPE
    for (uint32_t i = 0; i < children; i++) {
        child[i].node = node_child(&parent->node, i);
        BENCH_FORK(&child[i], visit);
    }
    BENCH_JOIN(child, children, visit);
    for (uint32_t i = 0; i < children; i++)
        parent->nodes += child[i].nodes;
}

static void visit_detached(void *argument)
{
    const tree_node *node     = (const tree_node *)argument;
    uint32_t         children = node_children(node);

    the_search.nodes[bench_self()].count++;
    for (uint32_t i = 0; i < children; i++)
        BENCH_DETACH(visit_detached, tree_node, node_child(node, i));
}

static void *prepare(uint32_t seed)
{
    size_t bytes = BENCH_WORKERS_MAX * sizeof(bench_tally);

    the_search.seed         = seed;
    the_search.forked_nodes = 0;
    the_search.log_miss     = log(1.0 - 1.0 / (1.0 + T1_BRANCHING));
    the_search.nodes        = (bench_tally *)bench_alloc(bytes);
    memset(the_search.nodes, 0, bytes);
    return &the_search;
}

static void *prepare_t1(long size, uint64_t seed)
{
    the_search.depth_max     = (uint32_t)size;
    the_search.root_children = 0;
    return prepare(seed ? (uint32_t)seed : (uint32_t)T1_SEED);
}

static void *prepare_t3(long size, uint64_t seed)
{
    the_search.root_children = (uint32_t)size;
    the_search.children      = T3_CHILDREN;
    the_search.probability   = T3_PROBABILITY;
    return prepare(seed ? (uint32_t)seed : (uint32_t)T3_SEED);
}

static void *prepare_t3l(long size, uint64_t seed)
{
    the_search.root_children = (uint32_t)size;
    the_search.children      = T3L_CHILDREN;
    the_search.probability   = T3L_PROBABILITY;
    return prepare(seed ? (uint32_t)seed : (uint32_t)T3L_SEED);
}

static tree_node tree_root(const search *s)
{
    uint32_t  message[5] = { 0 };
    tree_node root;

    message[SEED_WORD] = s->seed;
    sha1_block(message, 5, root.state);
    root.depth = 0;
    return root;
}

static void run(void *state)
{
    search *s = (search *)state;
    subtree all;

    all.node = tree_root(s);
    BENCH_ROOT(&all, visit);
    s->forked_nodes = all.nodes;
}

static void run_detached(void *state)
{
    tree_node root = tree_root((const search *)state);

    visit_detached(&root);
}

static bench_outcome finish(void *state)
{
    search       *s       = (search *)state;
    bench_outcome outcome = { 0, s->forked_nodes };

    for (int w = 0; w < BENCH_WORKERS_MAX; w++)
        outcome.tasks += s->nodes[w].count;
    outcome.check = outcome.tasks;
    free(s->nodes);
    return outcome;
}

static bool known_t1(long size, uint64_t seed, uint64_t *check)
{
    *check = size == T1L_DEPTH ? T1L_NODES : T1_NODES;
    return (size == T1_DEPTH && (seed == 0 || seed == T1_SEED)) || (size == T1L_DEPTH && seed == T1L_SEED);
}

static bool known_t3(long size, uint64_t seed, uint64_t *check)
{
    *check = T3_NODES;
    return size == T3_ROOT && (seed == 0 || seed == T3_SEED);
}

static bool known_t3l(long size, uint64_t seed, uint64_t *check)
{
    *check = T3L_NODES;
    return size == T3_ROOT && (seed == 0 || seed == T3L_SEED);
}

const bench_kernel bench_uts_t1 = {
    .name    = "uts-t1",
    .summary = "unbalanced tree search, geometric tree, SHA-1, a task per node (size 10 is the published T1, size 13 "
               "with seed 29 T1L)",
    .size_is = "depth",
    .loops   = false,
    .most    = 20,
    .tiny    = 5,
    .quick   = 7,
    .full    = 8,
    .seed    = 0,
    .prepare = prepare_t1,
    .run     = run,
    .run_detached = run_detached,
    .finish       = finish,
    .known        = known_t1,
};

const bench_kernel bench_uts_t3 = {
    .name         = "uts-t3",
    .summary      = "unbalanced tree search, binomial tree, SHA-1, a task per node (size 2000 is the published T3)",
    .size_is      = "children of the root",
    .loops        = false,
    .most         = 1 << 20,
    .tiny         = 4,
    .quick        = 200,
    .full         = 200,
    .seed         = 13, /* 378,865 nodes; the published seed gives 6,800 or 2.4 million at the sizes around */
    .prepare      = prepare_t3,
    .run          = run,
    .run_detached = run_detached,
    .finish       = finish,
    .known        = known_t3,
};

const bench_kernel bench_uts_t3l = {
    .name         = "uts-t3l",
    .summary      = "the binomial tree with five children (size 2000 is the published T3L)",
    .size_is      = "children of the root",
    .loops        = false,
    .most         = 1 << 20,
    .tiny         = 100,
    .quick        = 0,
    .full         = T3_ROOT,
    .seed         = 0,
    .prepare      = prepare_t3l,
    .run          = run,
    .run_detached = run_detached,
    .finish       = finish,
    .known        = known_t3l,
};
