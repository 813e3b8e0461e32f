// SPDX-License-Identifier: Apache-2.0
// Cores and threads: kernels that need each other proceed, blocks know who they are, kernels that never return are
// reported.
#include "conformance.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <thread>

namespace {

using namespace pto::test;

CallableBuilder cores(const char *entry)
{
    return callable("orch_cores", entry);
}

void the_cores_of_a_cluster_run_side_by_side(void **)
{
    TestChip chip;
    CallableBuilder builder = cores("mix_meets").inout().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> counters(20, 0);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters)}, {counters.size()}, &result));
    for (const int32_t count : counters)
        assert_int_equal(count, 3);
    assert_int_equal(result.tasks, counters.size());
    assert_int_equal(result.kernels, 3 * counters.size());
}

void a_kernel_for_either_core_type_runs_wherever_tasks_say(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_cores", "one_kernel_everywhere");
    builder.any(MEET, "kernel_meet").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> counters(3, 0);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters)}, {}, &result));
    assert_int_equal(counters[0], 3);
    assert_int_equal(counters[1], 1);
    assert_int_equal(counters[2], 1);
    assert_int_equal(result.kernels, 5);
}

void kernels_that_wait_for_each_other_proceed(void **)
{
    TestChip chip;
    CallableBuilder builder = cores("peers_meet").inout();
    chip.prepare(0, builder);
    for (int round = 0; round < 5; round++) {
        std::vector<int32_t> counter = {0};
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counter)}));
        assert_int_equal(counter[0], 2);
    }
}

void all_cores_of_the_chip_can_run_at_the_same_time(void **)
{
    TestChip chip;
    CallableBuilder builder = cores("all_cores_meet").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> counter = {0};
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counter)}, {}, &result));
    assert_int_equal(counter[0], result.tasks);
    assert_int_equal(result.tasks, std::strcmp(arch(), "a5") == 0 ? 108 : 72);
}

/// Processors that the threads of this name may run on; empty: there is no such thread.
std::vector<int> processors_of(const std::string &name)
{
    std::vector<int> counts;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        std::string comm;
        cpu_set_t set;
        if (std::getline(file, comm) && comm == name &&
            sched_getaffinity(std::stoi(task.path().filename()), sizeof set, &set) == 0)
            counts.push_back(CPU_COUNT(&set));
    }
    return counts;
}

void helpers_run_where_the_chip_was_opened_wherever_their_caller_is_bound(void **)
{
    cpu_set_t whole;
    assert_int_equal(sched_getaffinity(0, sizeof whole, &whole), 0);
    TestChip chip;
    CallableBuilder builder = cores("all_cores_meet").inout();
    chip.prepare(0, builder);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &whole))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    std::vector<int32_t> counter = {0};
    const pto_status status = chip.run(0, {integers(counter)});
    const std::vector<int> counts = processors_of("pto-helper");
    sched_setaffinity(0, sizeof whole, &whole);
    EXPECT_STATUS(PTO_OK, status);
    assert_true(!counts.empty());
    for (const int count : counts)
        assert_int_equal(count, CPU_COUNT(&whole));
}

void the_orchestration_knows_how_many_cores_there_are(void **)
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = 5;
    TestChip chip(options);
    CallableBuilder builder = cores("core_counts").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> counts(3, 0);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counts)}));
    assert_int_equal(counts[0], 5);
    assert_int_equal(counts[1], 5);
    assert_int_equal(counts[2], 10);
}

/// Runs SPMD blocks and checks that each ran exactly once per kernel and knew its index.
void check_blocks(uint32_t blocks, bool mix)
{
    TestChip chip;
    CallableBuilder builder = cores("blocks").inout().out().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> rows(4 * blocks, 0);
    std::vector<int32_t> copy(4 * blocks, -1);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(rows), integers(copy)}, {blocks, mix ? 1U : 0U}, &result));
    for (uint32_t block = 0; block < blocks; block++) {
        assert_int_equal(copy[4 * block], block);
        assert_int_equal(copy[4 * block + 1], blocks);
        assert_int_equal(copy[4 * block + 3], mix ? 3 : 1);
    }
    assert_int_equal(result.kernels, blocks * (mix ? 3 : 1) + 1);
}

void every_block_runs_once_and_knows_its_index(void **)
{
    check_blocks(1, false);
    check_blocks(48, false);
    check_blocks(500, false);
}

void every_block_of_a_cluster_task_runs_once(void **)
{
    check_blocks(24, true);
}

void a_kernel_that_never_returns_is_named_and_faults_the_context(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder builder = cores("second_is").inout().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {NOP}));
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0, {integers(x)}, {NEVER}, &result));
    const pto_error error = *pto_last_error();
    assert_int_equal(error.task, 1);
    assert_int_equal(error.func_id, NEVER);
    assert_string_equal(error.kernel, "kernel_never");
    assert_true(error.core >= 0);
    assert_non_null(std::strstr(error.message, "task 1"));
    assert_int_equal(result.tasks, 1);
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, chip.run(0, {integers(x)}, {NOP}));
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_prepare(chip.get(), 1, builder.get()));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
}

