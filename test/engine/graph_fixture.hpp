// SPDX-License-Identifier: Apache-2.0
// A graph builder on an engine of any size, driven through the table of pto/orch.h. Nothing runs by itself: tasks
// complete when the builder waits, or when a test says so.
#ifndef PTO_TEST_ENGINE_GRAPH_FIXTURE_HPP
#define PTO_TEST_ENGINE_GRAPH_FIXTURE_HPP

#include "engine_test.hpp"

#include "engine/graph_builder.h"

#include <functional>
#include <memory>

namespace pto::test {

using pto::engine::Engine;
using pto::engine::Geometry;
using pto::engine::GraphBuilder;
using pto::engine::kNone;
using pto::engine::TaskSlot;

/// Func ids of the fixture's callable.
enum Func : int32_t { kAicFunc = 0, kAivFunc = 1, kNoFunc = 2, kOtherAivFunc = 3, kAnyFunc = 4, kFuncCount = 5 };

inline constexpr uint64_t kHeapBytes = 64 << 10;
inline constexpr uint64_t kOutsideBytes = 64 << 10; ///< Device memory behind the heap.

struct GraphOptions {
    Geometry geometry = Geometry::of_tasks(64);
    uint64_t heap_bytes = kHeapBytes;
    uint32_t tensor_count = 0; ///< Arguments of the run: each kArgumentElements floats.
    uint32_t workers = 2;      ///< Threads that may complete tasks.
    uint32_t scalar_count = 0; ///< Scalar arguments of the run, zero until a test writes them.
};

inline constexpr uint32_t kArgumentElements = 256;

/// An output of `kilobytes` KiB.
inline pto_tensor sized(uint32_t kilobytes)
{
    return plain(PTO_UINT8, {kilobytes * 1024});
}

inline pto_arg in(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_INPUT, &tensor);
}
inline pto_arg inout(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_INOUT, &tensor);
}
inline pto_arg write(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_OUTPUT_EXISTING, &tensor);
}
inline pto_arg no_dep(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_NO_DEP, &tensor);
}
inline pto_arg out(pto_tensor &tensor)
{
    return pto_arg_of_output(&tensor);
}

class Graph {
public:
    explicit Graph(const GraphOptions &options = {})
        : options_(options), memory_(options.heap_bytes + kOutsideBytes), arena_(arena_bytes(options.geometry)),
          args_block_(wire::kMaxArgsImageBytes), builder_(engine)
    {
        engine.layout(arena_.get(), options.geometry);
        engine.heap_base = memory_.address();
        engine.heap_bytes = options.heap_bytes;
        engine.memory_base = memory_.address();
        engine.memory_bytes = options.heap_bytes + kOutsideBytes;
        engine.port = {this, do_work, relax, work_ready, log, nullptr, nullptr, nullptr};
        assert_true(begin());
    }

    /// Begins a run, which ends the one before.
    bool begin()
    {
        args = wire::begin_args_image(args_block_.get(), options_.tensor_count, options_.scalar_count);
        for (uint32_t i = 0; i < options_.tensor_count; i++) {
            args.tensors[i] = plain(PTO_FLOAT32, {kArgumentElements});
            args.tensors[i].addr = outside() + i * kArgumentElements * sizeof(float);
        }
        return begin_with_arguments();
    }
    /// Begins a run whose arguments are in `args` already.
    bool begin_with_arguments()
    {
        ran.clear();
        skipped.clear();
        joins = 0;
        engine.reset(options_.workers);
        wire::LaunchBlock launch{};
        launch.kernels = reinterpret_cast<uint64_t>(kernels);
        launch.kernel_count = kFuncCount;
        const bool begun = builder_.begin(launch, args, 2, args.scalars);
        orch = builder_.orch();
        return begun;
    }

    /// First byte of device memory behind the heap.
    uint64_t outside() const { return memory_.address() + options_.heap_bytes; }
    uint64_t heap_base() const { return memory_.address(); }

    pto_task_id submit(std::initializer_list<pto_arg> list, std::initializer_list<pto_task_id> dependencies = {})
    {
        pto_task task = aiv_task();
        task.args = list.begin();
        task.arg_count = static_cast<uint32_t>(list.size());
        task.dependencies = dependencies.begin();
        task.dependency_count = static_cast<uint32_t>(dependencies.size());
        return pto_submit_task(orch, &task);
    }
    static pto_task aiv_task()
    {
        pto_task task = PTO_TASK_INIT;
        task.aiv0 = kAivFunc;
        return task;
    }

