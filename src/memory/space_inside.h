/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a space, for this room only.
 *
 * One lock guards the list of regions and the scratch memory; who changes anything holds it. Lookups take no lock: they
 * read the atlas, which is rewritten from all regions' answers after each change (rmf_space_publish). Whatever can fail
 * is done before the first change, so a call that fails has changed nothing. */
#ifndef RMF_MEMORY_SPACE_INSIDE_H
#define RMF_MEMORY_SPACE_INSIDE_H

#include "atlas.h"
#include "log.h"
#include "mapping.h"
#include "nodes.h"
#include "pages.h"
#include "runs.h"
#include "space.h"

#include <ramify/array.h>

#include <pthread.h>

/* Runs of one region: the kernel keeps 65,530 mappings per process (vm.max_map_count), and a program has others. */
enum { RMF_RUNS_MOST = 16384 };

/* Nodes that pages go round: page number p (address >> shift) is on position[p % count] and belongs to domain[..]. */
typedef struct rmf_ring {
    uint32_t  count, shift;
    uint32_t *position; /* ascending where the kernel deals; as found where it was seen. One block with domain */
    uint32_t *domain;
} rmf_ring;

typedef struct rmf_region {
    uintptr_t     start;
    size_t        bytes; /* as asked */
    uint32_t      kind;  /* ramify_region_kind */
    ramify_wish   wish;  /* wish.domains points to `listed` */
    uint32_t     *listed;
    rmf_mapping   mapping; /* empty for registered memory */
    rmf_ring      ring;    /* of runs whose node is RMF_NODE_RING; count 0: none */
    rmf_runs      plan;    /* where pages were bound: starts are exact, pages belong to the run that has more of them */
    rmf_runs      answers; /* what lookups say */
    bool          coarse;
    ramify_placed placed;
    ramify_census census;
} rmf_region;

/* A range that waits for its next touch. */
typedef struct rmf_waiting {
    uintptr_t start, end;
} rmf_waiting;

/* What a kind of call gave when it was tried: fine, or why not. */
typedef struct rmf_ability {
    ramify_status status;
    int           system_error;
} rmf_ability;

struct ramify_space {
    /* set when opened */
    const rmf_pages *pages;
    void            *pages_self;
    rmf_log          log;
    rmf_nodes        nodes;
    uint32_t         node_words; /* of a set of nodes by os index */
    uint64_t         page_bytes, huge_bytes;
    rmf_ability      bind, query, move;

    /* lookups read, changes write */
    _Alignas(RMF_PAIR_BYTES) rmf_atlas atlas;
    _Atomic uint64_t following; /* bytes that wait for a touch, read without the lock */

    /* under the lock */
    _Alignas(RMF_PAIR_BYTES) pthread_mutex_t lock;
    rmf_region      **regions; /* ascending by start */
    uint32_t          region_count, region_room;
    rmf_waiting      *waiting; /* ascending, disjoint */
    uint32_t          waiting_count, waiting_room;
    ramify_array    **arrays; /* all that live, so that the space can free them */
    uint32_t          array_count, array_room;
    ramify_replicas **replicas;
    uint32_t          replica_count, replica_room;

    /* scratch, under the lock: one element per node, or node_words */
    uint64_t  *free_bytes; /* see placing.h */
    uint64_t  *allowed;
    rmf_choice choice;
    bool      *marks;
};

/* Opens a space over another table of calls than the built one; for tests. pages_self is passed to each call. */
ramify_status rmf_space_open_with(const ramify_tree *tree, const ramify_space_options *options, const rmf_pages *pages,
                                  void *pages_self, ramify_space **space);

/* The unit in which a region's pages are placed and counted. */
uint64_t rmf_region_unit(const ramify_space *space, const rmf_region *region);

/* Makes an empty region of this kind; frees one that is in no list, its mapping included. */
rmf_region *rmf_region_make(uint32_t kind);
void        rmf_region_free(rmf_region *region);

/* Makes a region answer as it is planned. Errors: ERR_NO_MEMORY. */
ramify_status rmf_region_answer_as_planned(rmf_region *region);

/* Index of the first region that ends after an address; region_count when none does. Lock. */
uint32_t rmf_region_after(const ramify_space *space, uintptr_t address);

/* The region an address, or a whole range of at least one byte, is in; NULL: none. Lock. */
rmf_region *rmf_region_at(const ramify_space *space, uintptr_t address);
rmf_region *rmf_region_holding(const ramify_space *space, const void *address, size_t bytes);

/* Puts a region in the list and publishes it. Lock. Errors: ERR_BUSY it overlaps another; ERR_NO_MEMORY. */
ramify_status rmf_region_insert(ramify_space *space, rmf_region *region);

/* Takes a region out of the list, publishes, and forgets what of it waited. Lock. Cannot fail. */
void rmf_region_remove(ramify_space *space, rmf_region *region);

/* Gives a region new answers and publishes them. answers: taken over on success. Lock. Errors: ERR_NO_MEMORY. */
ramify_status rmf_region_answer(ramify_space *space, rmf_region *region, rmf_runs *answers);

/* Makes sure that publishing cannot fail when one region (NULL: none) is replaced by one of so many words of the atlas.
 * Lock. Errors: ERR_NO_MEMORY. */
ramify_status rmf_region_reserve(ramify_space *space, const rmf_region *except, uint64_t words);

/* Rewrites the atlas from all regions; they must not have grown since they were last inserted or answered. Lock. */
void rmf_space_publish(ramify_space *space);

/* Drops from the waiting ranges what lies in [start, end); returns false when there was no memory to split a range,
 * which is then left alone. Lock. */
bool rmf_waiting_remove(ramify_space *space, uintptr_t start, uintptr_t end);

/* Frees arrays and replicas that the caller of ramify_space_free did not. */
void rmf_array_drop(ramify_array *array);
void rmf_replicas_drop(ramify_replicas *replicas);

/* Grows a list of pointers or records to hold one more than count. Errors: ERR_NO_MEMORY. */
ramify_status rmf_list_reserve(void **list, uint32_t *room, uint32_t count, size_t element_bytes);

#endif
