/* SPDX-License-Identifier: BSD-3-Clause */
/* A QEMU plugin that feeds a guest's memory accesses to the cache model and keeps its CPUs in step.
 *
 *     cache_plugin.so,out=FILE,nodes=512:512:512:512,cpus=2[,first=32,second=128,shared=512,pace=0]
 *
 * nodes: MiB of each node; cpus: of each node; first, second, shared: KiB of each level; pace=0 for a guest whose CPUs
 * take turns on one thread. Counted are user-mode accesses between two markers (marker.h); each region becomes a line
 * of JSON in FILE. A page's node is where the guest's kernel put it: found from the physical address.
 *
 * In step: a guest CPU is a thread of the host, and the host runs few of them at a time, for milliseconds. Work would
 * go to whoever happens to run. So each CPU has a clock of instructions and the model's cycles, and one that is ahead
 * of the slowest busy one by more than a window waits. */
#include "cache_model.h"
#include "qemu_plugin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_id id, const qemu_info *info, int argument_count, char **arguments);

/* A window much shorter than a task (10^5 cycles and more) and longer than the host's switch between threads costs. */
enum { WINDOW_CYCLES = 4000, LOOK_EVERY_CYCLES = 500 };

/* Naps of one wait, and their length: 2 ms together. Then the CPU goes on for a block, since QEMU may be waiting for it
 * to leave the guest's code. */
enum { NAPS = 100, NAP_NS = 20000 };

typedef struct pacer {
    _Alignas(128) _Atomic(uint64_t) cycles;
    _Atomic(bool) is_busy;
    uint64_t      looked_cycles; /* its clock when it last looked at the others */
} pacer;

static struct {
    model_shape     shape;
    uint64_t        node_bytes[MODEL_NODES];
    uint32_t        nodes;
    bool            keeps_pace;
    FILE           *out;
    pthread_mutex_t region_lock;
    atomic_bool     is_counting;
} it = { .shape       = { .cpus_per_node = 2, .private_kib = 32, .second_kib = 128, .shared_kib = 512 },
         .keeps_pace  = true,
         .region_lock = PTHREAD_MUTEX_INITIALIZER };

static pacer pacers[MODEL_CPUS];

static uint64_t clock_of(unsigned cpu)
{
    return atomic_load_explicit(&pacers[cpu].cycles, memory_order_relaxed);
}

/* The clock of the slowest busy CPU but this one; its own when no other is busy. */
static uint64_t slowest(unsigned self)
{
    uint64_t least = clock_of(self);
    for (unsigned cpu = 0; cpu < it.shape.cpus; cpu++)
        if (cpu != self && atomic_load_explicit(&pacers[cpu].is_busy, memory_order_relaxed) && clock_of(cpu) < least)
            least = clock_of(cpu);
    return least;
}

static void advance(unsigned cpu, uint64_t cycles)
{
    atomic_store_explicit(&pacers[cpu].cycles, clock_of(cpu) + cycles, memory_order_relaxed);
}

static void keep_pace(unsigned cpu)
{
    const struct timespec nap = { 0, NAP_NS };
    for (int i = 0; i < NAPS && clock_of(cpu) > slowest(cpu) + WINDOW_CYCLES; i++)
        nanosleep(&nap, NULL);
    pacers[cpu].looked_cycles = clock_of(cpu);
}

static void on_block(unsigned cpu, void *instructions)
{
    if (cpu >= it.shape.cpus || !atomic_load_explicit(&it.is_counting, memory_order_relaxed))
        return;
    advance(cpu, (uintptr_t)instructions);
    if (it.keeps_pace && clock_of(cpu) - pacers[cpu].looked_cycles > LOOK_EVERY_CYCLES)
        keep_pace(cpu);
}

static void on_idle(qemu_id id, unsigned cpu)
{
    (void)id;
    if (cpu < it.shape.cpus)
        atomic_store_explicit(&pacers[cpu].is_busy, false, memory_order_relaxed);
}

/* Time went on while it slept. */
static void on_resume(qemu_id id, unsigned cpu)
{
    (void)id;
    if (cpu >= it.shape.cpus)
        return;
    uint64_t now = UINT64_MAX;
    for (unsigned other = 0; other < it.shape.cpus; other++)
        if (atomic_load_explicit(&pacers[other].is_busy, memory_order_relaxed) && clock_of(other) < now)
            now = clock_of(other);
    if (now != UINT64_MAX && now > clock_of(cpu))
        advance(cpu, now - clock_of(cpu));
    pacers[cpu].looked_cycles = clock_of(cpu);
    atomic_store_explicit(&pacers[cpu].is_busy, true, memory_order_relaxed);
}

/* Node of a physical address as QEMU 7.2 gives it: where a node's memory begins is added twice. */
static uint32_t node_of(uint64_t address)
{
    uint64_t base = 0;
    for (uint32_t node = 0; node < it.nodes; node++) {
        if (address >= 2 * base && address < 2 * base + it.node_bytes[node])
            return node;
        base += it.node_bytes[node];
    }
    return MODEL_NODES;
}

static void on_memory(unsigned cpu, qemu_meminfo info, uint64_t address, void *self)
{
    (void)self;
    if (cpu >= it.shape.cpus || !atomic_load_explicit(&it.is_counting, memory_order_relaxed))
        return;
    struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(info, address);
    if (!place || qemu_plugin_hwaddr_is_io(place))
        return;
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(place);
    advance(cpu, model_access(cpu, physical / MODEL_LINE_BYTES, qemu_plugin_mem_is_store(info), node_of(physical)));
}

