/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the kernel's files; see kernel_files.h. */
#include "kernel_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A node's meminfo is 1.6 KiB (Linux 6.18); what is read of it here stands in the first lines. */
enum { FILE_BYTES = 4096, PATH_BYTES = 120 };

/* The file's beginning as text; false when it cannot be read. */
static int read_text(const char *path, char text[FILE_BYTES])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t got = read(file, text, FILE_BYTES - 1);
    close(file);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

static int read_number(const char *path, uint64_t *number)
{
    char text[FILE_BYTES], *end;
    if (!read_text(path, text))
        return 0;
    *number = strtoull(text, &end, 10);
    return end != text;
}

/* The number after a word of a text, in KiB; false when the word is not there. */
static int find_kib(const char *text, const char *word, uint64_t *bytes)
{
    const char *at = strstr(text, word);
    if (!at)
        return 0;
    *bytes = strtoull(at + strlen(word), NULL, 10) * 1024;
    return 1;
}

/* The low watermark is 5/4 of the zone's share of min_free_kbytes, or that share and 1/1000 of the zone
 * (watermark_scale_factor 10), whichever is more: mm/page_alloc.c, __setup_per_zone_wmarks. Shares go by size, so a
 * node's is at most min_free_kbytes whole; that, and 1/500 for the pages each CPU keeps in hand, is left alone. */
static uint64_t reserve_of(uint64_t total_bytes)
{
    uint64_t least_kib = 0;
    read_number("/proc/sys/vm/min_free_kbytes", &least_kib);
    return least_kib * 1024 / 4 * 5 + total_bytes / 500;
}

uint64_t rmf_kernel_node_free_bytes(uint32_t node)
{
    char     path[PATH_BYTES], text[FILE_BYTES];
    uint64_t total_bytes, free_bytes;
    snprintf(path, sizeof path, "/sys/devices/system/node/node%u/meminfo", node);
    if (!read_text(path, text) || !find_kib(text, "MemTotal:", &total_bytes) ||
        !find_kib(text, "MemFree:", &free_bytes))
        return UINT64_MAX;
    uint64_t reserve = reserve_of(total_bytes);
    return free_bytes > reserve ? free_bytes - reserve : 0;
}

uint64_t rmf_kernel_node_pool_bytes(uint32_t node, uint64_t huge_bytes)
{
    char     path[PATH_BYTES];
    uint64_t pages = 0;
    snprintf(path, sizeof path, "/sys/devices/system/node/node%u/hugepages/hugepages-%llukB/free_hugepages", node,
             (unsigned long long)(huge_bytes / 1024));
    read_number(path, &pages);
    return pages * huge_bytes;
}

int rmf_kernel_balancing(void)
{
    uint64_t setting;
    return read_number("/proc/sys/kernel/numa_balancing", &setting) && setting <= 2 ? (int)setting : -1;
}

uint64_t rmf_kernel_huge_bytes(void)
{
    uint64_t bytes = 0;
    read_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", &bytes);
    return bytes;
}
