// SPDX-License-Identifier: Apache-2.0
// Host-built graphs where something runs out, goes wrong or goes on at the same time.
#include "graph_test.hpp"

using namespace pto::test;

namespace {

pto_open_options options_with(const CountingAllocator &allocator)
{
    pto_open_options options = TestChip::default_options();
    options.allocator = allocator.callbacks();
    options.helper_threads = 1;
    return options;
}

// ---- memory --------------------------------------------------------------------------------------------------------

void release_gives_all_graph_memory_back(void **)
{
    CountingAllocator allocator;
    {
        GraphChip chip(options_with(allocator));
        const auto life = [&] {
            chip.prepare(0, graph_callable("many").inout().scalar());
            chip.prepare(1, graph_callable("three_choices").inout());
            Numbers x = {0, 1, 2, 3};
            for (const uint64_t count : {1u, 2'000u, 300u}) {
                EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {count}));
                EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {count}));
            }
            x = {0, 0, 0, 0};
            EXPECT_RECORDED(chip.source_of(1, {integers(x)}));
            EXPECT_RECORDED(chip.source_of(1, {integers(x)}));
            assert_true(stats_of(chip.get()).graph_bytes > 100'000);
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
            assert_int_equal(stats_of(chip.get()).graph_bytes, 0);
        };
        life();
        const uint64_t blocks = allocator.live_blocks();
        const uint64_t bytes = allocator.live_bytes();
        assert_true(bytes < 100'000); // the recorder keeps nothing that grew with a graph
        const uint64_t largest = largest_allocation(chip.get());
        for (int round = 0; round < 3; round++) {
            life();
            assert_int_equal(allocator.live_blocks(), blocks);
            assert_int_equal(allocator.live_bytes(), bytes);
            assert_int_equal(largest_allocation(chip.get()), largest);
        }
    }
    assert_int_equal(allocator.live_blocks(), 0);
    assert_int_equal(allocator.mistakes(), 0);
}

void closing_with_graphs_leaves_nothing(void **)
{
    CountingAllocator allocator;
    for (int round = 0; round < 3; round++) {
        GraphChip chip(options_with(allocator));
        chip.prepare(5, graph_callable("until_eight").inout());
        Numbers x = {3};
        EXPECT_RECORDED(chip.source_of(5, {integers(x)}));
    }
    assert_int_equal(allocator.live_blocks(), 0);
    assert_int_equal(allocator.mistakes(), 0);
}

/// Fails the first allocation of a run, then the second and so on until it succeeds.
template <class Reset>
uint64_t fail_each_allocation(GraphChip &chip, CountingAllocator &allocator, Numbers &x,
                              const std::vector<uint64_t> &scalars, Reset &&reset)
{
    for (uint64_t number = 1;; number++) {
        reset();
        const Numbers before = x;
        const uint64_t bytes = stats_of(chip.get()).graph_bytes;
        allocator.fail_at(number);
        const pto_status status = chip.run(0, {integers(x)}, scalars);
        allocator.fail_at(0);
        if (status == PTO_OK)
            return number - 1;
        EXPECT_STATUS(PTO_ERROR_OUT_OF_HOST_MEMORY, status);
        EXPECT_MESSAGE("host memory");
        assert_true(x == before);
        assert_int_equal(stats_of(chip.get()).graph_bytes, bytes);
        EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    }
}

void host_memory_may_run_out_at_any_point_of_a_recording(void **)
{
    CountingAllocator allocator;
    {
        GraphChip chip(options_with(allocator));
        chip.prepare(0, graph_callable("until_eight").inout());
        Numbers x;
        uint64_t failures = fail_each_allocation(chip, allocator, x, {}, [&] { x = {2, 0, 0}; });
        assert_true(failures > 10);
        assert_true((x == Numbers{8, 6, 6}));
        assert_int_equal(chip.result.graph_source, PTO_GRAPH_RECORDED);
        // One that replays at first, and is recorded from where no graph goes on.
        failures = fail_each_allocation(chip, allocator, x, {}, [&] { x = {3, 0, 0}; });
        assert_true(failures > 10);
        assert_true((x == Numbers{8, 5, 5}));
        x = {2, 0, 0};
        EXPECT_REPLAYED(chip.source_of(0, {integers(x)}));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
        chip.prepare(0, graph_callable("many").inout().scalar());
        failures = fail_each_allocation(chip, allocator, x, {50}, [&] { x = {2, 0, 0}; });
        assert_true(failures > 10);
        assert_int_equal(x[0], 49);
    }
    assert_int_equal(allocator.live_blocks(), 0);
    assert_int_equal(allocator.mistakes(), 0);
}

