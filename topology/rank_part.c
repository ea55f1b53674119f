/* SPDX-License-Identifier: BSD-3-Clause */
/* A walk over a shape in tree order that keeps the cores of one rank. */
#include "rank_part.h"

typedef struct walk {
    const rmf_shape *shape;
    uint32_t         at, first, end; /* cores passed; those to keep */
    uint64_t        *kept;
} walk;

static void visit(walk *w, uint32_t index)
{
    const rmf_branch *branch = &w->shape->branches[index];
    if (branch->is_core) {
        if (w->at >= w->first && w->at < w->end)
            rmf_bits_or(w->kept, branch->cpus, w->shape->words);
        w->at++;
        return;
    }
    for (uint32_t i = 0; i < branch->child_count; i++)
        visit(w, w->shape->children[branch->first_child + i]);
}

void rmf_rank_part_cut(const rmf_shape *shape, const rmf_local_ranks *ranks, uint64_t *usable)
{
    uint64_t kept[RMF_BITS_MAX_WORDS] = { 0 };
    uint64_t cores                    = shape->branches[0].cores;
    walk     w                        = { .shape = shape, .kept = kept };
    w.first                           = (uint32_t)(cores * ranks->rank / ranks->count);
    w.end                             = (uint32_t)(cores * (ranks->rank + 1) / ranks->count);
    if (w.end <= w.first) /* more ranks than cores */
        w.end = w.first + 1;
    visit(&w, 0);
    rmf_bits_copy(usable, kept, shape->words);
}