#ifndef PTO_TEST_THREAD_SANITIZER // it delivers signals only to threads that call the system
void a_kernel_that_spins_without_a_call_is_taken_off_its_thread(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder builder("orch_cores", "second_is");
    builder.aiv(NOP, "kernel_nop").aiv(NEVER, "kernel_spin").inout().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0, {integers(x)}, {NEVER}));
    EXPECT_MESSAGE("[kernel kernel_spin]");
}
#endif

void a_kernel_on_a_helper_that_never_returns_is_named_too(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder mix = cores("mix_meets").inout().scalar();
    chip.prepare(0, mix);
    std::vector<int32_t> counter = {-1}; // one too few: all three wait for a fourth
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0, {integers(counter)}, {1}));
    EXPECT_MESSAGE("task 0");
    EXPECT_MESSAGE("3 kernels are running");
}

void an_orchestration_that_never_returns_times_out(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder builder("orch_cores", "never_returns");
    chip.prepare(0, builder);
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0));
    EXPECT_MESSAGE("the orchestration did not return");
}

void a_run_that_takes_longer_than_its_own_timeout_is_ended(void **)
{
    TestChip chip;
    CallableBuilder builder = cores("sleepers").in().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    const pto_tensor tensor = integers(x);
    const uint64_t scalars[] = {10'000, 2'000};
    pto_args args = PTO_ARGS_INIT;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = scalars;
    args.scalar_count = 2;
    pto_run_options options = PTO_RUN_OPTIONS_INIT;
    options.timeout_ns = 100'000'000;
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, pto_run(chip.get(), 0, &args, &options, nullptr));
    EXPECT_MESSAGE("the run has taken");
}

void the_next_context_works_after_a_fault(void **)
{
    a_kernel_that_never_returns_is_named_and_faults_the_context(nullptr);
    kernels_that_wait_for_each_other_proceed(nullptr);
}

void chips_on_several_threads_do_not_disturb_each_other(void **)
{
    constexpr int kChips = 4;
    std::vector<std::thread> threads;
    std::vector<int> failures(kChips, 0);
    for (int i = 0; i < kChips; i++)
        threads.emplace_back([i, &failures] {
            pto_open_options options = TestChip::default_options();
            options.device_index = static_cast<uint32_t>(i);
            TestChip chip(options);
            CallableBuilder builder = callable("orch_graphs", "chain").inout().scalar();
            chip.prepare(i, builder);
            uint32_t expected = static_cast<uint32_t>(i);
            for (uint32_t step = 0; step < 300; step++)
                expected = expected * 2 + step % 7;
            for (int round = 0; round < rounds(50); round++) {
                std::vector<int32_t> x = {i};
                const bool good =
                    chip.run(i, {integers(x)}, {300}) == PTO_OK && static_cast<uint32_t>(x[0]) == expected;
                failures[static_cast<std::size_t>(i)] += good ? 0 : 1;
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    for (const int failed : failures)
        assert_int_equal(failed, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    module_bytes("kernel_add");
    for (const char *name : {"orch_graphs", "orch_cores", "kernel_affine", "kernel_copy", "kernel_fill", "kernel_meet",
                             "kernel_nop", "kernel_never", "kernel_identity", "kernel_sleep"})
        module_bytes(name); // read before there are threads
    std::vector<CMUnitTest> tests = {
        cmocka_unit_test(the_cores_of_a_cluster_run_side_by_side),
        cmocka_unit_test(a_kernel_for_either_core_type_runs_wherever_tasks_say),
        cmocka_unit_test(kernels_that_wait_for_each_other_proceed),
        cmocka_unit_test(all_cores_of_the_chip_can_run_at_the_same_time),
        cmocka_unit_test(the_orchestration_knows_how_many_cores_there_are),
        cmocka_unit_test(every_block_runs_once_and_knows_its_index),
        cmocka_unit_test(every_block_of_a_cluster_task_runs_once),
        cmocka_unit_test(a_kernel_that_never_returns_is_named_and_faults_the_context),
#ifndef PTO_TEST_THREAD_SANITIZER
        cmocka_unit_test(a_kernel_that_spins_without_a_call_is_taken_off_its_thread),
#endif
        cmocka_unit_test(a_kernel_on_a_helper_that_never_returns_is_named_too),
        cmocka_unit_test(an_orchestration_that_never_returns_times_out),
        cmocka_unit_test(a_run_that_takes_longer_than_its_own_timeout_is_ended),
        cmocka_unit_test(the_next_context_works_after_a_fault),
        cmocka_unit_test(chips_on_several_threads_do_not_disturb_each_other),
    };
    if (!has_threads_per_core() && !is_onboard())
        tests.push_back(cmocka_unit_test(helpers_run_where_the_chip_was_opened_wherever_their_caller_is_bound));
    return _cmocka_run_group_tests("tests", tests.data(), tests.size(), nullptr, nullptr);
}
