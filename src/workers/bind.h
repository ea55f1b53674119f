/* SPDX-License-Identifier: BSD-3-Clause */
/* Binding a thread to a domain: the one place that sets affinity masks. */
#ifndef RMF_WORKERS_BIND_H
#define RMF_WORKERS_BIND_H

#include "log.h"

#include <stdbool.h>
#include <ramify/tree.h>

/* Binds the calling thread to a domain's PUs. False, and a line in the log, when the system refuses; the thread's
 * mask is then unchanged. */
bool rmf_bind_self(const ramify_domain *domain, const rmf_log *log);

#endif
