/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs that run inside a virtual machine share: the guest's files, its CPUs, and tasks that say where
 * they ran. These programs change the machine they run on (CPUs off-line, control groups), so each begins with
 * guest_require(), which ends it as skipped anywhere else. */
#ifndef RAMIFY_TESTS_VM_GUEST_H
#define RAMIFY_TESTS_VM_GUEST_H

#include "check.h"

#include <ramify/ramify.h>

/* Ends the program with 77 and the reason unless it runs in a machine that tests/vm/run started. */
void guest_require(void);

/* The machine's name, as in tests/vm/machines. */
const char *guest_machine(void);

/* First line of a file, without its newline; fails the test when it cannot be read. */
void guest_read(const char *path, char *line, size_t bytes);

/* Writes a text to a file; 0, or the errno of the failure. */
int guest_write(const char *path, const char *text);

/* Takes a CPU off-line or brings it back, and waits until the kernel's list says so. */
void guest_online(uint32_t cpu, bool online);

/* Most CPUs a machine here has. */
enum { GUEST_CPUS = 64 };

/* A set of the CPUs of a guest: bit i is CPU i. */
typedef uint64_t guest_cpus;

/* The calling thread's affinity mask, of which only what lies below GUEST_CPUS is kept. */
guest_cpus guest_mask(void);

/* The CPUs of a domain. */
guest_cpus guest_cpus_of(const ramify_domain *domain);

/* Where a task ran, as the kernel says it and as the library does. */
typedef struct guest_visit {
    guest_cpus mask; /* of the thread */
    uint32_t   cpu;  /* it was on */
    uint32_t   worker, home;
    uint32_t   runs; /* how often the task ran: once */
} guest_visit;

/* A task; argument: a guest_visit of its own. */
void guest_visit_task(void *visit);

/* The runtime of this machine with a worker per core or per hardware thread, by a policy (NULL: the default). */
ramify_runtime *guest_start(uint32_t workers_per, const char *policy);

/* Sends one strict task to each leaf and waits for all. visits: one per leaf. */
void guest_visit_leaves(ramify_runtime *rt, guest_visit *visits);

#endif
