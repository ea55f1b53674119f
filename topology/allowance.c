/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathering the limits of the calling thread, and the sentence that says which of them decided. */
#include "allowance.h"
#include "cgroup.h"
#include "mask.h"
#include "places.h"
#include "rank_part.h"

#include <stdio.h>
#include <stdlib.h>

ramify_status rmf_limits_gather(const char *root, const rmf_log *log, rmf_limits *limits)
{
    limits->has_affinity = rmf_mask_read(limits->affinity);
    if (!limits->has_affinity)
        rmf_log_line(log, RAMIFY_LOG_WARNING, "the affinity mask of this thread cannot be read");
    ramify_status status = rmf_cgroup_cpus(root, log, limits->cpuset, &limits->has_cpuset);
    if (!status)
        status = rmf_cgroup_quota(root, log, &limits->quota_cpus, &limits->quota_file);
    return status;
}

/* Counts what would get a worker each: cores with a PU in the set, and PUs of it that no core is known for. */
typedef struct counter {
    const rmf_machine *machine;
    bool               per_pu;
    uint64_t          *bare; /* PUs in no core */
} counter;

static void find_bare(counter *c)
{
    const rmf_machine *m = c->machine;
    rmf_bits_copy(c->bare, m->online, m->words);
    for (uint32_t i = 0; i < m->object_count; i++)
        if (m->objects[i].level == RAMIFY_LEVEL_CORE)
            for (uint32_t w = 0; w < m->words; w++)
                c->bare[w] &= ~m->objects[i].cpus[w];
}

static uint32_t count_units(const counter *c, const uint64_t *set)
{
    const rmf_machine *m = c->machine;
    if (c->per_pu)
        return rmf_bits_count(set, m->words);
    uint32_t units = rmf_bits_count_common(set, c->bare, m->words);
    for (uint32_t i = 0; i < m->object_count; i++)
        units += m->objects[i].level == RAMIFY_LEVEL_CORE && rmf_bits_intersects(m->objects[i].cpus, set, m->words);
    return units;
}

/* Keeps of share->usable what is in `by`; when that takes units away, `limit` has decided. A limit that would leave
 * nothing describes another machine and is passed over: false. */
static bool narrow(const counter *c, const uint64_t *by, ramify_limit limit, rmf_share *share)
{
    uint32_t words = c->machine->words;
    if (!rmf_bits_intersects(share->usable, by, words))
        return false;
    rmf_bits_and(share->usable, by, words);
    uint32_t units = count_units(c, share->usable);
    if (units < share->workers) {
        share->workers = units;
        share->limit   = limit;
    }
    return true;
}

static void narrow_logged(const counter *c, ramify_bits by, ramify_limit limit, const char *what, const rmf_log *log,
                          rmf_share *share)
{
    uint64_t clipped[RMF_BITS_MAX_WORDS];
    rmf_bits_clip(clipped, c->machine->words, by);
    if (!narrow(c, clipped, limit, share))
        rmf_log_line(log, RAMIFY_LOG_WARNING, "%s names no CPU of this machine, ignored", what);
}

static ramify_status narrow_to_request(const counter *c, const ramify_tree_options *options, rmf_share *share)
{
    uint64_t      asked[RMF_BITS_MAX_WORDS] = { 0 };
    size_t        position                  = 0;
    ramify_status status                    = rmf_bits_parse(options->cpus, asked, &position);
    if (status)
        return rmf_diagnose(options->diagnosis, status, position,
                            "CPU list \"%.80s\": %s at character %zu; a list looks like 0-3,8", options->cpus,
                            status == RAMIFY_ERR_RANGE ? "an index or range that cannot be" : "not a number",
                            position + 1);
    if (!narrow(c, asked, RAMIFY_LIMIT_REQUEST, share)) {
        char usable[80];
        return rmf_diagnose(options->diagnosis, RAMIFY_ERR_INVALID, 0,
                            "CPU list \"%.80s\" names none of the CPUs that may be used: %s", options->cpus,
                            rmf_bits_list(share->usable, c->machine->words, usable, sizeof usable));
    }
    return RAMIFY_OK;
}

/* Places are a request, too; a worker for each of those chosen. */
static ramify_status narrow_to_places(const counter *c, const ramify_tree_options *options, rmf_share *share)
{
    uint64_t      set[RMF_BITS_MAX_WORDS];
    uint32_t      count;
    ramify_status status = rmf_places_choose(options->places, c->machine, share->usable, options->workers,
                                             options->close, set, &count, options->diagnosis);
    if (status)
        return status;
    if (!count) {
        char usable[80];
        return rmf_diagnose(options->diagnosis, RAMIFY_ERR_INVALID, 0,
                            "places \"%.80s\" hold none of the CPUs that may be used: %s", options->places,
                            rmf_bits_list(share->usable, c->machine->words, usable, sizeof usable));
    }
    narrow(c, set, RAMIFY_LIMIT_REQUEST, share);
    share->places = count;
    if (!options->workers && count != share->workers) {
        share->workers = count;
        share->limit   = RAMIFY_LIMIT_REQUEST;
    }
    return RAMIFY_OK;
}