    /// Runs one ready task; false when there is none.
    bool run_one()
    {
        for (engine::ReadyQueue &queue : engine.ready) {
            const uint32_t index = queue.pop(&engine.tasks[0]);
            if (index == kNone)
                continue;
            run(engine.tasks[index]);
            return true;
        }
        return false;
    }
    void run_all()
    {
        while (run_one()) {}
    }
    /// Runs the ready task with this ordinal, which may not be a join; false when it is not ready.
    bool run_task(uint32_t ordinal)
    {
        return run_if(
            [&](const TaskSlot &slot) { return (slot.flags & engine::kJoin) == 0 && slot.ordinal == ordinal; });
    }
    /// Completes the joins that are ready.
    void run_joins()
    {
        while (run_if([](const TaskSlot &slot) { return (slot.flags & engine::kJoin) != 0; })) {}
    }
    /// Tasks that could run now.
    uint32_t ready_count()
    {
        std::vector<uint32_t> indices;
        for (engine::ReadyQueue &queue : engine.ready)
            for (uint32_t at = queue.pop(&engine.tasks[0]); at != kNone; at = queue.pop(&engine.tasks[0]))
                indices.push_back(at);
        for (const uint32_t index : indices)
            engine.push_ready(engine.tasks[index]);
        return static_cast<uint32_t>(indices.size());
    }

    /// Ends the run; every task has run then, unless the run was abandoned.
    void finish()
    {
        builder_.finish();
        if (!load_relaxed(engine.abandoned))
            assert_int_equal(engine.outstanding(), 0);
    }
    void finish_well()
    {
        finish();
        if (engine.error.status() != PTO_OK)
            fail_msg("the run failed: %s", engine.error.record().message);
        assert_int_equal(ran.size() + skipped.size() + joins, load_relaxed(engine.submitted));
    }

    const wire::ErrorRecord &error() const { return engine.error.record(); }
    /// The run has failed with this status and a message that contains `text`, and it ends nevertheless.
    void expect_error(pto_status status, const std::string &text)
    {
        assert_int_equal(pto_orch_status(orch), status);
        if (std::strstr(error().message, text.c_str()) == nullptr)
            fail_msg("\"%s\" is not in \"%s\"", text.c_str(), error().message);
        finish();
        assert_int_equal(pto_orch_status(orch), status);
    }

    Engine engine{};
    pto_orch *orch = nullptr;
    wire::ArgsView args{};
    std::vector<uint32_t> ran;              ///< Ordinals, in the order in which the tasks ran.
    std::vector<uint32_t> skipped;          ///< Ordinals of tasks whose predicate did not hold.
    uint32_t joins = 0;                     ///< Joins of manual scopes that completed.
    std::function<void(TaskSlot &)> kernel; ///< What tasks do, if it matters.
    std::vector<std::string> lines;         ///< Log.
    /// The builder waits, and there is no work.
    std::function<void()> on_relax = [] { fail_msg("the builder waits although nothing can run"); };
    uint32_t waits = 0;                                        ///< Calls of the port's work that found some.
    std::function<bool()> work = [this] { return run_one(); }; ///< What the owner does while it waits.
    const wire::KernelEntry kernels[kFuncCount] = {{0x100, wire::core_type_mask(PTO_CORE_AIC), 0},
                                                   {0x101, wire::core_type_mask(PTO_CORE_AIV), 0},
                                                   {},
                                                   {0x103, wire::core_type_mask(PTO_CORE_AIV), 0},
                                                   {0x104, wire::core_type_mask(PTO_CORE_ANY), 0}};

private:
    static std::size_t arena_bytes(const Geometry &geometry) { return Engine::layout_bytes(geometry); }

    template <class Wanted> bool run_if(Wanted &&wanted)
    {
        TaskSlot *found = nullptr;
        std::vector<uint32_t> others;
        for (engine::ReadyQueue &queue : engine.ready)
            for (uint32_t at = queue.pop(&engine.tasks[0]); at != kNone; at = queue.pop(&engine.tasks[0])) {
                if (found == nullptr && wanted(engine.tasks[at]))
                    found = &engine.tasks[at];
                else
                    others.push_back(at);
            }
        for (const uint32_t index : others)
            engine.push_ready(engine.tasks[index]);
        if (found != nullptr)
            run(*found);
        return found != nullptr;
    }

    void run(TaskSlot &slot)
    {
        using namespace pto::engine;
        const bool holds =
            (slot.flags & kHasPredicate) == 0 || pto::engine::holds(engine.tasks.payload.predicate(slot), engine.port);
        if ((slot.flags & kJoin) != 0)
            joins++;
        else
            (holds ? ran : skipped).push_back(slot.ordinal);
        if (kernel && holds && (slot.flags & kJoin) == 0)
            kernel(slot);
        if (TaskSlot *next = engine.complete(1, slot); next != nullptr)
            engine.push_ready(*next);
    }

    static bool do_work(void *self)
    {
        auto &graph = *static_cast<Graph *>(self);
        const bool any = graph.work();
        graph.waits += any ? 1 : 0;
        return any;
    }
    static void relax(void *self, uint32_t) { static_cast<Graph *>(self)->on_relax(); }
    static void work_ready(void *, uint32_t count) { assert_int_not_equal(count, 0); }
    static void log(void *self, int32_t level, const char *message)
    {
        static_cast<Graph *>(self)->lines.push_back(std::to_string(level) + " " + message);
    }

    GraphOptions options_;
    Arena memory_;
    Arena arena_;
    Arena args_block_;
    GraphBuilder builder_;
};

} // namespace pto::test

#endif
