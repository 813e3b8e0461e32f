// SPDX-License-Identifier: Apache-2.0
// Graphs that an orchestration submits many times.
#include "dialect_test.hpp"

namespace {

using namespace pto::test;

void a_layer_that_is_submitted_again_works_on_other_tensors(void **)
{
    constexpr uint32_t kCount = 200;
    TestChip chip;
    CallableBuilder builder("orch_graph_layers", "layers");
    builder.aiv(0, "kernel_vector_add").aiv(1, "kernel_vector_mul").in("x").in("weights").out("out").out("bodies");
    builder.scalar("layers");
    chip.prepare(0, builder);
    for (const uint32_t layers : {1U, 2U, 9U, 9U}) {
        std::vector<float> x = values(kCount, layers), weights = values(std::size_t{2} * layers * kCount, 5);
        std::vector<float> out(kCount, 0.0F), expected = x;
        // Small, so that many layers stay exact.
        for (float &weight : weights)
            weight = weight > 0 ? 1.0F : -1.0F;
        for (uint32_t layer = 0; layer < layers; layer++)
            for (uint32_t i = 0; i < kCount; i++)
                expected[i] = (expected[i] + weights[2 * layer * kCount + i]) * weights[(2 * layer + 1) * kCount + i];
        std::vector<int32_t> bodies = {-1};
        EXPECT_STATUS(
            PTO_OK,
            chip.run(0, {floats(x), floats(weights, {layers, 2, kCount}), floats(out), integers(bodies)}, {layers}));
        expect_close(expected, out, "out");
        // Its arguments have the same layout in all of them.
        assert_int_equal(bodies[0], 1);
    }
}

void constants_of_a_graph_are_part_of_it(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_graph_constants", "aicpu_orchestration_entry");
    builder.aiv(0, "kernel_affine").inout("x").scalar("b");
    chip.prepare(0, builder);
    for (const uint32_t b : {3U, 1000U, 3U}) {
        std::vector<int32_t> x(33, 1);
        int32_t expected = 1;
        for (uint32_t r = 0; r < 12; r++) {
            const uint32_t count = r % 2 == 0 ? r % 3 + 1 : 2;
            for (uint32_t i = 0; i < count; i++)
                expected = affine(expected, r % 2 == 0 ? 3 : 5, b + r);
            expected = affine(expected, 2, r);
        }
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {b}));
        expect_equal(std::vector<int32_t>(33, expected), x, "x");
    }
}

/// What becomes of x in so many calls of graphs.
std::vector<int32_t> after_patterns(std::vector<int32_t> x, const std::vector<int32_t> &z,
                                    const std::vector<int32_t> &w, uint32_t calls)
{
    for (uint32_t i = 0; i < calls; i++) {
        const int32_t &a = (i % 3 == 0 ? z : x)[i % 12], &b = (i % 4 == 0 ? z : x)[(i % 7 == 0 ? i : i + 5) % 12];
        int32_t &y = x[(i + 3) % 12];
        const auto wave = [&y](int32_t upper, int32_t left) {
            y = static_cast<int32_t>(static_cast<uint32_t>(y) + static_cast<uint32_t>(upper) * 2 +
                                     static_cast<uint32_t>(left) * 3);
        };
        switch (i % 5) {
        case 0: wave(a, b); break;
        case 1:
            wave(a, b);
            wave(b, a);
            break;
        case 2: wave(w[(i + 1) % 12], b); break;
        case 3:
            if ((a & 1) != 0)
                wave(a, b);
            else
                y = affine(y, 3, 1);
            break;
        default: wave(a >= 0 ? 11 : 5, b);
        }
    }
    return x;
}

void a_graph_does_what_its_function_would_whatever_its_arguments_share(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_graph_patterns", "graph_patterns");
    builder.aiv(0, "kernel_wave").aiv(1, "kernel_affine").aiv(2, "kernel_copy_strided").inout("x").in("z").in("w");
    builder.scalar("calls");
    chip.prepare(0, builder);
    for (const uint32_t calls : {5U, 30U, 300U, 300U}) {
        std::vector<int32_t> x, z, w;
        for (int32_t i = 0; i < 12; i++) {
            x.push_back(i * 7 - 30 + static_cast<int32_t>(calls));
            z.push_back(i * 11 - 60);
            w.push_back(100 + i);
        }
        const std::vector<int32_t> expected = after_patterns(x, z, w, calls);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(z), integers(w)}, {calls}));
        expect_equal(expected, x, "x");
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_that_is_submitted_again_works_on_other_tensors),
        cmocka_unit_test(constants_of_a_graph_are_part_of_it),
        cmocka_unit_test(a_graph_does_what_its_function_would_whatever_its_arguments_share),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
