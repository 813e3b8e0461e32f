// SPDX-License-Identifier: Apache-2.0
// Tasks of many blocks, on each kind of core and on several cores of a cluster.
#include "dialect_test.hpp"

namespace {

using namespace pto::test;

enum Kind : uint64_t { kAiv, kAic, kMix, kPair, kCubeAndOne };

void each_block_runs_once_and_knows_its_place(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_launch", "launch");
    builder.aic(0, "kernel_where_aic").aiv(1, "kernel_where_aiv").aiv(2, "kernel_where_alone");
    builder.inout("out").scalar("kind").scalar("blocks").scalar("sync_start");
    chip.prepare(0, builder);
    const uint32_t lanes_of[] = {1, 1, 3, 2, 2};
    for (const Kind kind : {kAiv, kAic, kMix, kPair, kCubeAndOne})
        for (const uint32_t blocks : {1U, 2U, 3U, 24U, 48U})
            for (const uint64_t sync_start : {0U, 1U}) {
                if (sync_start == 1 && blocks > (kind == kAiv ? 48U : 24U))
                    continue;
                const uint32_t lanes = lanes_of[kind];
                std::vector<int32_t> out(std::size_t{4} * lanes * blocks, 0);
                EXPECT_STATUS(PTO_OK, chip.run(0, {integers(out, {lanes * blocks, 4})}, {kind, blocks, sync_start}));
                for (uint32_t row = 0; row < lanes * blocks; row++) {
                    assert_int_equal(out[4 * row], row / lanes);
                    assert_int_equal(out[4 * row + 1], blocks);
                    assert_in_range(out[4 * row + 2], 0, 1);
                    const auto lane = static_cast<uint32_t>(out[4 * row + 3] - 100);
                    if (kind == kMix || kind == kCubeAndOne)
                        assert_int_equal(lane, row % lanes);
                    else if (kind == kPair)
                        assert_int_equal(lane % 2, row % 2);
                    else
                        assert_in_range(lane, 0, 1);
                }
            }
}

void blocks_that_start_together_may_take_every_core(void **)
{
    for (const uint32_t clusters : {1U, 5U, 0U}) {
        pto_open_options options = TestChip::default_options();
        options.cluster_count = clusters;
        TestChip chip(options);
        CallableBuilder builder("orch_launch_counts", "meet_everywhere");
        builder.aic(20, "kernel_meet").aiv(21, "kernel_meet").aiv(22, "kernel_affine");
        builder.inout("counters").out("counts").scalar("kind").scalar("more");
        builder.get()->orch_config = "counts_config";
        chip.prepare(0, builder);
        for (const uint64_t kind : {0U, 1U, 2U}) {
            std::vector<int32_t> counters(3, 0), counts(2, 0);
            EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters), integers(counts)}, {kind, 0}));
            if (clusters != 0)
                assert_int_equal(counts[0], clusters);
            assert_int_equal(counts[1], 2 * counts[0]);
            const int32_t met = kind == 0 ? counts[1] : kind == 1 ? counts[0] : 3 * counts[0];
            expect_equal(std::vector<int32_t>(3, affine(met, 10, 1)), counters, "counters");
        }
    }
}

void cores_of_a_cluster_hand_tiles_to_each_other(void **)
{
    constexpr uint32_t kSize = 16;
    TestChip chip;
    CallableBuilder builder("orch_mix_pipeline", "aicpu_orchestration_entry");
    builder.aic(0, "kernel_mix_cube").aiv(1, "kernel_mix_vector").in("a").in("b").in("bias").out("out");
    builder.scalar("blocks").scalar("tiles");
    chip.prepare(0, builder);
    for (const uint32_t blocks : {1U, 2U, 24U, 30U, 24U})
        for (const uint32_t tiles : {1U, 5U}) {
            const uint32_t count = 2 * blocks * tiles;
            std::vector<float> a = values(std::size_t{count} * kSize * kSize, blocks), b = values(kSize * kSize, tiles);
            std::vector<float> bias = values(kSize * kSize, 77), out(a.size(), 0.0F);
            std::vector<float> expected = product(a, b, std::size_t{count} * kSize, kSize, kSize);
            for (std::size_t i = 0; i < expected.size(); i++)
                expected[i] += bias[i % (kSize * kSize)];
            EXPECT_STATUS(PTO_OK, chip.run(0,
                                           {floats(a, {count, kSize, kSize}), floats(b, {kSize, kSize}),
                                            floats(bias, {kSize, kSize}), floats(out, {count, kSize, kSize})},
                                           {blocks, tiles}));
            expect_close(expected, out, "out");
        }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_block_runs_once_and_knows_its_place),
        cmocka_unit_test(blocks_that_start_together_may_take_every_core),
        cmocka_unit_test(cores_of_a_cluster_hand_tiles_to_each_other),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