/* A rank that its launcher bound takes what it was given; one that it did not takes its part of what all may use. */
static ramify_status narrow_to_rank(const counter *c, const rmf_limits *limits, const rmf_log *log, rmf_share *share)
{
    const rmf_machine *m = c->machine;
    uint64_t           part[RMF_BITS_MAX_WORDS];
    rmf_shape         *shape;
    ramify_status      status = rmf_shape_create(m, share->usable, c->per_pu, &(rmf_log){ 0 }, &shape);
    if (status)
        return status;
    rmf_bits_copy(part, share->usable, m->words);
    rmf_rank_part_cut(shape, &limits->ranks, part);
    rmf_shape_free(shape);
    narrow(c, part, RAMIFY_LIMIT_RANKS, share);
    share->limit = RAMIFY_LIMIT_RANKS;
    char list[80];
    rmf_log_line(log, RAMIFY_LOG_INFO, "rank %u of %u here (%s) is bound nowhere and takes its part, CPUs %s",
                 limits->ranks.rank, limits->ranks.count, limits->ranks.variable,
                 rmf_bits_list(share->usable, m->words, list, sizeof list));
    return RAMIFY_OK;
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static void say_why(const counter *c, const rmf_limits *limits, const ramify_tree_options *options, rmf_share *share)
{
    unsigned    hundredths = 0;
    const char *unit       = c->per_pu ? "hardware thread" : "core";
    char        list[96];
    uint32_t    n = share->workers;
    rmf_bits_list(share->usable, c->machine->words, list, sizeof list);
    int    head = snprintf(share->reason, sizeof share->reason, "%u worker%s: ", n, plural(n));
    char  *rest = share->reason + head;
    size_t room = sizeof share->reason - (size_t)head;
    switch (share->limit) {
    case RAMIFY_LIMIT_MACHINE: snprintf(rest, room, "one for each %s of the machine", unit); break;
    case RAMIFY_LIMIT_CPUSET:
        snprintf(rest, room, "one for each %s of the cpuset the system allows, CPUs %s", unit, list);
        break;
    case RAMIFY_LIMIT_AFFINITY:
        snprintf(rest, room, "one for each %s of the thread's affinity mask, CPUs %s", unit, list);
        break;
    case RAMIFY_LIMIT_QUOTA:
        hundredths = (unsigned)(limits->quota_cpus * 100 + 0.5); /* by hand: a locale may have a decimal comma */
        snprintf(rest, room, "the cgroup's CPU quota of %u.%02u CPUs (%s), rounded up", hundredths / 100,
                 hundredths % 100, limits->quota_file);
        break;
    case RAMIFY_LIMIT_RANKS:
        snprintf(rest, room, "MPI rank %u of %u here (%s), bound nowhere, takes its part, CPUs %s", limits->ranks.rank,
                 limits->ranks.count, limits->ranks.variable, list);
        break;
    case RAMIFY_LIMIT_REQUEST:
        if (share->places)
            snprintf(rest, room, "on %u place%s of \"%.60s\", CPUs %s", share->places, plural(share->places),
                     options->places, list);
        else if (options->workers)
            snprintf(rest, room, "as many as asked for, on CPUs %s", list);
        else
            snprintf(rest, room, "one for each %s of the CPUs asked for, %s", unit, list);
        break;
    }
}

/* A number the caller asks for stands above the quota: he may know that his tasks wait. */
static void count_workers(const rmf_limits *limits, const ramify_tree_options *options, const rmf_log *log,
                          rmf_share *share)
{
    uint32_t quota = 0;
    if (limits && limits->quota_cpus > 0 && limits->quota_cpus < RMF_BITS_MAX) {
        quota = (uint32_t)limits->quota_cpus;
        quota += limits->quota_cpus - quota > 0;
    }
    if (quota && quota < share->workers && !options->workers) {
        share->workers = quota;
        share->limit   = RAMIFY_LIMIT_QUOTA;
    }
    if (options->workers) {
        share->workers = options->workers;
        share->limit   = RAMIFY_LIMIT_REQUEST;
        if (quota && quota < options->workers)
            rmf_log_line(log, RAMIFY_LOG_WARNING, "%u workers asked for, but the CPU quota is %.2f CPUs (%s)",
                         options->workers, limits->quota_cpus, limits->quota_file);
    }
}

ramify_status rmf_limits_share(const rmf_machine *m, const rmf_limits *limits, const ramify_tree_options *options,
                               rmf_share *share)
{
    rmf_log       log                      = { options->log, options->log_self };
    uint64_t      bare[RMF_BITS_MAX_WORDS] = { 0 };
    counter       c                        = { m, options->workers_per == RAMIFY_PER_PU, bare };
    ramify_status status                   = RAMIFY_OK;

    find_bare(&c);
    rmf_bits_copy(share->usable, m->online, m->words);
    share->workers = count_units(&c, share->usable);
    share->limit   = RAMIFY_LIMIT_MACHINE;
    narrow_logged(&c, (ramify_bits){ m->allowed, m->words }, RAMIFY_LIMIT_CPUSET, "the allowed cpuset", &log, share);
    if (limits && limits->has_cpuset)
        narrow_logged(&c, (ramify_bits){ limits->cpuset, RMF_BITS_MAX_WORDS }, RAMIFY_LIMIT_CPUSET,
                      "the cgroup's cpuset", &log, share);
    uint32_t before = rmf_bits_count(share->usable, m->words);
    if (limits && limits->has_affinity)
        narrow_logged(&c, (ramify_bits){ limits->affinity, RMF_BITS_MAX_WORDS }, RAMIFY_LIMIT_AFFINITY,
                      "the affinity mask", &log, share);
    bool is_bound = rmf_bits_count(share->usable, m->words) < before;
    if (limits && limits->ranks.count > 1 && !is_bound && !options->cpus && !options->places)
        status = narrow_to_rank(&c, limits, &log, share);
    if (!status && options->cpus)
        status = narrow_to_request(&c, options, share);
    if (!status && options->places)
        status = narrow_to_places(&c, options, share);
    if (status)
        return status;
    count_workers(limits, options, &log, share);
    say_why(&c, limits, options, share);
    return RAMIFY_OK;
}
