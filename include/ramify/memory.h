/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: pages on the domain that will use them, and the way back from an address to its domain.
 *
 * A space is a value made for one tree; it knows regions: memory it allocated, arrays it cut along the tree
 * (ramify/array.h), and memory the program had already and registered. Memory of a space is plain memory: every pointer
 * may be used, and passed on, as any other.
 *
 * What a machine refuses is never an error that takes the memory away: the call succeeds and its report says what was
 * got, how much of it, and why not the rest. Only a wish marked strict fails instead. */
#ifndef RAMIFY_MEMORY_H
#define RAMIFY_MEMORY_H

#include <ramify/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_space    ramify_space;
typedef struct ramify_replicas ramify_replicas;

/* Where the pages of an allocation shall lie. */
typedef enum ramify_placement {
    RAMIFY_PLACEMENT_FIRST_TOUCH, /* on the node of the thread that touches them first; returned untouched */
    RAMIFY_PLACEMENT_DOMAIN,      /* on the node of a domain; page by page over its nodes where it has several */
    RAMIFY_PLACEMENT_INTERLEAVE,  /* page by page over the nodes of several domains */
} ramify_placement;

/* What memory is wanted for; decides between the nodes that are local to a domain. */
typedef enum ramify_merit {
    RAMIFY_MERIT_ANY,       /* the ordinary memory of its CPUs */
    RAMIFY_MERIT_BANDWIDTH, /* most bandwidth; where none is measured: HBM, then DRAM, then far memory */
    RAMIFY_MERIT_CAPACITY,  /* largest node */
    RAMIFY_MERIT_LATENCY,   /* least latency; where none is measured: DRAM, then HBM, then far memory */
} ramify_merit;

/* Size of pages, asked and got. */
typedef enum ramify_pages {
    RAMIFY_PAGES_SYSTEM,    /* as the system is set up */
    RAMIFY_PAGES_SMALL,     /* never huge */
    RAMIFY_PAGES_HUGE,      /* asked: huge if any can be had. Got: the kernel agreed to use them where it can */
    RAMIFY_PAGES_HUGE_POOL, /* got only: from the administrator's pool, every page is huge */
} ramify_pages;

/* How memory is wanted. Zero-initialised, and a NULL pointer to it, mean: first touch, pages as the system is set up.
 */
typedef struct ramify_wish {
    uint32_t        placement;    /* ramify_placement */
    uint32_t        domain;       /* index; for DOMAIN, and for INTERLEAVE when `domains` is NULL */
    const uint32_t *domains;      /* indexes; for INTERLEAVE: the domains to go round; copied */
    uint32_t        domain_count; /* of them */
    uint32_t        merit;        /* ramify_merit */
    uint32_t        pages;        /* ramify_pages; HUGE tries the pool, then madvise, then small pages */
    bool            strict;       /* fail rather than fall back to other nodes */
    bool            touch;        /* bring every page in now, by the calling thread, and count where they came to lie */
    uint64_t        reserved[4];
} ramify_wish;

/* Why a page is not where it was wanted. X(name, text) */
#define RAMIFY_TROUBLE_TABLE(X)                                                                                        \
    X(BUSY, "in use by the kernel: under I/O, pinned, or being moved")                                                 \
    X(SHARED, "mapped by other processes too")                                                                         \
    X(FULL, "the node has no room")                                                                                    \
    X(UNMAPPED, "not memory of this process, or the kernel's shared zero")                                             \
    X(BARRED, "the node or the call is not allowed to this process")                                                   \
    X(OTHER, "another error of the system")

typedef enum ramify_trouble {
#define RAMIFY_TROUBLE_ENUM(name, text) RAMIFY_TROUBLE_##name,
    RAMIFY_TROUBLE_TABLE(RAMIFY_TROUBLE_ENUM)
#undef RAMIFY_TROUBLE_ENUM
        RAMIFY_TROUBLE_COUNT
} ramify_trouble;