static void write_counts(const char *name, const model_counts *counts)
{
    fprintf(it.out, "\"%s\": {", name);
#define PRINT_COUNT(field) fprintf(it.out, "\"" #field "\": %llu, ", (unsigned long long)counts->field);
    MODEL_COUNTS(PRINT_COUNT)
#undef PRINT_COUNT
    fprintf(it.out, "\"dram\": %llu}", (unsigned long long)(counts->local_dram + counts->remote_dram));
}

/* One line: the sum, then each CPU's counts and clock. */
static void write_region(void)
{
    model_counts sum = { 0 };
    for (uint32_t cpu = 0; cpu < it.shape.cpus; cpu++) {
        model_counts c = model_counts_of(cpu);
#define ADD_COUNT(field) sum.field += c.field;
        MODEL_COUNTS(ADD_COUNT)
#undef ADD_COUNT
    }
    fprintf(it.out, "{");
    write_counts("all", &sum);
    fprintf(it.out, ", \"cpus\": [");
    for (uint32_t cpu = 0; cpu < it.shape.cpus; cpu++) {
        model_counts c = model_counts_of(cpu);
        fprintf(it.out, "%s{\"cycles\": %llu, ", cpu ? ", " : "", (unsigned long long)clock_of(cpu));
        write_counts("counts", &c);
        fprintf(it.out, "}");
    }
    fprintf(it.out, "]}\n");
    fflush(it.out);
}

static void on_marker(unsigned cpu, void *number)
{
    (void)cpu;
    pthread_mutex_lock(&it.region_lock);
    if ((uintptr_t)number == 1) {
        model_reset();
        for (uint32_t c = 0; c < it.shape.cpus; c++) {
            atomic_store_explicit(&pacers[c].cycles, 0, memory_order_relaxed);
            pacers[c].looked_cycles = 0;
        }
        atomic_store(&it.is_counting, true);
    } else if ((uintptr_t)number == 2 && atomic_exchange(&it.is_counting, false))
        write_region();
    pthread_mutex_unlock(&it.region_lock);
}

/* The marker's number, 0 for any other instruction. */
static uintptr_t marker_of(const struct qemu_plugin_insn *insn)
{
    const uint8_t *bytes = qemu_plugin_insn_data(insn);
    size_t         size  = qemu_plugin_insn_size(insn);
    uint32_t       word;
    if (size == 8 && memcmp(bytes, "\x0f\x1f\x84\x00", 4) == 0 && memcmp(bytes + 5, "\x5a\xc0\x51", 3) == 0)
        return bytes[4];
    if (size != 4)
        return 0;
    memcpy(&word, bytes, 4);
    return (word & 0xffffe01fu) == (0xd280001fu | 0x5a00u << 5) ? word >> 5 & 0xff : 0;
}

static void on_translation(qemu_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, QEMU_NO_REGISTERS, (void *)(uintptr_t)count);
    if (qemu_plugin_tb_vaddr(block) >> 63) /* the guest's kernel: its instructions count as time, its data do not */
        return;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn   = qemu_plugin_tb_get_insn(block, i);
        uintptr_t                marker = marker_of(insn);
        if (marker)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_NO_REGISTERS, (void *)marker);
        qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_NO_REGISTERS, QEMU_READS_AND_WRITES, NULL);
    }
}

static void read_nodes(char *text)
{
    char *rest = NULL;
    for (char *mib = strtok_r(text, ":", &rest); mib && it.nodes < MODEL_NODES; mib = strtok_r(NULL, ":", &rest))
        it.node_bytes[it.nodes++] = strtoull(mib, NULL, 10) << 20;
}

static bool read_argument(char *argument)
{
    char *value = strchr(argument, '=');
    if (!value)
        return false;
    *value++ = '\0';
    if (strcmp(argument, "out") == 0)
        it.out = fopen(value, "w");
    else if (strcmp(argument, "nodes") == 0)
        read_nodes(value);
    else if (strcmp(argument, "cpus") == 0)
        it.shape.cpus_per_node = (uint32_t)atoi(value);
    else if (strcmp(argument, "first") == 0)
        it.shape.private_kib = (uint32_t)atoi(value);
    else if (strcmp(argument, "second") == 0)
        it.shape.second_kib = (uint32_t)atoi(value);
    else if (strcmp(argument, "shared") == 0)
        it.shape.shared_kib = (uint32_t)atoi(value);
    else if (strcmp(argument, "pace") == 0)
        it.keeps_pace = atoi(value) != 0;
    else
        return false;
    return true;
}

int qemu_plugin_install(qemu_id id, const qemu_info *info, int argument_count, char **arguments)
{
    for (int i = 0; i < argument_count; i++)
        if (!read_argument(arguments[i])) {
            fprintf(stderr, "cache_plugin: not understood: %s\n", arguments[i]);
            return 1;
        }
    it.shape.cpus = info->system_emulation ? (uint32_t)info->system.smp_vcpus : 0;
    if (!it.out || it.nodes == 0 || !model_init(&it.shape)) {
        fprintf(stderr, "cache_plugin: needs out=FILE, nodes=MIB:..., cpus=N, and a machine of 1 to 64 CPUs\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_idle_cb(id, on_idle);
    qemu_plugin_register_vcpu_resume_cb(id, on_resume);
    return 0;
}
