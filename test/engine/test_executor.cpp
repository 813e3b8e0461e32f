// SPDX-License-Identifier: Apache-2.0
// Whole runs on the calling thread: orchestrations are functions of this file, kernels count.
#include "replay_fixture.hpp"

#include "aicpu/executor.h"

#include <cstdio>
#include <map>

namespace {

using namespace pto::test;
using namespace pto::aicpu;

constexpr int32_t kCallable = 5;

void submit_one(pto_orch *orch, std::initializer_list<pto_arg> list)
{
    pto_submit_kernels(orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, list.begin(), static_cast<uint32_t>(list.size()));
}

/// A chain of as many tasks on the argument as the scalar says, and a temporary in between.
void chain(pto_orch *orch)
{
    const pto_tensor &tensor = *pto_tensor_arg(orch, 0);
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++) {
        PTO_SCOPE (orch) {
            pto_tensor temporary = sized(48);
            submit_one(orch, {in(tensor), out(temporary)});
            submit_one(orch, {in(temporary), inout(tensor)});
        }
    }
    pto_log(orch, PTO_LOG_INFO, "%llu links", static_cast<unsigned long long>(pto_scalar_arg(orch, 0)));
}

void give_up(pto_orch *orch)
{
    submit_one(orch, {inout(*pto_tensor_arg(orch, 0))});
    pto_fatal(orch, 99, "gave up");
}

/// A device of which every kernel ends at once.
class Device {
public:
    explicit Device(void (*orchestration)(pto_orch *))
        : entry{PTO_ORCH_MAGIC, PTO_ABI_VERSION, 1, 1, "entry", orchestration}, memory_(kHeapBytes + kOutsideBytes),
          arena_(arena_bytes()), args_block_(pto::wire::kMaxArgsImageBytes), executor(config(), port())
    {
        char message[64];
        const OrchImage image{kCallable, {"entry", nullptr, 1, 1}, &entry, sizeof entry};
        assert_int_equal(executor.orchs().load(image, message, sizeof message), PTO_OK);
        args = pto::wire::begin_args_image(args_block_.get(), 1, 1);
        args.tensors[0] = plain(PTO_FLOAT32, {64});
        args.tensors[0].addr = memory_.address() + kHeapBytes;
        args.scalars[0] = 10;
        launch.magic = pto::wire::kLaunchMagic;
        launch.version = pto::wire::kBlockVersion;
        launch.callable_id = kCallable;
        launch.kernel_count = kFuncCount;
        launch.kernels = reinterpret_cast<uint64_t>(kernels_);
        launch.args = args_block_.address();
        launch.args_bytes = pto::wire::args_image_bytes(1, 1);
    }

    void run()
    {
        executor.begin(launch);
        executor.run(launch, &report);
        assert_int_equal(report.magic, pto::wire::kReportMagic);
    }
    void expect_refusal(pto_status status, const char *text)
    {
        run();
        assert_int_equal(report.error.status, status);
        assert_non_null(std::strstr(report.error.message, text));
        assert_int_equal(report.tasks, 0);
    }

    pto_orch_entry entry;
    pto::wire::LaunchBlock launch{};
    pto::wire::ReportBlock report{};
    pto::wire::ArgsView args{};
    std::vector<std::string> lines;
    bool stuck = false; ///< Kernels do not end.
    std::function<void(const LaneRun &)> kernel;

private:
    static std::size_t arena_bytes() { return pto::engine::Engine::layout_bytes(Geometry::of_tasks(16)); }
    ExecutorConfig config() const
    {
        return {.arena = arena_.get(),
                .geometry = Geometry::of_tasks(16),
                .cluster_count = 2,
                .worker_count = 1,
                .gate = nullptr,
                .owner_only_orchestrates = false,
                .heap_base = memory_.address(),
                .heap_bytes = kHeapBytes,
                .memory_base = memory_.address(),
                .memory_bytes = kHeapBytes + kOutsideBytes};
    }
    ExecutorPort port() { return {this, start, offer, poll, &under_way_, relax, work_ready, log, load, find, unload}; }

    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        auto &device = *static_cast<Device *>(self);
        for (uint32_t i = 0; i < count && !device.stuck; i++) {
            if (device.kernel)
                device.kernel(runs[i]);
            device.executor.scheduler().lane_done(worker, runs[i]);
        }
        return false;
    }
    static void offer(void *self, uint32_t, const LaneRun *runs, uint32_t count) { start(self, 0, runs, count); }
    static bool poll(void *, uint32_t) { return false; }
    static void relax(void *self, uint32_t worker, uint32_t)
    {
        auto &device = *static_cast<Device *>(self);
        assert_int_equal(worker, 0);
        assert_true(device.stuck);
        pto::wire::ErrorRecord record = pto::engine::error_record(PTO_ERROR_TIMEOUT);
        std::snprintf(record.message, sizeof record.message, "100%% stuck");
        device.executor.abandon(record);
    }
    static void work_ready(void *, uint32_t) {}
    static void log(void *self, int32_t, const char *message) { static_cast<Device *>(self)->lines.push_back(message); }
    static pto_status load(void *, const void *image, std::size_t, LoadedOrch *out, char *, std::size_t)
    {
        out->handle = const_cast<void *>(image);
        return PTO_OK;
    }
    static bool find(void *, const LoadedOrch *loaded, const char *, pto::OrchSymbol *out)
    {
        *out = {loaded->handle, false};
        return true;
    }
    static void unload(void *, const LoadedOrch *) {}

    std::atomic<uint32_t> under_way_{0};
    pto::wire::KernelEntry kernels_[kFuncCount] = {{0x100, pto::wire::core_type_mask(PTO_CORE_AIC), 0},
                                                   {0x101, pto::wire::core_type_mask(PTO_CORE_AIV), 0},
                                                   {},
                                                   {0x103, pto::wire::core_type_mask(PTO_CORE_AIV), 0}};
    Arena memory_;
    Arena arena_;
    Arena args_block_;

