/* SPDX-License-Identifier: BSD-3-Clause */
/* Products of a sparse matrix with a vector, in blocks of rows: the 27-point operator of a box of cells, the matrix of
 * HPCG (Dongarra, Heroux, Luszczek 2016), every row kept at 27 entries. A block is a plane of cells, so a product reads
 * the vector of two neighbour planes. */
#include "counted.h"

#include <string.h>

/* 64 planes of 1024 cells: 13.5 MiB of values, 6.75 of columns, and 0.5 MiB for each of two vectors. */
enum { SIDE = 32, ROWS = SIDE * SIDE, PLANES = 64, ENTRIES = 27, PRODUCTS = 6 };

static double       *value, *x, *y;
static uint32_t     *column;
static counted_piece pieces[PLANES];

/* An entry that would lie outside of the box is the row's own cell, with no weight. */
static void fill_row(long plane, long cell)
{
    long row = plane * ROWS + cell, at = row * ENTRIES;
    for (long dz = -1; dz <= 1; dz++)
        for (long dy = -1; dy <= 1; dy++)
            for (long dx = -1; dx <= 1; dx++, at++) {
                long z = plane + dz, yy = cell / SIDE + dy, xx = cell % SIDE + dx;
                bool is_inside = z >= 0 && z < PLANES && yy >= 0 && yy < SIDE && xx >= 0 && xx < SIDE;
                column[at]     = (uint32_t)(is_inside ? z * ROWS + yy * SIDE + xx : row);
                value[at]      = is_inside ? 1.0 / ENTRIES : 0.0;
            }
    x[row] = (double)(row % 13);
    y[row] = 0.0;
}

static void fill(const counted_piece *piece)
{
    for (long cell = 0; cell < ROWS; cell++)
        fill_row(piece->number, cell);
}

static void multiply(const counted_piece *piece)
{
    for (long row = piece->number * ROWS; row < (piece->number + 1) * ROWS; row++) {
        double sum = 0.0;
        for (long at = row * ENTRIES; at < (row + 1) * ENTRIES; at++)
            sum += value[at] * x[column[at]];
        y[row] = sum;
    }
}

static void prepare(void)
{
    value  = counted_even_array(ROWS * ENTRIES * sizeof *value, PLANES);
    column = counted_even_array(ROWS * ENTRIES * sizeof *column, PLANES);
    x      = counted_even_array(ROWS * sizeof *x, PLANES);
    y      = counted_even_array(ROWS * sizeof *y, PLANES);
    counted_even_pieces(pieces, PLANES, fill, value, ROWS * ENTRIES * sizeof *value);
    form_each(pieces, PLANES);
}

static void run(void)
{
    counted_even_pieces(pieces, PLANES, multiply, value, ROWS * ENTRIES * sizeof *value);
    for (int product = 0; product < PRODUCTS; product++) {
        form_each(pieces, PLANES);
        double *swap = x;
        x            = y;
        y            = swap;
    }
}

static uint64_t check(void)
{
    uint64_t sum = 0, bits;
    for (long row = 0; row < PLANES * ROWS; row++) {
        memcpy(&bits, &x[row], sizeof bits);
        sum = counted_mix(sum, bits);
    }
    return sum;
}

const counted_kernel counted_product = { "product", prepare, run, check };