/* Says in a few words what a trouble is; NULL for a number that is none.
 * Ownership: static text. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const char *ramify_trouble_text(int trouble);

/* Where pages lie: a count by asking the kernel. pages = home + elsewhere + absent + the troubles, when not sampled. */
typedef struct ramify_census {
    uint64_t      pages;                         /* in the range */
    uint64_t      looked_at;                     /* of them; fewer: every n-th was looked at, the counts are of those */
    uint64_t      home;                          /* on the node they are planned for; without a plan: on any node */
    uint64_t      elsewhere;                     /* on another node */
    uint64_t      absent;                        /* not touched yet, so nowhere */
    uint64_t      trouble[RAMIFY_TROUBLE_COUNT]; /* could not be told, by reason */
    uint64_t      page_bytes;
    ramify_status reason;       /* why nothing could be asked: ERR_NOT_BUILT, ERR_NOT_ALLOWED, ...; else OK */
    int32_t       system_error; /* the system's number behind `reason`, 0: none */
} ramify_census;

/* What an allocation got. */
typedef struct ramify_placed {
    uint64_t bytes;           /* asked for */
    uint64_t bytes_home;      /* bound to nodes that were wanted (first touch: left to the toucher) */
    uint64_t bytes_elsewhere; /* bound to other nodes, in order of distance, because the wanted ones were short */
    uint64_t bytes_unbound;   /* bound nowhere: the system places these pages */
    uint32_t node;            /* os index of the first node wanted; RAMIFY_NONE: none was chosen */
    uint32_t node_count;      /* number of nodes wanted */
    uint32_t other_node;      /* os index of the first node of bytes_elsewhere, or RAMIFY_NONE */
    uint32_t pages;           /* ramify_pages */
    uint64_t page_bytes;      /* of the pages, as far as the library can promise */
    bool     measured;        /* the merit was judged by the firmware's figures, not by the kind of memory */

    /* OK: as asked. ERR_NO_MEMORY: a wanted node was short. ERR_NOT_ALLOWED: a wanted node, or binding, is not allowed
     * to this process. ERR_NOT_BUILT: no libnuma. ERR_NOT_FOUND: the tree has no such node, is not of this machine, or
     * the kernel knows no NUMA. ERR_SYSTEM: see system_error. */
    ramify_status reason;
    int32_t       system_error; /* the system's number behind `reason`, 0: none */
    ramify_status pages_reason; /* why `pages` is not what was asked, OK if it is */
    ramify_census census;       /* with wish.touch; else zero */
} ramify_placed;

/* What moving pages achieved. pages = moved + already + absent + failed. */
typedef struct ramify_migration {
    uint64_t      pages;                         /* in the range, those cut by its ends included */
    uint64_t      moved;                         /* now on the node, and were not before */
    uint64_t      already;                       /* were there before */
    uint64_t      absent;                        /* not touched yet; those of the space's own memory will come there */
    uint64_t      failed;                        /* the sum of `trouble` */
    uint64_t      trouble[RAMIFY_TROUBLE_COUNT]; /* not moved, by reason */
    uint32_t      node;                          /* os index of the target; RAMIFY_NONE: of several */
    ramify_status reason;       /* why no page could be moved or told: ERR_NOT_BUILT, ERR_NOT_ALLOWED, ...; else OK */
    int32_t       system_error; /* the system's number behind `reason`, 0: none */
} ramify_migration;

/* How to open a space. Zero-initialised: silent. */
typedef struct ramify_space_options {
    ramify_log_fn log; /* NULL: silent */
    void         *log_self;
    uint64_t      reserved[4];
} ramify_space_options;

/* Opens a space over a tree.
 *
 * tree: shared, must outlive the space. options: NULL for the defaults. space: out, untouched on failure.
 * Ownership: the caller's, until ramify_space_free. Threads: any.
 * Errors: ERR_INVALID tree is NULL; ERR_NO_MEMORY. What the machine does not let the space do is no error: see
 * ramify_space_capabilities. Cost: O(domains + nodes), a page mapped and unmapped, about ten system calls. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_open(const ramify_tree          *tree,
                                                            const ramify_space_options *options, ramify_space **space);

/* Frees a space: unmaps all it allocated, arrays and replicas included, and forgets what was registered.
 *
 * space: NULL is allowed. Threads: one, with no other call on the space under way. Cost: a system call per region. */
RAMIFY_API void ramify_space_free(ramify_space *space);

