/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind a ramify_runtime: a tree, a plan for it, and the pool that works by both. */
#ifndef RMF_RUNTIME_HANDLE_H
#define RMF_RUNTIME_HANDLE_H

#include "submit.h"

struct ramify_runtime {
    const ramify_tree *tree;
    ramify_tree       *own_tree; /* NULL when the caller gave one */
    rmf_plan          *plan;
    rmf_pool          *pool;
};

#endif
