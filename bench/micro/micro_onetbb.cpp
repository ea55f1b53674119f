// SPDX-License-Identifier: BSD-3-Clause
// The micro benchmarks in oneTBB: task_group inside an arena, task_arena::enqueue from outside of it.
#include "micro.h"

#include <memory>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>
#include <thread>
#include <vector>

extern const char *const micro_form;
const char *const        micro_form = "onetbb";

namespace
{
constexpr uint64_t gap_ns    = 1000; // between hand-offs: the worker has left the last task and looks for the next
constexpr long     park_ms   = 5;    // longer than oneTBB's workers spin
constexpr double   ns_per_s  = 1e9;
constexpr int      producers = 2; // of external-many

// Binds an arena's threads to `count` CPUs beginning with number `first`. Counted round, because an arena of one has
// two slots and its worker may sit in either.
class pinning : public tbb::task_scheduler_observer
{
  public:
    pinning(tbb::task_arena &arena, unsigned first, unsigned count)
        : tbb::task_scheduler_observer(arena), first_cpu(first), cpus(count)
    {
        observe(true);
    }
    void on_scheduler_entry(bool) override
    {
        unsigned slot = static_cast<unsigned>(tbb::this_task_arena::current_thread_index());
        int      cpu  = micro_cpu(first_cpu + slot % cpus);
        if (cpu >= 0)
            micro_bind(cpu);
    }
    ~pinning() override
    {
        observe(false);
    }

