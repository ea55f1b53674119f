/* SPDX-License-Identifier: BSD-3-Clause */
/* Size and place of a worker's stack. */
#include "stack.h"

#include <sys/resource.h>

/* pthreads take 2 MiB where the limit is none, as batch systems often set it: less than the usual limit. */
static const uint64_t UNLIMITED_BYTES = 8u << 20, LEAST_BYTES = 65536;

static uint64_t default_bytes(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return UNLIMITED_BYTES;
    return limit.rlim_cur < LEAST_BYTES ? LEAST_BYTES : limit.rlim_cur;
}

int rmf_stack_attributes(pthread_attr_t *attributes, uint64_t stack_bytes)
{
    size_t page  = 65536; /* the largest page of the machines there are */
    size_t bytes = (size_t)(stack_bytes ? stack_bytes : default_bytes());
    int    error = pthread_attr_init(attributes);
    if (error)
        return error;
    bytes = (bytes + page - 1) / page * page; /* the guard comes on top, in glibc since 2.27 */
    error = pthread_attr_setstacksize(attributes, bytes);
    if (!error)
        error = pthread_attr_setguardsize(attributes, RMF_GUARD_BYTES);
    if (error)
        pthread_attr_destroy(attributes);
    return error;
}

/* Where a thread's stack is does not change, and asking reads a file of the system's for a program's first thread. */
static _Thread_local uint64_t own_low, own_bytes;

static void ask(void)
{
    pthread_attr_t attributes;
    void          *low;
    size_t         bytes;
    if (pthread_getattr_np(pthread_self(), &attributes))
        return;
    if (!pthread_attr_getstack(&attributes, &low, &bytes)) {
        own_low   = (uint64_t)(uintptr_t)low;
        own_bytes = bytes;
    }
    pthread_attr_destroy(&attributes);
}

void rmf_stack_learn(rmf_worker *worker)
{
    if (!own_bytes)
        ask();
    worker->stack_low   = own_low;
    worker->stack_bytes = own_bytes;
}
