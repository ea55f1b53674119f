/* SPDX-License-Identifier: BSD-3-Clause */
/* Amdahl's law and Gunther's universal scalability law, fitted by least squares. Pure functions.
 *
 * Amdahl's time T(n) = P + Q / n is linear in P and Q, and its serial fraction is P / (P + Q). The USL is linear after
 * Gunther's transformation (Guerrilla Capacity Planning, 2007, ch. 5): n T(n) / T(1) - 1 = a (n - 1) + b n (n - 1). */
#include <math.h>
#include <ramify/metrics.h>

/* Solves the normal equations of y = p u + q v; false when u and v are not independent. */
typedef struct normal {
    double uu, uv, vv, uy, vy;
} normal;

static void normal_add(normal *n, double u, double v, double y)
{
    n->uu += u * u;
    n->uv += u * v;
    n->vv += v * v;
    n->uy += u * y;
    n->vy += v * y;
}

static bool normal_solve(const normal *n, double *p, double *q)
{
    double determinant = n->uu * n->vv - n->uv * n->uv;
    if (!(determinant > 1e-12 * n->uu * n->vv)) /* doubles keep 16 digits; less than 4 of them left is noise */
        return false;
    *p = (n->uy * n->vv - n->vy * n->uv) / determinant;
    *q = (n->vy * n->uu - n->uy * n->uv) / determinant;
    return true;
}

/* Counts different numbers of workers up to three. */
static uint32_t different(const ramify_run *runs, uint32_t count)
{
    uint32_t seen[3], n = 0;
    for (uint32_t i = 0; i < count && n < 3; i++) {
        bool is_new = true;
        for (uint32_t k = 0; k < n; k++)
            is_new = is_new && seen[k] != runs[i].workers;
        if (is_new)
            seen[n++] = runs[i].workers;
    }
    return n;
}

/* Every equation is divided by its time, so that relative errors are what is squared. Neither part may be negative: the
 * least squares under that bound lie on it when the free ones lie beyond. */
static void fit_amdahl(const ramify_run *runs, uint32_t count, double *serial, double *parallel)
{
    normal n = { 0 };
    for (uint32_t i = 0; i < count; i++)
        normal_add(&n, 1.0 / runs[i].seconds, 1.0 / (runs[i].workers * runs[i].seconds), 1.0);
    if (!normal_solve(&n, serial, parallel))
        *serial = *parallel = -1.0;
    if (*serial < 0.0) {
        *serial   = 0.0;
        *parallel = n.vy / n.vv;
    } else if (*parallel < 0.0) {
        *parallel = 0.0;
        *serial   = n.uy / n.uu;
    }
}

static double measured_base(const ramify_run *runs, uint32_t count)
{
    double   sum = 0.0;
    uint32_t n   = 0;
    for (uint32_t i = 0; i < count; i++)
        if (runs[i].workers == 1) {
            sum += runs[i].seconds;
            n++;
        }
    return n ? sum / n : 0.0;
}

static void fit_usl(const ramify_run *runs, uint32_t count, ramify_scaling *s)
{
    normal n = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        double w = runs[i].workers, ideal = s->base_seconds / w, weight = ideal / runs[i].seconds;
        normal_add(&n, (w - 1.0) * weight, w * (w - 1.0) * weight, (runs[i].seconds / ideal - 1.0) * weight);
    }
    if (!normal_solve(&n, &s->contention, &s->coherency))
        return;
    if (s->coherency < 0.0) {
        s->coherency  = 0.0;
        s->contention = fmax(n.uy / n.uu, 0.0);
    } else if (s->contention < 0.0) {
        s->contention = 0.0;
        s->coherency  = fmax(n.vy / n.vv, 0.0);
    }
    s->usl_known    = true;
    s->best_workers = s->coherency > 0.0 ? sqrt(fmax(1.0 - s->contention, 0.0) / s->coherency) : INFINITY;
    double squares  = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        double w = runs[i].workers;
        double t = s->base_seconds / w * (1.0 + s->contention * (w - 1.0) + s->coherency * w * (w - 1.0));
        squares += (t / runs[i].seconds - 1.0) * (t / runs[i].seconds - 1.0);
    }
    s->usl_error = sqrt(squares / count);
}

ramify_status ramify_scaling_fit(const ramify_run *runs, uint32_t count, ramify_scaling *scaling)
{
    if (!runs || !scaling)
        return RAMIFY_ERR_INVALID;
    for (uint32_t i = 0; i < count; i++)
        if (runs[i].workers == 0 || !isfinite(runs[i].seconds) || runs[i].seconds <= 0.0)
            return RAMIFY_ERR_RANGE;
    uint32_t numbers = different(runs, count);
    if (numbers < 2)
        return RAMIFY_ERR_INVALID;
    ramify_scaling s = { .contention = NAN, .coherency = NAN, .usl_error = NAN, .best_workers = NAN };
    double         serial, parallel, squares = 0.0;
    fit_amdahl(runs, count, &serial, &parallel);
    s.serial_fraction = serial / (serial + parallel);
    for (uint32_t i = 0; i < count; i++) {
        double t = serial + parallel / runs[i].workers;
        squares += (t / runs[i].seconds - 1.0) * (t / runs[i].seconds - 1.0);
    }
    s.amdahl_error  = sqrt(squares / count);
    s.base_seconds  = measured_base(runs, count);
    s.base_measured = s.base_seconds > 0.0;
    if (!s.base_measured)
        s.base_seconds = serial + parallel;
    if (numbers > 2)
        fit_usl(runs, count, &s);
    *scaling = s;
    return RAMIFY_OK;
}
