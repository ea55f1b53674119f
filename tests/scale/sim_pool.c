/* SPDX-License-Identifier: BSD-3-Clause */
/* Building the simulated pool, running a computation on it, and names for its lines. */
#include "sim_pool.h"

#include "replan.h"
#include "submit.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an idle worker searches before it sleeps: the library's default. A tick is a nanosecond. */
enum { SPIN_TICKS = 50000, LATENCY_EVERY = 64 };

/* All workers sleep by then. */
static const double SETTLED_NS = 200000.0;

static rmf_pool         memory; /* one place for all: a thread from outside knows a pool by its address */
static ramify_group     group;
static ramify_tree     *tree;
static rmf_plan        *plan;
static const sim_setup *setup;
static sim_outcome     *outcome;

/* All workers together, up to now. */
typedef struct account {
    uint64_t      worked_ps, searched_ns, slept_ns;
    ramify_counts counts;
} account;

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* What worker.c is told in place of its thread's worker. */
rmf_worker *sim_worker(void);
rmf_worker *sim_worker(void)
{
    uint32_t self = sim_self();
    return self < memory.worker_count ? memory.workers[self] : NULL;
}

static void open_pool(void)
{
    static uint64_t serial;
    const char     *machine = setup->machine ? setup->machine : SIM_MACHINE;
    must(!ramify_tree_open(&(ramify_tree_options){ .from = machine, .workers = setup->workers }, &tree));
    must(!rmf_plan_create(tree, "work-stealing", NULL, 0, NULL, &plan));
    memory         = (rmf_pool){ .tree          = tree,
                                 .worker_count  = ramify_tree_leaf_count(tree),
                                 .latency_every = LATENCY_EVERY,
                                 .spin_ticks    = SPIN_TICKS,
                                 .ns_per_tick   = 1.0,
                                 .ticks_per_ns  = 1.0,
                                 .serial        = ++serial };
    rmf_pool *pool = &memory;
    pool->domains  = ramify_tree_domains(tree, &pool->domain_count);
    pthread_mutex_init(&pool->lock, NULL);
    rmf_depot_init(&pool->depot, RMF_LINE_BYTES);
    rmf_depot_init(&pool->dependents, RMF_LINE_BYTES);
    pool->workers = calloc(pool->worker_count, sizeof *pool->workers);
    pool->mail    = calloc(pool->domain_count, sizeof *pool->mail);
    must(pool->worker_count == setup->workers && pool->workers && pool->mail);
    must(!rmf_remote_init(&pool->remote, tree));
    must(!rmf_parking_init(&pool->parking, tree) && !rmf_replan_init(pool, plan));
    for (uint32_t w = 0; w < pool->worker_count; w++)
        must((pool->workers[w] = rmf_worker_make(pool, w)) != NULL);
    group = (ramify_group){ .pool = pool };
}

static void close_pool(void)
{
    rmf_pool *pool = &memory;
    for (uint32_t w = 0; w < pool->worker_count; w++)
        rmf_worker_drop(pool->workers[w]);
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        rmf_pool_drop_inbox(&pool->mail[d].open);
        rmf_pool_drop_inbox(&pool->mail[d].strict);
        rmf_pool_drop_inbox(&pool->mail[d].homed);
    }
    rmf_remote_drop(&pool->remote);
    rmf_parking_drop(&pool->parking);
    rmf_replan_drop(pool);
    rmf_depot_drop(&pool->depot);
    rmf_depot_drop(&pool->dependents);
    free(pool->workers);
    free(pool->mail);
    rmf_plan_free(plan);
    ramify_tree_free(tree);
}

