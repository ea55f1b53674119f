/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache model; see cache_model.h.
 *
 * A slot of the first level is a word that holds a line's number and whether it may be written at once. A directory has
 * the lines that any third level holds: who else has copies, and which node's are newer than memory. */
#include "cache_model.h"

#include <stdlib.h>

enum { PRIVATE_WAYS = 8, SHARED_WAYS = 16 };

#define NO_LINE UINT64_MAX
#define WRITABLE ((uint64_t)1)

typedef struct cache {
    uint64_t *words; /* line * 2 + WRITABLE, or NO_LINE */
    uint64_t *ages;  /* of the slots: when last used, by `clock` */
    uint64_t  clock;
    uint32_t  sets, ways;
} cache;

/* A line that some third level holds. */
typedef struct entry {
    uint64_t line;    /* NO_LINE: free */
    uint64_t sharers; /* CPUs with a private copy */
    uint16_t nodes;   /* third levels that hold it */
    int16_t  dirty;   /* node that holds it modified, -1: none */
} entry;

typedef struct cpu_state {
    model_counts counts;
    cache        first, second;
    uint32_t     node;
    uint64_t     bit; /* in a set of CPUs */
} cpu_state;

static model_shape shape;
static cpu_state   cpus[MODEL_CPUS];
static cache       shared[MODEL_NODES];
static entry      *directory;
static uint64_t    directory_mask;

static bool cache_init(cache *c, uint32_t kib, uint32_t ways)
{
    free(c->words);
    free(c->ages);
    *c       = (cache){ .ways = ways, .sets = kib * 1024 / MODEL_LINE_BYTES / ways };
    c->words = malloc((size_t)c->sets * ways * sizeof *c->words);
    c->ages  = calloc((size_t)c->sets * ways, sizeof *c->ages);
    return c->words && c->ages && c->sets > 0 && (c->sets & (c->sets - 1)) == 0;
}

static void cache_clear(cache *c)
{
    for (uint32_t i = 0; i < c->sets * c->ways; i++)
        c->words[i] = NO_LINE;
}

/* First slot of the line's set. */
static uint32_t set_of(const cache *c, uint64_t line)
{
    return (uint32_t)(line & (c->sets - 1)) * c->ways;
}

/* Slot of a line, UINT32_MAX when it is not there. */
static uint32_t find(const cache *c, uint64_t line)
{
    uint32_t base = set_of(c, line);
    for (uint32_t slot = base; slot < base + c->ways; slot++)
        if (c->words[slot] >> 1 == line)
            return slot;
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
        c->words[slot] = NO_LINE;
}

/* Puts a line in and returns the one that had to leave, NO_LINE when none had. */
static uint64_t put(cache *c, uint64_t line)
{
    uint32_t base = set_of(c, line), victim = base;
    for (uint32_t slot = base; slot < base + c->ways; slot++) {
        if (c->words[slot] == NO_LINE) {
            victim = slot;
            break;
        }
        if (c->ages[slot] < c->ages[victim])
            victim = slot;
    }
    uint64_t left    = c->words[victim];
    c->words[victim] = line * 2;
    touch(c, victim);
    return left == NO_LINE ? NO_LINE : left >> 1;
}

