// SPDX-License-Identifier: Apache-2.0
// Runs graphs of two sizes for callgrind and has it write down the instructions of each run under the name
// "SHAPE BUILDER SIZE". One thread does everything, so that the counts are the same every time.
// usage: count_program ARCH ORCH_MODULE DIALECT_MODULE KERNEL_MODULE
#include "pto/pto.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <valgrind/callgrind.h>
#include <vector>

namespace {

/// Tasks per run, or runs of one task. Fixed costs are in both and vanish from the difference.
constexpr uint64_t kSizes[] = {1024, 3072};

/// A chip that has room for all tasks never takes slots back.
constexpr uint32_t kFewTasks = 128;

struct Shape {
    const char *name;
    const char *entry;
    uint32_t max_tasks; ///< 0: the default.
    bool one_task;      ///< The size is the number of runs.
    bool in_dialect;    ///< The entry is in the module of the dialect.
};

constexpr Shape kShapes[] = {
    {"chain", "counted_chain", 0, false, false},
    {"wide", "counted_wide", 0, false, false},
    {"tree", "counted_tree", 0, false, false},
    {"stencil", "counted_stencil", 0, false, false},
    {"stream", "counted_stream", kFewTasks, false, false},
    {"run", "counted_wide", 0, true, false},
    {"dialect_chain", "counted_dialect_chain", 0, false, true},
    {"dialect_stencil", "counted_dialect_stencil", 0, false, true},
};

void *do_nothing(void *)
{
    return nullptr;
}

void require(bool holds, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s: %s\n", what, pto_last_error()->message);
    std::exit(1);
}

std::vector<char> read_file(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Threads beside this one come and go with the clock. On one processor the chip wants no helpers.
void stay_on_one_processor()
{
    cpu_set_t all;
    CPU_ZERO(&all);
    require(sched_getaffinity(0, sizeof all, &all) == 0, "sched_getaffinity");
    for (unsigned i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all))
            continue;
        CPU_ZERO(&all);
        CPU_SET(i, &all);
        break;
    }
    require(sched_setaffinity(0, sizeof all, &all) == 0, "sched_setaffinity");
}

class Counter {
public:
    Counter(const char *arch, const char *orch, const char *dialect, const char *kernel)
        : arch_(arch), orch_(read_file(orch)), dialect_(read_file(dialect)), kernel_(read_file(kernel))
    {
    }

    /// A chip of its own for each shape: nothing is left of the one before.
    void count(const Shape &shape)
    {
        pto_open_options options = PTO_OPEN_OPTIONS_INIT;
        options.arch = arch_;
        options.max_tasks = shape.max_tasks;
        require(pto_open(&options, &chip_) == PTO_OK, "pto_open");
        uint64_t address = 0;
        require(pto_malloc(chip_, 1024, &address) == PTO_OK, "pto_malloc");
        const uint32_t one[] = {1};
        input_ = pto_device_tensor(address, PTO_FLOAT32, 1, one);
        count_builder(shape, "device", PTO_DEVICE_BUILT, PTO_GRAPH_ORCHESTRATED);
        count_builder(shape, "replay", PTO_HOST_BUILT, PTO_GRAPH_REPLAYED);
        pto_close(chip_);
    }

private:
    void prepare(const Shape &shape, uint32_t builder)
    {
        const std::vector<char> &orch = shape.in_dialect ? dialect_ : orch_;
        const pto_kernel kernels[] = {{0, PTO_CORE_AIV, "empty", kernel_.data(), kernel_.size()}};
        const pto_param params[] = {{PTO_DIR_IN, PTO_FLOAT32, 1, 0, "input"}, {PTO_SCALAR_ARG, 0, 0, 0, "count"}};
        pto_callable callable = PTO_CALLABLE_INIT;
        callable.builder = builder;
        callable.orch_entry = shape.entry;
        callable.orch_image = orch.data();
        callable.orch_image_bytes = orch.size();
        callable.kernels = kernels;
        callable.kernel_count = 1;
        callable.params = params;
        callable.param_count = 2;
        require(pto_prepare(chip_, 0, &callable) == PTO_OK, "pto_prepare");
    }

    /// Returns how the last run came by its graph.
    uint32_t run(const Shape &shape, uint64_t size)
    {
        const uint64_t tasks = shape.one_task ? 1 : size;
        const uint64_t runs = shape.one_task ? size : 1;
        pto_args args = PTO_ARGS_INIT;
        args.tensors = &input_;
        args.tensor_count = 1;
        args.scalars = &tasks;
        args.scalar_count = 1;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        for (uint64_t i = 0; i < runs; i++) {
            require(pto_run(chip_, 0, &args, nullptr, &result) == PTO_OK, "pto_run");
            require(result.tasks == tasks && result.kernels == tasks, "some tasks did not run");
        }
        return result.graph_source;
    }

    void count_builder(const Shape &shape, const char *name, uint32_t builder, uint32_t source)
    {
        prepare(shape, builder);
        for (const uint64_t size : kSizes) {
            run(shape, size); // records the graph, touches memory, binds symbols
            run(shape, size); // makes the graph's instance
            const std::string title = std::string(shape.name) + " " + name + " " + std::to_string(size);
            CALLGRIND_START_INSTRUMENTATION;
            CALLGRIND_ZERO_STATS;
            const uint32_t met = run(shape, size);
            CALLGRIND_DUMP_STATS_AT(title.c_str());
            CALLGRIND_STOP_INSTRUMENTATION;
            require(met == source, "the graph came from elsewhere");
        }
        require(pto_release(chip_, 0) == PTO_OK, "pto_release");
    }

    const char *arch_;
    const std::vector<char> orch_;
    const std::vector<char> dialect_;
    const std::vector<char> kernel_;
    pto_context *chip_ = nullptr;
    pto_tensor input_{};
};

} // namespace

/// The library's threads, the monitor of a chip above all, end before they have done anything. Nothing that is counted
/// here needs them.
extern "C" __attribute__((visibility("default"))) int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*)(void *), void *argument)
{
    using Create = int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    return create(thread, attributes, do_nothing, argument);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        std::fprintf(stderr, "usage: %s ARCH ORCH_MODULE DIALECT_MODULE KERNEL_MODULE\n", argv[0]);
        return 2;
    }
    stay_on_one_processor();
    Counter counter(argv[1], argv[2], argv[3], argv[4]);
    for (const Shape &shape : kShapes)
        counter.count(shape);
    return 0;
}