static void sum_up(account *sum)
{
    uint64_t now = sim_now_ps() / 1000;
    memset(sum, 0, sizeof *sum);
    for (uint32_t w = 0; w < memory.worker_count; w++) {
        const rmf_monitor_cell *cell = &memory.workers[w]->cell;
        uint64_t                spent[RMF_STATE_COUNT];
        rmf_state               state;
        while (!rmf_time_read(&cell->time, now, spent, &state)) /* its worker is writing */
            sim_pause();
        sum->searched_ns += spent[RMF_STATE_SEARCHING];
        sum->slept_ns += spent[RMF_STATE_PARKED];
        sum->worked_ps += sim_worked_ps(w);
        rmf_cell_sum(cell, &sum->counts);
    }
}

static void subtract(ramify_counts *from, const ramify_counts *counts)
{
#define SUBTRACT(field) from->field -= counts->field;
    SUBTRACT(tasks)
    SUBTRACT(forks)
    SUBTRACT(forks_stolen)
    SUBTRACT(parks)
    SUBTRACT(parks_aborted)
    SUBTRACT(wakes)
    SUBTRACT(loop_chunks)
    SUBTRACT(loop_splits)
    SUBTRACT(steal_attempts)
    SUBTRACT(steals)
    SUBTRACT(stolen_tasks)
#undef SUBTRACT
}

static double call_once(void)
{
    uint64_t begun = sim_now_ps();
    setup->call(&memory, setup->is_outside ? &group : NULL, setup->self);
    return (double)(sim_now_ps() - begun) / 1e3;
}

static void note(const account *before, double ns)
{
    account after;
    sum_up(&after);
    outcome->mean_ns   = ns;
    outcome->total_ns  = ns * memory.worker_count;
    outcome->work_ns   = (double)(after.worked_ps - before->worked_ps) / 1e3;
    outcome->search_ns = (double)(after.searched_ns - before->searched_ns);
    outcome->asleep_ns = (double)(after.slept_ns - before->slept_ns);
    outcome->counts    = after.counts;
    subtract(&outcome->counts, &before->counts);
}

/* The program: waits until all sleep, calls, and ends the pool. */
static void play_program(void)
{
    account  before;
    uint32_t more = setup->calls - 1;
    sim_work(SETTLED_NS);
    sum_up(&before);
    sim_forget_counts();
    outcome->first_ns = call_once();
    if (!more)
        note(&before, outcome->first_ns);
    else {
        double ns = 0.0;
        sum_up(&before);
        sim_forget_counts();
        for (uint32_t i = 0; i < more; i++) {
            if (setup->pause_ns > 0.0)
                sim_work(setup->pause_ns);
            ns += call_once();
        }
        note(&before, ns);
        outcome->mean_ns = ns / more;
    }
    atomic_store(&memory.stopping, 1);
    for (uint32_t w = 0; w < memory.worker_count; w++)
        rmf_wake_worker(&memory.parking, w);
}

static void play(uint32_t self)
{
    rmf_worker *worker = sim_worker();
    if (!worker) {
        play_program();
        return;
    }
    rmf_worker_enter(worker);
    sim_stack(&worker->stack_low, &worker->stack_bytes);
    if (self == 0 && !setup->is_outside)
        play_program();
    else
        rmf_worker_serve(worker);
}

/* The domain above a leaf of a level, or the leaf itself. */
static uint32_t domain_above(uint32_t leaf, ramify_level level)
{
    const ramify_domain *domains = ramify_tree_domains(tree, NULL), *at = ramify_tree_leaf(tree, leaf);
    while (at->parent != RAMIFY_NONE && !(at->level_mask >> level & 1))
        at = &domains[at->parent];
    return at->index;
}

/* A thread from outside sits beside worker 0. */
static void find_seats(sim_seat *seats)
{
    for (uint32_t w = 0; w < setup->workers; w++)
        seats[w] = (sim_seat){ domain_above(w, RAMIFY_LEVEL_L3), domain_above(w, RAMIFY_LEVEL_PACKAGE) };
    seats[setup->workers] = seats[0];
}

