/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree as nested boxes. Sizes are found from the leaves up (children stand behind their parents in the array), places
 * from the root down; each domain lays its children out in as many columns as bring it nearest to a screen's shape. */
#include "render.h"

#include <stdlib.h>

/* Lengths in pixels; a character of the 11-pixel font is taken to be 8 wide, bold DejaVu Sans, the widest of
 * the family asked for.
 */
enum { PAD = 6, GAP = 5, LINE = 15, LEAF_W = 38, LEAF_H = 24, SWATCH = 12, MARGIN = 12, COLUMNS_MAX = 64 };
static const double char_w = 8;

/* Width over height that boxes strive for: between 4:3 and 16:9, so that a page holds a machine. */
static const double shape = 1.6;

typedef struct box {
    double   x, y, w, h, head;
    uint32_t columns;
} box;

static const char *colour_of(uint32_t level)
{
    static const char *const colours[RAMIFY_LEVEL_COUNT] = {
        [RAMIFY_LEVEL_CLUSTER] = "#eceff1", [RAMIFY_LEVEL_NODE] = "#f5f5f5", [RAMIFY_LEVEL_PACKAGE] = "#e3eaf4",
        [RAMIFY_LEVEL_GROUP] = "#ece6f2",   [RAMIFY_LEVEL_DIE] = "#dcd3e8",  [RAMIFY_LEVEL_NUMA] = "#d5e8d4",
        [RAMIFY_LEVEL_L3] = "#fdeccb",      [RAMIFY_LEVEL_L2] = "#fadba0",   [RAMIFY_LEVEL_CORE] = "#f7f0e0",
        [RAMIFY_LEVEL_PU] = "#ffffff",
    };
    return colours[level];
}

/* A leaf is coloured by the innermost thing it is: a core, or a part of one. */
static uint32_t colour_level(const ramify_domain *d)
{
    if (d->child_count == 0 && d->level_mask & (1u << RAMIFY_LEVEL_CORE))
        return RAMIFY_LEVEL_CORE;
    return d->level;
}

/* Tenths are enough on a screen, and no locale can put a comma there. */
static void add_length(rmf_text *out, const char *name, double length)
{
    int tenths = (int)(length * 10 + 0.5);
    rmf_text_add(out, " %s=\"%d.%d\"", name, tenths / 10, tenths % 10);
}

static void label(const ramify_domain *d, rmf_text *text)
{
    char names[64];
    if (d->child_count == 0 && d->parent != RAMIFY_NONE)
        rmf_text_add(text, "%u", d->first_leaf);
    else if (d->os_index == RAMIFY_NONE)
        rmf_text_add(text, "%s", rmf_level_names(d->level_mask, names));
    else
        rmf_text_add(text, "%s %u", rmf_level_names(d->level_mask, names), d->os_index);
}

static void memory_line(const ramify_memory *m, rmf_text *text)
{
    char size[24];
    rmf_text_add(text, "memory %u:", m->os_index);
    if (m->kind != RAMIFY_MEMORY_UNKNOWN)
        rmf_text_add(text, " %s", rmf_memory_kind_name(m->kind));
    if (m->bytes)
        rmf_text_add(text, " %s", rmf_size_text(m->bytes, size));
}

/* Height of the lines above a domain's children, and the width they need. */
static void measure_head(const ramify_tree *t, uint32_t domain, box *b)
{
    rmf_text line = { 0 };
    label(&t->domains[domain], &line);
    double longest = (double)line.length;
    b->head        = LINE;
    for (uint32_t n = 0; n < t->memory_count; n++)
        if (t->memories[n].domain == domain) {
            line.length = 0;
            memory_line(&t->memories[n], &line);
            longest = (double)line.length > longest ? (double)line.length : longest;
            b->head += LINE;
        }
    rmf_text_drop(&line);
    b->head += LINE / 5;
    b->w = longest * char_w + 2 * PAD;
    b->h = b->head + PAD;
}

/* Lays the children of a domain out in rows; with `place`, tells them where they are. */
static void pack(const ramify_domain *d, box *boxes, uint32_t columns, bool place, double *w, double *h)
{
    const box *own = &boxes[d->index];
    double     x = PAD, y = own->head, row = 0;
    *w = 0;
    for (uint32_t c = 0; c < d->child_count; c++) {
        box *child = &boxes[d->first_child + c];
        if (c && c % columns == 0) {
            x = PAD;
            y += row + GAP;
            row = 0;
        }
        if (place) {
            child->x = own->x + x;
            child->y = own->y + y;
        }
        x += child->w + GAP;
        row = child->h > row ? child->h : row;
        *w  = x > *w ? x : *w;
    }
    *w += PAD - GAP;
    *h = y + row + PAD;
}

/* Area, dearer the further from the shape striven for. */
static double cost_of(double w, double h)
{
    double ratio = w / h / shape;
    return w * h * (ratio > 1 ? ratio : 1 / ratio);
}

static void choose_columns(const ramify_domain *d, box *boxes)
{
    box   *own  = &boxes[d->index];
    double best = 0, w, h, best_w = 0, best_h = 0;
    for (uint32_t columns = 1; columns <= d->child_count && columns <= COLUMNS_MAX; columns++) {
        pack(d, boxes, columns, false, &w, &h);
        w           = w > own->w ? w : own->w;
        double cost = cost_of(w, h);
        if (columns == 1 || cost < best) {
            best         = cost;
            best_w       = w;
            best_h       = h;
            own->columns = columns;
        }
    }
    own->w = best_w;
    own->h = best_h;
}

