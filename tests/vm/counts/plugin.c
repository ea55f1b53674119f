/* SPDX-License-Identifier: BSD-3-Clause */
/* A QEMU plugin that feeds a guest's memory accesses to the cache model.
 *
 *     cache_plugin.so,out=FILE,nodes=512:512:512:512,cpus=2[,first=32,second=128,shared=512]
 *
 * nodes: MiB of each node; cpus: of each node; first, second, shared: KiB of each level. Counted are user-mode accesses
 * between two markers (marker.h); each region becomes a line of JSON in FILE. A page's node is where the guest's kernel
 * put it: found from the physical address, so the nodes' memory must be one object each, in order, below 3 GiB.
 *
 * From the third marker, or the first, to a region's end the guest's CPUs take turns, so that they advance alike
 * (cpu_turns.h): each has a thread of its own (-accel tcg,thread=multi). Left to itself the emulator gives them slices of
 * very unequal length. */
#include "cache_model.h"
#include "qemu_plugin.h"
#include "cpu_turns.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_id id, const qemu_info *info, int argument_count, char **arguments);

/* Accesses in a turn: a tenth of what a task of the even kernels does, or less, and twenty times what passing the
 * turn on costs. */
enum { TURN_ACCESSES = 4096 };

static struct {
    model_shape shape;
    uint64_t    node_bytes[MODEL_NODES];
    uint32_t    nodes;
    FILE       *out;
    bool        is_counting; /* read and written in a turn */
    atomic_bool is_pacing;
} it = { .shape = { .cpus_per_node = 1, .first_kib = 32, .second_kib = 128, .shared_kib = 512 } };

/* Node of a physical address as QEMU 7.2 gives it to plugins: where a node's memory begins is added twice. vm_counting
 * checks it against the kernel's own placement. */
static uint32_t node_of(uint64_t address)
{
    uint64_t base = 0;
    for (uint32_t node = 0; node < it.nodes; node++) {
        if (address >= 2 * base && address < 2 * base + it.node_bytes[node])
            return node;
        base += it.node_bytes[node];
    }
    return MODEL_NO_HOME;
}

static void count(unsigned cpu, qemu_meminfo info, uint64_t address)
{
    struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(info, address);
    if (!place || qemu_plugin_hwaddr_is_io(place))
        return;
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(place);
    model_access(cpu, physical / MODEL_LINE_BYTES, qemu_plugin_mem_is_store(info), node_of(physical));
}

static void on_memory(unsigned cpu, qemu_meminfo info, uint64_t address, void *self)
{
    (void)self;
    /* order: none needed; a CPU that learns late of a beginning or an end is off by an access */
    if (!atomic_load_explicit(&it.is_pacing, memory_order_relaxed))
        return;
    turns_begin(cpu);
    if (it.is_counting)
        count(cpu, info, address);
    turns_end(cpu);
}

static void write_counts(const model_counts *counts)
{
    const char *comma = "";
#define PRINT_COUNT(field)                                                                                             \
    fprintf(it.out, "%s\"" #field "\": %llu", comma, (unsigned long long)counts->field);                               \
    comma = ", ";
    MODEL_COUNTS(PRINT_COUNT)
#undef PRINT_COUNT
}

/* One line: the sum, then each CPU. */
static void write_region(void)
{
    model_counts sum = { 0 };
    for (uint32_t cpu = 0; cpu < it.shape.cpus; cpu++) {
        const model_counts *c = model_counts_of(cpu);
#define ADD_COUNT(field) sum.field += c->field;
        MODEL_COUNTS(ADD_COUNT)
#undef ADD_COUNT
    }
    fprintf(it.out, "{\"all\": {");
    write_counts(&sum);
    fprintf(it.out, "}, \"cpus\": [");
    for (uint32_t cpu = 0; cpu < it.shape.cpus; cpu++) {
        fprintf(it.out, "%s{", cpu ? ", " : "");
        write_counts(model_counts_of(cpu));
        fprintf(it.out, "}");
    }
    fprintf(it.out, "]}\n");
    fflush(it.out);
}

static void on_marker(unsigned cpu, void *number)
{
    uintptr_t mark = (uintptr_t)number;
    turns_begin(cpu);
    if (mark == 1) {
        model_reset();
        it.is_counting = true;
    } else if (mark == 2 && it.is_counting) {
        it.is_counting = false;
        write_region();
    }
    if (mark >= 1 && mark <= 3)
        /* order: none needed, as in on_memory() */
        atomic_store_explicit(&it.is_pacing, mark != 2, memory_order_relaxed);
    turns_end(cpu);
}

/* A CPU that waits in a loop leaves its turn to those that work, as the emulator does when it has one thread. */
static void on_pause(unsigned cpu, void *self)
{
    (void)self;
    turns_pause(cpu);
}

static void on_idle(qemu_id id, unsigned cpu)
{
    (void)id;
    turns_idle(cpu);
}

static bool is_pause(const struct qemu_plugin_insn *insn)
{
    return qemu_plugin_insn_size(insn) == 2 && memcmp(qemu_plugin_insn_data(insn), "\xf3\x90", 2) == 0;
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
    if (qemu_plugin_tb_vaddr(block) >> 63) /* the guest's kernel */
        return;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn   = qemu_plugin_tb_get_insn(block, i);
        uintptr_t                marker = marker_of(insn);
        if (marker)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_NO_REGISTERS, (void *)marker);
        if (is_pause(insn))
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_pause, QEMU_NO_REGISTERS, NULL);
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
        it.shape.first_kib = (uint32_t)atoi(value);
    else if (strcmp(argument, "second") == 0)
        it.shape.second_kib = (uint32_t)atoi(value);
    else if (strcmp(argument, "shared") == 0)
        it.shape.shared_kib = (uint32_t)atoi(value);
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
        fprintf(stderr, "cache_plugin: needs out=FILE, nodes=MIB:..., cpus=N, sizes that are powers of two, and a "
                        "machine of 1 to 64 CPUs on at most 16 nodes\n");
        return 1;
    }
    turns_init(TURN_ACCESSES);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_idle_cb(id, on_idle);
    return 0;
}