/* What the machine lets a space do, as tried when it was opened, and the kernel's settings now. */
typedef struct ramify_space_abilities {
    ramify_status bind;       /* binding pages to nodes: OK, ERR_NOT_BUILT (no libnuma), ERR_NOT_ALLOWED (a container
                                 without the right), ERR_NOT_FOUND (a kernel without NUMA, a tree without nodes or
                                 not of this machine), ERR_SYSTEM */
    ramify_status query;      /* asking where pages lie; likewise */
    ramify_status move;       /* moving pages; likewise */
    int32_t       bind_error; /* the system's number behind each, 0: none */
    int32_t       query_error;
    int32_t       move_error;
    uint32_t      nodes;     /* NUMA nodes of the tree that this process may use now */
    int32_t       balancing; /* kernel.numa_balancing: 0 off, 1 on, 2 tiering; -1: the kernel does not say. When on,
                                pages move by themselves: ramify_space_refresh */
    uint64_t      page_bytes;
    uint64_t      huge_bytes; /* of a huge page; 0: the kernel has none */
    uint64_t      regions;    /* known to the space now */
    uint64_t      bytes;      /* in them */
    ramify_status next_touch; /* moving pages by a fault of their next toucher: ERR_NOT_FOUND, Linux offers programs no
                                 such fault; ramify_space_follow works by announced touches instead */
} ramify_space_abilities;

/* Reads what a space can do. abilities: out. Threads: any; blocks while a change of the space is under way.
 * Errors: ERR_INVALID an argument is NULL. Cost: O(regions), two system calls. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_capabilities(ramify_space           *space,
                                                                    ramify_space_abilities *abilities);

/* Allocates memory, zeroed, page-aligned, in whole pages: meant for arrays, not for small objects.
 *
 * bytes: 1 .. PTRDIFF_MAX. wish: NULL for first touch. memory: out, untouched on failure. placed: out, may be NULL;
 * filled on success only. Where a wanted node has less free memory than is asked for, the rest goes to the other nodes
 * in order of distance; free memory is read when the call is made and nothing is reserved, so only wish.touch settles
 * it. Ownership: the space's, until ramify_space_release or ramify_space_free.
 * Threads: any; blocks while another change of the space is under way, and with wish.touch for as long as it takes.
 * Errors: ERR_INVALID bytes is 0, a domain is not of the tree, or a field of the wish is no such value; ERR_RANGE bytes
 * is too large; ERR_NO_MEMORY; with wish.strict also: ERR_NO_MEMORY the wanted nodes are short, or a page came to lie
 * elsewhere, and the reasons of ramify_placed.reason. Nothing is left allocated.
 * Cost: 3 to 6 system calls (mmap, mbind per node, madvise) and one small file read per node considered; O(pages) with
 * wish.touch only. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_allocate(ramify_space *space, size_t bytes,
                                                                const ramify_wish *wish, void **memory,
                                                                ramify_placed *placed);

/* Gives memory back to the system.
 *
 * memory: as returned by ramify_space_allocate; NULL is allowed. Tasks that hint at it later go where their policy
 * sends them. Threads: any; blocks while another change of the space is under way.
 * Errors: ERR_NOT_FOUND not in any region; ERR_INVALID not the start of one, or not allocated by
 * ramify_space_allocate. Nothing is changed then. Cost: one munmap, O(regions). */
RAMIFY_API ramify_status ramify_space_release(ramify_space *space, void *memory);

