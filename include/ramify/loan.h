/* SPDX-License-Identifier: BSD-3-Clause */
/* Loans: a task that calls a library with threads of its own, such as a threaded BLAS, borrows the cores of workers
 * that have nothing to do, so that nobody runs on a core twice.
 *
 *     ramify_loan *loan;
 *     if (!ramify_loan_take(my_domain, 8, &loan)) {
 *         openblas_set_num_threads(ramify_loan_threads(loan));   // OpenMP: ramify_omp_borrow() does this and binds
 *         cblas_dgemm(...);
 *         ramify_loan_return(loan);
 *     }
 */
#ifndef RAMIFY_LOAN_H
#define RAMIFY_LOAN_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_loan ramify_loan;

/* Borrows workers that are asleep, nearest to the calling one first, and widens the calling thread's mask to their
 * CPUs, which threads it makes inherit.
 *
 * domain: index in the runtime's tree; workers below it are asked (0: all of them). most: threads wanted, the caller
 * included, 1 or more. loan: out, untouched on failure; holds at least the caller's own core.
 * Borrowed workers sleep until the loan is returned: work that only they may run waits that long, and so does a wait
 * that one of them is in. A worker that searches is given the time it takes to fall asleep (ramify_options.spin_us).
 * Ownership: the caller's, who returns it in the same task. Threads: a worker, within a task or a team's function.
 * Errors: ERR_INVALID loan is NULL, most is 0, or the domain is not of this tree; ERR_NOT_FOUND the calling thread is
 * no worker; ERR_NO_MEMORY. Cost: two system calls; at most twice spin_us while others search. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_loan_take(uint32_t domain, uint32_t most, ramify_loan **loan);

/* How many threads fit the loan, the caller's included: 1 or more. Threads: any. Cost: O(1). */
RAMIFY_API uint32_t ramify_loan_threads(const ramify_loan *loan);

/* Binds the calling thread to the n-th core of a loan; 0 is the caller's own. For threads that a library made before,
 * and which therefore did not inherit the mask.
 *
 * Threads: those that work on the loan. Errors: ERR_INVALID loan is NULL; ERR_RANGE n is too large; ERR_SYSTEM the
 * system refuses. The mask is unchanged then. Cost: a system call. */
RAMIFY_API ramify_status ramify_loan_bind(const ramify_loan *loan, uint32_t n);

/* Returns a loan: its workers search for work again, the calling thread has its mask back. loan: NULL is allowed.
 * Threads: the one that took it. Cost: two system calls, and a wake for each worker. */
RAMIFY_API void ramify_loan_return(ramify_loan *loan);

#ifdef __cplusplus
}
#endif
#endif
