// SPDX-License-Identifier: Apache-2.0
// What a kernel is told by the functions of pto/sim.h, which it finds by name.
#include "conformance.hpp"
#include "hooks_report.h"
#include "pto/sim.h"

#include <fstream>

namespace {

using namespace pto::test;

using Report = std::vector<int64_t>;

CallableBuilder hooks()
{
    return callable("orch_lanes", "hooks").aiv(HOOKS, "kernel_hooks").inout().scalar().scalar().scalar().scalar();
}

pto_open_options one_cluster()
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = 1;
    return options;
}

pto_tensor words(Report &values)
{
    const auto count = static_cast<uint32_t>(values.size());
    return pto_host_tensor(values.data(), PTO_INT64, 1, &count);
}

Report ask(TestChip &chip, uint64_t key, uint64_t size, uint64_t second_size, void (*between)() = nullptr)
{
    Report report(REPORT_WORDS, -1);
    const auto function = reinterpret_cast<uint64_t>(between);
    EXPECT_STATUS(PTO_OK, chip.run(0, {words(report)}, {key, size, second_size, function}));
    assert_int_equal(report[REPORT_FOUND], 1);
    return report;
}

void a_cluster_keeps_zeroed_memory_for_each_key(void **)
{
    TestChip chip(one_cluster());
    CallableBuilder builder = hooks();
    chip.prepare(0, builder);
    const Report first = ask(chip, 1, 300, 300);
    assert_int_not_equal(first[REPORT_FIRST], 0);
    assert_int_equal(first[REPORT_FIRST] % 128, 0);
    assert_int_equal(first[REPORT_SECOND], first[REPORT_FIRST]);
    assert_int_equal(first[REPORT_COUNT], 1);
    assert_int_equal(first[REPORT_REST], 0);
    assert_int_equal(ask(chip, 1, 300, 300)[REPORT_COUNT], 2);
    const Report other = ask(chip, 2, 300, 300);
    assert_int_equal(other[REPORT_COUNT], 1);
    assert_int_not_equal(other[REPORT_FIRST], first[REPORT_FIRST]);
    assert_int_equal(ask(chip, 1, 300, 300)[REPORT_COUNT], 3);
    TestChip next(one_cluster());
    next.prepare(0, builder);
    assert_int_equal(ask(next, 1, 300, 300)[REPORT_COUNT], 1);
}

void memory_grows_in_its_place_as_far_as_it_was_promised(void **)
{
    constexpr uint64_t kMegabyte = 1 << 20;
    TestChip chip(one_cluster());
    CallableBuilder builder = hooks();
    chip.prepare(0, builder);
    const Report grown = ask(chip, 1, 64, kMegabyte);
    assert_int_equal(grown[REPORT_SECOND], grown[REPORT_FIRST]);
    assert_int_equal(grown[REPORT_REST], 0);
    assert_int_equal(ask(chip, 1, 64, kMegabyte + 1)[REPORT_SECOND], 0);
    const Report large = ask(chip, 2, 3 * kMegabyte, 3 * kMegabyte);
    assert_int_equal(large[REPORT_SECOND], large[REPORT_FIRST]);
    assert_int_equal(large[REPORT_REST], 0);
    assert_int_equal(ask(chip, 2, 64, 64)[REPORT_FIRST], large[REPORT_FIRST]);
    assert_int_equal(ask(chip, 3, 0, 0)[REPORT_FIRST], 0);
    assert_int_equal(ask(chip, 4, UINT64_MAX, UINT64_MAX)[REPORT_FIRST], 0);
}

void outside_of_kernels_there_is_nothing(void **)
{
    TestChip chip(one_cluster());
    CallableBuilder builder = hooks();
    CallableBuilder asking = callable("orch_lanes", "asks_itself").inout();
    chip.prepare(0, builder);
    chip.prepare(1, asking);
    const Report report = ask(chip, 1, 64, 64);
    assert_int_equal(report[REPORT_SUB_BLOCK], 1);
    assert_int_equal(report[REPORT_THREAD_SUB_BLOCK], 0);
    assert_int_equal(report[REPORT_THREAD_STATE], 0);
    Report own(2, -1);
    EXPECT_STATUS(PTO_OK, chip.run(1, {words(own)}));
    assert_int_equal(own[0], 0);
    assert_int_equal(own[1], 0);
    assert_int_equal(pto_sim_get_subblock_id(), 0);
    assert_null(pto_sim_get_pipe_shared_state(1, 64));
}

// What a kernel calls in between.
TestChip *inner_chip = nullptr;
Report inner_report;

void run_inner_chip()
{
    inner_report.assign(REPORT_WORDS, -1);
    inner_chip->run(0, {words(inner_report)}, {1, 64, 64, 0});
}

void a_run_inside_a_kernel_leaves_it_where_it_was(void **)
{
    TestChip outer(one_cluster());
    TestChip inner(one_cluster());
    CallableBuilder builder = hooks();
    outer.prepare(0, builder);
    inner.prepare(0, builder);
    inner_chip = &inner;
    const Report report = ask(outer, 1, 64, 64, run_inner_chip);
    assert_int_equal(inner_report[REPORT_FOUND], 1);
    assert_int_equal(inner_report[REPORT_COUNT], 1);
    assert_int_not_equal(inner_report[REPORT_FIRST], report[REPORT_FIRST]);
    assert_int_equal(report[REPORT_SUB_BLOCK], 1);
    assert_int_equal(report[REPORT_AGAIN], report[REPORT_FIRST]);
}

uint64_t address_space_pages()
{
    std::ifstream statm("/proc/self/statm");
    uint64_t total = 0;
    statm >> total;
    return total;
}

void closing_frees_what_clusters_share(void **)
{
    CallableBuilder builder = hooks();
    pto_open_options options = one_cluster();
    options.helper_threads = 1;
    options.max_tasks = 64;
    options.device_memory_bytes = 64 << 20;
    options.heap_bytes = 8 << 20;
    const auto live = [&](int lives) {
        for (int i = 0; i < lives; i++) {
            TestChip chip(options);
            chip.prepare(0, builder);
            assert_int_equal(ask(chip, 1, 100'000, 100'000)[REPORT_COUNT], 1);
        }
    };
    constexpr int kLives = kSanitized ? 100 : 1000;
    live(20);
    const uint64_t before = address_space_pages();
    live(kLives);
    // Each life's memory is a megabyte; what a sanitizer keeps of threads is not ours to count.
    if (!kSanitized)
        assert_in_range(address_space_pages(), 0, before + kLives * 256 / 4);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_keeps_zeroed_memory_for_each_key),
        cmocka_unit_test(memory_grows_in_its_place_as_far_as_it_was_promised),
        cmocka_unit_test(outside_of_kernels_there_is_nothing),
        cmocka_unit_test(a_run_inside_a_kernel_leaves_it_where_it_was),
        cmocka_unit_test(closing_frees_what_clusters_share),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
