/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree for people: one line per domain in plain ASCII, columns as wide as they need to be; then the memories and the
 * distances between them. Also the words the renderers share, and their one entry. */
#include "render.h"

#include <stdio.h>
#include <stdlib.h>

/* Above this many nodes a matrix is wider than a terminal; JSON has it in full. */
enum { MATRIX_NODES = 16 };

enum { COLUMNS = 6, CELL_BYTES = 200 };

typedef char row[COLUMNS][CELL_BYTES];

const char *rmf_memory_kind_name(uint32_t kind)
{
    static const char *const names[] = { "unknown", "DRAM", "HBM", "far" };
    return names[kind <= RAMIFY_MEMORY_FAR ? kind : 0];
}

const char *rmf_limit_name(ramify_limit limit)
{
    static const char *const names[] = { "machine", "cpuset", "affinity", "quota", "request", "ranks" };
    return names[limit];
}

char *rmf_level_names(uint32_t level_mask, char *buffer)
{
    size_t length = 0;
    buffer[0]     = '\0';
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++)
        if (level_mask >> level & 1)
            length += (size_t)sprintf(buffer + length, "%s%s", length ? "+" : "", ramify_level_name(level));
    return buffer;
}

char *rmf_size_text(uint64_t bytes, char *buffer)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double                   value   = (double)bytes;
    size_t                   unit    = 0;
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1024;
    unsigned tenths = (unsigned)(value * 10 + 0.5);
    if (unit == 0 || tenths >= 1000)
        snprintf(buffer, 24, "%u %s", (tenths + 5) / 10, units[unit]);
    else
        snprintf(buffer, 24, "%u.%u %s", tenths / 10, tenths % 10, units[unit]);
    return buffer;
}

char *rmf_decimal(double value, char *buffer)
{
    unsigned long long millionths = (unsigned long long)(value * 1e6 + 0.5);
    int                length     = snprintf(buffer, 32, "%llu.%06llu", millionths / 1000000, millionths % 1000000);
    while (buffer[length - 1] == '0')
        buffer[--length] = '\0';
    if (buffer[length - 1] == '.')
        buffer[--length] = '\0';
    return buffer;
}

/* The branches drawn before a domain's name: "|   |-- ". */
static size_t draw_branches(const ramify_tree *t, uint32_t domain, char *cell)
{
    const ramify_domain *d = &t->domains[domain];
    if (d->parent == RAMIFY_NONE)
        return 0;
    const ramify_domain *up     = &t->domains[d->parent];
    size_t               length = 0;
    bool                 last   = domain + 1 == up->first_child + up->child_count;
    if (up->parent != RAMIFY_NONE) {
        length = draw_branches(t, d->parent, cell);
        memcpy(cell + length - 4, cell[length - 4] == '|' ? "|   " : "    ", 4);
    }
    return length + (size_t)snprintf(cell + length, CELL_BYTES - length, last ? "`-- " : "|-- ");
}

/* What a leaf was made for is said by its innermost level that is a core, or a PU. */
static void name_domain(const ramify_domain *d, char *cell, size_t room)
{
    char names[64];
    rmf_level_names(d->level_mask, names);
    if (d->child_count == 0)
        snprintf(cell, room, "leaf %u (%s)", d->first_leaf, names);
    else if (d->os_index != RAMIFY_NONE)
        snprintf(cell, room, "%s %u", names, d->os_index);
    else
        snprintf(cell, room, "%s", names);
}

static void fill_row(const ramify_tree *t, uint32_t domain, row cells)
{
    const ramify_domain *d      = &t->domains[domain];
    size_t               length = draw_branches(t, domain, cells[0]);
    name_domain(d, cells[0] + length, CELL_BYTES - length);
    rmf_bits_list(d->cpus.words, d->cpus.word_count, cells[1], CELL_BYTES);
    snprintf(cells[2], CELL_BYTES, d->node == RAMIFY_NONE ? "-" : "%u", d->node);
    unsigned hundredths = (unsigned)(d->capacity * 100 + 0.5);
    snprintf(cells[3], CELL_BYTES, "%u.%02u", hundredths / 100, hundredths % 100);
    strcpy(cells[4], "-");
    strcpy(cells[5], "-");
    if (d->cache_bytes)
        rmf_size_text(d->cache_bytes, cells[4]);
    if (d->memory_bytes)
        rmf_size_text(d->memory_bytes, cells[5]);
}

static void widen(const row cells, size_t *width)
{
    for (int c = 0; c < COLUMNS; c++)
        if (strlen(cells[c]) > width[c])
            width[c] = strlen(cells[c]);
}

