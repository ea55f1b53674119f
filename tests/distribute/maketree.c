/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds trees: reads the text depth first, then lays the domains out so that brothers stand together. */
#include "maketree.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

enum { DOMAINS_MOST = 8192, WORDS = 64, TEXT_MOST = 1 << 17 };

struct ramify_tree {
    uint32_t      count, leaf_count;
    ramify_domain domains[DOMAINS_MOST];
    uint32_t      leaves[DOMAINS_MOST];
    uint64_t      words[DOMAINS_MOST][WORDS];
};

/* A domain as read: depth first, linked to its children. */
typedef struct node {
    uint32_t mask, pu, os_index, first, next; /* indexes of nodes, 0: none */
    double   capacity;
} node;

typedef struct maker {
    const char *at;
    uint32_t    count, pus, numbers[RAMIFY_LEVEL_COUNT];
    node        nodes[DOMAINS_MOST];
} maker;

static const char *const level_names[] = {
#define LEVEL_NAME(name, text) text,
    RAMIFY_LEVEL_TABLE(LEVEL_NAME)
#undef LEVEL_NAME
};

const char *ramify_level_name(int level)
{
    return level >= 0 && level < RAMIFY_LEVEL_COUNT ? level_names[level] : NULL;
}

const ramify_domain *ramify_tree_domains(const ramify_tree *tree, uint32_t *count)
{
    if (count)
        *count = tree->count;
    return tree->domains;
}

uint32_t ramify_tree_leaf_count(const ramify_tree *tree)
{
    return tree->leaf_count;
}

const ramify_domain *ramify_tree_leaf(const ramify_tree *tree, uint32_t leaf)
{
    return leaf < tree->leaf_count ? &tree->domains[tree->leaves[leaf]] : NULL;
}

static uint32_t read_level(maker *m)
{
    for (uint32_t level = 0; level < RAMIFY_LEVEL_COUNT; level++) {
        size_t length = strlen(level_names[level]);
        if (strncmp(m->at, level_names[level], length) == 0) {
            m->at += length;
            return level;
        }
    }
    fail_msg("no level at '%.20s'", m->at);
    return 0;
}

static uint32_t read_node(maker *m)
{
    uint32_t self = m->count++, level = read_level(m);
    node    *n = &m->nodes[self];
    *n         = (node){ .mask = 1u << level, .pu = RAMIFY_NONE, .os_index = RAMIFY_NONE, .capacity = 1 };
    assert_true(m->count < DOMAINS_MOST);
    while (*m->at == '+') {
        m->at++;
        n->mask |= 1u << read_level(m);
    }
    if (level == RAMIFY_LEVEL_PACKAGE || level == RAMIFY_LEVEL_NUMA)
        n->os_index = m->numbers[level]++;
    for (char kind; (kind = *m->at) == '#' || kind == '@' || kind == '*';) {
        char  *end;
        double number = strtod(m->at + 1, &end);
        m->at         = end;
        if (kind == '#')
            m->pus = (uint32_t)number;
        else if (kind == '@')
            n->os_index = (uint32_t)number;
        else
            n->capacity = number;
    }
    if (*m->at != '(') {
        n->pu = m->pus++;
        return self;
    }
    uint32_t last = 0;
    for (m->at++; *m->at != ')'; m->at += *m->at == ' ') {
        uint32_t child                             = read_node(m);
        *(last ? &m->nodes[last].next : &n->first) = child;
        last                                       = child;
    }
    m->at++;
    return self;
}