public:
    Executor executor;
};

void a_run_goes_to_its_end_and_reports(void **)
{
    Device device(chain);
    for (const uint64_t links : {10u, 0u, 200u, 1u}) {
        device.args.scalars[0] = links;
        device.run();
        assert_int_equal(device.report.error.status, PTO_OK);
        assert_int_equal(device.report.tasks, 2 * links);
        assert_int_equal(device.report.kernels, 2 * links);
        assert_int_equal(device.report.peak_heap_bytes, links == 0 ? 0 : 48 << 10);
        assert_string_equal(device.lines.back().c_str(), (std::to_string(links) + " links").c_str());
    }
}

void an_error_is_in_the_report_and_the_next_run_is_well(void **)
{
    Device failing(give_up);
    failing.run();
    assert_int_equal(failing.report.error.status, PTO_ERROR_ORCHESTRATION_FATAL);
    assert_int_equal(failing.report.error.detail, 99);
    assert_string_equal(failing.report.error.message, "gave up");
    assert_int_equal(failing.report.tasks, 1);
    failing.entry.run = chain;
    failing.run();
    assert_int_equal(failing.report.error.status, PTO_OK);
    assert_int_equal(failing.report.tasks, 20);
}

void a_callable_that_is_not_loaded_is_refused(void **)
{
    Device device(chain);
    for (const int32_t id : {0, 4, 63, 64, -1}) {
        device.launch.callable_id = id;
        device.expect_refusal(PTO_ERROR_NOT_PREPARED, std::to_string(id).c_str());
    }
    device.launch.callable_id = kCallable;
    device.executor.orchs().unload(kCallable);
    device.expect_refusal(PTO_ERROR_NOT_PREPARED, "5");
}

void a_launch_block_of_another_version_is_refused(void **)
{
    Device device(chain);
    device.launch.version++;
    device.expect_refusal(PTO_ERROR_INTERNAL, ("version " + std::to_string(device.launch.version)).c_str());
    device.launch.version--;
    device.launch.magic = 0;
    device.expect_refusal(PTO_ERROR_INTERNAL, "launch block");
    // What else such a block says means nothing: these addresses must not be read.
    device.launch.graph = 64;
    device.launch.graph_bytes = 4096;
    device.launch.graph_begin = sizeof(pto::wire::GraphHeader);
    device.launch.graph_instance = 64;
    device.launch.graph_instance_bytes = 4096;
    device.expect_refusal(PTO_ERROR_INTERNAL, "launch block");
}

void arguments_that_do_not_fit_the_entry_are_refused(void **)
{
    Device device(chain);
    auto *header = reinterpret_cast<pto::wire::ArgsHeader *>(device.launch.args);
    const pto::wire::ArgsHeader sound = *header;
    const auto refuse = [&] {
        device.expect_refusal(PTO_ERROR_INTERNAL, "malformed arguments");
        *header = sound;
    };
    header->magic++;
    refuse();
    header->abi_version++;
    refuse();
    header->tensor_count = PTO_MAX_RUN_TENSORS + 1;
    refuse();
    header->size_bytes--;
    refuse();
    pto::wire::begin_args_image(header, 0, 1);
    refuse();
    device.launch.args_bytes--;
    refuse();
    device.launch.args_bytes = 10;
    refuse();
    device.launch.args_bytes = pto::wire::args_image_bytes(1, 1);
    device.run();
    assert_int_equal(device.report.error.status, PTO_OK);
}