/* Changes the size of an allocation; keeps its contents up to the smaller size, and its wish.
 *
 * memory: as returned by ramify_space_allocate. bytes: 1 .. PTRDIFF_MAX. moved: out, untouched on failure: where it
 * lies now, maybe where it did. placed: out, may be NULL: of the part that is new; zero bytes when it shrank. Pages
 * move as they are, with their nodes, where the kernel can remap them; otherwise they are copied by the calling thread
 * to a new allocation with the same wish. What waited for its next touch waits no more if the memory moved.
 * Ownership: the space's, as before. Threads: as ramify_space_allocate; nobody may use the memory meanwhile.
 * Errors: ERR_NOT_FOUND, ERR_INVALID as ramify_space_release; those of ramify_space_allocate. The memory is then as it
 * was. Cost: a few system calls; O(bytes) when copied. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_resize(ramify_space *space, void *memory, size_t bytes,
                                                              void **moved, ramify_placed *placed);

/* Makes memory known that the program has already: from malloc, a Fortran array, an MPI window, a mapped file.
 *
 * address, bytes: any alignment; bytes >= 1. census: out, may be NULL: where its pages lie. The memory stays the
 * program's, who unregisters it before it frees it. Pages not touched yet have no domain until ramify_space_refresh.
 * More than 65,536 pages are sampled, evenly (census.looked_at says it).
 * Threads: any; blocks while another change of the space is under way.
 * Errors: ERR_INVALID address is NULL or bytes is 0; ERR_RANGE the range wraps around; ERR_NOT_FOUND part of it is not
 * mapped; ERR_BUSY it overlaps a region; ERR_NO_MEMORY. Nothing is changed then.
 * Cost: O(pages), at most 65,536 looked at; 0.1 to 0.2 us each; a system call per 512. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_register(ramify_space *space, const void *address, size_t bytes,
                                                                ramify_census *census);

/* Forgets registered memory. address: the one it was registered with.
 * Threads: any; blocks while another change of the space is under way.
 * Errors: ERR_NOT_FOUND not in any region; ERR_INVALID not the start of one, or not registered. Cost: O(regions). */
RAMIFY_API ramify_status ramify_space_unregister(ramify_space *space, const void *address);

/* Asks the kernel again where the pages of regions lie: after a first touch, or after kernel.numa_balancing moved them.
 *
 * address: in the region; NULL: all regions. census: out, may be NULL: the sum. Until the call returns, lookups answer
 * as before. Threads: any; blocks while another change of the space is under way.
 * Errors: ERR_NOT_FOUND address is in no region; ERR_NO_MEMORY (what was known stays). Cost: as ramify_space_register,
 * for each region. */
RAMIFY_API ramify_status ramify_space_refresh(ramify_space *space, const void *address, ramify_census *census);

/* The domain an address belongs to: the part of an array, the domain it was allocated on, else that of the node where
 * its page lay when last asked. RAMIFY_NONE: in no region, not touched yet, or not known.
 *
 * address: any value. Threads: any, never blocks, not even while regions come and go.
 * Cost: O(log of the number of runs of pages with one domain), a few nanoseconds, no system call. */
RAMIFY_API uint32_t ramify_space_locate(const ramify_space *space, const void *address);

/* What a region is. */
typedef enum ramify_region_kind {
    RAMIFY_REGION_ALLOCATED,
    RAMIFY_REGION_ARRAY,
    RAMIFY_REGION_REGISTERED,
    RAMIFY_REGION_REPLICA,
} ramify_region_kind;

/* What a space knows of a region. */
typedef struct ramify_region {
    void    *start;
    size_t   bytes;
    uint32_t kind;           /* ramify_region_kind */
    uint32_t placement;      /* ramify_placement asked for */
    uint32_t domain;         /* asked for, or RAMIFY_NONE */
    uint32_t merit;          /* ramify_merit asked for */
    bool     coarse;         /* lookups answer for groups of pages, by their majority: pages lie too mixed or are too
                                many to keep each */
    uint64_t      runs;      /* runs of pages with one domain, as lookups see them */
    uint64_t      following; /* bytes that wait for their next touch (ramify_space_follow) */
    ramify_placed placed;    /* what it got; zero for registered memory */
    ramify_census census;    /* as last asked; zero: never */
} ramify_region;

