/* SPDX-License-Identifier: BSD-3-Clause */
/* The distribution tree: the machine as Ramify sees it.
 *
 * An immutable array of domains. Domain 0 is the root; a domain's children stand next to each other; leaves are
 * numbered in tree order, so the leaves below any domain are a run of consecutive numbers. Levels that do not branch
 * on this machine do not appear. */
#ifndef RAMIFY_TREE_H
#define RAMIFY_TREE_H

#include <stdbool.h>
#include <ramify/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text): outermost first. `node` is one machine, the root of a tree without MPI. */
#define RAMIFY_LEVEL_TABLE(X) \
    X(CLUSTER, "cluster")     \
    X(NODE, "node")           \
    X(PACKAGE, "package")     \
    X(GROUP, "group")         \
    X(DIE, "die")             \
    X(NUMA, "numa")           \
    X(L3, "l3")               \
    X(L2, "l2")               \
    X(CORE, "core")           \
    X(PU, "pu")

typedef enum ramify_level {
#define RAMIFY_LEVEL_ENUM(name, text) RAMIFY_LEVEL_##name,
    RAMIFY_LEVEL_TABLE(RAMIFY_LEVEL_ENUM)
#undef RAMIFY_LEVEL_ENUM
        RAMIFY_LEVEL_COUNT
} ramify_level;

/* "numa" for RAMIFY_LEVEL_NUMA; NULL for a number that is no level.
 * Ownership: static text. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const char *ramify_level_name(int level);

/* No domain, leaf, node or worker. */
#define RAMIFY_NONE UINT32_MAX

/* A set of operating-system indexes (PUs or NUMA nodes): bit i of words[i / 64]. Owned by the tree. */
typedef struct ramify_bits {
    const uint64_t *words;
    uint32_t        word_count;
} ramify_bits;

/* One domain of the tree. Read only; lives as long as its tree. */
typedef struct ramify_domain {
    uint32_t    index;        /* its place in the array */
    uint32_t    parent;       /* RAMIFY_NONE for the root */
    uint32_t    first_child;  /* children are first_child .. first_child + child_count - 1 */
    uint32_t    child_count;  /* 0 for a leaf */
    uint32_t    first_leaf;   /* leaves below are first_leaf .. first_leaf + leaf_count - 1 */
    uint32_t    leaf_count;   /* 1 for a leaf */
    uint32_t    depth;        /* 0 for the root */
    uint32_t    level;        /* ramify_level: the outermost of the levels that coincide here */
    uint32_t    level_mask;   /* bit l: level l coincides with this domain */
    uint32_t    os_index;     /* the operating system's, of the outermost level here that has one, or RAMIFY_NONE */
    uint32_t    node;         /* os index of the nearest NUMA node with memory, or RAMIFY_NONE */
    double      capacity;     /* sum over its leaves; 1.0: one core of the fastest kind, divided among its leaves */
    uint64_t    cache_bytes;  /* largest cache shared by exactly this domain, 0: none or unknown */
    uint64_t    memory_bytes; /* memory attached at or below this domain, 0: unknown */
    ramify_bits cpus;         /* PUs that work here may run on */
    ramify_bits nodes;        /* NUMA nodes attached at or below this domain */
} ramify_domain;

/* Kind of memory behind a NUMA node. */
typedef enum ramify_memory_kind {
    RAMIFY_MEMORY_UNKNOWN,
    RAMIFY_MEMORY_DRAM,
    RAMIFY_MEMORY_HBM,
    RAMIFY_MEMORY_FAR, /* CXL, non-volatile and other slow, CPU-less memory */
} ramify_memory_kind;

/* One NUMA node: a memory tier of the domain it is attached to. */
typedef struct ramify_memory {
    uint32_t os_index;
    uint32_t domain; /* smallest domain that holds all of its local leaves; nearest one for CPU-less nodes */
    uint32_t kind;   /* ramify_memory_kind */
    bool     has_cpus;
    uint64_t bytes;                    /* 0: memoryless or unknown */
    uint64_t bandwidth_mib_per_second; /* 0: unknown */
    uint64_t latency_ns;               /* 0: unknown */
} ramify_memory;

