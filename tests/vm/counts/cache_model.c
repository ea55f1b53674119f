/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache model; see cache_model.h.
 *
 * A hit in the first level takes no lock: its slots are words that hold a line's number and whether it may be written.
 * Everything else happens under one lock, with a directory of the lines that any third level holds. */
#include "cache_model.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Cycles an access holds its CPU up, so that CPUs advance in proportion; close to the load-to-use latencies of a
 * two-socket server at 2.5 GHz (80 ns to local memory, 140 to remote, as in machines/hbm). */
enum { CYCLES_SECOND = 12, CYCLES_SHARED = 40, CYCLES_TRANSFER = 300, CYCLES_LOCAL = 200, CYCLES_REMOTE = 350 };

enum { PRIVATE_WAYS = 8, SHARED_WAYS = 16 };

#define NO_LINE UINT64_MAX
#define WRITABLE ((uint64_t)1)

/* A word is line * 2 + WRITABLE, or NO_LINE. Its owner and whoever holds the lock write it. */
typedef struct cache {
    _Atomic(uint64_t) *words;
    uint32_t          *ages; /* the owner's alone in the first level; under the lock in the others */
    uint32_t           sets, ways, clock;
} cache;

/* A line that some third level holds. */
typedef struct entry {
    uint64_t line;    /* NO_LINE: free */
    uint64_t sharers; /* CPUs with a private copy */
    uint16_t nodes;   /* third levels that hold it */
    int16_t  dirty;   /* node that holds it modified, -1: none */
} entry;

typedef struct cpu_state {
    _Alignas(128) model_counts counts;
    cache    first, second;
    uint32_t node;
} cpu_state;

static model_shape     shape;
static cpu_state       cpus[MODEL_CPUS];
static cache           shared[MODEL_NODES];
static entry          *directory;
static uint64_t        directory_mask;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool cache_init(cache *c, uint32_t kib, uint32_t ways)
{
    c->ways  = ways;
    c->sets  = kib * 1024 / MODEL_LINE_BYTES / ways;
    c->words = malloc((size_t)c->sets * ways * sizeof *c->words);
    c->ages  = calloc((size_t)c->sets * ways, sizeof *c->ages);
    return c->sets > 0 && c->words && c->ages;
}

static void cache_clear(cache *c)
{
    for (uint32_t i = 0; i < c->sets * c->ways; i++)
        atomic_store_explicit(&c->words[i], NO_LINE, memory_order_relaxed);
}

/* First slot of the line's set. */
static uint32_t set_of(const cache *c, uint64_t line)
{
    return (uint32_t)(line % c->sets) * c->ways;
}

static uint64_t word_at(const cache *c, uint32_t slot)
{
    return atomic_load_explicit(&c->words[slot], memory_order_relaxed);
}

static void set_word(cache *c, uint32_t slot, uint64_t word)
{
    atomic_store_explicit(&c->words[slot], word, memory_order_relaxed);
}

/* Slot of a line, UINT32_MAX when it is not there. */
static uint32_t find(const cache *c, uint64_t line)
{
    uint32_t base = set_of(c, line);
    for (uint32_t way = 0; way < c->ways; way++)
        if (word_at(c, base + way) >> 1 == line)
            return base + way;
    return UINT32_MAX;
}

static void touch(cache *c, uint32_t slot)
{
    c->ages[slot] = ++c->clock;
}

static void forget(cache *c, uint64_t line)
{
    uint32_t slot = find(c, line);
    if (slot != UINT32_MAX)
        set_word(c, slot, NO_LINE);
}

/* Puts a line in and returns the one that had to leave, NO_LINE when none had. */
static uint64_t put(cache *c, uint64_t line)
{
    uint32_t base = set_of(c, line), victim = base;
    for (uint32_t slot = base; slot < base + c->ways; slot++) {
        if (word_at(c, slot) == NO_LINE) {
            victim = slot;
            break;
        }
        if (c->ages[slot] < c->ages[victim])
            victim = slot;
    }
    uint64_t left = word_at(c, victim);
    set_word(c, victim, line * 2);
    touch(c, victim);
    return left == NO_LINE ? NO_LINE : left >> 1;
}