void a_graph_whose_head_is_not_sound_is_refused(void **)
{
    Device device(chain);
    alignas(8) pto::wire::GraphHeader head{pto::wire::kGraphMagic, pto::wire::kGraphVersion, 1, 1, {}};
    const pto::wire::GraphHeader sound = head;
    const auto launch = [&](uint64_t bytes, uint64_t begin) {
        device.launch.graph = reinterpret_cast<uint64_t>(&head);
        device.launch.graph_bytes = bytes;
        device.launch.graph_begin = begin;
    };
    const auto refuse = [&] {
        device.expect_refusal(PTO_ERROR_INTERNAL, "malformed graph for callable id 5");
        head = sound;
        launch(sizeof head, sizeof head);
    };
    launch(sizeof head, sizeof head);
    head.magic++;
    refuse();
    head.version++;
    refuse();
    head.tensor_count++;
    refuse();
    head.scalar_count--;
    refuse();
    launch(sizeof head - 1, sizeof head - 1);
    refuse();
    launch(sizeof head, sizeof head - 8);
    refuse();
    launch(sizeof head, sizeof head + 8);
    refuse();
    launch(sizeof head + 16, sizeof head + 4);
    refuse();
    device.run();
    assert_int_equal(device.report.error.status, PTO_OK);
    assert_int_equal(device.report.graph_end, sizeof head);
    assert_true(device.lines.empty()); // nobody orchestrated
}

// ---- graphs

/// More tasks than the executor has slots: a wide task of all cores, blocks that start together, a predicate, a chain.
struct GraphOfAllKinds {
    GraphOfAllKinds()
    {
        using pto::engine::kSyncStart;
        const uint32_t tensor = image.tensor(0, 0);
        image.task(
            {.tensors = {tensor}, .scalars = {0}, .producers = {}, .run_scalars = 1, .lane_mask = 7, .block_num = 9});
        image.task({.tensors = {}, .scalars = {}, .producers = {0}, .flags = kSyncStart, .block_num = 4});
        image.task({.tensors = {}, .scalars = {}, .producers = {0}, .lane_mask = 1, .block_num = 5});
        image.task({.tensors = {},
                    .scalars = {},
                    .producers = {1, 2},
                    .flags = kHasPredicate | kUndecided,
                    .predicate = &predicate});
        image.task(
            {.tensors = {}, .scalars = {}, .producers = {3}, .flags = kJoin, .lane_mask = 0, .func_id = PTO_NO_KERNEL});
        for (uint32_t i = 5; i < kTasks; i++)
            image.task({.tensors = {tensor}, .scalars = {i}, .producers = {i - 1}});
    }
    static constexpr uint8_t kHasPredicate = pto::engine::kHasPredicate;
    static constexpr uint8_t kUndecided = pto::engine::kUndecided;
    static constexpr uint8_t kJoin = pto::engine::kJoin;
    static constexpr uint32_t kTasks = 40;
    static constexpr uint32_t kInstances = 27 + 4 + 5 + (kTasks - 5); ///< And one that has a predicate.

    pto::engine::Predicate predicate{0, 5, 0, PTO_PREDICATE_EQ, PTO_INT32, 0};
    Image image{1, 1};
};

void launch_graph(Device &device, const Image &image)
{
    device.launch.graph = image.address();
    device.launch.graph_bytes = image.bytes();
    device.launch.graph_begin = sizeof(pto::wire::GraphHeader);
}

void launch_instance(Device &device, const InstanceMemory &memory)
{
    device.launch.graph_instance = memory.address();
    device.launch.graph_instance_bytes = memory.bytes();
}

