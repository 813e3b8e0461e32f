// SPDX-License-Identifier: Apache-2.0
// The cores of a cluster as kernels of a CPU simulation need them: side by side, on threads of their own, with memory
// that they share, and on few threads in all, because each keeps a megabyte per kernel.
#include "conformance.hpp"
#include "lane_record.h"

#include <set>
#include <unistd.h>

namespace {

using namespace pto::test;

constexpr uint32_t kLanes = 3;
constexpr uint32_t kHelpers = 1; // what a machine with two processors has

CallableBuilder lanes(const std::string &kernel)
{
    CallableBuilder builder("orch_lanes", "lanes");
    builder.aic(PIPE_AIC, kernel + "_0").aiv(PIPE_AIV0, kernel + "_1").aiv(PIPE_AIV1, kernel + "_2");
    builder.out().scalar().scalar().scalar().scalar();
    return builder;
}

pto_open_options two_processors()
{
    pto_open_options options = TestChip::default_options();
    options.helper_threads = kHelpers;
    options.stall_timeout_ns = 60'000'000'000;
    return options;
}

/// What the cores wrote down in one run.
struct Records {
    Records(TestChip &chip, uint64_t tasks, uint64_t blocks, bool together, uint64_t work = 0)
        : all(tasks * blocks * kLanes)
    {
        const auto words = static_cast<uint32_t>(all.size() * LANE_RECORD_WORDS);
        const pto_tensor tensor = pto_host_tensor(all.data(), PTO_INT64, 1, &words);
        EXPECT_STATUS(PTO_OK, chip.run(0, {tensor}, {tasks, blocks, together ? 1U : 0U, work}));
    }

    std::vector<lane_record> all;
};

std::set<int64_t> threads_of(const std::vector<lane_record> &records)
{
    std::set<int64_t> threads;
    for (const lane_record &record : records)
        threads.insert(record.thread);
    return threads;
}

/// Each block ran on three threads and one cluster, whose cores knew who they were and got what was sent.
void expect_blocks(const Records &records)
{
    for (std::size_t block = 0; block < records.all.size() / kLanes; block++) {
        const lane_record *lane = &records.all[block * kLanes];
        assert_true(lane[0].thread != lane[1].thread && lane[1].thread != lane[2].thread &&
                    lane[0].thread != lane[2].thread);
        for (uint32_t i = 0; i < kLanes; i++) {
            assert_int_not_equal(lane[i].state, 0);
            assert_int_equal(lane[i].state, lane[0].state);
            assert_int_equal(lane[i].tile, 1000 + block);
            assert_int_equal(lane[i].sub_block, i == 2 ? 1 : 0);
            assert_int_equal(lane[i].global_block, lane[i].sub_block);
            assert_int_equal(lane[i].local % LANE_LOCAL_ALIGN, 0);
        }
    }
}

void cores_of_a_cluster_that_spin_on_each_other_proceed(void **)
{
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    for (int round = 0; round < 3; round++)
        expect_blocks(Records(chip, 20, 1, false));
}

void blocks_of_clusters_that_spin_proceed(void **)
{
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    for (const uint32_t blocks : {2U, 7U, 24U})
        expect_blocks(Records(chip, 2, blocks, false));
}

void blocks_that_start_together_and_spin_proceed(void **)
{
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    for (const uint32_t blocks : {2U, 7U, 24U}) {
        const Records records(chip, 1, blocks, true);
        expect_blocks(records);
        std::set<int64_t> clusters;
        for (const lane_record &record : records.all)
            clusters.insert(record.state);
        assert_int_equal(clusters.size(), blocks);
    }
}

/// Most threads that may ever run kernels when nothing starts together. A block for each thread that takes any work is
/// six: the caller, the helper, and two others for each. The rest is for kernels that a machine with much else to do
/// keeps from returning for long. The chip has cores for 72.
constexpr std::size_t kFewThreads = 36;
static_assert(kFewThreads > kLanes * (1 + kHelpers));

void hundreds_of_cluster_tasks_run_on_few_threads(void **)
{
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    std::set<int64_t> threads;
    for (int round = 0; round < 4; round++)
        for (const uint32_t blocks : {1U, 4U}) {
            const Records records(chip, 100 / blocks, blocks, false, 2000);
            expect_blocks(records);
            threads.merge(threads_of(records.all));
        }
    assert_in_range(threads.size(), kLanes, kFewThreads);
}

void kernels_that_take_long_do_not_take_more_threads(void **)
{
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    expect_blocks(Records(chip, 1, 1, false, 300'000)); // now it is known how long they take
    const Records records(chip, 4, 6, false, 300'000);
    assert_in_range(threads_of(records.all).size(), kLanes, kFewThreads);
}

void blocks_that_start_together_need_a_thread_each_and_no_more(void **)
{
    constexpr uint32_t kBlocks = 8;
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    std::set<int64_t> threads;
    for (int round = 0; round < 20; round++) {
        const Records records(chip, 1, kBlocks, true, 500);
        expect_blocks(records);
        threads.merge(threads_of(records.all));
    }
    assert_in_range(threads.size(), kBlocks * kLanes, kBlocks * kLanes + kFewThreads);
}

void a_thread_keeps_its_state_in_a_kernel_from_one_task_to_the_next(void **)
{
    TestChip chip(two_processors());
    CallableBuilder builder = lanes("kernel_lane_pipe");
    chip.prepare(0, builder);
    std::map<int64_t, int64_t> visits;
    for (int round = 0; round < 3; round++)
        for (const lane_record &record : Records(chip, 10, 1, false).all) {
            int64_t &most = visits[record.local];
            most = most > record.visits ? most : record.visits;
        }
    int64_t sum = 0;
    for (const auto &[state, count] : visits)
        sum += count;
    assert_int_equal(sum, 3 * 10 * kLanes);
}

/// With g++ the state of the first set is unique in the process unless it is told otherwise, as it is for the second.
void kernels_in_cpp_have_a_megabyte_per_thread_too(void **)
{
    for (const char *kernel : {"kernel_lane_pipe_unique", "kernel_lane_pipe_cpp"})
        for (int round = 0; round < 3; round++) {
            TestChip chip(two_processors());
            CallableBuilder builder = lanes(kernel);
            chip.prepare(0, builder);
            expect_blocks(Records(chip, 20, 2, false));
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
        }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    std::vector<CMUnitTest> tests = {
        cmocka_unit_test(cores_of_a_cluster_that_spin_on_each_other_proceed),
        cmocka_unit_test(blocks_of_clusters_that_spin_proceed),
        cmocka_unit_test(blocks_that_start_together_and_spin_proceed),
        cmocka_unit_test(blocks_that_start_together_need_a_thread_each_and_no_more),
        cmocka_unit_test(a_thread_keeps_its_state_in_a_kernel_from_one_task_to_the_next),
        cmocka_unit_test(kernels_in_cpp_have_a_megabyte_per_thread_too),
    };
    if (!has_threads_per_core()) {
        tests.push_back(cmocka_unit_test(hundreds_of_cluster_tasks_run_on_few_threads));
        tests.push_back(cmocka_unit_test(kernels_that_take_long_do_not_take_more_threads));
    }
    return _cmocka_run_group_tests("tests", tests.data(), tests.size(), nullptr, nullptr);
}