void sim_pool_run(const sim_setup *wanted, sim_outcome *result)
{
    sim_seat seats[SIM_THREADS_MAX];
    if (setup)
        close_pool();
    setup    = wanted;
    outcome  = result;
    *outcome = (sim_outcome){ 0 };
    open_pool();
    find_seats(seats);
    sim_run(setup->workers + setup->is_outside, seats, play);
    for (uint32_t w = 0; w < setup->workers; w++)
        outcome->idle_workers += sim_worked_ps(w) == 0;
}

typedef struct part {
    size_t      offset;
    const char *name;
} part;

/* Fields by where they begin. */
static const part worker_parts[] = {
    { 0, "worker.deque (its owner's)" },
    { offsetof(rmf_worker, deque.word), "worker.deque.word" },
    { offsetof(rmf_worker, lane.open), "worker.lane.top" },
    { offsetof(rmf_worker, lane.open.split), "worker.lane.split, limit" },
    { offsetof(rmf_worker, lane.slots), "worker.lane.slots, end" },
    { offsetof(rmf_worker, lane.word), "worker.lane.word" },
    { offsetof(rmf_worker, door), "worker.door" },
    { offsetof(rmf_worker, cell), "worker.cell" },
    { offsetof(rmf_worker, run_ticks), "worker.run_ticks" },
    { offsetof(rmf_worker, pool), "worker.pool, number" },
    { offsetof(rmf_worker, handle_from_ticks), "worker, its own" },
};

static const part pool_parts[] = {
    { 0, "pool, constants" },
    { offsetof(rmf_pool, parking), "parking.searching" },
    { offsetof(rmf_pool, parking.sleeping), "parking.sleeping" },
    { offsetof(rmf_pool, parking.bits), "parking, constants" },
    { offsetof(rmf_pool, depot), "pool.depot" },
    { offsetof(rmf_pool, lock), "pool.lock" },
    { offsetof(rmf_pool, stopping), "pool.stopping" },
    { offsetof(rmf_pool, outside_senders), "pool.outside" },
};

static const part inbox_parts[] = {
    { 0, "inbox.tail" },
    { offsetof(rmf_inbox, ring.head), "inbox.head" },
    { offsetof(rmf_inbox, ring.cells), "inbox, constants" },
    { offsetof(rmf_inbox, spilled), "inbox.spilled" },
};

static const char *part_at(const part *parts, size_t count, size_t offset)
{
    size_t i = 0;
    while (i + 1 < count && parts[i + 1].offset <= offset)
        i++;
    return parts[i].name;
}
#define PART_AT(parts, offset) part_at((parts), sizeof(parts) / sizeof(parts)[0], (offset))

static bool is_in(uintptr_t address, const void *from, size_t bytes)
{
    return from && address - (uintptr_t)from < bytes;
}

static const char *name_in_mail(uintptr_t address, uint32_t *number)
{
    for (uint32_t d = 0; d < memory.domain_count; d++) {
        const rmf_inbox *open = atomic_load(&memory.mail[d].open);
        *number               = d;
        if (is_in(address, open, sizeof *open))
            return PART_AT(inbox_parts, address - (uintptr_t)open);
        if (open && is_in(address, open->cells, (open->ring.mask + 1) * sizeof *open->cells))
            return "inbox.cells";
    }
    *number = UINT32_MAX;
    return is_in(address, memory.mail, memory.domain_count * sizeof *memory.mail) ? "pool.mail" : NULL;
}

static const char *name_in_worker(uintptr_t address, uint32_t w)
{
    const rmf_worker *worker = memory.workers[w];
    if (is_in(address, worker, sizeof *worker))
        return PART_AT(worker_parts, address - (uintptr_t)worker);
    if (is_in(address, (const void *)(uintptr_t)worker->stack_low, worker->stack_bytes))
        return "stack (forks, offers, loops)";
    return is_in(address, &memory.parking.beds[w], sizeof *memory.parking.beds) ? "parking.bed.token" : NULL;
}

