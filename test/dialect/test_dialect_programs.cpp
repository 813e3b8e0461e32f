// SPDX-License-Identifier: Apache-2.0
// Whole programs in the dialect, as people and compilers write them, give what the host computes on its own. Each runs
// several times with other values, so that graphs built on the host are replayed.
#include "dialect_test.hpp"

#include <algorithm>

namespace {

using namespace pto::test;

void a_chain_of_vector_tasks_computes_its_formula(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_vector_example", "aicpu_orchestration_entry");
    builder.aiv(0, "kernel_vector_add").aiv(1, "kernel_add_scalar").aiv(2, "kernel_vector_mul");
    builder.in("a").in("b").out("f");
    chip.prepare(0, builder);
    for (uint32_t run = 0; run < 3; run++) {
        std::vector<float> a = values(3000, run), b = values(3000, run + 10), f(3000, -1.0F), expected(3000);
        for (std::size_t i = 0; i < f.size(); i++)
            expected[i] = (a[i] + b[i] + 1) * (a[i] + b[i] + 2);
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK,
                      chip.run(0, {floats(a, {30, 100}), floats(b, {30, 100}), floats(f, {30, 100})}, {}, &result));
        expect_close(expected, f, "f");
        assert_int_equal(result.kernels, 4);
    }
}

void generated_code_of_two_layers_computes_both(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_generated_mlp", "mlp");
    builder.aic(0, "kernel_matmul").aiv(1, "kernel_add_scalar").in("x").in("w1").in("w2").out("y").scalar("bias");
    builder.get()->orch_config = "mlp_config";
    chip.prepare(0, builder);
    for (const float bias : {0.5F, -2.0F, 0.5F}) {
        const auto seed = static_cast<uint32_t>(bias + 7);
        std::vector<float> x = values(32 * 48, seed), w1 = values(48 * 64, seed + 1), w2 = values(64 * 32, seed + 2);
        std::vector<float> y(32 * 32, 0.0F);
        std::vector<float> hidden = product(x, w1, 32, 48, 64);
        for (float &value : hidden)
            value += bias;
        EXPECT_STATUS(
            PTO_OK, chip.run(0, {floats(x, {32, 48}), floats(w1, {48, 64}), floats(w2, {64, 32}), floats(y, {32, 32})},
                             {bits(bias)}));
        expect_close(product(hidden, w2, 32, 64, 32), y, "y");
    }
}

void outputs_stay_valid_until_their_scope_ends(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_generated_refs", "aicpu_orchestration_entry");
    builder.aiv(0, "kernel_vector_add").aiv(1, "kernel_add_scalar").aiv(2, "kernel_vector_mul").in("x").out("y");
    chip.prepare(0, builder);
    for (const uint32_t rows : {1U, 7U, 20U, 20U}) {
        std::vector<float> x = values(std::size_t{rows} * 96, rows), y(x.size(), 0.0F), expected;
        for (const float v : x)
            expected.push_back((v + 10 + v + 100) * v);
        EXPECT_STATUS(PTO_OK, chip.run(0, {floats(x, {rows, 96}), floats(y, {rows, 96})}));
        expect_close(expected, y, "y");
    }
}

void a_tiled_product_accumulates_over_k(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_matmul_tiled", "build_matmul_graph");
    builder.aic(4, "kernel_matmul").in("a").in("b").inout("c");
    builder.get()->orch_config = "build_matmul_config";
    chip.prepare(0, builder);
    const std::vector<std::vector<uint32_t>> sizes = {{16, 16, 32}, {48, 64, 96}, {40, 50, 70}, {48, 64, 96}};
    for (const std::vector<uint32_t> &size : sizes) {
        const uint32_t m = size[0], k = size[1], n = size[2];
        std::vector<float> a = values(std::size_t{m} * k, m), b = values(std::size_t{k} * n, n);
        std::vector<float> c = values(std::size_t{m} * n, 99);
        EXPECT_STATUS(PTO_OK, chip.run(0, {floats(a, {m, k}), floats(b, {k, n}), floats(c, {m, n})}));
        expect_close(product(a, b, m, k, n), c, "c");
    }
}

/// Attention of one sequence, without pages and without an online softmax.
std::vector<float> attend(const std::vector<float> &query, const std::vector<float> &keys,
                          const std::vector<float> &values_of, std::size_t length, std::size_t dim, float scale)
{
    std::vector<float> out;
    for (std::size_t h = 0; h < query.size() / dim; h++) {
        std::vector<double> p(length);
        for (std::size_t t = 0; t < length; t++) {
            for (std::size_t d = 0; d < dim; d++)
                p[t] += static_cast<double>(query[h * dim + d]) * static_cast<double>(keys[t * dim + d]);
            p[t] *= static_cast<double>(scale);
        }
        const double most = *std::max_element(p.begin(), p.end());
        double sum = 0;
        for (double &value : p)
            sum += value = std::exp(value - most);
        for (std::size_t d = 0; d < dim; d++) {
            double o = 0;
            for (std::size_t t = 0; t < length; t++)
                o += p[t] * static_cast<double>(values_of[t * dim + d]);
            out.push_back(static_cast<float>(o / sum));
        }
    }
    return out;
}

