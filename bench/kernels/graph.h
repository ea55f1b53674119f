/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs and sparse matrices as the kernels use them: compressed rows, made by Graph500's generator or read from the
 * user's file. Errors in a file end the process with a sentence that has the line's number. */
#ifndef BENCH_GRAPH_H
#define BENCH_GRAPH_H

#include "kernel.h"

enum { BENCH_EDGES_PER_VERTEX = 16 }; /* Graph500's edge factor */

/* Entry e of row r, start[r] <= e < start[r + 1], is at column[e]. */
typedef struct bench_graph {
    long      rows, columns, entries;
    long     *start; /* rows + 1 */
    uint32_t *column;
    double   *value; /* NULL: none */
} bench_graph;

/* An R-MAT graph of 2^scale vertices with Graph500's initiator, vertices not permuted, edges as drawn; or, if the
 * command line names a file, that one. Values are 1 / degree of the row in a drawn graph, so that repeated products
 * stay bounded. */
void bench_graph_make(bench_graph *g, long scale, uint64_t seed);

/* The same made undirected: both directions of each edge once, no loops, rows sorted. Values are dropped. */
void bench_graph_make_undirected(bench_graph *g, long scale, uint64_t seed);

/* Reads a Matrix Market file (coordinate; real, integer or pattern; general, symmetric or skew-symmetric) or a list of
 * edges: two numbers from 0 per line, a weight may follow, # and % begin comments. */
void bench_graph_read(bench_graph *g, const char *path);

/* Compressed rows from `count` pairs; values may be NULL. Equal pairs stay. */
void bench_graph_pack(bench_graph *g, const uint32_t *from, const uint32_t *to, const double *values, long count);

void bench_graph_drop(bench_graph *g);

#endif