void a_replay_allocates_nothing(void **)
{
    CountingAllocator allocator;
    GraphChip chip(options_with(allocator));
    chip.prepare(0, graph_callable("until_eight").inout());
    chip.prepare(1, graph_callable("many").inout().scalar());
    Numbers x = {2, 0, 0};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}));
    EXPECT_RECORDED(chip.source_of(1, {integers(x)}, {100}));
    const uint64_t allocations = allocator.allocations();
    for (int round = 0; round < 10; round++) {
        x = {2, 0, 0};
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
        EXPECT_STATUS(PTO_OK, chip.run(1, {integers(x)}, {100}));
    }
    assert_int_equal(allocator.allocations(), allocations);
}

void device_memory_that_is_too_small_for_a_graph_is_told(void **)
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = uint64_t{64} << 20;
    options.heap_bytes = 1 << 20;
    options.max_tasks = 1024;
    GraphChip chip(options);
    chip.prepare(0, graph_callable("many").inout().scalar());
    Numbers x = {-1};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {10}));
    // All but a little is taken.
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), largest_allocation(chip.get()) - (64 << 10), &address));
    x[0] = -1;
    EXPECT_STATUS(PTO_ERROR_OUT_OF_DEVICE_MEMORY, chip.run(0, {integers(x)}, {20'000}));
    assert_int_equal(x[0], -1);
    assert_int_equal(stats_of(chip.get()).graph_bytes, 0);
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {10}));
    assert_int_equal(x[0], 9);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {20'000}));
    assert_int_equal(x[0], 19'999);
}

void graphs_used_least_make_room_for_a_new_one(void **)
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = uint64_t{64} << 20;
    options.heap_bytes = 1 << 20;
    options.max_tasks = 1024;
    GraphChip chip(options);
    chip.prepare(0, graph_callable("many").inout().scalar());
    Numbers x = {-1};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {2'000}));
    const uint64_t bytes = stats_of(chip.get()).graph_bytes;
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), largest_allocation(chip.get()) - bytes * 5 / 2, &address));
    for (uint64_t count = 2'001; count < 2'010; count++) {
        EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {count}));
        EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {count}));
        assert_int_equal(x[0], count - 1);
        assert_true(stats_of(chip.get()).graph_bytes < 4 * bytes);
    }
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {2'008}));
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {2'000}));
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
}

// ---- instances

pto_open_options options_with_little_memory()
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = uint64_t{64} << 20;
    options.heap_bytes = 1 << 20;
    options.max_tasks = 4096;
    return options;
}

/// Bytes of the graph of `steps` on one tensor: its image, and its instance.
uint64_t image_bytes_of_steps(uint64_t count)
{
    return 32 + 136 + count * (24 + 2 * 8 + 8);
}
uint64_t instance_bytes_of_steps(uint64_t count)
{
    return 64 + count * (64 + 16) + count * 3 * 64 + (count - 1) * 8 + count * 3 * 16 + (1 + 3) * 8;
}

void instances_are_counted_with_their_graphs(void **)
{
    GraphChip chip(options_with_little_memory());
    const uint64_t largest = largest_allocation(chip.get());
    for (int round = 0; round < 3; round++) {
        chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar(), 2);
        chip.prepare(1, graph_callable("three_choices").inout());
        Numbers x = {1};
        uint64_t expected = 0;
        for (const uint64_t count : {10u, 2000u}) {
            EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {count, 1, 1}));
            expected += image_bytes_of_steps(count) + instance_bytes_of_steps(count);
            assert_int_equal(stats_of(chip.get()).graph_bytes, expected);
            EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {count, 1, 1}));
            assert_int_equal(stats_of(chip.get()).graph_bytes, expected);
        }
        EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {30, 1, 1})); // that of ten leaves
        expected += image_bytes_of_steps(30) + instance_bytes_of_steps(30);
        expected -= image_bytes_of_steps(10) + instance_bytes_of_steps(10);
        assert_int_equal(stats_of(chip.get()).graph_bytes, expected);
        x = {0, 0, 0, 0};
        EXPECT_RECORDED(chip.source_of(1, {integers(x)})); // reads elements: no instance
        const uint64_t elements = stats_of(chip.get()).graph_bytes - expected;
        assert_true(elements > 0 && elements < 700);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
        assert_int_equal(stats_of(chip.get()).graph_bytes, expected);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
        assert_int_equal(stats_of(chip.get()).graph_bytes, 0);
        assert_int_equal(largest_allocation(chip.get()), largest);
    }
}

