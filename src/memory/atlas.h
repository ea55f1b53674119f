/* SPDX-License-Identifier: BSD-3-Clause */
/* The atlas: from an address to a domain, for any number of readers while it is rewritten.
 *
 * Two shelves hold the same table, sorted by address. The writer fills the one that is not current and then makes it
 * so; a reader searches the current one and looks at the shelf's version before and after, so it starts again only when
 * the writer came round twice during its few nanoseconds. Readers write nothing, need no registration and never wait.
 * A shelf is freed with the atlas and not before: a late reader finds old entries, never freed memory. Shelves double,
 * so those kept are together no larger than the last pair.
 *
 * The version is a sequence lock (Lameter, Ottawa Linux Symposium 2005), in the form that needs no fence: data are
 * stored with release and loaded with acquire (Boehm, "Can seqlocks get along with programming language memory
 * models?", MSPC 2012, section 4). */
#ifndef RMF_MEMORY_ATLAS_H
#define RMF_MEMORY_ATLAS_H

#include "atomics.h"

#include <ramify/tree.h>

typedef struct rmf_shelf rmf_shelf;

typedef struct rmf_atlas {
    _Atomic(rmf_shelf *) current;   /* NULL: empty */
    rmf_shelf           *spare;     /* writer only, like all below: as large as the current one */
    rmf_shelf           *retired;   /* smaller ones a late reader may still look at */
    uint64_t             low, high; /* entries grow up from the first word, cycles down from the last */
} rmf_atlas;

/* Words an entry, and a cycle of n domains, take. */
enum { RMF_ATLAS_ENTRY_WORDS = 2, RMF_ATLAS_CYCLE_WORDS = 1 };

/* The domain of an address, RAMIFY_NONE for none. Any thread, never blocks. */
uint32_t rmf_atlas_find(const rmf_atlas *atlas, uintptr_t address);

/* Makes sure that both shelves hold so many words, so that rewriting cannot fail. Writer. Errors: ERR_NO_MEMORY. */
ramify_status rmf_atlas_reserve(rmf_atlas *atlas, uint64_t words);

/* Rewriting: begin, then entries in ascending order of start, then publish. An entry holds up to the next one's start.
 * Writer; no more than the words reserved. */
void rmf_atlas_begin(rmf_atlas *atlas);
void rmf_atlas_add(rmf_atlas *atlas, uintptr_t start, uint32_t domain);
/* Page number p (address >> shift) belongs to domains[p % count]. */
void rmf_atlas_add_cycle(rmf_atlas *atlas, uintptr_t start, uint32_t shift, const uint32_t *domains, uint32_t count);
void rmf_atlas_publish(rmf_atlas *atlas);

/* Frees the shelves. No reader may be left. */
void rmf_atlas_drop(rmf_atlas *atlas);

#endif
