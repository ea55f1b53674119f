/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap and its relatives; see mapping.h. */
#include "mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26 /* where mmap(2) wants the logarithm of a huge page's size */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; glibc 2.35 */
#endif

uint64_t rmf_page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

bool rmf_round_up(size_t bytes, uint64_t unit, size_t *rounded)
{
    if (bytes > PTRDIFF_MAX - (unit - 1))
        return false;
    *rounded = (bytes + unit - 1) & ~(unit - 1);
    return true;
}

static char *map(size_t bytes, int flags)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

static bool map_from_pool(size_t bytes, uint64_t huge_bytes, uint64_t pool_bytes, rmf_mapping *m)
{
    size_t whole;
    if (!rmf_round_up(bytes, huge_bytes, &whole) || whole > pool_bytes)
        return false;
    m->start = map(whole, MAP_HUGETLB | __builtin_ctzll(huge_bytes) << MAP_HUGE_SHIFT);
    if (!m->start)
        return false;
    m->bytes        = whole;
    m->page_bytes   = huge_bytes;
    m->pages        = RAMIFY_PAGES_HUGE_POOL;
    m->pages_reason = RAMIFY_OK;
    return true;
}

/* Small pages at an address that huge ones may take the place of. */
static char *map_aligned(size_t bytes, uint64_t alignment)
{
    char *start = map(bytes + alignment, 0);
    if (!start)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)start & (alignment - 1)), after = alignment - before;
    if (before)
        munmap(start, before);
    if (after)
        munmap(start + before + bytes, after);
    return start + before;
}

static bool map_advised(size_t whole, uint64_t huge_bytes, rmf_mapping *m)
{
    if (whole > PTRDIFF_MAX - huge_bytes)
        return false;
    m->start = map_aligned(whole, huge_bytes);
    if (!m->start)
        return false;
    m->bytes = whole;
    if (madvise(m->start, whole, MADV_HUGEPAGE)) {
        m->pages        = RAMIFY_PAGES_SYSTEM;
        m->pages_reason = errno == EINVAL ? RAMIFY_ERR_NOT_FOUND : RAMIFY_ERR_SYSTEM;
    } else {
        m->pages        = RAMIFY_PAGES_HUGE;
        m->pages_reason = RAMIFY_OK;
    }
    return true;
}

ramify_status rmf_mapping_make(size_t bytes, uint32_t pages, uint64_t huge_bytes, uint64_t pool_bytes,
                               rmf_mapping *mapping)
{
    rmf_mapping m = { .page_bytes = rmf_page_bytes(), .pages = RAMIFY_PAGES_SYSTEM };
    size_t      whole;
    if (!rmf_round_up(bytes, m.page_bytes, &whole))
        return RAMIFY_ERR_RANGE;
    bool huge = pages == RAMIFY_PAGES_HUGE;
    bool got =
        huge && huge_bytes && (map_from_pool(bytes, huge_bytes, pool_bytes, &m) || map_advised(whole, huge_bytes, &m));
    if (!got) {
        m.start = map(whole, 0);
        m.bytes = whole;
        if (!m.start)
            return RAMIFY_ERR_NO_MEMORY;
        if (huge) /* without huge pages, or without room for their alignment */
            m.pages_reason = huge_bytes ? RAMIFY_ERR_NO_MEMORY : RAMIFY_ERR_NOT_FOUND;
        /* A kernel that refuses this advice has no huge pages, so what was asked holds all the same. */
        if (pages == RAMIFY_PAGES_SMALL) {
            (void)madvise(m.start, whole, MADV_NOHUGEPAGE);
            m.pages = RAMIFY_PAGES_SMALL;
        }
    }
    *mapping = m;
    return RAMIFY_OK;
}

void rmf_mapping_shrink(rmf_mapping *m, size_t bytes)
{
    size_t whole = bytes;
    if (!rmf_round_up(bytes, m->page_bytes, &whole) || whole >= m->bytes)
        return;
    if (munmap(m->start + whole, m->bytes - whole) == 0)
        m->bytes = whole;
}

ramify_status rmf_mapping_grow(rmf_mapping *m, size_t bytes)
{
    size_t whole;
    if (!rmf_round_up(bytes, m->page_bytes, &whole))
        return RAMIFY_ERR_RANGE;
    if (whole <= m->bytes)
        return RAMIFY_OK;
    void *start = mremap(m->start, m->bytes, whole, MREMAP_MAYMOVE);
    if (start == MAP_FAILED)
        return errno == ENOMEM ? RAMIFY_ERR_NO_MEMORY : RAMIFY_ERR_SYSTEM;
    m->start = start;
    m->bytes = whole;
    return RAMIFY_OK;
}

bool rmf_mapping_touch(char *start, size_t bytes)
{
    if (madvise(start, bytes, MADV_POPULATE_WRITE) == 0)
        return true;
    if (errno != EINVAL)
        return false;
    /* Before Linux 5.14: writing back what is there brings a page in and changes nothing. */
    uint64_t page_bytes = rmf_page_bytes();
    for (size_t at = 0; at < bytes; at += page_bytes) {
        volatile char *byte = start + at;
        *byte               = *byte;
    }
    return true;
}

void rmf_mapping_freeze(const rmf_mapping *m)
{
    /* Refused, it stays writable: the promise is to the reader, and no reader writes. */
    (void)mprotect(m->start, m->bytes, PROT_READ);
}

bool rmf_is_mapped(uintptr_t start, size_t bytes)
{
    uint64_t  page_bytes = rmf_page_bytes();
    uintptr_t first      = start & ~(page_bytes - 1);
    /* MS_ASYNC starts no I/O since Linux 2.6.19; what is left of the call is the walk over the mappings, which fails
     * with ENOMEM at a hole. mincore would do, but needs a byte per page. */
    return msync((void *)first, start + bytes - first, MS_ASYNC) == 0; // NOLINT(performance-no-int-to-ptr)
}

void rmf_mapping_drop(rmf_mapping *m)
{
    if (m->start)
        munmap(m->start, m->bytes);
    *m = (rmf_mapping){ 0 };
}
