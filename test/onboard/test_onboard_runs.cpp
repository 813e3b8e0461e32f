// SPDX-License-Identifier: Apache-2.0
// Callables on a device of the stand-in: images, registers, launches and copies, through the C API.
#include <cstring>
#include <thread>

#include "onboard_test.hpp"

#include "pto/comm.h"

namespace {

using namespace pto::test;

/// What n times x = 2 x + 1 makes of x.
int32_t stepped(int32_t x, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        x = 2 * x + 1;
    return x;
}

void expect_steps(OnboardChip &chip, int32_t callable_id, uint64_t count)
{
    std::vector<int32_t> x = {0, 1, -5, 1000};
    const std::vector<int32_t> before = x;
    EXPECT_STATUS(PTO_OK, chip.run(callable_id, {integers(x)}, {count}));
    for (std::size_t i = 0; i < x.size(); i++)
        assert_int_equal(x[i], stepped(before[i], count));
}

void a_device_opens_and_closes(void **)
{
    const StandIn standin;
    OnboardChip chip;
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    assert_int_equal(standin_count("devices"), 1);
}

void a_callable_runs_again_and_again(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = sum_callable();
    chip.prepare(3, callable);
    for (int i = 0; i < 5; i++)
        expect_sum(chip, 3);
    assert_int_equal(stats_of(chip.get()).orch_loads, 1);
    assert_int_equal(standin_count("registrations"), 1);
}

void two_callables_take_turns(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder sum = sum_callable();
    CallableBuilder difference("device_orch_difference", "binary");
    difference.aiv(1, "kernel_subtract").in().in().out();
    chip.prepare(0, sum);
    chip.prepare(1, difference);
    for (int i = 0; i < 3; i++) {
        expect_sum(chip, 0);
        std::vector<float> a = {5, 7};
        std::vector<float> b = {3, 4};
        std::vector<float> c(2, 0);
        EXPECT_STATUS(PTO_OK, chip.run(1, {floats(a), floats(b), floats(c)}));
        assert_true(c[0] == 2 && c[1] == 3);
    }
    assert_int_equal(stats_of(chip.get()).orch_loads, 2);
}

void a_released_id_is_prepared_again(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder sum = sum_callable();
    for (int i = 0; i < 3; i++) {
        chip.prepare(0, sum);
        expect_sum(chip, 0);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    }
    assert_int_equal(stats_of(chip.get()).orch_loads, 3);
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
}

void dependent_tasks_run_in_order(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = onboard_callable("steps");
    callable.scalar();
    chip.prepare(0, callable);
    expect_steps(chip, 0, 0);
    expect_steps(chip, 0, 12);
}

void graphs_of_the_host_are_recorded_and_replayed(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder steps = onboard_callable("steps", true);
    steps.scalar();
    CallableBuilder looks = onboard_callable("looks", true);
    looks.scalar();
    chip.prepare(0, steps, true);
    chip.prepare(1, looks, true);
    for (int i = 0; i < 3; i++) {
        expect_steps(chip, 0, 5);
        std::vector<int32_t> x = {1, 2};
        EXPECT_STATUS(PTO_OK, chip.run(1, {integers(x)}, {3}));
        assert_int_equal(x[0], 127);
        assert_int_equal(x[1], stepped(2, 6));
    }
    const pto_stats stats = stats_of(chip.get());
    assert_int_equal(stats.orch_loads, 0);
    assert_true(stats.graph_replays >= 4);
}

void an_orchestration_reads_what_cores_have_written(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = onboard_callable("looks");
    callable.scalar();
    chip.prepare(0, callable);
    std::vector<int32_t> x = {0, 7};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {20}));
    assert_int_equal(x[0], 127);
    assert_int_equal(x[1], stepped(7, 7));
}

void all_cores_of_a_cluster_take_part_in_a_task(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = onboard_callable("lanes");
    callable.scalar();
    chip.prepare(0, callable);
    constexpr uint32_t kBlocks = 5;
    std::vector<int32_t> x(3 * kBlocks, 0);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {kBlocks}));
    for (uint32_t block = 0; block < kBlocks; block++) {
        assert_int_equal(x[3 * block], 1);
        assert_int_equal(x[3 * block + 1], 11);
        assert_int_equal(x[3 * block + 2], 22);
    }
}

void device_memory_is_copied_both_ways(void **)
{
    const StandIn standin;
    OnboardChip chip;
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 5000, &address));
    assert_int_equal(address % 1024, 0);
    std::vector<char> out(5000);
    for (std::size_t i = 0; i < out.size(); i++)
        out[i] = static_cast<char>(i * 7);
    std::vector<char> in(5000, 0);
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, out.data(), out.size()));
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), in.data(), address, in.size()));
    assert_memory_equal(in.data(), out.data(), out.size());
    EXPECT_STATUS(PTO_ERROR_NOT_DEVICE_MEMORY,
                  pto_copy_from_device(chip.get(), reinterpret_cast<void *>(address), address, 8));
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
    EXPECT_STATUS(PTO_ERROR_OUT_OF_DEVICE_MEMORY, pto_malloc(chip.get(), uint64_t{1} << 30, &address));
}

