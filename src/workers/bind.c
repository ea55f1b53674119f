/* SPDX-License-Identifier: BSD-3-Clause */
/* sched_setaffinity with masks of any length; see bind.h. */
#include "bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MASK_BYTES = RMF_MASK_WORDS * sizeof(uint64_t) };

/* The thread's mask becomes a domain's PUs, less those the system does not let it have. Returns the system's number. */
static int set_to(rmf_binding *b, uint32_t domain)
{
    const ramify_bits *cpus = &b->domains[domain].cpus;
    CPU_ZERO_S(MASK_BYTES, b->asked);
    for (uint32_t pu = 0; pu < cpus->word_count * 64; pu++)
        if (cpus->words[pu / 64] >> (pu % 64) & 1)
            CPU_SET_S(pu, MASK_BYTES, b->asked);
    if (sched_setaffinity(0, MASK_BYTES, b->asked))
        return errno;
    if (sched_getaffinity(0, MASK_BYTES, b->have))
        memcpy(b->have, b->asked, MASK_BYTES);
    b->at = domain;
    return 0;
}

bool rmf_binding_make(rmf_binding *binding, const ramify_tree *tree, uint32_t leaf, const rmf_log *log)
{
    rmf_binding b = { .domains = ramify_tree_domains(tree, NULL), .worker = leaf, .at = RAMIFY_NONE };
    int         error;
    b.leaf  = ramify_tree_leaf(tree, leaf)->index;
    b.asked = malloc(MASK_BYTES);
    b.have  = malloc(MASK_BYTES);
    error   = b.asked && b.have ? set_to(&b, b.leaf) : ENOMEM;
    if (error && b.have && sched_getaffinity(0, MASK_BYTES, b.have))
        error = errno;
    if (error)
        rmf_log_line(log, RAMIFY_LOG_WARNING, "worker of domain %u stays unbound: sched_setaffinity: %s", b.leaf,
                     strerror(error));
    *binding = b;
    return !error;
}

void rmf_binding_drop(rmf_binding *binding)
{
    free(binding->asked);
    free(binding->have);
    *binding = (rmf_binding){ .at = RAMIFY_NONE };
}

static void tell(const rmf_binding *b, const rmf_log *log)
{
    if (b->at == b->leaf)
        rmf_log_line(log, RAMIFY_LOG_INFO, "worker %u is bound to its leaf again", b->worker);
    else if (b->at == RAMIFY_NONE)
        rmf_log_line(log, RAMIFY_LOG_WARNING, "worker %u lost its binding, and no CPU of the tree can be had",
                     b->worker);
    else
        rmf_log_line(log, RAMIFY_LOG_WARNING, "worker %u lost the CPUs of its leaf: it shares those of domain %u (%s)",
                     b->worker, b->at, ramify_level_name((int)b->domains[b->at].level));
}

bool rmf_binding_check(rmf_binding *b, const rmf_log *log)
{
    if (!b->asked || !b->have || sched_getaffinity(0, MASK_BYTES, b->asked))
        return false;
    bool     is_kept = CPU_EQUAL_S(MASK_BYTES, b->asked, b->have);
    uint32_t before = b->at, domain = b->leaf;
    if (is_kept && (before == b->leaf || before == RAMIFY_NONE))
        return false;
    memcpy(b->have, b->asked, MASK_BYTES);
    /* A displaced worker tries what is nearer to its leaf than what it has. */
    uint32_t end = is_kept ? before : RAMIFY_NONE;
    while (domain != end && set_to(b, domain))
        domain = b->domains[domain].parent;
    if (domain == end && is_kept)
        return false;
    if (domain == RAMIFY_NONE)
        b->at = RAMIFY_NONE;
    tell(b, log);
    return true;
}