  private:
    unsigned first_cpu, cpus;
};

void need_two_cpus()
{
    if (micro_cpu(1) >= 0)
        return;
    fputs("micro: a hand-off needs two CPUs\n", stderr);
    exit(MICRO_SKIP);
}

void handoff(const char *bench, const micro_request *request, bool parked)
{
    need_two_cpus();
    tbb::global_control   allow(tbb::global_control::max_allowed_parallelism, 2); // this thread and one worker
    tbb::task_arena       arena(1, 0);
    pinning               pins(arena, 1, 1);
    micro_slot            slot = {};
    std::vector<uint64_t> ticks(static_cast<size_t>(request->count));

    micro_bind(micro_cpu(0));
    for (uint64_t &t : ticks) {
        if (parked)
            micro_sleep_ms(park_ms);
        else
            micro_gap_ns(gap_ns);
        slot.begin_ticks = micro_ticks();
        arena.enqueue([&slot] { micro_slot_take(&slot); });
        micro_slot_wait(&slot);
        t = slot.end_ticks - slot.begin_ticks;
    }
    micro_open(bench, request);
    micro_text("how", "task_arena::enqueue");
    micro_print_latency(ticks.data(), request->count, micro_ns_per_tick());
    micro_close();
}

void handoff_spin(const micro_request *request)
{
    handoff("handoff-spin", request, false);
}

void handoff_parked(const micro_request *request)
{
    handoff("handoff-parked", request, true);
}

void print_rate(const char *bench, const micro_request *request, const char *how, uint64_t spent_ns)
{
    micro_open(bench, request);
    micro_text("how", how);
    micro_field("count", static_cast<double>(request->count));
    micro_field("ns_per_task", static_cast<double>(spent_ns) / static_cast<double>(request->count));
    micro_field("tasks_per_s", static_cast<double>(request->count) * ns_per_s / static_cast<double>(spent_ns));
    micro_close();
}

// As many workers as asked for beside the producers' own threads, which stay outside.
template <typename Make> uint64_t from_outside(const micro_request *request, int threads, Make make)
{
    tbb::global_control allow(tbb::global_control::max_allowed_parallelism, request->workers + 1);
    tbb::task_arena     arena(static_cast<int>(request->workers), 0);
    uint64_t            begin = 0;

    for (int round = 0; round < 2; round++) { // the first one warms the pools
        tbb::task_group          group;
        std::vector<std::thread> crew;
        long                     share = request->count / threads;
        begin                          = micro_now_ns();
        for (int t = 1; t < threads; t++)
            crew.emplace_back([&] { make(arena, group, share); });
        make(arena, group, request->count - share * (threads - 1));
        for (std::thread &t : crew)
            t.join();
        arena.execute([&] { group.wait(); });
    }
    return micro_now_ns() - begin;
}

void enqueue_empty(tbb::task_arena &arena, tbb::task_group &group, long count)
{
    for (long i = 0; i < count; i++)
        arena.enqueue(group.defer([] { micro_empty(nullptr); }));
}

void external_single(const micro_request *request)
{
    print_rate("external-single", request, "task_arena::enqueue(task_group::defer())",
               from_outside(request, 1, enqueue_empty));
}

void external_many(const micro_request *request)
{
    print_rate("external-many", request, "task_arena::enqueue from two threads",
               from_outside(request, producers, enqueue_empty));
}

template <typename Body> uint64_t inside(const micro_request *request, Body body)
{
    tbb::task_arena arena(static_cast<int>(request->workers));
    pinning         pins(arena, 0, request->workers);
    uint64_t        begin = 0;

    for (int round = 0; round < 2; round++) {
        begin = micro_now_ns();
        arena.execute(body);
    }
    return micro_now_ns() - begin;
}

void inside_single(const micro_request *request)
{
    uint64_t spent = inside(request, [=] {
        tbb::task_group group;
        for (long i = 0; i < request->count; i++)
            group.run([] { micro_empty(nullptr); });
        group.wait();
    });
    print_rate("inside-single", request, "task_group::run", spent);
}

void inside_batch(const micro_request *request)
{
    uint64_t spent = inside(request, [=] {
        tbb::parallel_for(
            tbb::blocked_range<long>(0, request->count, 1),
            [](const tbb::blocked_range<long> &r) {
                for (long i = r.begin(); i < r.end(); i++)
                    micro_empty(nullptr);
            },
            tbb::simple_partitioner());
    });
    print_rate("inside-batch", request, "parallel_for, grain 1", spent);
}

void inside_many(const micro_request *request)
{
    uint64_t spent = inside(request, [=] {
        long share = request->count / static_cast<long>(request->workers);
        tbb::parallel_for(0u, request->workers, [=](unsigned) {
            tbb::task_group group;
            for (long i = 0; i < share; i++)
                group.run([] { micro_empty(nullptr); });
            group.wait();
        });
    });
    print_rate("inside-many", request, "task_group::run from every worker", spent);
}

void print_flat(const char *bench, const micro_request *request, const char *how, uint64_t serial_ns, uint64_t spent_ns)
{
    micro_open(bench, request);
    micro_text("how", how);
    micro_field("count", static_cast<double>(request->count));
    micro_field("serial_ns_per_task", static_cast<double>(serial_ns) / static_cast<double>(request->count));
    micro_field("ns_per_task", static_cast<double>(spent_ns) / static_cast<double>(request->count));
    micro_close();
}

uint64_t serial_100ns(std::vector<uint64_t> &words)
{
    uint64_t begin = micro_now_ns();

    for (uint64_t &word : words)
        micro_work_100ns(&word);
    return micro_now_ns() - begin;
}

void flat_100ns(const micro_request *request)
{
    std::vector<uint64_t> words(static_cast<size_t>(request->count));
    uint64_t              serial = serial_100ns(words);
    uint64_t              spent  = inside(request, [&] {
        tbb::task_group group;
        for (uint64_t &word : words)
            group.run([&word] { micro_work_100ns(&word); });
        group.wait();
    });
    print_flat("flat-100ns", request, "task_group::run", serial, spent);
}

void external_100ns(const micro_request *request)
{
    std::vector<uint64_t> words(static_cast<size_t>(request->count));
    uint64_t              serial = serial_100ns(words);
    uint64_t              spent  = from_outside(request, 1, [&](tbb::task_arena &arena, tbb::task_group &group, long) {
        for (uint64_t &word : words)
            arena.enqueue(group.defer([&word] { micro_work_100ns(&word); }));
    });
    print_flat("external-100ns", request, "task_arena::enqueue", serial, spent);
}

template <typename Loop> void loops(const char *bench, const micro_request *request, const char *how, Loop loop)
{
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, request->workers);
    tbb::task_arena     arena(static_cast<int>(request->workers));
    pinning             pins(arena, 0, request->workers);
    uint64_t            round_ns[MICRO_LOOP_ROUNDS], begun = micro_now_ns();
    long                round = 0;

