/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of Ramify's micro benchmarks share. */
#ifndef BENCH_MICRO_RAMIFY_H
#define BENCH_MICRO_RAMIFY_H

#include "micro.h"

#include <ramify/ramify.h>

/* Ends the process with a message unless the status is success. */
void micro_demand(ramify_status status, const char *call);

/* Starts a runtime as the request says (options may say more) and makes a group in it. */
ramify_runtime *micro_start(const micro_request *request, ramify_options options, ramify_group **group);

/* The measurements of micro_ramify_own.c. */
void micro_paced_inside(const micro_request *request);
void micro_paced_outside(const micro_request *request);
void micro_start_stop(const micro_request *request);
void micro_memory(const micro_request *request);
void micro_idle(const micro_request *request);

/* Efficiency over grain, in micro_ramify_grain.c. */
void micro_grain_task(const micro_request *request);
void micro_grain_fork(const micro_request *request);
void micro_grain_loop(const micro_request *request);

/* Those of micro_ramify_loops.c. */
void micro_loop_grain1(const micro_request *request);
void micro_loop_dynamic(const micro_request *request);
void micro_loop_auto(const micro_request *request);
void micro_loop_guided(const micro_request *request);
void micro_loop_empty(const micro_request *request);
void micro_loop_small(const micro_request *request);

/* What counting costs, in micro_ramify_counters.c. */
void micro_counters_cost(const micro_request *request);

#endif