/* Place of a line in the directory, or the free one where it belongs. Fibonacci hashing, linear probing. */
static uint64_t place_of(uint64_t line)
{
    uint64_t at = (line * 0x9E3779B97F4A7C15u) >> 20 & directory_mask;
    while (directory[at].line != NO_LINE && directory[at].line != line)
        at = (at + 1) & directory_mask;
    return at;
}

/* Takes an entry out and moves up those that had to step aside for it. */
static void erase(uint64_t hole)
{
    directory[hole].line = NO_LINE;
    for (uint64_t at = (hole + 1) & directory_mask; directory[at].line != NO_LINE; at = (at + 1) & directory_mask) {
        entry moved                     = directory[at];
        directory[at].line              = NO_LINE;
        directory[place_of(moved.line)] = moved;
    }
}

static uint64_t cpus_of_node(uint32_t node)
{
    return (((uint64_t)1 << shape.cpus_per_node) - 1) << node * shape.cpus_per_node;
}

/* Takes a line out of the private caches of some CPUs. */
static void drop_copies(entry *e, uint64_t of)
{
    for (uint64_t left = e->sharers & of; left; left &= left - 1) {
        cpu_state *cpu = &cpus[__builtin_ctzll(left)];
        forget(&cpu->first, e->line);
        forget(&cpu->second, e->line);
    }
    e->sharers &= ~of;
}

/* Takes the right to write from every private copy: the next write there asks again. */
static void downgrade(entry *e)
{
    for (uint64_t left = e->sharers; left; left &= left - 1) {
        cache   *first = &cpus[__builtin_ctzll(left)].first;
        uint32_t slot  = find(first, e->line);
        if (slot != UINT32_MAX)
            set_word(first, slot, e->line * 2);
    }
}

/* A line left a third level: with it go the copies below. */
static void leave_node(uint64_t line, uint32_t node)
{
    uint64_t at = place_of(line);
    entry   *e  = &directory[at];
    drop_copies(e, cpus_of_node(node));
    e->nodes &= (uint16_t) ~(1u << node);
    if (e->dirty == (int16_t)node)
        e->dirty = -1;
    if (!e->nodes)
        erase(at);
}

/* A write: this CPU's copy becomes the only one. */
static void own(entry *e, cpu_state *cpu, uint64_t cpu_bit)
{
    drop_copies(e, ~cpu_bit);
    for (uint32_t node = 0; node < MODEL_NODES; node++)
        if (node != cpu->node && e->nodes >> node & 1) {
            forget(&shared[node], e->line);
            cpu->counts.invalidations++;
        }
    e->nodes = (uint16_t)(1u << cpu->node);
    e->dirty = (int16_t)cpu->node;
    set_word(&cpu->first, find(&cpu->first, e->line), e->line * 2 + WRITABLE);
}

/* Brings a line that its node lacks into the third level, and says from where. */
static uint32_t bring_to_node(cpu_state *cpu, uint64_t line, uint32_t home)
{
    entry   *e = &directory[place_of(line)];
    uint32_t cycles;
    if (e->line == NO_LINE)
        *e = (entry){ .line = line, .dirty = -1 };
    if (e->dirty >= 0) {
        cpu->counts.transfers++;
        cycles = CYCLES_TRANSFER;
        downgrade(e);
        e->dirty = -1; /* written back on the way */
    } else if (home == cpu->node) {
        cpu->counts.local_dram++;
        cycles = CYCLES_LOCAL;
    } else {
        cpu->counts.remote_dram++;
        cycles = CYCLES_REMOTE;
    }
    e->nodes |= (uint16_t)(1u << cpu->node);
    uint64_t left = put(&shared[cpu->node], line);
    if (left != NO_LINE)
        leave_node(left, cpu->node);
    return cycles;
}