void without_room_for_an_instance_a_graph_is_replayed_all_the_same(void **)
{
    constexpr uint64_t kCount = 2000;
    GraphChip chip(options_with_little_memory());
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    Numbers x = {0};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {1, 1, 1}));
    const uint64_t small = stats_of(chip.get()).graph_bytes;
    const uint64_t room = image_bytes_of_steps(kCount) + instance_bytes_of_steps(kCount) / 2;
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), largest_allocation(chip.get()) - room, &address));
    for (int round = 0; round < 3; round++) {
        x[0] = 0;
        const uint64_t step = static_cast<uint64_t>(round) + 1; // another scalar each time
        assert_int_equal(chip.source_of(0, {integers(x)}, {kCount, 1, step}),
                         round == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
        assert_int_equal(x[0], kCount * step);
        assert_int_equal(chip.result.tasks, kCount);
        assert_int_equal(stats_of(chip.get()).graph_bytes, small + image_bytes_of_steps(kCount));
    }
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
}

void few_task_slots_make_barriers_and_the_same_results(void **)
{
    for (const uint32_t slots : {4u, 5u, 64u}) {
        pto_open_options options = TestChip::default_options();
        options.max_tasks = slots;
        options.heap_bytes = 8 << 10;
        GraphChip chip(options);
        chip.prepare(0, graph_callable("many").inout().scalar());
        chip.prepare(1, graph_callable("three_choices").inout());
        chip.prepare(2, graph_callable("steps").inout().scalar().scalar().scalar());
        Numbers x = {-1};
        for (int round = 0; round < 3; round++) {
            x = {-1};
            EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {500}));
            assert_int_equal(x[0], 499);
            assert_int_equal(chip.result.tasks, 1000);
            assert_true(chip.result.peak_tasks <= slots);
            x = {0, 0, 5, 0};
            EXPECT_STATUS(PTO_OK, chip.run(1, {integers(x)}));
            assert_true((x == Numbers{21, 21, 26, 21}));
            x = {1};
            EXPECT_STATUS(PTO_OK, chip.run(2, {integers(x)}, {20, 2, 0}));
            assert_int_equal(x[0], 1 << 20);
            assert_int_equal(chip.result.graph_source, round == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
        }
    }
}

// ---- what a run says -----------------------------------------------------------------------------------------------

void peaks_are_those_of_the_whole_run_recorded_or_replayed(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("peaks").inout());
    Numbers x;
    pto_run_result recorded[2];
    const int32_t counts[] = {3, 200};
    for (int i = 0; i < 2; i++) {
        x = {counts[i]};
        EXPECT_RECORDED(chip.source_of(0, {integers(x)}));
        recorded[i] = chip.result;
        assert_int_equal(chip.result.peak_scope_depth, 2);
        assert_int_equal(chip.result.peak_heap_bytes, counts[i] * 4096);
        assert_true(chip.result.peak_map_entries > static_cast<uint32_t>(counts[i]));
        assert_true(chip.result.peak_tasks > 0);
    }
    assert_true(recorded[0].peak_map_entries < recorded[1].peak_map_entries);
    // The first graph that is tried is the other one each time: what it would have needed does not count.
    for (int i = 0; i < 2; i++) {
        x = {counts[i]};
        EXPECT_REPLAYED(chip.source_of(0, {integers(x)}));
        assert_int_equal(chip.result.peak_scope_depth, recorded[i].peak_scope_depth);
        assert_int_equal(chip.result.peak_heap_bytes, recorded[i].peak_heap_bytes);
        assert_int_equal(chip.result.peak_map_entries, recorded[i].peak_map_entries);
        assert_int_equal(chip.result.tasks, recorded[i].tasks);
        assert_int_equal(chip.result.kernels, recorded[i].kernels);
    }
}

