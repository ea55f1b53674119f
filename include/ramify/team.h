/* SPDX-License-Identifier: BSD-3-Clause */
/* Teams: threads that the program has already, such as an OpenMP team's, become the workers of a runtime for a while.
 *
 * No second pool, no oversubscription: the tree is made of the CPUs these threads are bound to, with a leaf for each
 * thread, and while the team runs they are the only workers. Programs that use OpenMP call ramify_omp_run() of
 * <ramify/openmp.h>, which is this in one call; what is here serves any other kind of thread (pthreads, C++, a
 * scheduler's own). */
#ifndef RAMIFY_TEAM_H
#define RAMIFY_TEAM_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_team ramify_team;

/* What a team runs, on its thread 0, which is a worker meanwhile. The runtime lives as long as the team, but has
 * workers only until this function has returned and every group is done. */
typedef void (*ramify_team_fn)(ramify_runtime *rt, void *argument);

/* Makes a team without threads.
 *
 * options: NULL for the defaults; `tree`, `from`, `cpus`, `workers` and `workers_per` do not count, since the threads
 * decide them. With no_bind threads stay as they are; otherwise one whose mask holds more than its leaf is bound to
 * the leaf while it is lent, and gets its mask back. The texts that options points to must outlive the team.
 * team: out, untouched on failure. Ownership: the caller's, until ramify_team_free.
 * Threads: any. Errors: ERR_INVALID team is NULL; ERR_NO_MEMORY. Cost: an allocation. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_team_create(const ramify_options *options, ramify_team **team);

/* Claims a team for the next run. One thread calls it, before any thread calls ramify_team_run.
 *
 * threads: how many will run it, 1..4096; may differ from run to run.
 * Threads: any, one at a time. Errors: ERR_INVALID team is NULL; ERR_RANGE too few or too many threads; ERR_BUSY a run
 * of this team is under way (nothing is changed); ERR_NO_MEMORY. Cost: O(threads) when there are more than before. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_team_claim(ramify_team *team, uint32_t threads);

/* Lends the calling thread until the work is done. Each of the threads claimed for calls it once, with its own number.
 *
 * number: 0 .. threads - 1. fn: runs on thread 0 only, and may submit, fork, loop and wait there. argument: passed on.
 * Returns in every thread when fn has returned and all groups of the runtime are done; memory that one thread of the
 * team wrote is then visible to all. The runtime and its memory are kept for the next run as long as the threads are as
 * many and bound as before.
 * Threads: those of the team; blocks until all have come. A thread may be a worker of another runtime, or of another
 * team: it is that again afterwards, but the other runtime's work waits meanwhile.
 * Errors: the same in every thread: those of ramify_start (fn did not run). In the calling thread alone: ERR_INVALID
 * team or fn is NULL, or the team was not claimed; ERR_RANGE number is out of range; ERR_BUSY this number has come
 * already. Cost: two barriers, one call to read the mask; the first run, or one with other CPUs, builds the tree. */
RAMIFY_API ramify_status ramify_team_run(ramify_team *team, uint32_t number, ramify_team_fn fn, void *argument);

/* Frees a team and its runtime. team: NULL is allowed.
 * Threads: one, while no run is under way. Errors: ERR_BUSY one is (nothing is changed). Cost: O(threads). */
RAMIFY_API ramify_status ramify_team_free(ramify_team *team);

#ifdef __cplusplus
}
#endif
#endif