/* Puts a line into the private levels; what leaves the second level leaves the first too. */
static void bring_to_cpu(cpu_state *cpu, uint64_t cpu_bit, uint64_t line)
{
    if (find(&cpu->second, line) == UINT32_MAX) {
        uint64_t left = put(&cpu->second, line);
        if (left != NO_LINE) {
            forget(&cpu->first, left);
            directory[place_of(left)].sharers &= ~cpu_bit;
        }
    }
    if (find(&cpu->first, line) == UINT32_MAX)
        put(&cpu->first, line);
    directory[place_of(line)].sharers |= cpu_bit;
}

/* Serves an access that the first level could not; under the lock. */
static uint32_t serve(cpu_state *cpu, uint64_t cpu_bit, uint64_t line, bool is_write, uint32_t home)
{
    uint32_t cycles = 0, slot;
    if (find(&cpu->first, line) != UINT32_MAX || (slot = find(&cpu->second, line)) != UINT32_MAX) {
        cpu->counts.private_hits++; /* perhaps a write to a line that others share: own() sees to them */
        cycles = CYCLES_SECOND;
    } else if ((slot = find(&shared[cpu->node], line)) != UINT32_MAX) {
        touch(&shared[cpu->node], slot);
        cpu->counts.shared_hits++;
        cycles = CYCLES_SHARED;
        downgrade(&directory[place_of(line)]);
    } else
        cycles = bring_to_node(cpu, line, home);
    bring_to_cpu(cpu, cpu_bit, line);
    if ((slot = find(&cpu->second, line)) != UINT32_MAX)
        touch(&cpu->second, slot);
    if (is_write)
        own(&directory[place_of(line)], cpu, cpu_bit);
    return cycles;
}

uint32_t model_access(uint32_t number, uint64_t line, bool is_write, uint32_t home)
{
    cpu_state *cpu  = &cpus[number];
    uint32_t   slot = find(&cpu->first, line);
    cpu->counts.accesses++;
    if (slot != UINT32_MAX && (!is_write || word_at(&cpu->first, slot) & WRITABLE)) {
        cpu->counts.private_hits++;
        touch(&cpu->first, slot);
        return 0;
    }
    pthread_mutex_lock(&lock);
    uint32_t cycles = serve(cpu, (uint64_t)1 << number, line, is_write, home);
    pthread_mutex_unlock(&lock);
    return cycles;
}

bool model_init(const model_shape *wanted)
{
    shape            = *wanted;
    uint32_t nodes   = shape.cpus_per_node ? (shape.cpus + shape.cpus_per_node - 1) / shape.cpus_per_node : 0;
    uint64_t entries = 4096;
    if (shape.cpus == 0 || shape.cpus > MODEL_CPUS || nodes == 0 || nodes > MODEL_NODES)
        return false;
    while (entries < (uint64_t)nodes * shape.shared_kib * 1024 / MODEL_LINE_BYTES * 4) /* at most a quarter full */
        entries *= 2;
    directory      = malloc(entries * sizeof *directory);
    directory_mask = entries - 1;
    bool is_made   = directory != NULL;
    for (uint32_t n = 0; n < nodes; n++)
        is_made &= cache_init(&shared[n], shape.shared_kib, SHARED_WAYS);
    for (uint32_t c = 0; c < shape.cpus; c++) {
        cpus[c].node = c / shape.cpus_per_node;
        is_made &= cache_init(&cpus[c].first, shape.private_kib, PRIVATE_WAYS) &&
                   cache_init(&cpus[c].second, shape.second_kib, PRIVATE_WAYS);
    }
    if (is_made)
        model_reset();
    return is_made;
}

void model_reset(void)
{
    pthread_mutex_lock(&lock);
    for (uint32_t c = 0; c < shape.cpus; c++) {
        cache_clear(&cpus[c].first);
        cache_clear(&cpus[c].second);
        cpus[c].counts = (model_counts){ 0 };
    }
    for (uint32_t n = 0; n < shape.cpus / shape.cpus_per_node; n++)
        cache_clear(&shared[n]);
    for (uint64_t at = 0; at <= directory_mask; at++)
        directory[at] = (entry){ .line = NO_LINE };
    pthread_mutex_unlock(&lock);
}

model_counts model_counts_of(uint32_t cpu)
{
    return cpus[cpu].counts;
}
