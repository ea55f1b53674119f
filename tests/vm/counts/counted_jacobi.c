/* SPDX-License-Identifier: BSD-3-Clause */
/* Jacobi sweeps over a grid in bands of rows: even cost, the same data each time, a row shared with each neighbour. */
#include "counted.h"

#include <string.h>

/* 8 MiB for each of two grids; a band is 128 KiB of each, eight bands per worker of eight. */
enum { EDGE = 1024, BAND_ROWS = 16, BANDS = EDGE / BAND_ROWS, SWEEPS = 8, BAND_BYTES = BAND_ROWS * EDGE * 8 };

static double       *now, *next;
static counted_piece pieces[BANDS];

static void heat(const counted_piece *piece)
{
    for (long i = piece->number * BAND_ROWS * EDGE; i < (piece->number + 1) * BAND_ROWS * EDGE; i++)
        now[i] = next[i] = (double)(i * 31 % 101);
}

/* The frame of the grid stays as it is. */
static void relax(const counted_piece *piece)
{
    long row = piece->number * BAND_ROWS, end = row + BAND_ROWS;
    row += row == 0;
    end -= end == EDGE;
    for (; row < end; row++) {
        const double *here = now + row * EDGE;
        double       *out  = next + row * EDGE;
        for (long i = 1; i < EDGE - 1; i++)
            out[i] = 0.25 * (here[i - EDGE] + here[i + EDGE] + here[i - 1] + here[i + 1]);
    }
}

static void prepare(void)
{
    now  = counted_even_array(BAND_BYTES, BANDS);
    next = counted_even_array(BAND_BYTES, BANDS);
    counted_even_pieces(pieces, BANDS, heat, now, BAND_BYTES);
    form_each(pieces, BANDS);
}

static void run(void)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        counted_even_pieces(pieces, BANDS, relax, next, BAND_BYTES);
        form_each(pieces, BANDS);
        double *swap = now;
        now          = next;
        next         = swap;
    }
}

static uint64_t check(void)
{
    uint64_t sum = 0, bits;
    for (long i = 0; i < EDGE * EDGE; i++) {
        memcpy(&bits, &now[i], sizeof bits);
        sum = counted_mix(sum, bits);
    }
    return sum;
}

const counted_kernel counted_jacobi = { "jacobi", prepare, run, check };
