/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of QEMU's plugin interface, version 1, that the model uses, declared here because Debian ships no header for
 * it. QEMU itself resolves the names when it loads the plugin. */
#ifndef RAMIFY_TESTS_VM_QEMU_PLUGIN_H
#define RAMIFY_TESTS_VM_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_id;
typedef uint32_t qemu_meminfo;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

typedef struct qemu_info {
    const char *target_name;
    struct {
        int min, cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus, max_vcpus;
    } system;
} qemu_info;

enum { QEMU_NO_REGISTERS = 0, QEMU_READS_AND_WRITES = 3 };

typedef void (*qemu_exec_fn)(unsigned vcpu, void *self);
typedef void (*qemu_memory_fn)(unsigned vcpu, qemu_meminfo info, uint64_t virtual_address, void *self);

extern void     qemu_plugin_register_vcpu_tb_trans_cb(qemu_id id, void (*fn)(qemu_id id, struct qemu_plugin_tb *tb));
extern void     qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_exec_fn fn, int flags,
                                                       void *self);
extern void     qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_memory_fn fn, int flags, int kinds,
                                                 void *self);
extern void     qemu_plugin_register_vcpu_idle_cb(qemu_id id, void (*fn)(qemu_id id, unsigned vcpu));
extern size_t   qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn   *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t at);
extern const void                *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t                     qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern bool                       qemu_plugin_mem_is_store(qemu_meminfo info);
extern struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_meminfo info, uint64_t virtual_address);
extern bool                       qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
extern uint64_t                   qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

#endif
