/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading cells. */
#include "cell.h"

void rmf_cell_sum(const rmf_monitor_cell *cell, ramify_counts *counts)
{
#define SUM(name) counts->name += rmf_load_relaxed(&cell->counts.name);
    RMF_CELL_COUNTERS(SUM)
#undef SUM
}
