/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for a stack overflow, for programs that asked for them: ramify_explain_overflow().
 *
 * Signal dispositions belong to the process, so this handler does too: it is installed once and stays. It uses only
 * what is safe in a handler. */
#include "stack.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct sigaction before_segv, before_bus;
static pthread_once_t   installed = PTHREAD_ONCE_INIT;
static int              install_error;
static _Atomic bool     is_installed;

typedef struct words {
    char   text[256];
    size_t length;
} words;

static void add(words *w, const char *text)
{
    while (*text && w->length < sizeof w->text)
        w->text[w->length++] = *text++;
}

static void add_number(words *w, uint64_t number)
{
    char  digits[24];
    char *first = digits + sizeof digits - 1;
    *first      = '\0';
    do
        *--first = (char)('0' + number % 10);
    while (number /= 10);
    add(w, first);
}

static void explain(const rmf_worker *worker)
{
    words w = { .length = 0 };
    add(&w, "ramify: worker ");
    add_number(&w, worker->number);
    add(&w, " overflowed its stack of ");
    add_number(&w, worker->stack_bytes);
    add(&w, " bytes, waiting in ");
    add_number(&w, worker->nested);
    add(&w, " joins: set RAMIFY_STACK=");
    add_number(&w, (worker->stack_bytes >> 20) * 8 + 8);
    add(&w, "M, or let the recursion have fewer levels\n");
    (void)!write(STDERR_FILENO, w.text, w.length);
}

/* What was there before gets the signal: called, or by the fault happening again once this handler is gone. */
static void hand_on(int signal, siginfo_t *info, void *machine)
{
    const struct sigaction *before = signal == SIGSEGV ? &before_segv : &before_bus;
    if (before->sa_flags & SA_SIGINFO)
        before->sa_sigaction(signal, info, machine);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
        before->sa_handler(signal);
    else
        sigaction(signal, before, NULL);
}

static void on_fault(int signal, siginfo_t *info, void *machine)
{
    int               error  = errno;
    const rmf_worker *worker = rmf_worker_self();
    uint64_t          at     = (uint64_t)(uintptr_t)info->si_addr;
    if (worker && worker->stack_low && at < worker->stack_low && worker->stack_low - at <= RMF_GUARD_BYTES)
        explain(worker);
    hand_on(signal, info, machine);
    errno = error;
}

static void install(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, &before_segv) || sigaction(SIGBUS, &action, &before_bus))
        install_error = errno;
    else
        /* order: relaxed; a program that wants a runtime's workers to see it starts that after its call */
        rmf_store_relaxed(&is_installed, true);
}

ramify_status ramify_explain_overflow(void)
{
    pthread_once(&installed, install);
    if (!install_error)
        return RAMIFY_OK;
    errno = install_error;
    return RAMIFY_ERR_SYSTEM;
}

bool rmf_overflow_is_explained(void)
{
    return rmf_load_relaxed(&is_installed);
}

void rmf_overflow_prepare(rmf_spare_stack *spare)
{
    stack_t stack = { .ss_sp = spare->bytes, .ss_size = sizeof spare->bytes };
    spare->before = (stack_t){ .ss_flags = SS_DISABLE };
    (void)sigaltstack(&stack, &spare->before); /* refused: the overflow ends the program without words */
}

void rmf_overflow_unprepare(const rmf_spare_stack *spare)
{
    (void)sigaltstack(&spare->before, NULL);
}