void a_graph_runs_by_way_of_its_instance_as_it_does_without(void **)
{
    GraphOfAllKinds graph;
    const InstanceMemory memory(graph.image);
    std::vector<uint64_t> ids(GraphOfAllKinds::kTasks);
    Device device(chain);
    std::map<std::tuple<uint32_t, uint32_t, uint32_t, uint64_t>, uint32_t> seen;
    device.kernel = [&](const LaneRun &run) {
        const auto *scalars = device.executor.engine().tasks.payload.scalars(*run.slot);
        seen[{run.slot->ordinal, run.block, run.lane, run.slot->scalar_count > 0 ? scalars[0] : 0}]++;
    };
    launch_graph(device, graph.image);
    device.launch.graph_ids = reinterpret_cast<uint64_t>(ids.data());
    for (const int32_t value : {5, 4, 5, 5}) {
        *reinterpret_cast<int32_t *>(device.args.tensors[0].addr) = value;
        device.args.scalars[0] = static_cast<uint64_t>(value) * 100;
        device.launch.graph_instance = 0;
        seen.clear();
        device.run();
        const pto::wire::ReportBlock streamed = device.report;
        const auto seen_streamed = seen;
        assert_true(streamed.peak_tasks <= 16);
        launch_instance(device, memory);
        seen.clear();
        device.run();
        assert_true(seen == seen_streamed);
        assert_int_equal(device.report.peak_tasks, GraphOfAllKinds::kTasks); // not with the executor's own slots
        for (const pto::wire::ReportBlock &report : {streamed, device.report}) {
            assert_int_equal(report.error.status, PTO_OK);
            assert_int_equal(report.tasks, GraphOfAllKinds::kTasks - 1);
            assert_int_equal(report.kernels, GraphOfAllKinds::kInstances + (value == 5 ? 1 : 0));
            assert_int_equal(report.skipped, value == 5 ? 0 : 1);
            assert_int_equal(report.graph_end, graph.image.bytes());
        }
        device.launch.graph_instance_bytes--; // no room: item by item
        device.run();
        assert_true(device.report.peak_tasks <= 16);
    }
}

void a_replay_of_an_instance_that_fails_drains_and_the_next_is_whole(void **)
{
    GraphOfAllKinds graph;
    const InstanceMemory memory(graph.image);
    Device device(chain);
    launch_graph(device, graph.image);
    launch_instance(device, memory);
    *reinterpret_cast<int32_t *>(device.args.tensors[0].addr) = 5;
    for (const uint32_t bad : {0u, 1u, 2u, 3u, 20u}) {
        device.kernel = [&](const LaneRun &run) {
            if (run.slot->ordinal == bad)
                device.executor.engine().error.set(pto::engine::error_record(PTO_ERROR_KERNEL_FAULT), "bad");
        };
        device.run();
        assert_int_equal(device.report.error.status, PTO_ERROR_KERNEL_FAULT);
        assert_int_equal(device.executor.engine().outstanding(), 0);
        assert_true(device.report.kernels < GraphOfAllKinds::kInstances);
        device.kernel = nullptr;
        device.run();
        assert_int_equal(device.report.error.status, PTO_OK);
        assert_int_equal(device.report.kernels, GraphOfAllKinds::kInstances + 1);
        assert_int_equal(device.report.tasks, GraphOfAllKinds::kTasks - 1);
    }
    // An orchestration has the executor's own slots again.
    device.launch.graph = 0;
    device.run();
    assert_int_equal(device.report.error.status, PTO_OK);
    assert_int_equal(device.report.tasks, 20);
    assert_true(device.report.peak_tasks <= 16);
}

void an_argument_that_is_no_tensor_ends_the_run(void **)
{
    Device device(chain);
    device.args.tensors[0].dtype = 200;
    device.expect_refusal(PTO_ERROR_INVALID_TENSOR, "dtype");
}

void a_run_that_is_abandoned_ends_although_its_kernels_do_not(void **)
{
    Device device(chain);
    device.stuck = true;
    device.run();
    assert_int_equal(device.report.error.status, PTO_ERROR_TIMEOUT);
    assert_string_equal(device.report.error.message, "100% stuck");
    assert_int_equal(device.report.tasks, 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_run_goes_to_its_end_and_reports),
        cmocka_unit_test(an_error_is_in_the_report_and_the_next_run_is_well),
        cmocka_unit_test(a_callable_that_is_not_loaded_is_refused),
        cmocka_unit_test(a_launch_block_of_another_version_is_refused),
        cmocka_unit_test(arguments_that_do_not_fit_the_entry_are_refused),
        cmocka_unit_test(a_graph_whose_head_is_not_sound_is_refused),
        cmocka_unit_test(a_graph_runs_by_way_of_its_instance_as_it_does_without),
        cmocka_unit_test(a_replay_of_an_instance_that_fails_drains_and_the_next_is_whole),
        cmocka_unit_test(an_argument_that_is_no_tensor_ends_the_run),
        cmocka_unit_test(a_run_that_is_abandoned_ends_although_its_kernels_do_not),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