static void lay_out(const ramify_tree *t, box *boxes)
{
    double w, h;
    for (uint32_t i = t->count; i-- > 0;) {
        measure_head(t, i, &boxes[i]);
        if (t->domains[i].child_count)
            choose_columns(&t->domains[i], boxes);
        boxes[i].w = boxes[i].w > LEAF_W ? boxes[i].w : LEAF_W;
        boxes[i].h = boxes[i].h > LEAF_H ? boxes[i].h : LEAF_H;
    }
    boxes[0].x = MARGIN;
    boxes[0].y = MARGIN + 3 * LINE;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->domains[i].child_count)
            pack(&t->domains[i], boxes, boxes[i].columns, true, &w, &h);
}

static void add_line(rmf_text *out, double x, double y, const char *style, const char *line)
{
    rmf_text_add(out, "<text");
    add_length(out, "x", x);
    add_length(out, "y", y);
    rmf_text_add(out, "%s>", style);
    rmf_text_add_xml(out, line);
    rmf_text_add(out, "</text>\n");
}

static void add_label(rmf_text *out, const box *b, const ramify_domain *d)
{
    rmf_text line = { 0 };
    bool     leaf = d->child_count == 0 && d->parent != RAMIFY_NONE;
    label(d, &line);
    if (line.bytes)
        add_line(out, leaf ? b->x + b->w / 2 : b->x + PAD, b->y + LINE - 3 + (leaf ? 3 : 0),
                 leaf ? " text-anchor=\"middle\"" : " font-weight=\"bold\"", line.bytes);
    out->failed = out->failed || line.failed;
    rmf_text_drop(&line);
}

/* What a pointer resting on a box shows. */
static void add_tip(rmf_text *out, const ramify_domain *d)
{
    char names[64], size[24], capacity[32];
    rmf_text_add(out, "<title>%s%s, cpus ", rmf_level_names(d->level_mask, names), d->child_count ? "" : " (leaf)");
    rmf_text_add_bits(out, d->cpus.words, d->cpus.word_count);
    if (d->node != RAMIFY_NONE)
        rmf_text_add(out, ", nearest memory %u", d->node);
    if (d->cache_bytes)
        rmf_text_add(out, ", cache %s", rmf_size_text(d->cache_bytes, size));
    rmf_text_add(out, ", capacity %s</title>", rmf_decimal(d->capacity, capacity));
}

static void add_box(rmf_text *out, const ramify_tree *t, uint32_t domain, const box *b)
{
    const ramify_domain *d = &t->domains[domain];
    rmf_text_add(out, "<g>");
    add_tip(out, d);
    rmf_text_add(out, "<rect");
    add_length(out, "x", b->x);
    add_length(out, "y", b->y);
    add_length(out, "width", b->w);
    add_length(out, "height", b->h);
    /* A slow core is paler: opacity 1 at full capacity, 0.4 at none. */
    double paleness = d->child_count || d->capacity >= 1 ? 1 : 0.4 + 0.6 * d->capacity;
    add_length(out, "fill-opacity", paleness);
    rmf_text_add(out, " rx=\"3\" fill=\"%s\" stroke=\"#607080\"/>\n", colour_of(colour_level(d)));
    add_label(out, b, d);
    double y = b->y + LINE - 3;
    for (uint32_t n = 0; n < t->memory_count; n++)
        if (t->memories[n].domain == domain) {
            rmf_text line = { 0 };
            memory_line(&t->memories[n], &line);
            y += LINE;
            if (line.bytes)
                add_line(out, b->x + PAD, y + (d->child_count ? 0 : 3), " fill=\"#2e6b2e\"", line.bytes);
            out->failed = out->failed || line.failed;
            rmf_text_drop(&line);
        }
    rmf_text_add(out, "</g>\n");
}

static void add_legend(rmf_text *out, const ramify_tree *t, double x, double y)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < t->count; i++)
        used |= 1u << colour_level(&t->domains[i]);
    for (uint32_t level = 0; level < RAMIFY_LEVEL_COUNT; level++) {
        if (!(used >> level & 1))
            continue;
        rmf_text_add(out, "<rect");
        add_length(out, "x", x);
        add_length(out, "y", y);
        rmf_text_add(out, " width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"#607080\"/>\n", SWATCH, SWATCH,
                     colour_of(level));
        add_line(out, x + SWATCH + GAP, y + SWATCH - 2, "", ramify_level_name((int)level));
        x += SWATCH + 2 * GAP + char_w * ((double)strlen(ramify_level_name((int)level)) + 2);
    }
}

static double widest(const ramify_tree *t, const box *root)
{
    double w = root->w, source = (double)strlen(t->source) * char_w, reason = (double)strlen(t->reason) * char_w;
    w = source > w ? source : w;
    w = reason > w ? reason : w;
    return (w > 360 ? w : 360) + 2 * MARGIN; /* 360: the legend of five levels */
}

void rmf_render_svg(const ramify_tree *t, rmf_text *out)
{
    box *boxes = calloc(t->count, sizeof *boxes);
    if (!boxes) {
        rmf_text_drop(out);
        out->failed = true;
        return;
    }
    lay_out(t, boxes);
    int width = (int)widest(t, &boxes[0]) + 1, height = (int)(boxes[0].y + boxes[0].h) + MARGIN + 2 * LINE;
    rmf_text_add(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                 "font-family=\"Helvetica, DejaVu Sans, sans-serif\" font-size=\"11\">\n"
                 "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
                 width, height, width, height);
    add_line(out, MARGIN, MARGIN + LINE - 3, " font-weight=\"bold\"", t->source);
    add_line(out, MARGIN, MARGIN + 2 * LINE - 3, "", t->reason);
    for (uint32_t i = 0; i < t->count; i++)
        add_box(out, t, i, &boxes[i]);
    add_legend(out, t, MARGIN, boxes[0].y + boxes[0].h + LINE);
    rmf_text_add(out, "</svg>\n");
    free(boxes);
}
