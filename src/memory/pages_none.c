/* SPDX-License-Identifier: BSD-3-Clause */
/* Without libnuma: nothing can be bound, asked or moved, and every call says that it is not built in. */
#include "pages.h"

#include "kernel_files.h"

#include <errno.h>

static int allowed(void *self, uint64_t *nodes, uint32_t words)
{
    (void)self;
    (void)nodes;
    (void)words;
    return ENOTSUP;
}

static int bind_pages(void *self, void *start, size_t bytes, rmf_bind_mode mode, const uint64_t *nodes, uint32_t words)
{
    (void)self;
    (void)start;
    (void)bytes;
    (void)mode;
    (void)nodes;
    (void)words;
    return ENOTSUP;
}

static int query(void *self, size_t count, void *const *pages, int *nodes)
{
    (void)self;
    (void)count;
    (void)pages;
    (void)nodes;
    return ENOTSUP;
}

static int move(void *self, size_t count, void *const *pages, int target, int *errors)
{
    (void)self;
    (void)count;
    (void)pages;
    (void)target;
    (void)errors;
    return ENOTSUP;
}

static uint64_t free_bytes(void *self, uint32_t node)
{
    (void)self;
    (void)node;
    return UINT64_MAX;
}

static uint64_t free_pool_bytes(void *self, uint32_t node, uint64_t huge_bytes)
{
    (void)self;
    return rmf_kernel_node_pool_bytes(node, huge_bytes);
}

static uint64_t huge_bytes(void *self)
{
    (void)self;
    return rmf_kernel_huge_bytes();
}

static int balancing(void *self)
{
    (void)self;
    return rmf_kernel_balancing();
}

const rmf_pages rmf_pages_built = { "none",     allowed,         bind_pages, query,    move,
                                    free_bytes, free_pool_bytes, huge_bytes, balancing };
