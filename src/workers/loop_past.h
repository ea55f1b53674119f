/* SPDX-License-Identifier: BSD-3-Clause */
/* When a loop of the rule auto is shared: what a worker remembers of the loops it began.
 *
 * A loop that nobody has asked about begins alone for about the price of a hand-off, and for that of a wake-up before it
 * wakes a sleeper: at most twice the cost of the better choice (ski rental; Karlin, Li, Manasse, Owicki, SOSP 1991).
 * Loops of few iterations may be coarse: they share at once, unless their body is known. Who waits looks up only after
 * the first iteration, and in a loop that is heavy in front that alone may take as long as all the rest. */
#ifndef RMF_WORKERS_LOOP_PAST_H
#define RMF_WORKERS_LOOP_PAST_H

#include "loops.h"

/* A hand-off to somebody who searches, and a wake-up of somebody who sleeps, of the waker's time (PEERS.md: 0.1 to
 * 0.3 us, 6.5 us). */
static const double RMF_HAND_OFF_NS = 300.0, RMF_WAKE_NS = 6500.0;

/* Where a worker keeps what it knows of a loop's body; two bodies in one place forget each other. */
rmf_past *rmf_past_of(rmf_worker *worker, ramify_for_fn body);

/* How many nanoseconds the loop, about to start on its first worker, keeps its work to itself although somebody who is
 * awake asks; 0: it gives away from its beginning, and unasked if it is eager. Sets that, and how many tickets are worth
 * to be given away: so many that their lots take as long as the way to another worker and back. */
double rmf_past_patience(rmf_loop *loop, rmf_worker *worker, const rmf_past *past);

/* After how many nanoseconds the loop is longer than was expected: what is expected to be too small to be given away
 * may then be anything. */
double rmf_past_late(const rmf_loop *loop, const rmf_past *past);

/* From a short loop that was shared at once: how long its first worker waited for the others, in nanoseconds, and how
 * many there were with it. */
void rmf_past_learn_way(rmf_worker *worker, double waited_ns, uint32_t sharers);

#endif
