/* SPDX-License-Identifier: BSD-3-Clause */
/* Ramify's form. The kernel's root runs as a task, as an OpenMP `single` and a oneTBB arena run it inside their pool.
 *
 * Detached tasks carry a copy of their argument. OpenMP and oneTBB copy it into a task record from a pool of their
 * own; Ramify's task holds a pointer, so the layer keeps such a pool: free lists per thread, never shared, of rooms of
 * 32, 64 and 128 bytes, because what a stream of tasks costs is largely the pages it touches first. For the same reason
 * a stream is bounded: a submitter that finds STREAM_TASKS waiting runs the task itself. libomp does so at 256 of a
 * thread, libgomp at 64 times the threads of a team, unasked. */
#include "layer.h"

#include <stdlib.h>

enum {
    CHUNK_ITEMS    = 256, /* ramify_submit_batch's own batch size */
    ROOM_SIZES     = 3,   /* of copies: 32 << size bytes; the largest value is 120 */
    ROOM_LEAST     = 32,
    ORDERED_READS  = 3,   /* as layer.h says */
    POOL_GROW      = 256, /* copies made at once when a free list is empty */
    ROOM_ALIGNMENT = 64,
    STREAM_TASKS   = 256, /* 64 to 1024 take the same time */
};

typedef struct root_call {
    void (*fn)(void *);
    void *argument;
} root_call;

static ramify_runtime *runtime;
static ramify_group   *root_group, *ordered_group;
static bool            places_blocks; /* a policy was asked for: blocks are submitted, so that it places them */

static _Thread_local bench_room *free_lists[ROOM_SIZES];

static void demand(ramify_status status, const char *call)
{
    if (status == RAMIFY_OK)
        return;
    fprintf(stderr, "bench: %s: %s: %s; %s\n", call, ramify_status_name(status), ramify_status_text(status),
            ramify_status_advice(status));
    exit(2);
}

void bench_layer_start(const bench_setup *setup)
{
    ramify_diagnosis diagnosis = { .text = "" };
    ramify_options   options   = { .workers = setup->workers, .policy = setup->policy, .diagnosis = &diagnosis };

    if (setup->streams) {
        options.queue_tasks = STREAM_TASKS;
        options.full        = RAMIFY_FULL_RUN;
    }
    ramify_status status = ramify_start(&options, &runtime);
    if (status != RAMIFY_OK && diagnosis.text[0])
        fprintf(stderr, "bench: %s\n", diagnosis.text);
    demand(status, "ramify_start");
    demand(ramify_group_create(runtime, NULL, &root_group), "ramify_group_create");
    demand(ramify_group_create(runtime, NULL, &ordered_group), "ramify_group_create");
    places_blocks = setup->policy != NULL;
}

static void run_root(void *argument)
{
    const root_call *call = argument;

    call->fn(call->argument);
}

void bench_layer_enter(void (*fn)(void *), void *argument)
{
    root_call call = { fn, argument };

    demand(ramify_submit(root_group, run_root, &call, NULL), "ramify_submit");
    demand(ramify_wait(root_group), "ramify_wait");
}

static void run_loop(ramify_for_fn body, void *argument, long count, const ramify_for_options *options)
{
    const ramify_range all = { 0, count, 1 };

    demand(ramify_for(runtime, &all, 1, body, argument, options), "ramify_for");
}

/* The schedule is the library's default, which finds the grain itself; the kernel's is for the others. */
void bench_ramify_loop(ramify_for_fn body, void *argument, long count)
{
    run_loop(body, argument, count, NULL);
}

static void run_blocks(void *argument, const ramify_chunk *chunk)
{
    const bench_blocks *blocks = argument;
    char               *items  = blocks->items;

    for (int64_t i = chunk->range[0].begin; i < chunk->range[0].end; i++)
        blocks->fn(items + (size_t)i * blocks->item_bytes);
}

static void submit_blocks(const bench_blocks *blocks)
{
    ramify_item   items[CHUNK_ITEMS];
    ramify_group *group;
    char         *block = blocks->items;

    demand(ramify_group_create(runtime, NULL, &group), "ramify_group_create");
    for (long first = 0; first < blocks->count; first += CHUNK_ITEMS) {
        size_t filled = 0;
        for (long i = first; i < blocks->count && filled < CHUNK_ITEMS; i++, filled++) {
            ramify_hint hint = { 0 };
            hint.key         = (uint64_t)i;
            hint.has_key     = blocks->keyed;
            hint.weight      = blocks->weights ? blocks->weights[i] : 0.0;
            items[filled]    = (ramify_item){ blocks->fn, block + (size_t)i * blocks->item_bytes, hint };
        }
        demand(ramify_submit_batch(group, items, filled, NULL), "ramify_submit_batch");
    }
    demand(ramify_wait(group), "ramify_wait");
    demand(ramify_group_free(group), "ramify_group_free");
}

