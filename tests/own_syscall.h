/* SPDX-License-Identifier: BSD-3-Clause */
/* A syscall() that stands before the C library's: the test answers the calls it wants to, the system the others. */
#ifndef RMF_TESTS_OWN_SYSCALL_H
#define RMF_TESTS_OWN_SYSCALL_H

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The test's: true when it has answered the call, with *result, and errno where that is -1. a: its six arguments. */
static bool answer_syscall(long number, const long *a, long *result);

long syscall(long number, ...)
{
    static long (*_Atomic real)(long, ...);
    va_list list;
    long    a[6], result;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (answer_syscall(number, a, &result))
        return result;
    if (!atomic_load(&real)) {
        long (*found)(long, ...);
        *(void **)&found = dlsym(RTLD_NEXT, "syscall");
        atomic_store(&real, found);
    }
    return atomic_load(&real)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif
