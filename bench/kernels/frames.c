/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame processing: every frame goes through four stencil stages, in bands of rows; a band needs its neighbours of the
 * stage before. With dependencies, frames overlap as in a pipeline; without, every stage is a loop with a barrier. */
#include "ordered.h"

#include <math.h>

enum {
    BANDS   = 12,
    FLIGHT  = 4, /* frames whose buffers exist at once; a frame waits for the one that had its buffers */
    STAGES  = 4, /* blur, sharpen, edges, tone */
    WIDTH   = 256,
    MARGIN  = 1,
    ROWS    = 16, /* of a band: 16 x 256 values, 32 KB, some 10 us */
    HEIGHT  = BANDS * ROWS,
    BUFFERS = STAGES + 1,
};

typedef struct frames_state {
    double      *buffer; /* FLIGHT x BUFFERS x HEIGHT x WIDTH */
    double      *total;  /* frames x BANDS */
    long         frames;
    bench_phases phases;
} frames_state;

static frames_state the_frames; /* one stream per process */

static double *band_at(long frame, int buffer, int band)
{
    return the_frames.buffer + ((frame % FLIGHT * BUFFERS + buffer) * HEIGHT + (long)band * ROWS) * WIDTH;
}

/* The first stage's input: what a camera would write. */
static void capture(bench_job *job)
{
    uint64_t seed = (uint64_t)job->number;

    for (int i = 0; i < ROWS * WIDTH; i += 8) {
        uint64_t bits = bench_random(&seed);
        for (int k = 0; k < 8; k++, bits >>= 8)
            job->block[i + k] = (double)(bits & 255) / 256.0;
    }
}

static const double weights[STAGES][2] = {
    { 0.4, 0.15 }, { 2.2, -0.3 }, { 4.0, -1.0 }, { 0.5, 0.125 }
}; /* centre, side */

/* One band of one stage: read[0] is the band itself in the stage before, its neighbours' rows lie around it. */
static void stencil(bench_job *job)
{
    int           stage = job->number % STAGES, band = job->number / STAGES;
    const double *in     = job->read[0];
    double        centre = weights[stage][0], side = weights[stage][1];

    for (int row = 0; row < ROWS; row++) {
        const double *__restrict here  = in + row * WIDTH;
        const double *__restrict above = band == 0 && row == 0 ? here : here - WIDTH;
        const double *__restrict below = band == BANDS - 1 && row == ROWS - 1 ? here : here + WIDTH;
        double *__restrict out         = job->block + row * WIDTH;
        out[0] = here[0], out[WIDTH - 1] = here[WIDTH - 1];
        for (int c = MARGIN; c < WIDTH - MARGIN; c++)
            out[c] = centre * here[c] + side * (above[c] + below[c] + here[c - 1] + here[c + 1]);
    }
}

/* Sums a finished band: what the display would show. */
static void measure(bench_job *job)
{
    double sum = 0.0;

    for (int i = 0; i < ROWS * WIDTH; i++)
        sum += fabs(job->block[i]);
    *(double *)(uintptr_t)job->more = sum;
}

static void *prepare(long size, uint64_t seed)
{
    size_t cells = (size_t)FLIGHT * BUFFERS * HEIGHT * WIDTH;

    (void)seed;
    the_frames.frames = size;
    the_frames.buffer = (double *)bench_alloc(cells * sizeof(double));
    the_frames.total  = (double *)bench_alloc((size_t)(size * BANDS) * sizeof(double));
    memset(the_frames.buffer, 0, cells * sizeof(double));
    bench_phases_open(&the_frames.phases, BANDS, true);
    return &the_frames;
}

static void add_stage(long frame, int stage)
{
    for (int band = 0; band < BANDS; band++) {
        bench_job job = { stencil, band_at(frame, stage + 1, band), { band_at(frame, stage, band), NULL, NULL },
                          1,       band * STAGES + stage,           NULL };
        if (band > 0)
            job.read[job.reads++] = band_at(frame, stage, band - 1);
        if (band < BANDS - 1)
            job.read[job.reads++] = band_at(frame, stage, band + 1);
        bench_phases_add(&the_frames.phases, job);
    }
    bench_phase_end(&the_frames.phases);
}

static void run(void *state)
{
    frames_state *s = (frames_state *)state;

    for (long frame = 0; frame < s->frames; frame++) {
        for (int band = 0; band < BANDS; band++) {
            bench_job job = { capture, band_at(frame, 0, band),         { NULL, NULL, NULL },
                              0,       (int32_t)(frame * BANDS + band), NULL };
            bench_phases_add(&s->phases, job);
        }
        bench_phase_end(&s->phases);
        for (int stage = 0; stage < STAGES; stage++)
            add_stage(frame, stage);
        for (int band = 0; band < BANDS; band++) {
            bench_job job = { measure, band_at(frame, STAGES, band),   { NULL, NULL, NULL }, 0,
                              0,       &s->total[frame * BANDS + band] };
            bench_phases_add(&s->phases, job);
        }
        bench_phase_end(&s->phases);
    }
    bench_phases_wait(&s->phases);
}

static bench_outcome finish(void *state)
{
    frames_state *s       = (frames_state *)state;
    bench_outcome outcome = { 0, (uint64_t)s->phases.all };

    for (long i = 0; i < s->frames * BANDS; i++)
        outcome.check = bench_mix(outcome.check, (uint64_t)llrint(s->total[i] * 16.0));
    free(s->buffer);
    free(s->total);
    free(s->phases.jobs);
    return outcome;
}

const bench_kernel bench_frames = {
    .name         = "frames",
    .summary      = "frames through four stencil stages in bands of rows, a pipeline where a form has dependencies",
    .size_is      = "frames",
    .loops        = true,
    .ordered      = true,
    .linear       = true,
    .most         = 1 << 20,
    .tiny         = 3,
    .quick        = 60,
    .full         = 200,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
