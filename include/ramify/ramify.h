/* SPDX-License-Identifier: BSD-3-Clause */
/* Ramify: places and balances parallel work on NUMA machines. This header brings all of the library's. */
#ifndef RAMIFY_RAMIFY_H
#define RAMIFY_RAMIFY_H

#include <ramify/array.h>
#include <ramify/depend.h>
#include <ramify/fork.h>
#include <ramify/loan.h>
#include <ramify/loop.h>
#include <ramify/memory.h>
#include <ramify/metrics.h>
#include <ramify/policy.h>
#include <ramify/region.h>
#include <ramify/runtime.h>
#include <ramify/trace.h>
#include <ramify/status.h>
#include <ramify/taskgraph.h>
#include <ramify/team.h>
#include <ramify/tree.h>
#include <ramify/view.h>

#endif
