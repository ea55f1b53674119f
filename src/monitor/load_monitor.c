/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving averages and windows of load, per domain.
 *
 * An interval of length t moves an average by 1 - 2^(-t / half-life), so that uneven updates weigh by their time; the
 * window is a ring of sums, so that reading it costs nothing. */
#include "load_monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a domain did in one interval. */
typedef struct portion {
    double busy_ns, all_ns, tasks;
} portion;

struct ramify_load_monitor {
    const rmf_watch *watch;
    ramify_snapshot *last;
    uint64_t         half_life_ns, updates;
    uint32_t         domains, window;
    ramify_load     *load;      /* [domain] */
    portion         *ring;      /* [window][domain] */
    double          *ring_ns;   /* [window] */
    double           window_ns;
};

enum { WINDOW_MAX = 4096 };

ramify_status rmf_load_monitor_make(const rmf_watch *watch, uint32_t domains, uint64_t half_life_ns,
                                    uint32_t window_updates, ramify_load_monitor **result)
{
    if (half_life_ns == 0 || window_updates == 0 || window_updates > WINDOW_MAX)
        return RAMIFY_ERR_RANGE;
    ramify_load_monitor *m = calloc(1, sizeof *m);
    if (!m)
        return RAMIFY_ERR_NO_MEMORY;
    m->watch        = watch;
    m->half_life_ns = half_life_ns;
    m->domains      = domains;
    m->window       = window_updates;
    m->load         = calloc(domains, sizeof *m->load);
    m->ring         = calloc((size_t)domains * window_updates, sizeof *m->ring);
    m->ring_ns      = calloc(window_updates, sizeof *m->ring_ns);
    if (!m->load || !m->ring || !m->ring_ns) {
        ramify_load_monitor_free(m);
        return RAMIFY_ERR_NO_MEMORY;
    }
    *result = m;
    return RAMIFY_OK;
}

void ramify_load_monitor_free(ramify_load_monitor *m)
{
    if (!m)
        return;
    ramify_snapshot_free(m->last);
    free(m->load);
    free(m->ring);
    free(m->ring_ns);
    free(m);
}

static portion portion_of(const ramify_snapshot *s, uint32_t domain)
{
    rmf_tally sum = rmf_snapshot_sum(s, s->site[domain].first_leaf, s->site[domain].leaf_count);
    portion   p   = { .busy_ns = (double)sum.spent_ns[RMF_STATE_BUSY], .tasks = (double)sum.tasks };
    for (int state = 0; state < RMF_STATE_COUNT; state++)
        p.all_ns += (double)sum.spent_ns[state];
    return p;
}

/* Sums are built anew instead of subtracting the oldest, which would pile up rounding errors for ever. */
static portion window_of(const ramify_load_monitor *m, uint32_t domain)
{
    portion sum = { 0 };
    for (uint32_t i = 0; i < m->window; i++) {
        const portion *p = &m->ring[(size_t)i * m->domains + domain];
        sum.busy_ns += p->busy_ns;
        sum.all_ns += p->all_ns;
        sum.tasks += p->tasks;
    }
    return sum;
}

static void move(double *average, double value, double weight)
{
    *average += (value - *average) * weight;
}

void rmf_load_monitor_observe(ramify_load_monitor *m, const ramify_snapshot *interval)
{
    double   ns     = (double)(interval->taken_ns - interval->from_ns);
    double   weight = m->updates ? 1.0 - exp2(-ns / (double)m->half_life_ns) : 1.0;
    uint32_t at     = (uint32_t)(m->updates++ % m->window);
    m->ring_ns[at]  = ns;
    m->window_ns    = 0.0;
    for (uint32_t i = 0; i < m->window; i++)
        m->window_ns += m->ring_ns[i];
    for (uint32_t d = 0; d < m->domains; d++) {
        portion      p = portion_of(interval, d), *slot = &m->ring[(size_t)at * m->domains + d];
        ramify_load *load = &m->load[d];
        *slot             = p;
        portion window    = window_of(m, d);
        move(&load->utilisation, p.all_ns > 0.0 ? p.busy_ns / p.all_ns : 0.0, weight);
        move(&load->tasks_per_second, ns > 0.0 ? p.tasks / ns * 1e9 : 0.0, weight);
        move(&load->queued_tasks, interval->queued[d], weight);
        load->window_utilisation      = window.all_ns > 0.0 ? window.busy_ns / window.all_ns : 0.0;
        load->window_tasks_per_second = m->window_ns > 0.0 ? window.tasks / m->window_ns * 1e9 : 0.0;
        load->known                   = true;
    }
}

ramify_status ramify_load_monitor_update(ramify_load_monitor *m)
{
    ramify_snapshot *now, *interval;
    if (!m)
        return RAMIFY_ERR_INVALID;
    ramify_status status = rmf_snapshot_read(m->watch, NULL, &now);
    if (status)
        return status;
    if (m->last) {
        status = rmf_snapshot_subtract(m->last, now, &interval);
        if (status) {
            ramify_snapshot_free(now);
            return status;
        }
        rmf_load_monitor_observe(m, interval);
        ramify_snapshot_free(interval);
        ramify_snapshot_free(m->last);
    }
    m->last = now;
    return RAMIFY_OK;
}

ramify_status ramify_load_monitor_read(const ramify_load_monitor *m, uint32_t domain, ramify_load *load)
{
    if (!m || !load)
        return RAMIFY_ERR_INVALID;
    if (domain >= m->domains)
        return RAMIFY_ERR_RANGE;
    *load = m->load[domain];
    return RAMIFY_OK;
}