/* What limited the number of workers. */
typedef enum ramify_limit {
    RAMIFY_LIMIT_MACHINE,  /* nothing: every core (or PU) of the machine has a worker */
    RAMIFY_LIMIT_CPUSET,   /* the cpuset the operating system allows (cgroup, container, Slurm) */
    RAMIFY_LIMIT_AFFINITY, /* the affinity mask of the calling thread */
    RAMIFY_LIMIT_QUOTA,    /* the cgroup's CPU quota (cpu.max), rounded up */
    RAMIFY_LIMIT_REQUEST,  /* the caller's number of workers, cpuset or places */
    RAMIFY_LIMIT_RANKS,    /* this MPI rank's part of a machine whose ranks the launcher bound nowhere */
} ramify_limit;

/* What a leaf is made for. */
typedef enum ramify_workers_per {
    RAMIFY_PER_CORE, /* default: one worker for each core we may use */
    RAMIFY_PER_PU,   /* one for each hardware thread */
} ramify_workers_per;

typedef struct ramify_tree ramify_tree;

/* How to build a tree. Zero-initialised means: this machine, all of it that we may use, a worker per core. */
typedef struct ramify_tree_options {
    const char       *from;        /* NULL: this machine; else a path to hwloc XML, or a synthetic description */
    const char       *cpus;        /* NULL: all allowed; else a list of PU indexes such as "0-3,8" */
    uint32_t          workers;     /* 0: as many as `workers_per` says; else this many leaves (1..4096) */
    uint32_t          workers_per; /* ramify_workers_per */
    const char       *places;      /* NULL: none; else OMP_PLACES' words: "cores", "{0:4},{4:4}" (CPUs by number count
                                      even outside the calling thread's mask); a worker per place unless `workers` says */
    bool              close;       /* fewer workers than places: the first ones, not evenly spaced ones */
    bool              no_ranks;    /* under MPI: the whole machine, even where the launcher bound its ranks nowhere */
    bool              beyond_mask; /* not only the CPUs of the calling thread's mask: all the cpuset allows */
    ramify_log_fn     log;         /* NULL: silent */
    void             *log_self;
    ramify_diagnosis *diagnosis; /* NULL: not wanted */
    uint64_t          reserved[4];
} ramify_tree_options;

/* Puts the RAMIFY_* variables that concern the tree (RAMIFY_TOPOLOGY, RAMIFY_CPUS, RAMIFY_WORKERS, RAMIFY_WORKERS_PER)
 * over what a program asked for, as ramify_start does; ramify_tree_open itself reads no variable.
 *
 * asked: NULL for the defaults; its diagnosis is filled on failure. options: out, untouched on failure; may be asked
 * itself. Its texts stay the program's or the environment's. Threads: any, while none changes the environment.
 * Errors: ERR_SYNTAX a variable is malformed, ERR_RANGE a number is out of range. Cost: O(variables). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_tree_options_read(const ramify_tree_options *asked,
                                                                   ramify_tree_options       *options);

/* Discovers a machine and builds its distribution tree.
 *
 * options: NULL for the defaults. tree: out, untouched on failure.
 * Ownership: the caller's, until ramify_tree_free; may serve several runtimes at once.
 * Threads: any; may block on files. Errors: ERR_NOT_FOUND no such file; ERR_FORMAT not a topology, truncated, or of a
 * version this hwloc cannot read; ERR_SYNTAX `cpus`, `places` or a synthetic description is malformed; ERR_RANGE
 * `workers` is out of range; ERR_INVALID `cpus` or `places` name no PU we may use; ERR_NOT_BUILT `from` needs hwloc and
 * it is not built in; ERR_NO_MEMORY. Cost: O(PUs); this machine: one hwloc discovery, milliseconds. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_tree_open(const ramify_tree_options *options, ramify_tree **tree);

/* Frees a tree. tree: NULL is allowed; must not serve a runtime any more. Threads: any. Cost: O(1) frees. */
RAMIFY_API void ramify_tree_free(ramify_tree *tree);