void tasks_are_numbered_through_all_parts_of_a_run(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("bad_in_the_second_part").inout().scalar());
    for (int round = 0; round < 3; round++) {
        Numbers x = {1, 0, 0, 0};
        const bool is_good = round == 1; // recorded badly, recorded well, replayed badly
        EXPECT_STATUS(is_good ? PTO_OK : PTO_ERROR_INVALID_COMPLETION, chip.run(0, {integers(x)}, {is_good ? 0u : 1u}));
        if (is_good)
            continue;
        assert_int_equal(pto_last_error()->task, 3);
        assert_int_equal(chip.result.graph_source, round == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
    }
}

// ---- orchestrations that do not end well ----------------------------------------------------------------------------

void an_orchestration_that_hangs_or_faults_after_a_part_has_run_ends_the_run(void **)
{
    for (const uint64_t end : {uint64_t{END_WITH_HANG}, uint64_t{END_WITH_FAULT}}) {
        CountingAllocator allocator;
        {
            pto_open_options options = options_with(allocator);
            options.stall_timeout_ns = 200'000'000;
            GraphChip chip(options);
            chip.prepare(0, graph_callable("ends_badly").inout().scalar());
            Numbers x = {5};
            EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {END_WELL}));
            x = {5};
            EXPECT_STATUS(end == END_WITH_HANG ? PTO_ERROR_TIMEOUT : PTO_ERROR_KERNEL_FAULT,
                          chip.run(0, {integers(x)}, {end}));
            assert_int_equal(x[0], 5);
            assert_int_equal(pto_last_error()->stall, end == END_WITH_HANG ? PTO_STALL_ORCHESTRATION : PTO_STALL_NONE);
            EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
            EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, chip.run(0, {integers(x)}, {END_WELL}));
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
        }
        assert_int_equal(allocator.live_blocks(), 0);
    }
}

void the_limit_of_a_run_ends_its_orchestration(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("ends_badly").inout().scalar());
    Numbers x = {5};
    const pto_tensor tensor = integers(x);
    const uint64_t end = END_WITH_HANG;
    pto_args args = PTO_ARGS_INIT;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = &end;
    args.scalar_count = 1;
    pto_run_options options = PTO_RUN_OPTIONS_INIT;
    options.timeout_ns = 100'000'000;
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, pto_run(chip.get(), 0, &args, &options, nullptr));
    EXPECT_MESSAGE("the run has taken 0.1");
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
}

// ---- at the same time ----------------------------------------------------------------------------------------------

void submitted_runs_replay_in_order(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    DeviceNumbers memory(chip.get(), 4);
    memory.fill(1);
    std::vector<pto_run_handle *> runs;
    uint32_t expected = 1;
    for (uint64_t i = 0; i < 100; i++) {
        const uint64_t steps = i % 3 + 1;
        runs.push_back(submit(chip.chip(), 0, {memory.at(0, 4)}, {steps, 3, i}));
        for (uint64_t step = 0; step < steps; step++)
            expected = expected * 3 + static_cast<uint32_t>(i);
    }
    uint32_t replayed = 0;
    for (pto_run_handle *run : runs) {
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, pto_wait(run, -1, &result));
        replayed += result.graph_source == PTO_GRAPH_REPLAYED ? 1 : 0;
    }
    assert_int_equal(static_cast<uint32_t>(memory[0]), expected);
    assert_int_equal(replayed, 97);
    assert_int_equal(chip.orchestrated.load(), 3);
}

