/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree for programs. The keys are documented in the manual page ramify(1); new ones may be added, none removed. What
 * is unknown is null. */
#include "render.h"

static void add_string(rmf_text *out, const char *key, const char *value)
{
    rmf_text_add(out, "\"%s\": \"", key);
    rmf_text_add_json(out, value);
    rmf_text_add(out, "\"");
}

static void add_index(rmf_text *out, const char *key, uint32_t index)
{
    if (index == RAMIFY_NONE)
        rmf_text_add(out, "\"%s\": null", key);
    else
        rmf_text_add(out, "\"%s\": %u", key, index);
}

/* A quantity of which 0 means unknown. */
static void add_quantity(rmf_text *out, const char *key, uint64_t value)
{
    if (value)
        rmf_text_add(out, "\"%s\": %llu", key, (unsigned long long)value);
    else
        rmf_text_add(out, "\"%s\": null", key);
}

static void add_set(rmf_text *out, const char *key, ramify_bits set)
{
    rmf_text_add(out, "\"%s\": \"", key);
    rmf_text_add_bits(out, set.words, set.word_count);
    rmf_text_add(out, "\"");
}

static void add_level_names(rmf_text *out, const char *key, uint32_t mask)
{
    const char *comma = "";
    rmf_text_add(out, "\"%s\": [", key);
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++)
        if (mask >> level & 1) {
            rmf_text_add(out, "%s\"%s\"", comma, ramify_level_name(level));
            comma = ", ";
        }
    rmf_text_add(out, "]");
}

/* The root, and every level of which there are several domains here. What coincides with the root does not branch. */
static uint32_t branching_levels(const ramify_tree *t)
{
    uint32_t mask = 1u << t->domains[0].level;
    for (uint32_t i = 1; i < t->count; i++)
        mask |= t->domains[i].level_mask;
    return mask;
}

static void add_domain(rmf_text *out, const ramify_domain *d)
{
    char capacity[32];
    rmf_text_add(out, "    {\"index\": %u, ", d->index);
    add_string(out, "level", ramify_level_name((int)d->level));
    rmf_text_add(out, ", ");
    add_level_names(out, "levels", d->level_mask);
    rmf_text_add(out, ", ");
    add_index(out, "os_index", d->os_index);
    rmf_text_add(out, ", ");
    add_index(out, "parent", d->parent);
    rmf_text_add(out, ", \"depth\": %u, \"children\": [", d->depth);
    for (uint32_t c = 0; c < d->child_count; c++)
        rmf_text_add(out, "%s%u", c ? ", " : "", d->first_child + c);
    rmf_text_add(out, "], \"first_leaf\": %u, \"leaf_count\": %u, ", d->first_leaf, d->leaf_count);
    add_set(out, "cpus", d->cpus);
    rmf_text_add(out, ", ");
    add_set(out, "nodes", d->nodes);
    rmf_text_add(out, ", ");
    add_index(out, "node", d->node);
    rmf_text_add(out, ", \"capacity\": %s, ", rmf_decimal(d->capacity, capacity));
    add_quantity(out, "cache_bytes", d->cache_bytes);
    rmf_text_add(out, ", ");
    add_quantity(out, "memory_bytes", d->memory_bytes);
    rmf_text_add(out, "}");
}

static void add_memory(rmf_text *out, const ramify_memory *m)
{
    rmf_text_add(out, "    {\"node\": %u, \"domain\": %u, ", m->os_index, m->domain);
    add_string(out, "kind", rmf_memory_kind_name(m->kind));
    rmf_text_add(out, ", \"has_cpus\": %s, \"bytes\": %llu, ", m->has_cpus ? "true" : "false",
                 (unsigned long long)m->bytes);
    add_quantity(out, "bandwidth_mib_per_second", m->bandwidth_mib_per_second);
    rmf_text_add(out, ", ");
    add_quantity(out, "latency_ns", m->latency_ns);
    rmf_text_add(out, "}");
}

static void add_distances(rmf_text *out, const ramify_tree *t)
{
    rmf_text_add(out, "  \"distances\": {\"nodes\": [");
    for (uint32_t n = 0; n < t->memory_count; n++)
        rmf_text_add(out, "%s%u", n ? ", " : "", t->memories[n].os_index);
    rmf_text_add(out, "], \"values\": [");
    for (uint32_t from = 0; from < t->memory_count; from++) {
        rmf_text_add(out, "%s[", from ? ", " : "");
        for (uint32_t to = 0; to < t->memory_count; to++)
            rmf_text_add(out, "%s%u", to ? ", " : "", t->distances[(size_t)from * t->memory_count + to]);
        rmf_text_add(out, "]");
    }
    rmf_text_add(out, "]}\n");
}

void rmf_render_json(const ramify_tree *t, rmf_text *out)
{
    rmf_text_add(out, "{\n  ");
    add_string(out, "source", t->source);
    rmf_text_add(out, ",\n  \"this_machine\": %s,\n  ", t->this_machine ? "true" : "false");
    add_level_names(out, "levels", branching_levels(t));
    rmf_text_add(out, ",\n  \"leaves\": %u,\n  ", t->leaf_count);
    add_string(out, "limit", rmf_limit_name(t->limit));
    rmf_text_add(out, ",\n  ");
    add_string(out, "reason", t->reason);
    rmf_text_add(out, ",\n  ");
    add_string(out, "capacity_source", t->speed_source);
    rmf_text_add(out, ",\n  \"domains\": [\n");
    for (uint32_t i = 0; i < t->count; i++) {
        add_domain(out, &t->domains[i]);
        rmf_text_add(out, i + 1 < t->count ? ",\n" : "\n");
    }
    rmf_text_add(out, "  ],\n  \"memories\": [\n");
    for (uint32_t n = 0; n < t->memory_count; n++) {
        add_memory(out, &t->memories[n]);
        rmf_text_add(out, n + 1 < t->memory_count ? ",\n" : "\n");
    }
    rmf_text_add(out, "  ],\n");
    add_distances(out, t);
    rmf_text_add(out, "}\n");
}