void paged_attention_agrees_with_plain_attention(void **)
{
    constexpr uint32_t kBatch = 3, kHeads = 8, kDim = 16, kPage = 16, kPages = 12, kMost = 4;
    const float scale = 0.25F;
    TestChip chip;
    CallableBuilder builder("orch_paged_attention", "aicpu_orchestration_entry");
    builder.aic(0, "kernel_matmul").aiv(1, "kernel_softmax").aic(2, "kernel_matmul").aiv(3, "kernel_online_update");
    builder.in("query").in("keys").in("values").in("block_table").in("context_lens").out("out");
    builder.scalar("scale").scalar("page");
    chip.prepare(0, builder);
    const std::vector<std::vector<int32_t>> lengths = {{1, 16, 17}, {64, 33, 5}, {16, 16, 16}, {64, 33, 5}};
    for (uint32_t run = 0; run < lengths.size(); run++) {
        std::vector<float> query = values(kBatch * kHeads * kDim, run), out(query.size(), 0.0F), expected;
        std::vector<float> keys = values(kPages * kPage * kDim, run + 1), cached = values(keys.size(), run + 2);
        std::vector<int32_t> table(kBatch * kMost), context = lengths[run];
        for (uint32_t i = 0; i < table.size(); i++)
            table[i] = static_cast<int32_t>((i * 5 + run) % kPages);
        for (uint32_t b = 0; b < kBatch; b++) {
            std::vector<float> k, v;
            for (uint32_t t = 0; t < static_cast<uint32_t>(context[b]); t++) {
                const auto page = static_cast<uint32_t>(table[b * kMost + t / kPage]);
                const std::size_t row = (std::size_t{page} * kPage + t % kPage) * kDim;
                k.insert(k.end(), keys.begin() + static_cast<long>(row), keys.begin() + static_cast<long>(row + kDim));
                v.insert(v.end(), cached.begin() + static_cast<long>(row),
                         cached.begin() + static_cast<long>(row + kDim));
            }
            const auto q = query.begin() + long{b} * kHeads * kDim;
            const std::vector<float> o = attend({q, q + kHeads * kDim}, k, v, k.size() / kDim, kDim, scale);
            expected.insert(expected.end(), o.begin(), o.end());
        }
        EXPECT_STATUS(PTO_OK, chip.run(0,
                                       {floats(query, {kBatch, kHeads, kDim}), floats(keys, {kPages, kPage, kDim}),
                                        floats(cached, {kPages, kPage, kDim}), integers(table, {kBatch, kMost}),
                                        integers(context), floats(out, {kBatch, kHeads, kDim})},
                                       {bits(scale), kPage}));
        expect_close(expected, out, "attention");
    }
}

void a_softmax_of_many_batches_sums_to_one_in_each_row(void **)
{
    constexpr uint32_t kRows = 16, kCols = 40;
    TestChip chip;
    CallableBuilder builder("orch_softmax_batched", "softmax_entry");
    builder.aiv(10, "kernel_softmax").aiv(1000, "kernel_divide_rows").in("x").out("y");
    chip.prepare(0, builder);
    for (const uint32_t batch : {1U, 9U, 9U}) {
        std::vector<float> x = values(std::size_t{batch} * kRows * kCols, batch), y(x.size(), 0.0F), expected;
        for (std::size_t row = 0; row < x.size() / kCols; row++) {
            const auto begin = x.begin() + static_cast<long>(row * kCols);
            const float most = *std::max_element(begin, begin + kCols);
            float sum = 0;
            for (auto it = begin; it != begin + kCols; ++it)
                sum += std::exp(*it - most);
            for (auto it = begin; it != begin + kCols; ++it)
                expected.push_back(std::exp(*it - most) / sum);
        }
        EXPECT_STATUS(PTO_OK, chip.run(0, {floats(x, {batch, kRows, kCols}), floats(y, {batch, kRows, kCols})}));
        expect_close(expected, y, "softmax");
    }
}

void a_tree_of_sums_is_the_sum(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_reduction_tree", "reduce_all");
    builder.aiv(3, "kernel_sum").aiv(5, "kernel_vector_add").in("x").out("sum").scalar("leaf");
    chip.prepare(0, builder);
    for (const uint32_t count : {1U, 100U, 1000U, 1000U}) {
        std::vector<float> x = values(count, count), sum(1, -1.0F), expected(1, 0.0F);
        for (const float value : x)
            expected[0] += value;
        EXPECT_STATUS(PTO_OK, chip.run(0, {floats(x), floats(sum)}, {32}));
        expect_close(expected, sum, "sum");
    }
}

std::vector<float> stencil(std::vector<float> x, uint32_t steps)
{
    for (uint32_t step = 0; step < steps; step++) {
        std::vector<float> next(x.size(), 0.0F);
        for (std::size_t i = 1; i + 1 < x.size(); i++)
            next[i] = (x[i - 1] + x[i] + x[i + 1]) / 4;
        x = next;
    }
    return x;
}

