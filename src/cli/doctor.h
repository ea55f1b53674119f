/* SPDX-License-Identifier: BSD-3-Clause */
/* What `ramify doctor` looks at and what it says. Every fact comes from a file below `root`, from the environment of
 * the program that is looked at, or from a trial of the library; so a folder with copies of such files is a test
 * machine. */
#ifndef RAMIFY_CLI_DOCTOR_H
#define RAMIFY_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum severity {
    FINE,
    UNKNOWN, /* could not be looked at; `what` says why */
    NOTE,    /* worth knowing */
    WARNING, /* may cost time */
    PROBLEM, /* will cost time */
    SEVERITIES,
} severity;

/* What one check found. */
typedef struct finding {
    const char *id; /* "numa-balancing" */
    severity    severity;
    char        what[240], why[240], todo[320];
} finding;

enum { FINDINGS_MAX = 64, CPUS_MAX = 8192 };

typedef struct cpu_set {
    uint64_t words[CPUS_MAX / 64];
} cpu_set;

typedef struct doctor {
    const char *root;        /* in front of every path, "" for this machine */
    uint32_t    pid;         /* the program to look at, 0: whoever asks */
    char       *environment; /* its variables, each terminated; NULL: those of this process */
    size_t      environment_bytes;
    uint32_t    count;
    finding     findings[FINDINGS_MAX];
} doctor;

/* Reads a file below the root, without the newline at the end. False: it is not there, or not to be read; *text is "".
 */
bool read_fact(const doctor *d, char *text, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A number in a file; `otherwise` when there is none. */
long long number_fact(const doctor *d, long long otherwise, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A variable of the program's environment, NULL when it is not set or empty. */
const char *variable_of(const doctor *d, const char *name);

/* The value behind "Key:" in a text of lines such as /proc/self/status, blanks skipped, up to the end of its line. */
bool field_of(const char *text, const char *key, char *value, size_t bytes);

/* CPU lists such as "0-3,8". */
void     parse_cpus(const char *list, cpu_set *set);
uint32_t count_cpus(const cpu_set *set);
bool     has_cpu(const cpu_set *set, uint32_t cpu);
void     common_cpus(const cpu_set *a, const cpu_set *b, cpu_set *both);
void     print_cpus(const cpu_set *set, char *text, size_t bytes);

/* CPUs that are online, and those that the program may use. */
void online_cpus(const doctor *d, cpu_set *set);
void allowed_cpus(const doctor *d, cpu_set *set);

/* NUMA nodes with memory; 1 where nothing is known. */
uint32_t count_nodes(const doctor *d);

/* Adds a finding; its texts are formatted into the result, each by one call of say(). */
finding *add_finding(doctor *d, const char *id, severity how_bad);
void     say(char *text, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The checks, by what they look at. */
void check_machine(doctor *d); /* doctor_machine.c */
void check_limits(doctor *d);  /* doctor_limits.c: cpuset, quota, OpenMP, MPI */
void check_company(doctor *d); /* doctor_company.c: other processes on the same CPUs */

#endif