void a_tensor_may_stay_on_the_device(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = onboard_callable("steps");
    callable.scalar();
    chip.prepare(0, callable);
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 16, &address));
    std::vector<int32_t> x = {1, 2, 3, 4};
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, x.data(), 16));
    const uint32_t shape[] = {4};
    for (int i = 0; i < 2; i++)
        EXPECT_STATUS(PTO_OK, chip.run(0, {pto_device_tensor(address, PTO_INT32, 1, shape)}, {3}));
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), x.data(), address, 16));
    for (int32_t i = 0; i < 4; i++)
        assert_int_equal(x[static_cast<std::size_t>(i)], stepped(i + 1, 6));
}

void lines_of_an_orchestration_arrive(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = onboard_callable("talks");
    callable.scalar();
    chip.prepare(0, callable);
    std::vector<int32_t> x(1, 0);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {2}));
    assert_non_null(std::strstr(onboard_log().c_str(), "line 0\nline 1\n"));
}

void lines_beyond_the_last_are_counted(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = onboard_callable("talks");
    callable.scalar();
    chip.prepare(0, callable);
    std::vector<int32_t> x(1, 0);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {135}));
    const std::string lines = onboard_log();
    assert_non_null(std::strstr(lines.c_str(), "line 127\n"));
    assert_null(std::strstr(lines.c_str(), "line 128\n"));
    assert_non_null(std::strstr(lines.c_str(), "\n7 more lines of the executor were lost\n"));
}

void an_orchestration_that_gives_up_leaves_the_device_usable(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder sum = sum_callable();
    CallableBuilder fatal = onboard_callable("gives_up");
    chip.prepare(0, sum);
    chip.prepare(1, fatal);
    std::vector<int32_t> x(1, 0);
    EXPECT_STATUS(PTO_ERROR_ORCHESTRATION_FATAL, chip.run(1, {integers(x)}));
    EXPECT_MESSAGE("enough of this");
    assert_int_equal(pto_last_error()->detail, 77);
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    expect_sum(chip, 0);
}

void an_orchestration_that_cannot_be_loaded_is_refused(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder sum = sum_callable();
    CallableBuilder wrong("device_orch_sum", "no_such_entry");
    EXPECT_STATUS(PTO_ERROR_MISSING_ENTRY, pto_prepare(chip.get(), 0, wrong.get()));
    EXPECT_MESSAGE("no_such_entry");
    CallableBuilder foreign("host_orch", "hangs");
    EXPECT_STATUS(PTO_ERROR_INCOMPATIBLE_IMAGE, pto_prepare(chip.get(), 0, foreign.get()));
    chip.prepare(0, sum);
    expect_sum(chip, 0);
}

void a_kernel_for_other_cores_is_refused(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable("device_orch_sum", "binary");
    callable.aiv(0, "device_orch").in().in().out();
    EXPECT_STATUS(PTO_ERROR_INCOMPATIBLE_IMAGE, pto_prepare(chip.get(), 0, callable.get()));
    EXPECT_MESSAGE("kernel 0");
}

void threads_that_have_not_opened_the_device_use_it(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder sum = sum_callable();
    std::thread([&] {
        chip.prepare(0, sum);
        expect_sum(chip, 0);
    }).join();
    expect_sum(chip, 0);
    std::thread([&] { chip.close(); }).join();
}

void a_device_opens_again_in_the_same_process(void **)
{
    const StandIn standin;
    for (int i = 0; i < 3; i++)
        expect_working_device();
    assert_int_equal(standin_count("registrations"), 1);
}

/// All threads of the vendor's pool are launched, and those that are not needed leave.
void the_control_cpus_are_those_that_the_chip_has(void **)
{
    const StandIn standin;
    const bool is_a5 = std::string(arch()) == "a5";
    OnboardChip chip;
    assert_non_null(std::strstr(onboard_log().c_str(),
                                is_a5 ? "control CPUs 0xfffc: 5 of 14 threads" : "control CPUs 0xfc: 4 of 6 threads"));
    assert_int_equal(standin_count("questions about CPUs"), is_a5 ? 1 : 0);
    CallableBuilder sum = sum_callable();
    chip.prepare(0, sum);
    const int64_t before = standin_count("launched threads");
    expect_sum(chip, 0);
    assert_int_equal(standin_count("launched threads") - before, is_a5 ? 14 : 6);
}