/* Describes the region an address is in, from what is known; asks no kernel. region: out, untouched on failure.
 * Threads: any; blocks while a change of the space is under way.
 * Errors: ERR_NOT_FOUND address is in no region; ERR_INVALID region is NULL. Cost: O(log regions). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_query(ramify_space *space, const void *address,
                                                             ramify_region *region);

/* Counts where the pages of a range lie now, by asking the kernel; changes nothing that is known.
 *
 * address, bytes: within one region, any alignment. most_pages: look at no more than so many, evenly spread; 0: all.
 * per_node: out, may be NULL: pages on each node, in the order of ramify_tree_memories; node_count: its length, that of
 * ramify_tree_memories. census: out. Threads: any; blocks while a change of the space is under way.
 * Errors: ERR_NOT_FOUND the range is not within one region; ERR_INVALID bytes is 0, census is NULL, or node_count is
 * another than the tree's. Cost: 0.1 to 0.2 us per page looked at, a system call per 512. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_survey(ramify_space *space, const void *address, size_t bytes,
                                                              uint64_t most_pages, uint64_t *per_node,
                                                              uint32_t node_count, ramify_census *census);

/* Moves the pages of a range to a domain's node.
 *
 * address, bytes: within one region, any alignment; pages cut by the ends move too. domain: index; with several nodes
 * the first that ramify_space_allocate would choose. merit: ramify_merit. migration: out, may be NULL; pages that stay
 * are counted by reason. Pages of the space's own memory that are not touched yet will come there; registered memory
 * keeps its own policy. Threads: any; blocks while another change of the space is under way; the memory may be used
 * meanwhile, a touch of a page on its way waits.
 * Errors: ERR_NOT_FOUND the range is not within one region; ERR_INVALID bytes is 0, domain is not of the tree, no such
 * merit; ERR_NO_MEMORY. Pages that cannot be moved are no error. Cost: O(pages), 1 to 3 us for each that moves. */
RAMIFY_API ramify_status ramify_space_migrate(ramify_space *space, const void *address, size_t bytes, uint32_t domain,
                                              uint32_t merit, ramify_migration *migration);

/* Lets a range move to whoever touches it next, as announced by ramify_space_touch.
 *
 * Linux offers programs no fault for this (MPOL_MF_LAZY is refused), and the library installs no signal handlers; so a
 * touch is a call at the start of the task that will use the data. address, bytes: within one region.
 * Threads: any; blocks while another change of the space is under way.
 * Errors: ERR_NOT_FOUND the range is not within one region; ERR_INVALID bytes is 0; ERR_NO_MEMORY.
 * Cost: O(ranges that wait). */
RAMIFY_API ramify_status ramify_space_follow(ramify_space *space, const void *address, size_t bytes);

/* Announces that a domain is about to use a range: what of it waits by ramify_space_follow moves there, once.
 *
 * domain: index; RAMIFY_NONE: the leaf of the CPU the calling thread runs on. migration: out, may be NULL; zero when
 * nothing waited. Threads: any; blocks only when something waits.
 * Errors: ERR_NOT_FOUND domain is RAMIFY_NONE and no leaf has the CPU; ERR_INVALID domain is not of the tree, bytes is
 * 0; ERR_NO_MEMORY. Cost: about a nanosecond when nothing waits in the whole space; else as ramify_space_migrate. */
RAMIFY_API ramify_status ramify_space_touch(ramify_space *space, const void *address, size_t bytes, uint32_t domain,
                                            ramify_migration *migration);

/* Copies data that nobody changes to every node that is nearest to a worker, so that each reads its own.
 *
 * source: bytes of readable memory, in a region or not; may be freed afterwards. replicas: out, untouched on failure.
 * The copies are read-only: a write to one is a fault. A node without room shares the copy of the nearest that has one.
 * Ownership: the space's, until ramify_replicas_free or ramify_space_free.
 * Threads: any; blocks while another change of the space is under way.
 * Errors: ERR_INVALID source is NULL or bytes is 0; ERR_RANGE; ERR_NO_MEMORY not even one copy.
 * Cost: O(bytes x nodes), copied by the calling thread. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_space_replicate(ramify_space *space, const void *source, size_t bytes,
                                                                 ramify_replicas **replicas);

/* The copy nearest to a domain. domain: index; RAMIFY_NONE, or one not of the tree: the first copy.
 * Ownership: the replicas'. Threads: any, never blocks. Cost: O(1), no system call. */
RAMIFY_API const void *ramify_replicas_near(const ramify_replicas *replicas, uint32_t domain);

/* The number of copies. nodes_without: out, may be NULL: nodes that share another's copy because memory was short.
 * Threads: any, never blocks. Cost: O(1). */
RAMIFY_API uint32_t ramify_replicas_count(const ramify_replicas *replicas, uint32_t *nodes_without);

/* Frees the copies. replicas: NULL is allowed. Threads: any, with no reader left; blocks while another change of the
 * space is under way. Cost: a munmap per copy. */
RAMIFY_API void ramify_replicas_free(ramify_replicas *replicas);

#ifdef __cplusplus
}
#endif
#endif
