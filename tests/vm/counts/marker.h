/* SPDX-License-Identifier: BSD-3-Clause */
/* Instructions that do nothing but tell the plugin where counting begins and ends: an 8-byte nop with a number in its
 * displacement on x86, a move to the zero register on Arm. A program that has them runs unchanged anywhere. */
#ifndef RAMIFY_TESTS_VM_MARKER_H
#define RAMIFY_TESTS_VM_MARKER_H

/* Numbers: 1 begins a region (caches empty, counts zero), 2 ends it and writes the counts down; 3 makes CPUs take turns
 * from here on, so that what a runtime learns before a region is learnt at the region's pace. */
#if defined(__x86_64__)
#define MARK(number) __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, " #number ", 0x5a, 0xc0, 0x51" ::: "memory")
#elif defined(__aarch64__)
#define MARK(number) __asm__ volatile(".inst 0xd280001f | (0x5a00 | " #number ") << 5" ::: "memory")
#else
#define MARK(number) ((void)0)
#endif

#define MARK_PACE() MARK(3)
#define MARK_BEGIN() MARK(1)
#define MARK_END() MARK(2)

#endif