void control_cpus_that_are_not_told_run_anywhere(void **)
{
    const StandIn standin;
    standin_untold_cpus();
    const bool is_a5 = std::string(arch()) == "a5";
    OnboardChip chip;
    assert_non_null(std::strstr(onboard_log().c_str(),
                                is_a5 ? "they are not known: 5 of 5 threads" : "control CPUs 0xfc: 4 of 6 threads"));
    CallableBuilder sum = sum_callable();
    chip.prepare(0, sum);
    const int64_t before = standin_count("launched threads");
    expect_sum(chip, 0);
    assert_int_equal(standin_count("launched threads") - before, is_a5 ? 5 : 6);
}

void a_device_has_one_context(void **)
{
    const StandIn standin;
    OnboardChip chip;
    expect_refused_open(OnboardOptions(), PTO_ERROR_BUSY, "device 0 is open in this process");
    CallableBuilder sum = sum_callable();
    chip.prepare(0, sum);
    expect_sum(chip, 0);
}

void two_devices_work_side_by_side(void **)
{
    const StandIn standin;
    OnboardOptions second;
    second.open.device_index = 1;
    OnboardChip chips[] = {OnboardChip(), OnboardChip(second)};
    CallableBuilder sum = sum_callable();
    for (OnboardChip &chip : chips)
        chip.prepare(0, sum);
    for (int i = 0; i < 2; i++)
        for (OnboardChip &chip : chips)
            expect_sum(chip, 0);
    std::thread other([&] { expect_sum(chips[1], 0); });
    expect_sum(chips[0], 0);
    other.join();
}

void devices_that_do_not_share_memory_get_no_communicator(void **)
{
    const StandIn standin;
    OnboardOptions second;
    second.open.device_index = 1;
    const OnboardChip one;
    const OnboardChip other(second);
    pto_context *const contexts[] = {one.get(), other.get()};
    pto_comm_options options = PTO_COMM_OPTIONS_INIT;
    options.contexts = contexts;
    options.rank_count = 2;
    options.window_bytes = 4096;
    pto_comm *comm = nullptr;
    EXPECT_STATUS(PTO_ERROR_UNSUPPORTED, pto_comm_create(&options, &comm));
    EXPECT_MESSAGE("rank 0: chips of target 'onboard' do not see each other's memory");
}

void devices_that_are_not_visible_count_for_the_driver(void **)
{
    const StandIn standin;
    assert_int_equal(standin_visible_devices("2,3"), 0);
    OnboardOptions options;
    options.open.device_index = 1;
    options.onboard.driver_device = 3 + 1;
    {
        OnboardChip chip(options);
        CallableBuilder sum = sum_callable();
        chip.prepare(0, sum);
        expect_sum(chip, 0);
    }
    assert_int_equal(standin_visible_devices(nullptr), 0);
}

} // namespace

int main(int argc, char **argv)
{
    return run_onboard_tests(argc, argv,
                             {
                                 cmocka_unit_test(a_device_opens_and_closes),
                                 cmocka_unit_test(a_callable_runs_again_and_again),
                                 cmocka_unit_test(two_callables_take_turns),
                                 cmocka_unit_test(a_released_id_is_prepared_again),
                                 cmocka_unit_test(dependent_tasks_run_in_order),
                                 cmocka_unit_test(graphs_of_the_host_are_recorded_and_replayed),
                                 cmocka_unit_test(an_orchestration_reads_what_cores_have_written),
                                 cmocka_unit_test(all_cores_of_a_cluster_take_part_in_a_task),
                                 cmocka_unit_test(device_memory_is_copied_both_ways),
                                 cmocka_unit_test(a_tensor_may_stay_on_the_device),
                                 cmocka_unit_test(lines_of_an_orchestration_arrive),
                                 cmocka_unit_test(lines_beyond_the_last_are_counted),
                                 cmocka_unit_test(an_orchestration_that_gives_up_leaves_the_device_usable),
                                 cmocka_unit_test(an_orchestration_that_cannot_be_loaded_is_refused),
                                 cmocka_unit_test(a_kernel_for_other_cores_is_refused),
                                 cmocka_unit_test(threads_that_have_not_opened_the_device_use_it),
                                 cmocka_unit_test(a_device_opens_again_in_the_same_process),
                                 cmocka_unit_test(the_control_cpus_are_those_that_the_chip_has),
                                 cmocka_unit_test(control_cpus_that_are_not_told_run_anywhere),
                                 cmocka_unit_test(a_device_has_one_context),
                                 cmocka_unit_test(two_devices_work_side_by_side),
                                 cmocka_unit_test(devices_that_do_not_share_memory_get_no_communicator),
                                 cmocka_unit_test(devices_that_are_not_visible_count_for_the_driver),
                             });
}
