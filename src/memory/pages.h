/* SPDX-License-Identifier: BSD-3-Clause */
/* What the room needs of the kernel's NUMA calls: a table of functions, chosen by file (pages_linux.c, pages_none.c)
 * and replaced by tests with machines nobody here owns. Functions that fail return the system's number (errno), which
 * is turned into a status, with rmf_pages_status, where a report is made. */
#ifndef RMF_MEMORY_PAGES_H
#define RMF_MEMORY_PAGES_H

#include <ramify/memory.h>

typedef enum rmf_bind_mode {
    RMF_BIND_PREFERRED,  /* one node, then others as the kernel orders them */
    RMF_BIND_STRICT,     /* the nodes given and no other */
    RMF_BIND_INTERLEAVE, /* page number modulo the nodes given, ascending */
    RMF_BIND_LOCAL,      /* the node of the thread that touches; no nodes given */
} rmf_bind_mode;

/* A page in the answers of query and move when there is no node: absent, or minus the system's number. */
enum { RMF_PAGE_ABSENT = -2 }; /* -ENOENT, as move_pages(2) has it */

typedef struct rmf_pages {
    const char *name;

    /* Nodes this process may use, as bits. */
    int (*allowed)(void *self, uint64_t *nodes, uint32_t words);

    /* Sets the policy of whole pages; those that are in stay where they are. */
    int (*bind)(void *self, void *start, size_t bytes, rmf_bind_mode mode, const uint64_t *nodes, uint32_t words);

    /* nodes: out, count of them: a node, RMF_PAGE_ABSENT, or minus the system's number. */
    int (*query)(void *self, size_t count, void *const *pages, int *nodes);

    /* Moves pages to `target`. errors: out, count of them: minus the system's number where one was given for a page,
     * else 0 or more; whether a page moved is for query to say. */
    int (*move)(void *self, size_t count, void *const *pages, int target, int *errors);

    /* Memory a node can still give, in bytes; UINT64_MAX: not known. */
    uint64_t (*free_bytes)(void *self, uint32_t node);

    /* Of that, what is in the pool of huge pages of `huge_bytes`; 0 also when not known. */
    uint64_t (*free_pool_bytes)(void *self, uint32_t node, uint64_t huge_bytes);

    /* Size of a huge page; 0: there are none. */
    uint64_t (*huge_bytes)(void *self);

    /* kernel.numa_balancing, -1: not known. */
    int (*balancing)(void *self);
} rmf_pages;

/* The table of this build. */
extern const rmf_pages rmf_pages_built;

/* The status behind a system's number; 0 is OK. */
ramify_status rmf_pages_status(int system_error);

/* The trouble behind a page's error, a positive system's number. */
ramify_trouble rmf_pages_trouble(int system_error);

#endif
