/* SPDX-License-Identifier: BSD-3-Clause */
/* A program outside the tree, in C++, written from the public headers alone: two runtimes at once, tasks from lambdas,
 * the machine's tree. It prints the version it runs with when all of that came out right. */
#include <ramify/ramify.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

static void check(ramify_status status)
{
    if (status)
        throw std::runtime_error(std::string(ramify_status_name(status)) + ": " + ramify_status_advice(status));
}

struct Stop {
    void operator()(ramify_runtime *rt) const
    {
        (void)ramify_stop(rt);
    }
};
using Runtime = std::unique_ptr<ramify_runtime, Stop>;

static Runtime start(const char *policy)
{
    ramify_options  options = {};
    ramify_runtime *rt      = nullptr;
    options.policy          = policy;
    check(ramify_start(&options, &rt));
    return Runtime(rt);
}

static long sum_over(ramify_runtime *rt, long count)
{
    static std::atomic<long> sum;
    ramify_group            *group = nullptr;
    std::vector<long>        numbers(static_cast<size_t>(count));

    sum = 0;
    check(ramify_group_create(rt, nullptr, &group));
    for (long i = 0; i < count; i++) {
        long *number     = &numbers[static_cast<size_t>(i)];
        *number          = i;
        ramify_hint hint = ramify_at(0);
        check(ramify_submit(
            group, [](void *argument) { sum += *static_cast<long *>(argument); }, number, &hint));
    }
    check(ramify_wait(group));
    check(ramify_group_free(group));
    return sum;
}

int main()
{
    Runtime            one = start("round-robin"), two = start("work-stealing");
    const ramify_tree *tree = ramify_runtime_tree(one.get());
    check(ramify_tree_check(tree, nullptr));
    if (ramify_tree_leaf_count(tree) != ramify_runtime_workers(one.get()))
        return 1;
    if (sum_over(one.get(), 1000) != 499500 || sum_over(two.get(), 1000) != 499500)
        return 2;
    std::printf("Ramify %s\n", ramify_version());
    return 0;
}
