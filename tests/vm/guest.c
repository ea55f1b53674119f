/* SPDX-License-Identifier: BSD-3-Clause */
/* Files, CPUs and witnesses of a guest; see guest.h. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void guest_require(void)
{
    if (access("/vm/machine", R_OK) == 0)
        return;
    puts("runs only inside a virtual machine: tests/vm/run MACHINE PROGRAM");
    exit(SKIP_TEST_FILE);
}

const char *guest_machine(void)
{
    static char name[64];
    guest_read("/vm/machine", name, sizeof name);
    return name;
}

void guest_read(const char *path, char *line, size_t bytes)
{
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, (int)bytes, file))
        fail_msg("%s: %s", path, strerror(errno));
    fclose(file);
    line[strcspn(line, "\n")] = 0;
}

int guest_write(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);
    if (file < 0)
        return errno;
    int error = write(file, text, strlen(text)) < 0 ? errno : 0;
    close(file);
    return error;
}

void guest_online(uint32_t cpu, bool online)
{
    char path[64], state[8];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/online", cpu);
    assert_int_equal(guest_write(path, online ? "1" : "0"), 0);
    guest_read(path, state, sizeof state);
    assert_string_equal(state, online ? "1" : "0");
}

guest_cpus guest_mask(void)
{
    cpu_set_t  set;
    guest_cpus mask = 0;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (uint32_t cpu = 0; cpu < GUEST_CPUS; cpu++)
        if (CPU_ISSET(cpu, &set))
            mask |= (guest_cpus)1 << cpu;
    return mask;
}

guest_cpus guest_cpus_of(const ramify_domain *domain)
{
    return domain->cpus.word_count ? domain->cpus.words[0] : 0;
}

void guest_visit_task(void *argument)
{
    guest_visit *visit = argument;
    ramify_place place = ramify_here();
    visit->mask        = guest_mask();
    visit->cpu         = (uint32_t)sched_getcpu();
    visit->worker      = place.worker;
    visit->home        = place.home;
    visit->runs++;
}

ramify_runtime *guest_start(uint32_t workers_per, const char *policy)
{
    ramify_runtime  *rt        = NULL;
    ramify_diagnosis diagnosis = { .status = RAMIFY_OK };
    ramify_options   options   = { .workers_per = workers_per, .policy = policy, .diagnosis = &diagnosis };
    ramify_status    status    = ramify_start(&options, &rt);
    if (status)
        fail_msg("ramify_start: %s: %s", ramify_status_text(status), diagnosis.text);
    return rt;
}

void guest_visit_leaves(ramify_runtime *rt, guest_visit *visits)
{
    const ramify_tree *tree   = ramify_runtime_tree(rt);
    uint32_t           leaves = ramify_tree_leaf_count(tree);
    ramify_group      *group;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (uint32_t l = 0; l < leaves; l++) {
        ramify_hint hint = ramify_at(ramify_tree_leaf(tree, l)->index);
        hint.strict      = true;
        visits[l]        = (guest_visit){ 0 };
        assert_int_equal(ramify_submit(group, guest_visit_task, &visits[l], &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}
