/* SPDX-License-Identifier: BSD-3-Clause */
/* When a task with a home is taken elsewhere: the rule, and the table of distances behind it.
 *
 * A task run on a node r times as far from its data as its home is takes up to r times as long T as at home, when
 * memory is all it waits for: (r - 1) T is the price of taking it. r is the firmware's (ACPI 6.4, section 5.2.17: 10 is
 * local), 2 where it says nothing (Linux's REMOTE_DISTANCE), 1 within a node, where nothing is remote; T is the mean
 * measured at home. A thief outside the home's nodes takes
 *  - at once, when more than 2 (r - 1) tasks wait per worker of the home, so that the last would wait for two prices (T
 *    cancels; two or three tasks, short ones maybe, are the end of a sweep and not worth what each thief costs), and the
 *    queue has not been empty for as long as the price: one that is just being filled is no overload;
 *  - otherwise when nothing has been taken from the queue for as long as the price: its oldest task has then waited
 *    longer than the price, and waiting no longer than one pays is at most twice what the best choice would have cost
 *    (ski rental; Karlin, Li, Manasse, Owicki, SOSP 1991).
 * So the nearest thieves come first by themselves, and tasks of equal cost are never taken from a node that works.
 * That work goes to the node of its data and is stolen in order of distance is Drebes and others, PACT 2016, sections 3
 * and 4; that and how stealing undoes affinity is Klinkenberg and others, IWOMP 2018. */
#ifndef RMF_WORKERS_REMOTE_H
#define RMF_WORKERS_REMOTE_H

#include <stdbool.h>
#include <ramify/tree.h>

/* The price by thief and home. All NULL where the tree has one node: then nothing is ever remote. */
typedef struct rmf_remote {
    uint32_t  domains, rows;
    uint32_t *node;   /* [row] the thieves' node */
    uint8_t  *tenths; /* [row][domain] 10 (r - 1), 255 at most; 0: the domain has workers on the thieves' node */
    bool     *is_far; /* [domain] somebody pays for taking its tasks */
} rmf_remote;

/* Errors: ERR_NO_MEMORY. */
ramify_status rmf_remote_init(rmf_remote *remote, const ramify_tree *tree);
void          rmf_remote_drop(rmf_remote *remote);

/* The row of a leaf's node, by domain; NULL where nothing is remote. */
const uint8_t *rmf_remote_row(const rmf_remote *remote, const ramify_domain *leaf);

/* True when tasks of this home are not for everybody at once. */
static inline bool rmf_remote_is_far(const rmf_remote *remote, uint32_t domain)
{
    return remote->is_far && remote->is_far[domain];
}

/* What is known of a home's queue when a thief asks. */
typedef struct rmf_home_state {
    uint64_t tasks;        /* waiting, at least 1 */
    uint64_t workers;      /* at home */
    uint64_t filled_ticks; /* when it was last empty */
    uint64_t taken_ticks;  /* when a task was last taken from it */
    uint64_t run_ticks;    /* T */
} rmf_home_state;

/* Ticks a thief that pays tenths / 10 T must still wait, 0: none. */
uint64_t rmf_remote_wait(const rmf_home_state *home, uint32_t tenths, uint64_t now_ticks);

#endif