/* Fills a domain whose place is known, gives its children places next to each other, and goes down. */
static void lay_out(ramify_tree *tree, const maker *m, uint32_t from, uint32_t place, uint32_t parent, uint32_t depth)
{
    const node    *n = &m->nodes[from];
    ramify_domain *d = &tree->domains[place];
    *d               = (ramify_domain){ .index      = place,
                                        .parent     = parent,
                                        .depth      = depth,
                                        .first_leaf = tree->leaf_count,
                                        .level      = (uint32_t)__builtin_ctz(n->mask),
                                        .level_mask = n->mask,
                                        .os_index   = n->os_index,
                                        .node       = RAMIFY_NONE,
                                        .capacity   = n->first ? 0 : n->capacity };
    d->first_child   = tree->count;
    for (uint32_t c = n->first; c; c = m->nodes[c].next)
        d->child_count++;
    tree->count += d->child_count;
    if (d->child_count == 0) {
        tree->leaves[tree->leaf_count++] = place;
        tree->words[place][n->pu / 64] |= (uint64_t)1 << n->pu % 64;
    }
    uint32_t child = d->first_child;
    for (uint32_t c = n->first; c; c = m->nodes[c].next, child++) {
        lay_out(tree, m, c, child, place, depth + 1);
        d->capacity += tree->domains[child].capacity;
        for (uint32_t w = 0; w < WORDS; w++)
            tree->words[place][w] |= tree->words[child][w];
    }
    d->leaf_count = tree->leaf_count - d->first_leaf;
    d->cpus       = (ramify_bits){ tree->words[place], WORDS };
}

ramify_tree *tree_from(const char *text)
{
    maker       *m    = calloc(1, sizeof *m);
    ramify_tree *tree = calloc(1, sizeof *tree);
    assert_true(m && tree);
    m->at = text;
    read_node(m);
    assert_int_equal(*m->at, 0);
    tree->count = 1;
    lay_out(tree, m, 0, 0, RAMIFY_NONE, 0);
    free(m);
    return tree;
}

static void write_regular(char *out, const char *levels, uint32_t *leaf, uint32_t skip)
{
    char          name[16];
    unsigned      arity;
    int           used;
    const ssize_t fields = sscanf(levels, " %15[^:]:%u%n", name, &arity, &used);
    assert_int_equal(fields, 2);
    const char *rest = levels + used;
    strcat(out, "(");
    for (unsigned i = 0; i < arity; i++) {
        char *end = out + strlen(out);
        if (*rest) {
            sprintf(end, "%s%s", i ? " " : "", name);
            write_regular(end, rest, leaf, skip);
        } else if ((*leaf)++ != skip) {
            sprintf(end, "%s%s#%u", end[-1] == '(' ? "" : " ", name, *leaf - 1);
        }
        assert_true(strlen(end) < TEXT_MOST / 2);
    }
    strcat(out, ")");
}

ramify_tree *tree_regular(const char *levels, uint32_t skip)
{
    char    *text = calloc(1, TEXT_MOST);
    uint32_t leaf = 0;
    strcpy(text, "node");
    write_regular(text, levels, &leaf, skip);
    ramify_tree *tree = tree_from(text);
    free(text);
    return tree;
}

void tree_drop(ramify_tree *tree)
{
    free(tree);
}

static double load_of(const void *self, uint32_t domain)
{
    return ((const double *)self)[domain];
}

void submitter_make(submitter *s, const ramify_tree *tree, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    s->tree   = tree;
    s->load   = calloc(tree->count, sizeof *s->load);
    s->random = seed;
    s->pick   = (ramify_pick){ &s->hint, RAMIFY_NONE, &s->random, load_of, s->load };
}

void submitter_drop(submitter *s)
{
    free(s->load);
}

uint32_t submitter_place(submitter *s, rmf_plan *plan, uint32_t from)
{
    uint32_t place = rmf_plan_place(plan, from, &s->pick);
    assert_true(place < s->tree->count);
    for (uint32_t d = place; d != RAMIFY_NONE; d = s->tree->domains[d].parent)
        s->load[d] += s->hint.weight > 0 ? s->hint.weight : 1;
    return place;
}

rmf_plan *plan_of(const ramify_tree *tree, const char *text)
{
    rmf_plan        *plan = NULL;
    ramify_diagnosis why  = { RAMIFY_OK, 0, "" };
    if (rmf_plan_create(tree, text, NULL, 1, &why, &plan))
        fail_msg("%s: at %zu: %s", text, why.position, why.text);
    return plan;
}

bool is_below(const ramify_tree *tree, uint32_t below, uint32_t above)
{
    while (below != above && below != RAMIFY_NONE)
        below = tree->domains[below].parent;
    return below == above;
}