void threads_share_the_graphs_of_a_callable(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("through_the_heap").in().out());
    chip.prepare(1, graph_callable("until_eight").inout(), 2);
    std::atomic<uint32_t> wrong{0};
    Threads threads;
    for (int32_t thread = 0; thread < 6; thread++)
        threads.start([&, thread] {
            for (int32_t round = 0; round < 40; round++) {
                Numbers x(static_cast<std::size_t>(thread % 2 + 1), thread * 100 + round);
                Numbers y(x.size(), -1);
                const pto_tensor both[] = {integers(x), integers(y)};
                Numbers z = {round % 8, thread, 0};
                const pto_tensor counted = integers(z);
                pto_args args = PTO_ARGS_INIT;
                args.tensors = both;
                args.tensor_count = 2;
                pto_run_handle *run = nullptr;
                bool is_right = pto_submit(chip.get(), 0, &args, nullptr, &run) == PTO_OK;
                args.tensors = &counted;
                args.tensor_count = 1;
                is_right = pto_run(chip.get(), 1, &args, nullptr, nullptr) == PTO_OK && is_right;
                is_right = pto_wait(run, -1, nullptr) == PTO_OK && is_right;
                for (std::size_t i = 0; i < x.size(); i++)
                    is_right = is_right && y[i] == (x[i] + 1) * 3;
                is_right = is_right && z[0] == 8 && z[2] == 8 - round % 8;
                wrong += is_right ? 0 : 1;
            }
        });
    threads.join();
    assert_int_equal(wrong.load(), 0);
    assert_int_equal(stats_of(chip.get()).graph_records + stats_of(chip.get()).graph_replays, 6 * 40 * 2);
    assert_true(stats_of(chip.get()).graph_records >= 2);
}

void contexts_record_at_the_same_time(void **)
{
    std::atomic<uint32_t> wrong{0};
    GraphChip chips[3];
    for (GraphChip &chip : chips)
        chip.prepare(0, graph_callable("many").inout().scalar());
    Threads threads;
    for (GraphChip &chip : chips)
        threads.start([&] {
            for (uint64_t count = 1; count < 60; count++) {
                Numbers x = {-1};
                const pto_tensor tensor = integers(x);
                pto_args args = PTO_ARGS_INIT;
                args.tensors = &tensor;
                args.tensor_count = 1;
                args.scalars = &count;
                args.scalar_count = 1;
                const pto_status status = pto_run(chip.get(), 0, &args, nullptr, nullptr);
                wrong += status != PTO_OK || x[0] != static_cast<int32_t>(count) - 1 ? 1 : 0;
            }
        });
    threads.join();
    assert_int_equal(wrong.load(), 0);
}

void a_callable_whose_replay_is_under_way_is_busy(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("gated").out().scalar().scalar());
    for (int round = 0; round < 2; round++) {
        Gate gate;
        Numbers x = {0};
        pto_run_handle *run = submit(chip.chip(), 0, {integers(x)}, gate.scalars());
        gate.wait_until_started();
        EXPECT_STATUS(PTO_ERROR_BUSY, pto_release(chip.get(), 0));
        stats_of(chip.get());
        gate.open = 1;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, pto_wait(run, -1, &result));
        assert_int_equal(result.graph_source, round == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
    }
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(release_gives_all_graph_memory_back),
        cmocka_unit_test(closing_with_graphs_leaves_nothing),
        cmocka_unit_test(host_memory_may_run_out_at_any_point_of_a_recording),
        cmocka_unit_test(a_replay_allocates_nothing),
        cmocka_unit_test(device_memory_that_is_too_small_for_a_graph_is_told),
        cmocka_unit_test(graphs_used_least_make_room_for_a_new_one),
        cmocka_unit_test(instances_are_counted_with_their_graphs),
        cmocka_unit_test(without_room_for_an_instance_a_graph_is_replayed_all_the_same),
        cmocka_unit_test(few_task_slots_make_barriers_and_the_same_results),
        cmocka_unit_test(peaks_are_those_of_the_whole_run_recorded_or_replayed),
        cmocka_unit_test(tasks_are_numbered_through_all_parts_of_a_run),
        cmocka_unit_test(an_orchestration_that_hangs_or_faults_after_a_part_has_run_ends_the_run),
        cmocka_unit_test(the_limit_of_a_run_ends_its_orchestration),
        cmocka_unit_test(submitted_runs_replay_in_order),
        cmocka_unit_test(threads_share_the_graphs_of_a_callable),
        cmocka_unit_test(contexts_record_at_the_same_time),
        cmocka_unit_test(a_callable_whose_replay_is_under_way_is_busy),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