    arena.execute([&] {
        for (; micro_loop_goes_on(round, begun); round++) {
            uint64_t begin = micro_now_ns();
            loop();
            round_ns[round] = micro_now_ns() - begin;
        }
    });
    micro_print_loop(bench, request, how, round_ns, round);
}

const auto iterate_range = [](const tbb::blocked_range<long> &range) {
    for (long i = range.begin(); i < range.end(); i++)
        micro_iterate();
};

void loop_grain1(const micro_request *request)
{
    loops("loop-grain1", request, "parallel_for, grain 1, simple_partitioner", [request] {
        tbb::parallel_for(tbb::blocked_range<long>(0, request->count, 1), iterate_range, tbb::simple_partitioner());
    });
}

void loop_auto(const micro_request *request)
{
    loops("loop-auto", request, "parallel_for, auto_partitioner", [request] {
        tbb::parallel_for(tbb::blocked_range<long>(0, request->count), iterate_range);
    });
}

void loop_empty(const micro_request *request)
{
    tbb::global_control   limit(tbb::global_control::max_allowed_parallelism, request->workers);
    tbb::task_arena       arena(static_cast<int>(request->workers));
    pinning               pins(arena, 0, request->workers);
    std::vector<uint64_t> ticks(static_cast<size_t>(request->count));

    arena.execute([&] {
        for (uint64_t &t : ticks) {
            uint64_t begin = micro_ticks();
            tbb::parallel_for(tbb::blocked_range<long>(0, request->workers), iterate_range, tbb::static_partitioner());
            t = micro_ticks() - begin;
        }
    });
    micro_open("loop-empty", request);
    micro_text("how", "parallel_for, static_partitioner, an iteration per thread");
    micro_print_latency(ticks.data(), request->count, micro_ns_per_tick());
    micro_close();
}

tbb::task_arena *grain_arena; // of the grain measurements, whose callback takes the slice alone

void slice_of_tasks(micro_slice *slice)
{
    grain_arena->execute([=] {
        tbb::task_group group;
        for (long i = 0; i < slice->count; i++)
            group.run([=] { micro_work(&slice->words[i], slice->steps); });
        group.wait();
    });
}

void slice_of_loop(micro_slice *slice)
{
    grain_arena->execute(
        [=] { tbb::parallel_for(0L, slice->count, [=](long i) { micro_work(&slice->words[i], slice->steps); }); });
}

void grain(const char *bench, const micro_request *request, const char *how, void (*run)(micro_slice *))
{
    tbb::task_arena arena(static_cast<int>(request->workers));
    pinning         pins(arena, 0, request->workers);

    grain_arena = &arena;
    micro_grain(bench, request, how, run);
}

void grain_task(const micro_request *request)
{
    grain("grain-task", request, "task_group::run", slice_of_tasks);
}

void grain_loop(const micro_request *request)
{
    grain("grain-loop", request, "parallel_for, auto partitioner", slice_of_loop);
}

const micro_bench benches[] = {
    { "loop-grain1", loop_grain1 },       { "loop-auto", loop_auto },             { "loop-empty", loop_empty },
    { "grain-task", grain_task },         { "grain-loop", grain_loop },           { "handoff-spin", handoff_spin },
    { "handoff-parked", handoff_parked }, { "external-single", external_single }, { "external-many", external_many },
    { "external-100ns", external_100ns }, { "inside-single", inside_single },     { "inside-batch", inside_batch },
    { "inside-many", inside_many },       { "flat-100ns", flat_100ns },           { nullptr, nullptr },
};
} // namespace

extern const micro_bench *const micro_benches;
const micro_bench *const        micro_benches = benches;
