/* SPDX-License-Identifier: BSD-3-Clause */
/* Included before every source of a simulated pool: its ticks come from the test, a nanosecond each. */
#ifndef RMF_TESTS_VIRTUAL_CLOCK_H
#define RMF_TESTS_VIRTUAL_CLOCK_H

#include "clock.h"

uint64_t virtual_ticks(void);

#define rmf_clock_ticks virtual_ticks

#endif
