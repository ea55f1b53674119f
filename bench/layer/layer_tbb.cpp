// SPDX-License-Identifier: BSD-3-Clause
// oneTBB: an arena as large as the run's number of workers; an observer binds each of its threads to one CPU of the
// process's mask, as the other forms bind theirs.
#include "layer.h"

#include <cstdlib>
#include <memory>
#include <sched.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>
#include <vector>

tbb::task_group *bench_tbb_root;

namespace
{
class pinning : public tbb::task_scheduler_observer
{
  public:
    explicit pinning(tbb::task_arena &arena) : tbb::task_scheduler_observer(arena)
    {
        cpu_set_t mask;
        sched_getaffinity(0, sizeof mask, &mask);
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &mask))
                cpus.push_back(cpu);
        observe(true);
    }
    void on_scheduler_entry(bool) override
    {
        cpu_set_t mask;
        CPU_ZERO(&mask);
        CPU_SET(cpus[static_cast<size_t>(tbb::this_task_arena::current_thread_index()) % cpus.size()], &mask);
        sched_setaffinity(0, sizeof mask, &mask);
    }

  private:
    std::vector<int> cpus;
};

std::unique_ptr<tbb::task_arena>           arena;
std::unique_ptr<pinning>                   pins;
std::unique_ptr<tbb::affinity_partitioner> memory_of_blocks; // where each keyed block ran last
} // namespace

void bench_layer_start(const bench_setup *setup)
{
    arena            = std::make_unique<tbb::task_arena>(static_cast<int>(setup->workers));
    memory_of_blocks = std::make_unique<tbb::affinity_partitioner>();
    arena->initialize();
    pins = std::make_unique<pinning>(*arena);
}

void bench_layer_enter(void (*fn)(void *), void *argument)
{
    arena->execute([=] {
        tbb::task_group root;
        bench_tbb_root = &root;
        fn(argument);
        root.wait();
    });
}

void bench_each(const bench_blocks *blocks)
{
    char *item = static_cast<char *>(blocks->items);
    auto  body = [=](long i) { blocks->fn(item + static_cast<size_t>(i) * blocks->item_bytes); };

    if (blocks->keyed)
        tbb::parallel_for(0L, blocks->count, body, *memory_of_blocks);
    else
        tbb::parallel_for(0L, blocks->count, body, tbb::auto_partitioner());
}

unsigned bench_self(void)
{
    return static_cast<unsigned>(tbb::this_task_arena::current_thread_index());
}

void bench_layer_report(FILE *)
{
}

void bench_layer_stop(void)
{
    pins->observe(false);
    pins.reset();
    arena.reset();
}
