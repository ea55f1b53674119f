/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a worker looks for work that is not its own: level by level up the tree, nearest first, computed once.
 *
 * Leaves are numbered in tree order, so the victims of a level are two runs of numbers: the leaves of the ancestor,
 * less those of the ancestor one below, which were asked before. */
#ifndef RMF_WORKERS_VICTIMS_H
#define RMF_WORKERS_VICTIMS_H

#include <ramify/tree.h>

/* The levels there are, and room for groups within groups. */
enum { RMF_STEPS_MAX = RAMIFY_LEVEL_COUNT + 6 };

typedef struct rmf_step {
    uint32_t domain, level;        /* the ancestor, and its ramify_level */
    uint32_t first, end;           /* its leaves */
    uint32_t inner_first, inner_end; /* of those, asked at an earlier step */
} rmf_step;

typedef struct rmf_victims {
    uint32_t steps;
    rmf_step step[RMF_STEPS_MAX];
} rmf_victims;

/* Fills the steps for a leaf. A tree deeper than RMF_STEPS_MAX gets its topmost levels as one step. */
void rmf_victims_init(rmf_victims *victims, const ramify_tree *tree, uint32_t leaf);

/* Number of victims of a step, and the i-th of them. */
static inline uint32_t rmf_step_count(const rmf_step *step)
{
    return (step->end - step->first) - (step->inner_end - step->inner_first);
}

static inline uint32_t rmf_step_victim(const rmf_step *step, uint32_t i)
{
    uint32_t before = step->inner_first - step->first;
    return i < before ? step->first + i : step->inner_end + (i - before);
}

/* The level at which a worker, not the thief itself, is a victim. */
static inline uint32_t rmf_victims_level(const rmf_victims *victims, uint32_t worker)
{
    uint32_t i = 0;
    while (i + 1 < victims->steps && (worker < victims->step[i].first || worker >= victims->step[i].end))
        i++;
    return victims->step[i].level;
}

#endif