void a_stencil_reads_its_neighbours_tiles_of_the_step_before(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_stencil", "stencil");
    builder.aiv(0, "kernel_stencil").inout("x").scalar("tile").scalar("steps");
    builder.get()->orch_config = "stencil_config";
    chip.prepare(0, builder);
    for (const uint32_t tile : {7U, 64U, 1000U, 7U}) {
        std::vector<float> x = values(302, tile);
        x.front() = x.back() = 0;
        const std::vector<float> expected = stencil(x, 10);
        EXPECT_STATUS(PTO_OK, chip.run(0, {floats(x)}, {tile, 10}));
        expect_close(expected, x, "x");
    }
}

void generated_attention_with_ids_agrees_with_plain_attention(void **)
{
    constexpr std::size_t kRows = 32, kDim = 16, kWide = 48;
    const float scale = 0.125F;
    TestChip chip;
    CallableBuilder builder("orch_attention_generated", "attention");
    builder.aic(0, "kernel_matmul").aiv(1, "kernel_softmax").aiv(2, "kernel_divide_rows").aiv(3, "kernel_vector_add");
    builder.in("x").in("wq").in("wk").in("wv").out("y").scalar("scale");
    builder.get()->orch_config = "attention_config";
    chip.prepare(0, builder);
    for (uint32_t run = 0; run < 3; run++) {
        std::vector<float> x = values(kRows * kWide, run), wq = values(kWide * kDim, run + 1);
        std::vector<float> wk = values(kWide * kDim, run + 2), wv = values(kWide * kWide, run + 3), y(x.size(), 0.0F);
        for (std::vector<float> *weights : {&wq, &wk})
            for (float &weight : *weights)
                weight /= 32;
        const std::vector<float> q = product(x, wq, kRows, kWide, kDim), k = product(x, wk, kRows, kWide, kDim);
        const std::vector<float> v = product(x, wv, kRows, kWide, kWide);
        std::vector<float> expected = x;
        for (std::size_t i = 0; i < kRows; i++) {
            std::vector<float> p(kRows);
            float sum = 0;
            for (std::size_t j = 0; j < kRows; j++) {
                float dot = 0;
                for (std::size_t d = 0; d < kDim; d++)
                    dot += q[i * kDim + d] * k[j * kDim + d];
                sum += p[j] = std::exp(dot * scale);
            }
            for (std::size_t j = 0; j < kRows; j++)
                for (std::size_t d = 0; d < kWide; d++)
                    expected[i * kWide + d] += p[j] / sum * v[j * kWide + d];
        }
        EXPECT_STATUS(PTO_OK, chip.run(0,
                                       {floats(x, {32, 48}), floats(wq, {48, 16}), floats(wk, {48, 16}),
                                        floats(wv, {48, 48}), floats(y, {32, 48})},
                                       {bits(scale)}));
        expect_close(expected, y, "y");
    }
}

/// Runs an entry of orch_patterns with some values; `step` is what becomes of each.
template <class Step> void run_pattern(const char *entry, Step step)
{
    TestChip chip;
    CallableBuilder builder("orch_patterns", entry);
    builder.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").aic(2, "kernel_affine").in("x").out("out");
    chip.prepare(0, builder);
    for (const uint32_t count : {1U, 20U, 20U}) {
        std::vector<int32_t> x, out(count, -1), expected;
        for (uint32_t i = 0; i < count; i++) {
            x.push_back(static_cast<int32_t>(i * count));
            expected.push_back(step(x.back()));
        }
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(out)}));
        expect_equal(expected, out, entry);
    }
}

void outputs_may_be_kept_in_any_container(void **)
{
    run_pattern("stages", [](int32_t x) {
        for (uint32_t i = 0; i < 8; i++)
            x = affine(x, 3, i);
        return x;
    });
    run_pattern("named_and_swapped", [](int32_t x) { return affine(affine(x, 2, 1), 5, 7); });
}

void arguments_may_be_made_long_before_they_are_submitted(void **)
{
    run_pattern("table_of_steps", [](int32_t x) {
        for (uint32_t i = 0; i < 6; i++)
            x = affine(x, i + 2, i);
        return x;
    });
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_vector_tasks_computes_its_formula),
        cmocka_unit_test(generated_code_of_two_layers_computes_both),
        cmocka_unit_test(outputs_stay_valid_until_their_scope_ends),
        cmocka_unit_test(a_tiled_product_accumulates_over_k),
        cmocka_unit_test(paged_attention_agrees_with_plain_attention),
        cmocka_unit_test(a_softmax_of_many_batches_sums_to_one_in_each_row),
        cmocka_unit_test(a_tree_of_sums_is_the_sum),
        cmocka_unit_test(a_stencil_reads_its_neighbours_tiles_of_the_step_before),
        cmocka_unit_test(generated_attention_with_ids_agrees_with_plain_attention),
        cmocka_unit_test(outputs_may_be_kept_in_any_container),
        cmocka_unit_test(arguments_may_be_made_long_before_they_are_submitted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