const char *sim_pool_name(uintptr_t address, uint32_t *number)
{
    *number = UINT32_MAX;
    if (is_in(address, &memory, sizeof memory))
        return PART_AT(pool_parts, address - (uintptr_t)&memory);
    if (is_in(address, memory.parking.bits, 8 * ((memory.worker_count + 63) / 64)) ||
        is_in((uintptr_t)memory.parking.bits, (const void *)address, RMF_LINE_BYTES))
        return "parking.bits";
    if (is_in(address, &group, sizeof group))
        return "group";
    for (*number = 0; *number < memory.worker_count; ++*number) {
        const char *name = name_in_worker(address, *number);
        if (name)
            return name;
    }
    const char *name = name_in_mail(address, number);
    return name ? name : "other";
}

/* What bears one name. */
typedef struct sort_of {
    const char *name;
    uint64_t    lines, transfers, spent_ps, queued_ps, worst_ps;
    uint32_t    worst_number;
} sort_of;

enum { SORTS_MAX = 64 };

static void add_line(sort_of *sorts, uint32_t *count, const sim_line *line)
{
    uint32_t    number, i = 0;
    const char *name = sim_pool_name(line->address * RMF_LINE_BYTES, &number);
    while (i < *count && sorts[i].name != name)
        i++;
    if (i == *count)
        sorts[(*count)++] = (sort_of){ .name = name };
    sorts[i].lines++;
    sorts[i].transfers += line->transfers;
    sorts[i].spent_ps += line->spent_ps;
    sorts[i].queued_ps += line->queued_ps;
    if (line->spent_ps > sorts[i].worst_ps) {
        sorts[i].worst_ps     = line->spent_ps;
        sorts[i].worst_number = number;
    }
}

static int by_cost(const void *a, const void *b)
{
    uint64_t x = ((const sort_of *)a)->spent_ps, y = ((const sort_of *)b)->spent_ps;
    return (x < y) - (x > y);
}

static void tell_lines(uint32_t most)
{
    sort_of         sorts[SORTS_MAX];
    uint32_t        count = 0, room;
    const sim_line *lines = sim_lines(&room);
    for (uint32_t i = 0; i < room; i++)
        if (lines[i].address && lines[i].transfers)
            add_line(sorts, &count, &lines[i]);
    qsort(sorts, count, sizeof *sorts, by_cost);
    printf("    %-30s %8s %10s %12s %9s   %s\n", "lines", "lines", "transfers", "waited us", "queued us",
           "the worst, us");
    for (uint32_t i = 0; i < count && i < most; i++)
        printf("    %-30s %8llu %10llu %12.2f %9.2f   %.2f of %d\n", sorts[i].name, (unsigned long long)sorts[i].lines,
               (unsigned long long)sorts[i].transfers, (double)sorts[i].spent_ps / 1e6,
               (double)sorts[i].queued_ps / 1e6, (double)sorts[i].worst_ps / 1e6, (int)sorts[i].worst_number);
}

/* Places are told function by function, because a mutant may move lines. */
static void tell_sites(uint32_t most)
{
    for (uint32_t i = 0; i < most; i++) {
        sim_site *dearest = NULL;
        for (sim_site *s = sim_sites(); s; s = s->next)
            if (s->spent_ps && (!dearest || s->spent_ps > dearest->spent_ps))
                dearest = s;
        if (!dearest)
            return;
        const char *file = strrchr(dearest->file, '/');
        char        place[80];
        snprintf(place, sizeof place, "%s:%d %s", file ? file + 1 : dearest->file, dearest->line, dearest->function);
        if (i == 0)
            printf("    %-52s %10s %10s %12s\n", "places", "operations", "transfers", "spent us");
        printf("    %-52s %10llu %10llu %12.2f\n", place, (unsigned long long)dearest->operations,
               (unsigned long long)dearest->transfers, (double)dearest->spent_ps / 1e6);
        dearest->spent_ps = 0;
    }
}

void sim_pool_tell(uint32_t most)
{
    tell_lines(most);
    tell_sites(most);
}
