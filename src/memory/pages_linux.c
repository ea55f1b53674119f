/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux's calls, through libnuma's declarations of them: mbind, move_pages, get_mempolicy.
 *
 * libnuma's own allocation layer is not used: it keeps a process-wide state, prints, and hides what was refused. */
#include "pages.h"

#include "kernel_files.h"

#include <errno.h>
#include <numaif.h>

/* The kernel reads one bit less than it is told. */
static unsigned long bits_of(uint32_t words)
{
    return (unsigned long)words * 64 + 1;
}

static int allowed(void *self, uint64_t *nodes, uint32_t words)
{
    (void)self;
    /* The kernel fills no fewer bits than it was built for, 1024 on every distribution, and refuses less room. */
    unsigned long room[1024 / (8 * sizeof(unsigned long))] = { 0 };
    if (get_mempolicy(NULL, room, sizeof room * 8 + 1, NULL, MPOL_F_MEMS_ALLOWED))
        return errno;
    for (uint32_t w = 0; w < words; w++)
        nodes[w] = w < sizeof room / sizeof room[0] ? room[w] : 0;
    return 0;
}

static int bind_pages(void *self, void *start, size_t bytes, rmf_bind_mode mode, const uint64_t *nodes, uint32_t words)
{
    (void)self;
    static const int modes[] = { MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL };
    bool             any     = mode != RMF_BIND_LOCAL;
    long             result =
        mbind(start, bytes, modes[mode], any ? (const unsigned long *)nodes : NULL, any ? bits_of(words) : 0, 0);
    return result ? errno : 0;
}

static int query(void *self, size_t count, void *const *pages, int *nodes)
{
    (void)self;
    return move_pages(0, count, (void **)pages, NULL, nodes, 0) < 0 ? errno : 0;
}

/* A call of at most so many pages keeps its list of targets on the stack: 2 KiB. */
enum { MOVE_PAGES = 512 };

static int move(void *self, size_t count, void *const *pages, int target, int *errors)
{
    (void)self;
    int targets[MOVE_PAGES];
    int failed = 0;
    for (size_t done = 0; done < count; done += MOVE_PAGES) {
        size_t some = count - done < MOVE_PAGES ? count - done : MOVE_PAGES;
        for (size_t i = 0; i < some; i++) {
            targets[i]       = target;
            errors[done + i] = 0;
        }
        if (move_pages(0, some, (void **)pages + done, targets, errors + done, MPOL_MF_MOVE) < 0)
            failed = errno;
    }
    return failed;
}

static uint64_t free_bytes(void *self, uint32_t node)
{
    (void)self;
    return rmf_kernel_node_free_bytes(node);
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

_Static_assert(RMF_PAGE_ABSENT == -ENOENT, "move_pages reports absent pages so");

const rmf_pages rmf_pages_built = { "linux",    allowed,         bind_pages, query,    move,
                                    free_bytes, free_pool_bytes, huge_bytes, balancing };
