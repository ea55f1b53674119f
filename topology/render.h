/* SPDX-License-Identifier: BSD-3-Clause */
/* The renderers, one per format; each appends to a growing text whose failure is asked for once, at the end. */
#ifndef RMF_TOPOLOGY_RENDER_H
#define RMF_TOPOLOGY_RENDER_H

#include "text.h"
#include "tree_inside.h"

void rmf_render_text(const ramify_tree *tree, rmf_text *out);
void rmf_render_json(const ramify_tree *tree, rmf_text *out);
void rmf_render_svg(const ramify_tree *tree, rmf_text *out);

/* "DRAM", "HBM", "far" or "unknown". */
const char *rmf_memory_kind_name(uint32_t kind);

/* "machine", "cpuset", "affinity", "quota", "request" or "ranks". */
const char *rmf_limit_name(ramify_limit limit);

/* The levels that coincide at a domain, joined: "numa+l3". Returns buffer, which must hold 64 bytes. */
char *rmf_level_names(uint32_t level_mask, char *buffer);

/* A size in the largest binary unit that leaves at least 1: "1.5 GiB", "192 MiB". Returns buffer of 24 bytes.
 * Here and below no locale changes the decimal point. */
char *rmf_size_text(uint64_t bytes, char *buffer);

/* A number of 0 or more with up to six decimal places, none of them needless: "0.75". Returns buffer of 32 bytes. */
char *rmf_decimal(double value, char *buffer);

#endif