static void add_row(const row cells, const size_t *width, rmf_text *out)
{
    rmf_text_add(out, "%-*s  %-*s", (int)width[0], cells[0], (int)width[1], cells[1]);
    for (int c = 2; c < COLUMNS; c++)
        rmf_text_add(out, "  %*s", (int)width[c], cells[c]);
    rmf_text_add(out, "\n");
}

/* Calls add_row for a domain and all below it, in the order of the drawing. */
static void add_below(const ramify_tree *t, uint32_t domain, const size_t *width, rmf_text *out)
{
    row cells;
    fill_row(t, domain, cells);
    add_row(cells, width, out);
    const ramify_domain *d = &t->domains[domain];
    for (uint32_t c = 0; c < d->child_count; c++)
        add_below(t, d->first_child + c, width, out);
}

static void add_domains(const ramify_tree *t, rmf_text *out)
{
    static const row head = { "domain", "cpus", "node", "capacity", "cache", "memory" };

    size_t width[COLUMNS] = { 0 };
    widen(head, width);
    for (uint32_t i = 0; i < t->count; i++) {
        row cells;
        fill_row(t, i, cells);
        widen(cells, width);
    }
    rmf_text_add(out, "\n");
    add_row(head, width, out);
    add_below(t, 0, width, out);
}

static void add_levels(const ramify_tree *t, rmf_text *out)
{
    uint32_t count[RAMIFY_LEVEL_COUNT] = { 0 }, mask[RAMIFY_LEVEL_COUNT];
    memset(mask, 0xff, sizeof mask); /* what all domains of a level have in common */
    for (uint32_t i = 0; i < t->count; i++) {
        count[t->domains[i].level]++;
        mask[t->domains[i].level] &= t->domains[i].level_mask;
    }
    rmf_text_add(out, "levels    ");
    const char *comma = "";
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++)
        if (count[level]) {
            char names[64];
            rmf_text_add(out, "%s%u x %s", comma, count[level], rmf_level_names(mask[level], names));
            comma = ", ";
        }
    rmf_text_add(out, "\n");
}

static void add_memories(const ramify_tree *t, rmf_text *out)
{
    if (t->memory_count)
        rmf_text_add(out, "\nmemory\n");
    const char *no_size = t->domains[0].memory_bytes ? "none" : "size ?";
    for (uint32_t n = 0; n < t->memory_count; n++) {
        const ramify_memory *m = &t->memories[n];
        char                 size[24], name[100];
        name_domain(&t->domains[m->domain], name, sizeof name);
        rmf_text_add(out, "  node %-4u %-8s %9s  %s %s", m->os_index, rmf_memory_kind_name(m->kind),
                     m->bytes ? rmf_size_text(m->bytes, size) : no_size, m->has_cpus ? "of" : "near", name);
        if (m->bandwidth_mib_per_second)
            rmf_text_add(out, ", %llu MiB/s", (unsigned long long)m->bandwidth_mib_per_second);
        if (m->latency_ns)
            rmf_text_add(out, ", %llu ns", (unsigned long long)m->latency_ns);
        rmf_text_add(out, "\n");
    }
}

static void add_distances(const ramify_tree *t, rmf_text *out)
{
    uint32_t count = t->memory_count;
    if (count < 2 || count > MATRIX_NODES || !t->distances[0])
        return;
    rmf_text_add(out, "\ndistance\n       ");
    for (uint32_t n = 0; n < count; n++)
        rmf_text_add(out, " %4u", t->memories[n].os_index);
    for (uint32_t from = 0; from < count; from++) {
        rmf_text_add(out, "\n  %4u:", t->memories[from].os_index);
        for (uint32_t to = 0; to < count; to++)
            rmf_text_add(out, " %4u", t->distances[(size_t)from * count + to]);
    }
    rmf_text_add(out, "\n");
}

void rmf_render_text(const ramify_tree *t, rmf_text *out)
{
    rmf_text_add(out, "source    %s\nworkers   %s\n", t->source, t->reason);
    rmf_text_add(out, "capacity  %s\n", t->speed_source);
    add_levels(t, out);
    add_domains(t, out);
    add_memories(t, out);
    add_distances(t, out);
}

ramify_status ramify_tree_render(const ramify_tree *tree, ramify_format format, char **text)
{
    static void (*const renderers[])(const ramify_tree *, rmf_text *) = {
        [RAMIFY_FORMAT_TEXT] = rmf_render_text,
        [RAMIFY_FORMAT_JSON] = rmf_render_json,
        [RAMIFY_FORMAT_SVG]  = rmf_render_svg,
    };
    if ((unsigned)format >= sizeof renderers / sizeof renderers[0])
        return RAMIFY_ERR_INVALID;
    rmf_text out = { 0 };
    renderers[format](tree, &out);
    if (out.failed)
        return RAMIFY_ERR_NO_MEMORY;
    *text = out.bytes;
    return RAMIFY_OK;
}