/* The array of domains; [0] is the root. count: out, may be NULL.
 * Ownership: the tree's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const ramify_domain *ramify_tree_domains(const ramify_tree *tree, uint32_t *count);

/* The number of leaves, that is, of workers. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API uint32_t ramify_tree_leaf_count(const ramify_tree *tree);

/* The leaf with a given number. leaf: 0 .. leaf_count - 1; NULL when out of range.
 * Ownership: the tree's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const ramify_domain *ramify_tree_leaf(const ramify_tree *tree, uint32_t leaf);

/* The smallest domain that holds both leaves; RAMIFY_NONE when one is out of range.
 * Threads: any, never blocks. Cost: O(depth). */
RAMIFY_API uint32_t ramify_tree_common(const ramify_tree *tree, uint32_t leaf_a, uint32_t leaf_b);

/* The leaf whose cpus contain a PU. pu: os index. RAMIFY_NONE when no worker runs there.
 * Threads: any, never blocks. Cost: O(1). */
RAMIFY_API uint32_t ramify_tree_leaf_of_pu(const ramify_tree *tree, uint32_t pu);

/* The NUMA nodes, memory tiers included. count: out. Ownership: the tree's. Threads: any. Cost: O(1). */
RAMIFY_API const ramify_memory *ramify_tree_memories(const ramify_tree *tree, uint32_t *count);

/* Relative distance between two NUMA nodes by os index, as the firmware gives it (10 is local).
 * Returns 0 where it is unknown. Threads: any, never blocks. Cost: O(NUMA nodes). */
RAMIFY_API uint32_t ramify_tree_node_distance(const ramify_tree *tree, uint32_t from_node, uint32_t to_node);

/* What limited the number of workers. Threads: any. Cost: O(1). */
RAMIFY_API ramify_limit ramify_tree_limit(const ramify_tree *tree);

/* The same as a sentence: "2 workers: the cgroup's CPU quota of 1.50 CPUs (cpu.max), rounded up".
 * Ownership: the tree's. Threads: any. Cost: O(1). */
RAMIFY_API const char *ramify_tree_reason(const ramify_tree *tree);

/* Where the tree came from: "hwloc 2.9.0: this machine", "hwloc 2.9.0: file x.xml", "flat: hwloc is not built in".
 * Ownership: the tree's. Threads: any. Cost: O(1). */
RAMIFY_API const char *ramify_tree_source(const ramify_tree *tree);

/* True when the tree describes the machine the program runs on, so that binding to it makes sense.
 * Threads: any. Cost: O(1). */
RAMIFY_API bool ramify_tree_is_this_machine(const ramify_tree *tree);

/* Checks the tree's invariants: children partition their parent, every usable core is under exactly one leaf,
 * capacities add up, leaves are numbered in tree order.
 *
 * diagnosis: out, may be NULL; names the first violation. Threads: any. Errors: ERR_FORMAT an invariant is violated.
 * Cost: O(domains x words per cpuset). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_tree_check(const ramify_tree *tree, ramify_diagnosis *diagnosis);

/* How to show a tree. */
typedef enum ramify_format {
    RAMIFY_FORMAT_TEXT,
    RAMIFY_FORMAT_JSON,
    RAMIFY_FORMAT_SVG,
} ramify_format;

/* Renders a tree. format: ramify_format. text: out, terminated, to be freed with ramify_text_free.
 * Threads: any. Errors: ERR_INVALID unknown format; ERR_NO_MEMORY. Cost: O(domains), one growing allocation. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_tree_render(const ramify_tree *tree, ramify_format format,
                                                             char **text);

/* Frees a text the library returned. text: NULL is allowed. Threads: any. Cost: one free. */
RAMIFY_API void ramify_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
