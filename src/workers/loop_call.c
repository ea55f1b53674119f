/* SPDX-License-Identifier: BSD-3-Clause */
/* Entering a loop: with a context, as a root on the calling worker, or as a task from outside; and loops with a
 * deterministic reduction, which are loops over fixed blocks. */
#include "loops.h"

#include "forks.h"
#include "submit.h"

#include <stdlib.h>
#include <string.h>

/* Blocks of a deterministic loop, unless its grain says otherwise: enough for several per worker on machines of some
 * hundred, few enough that combining them, 1 to 2 ns each, costs a microsecond or two. */
enum { FIXED_BLOCKS = 1024, STACK_BYTES = 8192 };

/* The loop a program asked for, as the body of a loop over its blocks. */
typedef struct fixed {
    const rmf_loop *loop;
    uint64_t        block;
    char           *partials; /* one per block */
} fixed;

static void run_blocks(void *self, const ramify_chunk *outer)
{
    const fixed            *f = self;
    const ramify_reduction *r = f->loop->reduction;
    for (int64_t b = outer->range[0].begin; b < outer->range[0].end && !ramify_for_stopped(outer); b++) {
        uint64_t     first = (uint64_t)b * f->block, left = f->loop->total - first;
        ramify_chunk chunk = { .partial = f->partials + (size_t)b * r->size,
                               .worker  = outer->worker,
                               .context = outer->context,
                               .loop    = outer->loop };
        for (int d = 0; d < RAMIFY_DIMENSIONS_MAX; d++)
            chunk.range[d].step = f->loop->range[d].step;
        r->identity(r->self, chunk.partial);
        rmf_loop_boxes(f->loop, &chunk, first, left < f->block ? left : f->block);
    }
}

/* Neighbours are combined, then neighbours of those: the same tree for the same number of blocks. */
static void combine_all(const ramify_reduction *r, char *partials, uint64_t blocks)
{
    for (uint64_t apart = 1; apart < blocks; apart *= 2)
        for (uint64_t b = 0; b + apart < blocks; b += 2 * apart)
            r->combine(r->self, partials + b * r->size, partials + (b + apart) * r->size);
}

static ramify_status run_fixed(const fixed *f, uint64_t blocks, ramify_context context, void *result)
{
    const ramify_reduction *r     = f->loop->reduction;
    rmf_loop                outer = *f->loop;
    outer.body                    = run_blocks;
    outer.self                    = (void *)(uintptr_t)f;
    outer.range[0]                = (ramify_range){ 0, (int64_t)blocks, 1 };
    outer.total = outer.count[0] = blocks;
    outer.range[1] = outer.range[2] = (ramify_range){ 0, 1, 1 };
    outer.inner = outer.count[1] = outer.count[2] = 1;
    outer.is_line                                 = true;
    outer.reduction                               = NULL;
    outer.schedule.grain                          = 0;
    outer.share                                   = blocks / outer.pool->worker_count;
    outer.shares_more                             = (uint32_t)(blocks % outer.pool->worker_count);
    ramify_status status                          = rmf_loop_run(&outer, context, NULL);
    if (status)
        return status;
    combine_all(r, f->partials, blocks);
    memcpy(result, f->partials, r->size);
    return RAMIFY_OK;
}

ramify_status rmf_loop_run_fixed(rmf_loop *loop, ramify_context context, void *result)
{
    _Alignas(64) char on_stack[STACK_BYTES];
    uint64_t grain  = loop->schedule.grain ? loop->schedule.grain : (loop->total + FIXED_BLOCKS - 1) / FIXED_BLOCKS;
    uint64_t blocks = loop->total ? (loop->total - 1) / grain + 1 : 0, bytes;
    if (blocks == 0)
        return rmf_loop_run(loop, context, result);
    if (__builtin_mul_overflow(blocks, (uint64_t)loop->reduction->size, &bytes) || bytes > PTRDIFF_MAX)
        return RAMIFY_ERR_NO_MEMORY;
    fixed f = { loop, grain, bytes <= sizeof on_stack ? on_stack : malloc(bytes) };
    if (!f.partials)
        return RAMIFY_ERR_NO_MEMORY;
    ramify_status status = run_fixed(&f, blocks, context, result);
    if (f.partials != on_stack)
        free(f.partials);
    return status;
}

/* A loop as the root of a fork-join computation. */
typedef struct root {
    ramify_fork               fork;
    rmf_loop                 *loop;
    const ramify_for_options *options;
    ramify_status             status;
} root;

static ramify_status run(rmf_loop *loop, ramify_context context, const ramify_for_options *options)
{
    void *result = options ? options->result : NULL;
    if (options && options->deterministic)
        return rmf_loop_run_fixed(loop, context, result);
    return rmf_loop_run(loop, context, result);
}

static void run_root(ramify_context context, ramify_fork *fork)
{
    root *r   = (root *)fork;
    r->status = run(r->loop, context, r->options);
}

ramify_status rmf_loop_call(rmf_loop *loop, ramify_group *group, const ramify_for_options *options)
{
    root          r      = { .fork = { .run = run_root }, .loop = loop, .options = options };
    ramify_status status = rmf_fork_call(loop->pool, group, &r.fork);
    return status ? status : r.status;
}

ramify_status ramify_for_in(ramify_context context, const ramify_range *ranges, uint32_t dimensions, ramify_for_fn body,
                            void *self, const ramify_for_options *options)
{
    rmf_loop loop;
    if (!context.lane || !context.head)
        return RAMIFY_ERR_INVALID;
    ramify_status status =
        rmf_loop_prepare(&loop, rmf_worker_of_lane(context.lane)->pool, ranges, dimensions, body, self, options);
    return status ? status : run(&loop, context, options);
}