/* Place of a line in the directory, or the free one where it belongs. Fibonacci hashing (Knuth, TAOCP 3, 6.4), linear
 * probing. */
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
    return (UINT64_MAX >> (64 - shape.cpus_per_node)) << node * shape.cpus_per_node;
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
static void downgrade(const entry *e)
{
    for (uint64_t left = e->sharers; left; left &= left - 1) {
        cache   *first = &cpus[__builtin_ctzll(left)].first;
        uint32_t slot  = find(first, e->line);
        if (slot != UINT32_MAX)
            first->words[slot] = e->line * 2;
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
static void own(cpu_state *cpu, uint64_t line)
{
    entry *e = &directory[place_of(line)];
    drop_copies(e, ~cpu->bit);
    for (uint32_t node = 0; node < MODEL_NODES; node++)
        if (node != cpu->node && e->nodes >> node & 1) {
            forget(&shared[node], line);
            cpu->counts.invalidations++;
        }
    e->nodes = (uint16_t)(1u << cpu->node);
    e->dirty = (int16_t)cpu->node;
    cpu->first.words[find(&cpu->first, line)] |= WRITABLE;
}

static void count_dram(cpu_state *cpu, uint32_t home)
{
    if (home == cpu->node)
        cpu->counts.local_dram++;
    else if (home < MODEL_NODES)
        cpu->counts.remote_dram++;
    else
        cpu->counts.homeless++;
}

/* Brings a line that its node lacks into the third level. */
static void bring_to_node(cpu_state *cpu, uint64_t line, uint32_t home)
{
    entry *e = &directory[place_of(line)];
    if (e->line == NO_LINE)
        *e = (entry){ .line = line, .dirty = -1 };
    if (e->dirty >= 0) {
        cpu->counts.transfers++;
        downgrade(e);
        e->dirty = -1; /* written back on the way */
    } else
        count_dram(cpu, home);
    e->nodes |= (uint16_t)(1u << cpu->node);
    uint64_t left = put(&shared[cpu->node], line);
    if (left != NO_LINE)
        leave_node(left, cpu->node);
}

/* Puts a line into the private levels; what leaves the second level leaves the first too. */
static void bring_to_cpu(cpu_state *cpu, uint64_t line)
{
    uint32_t slot = find(&cpu->second, line);
    if (slot != UINT32_MAX)
        touch(&cpu->second, slot);
    else {
        uint64_t left = put(&cpu->second, line);
        if (left != NO_LINE) {
            forget(&cpu->first, left);
            directory[place_of(left)].sharers &= ~cpu->bit;
        }
    }
    if (find(&cpu->first, line) == UINT32_MAX)
        put(&cpu->first, line);
    directory[place_of(line)].sharers |= cpu->bit;
}

/* Serves an access that is no plain hit of the first level: a miss there, or a write to a line that others may have. */
static void serve(cpu_state *cpu, uint64_t line, uint32_t home)
{
    uint32_t slot;
    if (find(&cpu->first, line) != UINT32_MAX)
        cpu->counts.first_hits++;
    else if (find(&cpu->second, line) != UINT32_MAX)
        cpu->counts.second_hits++;
    else if ((slot = find(&shared[cpu->node], line)) != UINT32_MAX) {
        touch(&shared[cpu->node], slot);
        cpu->counts.shared_hits++;
        downgrade(&directory[place_of(line)]);
    } else
        bring_to_node(cpu, line, home);
    bring_to_cpu(cpu, line);
}

void model_access(uint32_t number, uint64_t line, bool is_write, uint32_t home)
{
    cpu_state *cpu  = &cpus[number];
    uint32_t   slot = find(&cpu->first, line);
    if (slot != UINT32_MAX && (!is_write || cpu->first.words[slot] & WRITABLE)) {
        cpu->counts.first_hits++;
        touch(&cpu->first, slot);
        return;
    }
    serve(cpu, line, home);
    if (is_write)
        own(cpu, line);
}

bool model_init(const model_shape *wanted)
{
    shape            = *wanted;
    uint32_t nodes   = shape.cpus_per_node ? shape.cpus / shape.cpus_per_node : 0;
    uint64_t entries = 4096;
    if (nodes == 0 || shape.cpus % shape.cpus_per_node || shape.cpus > MODEL_CPUS || nodes > MODEL_NODES)
        return false;
    while (entries < (uint64_t)nodes * shape.shared_kib * 1024 / MODEL_LINE_BYTES * 4) /* at most a quarter full */
        entries *= 2;
    free(directory);
    directory      = malloc(entries * sizeof *directory);
    directory_mask = entries - 1;
    bool is_made   = directory != NULL;
    for (uint32_t n = 0; n < nodes; n++)
        is_made &= cache_init(&shared[n], shape.shared_kib, SHARED_WAYS);
    for (uint32_t c = 0; c < shape.cpus; c++) {
        cpus[c].node = c / shape.cpus_per_node;
        cpus[c].bit  = (uint64_t)1 << c;
        is_made &= cache_init(&cpus[c].first, shape.first_kib, PRIVATE_WAYS);
        is_made &= cache_init(&cpus[c].second, shape.second_kib, PRIVATE_WAYS);
    }
    if (is_made)
        model_reset();
    return is_made;
}

void model_reset(void)
{
    for (uint32_t c = 0; c < shape.cpus; c++) {
        cache_clear(&cpus[c].first);
        cache_clear(&cpus[c].second);
        cpus[c].counts = (model_counts){ 0 };
    }
    for (uint32_t n = 0; n < shape.cpus / shape.cpus_per_node; n++)
        cache_clear(&shared[n]);
    for (uint64_t at = 0; at <= directory_mask; at++)
        directory[at] = (entry){ .line = NO_LINE };
}

const model_counts *model_counts_of(uint32_t cpu)
{
    return &cpus[cpu].counts;
}
