/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening: before a worker searches it may wait for what is brought to its door (door.h), disturbing nobody.
 *
 * Where loops follow one another their parts come to the door: no look elsewhere could bring one sooner. And where
 * others look for work too, and what there is is small, each look at somebody costs more than is found. Both are learnt
 * from what the last searches came to. While it listens a worker also looks at its own queues, and at what it waits
 * for. */
#ifndef RMF_WORKERS_LISTEN_H
#define RMF_WORKERS_LISTEN_H

#include "worker.h"

/* Takes what was brought to the door; else the door is open. */
bool rmf_listen_at_door(rmf_worker *worker, rmf_task *task);

/* Listens for as long as has been learnt. True: a task. */
bool rmf_listen(rmf_worker *worker, rmf_task *task, const rmf_goal *goal);

/* What the worker waits for will come soon. */
void rmf_listen_expect(rmf_worker *worker);

/* Something was found after it listened: at the door, or elsewhere. */
void rmf_listen_learn(rmf_worker *worker, const rmf_task *task, bool at_door);

/* A search begins: what came of the last one? */
void rmf_listen_weigh(rmf_worker *worker, uint64_t now);

#endif
