/* SPDX-License-Identifier: BSD-3-Clause */
/* The public counters out of a cell. */
#include "cell.h"

void rmf_cell_sum(const rmf_monitor_cell *cell, ramify_counts *counts)
{
    counts->tasks += rmf_load_relaxed(&cell->counts.tasks);
    counts->tasks_at_home += rmf_load_relaxed(&cell->counts.tasks_at_home);
    counts->dropped += rmf_load_relaxed(&cell->counts.dropped);
    counts->forks += rmf_load_relaxed(&cell->counts.forks);
    counts->forks_stolen += rmf_load_relaxed(&cell->counts.forks_stolen);
    counts->forks_at_once += rmf_load_relaxed(&cell->counts.forks_at_once);
    counts->inline_runs += rmf_load_relaxed(&cell->counts.inline_runs);
    counts->loops += rmf_load_relaxed(&cell->counts.loops);
    counts->loop_chunks += rmf_load_relaxed(&cell->counts.loop_chunks);
    counts->loop_splits += rmf_load_relaxed(&cell->counts.loop_splits);
    counts->loop_iterations += rmf_load_relaxed(&cell->counts.loop_iterations);
    counts->loop_iterations_at_home += rmf_load_relaxed(&cell->counts.loop_iterations_at_home);
    counts->dependent_tasks += rmf_load_relaxed(&cell->counts.dependent_tasks);
    counts->graph_tasks += rmf_load_relaxed(&cell->counts.graph_tasks);
    counts->graph_runs += rmf_load_relaxed(&cell->counts.graph_runs);
    counts->parks += rmf_load_relaxed(&cell->counts.parks);
    counts->parks_aborted += rmf_load_relaxed(&cell->counts.parks_aborted);
    counts->wakes += rmf_load_relaxed(&cell->counts.wakes);
    counts->bind_failures += rmf_load_relaxed(&cell->counts.bind_failures);
    counts->rebinds += rmf_load_relaxed(&cell->counts.rebinds);
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++) {
#define SUM(name) counts->name += rmf_load_relaxed(&cell->stealing[level].name);
        RMF_STEAL_COUNTERS(SUM)
#undef SUM
    }
}