/* Blocks that are the same data each time stay with their worker: a static schedule, as in the other forms. */
void bench_each(const bench_blocks *blocks)
{
    static const ramify_for_options in_place = { .schedule = { .rule = RAMIFY_RULE_STATIC } };

    if (places_blocks)
        submit_blocks(blocks);
    else
        run_loop(run_blocks, (void *)(uintptr_t)blocks, blocks->count, blocks->keyed ? &in_place : NULL);
}

void bench_ramify_root(ramify_fork *fork, ramify_fork_fn fn)
{
    demand(ramify_fork_call(runtime, fork, fn), "ramify_fork_call");
}

/* Rooms are never given back to the system, the process ends soon. */
static __attribute__((noinline)) void make_rooms(bench_room **free_list, size_t room_bytes)
{
    char *fresh = aligned_alloc(ROOM_ALIGNMENT, POOL_GROW * room_bytes);

    if (!fresh)
        demand(RAMIFY_ERR_NO_MEMORY, "aligned_alloc");
    for (int i = POOL_GROW; i-- > 0;) {
        bench_room *room = (bench_room *)(void *)(fresh + (size_t)i * room_bytes);
        room->is.next    = *free_list;
        *free_list       = room;
    }
}

static inline void run_carried(bench_room *room, int size)
{
    room->is.fn(room->value);
    room->is.next    = free_lists[size];
    free_lists[size] = room;
}

static void run_small(void *room)
{
    run_carried(room, 0);
}

static void run_middle(void *room)
{
    run_carried(room, 1);
}

static void run_large(void *room)
{
    run_carried(room, 2);
}

static const ramify_task_fn run_of_size[ROOM_SIZES] = { run_small, run_middle, run_large };

static int size_of_room(size_t value_bytes)
{
    size_t bytes = offsetof(bench_room, value) + value_bytes;

    return bytes <= ROOM_LEAST ? 0 : bytes <= ROOM_LEAST << 1 ? 1 : 2;
}

bench_room *bench_ramify_carry(ramify_task_fn fn, size_t value_bytes)
{
    int          size      = size_of_room(value_bytes);
    bench_room **free_list = &free_lists[size];

    if (!*free_list)
        make_rooms(free_list, (size_t)ROOM_LEAST << size);
    bench_room *room = *free_list;
    *free_list       = room->is.next;
    room->is.fn      = fn;
    return room;
}

void bench_ramify_detach(bench_room *room, size_t value_bytes)
{
    demand(ramify_submit(root_group, run_of_size[size_of_room(value_bytes)], room, NULL), "ramify_submit");
}

void bench_ramify_detach_keyed(bench_room *room, size_t value_bytes, uint64_t key)
{
    const ramify_hint hint = { .key = key, .has_key = true };

    demand(ramify_submit(root_group, run_of_size[size_of_room(value_bytes)], room, &hint), "ramify_submit");
}

void bench_ramify_ordered(bench_room *room, size_t value_bytes, const void *const *reads, int count,
                          const void *changed)
{
    ramify_depend on[ORDERED_READS + 1] = { { changed, RAMIFY_INOUT } };

    for (int i = 0; i < count; i++)
        on[i + 1] = (ramify_depend){ reads[i], RAMIFY_IN };
    demand(
        ramify_submit_after(ordered_group, run_of_size[size_of_room(value_bytes)], room, NULL, on, (size_t)count + 1),
        "ramify_submit_after");
}

void bench_ramify_ordered_wait(void)
{
    demand(ramify_wait(ordered_group), "ramify_wait");
}

unsigned bench_self(void)
{
    return ramify_here().worker;
}

void bench_layer_report(FILE *out)
{
    ramify_counts counts;

    if (ramify_runtime_counts(runtime, RAMIFY_NONE, &counts) != RAMIFY_OK)
        return;
    fprintf(out, ", \"run_tasks\": %llu, \"tasks_at_home\": %llu, \"steal_attempts\": %llu, \"steals\": %llu",
            (unsigned long long)counts.tasks, (unsigned long long)counts.tasks_at_home,
            (unsigned long long)counts.steal_attempts, (unsigned long long)counts.steals);
    fprintf(out, ", \"stolen_tasks\": %llu, \"parks\": %llu, \"wakes\": %llu, \"bind_failures\": %llu",
            (unsigned long long)counts.stolen_tasks, (unsigned long long)counts.parks, (unsigned long long)counts.wakes,
            (unsigned long long)counts.bind_failures);
    fprintf(out, ", \"forks\": %llu, \"forks_stolen\": %llu, \"forks_at_once\": %llu", (unsigned long long)counts.forks,
            (unsigned long long)counts.forks_stolen, (unsigned long long)counts.forks_at_once);
}

void bench_layer_stop(void)
{
    demand(ramify_stop(runtime), "ramify_stop");
}
